import Reports

/// The last line of a terminal, drawn over and over while something takes long. Text above it is written through
/// `above`.
final class StatusLine {
  private let terminal: Terminal
  private var isShown = false

  init(_ terminal: Terminal) { self.terminal = terminal }

  /// Replaces the line, cut to the width of the terminal.
  func show(_ text: String) {
    guard terminal.isInteractive else { return }
    let cut = TextWidth.cut(text, to: terminal.width - 1)
    terminal.write("\r\u{1B}[2K" + cut)
    isShown = true
  }

  /// Takes the line away.
  func clear() {
    guard isShown else { return }
    terminal.write("\r\u{1B}[2K")
    isShown = false
  }
}
