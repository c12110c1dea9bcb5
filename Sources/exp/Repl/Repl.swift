import Diagnostics
import Evaluation
import Foundation
import Records
import Reports
import Studies

/// An interactive session: reads cells, runs them, shows their values; errors leave it alive.
final class Repl {
  private let input: any LineInput
  private let thread: SessionThread
  private let session: Session
  private let library: StandardLibrary
  private let run: StudyRun
  private let output = Terminal.output
  private var cellNumber = 0
  /// Whether any cell failed, for the exit status of sessions that nobody types.
  private(set) var hadErrors = false

  init(input: any LineInput, thread: SessionThread, session: Session, library: StandardLibrary, run: StudyRun) {
    self.input = input
    self.thread = thread
    self.session = session
    self.library = library
    self.run = run
  }

  /// Until the end of the input, or `:quit`.
  func loop() {
    var lines: [String] = []
    while true {
      let next = input.read(prompt: lines.isEmpty ? Prompt.first : Prompt.more)
      if next.isFresh { lines = [] }
      guard let line = next.text else {
        if !lines.isEmpty { evaluate(lines.joined(separator: "\n"), isLast: true) }
        return
      }
      if lines.isEmpty {
        let word = line.trimmingCharacters(in: .whitespaces)
        if word.isEmpty { continue }
        if let isOver = command(word) {
          input.remember(line)
          if isOver { return }
          continue
        }
      }
      lines.append(line)
      if evaluate(lines.joined(separator: "\n"), isLast: false) { lines = [] }
    }
  }

  /// Runs a cell; false when it needs more lines.
  @discardableResult func evaluate(_ text: String, isLast: Bool) -> Bool {
    let file = SourceStore.shared.add(name: "<cell \(cellNumber + 1)>", text: text)
    run.resume()
    let outcome = thread.perform { [session] in session.runCell(file) } ?? .none
    if case .incomplete = outcome, !isLast { return false }
    cellNumber += 1
    input.remember(text)
    switch outcome {
    case .none: break
    case .value(let value): show(value)
    case .incomplete:
      hadErrors = true
      output.line("the input ends before this is complete")
    case .failed(let diagnostics):
      hadErrors = true
      for diagnostic in diagnostics { output.line(DiagnosticText.draw(diagnostic, on: output)) }
    }
    return true
  }

  private func show(_ value: Datum) {
    if case .none = value { return }
    output.line(TerminalText(width: min(output.width, 120), color: output.hasColor).value(value))
  }

  /// Whether a line is a command for the session itself: nil if not, otherwise whether the session ends.
  private func command(_ line: String) -> Bool? {
    if line.hasPrefix("?") {
      let name = line.dropFirst().trimmingCharacters(in: .whitespaces)
      help(name)
      return false
    }
    guard line.hasPrefix(":") else { return nil }
    let words = line.dropFirst().split(separator: " ", maxSplits: 1).map(String.init)
    switch words.first ?? "" {
    case "quit", "q", "exit": return true
    case "help", "h", "": output.line(Self.helpText)
    default: output.line("there is no :\(words.first ?? ""); :help lists what there is")
    }
    return false
  }

  private func help(_ name: String) {
    if name.isEmpty { return output.line(Self.helpText) }
    let text = thread.perform { [session] in HelpText.explain(name, session) } ?? nil
    output.line(text ?? HelpText.unknown(name, library))
  }

  static let helpText = """
    an expression    shows its value, which is then `_`
    ?name            explains a function
    Tab              completes names and, behind a dot, fields
    Ctrl-C           drops the line; stops what is running and keeps what was bound
    Ctrl-D, :quit    leaves
    """
}
