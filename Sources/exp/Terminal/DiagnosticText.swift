import ArgumentParser
import Diagnostics
import Foundation
import Syntax

/// `--errors`: what errors look like on a command line.
enum ErrorForm: String, CaseIterable, ExpressibleByArgument {
  /// With the line, the place, notes and help.
  case full
  /// One line each, for editors.
  case short
  /// One JSON object each, for programs.
  case json
}

/// The option of the verbs that find errors in scripts.
struct ErrorOptions: ParsableArguments {
  @Option(name: .customLong("errors"), help: ArgumentHelp("How errors are written.", valueName: "full|short|json"))
  var form: ErrorForm = .full
}

/// Errors and warnings as text on the terminal.
enum DiagnosticText {
  /// The id of the error that Ctrl-C is.
  static let interruptedID = "E0309"
  /// The id of the error that a library is not installed.
  static let missingLibraryID = "E0413"

  /// In full, for a terminal.
  static func draw(_ diagnostic: Diagnostic, on terminal: Terminal = .errors) -> String {
    printer(terminal).full(diagnostic)
  }

  /// Without colours, for a record.
  static func plain(_ diagnostic: Diagnostic) -> String { DiagnosticPrinter().full(diagnostic) }

  /// All of them on standard error, and how many there are when nothing was run for them.
  static func report(_ diagnostics: [Diagnostic], didRun: Bool, form: ErrorForm = .full) {
    guard !diagnostics.isEmpty else { return }
    let terminal = Terminal.errors
    if form != .full {
      let printer = DiagnosticPrinter()
      for diagnostic in diagnostics {
        terminal.line(form == .short ? printer.short(diagnostic) : printer.json(diagnostic))
      }
      return
    }
    terminal.write("\n" + printer(terminal).full(diagnostics))
    let errors = diagnostics.filter { $0.severity == .error }.count
    // Of a file no more are looked for.
    let isCut = errors >= SyntaxLimits.diagnostics
    guard errors > 0, !didRun || isCut else { return }
    let count = (isCut ? "the first " : "") + Phrase.count(errors, "error")
    terminal.line("\n" + count + (didRun ? "" : "; nothing was run"))
  }

  private static func printer(_ terminal: Terminal) -> DiagnosticPrinter {
    DiagnosticPrinter(color: terminal.hasColor, width: min(terminal.width, 100))
  }
}
