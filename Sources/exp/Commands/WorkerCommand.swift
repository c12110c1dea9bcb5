import ArgumentParser
import Diagnostics
import Evaluation
import Foundation
import Records
import Studies
import Tensors

/// `exp worker RUN`
struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "Help with a run that others work on, or go on with one that nobody leads.",
    discussion: """
      Starts from any shell that sees the run's folder, on this machine or another, as often as wanted. A worker takes trials \
      that nobody has claimed, and those of workers that died. It ends with the run. docs/cluster.md says more.
      """)

  @Argument(help: ArgumentHelp("The run's folder, or its name below runs/.", valueName: "run")) var name: String
  @Option(help: ArgumentHelp("Folder of run folders.", valueName: "dir"), transform: PathArgument.named)
  var out: String = "runs"
  @OptionGroup var threading: ThreadOptions
  @Option(help: ArgumentHelp("Most memory for tensors and values. (default: the run's, or half)", valueName: "bytes"))
  var maxMemory: String?
  @Option(
    help: ArgumentHelp(
      "Seconds from the warning that time is up (SIGUSR1), at which trainings keep a checkpoint, to stopping.",
      valueName: "seconds"))
  var grace = 10.0
  @Option(
    help: ArgumentHelp(
      "Seconds without anything to do after which a worker that does not lead the run ends.", valueName: "seconds"))
  var idle: Double?
  @Flag(help: "Say nothing but errors.") var quiet = false
  @Flag(help: ArgumentHelp("End when the process that started this one does.", visibility: .hidden))
  var withParent = false

  func validate() throws {
    try MemorySize.validate(maxMemory)
    if let idle, !(idle > 0) { throw ValidationError("--idle is a number of seconds above 0") }
    if !(0...3600).contains(grace) { throw ValidationError("--grace is a number of seconds from 0 to 3600") }
  }

  func run() throws {
    Interrupts.heedWarning(grace: grace)
    var seen: StudyRun?
    if withParent {
      ParentWatch.begin {
        seen?.interrupt(); seen?.stopProgram?()
      }
    }
    var parts = 0
    while true {
      let folder = try RunLookup.folder(name, below: out)
      guard let record = folder.readRun(), record.state == .running || record.state == .planned, folder.live.exists
      else {
        if parts == 0, !quiet {
          Terminal.output.line("\(shortPath(folder.path)): \(Self.words(folder.readRun()?.state))")
        }
        return
      }
      parts += 1
      let joining = try JoinedStudy(folder, record)
      var options = joining.options(threads: threading.count)
      options.place = RunPlace(folder: folder, role: withParent ? .worker : .successor)
      options.idleSeconds = idle
      if let maxMemory { options.maxMemory = MemorySize.bytes(maxMemory) }
      // One that cannot be submitted is done without.
      options.callsWorkers = { folder, count in _ = try? SlurmEngine().refill(folder, workers: count) }
      let view = WorkerView(isQuiet: quiet)
      let run = StudyRun(source: joining.file, options: options, listener: view, drawing: .standard)
      seen = run
      var isFree = false
      let execution = StudyExecution(run: run, file: joining.file)
      guard let summary = execution.execute(afterwards: { _ in isFree = !withParent && run.waitForLead() }) else {
        throw ExitCode(RunStatus.scriptWrong.rawValue)
      }
      if isFree { continue }
      return try end(summary)
    }
  }

  /// What a worker says at its end; its exit status is about itself, not about the study.
  private func end(_ summary: RunSummary) throws {
    if summary.stopReason == "idle", !quiet { Terminal.output.line("there is nothing to do: this worker ends") }
    if summary.status == .notRecorded {
      DiagnosticText.report(summary.diagnostics.filter { $0.id.hasPrefix("E08") }, didRun: summary.hasRun)
      throw ExitCode(summary.status.rawValue)
    }
    // Time is nearly up: what is finished stays, and Slurm starts this worker again.
    if Interrupts.isWarned {
      do { try SlurmEngine().requeueOwnTask(ProcessInfo.processInfo.environment) } catch {
        throw RunLookup.failure("this worker could not be queued again: \(error)")
      }
    }
    if Interrupts.count > 0 { throw ExitCode(RunStatus.interrupted.rawValue) }
  }

  private static func words(_ state: RunRecord.State?) -> String {
    switch state {
    case .done?, .failed?: "the run has ended; there is nothing to help with"
    case nil: "its run.json cannot be read"
    default: "the run was stopped; `exp run STUDY --resume` goes on with it"
    }
  }
}

/// Tells when the process that started this one ends.
enum ParentWatch {
  static func begin(_ body: @escaping () -> Void) {
    let parent = getppid()
    let thread = Thread {
      while getppid() == parent { Thread.sleep(forTimeInterval: 0.2) }
      body()
    }
    thread.start()
  }
}

/// A run's study as another process runs it: the same text, options, seed and surroundings.
struct JoinedStudy {
  let file: SourceFile
  private let folder: RunFolder
  private let record: RunRecord

  /// The text where the study stands, if it is still the same, otherwise the copy in the run's folder. Throws when this is
  /// another version of Exp, or both texts have changed.
  init(_ folder: RunFolder, _ record: RunRecord) throws {
    self.folder = folder
    self.record = record
    if record.versions != HostMachine.versions {
      let words = { (fields: [Datum.Field]) in
        fields.map { "\($0.name) \(plainText($0.value))" }.joined(separator: ", ")
      }
      throw RunLookup.failure(
        "\(folder.path) was begun by another Exp: \(words(record.versions)), and this is \(words(HostMachine.versions))"
      )
    }
    let places = [record.surroundings.study, folder.path + "/" + RunFolder.studyPath(record.study)]
    for place in places where FileManager.default.fileExists(atPath: place) {
      guard let file = SourceLoader.load(place), record.hasSources(of: file) else { continue }
      self.file = file
      return
    }
    throw RunLookup.failure(
      "the study that \(folder.path) was begun with has changed; its text then is in \(folder.path)/source")
  }

  func options(threads: Int) -> RunOptions {
    let runs = NSString(string: FileAccess.absolute(folder.path)).deletingLastPathComponent
    var options = RunOptions.again(record, threads: threads).recorded(below: runs)
    options.leavesQuietly = true
    return options
  }
}

/// What a worker says: who it is, and what it did.
final class WorkerView: RunListener {
  private let isQuiet: Bool
  private var ran = 0

  init(isQuiet: Bool) { self.isQuiet = isQuiet }

  func receive(_ event: RunEvent) {
    guard !isQuiet else { return }
    switch event {
    case .started(let header):
      Terminal.output.line(
        "working on \(shortPath(header.folder ?? header.study)) · \(Phrase.count(header.threads, "thread"))")
    case .noticed(let text): Terminal.output.line(text)
    case .sweepStarted: ran = 0
    case .trialEnded(let trial): if trial.isOwn { ran += 1 }
    case .sweepEnded(let sweep):
      Terminal.output.line("\(sweep.name): \(Phrase.count(ran, "trial")) of \(sweep.done + sweep.failed) were run here")
    default: break
    }
  }
}

/// `EXP_LEASE`: seconds that a worker may be silent before others take it for dead.
enum LeaseLength {
  private static let text = ProcessInfo.processInfo.environment["EXP_LEASE"] ?? ""
  private static let wanted = Double(text).flatMap { (1...3600).contains($0) ? $0 : nil }

  static var seconds: Double { wanted ?? RunParticipant.leaseSeconds }

  /// What is wrong with it, which then changes nothing; nil where nothing is.
  static var complaint: String? {
    text.isEmpty || wanted != nil ? nil : "EXP_LEASE is `\(text)`, which is no number of seconds from 1 to 3600"
  }
}
