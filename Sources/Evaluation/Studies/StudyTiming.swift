import Diagnostics
import Foundation
import Records

/// Finds how long a study would take: it runs on one thread, but with a few steps of each fold and a few trials of each sweep, which
/// stand for all. Its clock shows the time that all would have taken. One for all interpreters of a thread.
final class StudyTiming {
  /// What was found for statements, by their place in the file.
  private(set) var parts: [Int: Session.PlanReport.Part<Double>] = [:]

  private let report: Session.PlanReport
  /// Seconds since some moment.
  private let clock: () -> Double
  /// What the steps and trials that were left out would take besides.
  private var leftOut = 0.0
  /// Sweeps that are under way, one inside the other.
  private var depth = 0
  private var trials = 0.0, largestTrial = 0.0

  init(_ report: Session.PlanReport, clock: @escaping () -> Double) { (self.report, self.clock) = (report, clock) }

  /// Seconds by the clock, with those of what was left out.
  var now: Double { clock() + leftOut }

  /// A statement is over that began at a time.
  func finish(statement: Int, since start: Double) {
    parts[statement] = .init(alone: now - start, trials: trials, largestTrial: largestTrial)
    leave()
  }

  /// A statement is over that is of no use.
  func leave() { (trials, largestTrial, depth) = (0, 0, 0) }

  /// Lets `body(n)` do a thing n times over, first once and then as often as takes long enough to time; gives what the last one gave.
  func standing(for times: Int, _ machine: Machine, _ body: (Int) throws -> Value) throws -> Value {
    let start = now
    // The first time finds and compiles what all the others use.
    var value = try body(1)
    let first = now - start
    var each = 0.0, count = 1
    while times > 1 {
      let begin = now
      machine.heap.release(value)
      value = .none
      value = try body(count)
      let seconds = now - begin
      each = seconds / Double(count)
      if seconds > 0.03 || count == times { break }
      count = min(times, seconds < 0.003 ? 10 * count : Int(Double(count) * 0.04 / seconds) + 1)
    }
    leftOut += start + first + each * Double(max(times, 1) - 1) - now
    return value
  }

  /// Runs trials of least, most and middling work, and lets them speak for the others.
  func sweep(_ request: SweepRequest) throws -> [TrialOutcome] {
    let work = self.work(request)
    let order = work.indices.sorted { (work[$0], $0) < (work[$1], $1) }
    guard let last = order.indices.last else { return [] }
    let runner = try request.makeRunner()
    let start = now, spent = clock()
    depth += 1
    defer { depth -= 1 }
    var sample: [(rank: Int, seconds: Double, outcome: TrialOutcome)] = []
    for share in [0, 1, 0.5, 0.25, 0.75] {
      let rank = Int(share * Double(last))
      if sample.contains(where: { $0.rank == rank }) { continue }
      if sample.count > 1, clock() - spent > 1 { break }
      var seconds = Double.infinity, isAgain = false, outcome: TrialOutcome
      repeat {
        let begin = now, real = clock()
        outcome = runner.run(order[rank]) { _ in }
        if outcome.status == .interrupted { throw RuntimeError.interrupted }
        if let error = outcome.error, outcome.status == .failed { throw error }
        // The first of its kind pays for what most of them share, fresh memory above all.
        isAgain = seconds.isInfinite && clock() - real < 1
        seconds = min(seconds, now - begin)
      } while isAgain
      sample.append((rank, seconds, outcome))
    }
    sample.sort { $0.rank < $1.rank }
    var all = 0.0, largest = 0.0
    let outcomes = order.indices.map { rank -> (Int, TrialOutcome) in
      let above = sample.first { $0.rank >= rank } ?? sample[sample.count - 1]
      let below = sample.last { $0.rank <= rank } ?? above
      let (low, high, own) = (work[order[below.rank]], work[order[above.rank]], work[order[rank]])
      let part = high > low ? (own - low) / (high - low) : 0.5
      let seconds = below.seconds + part * (above.seconds - below.seconds)
      all += seconds
      largest = max(largest, seconds)
      return (order[rank], part > 0.5 ? above.outcome : below.outcome)
    }
    leftOut += start - now
    if depth > 1 {
      leftOut += all
    } else {
      trials += all
      largestTrial = max(largestTrial, largest)
    }
    return outcomes.sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// The counted work of each trial, in seconds; equal where it is not known.
  private func work(_ request: SweepRequest) -> [Double] {
    let walked = report.trialWork[request.span] ?? []
    var place = 0
    return request.points.indices.map { point in
      while place + 1 < walked.count, walked[place + 1].point <= point { place += 1 }
      return walked.indices.contains(place) ? walked[place].work.seconds() : 0
    }
  }
}

/// A study that is only timed: it speaks to nobody and writes nothing.
final class TimingHost: QuietHost {
  private let timing: StudyTiming

  init(_ outer: any StudyHost, _ timing: StudyTiming) {
    self.timing = timing
    super.init(outer)
  }

  override func sweep(_ request: SweepRequest) throws -> [TrialOutcome] { try timing.sweep(request) }

  override func resolve(path: String, forWriting: Bool) throws -> String {
    if forWriting { throw RuntimeError("E0711", "`exp plan` writes nothing") }
    return try outer.resolve(path: path, forWriting: false)
  }
}
