import ArgumentParser
import Diagnostics
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
  @OptionGroup var of: StudyOptions
  @OptionGroup var threading: ThreadOptions
  @Option(help: ArgumentHelp("Let cells read below a path.", valueName: "path")) var allowRead: [String] = []
  @Option(help: ArgumentHelp("Let cells write below a path.", valueName: "path")) var allowWrite: [String] = []
  @Flag(help: "Write prompts and input to the output too, when the input is no terminal.") var transcript = false
  @Option(help: .hidden) var replay: String?
  @Option(help: .hidden) var replayName: [String] = []

  func run() throws {
    let isTyped = isatty(0) == 1 && isatty(1) == 1
    let source = try (script ?? replay).map { path -> SourceFile in
      guard let file = SourceLoader.load(path) else { throw ExitCode(RunStatus.scriptWrong.rawValue) }
      // A session that is saved stands in the current folder, and so do its imports.
      return replay == nil ? file : SourceStore.shared.add(name: "<session>", content: Data(file.bytes))
    }
    let thread = SessionThread(), view = ReplView()
    guard let library = thread.perform({ SourceLoader.library() }) ?? nil else { throw ExitCode(2) }
    let run = StudyRun(source: source ?? SourceLoader.empty, options: options, listener: view, isInteractive: true)
    let count = options.threads
    guard let session = thread.perform({ Session(library: library, host: run, threads: count) }) else {
      throw ExitCode(2)
    }
    Interrupts.begin(restartingCalls: false, endsWithTerminal: false) {
      ReadlineInput.requestClear()
      session.interrupt()
      run.interrupt()
    }
    if replay != nil, let source { return thread.perform { Replay.answer(session, source, renamed: renamed) } ?? () }
    let completion = ReplCompletion(thread: thread, session: session)
    var unfinished: () -> String = { "" }
    let input: any LineInput =
      isTyped
      ? ReadlineInput(historyPath: Self.historyPath) { completion.words($0, at: $1, before: unfinished()) }
      : PlainInput(isTranscript: transcript)
    let repl = Repl(
      input: input, thread: thread, session: session, library: library, run: run, view: view,
      replay: ReplayArguments(arguments: replayArguments, seed: of.seed))
    unfinished = { [unowned repl] in repl.unfinished }
    if isTyped, Terminal.output.hasColor { InputColors.begin(before: unfinished) }
    ReadlineInput.whenDropped = { [unowned repl] line in repl.drop(typing: line) }
    if isTyped { Terminal.output.line("Exp \(Version.exp) · ?name explains · :help · Ctrl-D leaves") }
    if let source {
      let wrong = thread.perform { session.check(source, settings: options.settings) } ?? []
      let unknown = wrong.filter { $0.id == "E0133" }
      guard unknown.isEmpty else {
        DiagnosticText.report(unknown, didRun: false)
        throw ExitCode(RunStatus.scriptWrong.rawValue)
      }
      repl.load(source)
    }
    repl.loop()
    thread.end()
    if !isTyped, repl.hadErrors { throw ExitCode(RunStatus.scriptWrong.rawValue) }
  }

  /// The functions of a script that have other names than in the session that is repeated, by their new names.
  private var renamed: [String: String] {
    let pairs = replayName.map { $0.split(separator: "=").map(String.init) }
    return Dictionary(pairs.filter { $0.count == 2 }.map { ($0[0], $0[1]) }, uniquingKeysWith: { $1 })
  }

  /// The options that a clean process needs to run the same cells.
  private var replayArguments: [String] {
    var arguments = of.seed.map { ["--seed=\($0)"] } ?? []
    if let threads = threading.threads { arguments += ["--threads", "\(threads)"] }
    for (name, values) in [
      ("--set", of.settings), ("--data", of.data), ("--allow-read", allowRead), ("--allow-write", allowWrite),
    ] {
      for value in values { arguments.append("\(name)=\(value)") }
    }
    return arguments
  }

  private var options: RunOptions {
    var options = of.runOptions(ofStudyAt: "", threads: threading.count)
    options.readable = allowRead
    options.writable = allowWrite
    return options
  }

  /// `EXP_HISTORY`, or `exp/history` in the user's folder of states.
  private static var historyPath: String? {
    let environment = ProcessInfo.processInfo.environment
    if let path = environment["EXP_HISTORY"] { return path.isEmpty ? nil : path }
    guard let home = environment["HOME"] else { return nil }
    return (environment["XDG_STATE_HOME"] ?? home + "/.local/state") + "/exp/history"
  }
}
