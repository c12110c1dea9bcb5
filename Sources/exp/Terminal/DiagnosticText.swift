import Diagnostics
import Foundation

/// Errors and warnings as text on the terminal.
enum DiagnosticText {
  /// The id of the error that Ctrl-C is.
  static let interruptedID = "E0309"

  /// In full, for a terminal.
  static func draw(_ diagnostic: Diagnostic, on terminal: Terminal = .errors) -> String {
    printer(terminal).full(diagnostic)
  }

  /// Without colours, for a record.
  static func plain(_ diagnostic: Diagnostic) -> String { DiagnosticPrinter().full(diagnostic) }

  /// All of them on standard error, and how many there are when nothing was run for them.
  static func report(_ diagnostics: [Diagnostic], didRun: Bool) {
    guard !diagnostics.isEmpty else { return }
    let terminal = Terminal.errors
    terminal.write("\n" + printer(terminal).full(diagnostics))
    let errors = diagnostics.filter { $0.severity == .error }.count
    if !didRun, errors > 0 { terminal.line("\n\(Phrase.count(errors, "error")); nothing was run") }
  }

  private static func printer(_ terminal: Terminal) -> DiagnosticPrinter {
    DiagnosticPrinter(color: terminal.hasColor, width: min(terminal.width, 100))
  }
}
