/// How the loop goes into a call: all of it is inlined there.
extension Machine {
  /// Puts a frame above the running one for a call of `callee` with its arguments from `base` on, and goes on there.
  @inline(__always) func enter(
    _ callee: UnsafeMutablePointer<LoadedPrototype>, captures: UnsafeMutablePointer<Value>,
    base: UnsafeMutablePointer<Value>, _ frame: inout UnsafeMutablePointer<Frame>,
    _ pc: inout UnsafeMutablePointer<Instruction>, _ R: inout UnsafeMutablePointer<Value>,
    _ K: inout UnsafeMutablePointer<Value>, _ limits: Limits
  ) throws {
    guard base + callee.pointee.registerCount < limits.stack, frame < limits.frame else { throw Machine.tooDeep }
    if limits.poll.isRaised { try answerPoll() }
    frame.pointee.code = pc
    frame += 1
    frame.pointee.base = base
    frame.pointee.prototype = callee
    frame.pointee.captures = captures
    pc = callee.pointee.code
    R = base
    K = callee.pointee.constants
  }

  /// The same for a call that was got ready; nil where a native was called.
  @inline(__always) func enter(
    _ callee: Frame?, _ frame: inout UnsafeMutablePointer<Frame>, _ pc: inout UnsafeMutablePointer<Instruction>,
    _ R: inout UnsafeMutablePointer<Value>, _ K: inout UnsafeMutablePointer<Value>, _ limits: Limits
  ) throws {
    if let callee {
      guard frame < limits.frame else { throw Machine.tooDeep }
      frame += 1
      frame.pointee = callee
      pc = callee.code
      R = callee.base
      K = callee.prototype.pointee.constants
    }
    if limits.poll.isRaised { try answerPoll() }
  }

  /// What ends a call before it begins: the ends of registers and frames, and the poll word.
  struct Limits {
    let stack: UnsafeMutablePointer<Value>
    let frame: UnsafeMutablePointer<Frame>
    let poll: PollWord
  }
}
