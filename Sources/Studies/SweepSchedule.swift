import Diagnostics
import Evaluation
import Foundation
import Records

/// The trials of one sweep: which to start next, what became of each, how far it is. Safe from any thread.
final class SweepSchedule: @unchecked Sendable {
  private let lock = NSLock()
  private let order: [Int]
  private var next = 0
  private var skipped: Set<Int> = []
  private var outcomes: [TrialOutcome?]
  private var shares: [Int: Double] = [:]
  private var done = 0
  private var failed = 0
  private let name: String
  private let started = monotonicSeconds()

  init(name: String, count: Int) {
    self.name = name
    order = spreadOrder(count)
    outcomes = Array(repeating: nil, count: count)
  }

  /// The next trial to run; nil when all have been started.
  func take() -> Int? {
    lock.lock()
    defer { lock.unlock() }
    while next < order.count {
      let index = order[next]
      next += 1
      if skipped.contains(index) { continue }
      shares[index] = 0
      return index
    }
    return nil
  }

  /// A trial need not be run: it is finished without.
  func skip(_ index: Int) {
    lock.lock()
    skipped.insert(index)
    lock.unlock()
  }

  /// A running trial says how far it is, 0…1.
  func advance(_ index: Int, share: Double) {
    lock.lock()
    if shares[index] != nil { shares[index] = min(max(share, 0), 1) }
    lock.unlock()
  }

  /// A trial has ended.
  func finish(_ index: Int, _ outcome: TrialOutcome) {
    lock.lock()
    shares[index] = nil
    outcomes[index] = outcome
    if outcome.status != .interrupted { done += 1 }
    if outcome.status == .failed || outcome.status == .diverged { failed += 1 }
    lock.unlock()
  }

  /// How far the sweep is now.
  var progress: SweepProgress {
    lock.lock()
    defer { lock.unlock() }
    let total = outcomes.count, elapsed = monotonicSeconds() - started
    let work = Double(done) + shares.values.reduce(0, +)
    let share = total == 0 ? 1 : work / Double(total)
    // The first half second says little about the rest.
    let left = share > 0 && (elapsed > 0.5 || done > 0) ? elapsed * (1 - share) / share : nil
    return SweepProgress(
      sweep: name, done: done, failed: failed, running: shares.count, total: total, share: share, elapsed: elapsed,
      left: left)
  }

  /// One outcome per point in grid order; a trial that never ran was interrupted.
  var results: [TrialOutcome] {
    lock.lock()
    defer { lock.unlock() }
    return outcomes.map {
      $0 ?? TrialOutcome(status: .interrupted, value: nil, fields: [], series: nil, error: nil, seconds: 0)
    }
  }
}

/// All of `0..<count` so that every beginning is spread over the whole grid (bits of a counter reversed): the first
/// trials show the coarse picture, and the time left is judged from small and large ones alike.
func spreadOrder(_ count: Int) -> [Int] {
  guard count > 2 else { return Array(0..<max(0, count)) }
  let bits = Int.bitWidth - (count - 1).leadingZeroBitCount
  var order: [Int] = []
  order.reserveCapacity(count)
  for i in 0..<(1 << bits) {
    var reversed = 0
    for bit in 0..<bits where i & (1 << bit) != 0 { reversed |= 1 << (bits - 1 - bit) }
    if reversed < count { order.append(reversed) }
  }
  return order
}

/// Seconds on a clock that only goes forward.
func monotonicSeconds() -> Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }
