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
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Give an option of the study a value; may be repeated.", valueName: "name=value"))
  var settings: [String] = []
  @Option(parsing: .unconditional, help: "The root seed, instead of the study's own.") var seed: Int?
  @Option(help: "Worker threads of a sweep. (default: all cores)") var threads: Int?
  @Option(help: ArgumentHelp("Folder with data files; may be repeated.", valueName: "dir")) var data: [String] = []
  @Option(help: ArgumentHelp("How figures are shown.", valueName: FigureView.Mode.names)) var plot: FigureView.Mode =
    .auto

  func validate() throws { try OptionSettings.validate(settings, threads: threads) }

  func run() throws {
    guard let file = SourceLoader.load(study) else { throw ExitCode(RunStatus.scriptWrong.rawValue) }
    let thread = SessionThread(), view = ReplView()
    view.figures.mode = plot
    guard let library = thread.perform({ SourceLoader.library() }) ?? nil else { throw ExitCode(2) }
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
    Interrupts.begin(restartingCalls: false) {
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

  private var options: RunOptions {
    RunOptions(
      settings: OptionSettings.parsed(settings), seed: seed,
      threads: threads ?? ProcessInfo.processInfo.activeProcessorCount,
      dataFolders: FileAccess.dataFolders(data, ofStudyAt: study),
      machine: HostMachine.kernels, numericsVersion: String(numericsVersion))
  }
}

extension FigureView.Mode: ExpressibleByArgument {}
