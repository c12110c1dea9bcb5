import Studies

/// `--quiet`: the last line only, and what failed.
final class QuietView: RunListener {
  private let terminal: Terminal
  init(_ terminal: Terminal = .output) { self.terminal = terminal }

  func receive(_ event: RunEvent) {
    if case .finished(let summary) = event { terminal.line(SummaryText.line(summary)) }
  }
}
