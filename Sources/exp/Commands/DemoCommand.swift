import ArgumentParser
import Diagnostics
import Evaluation
import Foundation
import Studies
import Syntax
import Tensors

/// `exp demo study.exp`
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Step through a study cell by cell, for a lecture.",
    discussion: """
      Each cell is shown, prose and code; Enter runs it, b goes back exactly, e edits it. Nothing is recorded. Input that is \
      no terminal is read as one key a line.
      """)

  @Argument(help: "The study.", completion: .script) var study: String
  @OptionGroup var of: StudyOptions
  @OptionGroup var threading: ThreadOptions
  @Option(help: ArgumentHelp("How figures are shown.", valueName: FigureView.Mode.names)) var plot: FigureView.Mode =
    .auto

  func run() throws {
    guard let file = SourceLoader.load(study) else { throw ExitCode(RunStatus.scriptWrong.rawValue) }
    let thread = SessionThread(), view = ReplView()
    view.figures.mode = plot
    guard let library = thread.perform({ SourceLoader.library() }) ?? nil else { throw ExitCode(2) }
    let options = of.runOptions(ofStudyAt: study, threads: threading.count)
    let run = StudyRun(source: file, options: options, listener: view, isInteractive: true)
    let count = options.threads, wanted = options.settings
    let (session, problems) =
      thread.perform { () -> (Session?, [Diagnostic]) in
        let session = Session(library: library, host: run, threads: count)
        return (session, session.check(file, settings: wanted))
      } ?? (nil, [])
    guard let session, !problems.contains(where: { $0.severity == .error }) else {
      DiagnosticText.report(problems, didRun: false)
      throw ExitCode(RunStatus.scriptWrong.rawValue)
    }
    Interrupts.begin(restartingCalls: false, endsWithTerminal: false) {
      session.interrupt()
      run.interrupt()
    }
    let keys = KeyInput(isTerminal: isatty(0) == 1 && isatty(1) == 1)
    let demo = Demo(
      path: study, cells: thread.perform { StudyCell.cells(of: file) } ?? [], keys: keys, thread: thread,
      session: session, run: run, view: view)
    demo.loop()
    thread.end()
    if !keys.isTerminal, demo.hadErrors { throw ExitCode(RunStatus.scriptWrong.rawValue) }
    if !keys.isTerminal, view.failedClaims > 0 { throw ExitCode(RunStatus.claimFailed.rawValue) }
  }
}

extension FigureView.Mode: ExpressibleByArgument {}
