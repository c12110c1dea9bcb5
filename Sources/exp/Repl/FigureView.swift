import Foundation
import Records
import Reports

/// How figures appear in a session.
final class FigureView {
  /// What figures are made of.
  enum Mode: String, CaseIterable {
    /// Pixels where the terminal says that it can, otherwise characters.
    case auto
    case sixel
    case kitty
    /// Braille dots and blocks.
    case unicode
    /// One line that names the figure.
    case off
    /// For messages.
    static let names = allCases.map(\.rawValue).joined(separator: "|")
  }
  var mode = Mode.auto

  /// Draws a figure in the chosen way; false when it should appear as characters, like any other value.
  func draw(_ figure: Figure, width: Int) -> Bool {
    let terminal = Terminal.output
    if mode == .off {
      terminal.line(figure.title.isEmpty ? "a figure" : "a figure: \(figure.title)")
      return true
    }
    guard let form = form(terminal) else { return false }
    let pixels = min(terminal.pixelWidth(columns: width), 960)
    guard let text = TerminalPixels.draw(figure, form, width: pixels) else { return false }
    if !Interruption.isRaised() { terminal.line(text) }
    return true
  }

  /// How pixels are written; nil for characters. What was asked for by name is done also where nobody looks.
  private func form(_ terminal: Terminal) -> TerminalPixels.Form? {
    switch mode {
    case .sixel: return .sixel
    case .kitty: return .kitty
    case .off, .unicode: return nil
    case .auto: return terminal.isInteractive ? Self.known(ProcessInfo.processInfo.environment) : nil
    }
  }

  /// The form that a terminal takes, by what it says of itself; nil for one that is not known to take pixels.
  static func known(_ environment: [String: String]) -> TerminalPixels.Form? {
    // What stands between (tmux, screen) passes no pixels on.
    if environment["TMUX"] != nil || environment["STY"] != nil { return nil }
    let kind = environment["TERM"] ?? "", program = environment["TERM_PROGRAM"] ?? ""
    if environment["KITTY_WINDOW_ID"] != nil || kind.contains("kitty") || kind.contains("ghostty")
      || ["ghostty", "WezTerm"].contains(program)
    {
      return .kitty
    }
    let sixel = ["foot", "mlterm", "yaft", "contour", "sixel"]
    return sixel.contains { kind.contains($0) } || program == "mintty" ? .sixel : nil
  }
}
