import Diagnostics

extension Machine {
  /// Where the program is, for messages that come later than the call: the innermost frame that runs code of a file.
  var currentSpan: Span {
    var frame = frame
    while frame > frames, frame.pointee.prototype == Machine.noPrototype { frame -= 1 }
    return span(of: frame) ?? .none
  }

  /// Answers an interrupt or the memory limit inside long work of natives.
  @inline(__always) func pollInterrupt() throws {
    if poll.isRaised { try answerPoll() }
  }

  /// The same in a loop, at every 65 536th step.
  @inline(__always) func pollInterrupt(at step: Int) throws {
    if step & 0xFFFF == 0 && poll.isRaised { try answerPoll() }
  }

  /// Whether work that cannot fail is to leave off, its result unfinished: whoever asked for it answers the poll.
  @inline(__always) var isInterrupted: Bool { poll.bits & Poll.interrupt != 0 }

  /// A list of `count` values, each owned, made while watching for interrupts. Fails at once when it has no room.
  func list(of count: Int, _ value: (Int) throws -> Value) throws -> Value {
    try checkRoom(forElements: count)
    var list = heap.emptyList(capacity: max(1, count))
    do {
      for i in 0..<count {
        try pollInterrupt(at: i)
        list = heap.append(try value(i), to: list)
      }
    } catch {
      heap.release(list)
      throw error
    }
    return list
  }

  /// Threads that one run of a plan may use: now, for in a trial there are more of them when others have ended.
  var planThreads: Int { max(1, threads + (idle?.count ?? 0)) }

  /// Calls a function value with positional arguments whose counts are taken over, so that one that nobody else holds
  /// may be changed in place; the result is the caller's.
  func call(_ function: Value, taking arguments: [Value]) throws -> Value {
    do { try checkNativeStack() } catch {
      for argument in arguments { heap.release(argument) }
      throw error
    }
    let caller = frame
    let savedTop = nativeTop
    let base = callBase
    guard base + (arguments.count + 64) < stackLimit, frame < frameLimit else {
      for argument in arguments { heap.release(argument) }
      throw Machine.tooDeep
    }
    let stub = caller + 1
    stub.pointee = Frame(base: base, code: haltCode + 1, prototype: Machine.noPrototype, captures: base)
    frame = stub
    defer {
      frame = caller
      nativeTop = savedTop
    }
    base[0] = heap.retained(function)
    for (i, argument) in arguments.enumerated() { base[1 + i] = argument }
    do {
      if let callee = try prepareCall(base, arguments.count, nil, result: base) {
        (stub + 1).pointee = callee
        return try run(from: stub + 1, entry: stub)
      }
    } catch {
      for i in 0...arguments.count { Machine.drop(heap, base + i) }
      throw error
    }
    let result = base[0]
    base[0] = .none
    return result
  }
}

/// Stands beside a walk over a value. Values share parts, so what they look like as trees can be far more than what memory
/// holds: a walk answers interrupts, and ends with the memory error where what it has collected, outside of the heap, passes
/// what the limit leaves.
struct WalkWatch {
  /// Parts between two looks.
  private static let stretch = 1 << 12
  private var left = WalkWatch.stretch

  /// One more part, or as many as one that takes long stands for; `bytes` are those that the walk holds, asked for at looks only.
  @inline(__always) mutating func step(
    _ machine: Machine, parts: Int = 1, holding bytes: @autoclosure () -> Int = 0
  ) throws {
    left &-= parts
    if left <= 0 { try look(machine, bytes()) }
  }

  @inline(never) private mutating func look(_ machine: Machine, _ bytes: Int) throws {
    left = WalkWatch.stretch
    try machine.pollInterrupt()
    try machine.checkRoom(bytes)
  }
}
