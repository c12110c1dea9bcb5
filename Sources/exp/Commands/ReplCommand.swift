import ArgumentParser
import Evaluation
import Foundation
import Studies
import Tensors

/// `exp repl`, and `exp` alone.
struct ReplCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "repl", abstract: "Work interactively, one cell at a time (the default).",
    discussion: "Input that is no terminal is run cell by cell; the exit status is then 2 if a cell failed.")

  @Option(
    name: [.customShort("i"), .customLong("run")],
    help: ArgumentHelp("Run a script first and keep its names.", valueName: "study"))
  var script: String?
  @Option(help: "The root seed.") var seed: Int?
  @Option(help: "Worker threads of a sweep. (default: all cores)") var threads: Int?
  @Option(help: ArgumentHelp("Folder with data files; may be repeated.", valueName: "dir")) var data: [String] = []
  @Option(help: ArgumentHelp("Let cells read below a path.", valueName: "path")) var allowRead: [String] = []
  @Option(help: ArgumentHelp("Let cells write below a path.", valueName: "path")) var allowWrite: [String] = []
  @Flag(help: "Write prompts and input to the output too, when the input is no terminal.") var transcript = false

  func run() throws {
    let isTyped = isatty(0) == 1 && isatty(1) == 1
    let thread = SessionThread()
    guard let library = thread.perform({ SourceLoader.library() }) ?? nil else { throw ExitCode(2) }
    let run = StudyRun(source: SourceLoader.empty, options: options, listener: ReplView(), isInteractive: true)
    let count = options.threads
    guard let session = thread.perform({ Session(library: library, host: run, threads: count) }) else {
      throw ExitCode(2)
    }
    Interrupts.begin(restartingCalls: false) {
      ReadlineInput.requestClear()
      session.interrupt()
      run.interrupt()
    }
    let input: any LineInput =
      isTyped
      ? ReadlineInput(historyPath: Self.historyPath) { line, offset in
        thread.perform { session.complete(line, at: offset) } ?? []
      } : PlainInput(isTranscript: transcript)
    let repl = Repl(input: input, thread: thread, session: session, library: library, run: run)
    if isTyped { Terminal.output.line("Exp \(Version.exp) · ?name explains · :help · Ctrl-D leaves") }
    if let script {
      guard let file = SourceLoader.load(script) else { throw ExitCode(2) }
      repl.evaluate(String(decoding: file.bytes, as: UTF8.self), isLast: true)
    }
    repl.loop()
    thread.end()
    if !isTyped, repl.hadErrors { throw ExitCode(RunStatus.scriptWrong.rawValue) }
  }

  private var options: RunOptions {
    RunOptions(
      seed: seed, threads: threads ?? ProcessInfo.processInfo.activeProcessorCount,
      dataFolders: FileAccess.dataFolders(
        arguments: data, environment: ProcessInfo.processInfo.environment["EXP_DATA"], ownFolder: "."),
      readable: allowRead, writable: allowWrite, machine: HostMachine.kernels, numericsVersion: String(numericsVersion))
  }

  /// `EXP_HISTORY`, or `exp/history` in the user's folder of states.
  private static var historyPath: String? {
    let environment = ProcessInfo.processInfo.environment
    if let path = environment["EXP_HISTORY"] { return path.isEmpty ? nil : path }
    guard let home = environment["HOME"] else { return nil }
    return (environment["XDG_STATE_HOME"] ?? home + "/.local/state") + "/exp/history"
  }
}
