import Diagnostics
import Evaluation
import Foundation
import Records

/// The trials of one sweep: which to start next, what became of each, how far it is. Safe from any thread.
final class SweepSchedule: @unchecked Sendable {
  /// What a thread is to do next.
  enum Task {
    /// Run this trial. `from` is the worker that died over it before.
    case run(Int, from: String?)
    /// So many workers died over this trial that it is not tried again.
    case giveUp(Int, deaths: Int)
    /// Others are at work on what is left; ask again a little later.
    case wait
    /// All trials have ended, or were started here.
    case none
  }

  /// An outcome takes some two hundred bytes: those to come take none.
  private final class Ended: Sendable {
    let outcome: TrialOutcome
    init(_ outcome: TrialOutcome) { self.outcome = outcome }
  }

  private let lock = NSLock()
  private let claims: TrialClaims?
  private let threads: Int
  /// What is started next: these, and then the rest of the order.
  private var queue: ArraySlice<Int> = []
  private var order: SpreadOrder
  private var outcomes: [Ended?]
  private var shares: [Int: Double] = [:]
  private var counts: RunRecord.Counts
  private var ran = 0
  private var secondsRan = 0.0
  private var lastLook = 0.0
  private var isLocal: Bool
  private let name: String
  private let started = monotonicSeconds()

  /// Of `count` trials, run by `threads` threads here; with `claims` others may run some of them.
  init(name: String, count: Int, threads: Int = 1, claims: TrialClaims? = nil) {
    self.name = name
    self.claims = claims
    self.threads = max(1, threads)
    isLocal = claims == nil
    order = SpreadOrder(claims == nil ? count : 0)
    outcomes = Array(repeating: nil, count: count)
    counts = RunRecord.Counts(total: count, interrupted: count)
  }

  /// What to do next. Throws `FileError` when claims cannot be written.
  func next() throws -> Task {
    lock.lock()
    defer { lock.unlock() }
    while true {
      while let index = queue.popFirst() ?? order.next() {
        guard outcomes[index] == nil, shares[index] == nil else { continue }
        shares[index] = 0
        return .run(index, from: nil)
      }
      guard !isLocal, let claims else { return .none }
      queue = try claims.claimNext(stretch)[...]
      if !queue.isEmpty { continue }
      return try takeOver(claims)
    }
  }

  /// Short trials are claimed many at a time, about a quarter of a second of work; never so many that the last ones are
  /// shared badly.
  private var stretch: Int {
    guard ran > 0, let claims else { return threads }
    let fitting = 0.25 * Double(threads) * Double(ran) / max(secondsRan, 1e-9)
    return max(1, min(Int(min(fitting, 1e6)), claims.unclaimed / (4 * threads)))
  }

  private func takeOver(_ claims: TrialClaims) throws -> Task {
    guard counts.interrupted > 0 else { return .none }
    let now = monotonicSeconds()
    guard now - lastLook > 0.2 else { return .wait }
    lastLook = now
    let unfinished = outcomes.indices.filter { outcomes[$0] == nil && shares[$0] == nil }
    switch try claims.takeOver(unfinished) {
    case .none: return unfinished.isEmpty ? .none : .wait
    case .lost(let index, let deaths): return .giveUp(index, deaths: deaths)
    case .trial(let index, let worker):
      lastLook = 0
      shares[index] = 0
      return .run(index, from: worker)
    }
  }

  /// From now on trials are run here without asking others: claims cannot be written any more.
  func runAllHere() {
    lock.lock()
    isLocal = true
    queue = []
    order = SpreadOrder(outcomes.count)
    lock.unlock()
  }

  /// A trial that was finished elsewhere is needed here, and cannot be had but by running it.
  func runHere(_ index: Int) {
    lock.lock()
    if outcomes[index] == nil, shares[index] == nil { queue.append(index) }
    lock.unlock()
  }

  /// A trial that was started need not be run after all.
  func drop(_ index: Int) {
    lock.lock()
    shares[index] = nil
    lock.unlock()
  }

  /// A running trial says how far it is, 0…1.
  func advance(_ index: Int, share: Double) {
    lock.lock()
    if shares[index] != nil { shares[index] = min(max(share, 0), 1) }
    lock.unlock()
  }

  /// A trial has ended: here after so many seconds, or elsewhere.
  func finish(_ index: Int, _ outcome: TrialOutcome, seconds: Double? = nil) {
    lock.lock()
    defer { lock.unlock() }
    shares[index] = nil
    if let seconds {
      ran += 1
      secondsRan += seconds
    }
    guard outcomes[index] == nil else { return }
    outcomes[index] = Ended(outcome)
    if outcome.isFromRecord { counts.reused += 1 }
    switch outcome.status {
    case .done: counts.done += 1
    case .failed: counts.failed += 1
    case .diverged: counts.diverged += 1
    case .interrupted: return
    }
    counts.interrupted -= 1
  }

  /// Whether a trial has ended.
  func isFinished(_ index: Int) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    return outcomes[index] != nil
  }

  /// How far the sweep is now.
  var progress: SweepProgress {
    lock.lock()
    defer { lock.unlock() }
    let total = counts.total, done = total - counts.interrupted, elapsed = monotonicSeconds() - started
    let work = Double(done) + shares.values.reduce(0, +)
    let share = total == 0 ? 1 : work / Double(total)
    // The first half second says little about the rest.
    let left = share > 0 && (elapsed > 0.5 || done > 0) ? elapsed * (1 - share) / share : nil
    return SweepProgress(
      sweep: name, done: done, failed: counts.failed + counts.diverged, running: shares.count, total: total,
      share: share, elapsed: elapsed, left: left)
  }

  /// How many trials ended in which way; what did not run to its end was interrupted.
  var tally: RunRecord.Counts {
    lock.lock()
    defer { lock.unlock() }
    return counts
  }

  /// One outcome per point in grid order; a trial that never ran was interrupted.
  var results: [TrialOutcome] {
    lock.lock()
    defer { lock.unlock() }
    return outcomes.map { $0?.outcome ?? .notRun }
  }

  /// The points of an interrupted sweep that are worth a row, with their outcomes: those that ended, and the others if they are at most
  /// that many.
  func rows(notRun most: Int) -> [(index: Int, outcome: TrialOutcome)] {
    lock.lock()
    defer { lock.unlock() }
    let isWhole = counts.interrupted <= most
    return outcomes.indices.compactMap { index in
      if let ended = outcomes[index], isWhole || ended.outcome.status != .interrupted { return (index, ended.outcome) }
      return isWhole ? (index, .notRun) : nil
    }
  }

  /// Nobody asks for outcomes any more.
  func close() {
    lock.lock()
    defer { lock.unlock() }
    Discard.later(&outcomes)
  }
}

/// All of `0..<count` so that every beginning is spread over the whole grid (bits of a counter reversed): the first
/// trials show the coarse picture, and the time left is judged from small and large ones alike.
struct SpreadOrder: Sequence, IteratorProtocol {
  private let count: Int
  /// Bits above those of a counter.
  private let above: Int
  private var counter: UInt = 0

  init(_ count: Int) {
    self.count = count
    above = count < 2 ? Int.bitWidth - 1 : (count - 1).leadingZeroBitCount
  }

  mutating func next() -> Int? {
    while counter < 1 << UInt(Int.bitWidth - above), count > 0 {
      let index = Int(SpreadOrder.reversed(counter) >> UInt(above))
      counter += 1
      if index < count { return index }
    }
    return nil
  }

  private static func reversed(_ word: UInt) -> UInt {
    var word = word.byteSwapped
    word = word >> 4 & 0x0F0F_0F0F_0F0F_0F0F | (word & 0x0F0F_0F0F_0F0F_0F0F) << 4
    word = word >> 2 & 0x3333_3333_3333_3333 | (word & 0x3333_3333_3333_3333) << 2
    return word >> 1 & 0x5555_5555_5555_5555 | (word & 0x5555_5555_5555_5555) << 1
  }
}
