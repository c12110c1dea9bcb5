import Foundation
import Records

/// Which trials of a sweep this process may run, where others work on the same run. The order of the sweep is claimed in
/// stretches: a claim is named by the place where it begins and says how many trials it takes, so the next begins behind
/// it, and all who claim agree on where that is. What somebody claimed and did not finish is claimed anew, trial by trial,
/// when its holder is gone. Claims only keep two from doing the same work; were one wrong, the same result would be computed
/// twice. Not safe from several threads: `SweepSchedule` holds its lock.
final class TrialClaims {
  /// What to do about the trials that others have claimed.
  enum TakeOver: Equatable {
    /// Nothing: those who hold them live.
    case none
    /// This one is ours now; its holder is gone.
    case trial(Int, from: String)
    /// So many workers have died over this one that nobody tries again.
    case lost(Int, deaths: Int)
  }

  /// Workers that may die over one trial.
  static let deaths = 3

  private let participant: RunParticipant
  private let sweep: String
  private let order: [Int]
  private var place = 0
  /// Who has claimed a trial, as the how many-th, and how many of those before died over it: who stopped in good order, such as a
  /// worker whose time was up, did not.
  private var holders: [Int: (worker: String, attempt: Int, deaths: Int)] = [:]

  /// `sweep` is the name of its folder; `order` that in which trials are to be started, the same for all.
  init(_ participant: RunParticipant, sweep: String, order: [Int]) {
    self.participant = participant
    self.sweep = sweep
    self.order = order
  }

  /// Trials that nobody has claimed yet, as far as is known here.
  var unclaimed: Int { order.count - place }

  /// Claims the next trials in order that nobody has, at most `count`; none are left when there are none. Throws `FileError`.
  func claimNext(_ count: Int) throws -> [Int] {
    while place < order.count {
      let wanted = min(max(1, count), order.count - place), name = "\(sweep)/\(place)"
      if try participant.live.claim(name, ["worker": .string(participant.name), "count": .int(wanted)]) {
        defer { place += wanted }
        return Array(order[place..<place + wanted])
      }
      guard let claim = participant.live.claim(name), let worker = claim["worker"]?.string,
        let taken = claim["count"]?.int, taken > 0
      else { throw FileError(operation: "read", path: name, code: 0, reason: "a claim is gone") }
      for index in order[place..<min(place + taken, order.count)] { holders[index] = (worker, 1, 0) }
      place += taken
    }
    return []
  }

  /// Looks for a trial whose holder is gone, among those that are not finished. Throws `FileError`.
  func takeOver(_ unfinished: [Int]) throws -> TakeOver {
    var verdicts: [String: LeaseWatch.Verdict] = [:]
    for index in unfinished {
      while let (worker, attempt, before) = holders[index] {
        let verdict = verdicts[worker] ?? participant.verdict(worker)
        verdicts[worker] = verdict
        guard verdict != .alive else { break }
        let deaths = before + (verdict == .dead ? 1 : 0)
        if deaths >= TrialClaims.deaths { return .lost(index, deaths: deaths) }
        let name = "\(sweep)/trial-\(index)-\(attempt + 1)"
        if try participant.live.claim(name, ["worker": .string(participant.name)]) {
          holders[index] = nil
          return .trial(index, from: worker)
        }
        guard let next = participant.live.claim(name)?["worker"]?.string else { break }
        holders[index] = (next, attempt + 1, deaths)
      }
    }
    return .none
  }
}
