import Diagnostics
import Evaluation
import Foundation
import Records

extension StudyRun {
  /// Runs all trials over the worker threads, and those of other processes that work on the same run. Each finished trial
  /// is on disk before the listener hears of it. After an interrupt there are no outcomes: only the record has what came to its
  /// end. Throws when two processes found different results for one trial.
  public func sweep(_ request: SweepRequest) throws -> [TrialOutcome] {
    if WorkerThread.isRunningTrials { return try sweepInside(request) }
    let work = locked { () -> SweepWork in
      startIfNeeded()
      counts.total += request.points.count
      if !isInterrupted { listener.receive(.sweepStarted(name: request.name, trials: request.points.count)) }
      return SweepWork(run: self, request: request, folder: sweepNames.folder(request.name))
    }
    work.takeFromRecords()
    let left = request.points.count - work.schedule.progress.done
    let threads = (0..<min(options.threads, left)).map { number in
      WorkerThread(name: "trials \(number)", runsTrials: true) {
        work.runTrials()
        request.idle.add(1)
      }
    }
    request.idle.add(options.threads - threads.count)
    // Where the system gives fewer threads, those that are there do the work, or this one.
    let running = threads.filter { $0.start() }
    if running.isEmpty, let first = threads.first {
      request.idle.add(threads.count - 1)
      first.runHere()
    } else {
      request.idle.add(threads.count - running.count)
    }
    if let participant, participant.leads, left > options.threads {
      options.callsWorkers?(participant.folder, (left + options.threads - 1) / options.threads)
    }
    wait(for: running, work)
    // Who waits runs nothing.
    participant?.setRunning(0)
    work.close()
    defer { work.schedule.close() }
    if let error = work.error {
      // The trials that a worker claimed and did not run are free: it leaves.
      if participant?.leads == false { interrupt() }
      throw error
    }
    let tally = work.schedule.tally, seconds = work.schedule.progress.elapsed
    if isInterrupted {
      // Of more that did not run, the record says only how many they are.
      var rows = recorder == nil ? [] : work.schedule.rows(notRun: 10_000)
      end(request, rows, tally, seconds: seconds)
      Discard.later(&rows)
      return []
    }
    let outcomes = work.schedule.results
    end(request, recorder == nil ? [] : outcomes.enumerated().map { ($0, $1) }, tally, seconds: seconds)
    return outcomes
  }

  /// A sweep inside a trial runs on the trial's thread, one point after the other, and is part of that trial's record.
  private func sweepInside(_ request: SweepRequest) throws -> [TrialOutcome] {
    let runner = try request.makeRunner()
    return request.points.indices.map { index in
      guard !isInterrupted else {
        return .notRun
      }
      return runner.run(index, report: { _ in })
    }
  }

  /// Until all threads are done: tells the progress ten times a second, syncs the log and looks for what others finished
  /// every second.
  private func wait(for threads: [WorkerThread], _ work: SweepWork) {
    var last = monotonicSeconds(), busy = last
    for thread in threads {
      while !thread.join(seconds: 0.1) {
        let progress = work.progress
        locked { listener.receive(.sweepProgress(progress)) }
        if work.schedule.progress.running > 0 { busy = monotonicSeconds() }
        if let idle = options.idleSeconds, participant?.leads == false, monotonicSeconds() - busy > idle {
          stop("idle")
        }
        if monotonicSeconds() - last > 1 {
          work.sync()
          if participant?.leads == true { work.takeFromOthers() }
          last = monotonicSeconds()
        }
      }
    }
  }

  private func end(
    _ request: SweepRequest, _ rows: [SweepRow], _ mine: RunRecord.Counts, seconds: Double
  ) {
    locked {
      counts.done += mine.done
      counts.failed += mine.failed
      counts.diverged += mine.diverged
      counts.interrupted += mine.interrupted
      counts.reused += mine.reused
      let file = recorder.flatMap { record(request, rows, mine, $0) }
      let summary = SweepSummary(
        name: request.name, done: mine.done, failed: mine.failed + mine.diverged, interrupted: mine.interrupted,
        reused: mine.reused, seconds: seconds, file: file)
      listener.receive(.sweepEnded(summary))
    }
  }

  /// Keeps what a sweep gave; the first of its files.
  private func record(
    _ request: SweepRequest, _ rows: [SweepRow], _ counts: RunRecord.Counts, _ recorder: RunRecorder
  ) -> String? {
    for row in rows { for line in row.outcome.printed { recorder.add(.printed(line)) } }
    let table = sweepTable(request, rows)
    let series = seriesTable(request, rows).map { [($0, request.name + "-series")] } ?? []
    let file = recorder.saveTables([(table, request.name)] + series)?.first
    // The study will not get to show it.
    if counts.interrupted > 0 { recorder.add(.table(name: request.name, table, file: file ?? "")) }
    let failures = rows.compactMap { index, outcome -> String? in
      guard outcome.status == .failed || outcome.status == .diverged else { return nil }
      let place = request.coordinates(index).map { "\($0.name)=\(plainText($0.value))" }.joined(separator: " ")
      return "\(place): " + (outcome.error.map { "\($0.message) (\($0.id))" } ?? outcome.status.rawValue)
    }
    recorder.add(.coverage(StudyRecord.Coverage(name: request.name, counts: counts, failures: failures)))
    return file
  }

  /// A trial at work tracked a row.
  func tracked(_ row: [Datum.Field], _ place: TrialPlace) { locked { listener.receive(.tracked(row, trial: place)) } }

  /// A trial that another process runs printed lines.
  func printedElsewhere(_ lines: [String]) { locked { for line in lines { listener.receive(.printed(line)) } } }

  /// A trial ended, and is on disk.
  func ended(_ event: TrialEvent) {
    locked {
      if firstTrialError == nil, event.outcome.status == .failed { firstTrialError = event.outcome.error }
      listener.receive(.trialEnded(event))
    }
  }
}

/// Names of sweeps' folders below `trials/`: those of the sweeps, numbered where a name comes again. All who go through a study's
/// sweeps in order come to the same.
struct SweepNames {
  private var taken: Set<String> = []
  /// From where on numbers may be free, by name.
  private var numbers: [String: Int] = [:]

  /// The folder of the next sweep, which has this name.
  mutating func folder(_ name: String) -> String {
    let base = RunFolder.safeName(name)
    var free = base, n = numbers[base] ?? 2
    while !taken.insert(free).inserted {
      free = "\(base)-\(n)"
      n += 1
    }
    numbers[base] = n
    return free
  }
}

extension SweepRequest {
  /// The named coordinates of a point.
  func coordinates(_ index: Int) -> [Datum.Field] {
    guard points.indices.contains(index) else { return [] }
    return zip(coordinateNames, points[index]).map { Datum.Field($0, $1) }
  }
}

/// A point of a sweep by its index, and what became of its trial.
typealias SweepRow = (index: Int, outcome: TrialOutcome)

/// The table of a sweep, as the study has it: coordinates and fields, a row per point, failed ones with their reason.
func sweepTable(_ request: SweepRequest, _ rows: [SweepRow]) -> Table {
  var reasons: [Int: String] = [:]
  let fields = rows.enumerated().map { number, row -> [Datum.Field] in
    switch row.outcome.status {
    case .done: break
    case .interrupted: reasons[number] = Table.notRun
    case .failed, .diverged: reasons[number] = row.outcome.error?.message ?? row.outcome.status.rawValue
    }
    let coordinates = request.coordinates(row.index)
    return coordinates + row.outcome.fields.filter { field in !coordinates.contains { $0.name == field.name } }
  }
  return Table(rows: fields, failures: reasons)
}

/// All rows tracked inside the trials, each with its trial's coordinates before it; nil without any.
func seriesTable(_ request: SweepRequest, _ rows: [SweepRow]) -> Table? {
  var tracked: [[Datum.Field]] = []
  for (index, outcome) in rows {
    guard let series = outcome.series else { continue }
    let coordinates = request.coordinates(index)
    for row in 0..<series.rowCount {
      tracked.append(coordinates + series.row(row).filter { field in !coordinates.contains { $0.name == field.name } })
    }
  }
  return tracked.isEmpty ? nil : Table(rows: tracked)
}
