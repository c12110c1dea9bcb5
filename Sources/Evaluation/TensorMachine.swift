import Diagnostics

extension Machine {
  /// Where the program is, for messages that come later than the call.
  var currentSpan: Span { .none }
  func pollInterrupt() throws {}
  var planThreads: Int { 1 }
}
