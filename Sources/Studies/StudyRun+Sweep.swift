import Diagnostics
import Evaluation
import Foundation
import Records

extension StudyRun {
  /// Runs all trials over the worker threads. Each finished trial is on disk before the listener hears of it. After
  /// an interrupt the trials that did not run to their end have status `.interrupted`.
  public func sweep(_ request: SweepRequest) throws -> [TrialOutcome] {
    if WorkerThread.isRunningTrials { return try sweepInside(request) }
    let work = SweepWork(run: self, request: request)
    locked {
      startIfNeeded()
      counts.total += request.points.count
      work.log = recorder?.openLog(request.name)
      listener.receive(.sweepStarted(name: request.name, trials: request.points.count))
    }
    work.takeFromRecords()
    let left = request.points.count - work.schedule.progress.done
    let threads = (0..<min(options.threads, left)).map { number in
      WorkerThread(name: "trials \(number)", runsTrials: true) { work.runTrials() }
    }
    for thread in threads { thread.start() }
    wait(for: threads, work)
    if let error = work.startError { throw error }
    let outcomes = work.schedule.results
    end(request, outcomes, seconds: work.schedule.progress.elapsed)
    return outcomes
  }

  /// A sweep inside a trial runs on the trial's thread, one point after the other, and is part of that trial's record.
  private func sweepInside(_ request: SweepRequest) throws -> [TrialOutcome] {
    let runner = try request.makeRunner()
    return request.points.indices.map { index in
      guard !isInterrupted else {
        return TrialOutcome(status: .interrupted, value: nil, fields: [], series: nil, error: nil, seconds: 0)
      }
      return runner.run(index, report: { _ in })
    }
  }

  /// Until all threads are done: tells the progress ten times a second, syncs the log every second.
  private func wait(for threads: [WorkerThread], _ work: SweepWork) {
    var lastSync = monotonicSeconds()
    for thread in threads {
      while !thread.join(seconds: 0.1) {
        locked { listener.receive(.sweepProgress(work.schedule.progress)) }
        if monotonicSeconds() - lastSync > 1 {
          recorder?.sync(work.log)
          lastSync = monotonicSeconds()
        }
      }
    }
    recorder?.sync(work.log)
  }

  private func end(_ request: SweepRequest, _ outcomes: [TrialOutcome], seconds: Double) {
    var mine = RunRecord.Counts(total: outcomes.count)
    var failures: [String] = []
    for (index, outcome) in outcomes.enumerated() {
      if outcome.isFromRecord { mine.reused += 1 }
      switch outcome.status {
      case .done: mine.done += 1
      case .failed: mine.failed += 1
      case .diverged: mine.diverged += 1
      case .interrupted: mine.interrupted += 1
      }
      if outcome.status == .failed || outcome.status == .diverged {
        let place = request.coordinates(index).map { "\($0.name)=\(plainText($0.value))" }.joined(separator: " ")
        failures.append("\(place): \(reason(outcome))")
      }
    }
    locked {
      counts.done += mine.done
      counts.failed += mine.failed
      counts.diverged += mine.diverged
      counts.interrupted += mine.interrupted
      counts.reused += mine.reused
      let file = recorder?.saveTable(sweepTable(request, outcomes), name: request.name)
      if let series = seriesTable(request, outcomes) { _ = recorder?.saveTable(series, name: request.name + "-series") }
      recorder?.add(.coverage(StudyRecord.Coverage(name: request.name, counts: mine, failures: failures)))
      let summary = SweepSummary(
        name: request.name, done: mine.done, failed: mine.failed + mine.diverged, interrupted: mine.interrupted,
        reused: mine.reused, seconds: seconds, file: file)
      listener.receive(.sweepEnded(summary))
    }
  }

  /// What a sweep's trials depend on is recorded before the first of them.
  func record(_ parts: JSON, _ log: RecordLog?) { recorder?.append(parts, to: log) }

  /// A trial ended: it is committed, then told.
  func ended(_ event: TrialEvent, _ request: SweepRequest, log: RecordLog?, record: TrialRecord? = nil, why: String) {
    if event.outcome.status != .interrupted { recorder?.commit(event, request, record, why, to: log) }
    locked {
      if firstTrialError == nil, event.outcome.status == .failed { firstTrialError = event.outcome.error }
      listener.receive(.trialEnded(event))
    }
  }
}

/// What the threads of one sweep share.
private final class SweepWork: @unchecked Sendable {
  let schedule: SweepSchedule
  var log: RecordLog?
  private let run: StudyRun
  private let request: SweepRequest
  private let lock = NSLock()
  private var error: Error?
  private var reasons = TrialReasons("no earlier run has this sweep")

  init(run: StudyRun, request: SweepRequest) {
    self.run = run
    self.request = request
    schedule = SweepSchedule(name: request.name, count: request.points.count)
  }

  /// Why a thread could not begin, if one could not.
  var startError: Error? {
    lock.lock()
    defer { lock.unlock() }
    return error
  }

  /// Takes trials until there are none, or the run is interrupted.
  func runTrials() {
    let runner: any TrialRunner
    do { runner = try request.makeRunner() } catch {
      lock.lock()
      if self.error == nil { self.error = error }
      lock.unlock()
      return
    }
    while !run.isInterrupted, let index = schedule.take() {
      let outcome = runner.run(index) { [schedule] report in
        guard let total = report.total, total > 0 else { return }
        schedule.advance(index, share: Double(report.step) / Double(total))
      }
      let event = TrialEvent(
        sweep: request.name, index: index, coordinates: request.coordinates(index), outcome: outcome)
      run.ended(event, request, log: log, why: reasons.reason(request.coordinates(index)))
      schedule.finish(index, outcome)
    }
  }

  /// Why trials that have no record are run.
  private func reasonsToRun(_ archive: any TrialArchive) -> TrialReasons {
    if run.options.sample != nil { return TrialReasons("drawn by `--sample`") }
    guard let runs = run.options.runsFolder, run.options.reusesRecords else {
      return TrialReasons("`--fresh` was asked for")
    }
    let finder = TrialFinder(runsFolder: runs, study: run.study, own: run.recorder?.folder.path)
    return TrialReasons(sweep: request.name, parts: archive.parts, earlier: finder.ownFolders())
  }

  private func records(_ keys: Set<String>) -> [String: TrialRecord] {
    if let sample = run.options.sample {
      let left = Set(keys.shuffled().dropFirst(sample.trials))
      return TrialFinder.find(left, in: [sample.folder], host: run)
    }
    guard let runs = run.options.runsFolder, run.options.reusesRecords else { return [:] }
    let finder = TrialFinder(runsFolder: runs, study: run.study, own: run.recorder?.folder.path)
    return finder.find(keys, host: run)
  }

  /// Trials that an earlier run computed are not run again.
  func takeFromRecords() {
    guard let archive = request.archive else { return }
    let keys = request.points.indices.map(archive.key)
    let found = records(Set(keys))
    if found.count < Set(keys).count { reasons = reasonsToRun(archive) }
    run.record(archive.parts, log)
    for (index, key) in keys.enumerated() {
      guard let record = found[key], let outcome = record.outcome(archive, host: run) else { continue }
      schedule.skip(index)
      let event = TrialEvent(
        sweep: request.name, index: index, coordinates: request.coordinates(index), outcome: outcome)
      let why = TrialRecord.takenFrom + "\(NSString(string: record.folder).lastPathComponent)"
      run.ended(event, request, log: log, record: record, why: why)
      schedule.finish(index, outcome)
    }
  }
}

extension SweepRequest {
  /// The named coordinates of a point.
  func coordinates(_ index: Int) -> [Datum.Field] {
    guard points.indices.contains(index) else { return [] }
    return zip(coordinateNames, points[index]).map { Datum.Field($0, $1) }
  }
}

/// Why a trial has no result, in one line.
func reason(_ outcome: TrialOutcome) -> String {
  switch (outcome.status, outcome.error) {
  case (.done, _): return ""
  case (_, let error?): return "\(error.message) (\(error.id))"
  case (.diverged, nil): return "diverged"
  case (.interrupted, nil): return "interrupted"
  case (.failed, nil): return "failed"
  }
}

/// The table of a sweep: coordinates and fields, a row per point, failed ones with their reason.
func sweepTable(_ request: SweepRequest, _ outcomes: [TrialOutcome]) -> Table {
  var reasons: [Int: String] = [:]
  let rows = outcomes.indices.map { index -> [Datum.Field] in
    if outcomes[index].status != .done { reasons[index] = reason(outcomes[index]) }
    let coordinates = request.coordinates(index)
    return coordinates + outcomes[index].fields.filter { field in !coordinates.contains { $0.name == field.name } }
  }
  return Table(rows: rows, failures: reasons)
}

/// All rows tracked inside the trials, each with its trial's coordinates before it; nil without any.
func seriesTable(_ request: SweepRequest, _ outcomes: [TrialOutcome]) -> Table? {
  var rows: [[Datum.Field]] = []
  for (index, outcome) in outcomes.enumerated() {
    guard let series = outcome.series else { continue }
    let coordinates = request.coordinates(index)
    for row in 0..<series.rowCount {
      rows.append(coordinates + series.row(row).filter { field in !coordinates.contains { $0.name == field.name } })
    }
  }
  return rows.isEmpty ? nil : Table(rows: rows)
}
