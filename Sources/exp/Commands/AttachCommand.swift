import ArgumentParser
import Diagnostics
import Evaluation
import Foundation
import Records
import Studies

/// `exp attach RUN`
struct AttachCommand: ParsableCommand, AnswersInJSON {
  static let configuration = CommandConfiguration(
    commandName: "attach", abstract: "Watch a run that others work on, until it ends; Ctrl-C leaves it running.",
    discussion: "The exit status is that of the run, as `exp run` would give it; 4 when it was left or is lost.")

  @Argument(help: ArgumentHelp("The run's folder, or its name below runs/.", valueName: "run")) var name: String
  @Option(help: ArgumentHelp("Folder of run folders.", valueName: "dir"), transform: PathArgument.named)
  var out: String = "runs"
  @Flag(help: "Print the last line only.") var quiet = false
  @Flag(help: "Print one JSON object per event.") var json = false

  func run() throws {
    let folder = try RunLookup.folder(name, below: out)
    let view: any RunListener = json ? JSONView() : quiet ? QuietView() as any RunListener : RunView()
    throw ExitCode(try RunFollower(folder, view).follow().rawValue)
  }
}

/// Watches a run that other processes work on, and sees when nobody will any more.
final class RunFollower {
  private let folder: RunFolder
  private let telling: RunTelling
  private let watcher: RunWatcher
  private let engine = SlurmEngine()
  private var asked = Date.distantPast
  private var waitingTold = false

  init(_ folder: RunFolder, _ listener: any RunListener) {
    self.folder = folder
    telling = RunTelling(folder, listener)
    watcher = RunWatcher(folder)
  }

  /// Until the run ends, is lost, or Ctrl-C.
  func follow() throws -> RunStatus {
    Interrupts.begin {}
    while Interrupts.count == 0 {
      guard let picture = watcher.look() else {
        throw RunLookup.failure("\(folder.path)/run.json cannot be read")
      }
      telling.tell(picture)
      if picture.isOver { return telling.end(picture).status }
      let isAlone = picture.workers.living.isEmpty && !picture.state.hasEnded
      if isAlone, let reason = nobodyComes(picture) { return lost(reason) }
      Thread.sleep(forTimeInterval: 0.25)
    }
    SourceLoader.complain("the run goes on; `exp attach \(shortPath(folder.path))` watches it, `exp cancel` ends it")
    return .interrupted
  }

  /// Why nobody will work on a run that has no living workers; nil when somebody may.
  private func nobodyComes(_ picture: RunWatcher.Picture) -> String? {
    let jobs = SlurmEngine.jobs(of: folder)
    guard let job = jobs.last else {
      return picture.state == .lost ? "nobody works on it any more" : nil
    }
    guard Date().timeIntervalSince(asked) > 2 else { return nil }
    asked = Date()
    guard let count = engine.queued(jobs) else { return nil }
    if count > 0, !waitingTold {
      waitingTold = true
      SourceLoader.complain("waiting for Slurm: \(Phrase.count(count, "worker")) of job \(job) in the queue")
    }
    // A worker may have begun, and the run ended, since the last look.
    guard count == 0, let now = watcher.look(), now.workers.living.isEmpty,
      now.state == .lost || now.state == .planned
    else { return nil }
    return "no worker of job \(jobs.joined(separator: ", ")) is left"
  }

  private func lost(_ reason: String) -> RunStatus {
    SourceLoader.complain(
      "the run is lost: \(reason); what is finished stays, `exp run STUDY --resume` goes on\(logs)")
    return .interrupted
  }

  /// Where Slurm wrote what workers said.
  private var logs: String {
    let path = folder.path + "/live/logs"
    return FileManager.default.fileExists(atPath: path) ? "; what its workers said is in \(shortPath(path))" : ""
  }
}
