import ArgumentParser
import Foundation
import Notation
import Records
import Studies

/// `exp status RUN`
struct StatusCommand: ParsableCommand, AnswersInJSON {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Say how far a run is, and who works on it.",
    discussion: """
      Without a run, all that have not ended. Where a worker of another machine may be dead, this looks for as long as its \
      lease holds.
      """)

  @Argument(help: ArgumentHelp("The run's folder, or its name below runs/.", valueName: "run")) var name: String?
  @Option(help: ArgumentHelp("Folder of run folders.", valueName: "dir"), transform: PathArgument.named)
  var out: String = "runs"
  @Flag(help: "Print one JSON object per run.") var json = false

  func run() throws {
    var folders: [RunFolder]
    if let name {
      folders = [try RunLookup.folder(name, below: out, ofStudy: true)]
    } else {
      do { folders = try RunList.read(out).entries.filter { $0.run.state.isUnfinished }.map(\.folder) } catch {
        throw RunLookup.failure("\(error)")
      }
      if folders.isEmpty, !json { Terminal.output.line("no unfinished runs in \(out)") }
    }
    for folder in folders {
      let watcher = RunWatcher(folder)
      guard var picture = watcher.look() else { throw RunLookup.failure("\(folder.path)/run.json cannot be read") }
      while !picture.workers.isCertain, let next = watcher.look() {
        picture = next
        Thread.sleep(forTimeInterval: 0.2)
      }
      if json { Terminal.output.line(object(picture, folder).compact) } else { show(picture, folder) }
    }
  }

  private func show(_ picture: RunWatcher.Picture, _ folder: RunFolder) {
    let output = Terminal.output
    var parts = [picture.state.rawValue]
    let jobs = SlurmEngine.jobs(of: folder)
    if !jobs.isEmpty {
      let queued = SlurmEngine().queued(jobs)
      parts.append("Slurm job " + jobs.joined(separator: ", "))
      parts.append(queued.map { "\($0) in the queue" } ?? "the controller does not answer")
    }
    output.line("\(folder.name)  " + parts.joined(separator: " · "))
    for sweep in picture.sweeps {
      output.line("  \(sweep.name)  \(Self.words(sweep, running: picture.sweeps.count == 1 ? picture.running : nil))")
    }
    for lease in picture.workers.living {
      let count = Phrase.count(lease.running, "trial")
      output.line(
        "  \(lease.worker)  alive · \(lease.identity.host), process \(lease.identity.process) · runs \(count)")
    }
    for lease in picture.workers.dead {
      output.line("  \(lease.worker)  dead · \(lease.identity.host), process \(lease.identity.process)")
    }
    if picture.state.isUnfinished, picture.state != .running, picture.state != .planned {
      output.line("  `\(Phrase.resume(shortPath(picture.run.surroundings.study), out))` goes on")
    }
  }

  /// `57 of 60 trials · 3 failed`
  private static func words(_ sweep: RunWatcher.Sweep, running: Int?) -> String {
    var parts = ["\(sweep.done + sweep.failed) of \(Phrase.count(sweep.total, "trial")) ended"]
    if sweep.reused > 0 { parts.append("\(sweep.reused) from the record") }
    if sweep.failed > 0 { parts.append("\(sweep.failed) failed") }
    if sweep.lost > 0 { parts.append("\(sweep.lost) of them lost") }
    if let running, running > 0 { parts.append("\(running) running") }
    return parts.joined(separator: " · ")
  }

  private func object(_ picture: RunWatcher.Picture, _ folder: RunFolder) -> JSON {
    func worker(_ lease: Lease, _ state: String) -> JSON {
      [
        "worker": .string(lease.worker), "state": .string(state), "host": .string(lease.identity.host),
        "process": .int(lease.identity.process), "running": .int(lease.running),
      ]
    }
    let sweeps = picture.sweeps.map { sweep -> JSON in
      [
        "name": .string(sweep.name), "total": .int(sweep.total), "done": .int(sweep.done),
        "failed": .int(sweep.failed), "lost": .int(sweep.lost), "reused": .int(sweep.reused),
      ]
    }
    return [
      "folder": .string(folder.path), "state": .string(picture.state.rawValue), "running": .int(picture.running),
      "jobs": .array(SlurmEngine.jobs(of: folder).map(JSON.string)), "sweeps": .array(sweeps),
      "workers": .array(
        picture.workers.living.map { worker($0, "alive") } + picture.workers.dead.map { worker($0, "dead") }),
    ]
  }
}

/// `exp cancel RUN`
struct CancelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "End all work on a run; what is finished stays.")

  @Argument(help: ArgumentHelp("The run's folder, or its name below runs/.", valueName: "run")) var name: String
  @Option(help: ArgumentHelp("Folder of run folders.", valueName: "dir"), transform: PathArgument.named)
  var out: String = "runs"

  func run() throws {
    let folder = try RunLookup.folder(name, below: out)
    guard let record = folder.readRun(), record.state == .running || record.state == .planned else {
      throw RunLookup.failure("\(shortPath(folder.path)) is not being worked on")
    }
    let jobs = SlurmEngine.jobs(of: folder)
    do {
      // Workers that live see this within a second and stop; the one that leads writes what there is.
      if folder.live.exists { try folder.live.askToStop("cancelled") }
      let deadline = Date().addingTimeInterval(5)
      while folder.readRun()?.state == record.state, !RunLife(folder).look().living.isEmpty, Date() < deadline {
        Thread.sleep(forTimeInterval: 0.1)
      }
      try SlurmEngine().cancel(jobs)
      if var run = folder.readRun(), run.state == .running || run.state == .planned {
        run.state = .cancelled
        try folder.write(run)
      }
    } catch { throw RunLookup.failure("\(error)") }
    let slurm = jobs.isEmpty ? "" : " · Slurm job " + jobs.joined(separator: ", ")
    Terminal.output.line("cancelled \(folder.name)" + slurm)
  }
}
