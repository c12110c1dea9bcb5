import Diagnostics
import Evaluation
import Foundation
import Records
import Reports
import Studies
import Syntax

/// An interactive session: reads cells, runs them, shows their values; errors leave it alive.
final class Repl {
  /// A cell that began to run and was not undone.
  struct Cell {
    var text: String
    /// Where in the text the statement begins that failed; nil when all ran.
    var failedAt: Int?
    /// Whether its last statement was stopped and `_` took what it had come to.
    var isStopped = false
    /// The number of the last result before it and after it.
    var results: ClosedRange<Int>
  }

  let input: any LineInput
  let thread: SessionThread
  let session: Session
  let library: StandardLibrary
  let output = Terminal.output
  /// What a clean process needs to replay the session.
  let replay: ReplayArguments
  var figures: FigureView
  private let run: StudyRun
  private let view: ReplView
  private var cellNumber = 0
  /// The lines of the cell being typed, what stands open behind them, of how many it was last asked whether they are whole, and
  /// their bytes as they came.
  private var lines: [String] = [] { didSet { if lines.isEmpty { (open, asked, content) = (OpenText(), 0, []) } } }
  private var open = OpenText()
  private var content: [UInt8] = []
  private var asked = 0
  /// What ran so far, for `:save` and `:undo`.
  var cells: [Cell] = []
  /// Files that `:save` wrote.
  var written: Set<String> = []
  /// Whether any cell failed, for the exit status of sessions that nobody types.
  private(set) var hadErrors = false

  init(
    input: any LineInput, thread: SessionThread, session: Session, library: StandardLibrary, run: StudyRun,
    view: ReplView, replay: ReplayArguments
  ) {
    self.input = input
    self.thread = thread
    self.session = session
    self.library = library
    self.run = run
    self.view = view
    self.replay = replay
    figures = view.figures
  }

  /// Until the end of the input, or `:quit`.
  func loop() {
    var isTimed = false
    while true {
      let next = input.read(prompt: lines.isEmpty ? Prompt.first : Prompt.more)
      if next.isFresh { drop() }
      guard var line = next.text.map(Prompt.withoutPrompts) else {
        if !lines.isEmpty { evaluate(content, isLast: true) }
        return
      }
      if lines.isEmpty {
        let word = line.trimmingCharacters(in: .whitespaces)
        if word.isEmpty { continue }
        isTimed = word.hasPrefix(":time ")
        if isTimed {
          line = String(word.dropFirst(6))
        } else if let isOver = command(word) {
          input.remember(line)
          if isOver { return }
          continue
        }
      }
      content += (lines.isEmpty ? [] : [0x0A]) + (next.damaged ?? Array(line.utf8))
      lines.append(line)
      open.add(line)
      // What is wrong inside brackets is told before they are closed, but not every line of many is a reason to look.
      if open.isOpen, lines.count > 64, lines.count < asked * 9 / 8 { continue }
      asked = lines.count
      if line.contains("}"), mayGoOn(String(decoding: content, as: UTF8.self)),
        input.comesNext.map(continuesStatement) == true
      {
        continue
      }
      if evaluate(content, isLast: false, isTimed: isTimed) { lines = [] }
    }
  }

  /// Ctrl-C: the lines so far are dropped, but can be called back, with the one that was being typed.
  func drop(typing line: String = "") {
    let text = (lines + (line.isEmpty ? [] : [line])).joined(separator: "\n")
    input.remember(text)
    lines = []
  }

  /// The lines of the unfinished cell, for completion.
  var unfinished: String { lines.isEmpty ? "" : lines.joined(separator: "\n") + "\n" }

  /// Runs a cell; false when it needs more lines.
  @discardableResult private func evaluate(_ content: [UInt8], isLast: Bool, isTimed: Bool = false) -> Bool {
    let file = SourceStore.shared.add(name: "<cell \(cellNumber + 1)>", content: content)
    let started = Date()
    let outcome = runCell(file, isTyped: true)
    if case .incomplete = outcome, !isLast { return false }
    cellNumber += 1
    input.remember((isTimed ? ":time " : "") + String(decoding: file.bytes, as: UTF8.self))
    tell(outcome)
    if isTimed { output.line(output.styled("took " + Phrase.duration(Date().timeIntervalSince(started)), .faint)) }
    return true
  }

  /// Runs a script as one cell.
  func load(_ file: SourceFile) { tell(runCell(file)) }

  /// Runs a cell and notes that it ran. The tests of a script that is loaded wait for `exp test`.
  private func runCell(_ file: SourceFile, isTyped: Bool = false) -> Session.CellOutcome {
    run.resume()
    view.begin()
    let (outcome, before, after, isKept) =
      thread.perform { [session] () -> (Session.CellOutcome, Int, Int, Bool) in
        let before = session.lastResult
        let outcome = session.runCell(file, isKept: true, answersTests: isTyped)
        return (outcome, before, session.lastResult, session.didRunLastCell)
      } ?? (.none, 0, 0, false)
    guard isKept else { return outcome }
    var cell = Cell(
      text: String(decoding: file.bytes, as: UTF8.self), failedAt: nil, results: before...max(before, after))
    if case .failed(let diagnostics) = outcome {
      cell.failedAt = diagnostics.first { $0.span.file == file.id }.map { Int($0.span.lower) } ?? 0
    }
    if case .ended(_, let place) = outcome { (cell.failedAt, cell.isStopped) = (place, true) }
    cells.append(cell)
    return outcome
  }

  func tell(_ outcome: Session.CellOutcome) {
    view.end()
    switch outcome {
    case .none: break
    case .value(let value):
      Interruption.heeding({ [run] in run.isInterrupted }) { show(value) }
      if run.isInterrupted {
        hadErrors = true
        output.line("interrupted")
      }
    case .ended(let step, _):
      hadErrors = true
      output.line("stopped at step \(Phrase.grouped(step)); the result so far is `_`")
    case .incomplete:
      hadErrors = true
      output.line("the input ends before this is complete")
    case .failed(let diagnostics):
      hadErrors = true
      for diagnostic in diagnostics {
        if diagnostic.id == DiagnosticText.interruptedID {
          output.line("interrupted" + view.whereItStopped)
        } else {
          output.line(DiagnosticText.draw(diagnostic, on: output))
        }
      }
    }
  }

  /// A cell's value; on a terminal with the name that it keeps at the right. Nothing where it was interrupted.
  private func show(_ value: Datum) {
    if case .none = value { return }
    let width = min(output.width, 120)
    if case .figure(let figure) = value, figures.draw(figure, width: width) { return }
    var lines = TerminalText(width: width, color: output.hasColor).value(value)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if run.isInterrupted { return }
    let mark = "_\(session.lastResult)"
    let used = TextWidth.columns(Terminal.withoutColor(lines[0]))
    if output.isInteractive, used + mark.count + 3 <= width {
      lines[0] += String(repeating: " ", count: width - used - mark.count - 1) + output.styled(mark, .faint)
    }
    output.line(lines.joined(separator: "\n"))
  }

  func help(_ name: String) {
    if name.isEmpty { return output.line(Self.helpText) }
    if let error = DiagnosticCatalogue.explanation(name) { return output.line(error) }
    let text = thread.perform { [session] in HelpText.explain(name, session) } ?? nil
    output.line(text ?? HelpText.page(name, library)?.text ?? HelpText.unknown(name, library))
  }
}
