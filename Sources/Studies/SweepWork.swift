import Diagnostics
import Evaluation
import Foundation
import Notation
import Records

/// One sweep at work: what its threads share, and its trials on disk. Safe from any thread.
final class SweepWork: @unchecked Sendable {
  let schedule: SweepSchedule
  private let run: StudyRun
  private let request: SweepRequest
  /// Name of the sweep's folder below `trials/`.
  private let folder: String
  private let store: TrialStore?
  private let lock = NSLock()
  private let reading = NSLock()
  private var firstError: Error?
  private var reasons = TrialReasons("no earlier run has this sweep")
  /// Hash of each finished trial's result, and the log that has it.
  private var results: [Int: (hash: String, log: String)] = [:]
  private var keys: [String] = []

  init(run: StudyRun, request: SweepRequest, folder: String) {
    self.run = run
    self.request = request
    self.folder = folder
    let count = request.points.count
    guard let participant = run.participant else {
      store = nil
      schedule = SweepSchedule(name: request.name, count: count)
      return
    }
    store = TrialStore(run: participant.folder, sweep: folder, worker: participant.name)
    schedule = SweepSchedule(
      name: request.name, count: count, threads: run.options.threads,
      claims: TrialClaims(participant, sweep: folder, order: Array(SpreadOrder(count))))
  }

  /// Why the sweep cannot be had, if it cannot: a thread could not begin, or results differ.
  var error: Error? {
    lock.lock()
    defer { lock.unlock() }
    return firstError
  }

  private func stop(_ error: Error) {
    lock.lock()
    if firstError == nil { firstError = error }
    lock.unlock()
  }

  private var isStopped: Bool { run.isInterrupted || error != nil }

  /// How far the sweep is, the trials that others run now included.
  var progress: SweepProgress {
    var progress = schedule.progress
    run.participant?.setRunning(progress.running)
    progress.running += run.participant?.others.reduce(0) { $0 + $1.running } ?? 0
    return progress
  }

  // MARK: running

  /// Takes trials until all have ended, or the run is interrupted.
  func runTrials() {
    let runner: any TrialRunner
    do { runner = try request.makeRunner() } catch { return stop(error) }
    var pause = 0.002
    while !isStopped {
      let task: SweepSchedule.Task
      do { task = try schedule.next() } catch {
        claimsFailed(error)
        continue
      }
      switch task {
      case .none: return
      case .wait:
        Thread.sleep(forTimeInterval: pause)
        pause = min(0.5, pause * 1.5)
        takeFromOthers()
      case .giveUp(let index, let deaths):
        takeFromOthers()
        if !schedule.isFinished(index) { finish(index, lost(deaths)) }
      case .run(let index, let dead):
        pause = 0.002
        // What its last holder finished before the end stands in that one's log.
        if dead != nil { takeFromOthers() }
        if dead != nil, schedule.isFinished(index) { schedule.drop(index) } else { execute(index, runner, dead) }
      }
    }
  }

  /// Rows of a running trial are told so far apart: its series is whole in the record, and watchers need no more.
  private static let secondsBetweenRows = 0.05

  private func execute(_ index: Int, _ runner: any TrialRunner, _ dead: String?) {
    let begun = monotonicSeconds()
    let place = TrialPlace(sweep: request.name, index: index, coordinates: request.coordinates(index))
    var told = 0.0
    let outcome = runner.run(index) { [run, schedule] news in
      switch news {
      case .progress(let report):
        guard let total = report.total, total > 0 else { return }
        schedule.advance(index, share: Double(report.step) / Double(total))
      case .tracked(let row):
        let now = monotonicSeconds()
        guard now - told >= SweepWork.secondsBetweenRows else { return }
        told = now
        run.tracked(row, place)
      }
    }
    let why =
      dead.map { "\($0) ended while it ran" }
      ?? reasons.reason(request.coordinates(index), key: request.archive?.key(index))
    tellChanges(outcome, of: index)
    finish(index, outcome, why: why, seconds: monotonicSeconds() - begun)
  }

  /// Says which files changed while a trial ran that read them.
  private func tellChanges(_ outcome: TrialOutcome, of index: Int) {
    for read in outcome.reads where read.hash == FileRead.changed {
      run.noticed("\(read.path) changed while \(place(index)) ran, which is computed again by any other run")
    }
  }

  private func finish(
    _ index: Int, _ outcome: TrialOutcome, _ record: TrialRecord? = nil, why: String = "", seconds: Double? = nil
  ) {
    var event = TrialEvent(
      sweep: request.name, index: index, coordinates: request.coordinates(index), outcome: outcome)
    event.isOwn = record == nil
    if record != nil { noteReads(outcome) }
    if outcome.status != .interrupted {
      if !commit(event, record, why), leavesUnrecorded() { return schedule.drop(index) }
      if let key = request.archive?.key(index) { run.checkpoints?.ended(key) }
    }
    run.ended(event)
    schedule.finish(index, outcome, seconds: seconds)
  }

  /// What a trial read that was not run here counts as read by the run.
  private func noteReads(_ outcome: TrialOutcome) { for read in outcome.reads { run.tookOver(read) } }

  private func lost(_ deaths: Int) -> TrialOutcome {
    TrialOutcome(
      status: .failed, value: nil, fields: [], series: nil, error: StudyErrors.lost(deaths, at: request.span),
      seconds: 0)
  }

  /// Others wait for a trial that is claimed here as long as this process lives, and cannot have what it found: so a worker leaves the
  /// run, and who keeps the record ends it for all. False for one who works alone, and goes on.
  private func leavesUnrecorded() -> Bool {
    guard let participant = run.participant, !participant.leads || !participant.others.isEmpty else { return false }
    // Two results of a trial are the end of the study, which says so.
    if !participant.leads || error == nil { run.stop(StudyRun.unrecorded) }
    return true
  }

  /// A coordinator that cannot write claims goes on alone, and its run has failed to be recorded; others stop.
  private func claimsFailed(_ error: Error) {
    guard run.participant?.leads == true else { return run.interrupt() }
    run.recording.note(
      StudyErrors.cannotRecord(run.participant?.folder.path ?? "", why: "\(error)"))
    schedule.runAllHere()
  }

  // MARK: the record

  /// Writes a finished trial; when this returns true it survives the end of the process. `record` is the one it was taken
  /// from, if it was not run.
  private func commit(_ event: TrialEvent, _ record: TrialRecord?, _ why: String) -> Bool {
    guard let store, let participant = run.participant else { return true }
    // Where the run is over, nothing may change any more.
    if !participant.leads, !participant.live.exists { return true }
    let archive = request.archive, outcome = event.outcome
    let encoded = outcome.value.flatMap { archive?.encode($0) }
    return run.recording.attempt {
      var value: TrialRecord.Value?
      if let encoded {
        value = TrialRecord.Value(json: encoded.json)
        if let bytes = record == nil ? encoded.tensors : record?.tensorBytes() {
          value?.hash = SHA256.hex(bytes)
          value?.file = try commitTensors(bytes, event, to: store, session: participant.session)
        }
      }
      var json = TrialRecord.json(
        event, key: archive?.key(event.index), value: value, why: why, source: run.source,
        in: outcome.written.isEmpty ? "" : FileAccess.canonical(participant.folder.path))
      if let record { json = json.adding("from", .string(record.run)) }
      json = json.adding("session", .int(participant.session))
      note(event.index, json, log: store.ownLog)
      try store.append(json)
      if outcome.seconds > 0.5 { try store.sync() }
      return true
    } ?? false
  }

  private func commitTensors(
    _ bytes: [UInt8], _ event: TrialEvent, to store: TrialStore, session: Int
  ) throws -> String {
    do {
      return try store.commitTensors(bytes, trial: event.index) { hash in
        // As for results: what an earlier session found with other files is no second result.
        store.records(of: event.index).contains { json in
          let isNow = json["session"]?.int == session
          return json["sha256"]?.string == hash
            && (isNow || TrialRecord(json: json, folder: store.runPath).hasUnchangedReads(run))
        }
      }
    } catch let unequal as TrialStore.Unequal {
      let error = StudyErrors.unequal(
        place(event.index), first: unequal.file, second: "what \(run.participant?.name ?? "this process") found")
      stop(error)
      throw error
    }
  }

  private func place(_ index: Int) -> String {
    let coordinates = request.coordinates(index).map { "\($0.name)=\(plainText($0.value))" }.joined(separator: " ")
    return "trial \(index) of \(request.name) (\(coordinates))"
  }

  /// Keeps a finished trial's result to compare a second one with.
  private func note(_ index: Int, _ json: JSON, log: String) {
    guard let hash = TrialRecord.resultHash(json) else { return }
    lock.lock()
    let first = results[index]
    if first == nil { results[index] = (hash, log) }
    lock.unlock()
    if let first, first.hash != hash {
      stop(StudyErrors.unequal(place(index), first: first.log, second: log))
    }
  }

  /// Makes appended trials survive a loss of power.
  func sync() { run.recording.attempt { try store?.sync() } }

  /// Ends the writing.
  func close() { run.recording.attempt { try store?.close() } }

  // MARK: what is there already

  /// Takes in what other workers have finished since the last time; with `includingOwn`, all that the run's folder has.
  func takeFromOthers(includingOwn: Bool = false) {
    guard let store, let participant = run.participant else { return }
    reading.lock()
    defer { reading.unlock() }
    let lines = store.newLines(includingOwn: includingOwn)
    for (log, count) in store.newDamage() {
      run.noticed(TrialFinder.damage(of: "\(participant.folder.path)/\(log)", lines: count))
    }
    for line in lines {
      guard let index = line.json["index"]?.int, request.points.indices.contains(index) else { continue }
      take(index, TrialRecord(json: line.json, folder: participant.folder.path), line.log, participant)
    }
  }

  private func take(_ index: Int, _ record: TrialRecord, _ log: String, _ participant: RunParticipant) {
    let isNow = record.json["session"]?.int == participant.session
    let isSame = request.archive.map { record.json["key"]?.string == $0.key(index) } ?? isNow
    // What failed in an earlier session is tried again.
    guard isSame, isNow || !record.isFailure else { return }
    // Of an earlier session, what was found with other files is another result.
    guard isNow || record.hasUnchangedReads(run) else { return }
    note(index, record.json, log: log)
    for file in record.written { request.files.wrote(file, by: index) }
    guard !schedule.isFinished(index) else { return }
    let source = isNow ? run.source : nil
    guard var outcome = record.outcome(request.archive, host: run, failuresIn: source, isOfNow: isNow) else {
      // It is finished, and its value cannot be had from the record: it is computed here as well.
      if isNow { schedule.runHere(index) }
      return
    }
    outcome.isFromRecord = !isNow || record.json["from"] != nil
    noteReads(outcome)
    let event = TrialEvent(
      sweep: request.name, index: index, coordinates: request.coordinates(index), outcome: outcome)
    schedule.finish(index, outcome)
    if !outcome.isFromRecord {
      if participant.leads { tellChanges(outcome, of: index) }
      run.printedElsewhere(outcome.printed)
    }
    run.ended(event)
  }

  /// Trials that the run's own folder has, and then those that an earlier run computed, are not run again. One process looks
  /// for all.
  func takeFromRecords() {
    guard let participant = run.participant else {
      if let archive = request.archive, run.options.sample != nil || run.trialIndex != nil {
        takeFromElsewhere(archive)
      }
      return
    }
    takeFromOthers(includingOwn: true)
    guard let archive = request.archive else { return }
    do {
      _ = try participant.once(folder + "/records", isStopped: { [self] in isStopped }) { takeFromElsewhere(archive) }
      takeFromOthers()
      if schedule.progress.done < request.points.count { reasons = reasonsToRun(archive) }
    } catch { claimsFailed(error) }
  }

  private func takeFromElsewhere(_ archive: any TrialArchive) {
    if let sample = run.options.sample { return take(allBut: sample.trials, from: sample.folder, archive) }
    let keys = unfinishedKeys(archive)
    let found = run.trialIndex?.find(Set(keys.map(\.key)), host: run) ?? [:]
    run.recording.attempt { try store?.append(archive.parts.adding("trials", .int(request.points.count))) }
    for (index, key) in keys {
      guard let record = found[key], let outcome = record.outcome(archive, host: run) else { continue }
      finish(index, outcome, record, why: TrialRecord.takenFrom + record.run)
    }
  }

  /// All trials but so many, drawn at random, from the record that is verified: by their places and coordinates, for their keys are other
  /// ones where the library was changed since.
  private func take(allBut trials: Int, from run: String, _ archive: any TrialArchive) {
    self.run.recording.attempt { try store?.append(archive.parts.adding("trials", .int(request.points.count))) }
    let records = TrialRecord.latest(TrialStore.records(of: folder, in: run))
    for index in request.points.indices.shuffled().dropFirst(trials) where !schedule.isFinished(index) && !isStopped {
      guard let json = records[index], json["coordinates"] == .object(Datum.members(request.coordinates(index)))
      else { continue }
      let record = TrialRecord(json: json, folder: run)
      guard record.isReusable, let outcome = record.outcome(archive, host: self.run) else { continue }
      finish(index, outcome, record, why: TrialRecord.takenFrom + record.run)
    }
  }

  /// The keys of all trials that are to be run, or of some where the run is to stop.
  private func unfinishedKeys(_ archive: any TrialArchive) -> [(index: Int, key: String)] {
    var keys: [(index: Int, key: String)] = []
    for index in request.points.indices where !schedule.isFinished(index) {
      if isStopped { break }
      keys.append((index, archive.key(index)))
    }
    return keys
  }

  /// Why trials that have no record are run.
  private func reasonsToRun(_ archive: any TrialArchive) -> TrialReasons {
    if run.options.sample != nil { return TrialReasons("drawn by `--sample`") }
    guard let index = run.trialIndex else { return TrialReasons("`--fresh` was asked for") }
    let keys = unfinishedKeys(archive).map(\.key)
    let reasons = TrialReasons(
      sweep: folder, at: request.span, parts: archive.parts, keys: Set(keys), own: run.participant?.folder.path,
      index: index, study: run.study, source: run.source, options: run.chosen)
    if let log = reasons.changedLog, run.participant?.leads == true {
      run.noticed("\(index.runsFolder)/\(log) is not as it was written; trials that it lacks are computed again")
    }
    return reasons
  }
}
