import Studies

/// `--quiet`: the claims that do not hold, and the last line.
final class QuietView: RunListener {
  private let terminal: Terminal
  init(_ terminal: Terminal = .output) { self.terminal = terminal }

  func receive(_ event: RunEvent) {
    switch event {
    case .claimed(let claim) where !claim.holds:
      terminal.line("✗ " + claim.text + (claim.error.map { ": \($0.message) (\($0.id))" } ?? ""))
    case .noticed(let text): terminal.line("! " + text)
    case .finished(let summary): terminal.line(SummaryText.line(summary))
    default: break
    }
  }
}
