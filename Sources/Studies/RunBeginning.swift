import Diagnostics
import Foundation
import Records

/// How a run gets its folder: a new one, or one that somebody has begun.
struct RunBeginning {
  let options: RunOptions
  let header: RunHeader
  let identity: String
  let sources: [(name: String, text: String)]
  /// Path of the study.
  let study: String

  /// A run that has begun; `participant` is this process's part in it, nil when it is only planned.
  struct Begun {
    var folder: RunFolder
    var run: RunRecord
    var participant: RunParticipant?
    /// What was found wrong with a folder that the run goes on in.
    var notices: [String] = []
  }

  /// The folder with this process's part in it, and what `run.json` says. Throws a diagnostic.
  func begin() throws -> Begun {
    guard let place = options.place else { return try make() }
    guard var run = place.folder.readRun() else { throw StudyErrors.notARun(place.folder.path) }
    guard run.identity == identity else { throw StudyErrors.otherStudy(place.folder.path) }
    let sessions = SessionClaims(place.folder, session: run.state == .planned ? run.session : run.session + 1)
    let before = sessions.count
    var hasClaimed = false
    defer { if hasClaimed { sessions.end(after: before) } }
    do {
      var notices: [String] = []
      if place.role == .coordinator {
        notices = try claim(sessions, after: before, of: place.folder, run)
        hasClaimed = true
        try prepare(place.folder, &run)
      }
      if options.isPlanOnly {
        run.state = .planned
        try place.folder.write(run)
        return Begun(folder: place.folder, run: run, participant: nil)
      }
      let participant = try RunParticipant(
        place, session: run.session, facts: facts, leaseSeconds: options.leaseSeconds)
      if place.role != .worker, try participant.lead() {
        run.state = .running
        try place.folder.write(run)
      } else if place.role == .coordinator {
        throw StudyErrors.isBeingRun(place.folder.path)
      }
      return Begun(folder: place.folder, run: run, participant: participant, notices: notices)
    } catch let error as FileError {
      // Somebody has removed what this process was about to join.
      if error.code == ENOENT, error.path.hasPrefix(place.folder.live.path + "/") {
        throw StudyErrors.isBeingRun(place.folder.path)
      }
      throw StudyErrors.cannotRecord(place.folder.path, why: "\(error)")
    }
  }

  /// Takes the right to go on with a run that was left, for which others may ask at the same time; says what is missing in its folder.
  private func claim(
    _ sessions: SessionClaims, after count: Int, of folder: RunFolder, _ run: RunRecord
  ) throws -> [String] {
    guard RunLife(folder, beginning: sessions).waitForVerdict().living.isEmpty else {
      throw StudyErrors.isBeingRun(folder.path)
    }
    let notices = folder.damage(sources: sources)
    guard try sessions.claim(after: count, seconds: options.leaseSeconds) else {
      throw StudyErrors.isBeingRun(folder.path)
    }
    // Another may have begun the session, and ended it, since this process read of the run.
    guard let now = folder.readRun(), now.session == run.session, now.state == run.state else {
      sessions.end(after: count)
      throw StudyErrors.isBeingRun(folder.path)
    }
    return notices
  }

  /// Makes a run that was left ready to be gone on with.
  private func prepare(_ folder: RunFolder, _ run: inout RunRecord) throws {
    try folder.unseal()
    if run.state != .planned { run.session += 1 }
    run.surroundings = surroundings
    run.environment = options.environment
    // Claims of those who worked on it before would only be in the way.
    folder.live.remove()
    try folder.live.make()
    try folder.add(frozen)
  }

  private var surroundings: RunRecord.Surroundings {
    RunRecord.Surroundings(
      study: FileAccess.absolute(study), data: options.dataFolders.map(FileAccess.absolute),
      readable: options.readable.map(FileAccess.absolute), writable: options.writable.map(FileAccess.absolute),
      reusesRecords: options.reusesRecords, checksNaN: options.checksNaN, maxMemory: options.maxMemory)
  }

  /// The study and what it imports, as they are now.
  private var frozen: [RunFiles.Content] { sources.map { RunFolder.content(source: $0.name, text: $0.text) } }

  private func make() throws -> Begun {
    let runs = options.runsFolder ?? "runs"
    do {
      let folder = try RunFolder.create(in: runs, study: header.study, identity: identity)
      var run = RunRecord(
        id: folder.name, study: header.study, arguments: options.arguments, options: header.options, seed: header.seed,
        versions: options.versions, host: options.host, started: timestamp(), identity: identity)
      run.surroundings = surroundings
      run.environment = options.environment
      try folder.live.make()
      var participant: RunParticipant?
      if !options.isPlanOnly {
        let place = RunPlace(folder: folder, role: .coordinator)
        participant = try RunParticipant(place, session: 1, facts: facts, leaseSeconds: options.leaseSeconds)
        _ = try participant?.lead()
      }
      run.state = options.isPlanOnly ? .planned : .running
      try folder.write(run, after: frozen)
      return Begun(folder: folder, run: run, participant: participant)
    } catch { throw StudyErrors.cannotRecord(runs, why: "\(error)") }
  }

  private var facts: [Datum.Field] { options.versions + options.host + [.init("started", .string(timestamp()))] }
}
