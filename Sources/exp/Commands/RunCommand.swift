import ArgumentParser
import Diagnostics
import Evaluation
import Foundation
import Records
import Studies
import Tensors

/// `exp run study.exp`
struct RunCommand: ParsableCommand, AnswersInJSON {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a study: terminal output, a run folder, a report.",
    discussion: """
      The exit status is the highest that applies: 0 all good, 1 a claim does not hold, 2 the script is wrong, 3 trials \
      failed, 4 interrupted, 5 the run could not be recorded. Ctrl-C, SIGTERM or the end of the terminal interrupt it: trainings \
      keep a checkpoint first, for five seconds at most, and --resume goes on from there; a second Ctrl-C leaves at once.
      """)

  @Argument(help: "The study.", completion: .script) var study: String
  @OptionGroup var of: StudyOptions
  @OptionGroup var threading: ThreadOptions
  @Option(
    help: ArgumentHelp("Folder in which the run's folder is made.", valueName: "dir"),
    transform: PathArgument.named)
  var out: String = "runs"
  @Flag(help: "Run every trial, also those that earlier runs have on record.") var fresh = false
  @Flag(help: "Go on in the newest folder of this study whose run did not come to its end.") var resume = false
  @Flag(help: "When the file is saved, run again what changed; Ctrl-C ends it.") var watch = false
  @Option(
    help: "Processes that share the trials, the threads shared among them.", transform: NumberArgument.within(1...1024))
  var workers: Int?
  @OptionGroup var elsewhere: ElsewhereOptions
  @Flag(help: "Stop at the first operation that makes a NaN, and name it; slower.") var checkNan = false
  @Option(
    help: ArgumentHelp("Most memory for tensors and values, such as 4G or 500M. (default: half)", valueName: "bytes"))
  var maxMemory: String?
  @Flag(help: "Print the last line only; with --json the last event.") var quiet = false
  @Flag(help: "Print one JSON object per event.") var json = false
  @OptionGroup var errors: ErrorOptions
  @Option(help: ArgumentHelp("Let the script read below a path; may be repeated.", valueName: "path")) var allowRead:
    [String] = []
  @Option(help: ArgumentHelp("Let the script write below a path; may be repeated.", valueName: "path")) var allowWrite:
    [String] = []

  func validate() throws {
    try MemorySize.validate(maxMemory)
    if workers != nil, elsewhere.on != nil {
      throw ValidationError("--workers is for this machine; --on has --max-workers")
    }
    if watch, elsewhere.on != nil { throw ValidationError("--watch is for this machine, not for --on") }
  }

  func run() throws {
    // What is shown may be cut short, by `head` for one; the run and its record go on.
    signal(SIGPIPE, SIG_IGN)
    guard watch else { throw ExitCode(try once(nil).status.rawValue) }
    var last = RunStatus.good
    while true {
      let saved = SavedFile(study)
      do { last = try once(saved).status } catch let code as ExitCode where code == scriptWrong {
        last = .scriptWrong
        // The text cannot be had or the library is broken; the first must exist to be watched.
        guard saved.isWatching else { throw code }
      }
      let isSaved = saved.hasChanged
      if !isSaved { Terminal.errors.line("exp: watching \(study); saving it runs what changed, Ctrl-C ends") }
      guard isSaved || Interrupts.count == 0, saved.wait(until: { Interrupts.count > 0 }) else {
        throw ExitCode(last.rawValue)
      }
    }
  }

  private var scriptWrong: ExitCode { ExitCode(RunStatus.scriptWrong.rawValue) }

  /// One run; a save of the study in the meantime interrupts it.
  private func once(_ saved: SavedFile?) throws -> RunSummary {
    guard let file = SourceLoader.load(study) else { throw ExitCode(RunStatus.scriptWrong.rawValue) }
    var options = try resume ? resumed(options) : options
    if elsewhere.on != nil {
      options.isPlanOnly = true
      throw ExitCode(try startElsewhere(file, options).rawValue)
    }
    let run = StudyRun(source: file, options: options, listener: listener, drawing: .standard)
    saved?.interrupt(run)
    defer { saved?.interrupt(nil) }
    guard let summary = StudyExecution(run: run, file: file).execute() else {
      throw ExitCode(RunStatus.scriptWrong.rawValue)
    }
    if !json, saved?.hasChanged != true { report(summary) }
    return summary
  }

  /// Errors in full, behind everything else.
  private func report(_ summary: RunSummary) {
    var diagnostics = summary.diagnostics
    if summary.status == .interrupted { diagnostics = diagnostics.filter { $0.severity == .warning } }
    diagnostics += summary.claimErrors + (summary.firstTrialError.map { [$0] } ?? [])
    DiagnosticText.report(diagnostics, didRun: summary.hasRun, form: errors.form)
    if summary.status == .interrupted, summary.folder != nil {
      Terminal.errors.line("exp: what is finished stays; `\(Phrase.resume(study, out))` goes on")
    }
  }

  /// Makes the run's folder and has others compute it.
  private func startElsewhere(_ file: SourceFile, _ options: RunOptions) throws -> RunStatus {
    let run = StudyRun(source: file, options: options, listener: SilentListener())
    guard let summary = StudyExecution(run: run, file: file).execute() else { return .scriptWrong }
    guard summary.stopReason == "planned", let folder = summary.folder.flatMap({ RunFolder.open($0) }) else {
      report(summary)
      return max(summary.status, .scriptWrong)
    }
    let path = shortPath(folder.path)
    guard elsewhere.on == .slurm else {
      Terminal.output.line("\(path) is planned; start workers with `exp worker \(path)`")
      return .good
    }
    do {
      let job = try SlurmEngine().submit(elsewhere.wish, run: folder, program: OwnProgram.path)
      SourceLoader.complain("\(Phrase.count(elsewhere.wish.workers, "worker")) submitted to Slurm as job \(job)")
    } catch {
      // Of a new run that nobody will work on nothing stays.
      let isRefused = (error as? SlurmEngine.Failure)?.mayBeQueued == false && options.place == nil
      if isRefused { DiskFileSystem.shared.removeAll(folder.path) }
      throw RunLookup.failure("\(isRefused ? study : path) could not be submitted: \(error)")
    }
    if elsewhere.detach {
      Terminal.output.line("\(path) is on its way; `exp attach \(path)` watches, `exp cancel \(path)` ends it")
      return .good
    }
    return try RunFollower(folder, view).follow()
  }

  /// The options of the newest run of the study that did not come to its end, to go on with it; these where there is none.
  private func resumed(_ options: RunOptions) throws -> RunOptions {
    var options = options
    for folder in UnfinishedRun.unreadable(ofStudyAt: study, in: out) {
      let isThere = DiskFileSystem.shared.exists(folder + "/run.json")
      let why = isThere ? RunFolder.whyUnread(folder) : "\(folder)/run.json is gone"
      SourceLoader.complain(why + ": of that run only the finished trials can be used")
    }
    guard let folder = UnfinishedRun.newest(ofStudyAt: study, in: out), let record = folder.readRun() else {
      SourceLoader.complain("no run of \(study) in \(out) is unfinished: this is a new one")
      return options
    }
    options.place = RunPlace(folder: folder, role: .coordinator)
    options.values = record.options.filter { options.settings[$0.name] == nil }
    options.seed = of.seed ?? record.seed
    return options
  }

  private var view: any RunListener {
    json ? JSONView(isQuiet: quiet) : quiet ? QuietView() as any RunListener : RunView()
  }

  private var listener: any RunListener {
    guard let workers, workers > 1 else { return view }
    var arguments = ["--threads", String(threadsEach)]
    if let memoryEach { arguments += ["--max-memory", String(memoryEach)] }
    return LocalWorkers(count: workers - 1, arguments: arguments, listener: view)
  }

  private var threadsEach: Int {
    max(1, threading.count / (workers ?? 1))
  }

  /// Bytes.
  private var memoryEach: Int? { maxMemory.flatMap { MemorySize.bytes($0) }.map { $0 / (workers ?? 1) } }

  private var options: RunOptions {
    var options = of.runOptions(ofStudyAt: study, threads: threadsEach).recorded(below: out)
    options.workers = workers ?? 1
    options.readable = allowRead
    options.writable = allowWrite
    options.reusesRecords = !fresh && !checkNan
    options.checksNaN = checkNan
    options.maxMemory = memoryEach
    options.git = GitTree(around: NSString(string: FileAccess.absolute(study)).deletingLastPathComponent)
    return options
  }
}
