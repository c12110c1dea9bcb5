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
    switch mode {
    case .off:
      Terminal.output.line(figure.title.isEmpty ? "a figure" : "a figure: \(figure.title)")
      return true
    case .auto, .unicode, .sixel, .kitty: return false
    }
  }
}
