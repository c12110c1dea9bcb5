/// Whether Ctrl-C ends a fold with what it has come to, rather than the program with an error: so for a statement of a session that
/// keeps nothing of its own under way.
enum FoldEnding: Equatable {
  case never, allowed
  /// It ended one, at this step; what follows from its value is worked out, and another fold is an error.
  case ended(step: Int)
}

extension Folds {
  /// Seconds that an interrupt waits for the end of a step.
  static let endingTime = 0.08
  /// Seconds of processor time that the rest of a statement may take after its fold was ended; mostly it takes none.
  static let restTime = 0.4

  /// Whether a fold may be ended so: nothing but the library stands between it and the statement.
  func mayEnd(_ machine: Machine) -> Bool {
    guard ending == .allowed, machine.trial == nil, machine.tensors.recording == nil, machine.tensors.walk == nil else {
      return false
    }
    var frame = machine.frame, own = 0
    while frame >= machine.frames {
      if frame.pointee.prototype != Machine.noPrototype, let span = machine.span(of: frame),
        !machine.library.fileIDs.contains(span.file)
      {
        own += 1
      }
      frame -= 1
    }
    return own == 1
  }

  /// Whether an interrupt waits for the end of a fold's step, which may be near.
  func putsOff() -> Bool {
    guard hasStepped, ending == .allowed else { return false }
    let now = Folds.now
    if heard == nil { heard = now }
    return heard.map { now - $0 < Folds.endingTime } ?? false
  }

  /// Ends a fold at a step, which answers the interrupt; false where there is none, or it is to go its way as an error.
  func end(at step: Int, _ machine: Machine) -> Bool {
    guard machine.isInterrupted, mayEnd(machine) else { return false }
    heard = nil
    ending = .ended(step: step)
    machine.interrupts.reset()
    // Not before the reset, which would forget it.
    watch = TimeLimit(Folds.restTime) { [interrupts = machine.interrupts] in interrupts.interrupt() }
    return true
  }

  /// The statement is over: the step at which a fold of it was ended.
  func endedStep() -> Int? {
    defer { ending = .never }
    _ = watch?.end()
    watch = nil
    guard case .ended(let step) = ending else { return nil }
    return step
  }
}
