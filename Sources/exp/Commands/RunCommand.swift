import ArgumentParser
import Diagnostics
import Evaluation
import Foundation
import Records
import Studies
import Tensors

/// `exp run study.exp`
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run a study: terminal output, a run folder, a report.",
    discussion: """
      The exit status is the highest that applies: 0 all good, 1 a claim does not hold, 2 the script is wrong, 3 trials \
      failed, 4 interrupted, 5 the run could not be recorded.
      """)

  @Argument(help: "The study.") var study: String
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Give an option of the study a value; may be repeated.", valueName: "name=value"))
  var settings: [String] = []
  @Option(parsing: .unconditional, help: "The root seed, instead of the study's own.") var seed: Int?
  @Option(help: "Worker threads; the numbers do not depend on it. (default: all cores)") var threads: Int?
  @Option(
    help: ArgumentHelp("Folder with data files; may be repeated. (default: $EXP_DATA, then data/)", valueName: "dir"))
  var data: [String] = []
  @Option(help: ArgumentHelp("Folder in which the run's folder is made.", valueName: "dir")) var out: String = "runs"
  @Flag(help: "Run every trial, also those that earlier runs have on record.") var fresh = false
  @Flag(help: "Stop at the first operation that makes a NaN, and name it; slower.") var checkNan = false
  @Option(
    help: ArgumentHelp("Most memory for tensors and values, such as 4G or 500M. (default: half)", valueName: "bytes"))
  var maxMemory: String?
  @Flag(help: "Print the last line only.") var quiet = false
  @Flag(help: "Print one JSON object per event.") var json = false
  @Option(help: ArgumentHelp("Let the script read below a path; may be repeated.", valueName: "path")) var allowRead:
    [String] = []
  @Option(help: ArgumentHelp("Let the script write below a path; may be repeated.", valueName: "path")) var allowWrite:
    [String] = []

  func validate() throws {
    try OptionSettings.validate(settings, threads: threads)
    if let maxMemory, MemorySize.bytes(maxMemory) == nil {
      throw ValidationError(
        "--max-memory takes a size of at least 16 MiB such as 500M, 4G or a number of bytes, not '\(maxMemory)'")
    }
  }

  func run() throws {
    guard let file = SourceLoader.load(study) else { throw ExitCode(RunStatus.scriptWrong.rawValue) }
    let listener = self.listener
    let run = StudyRun(source: file, options: options, listener: listener, drawing: .standard)
    let wanted = OptionSettings.parsed(settings)
    let summary = WorkerThread.run(name: "study") { () -> RunSummary? in
      guard let library = SourceLoader.library() else { return nil }
      // Tensors of all threads count together: the pool is the process's.
      if let limit = self.maxMemory.flatMap({ MemorySize.bytes($0) }) { MemoryPool.limit = limit }
      let session = Session(
        library: library, host: run, threads: self.options.threads,
        maxMemory: self.maxMemory.flatMap { MemorySize.bytes($0) }, checksNaN: self.checkNan)
      Interrupts.begin {
        session.interrupt()
        run.interrupt()
      }
      let diagnostics = session.run(file, settings: wanted)
      return run.finish(diagnostics, drawn: diagnostics.map { DiagnosticText.plain($0) })
    }
    guard let summary = summary ?? nil else { throw ExitCode(RunStatus.scriptWrong.rawValue) }
    if !json { report(summary) }
    throw ExitCode(summary.status.rawValue)
  }

  /// Errors in full, behind everything else.
  private func report(_ summary: RunSummary) {
    var diagnostics = summary.diagnostics
    if summary.status == .interrupted { diagnostics = diagnostics.filter { $0.severity == .warning } }
    if let error = summary.firstTrialError { diagnostics.append(error) }
    DiagnosticText.report(diagnostics, didRun: summary.hasRun)
  }

  private var listener: any RunListener {
    if json { return JSONView() }
    return quiet ? QuietView() : RunView()
  }

  private var options: RunOptions {
    RunOptions(
      settings: OptionSettings.parsed(settings), seed: seed,
      threads: threads ?? ProcessInfo.processInfo.activeProcessorCount,
      dataFolders: FileAccess.dataFolders(data, ofStudyAt: study),
      runsFolder: out, readable: allowRead, writable: allowWrite, machine: HostMachine.kernels,
      arguments: CommandLine.arguments, versions: HostMachine.versions, host: HostMachine.description,
      numericsVersion: String(numericsVersion), reusesRecords: !fresh && !checkNan)
  }
}
