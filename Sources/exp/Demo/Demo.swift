import Diagnostics
import Evaluation
import Foundation
import Records
import Reports
import Studies

/// A study stepped through cell by cell, for a lecture.
final class Demo {
  private let path: String
  private var cells: [StudyCell]
  private let keys: KeyInput
  private let thread: SessionThread
  private let session: Session
  private let run: StudyRun
  private let view: ReplView
  private let output = Terminal.output
  /// How many cells have run; the next one is shown.
  private var position = 0
  /// How many session cells each study cell took: 0 for one without code or one that was passed over.
  private var ran: [Int] = []
  /// Whether a cell that ran last failed, and whether a claim did not hold.
  private(set) var hadErrors = false

  init(
    path: String, cells: [StudyCell], keys: KeyInput, thread: SessionThread, session: Session, run: StudyRun,
    view: ReplView
  ) {
    self.path = path
    self.cells = cells
    self.keys = keys
    self.thread = thread
    self.session = session
    self.run = run
    self.view = view
  }

  /// Until the end of the lesson, or `q`.
  func loop() {
    showCell()
    while true {
      let key = ask()
      switch key {
      case .run:
        guard position < cells.count else { return }
        if runCell() {
          position += 1
          showCell()
        }
      case .skip:
        guard position < cells.count else { return }
        ran.append(0)
        position += 1
        showCell()
      case .back: back()
      case .edit: edit()
      case .again: showCell()
      case .help: output.line(Self.help)
      case .quit: return
      case .nothing: break
      }
    }
  }

  private static let help = """
      Enter, space   runs the cell and goes on (also the right arrow)
      b              goes back before the last cell, exactly (also the left arrow)
      e              edits the cell in $VISUAL or $EDITOR; the file stays as it is
      n              passes the cell over without running it
      r              shows the cell again
      q, Ctrl-D      leaves; Ctrl-C stops a cell that is running and takes it back
    """

  // MARK: showing

  private var width: Int { min(output.width, 110) }

  private func showCell() {
    guard position < cells.count else { return }
    let cell = cells[position]
    let head = "── \(position + 1) of \(cells.count) "
    output.line("\n" + output.styled(head + String(repeating: "─", count: max(0, width - head.count)), .faint))
    if !cell.prose.isEmpty {
      output.line("\n" + TerminalText(width: width, color: output.hasColor).prose(cell.prose))
    }
    if !cell.code.isEmpty { output.line("\n" + CodeText.draw(cell.code, on: output)) }
  }

  private func ask() -> DemoKey {
    let isOver = position >= cells.count
    let words =
      isOver
      ? "the end · b back · Enter leaves"
      : (cells[position].code.isEmpty ? "Enter goes on" : "Enter runs") + " · b back · e edits · q leaves · ? more"
    // A prompt that is wrapped could not be taken away again.
    let prompt = words.count + 2 < output.width ? words : "Enter · b · e · q · ?"
    output.write("\n" + output.styled("  " + prompt, .faint))
    let key = keys.next()
    output.write(output.isInteractive ? "\r\u{1B}[2K" : "\n")
    return key
  }

  // MARK: steps

  /// Runs the cell at the position; false when it failed and was taken back.
  private func runCell() -> Bool {
    let cell = cells[position]
    guard !cell.code.isEmpty else {
      ran.append(0)
      return true
    }
    let later = cells[(position + 1)...], path = path
    run.resume()
    view.begin()
    let result = thread.perform { [session] () -> (Session.CellOutcome, Bool) in
      func source(_ needed: [StudyCell.Needed]) -> SourceFile {
        SourceStore.shared.add(name: path, text: cell.text(with: needed))
      }
      var file = source([])
      if session.check(file).contains(where: { $0.id == "E0103" }) {
        file = source(StudyCell.functionsNeeded(by: cell, after: later, from: path))
      }
      let outcome = session.runCell(file, isKept: true)
      return (outcome, session.didRunLastCell)
    }
    view.end()
    guard let (outcome, didRun) = result else { return false }
    switch outcome {
    case .none: break
    case .value(let value): show(value)
    case .ended(let step, _):
      hadErrors = true
      if didRun { _ = thread.perform { [session] in session.undoCell() } }
      output.line("stopped at step \(Phrase.grouped(step)); the cell was taken back")
      return false
    case .incomplete:
      hadErrors = true
      output.line("the cell is incomplete; e edits it")
      return false
    case .failed(let diagnostics):
      hadErrors = true
      if didRun { _ = thread.perform { [session] in session.undoCell() } }
      for diagnostic in diagnostics {
        let isInterrupt = diagnostic.id == DiagnosticText.interruptedID
        output.line(
          isInterrupt
            ? "interrupted" + view.whereItStopped + "; the cell was taken back"
            : DiagnosticText.draw(diagnostic, on: output))
      }
      return false
    }
    ran.append(didRun ? 1 : 0)
    return true
  }

  private func show(_ value: Datum) {
    if case .figure(let figure) = value, view.figures.draw(figure, width: width) { return }
    output.line(TerminalText(width: width, color: output.hasColor).value(value))
  }

  /// Before the last cell that ran: its names, what they held, and where draws go on are as they were.
  private func back() {
    guard position > 0, let count = ran.popLast() else { return output.line("  this is the beginning") }
    for _ in 0..<count { _ = thread.perform { [session] in session.undoCell() } }
    position -= 1
    showCell()
  }

  private func edit() {
    guard position < cells.count else { return }
    let environment = ProcessInfo.processInfo.environment
    let editor = ["VISUAL", "EDITOR"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? "vi"
    let name = NSString(string: NSTemporaryDirectory()).appendingPathComponent("cell-\(position + 1)-\(getpid()).exp")
    defer { unlink(name) }
    do {
      try Data((cells[position].code + "\n").utf8).write(to: URL(fileURLWithPath: name))
      let status = system("\(editor) '\(name)'")
      let text = try String(contentsOfFile: name, encoding: .utf8)
      guard status == 0 else { return output.line("  the editor (\(editor)) failed; the cell is as it was") }
      cells[position].code = text.trimmingCharacters(in: .newlines)
      showCell()
    } catch { output.line("  the cell cannot be edited: \(error.localizedDescription)") }
  }
}
