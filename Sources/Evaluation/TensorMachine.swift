import Diagnostics

extension Machine {
  /// Where the program is, for messages that come later than the call.
  var currentSpan: Span { span(of: frame) ?? .none }
  /// Throws when the user wants to stop, or memory ran out; for loops in natives.
  func pollInterrupt() throws { if poll.pointee != 0 { try answerPoll() } }
  /// Threads that a plan may use.
  var planThreads: Int { threads }
}
