#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Who works on a run, as far as its leases tell.
public final class RunLife {
  /// What is known after some looks.
  public struct Verdict: Sendable {
    /// Workers that live, or may.
    public var living: [Lease]
    /// Workers that died without a word.
    public var dead: [Lease]
    /// False while more looks could show that some of the living are dead.
    public var isCertain: Bool
  }

  private let live: LiveFolder
  private let watch = LeaseWatch()
  private let beginning: SessionClaims?

  /// Of a run's folder; with claims on a session, who is about to begin it counts too.
  public init(_ folder: RunFolder, beginning: SessionClaims? = nil) {
    live = folder.live
    self.beginning = beginning
  }

  /// Looks once.
  public func look() -> Verdict {
    let now = monotonicSeconds()
    // Who has begun has a lease in `live/` before its claim ends.
    if let lease = beginning?.last { watch.observe([lease], at: now) }
    watch.observe(live.leases(), at: now)
    var verdict = Verdict(living: [], dead: [], isCertain: watch.undecided(at: now).isEmpty)
    for lease in watch.leases {
      switch watch.verdict(lease.worker, at: now, patience: 0) {
      case .alive: verdict.living.append(lease)
      case .dead: verdict.dead.append(lease)
      case .ended: break
      }
    }
    return verdict
  }

  /// Looks until it is certain, at most for as long as the longest lease.
  public func waitForVerdict() -> Verdict {
    var verdict = look()
    while !verdict.isCertain {
      RunLife.pause()
      verdict = look()
    }
    return verdict
  }

  /// The time between two looks.
  static func pause() { usleep(200_000) }

  /// The state of a run as it is: one that says that it runs and on which nobody works any more is lost. One that says that it is
  /// done and has no manifest did not come to its end.
  public static func state(_ run: RunRecord, of folder: RunFolder, _ verdict: Verdict) -> RunRecord.State {
    guard isOpen(run, folder) else { return run.state }
    return verdict.living.isEmpty ? .lost : .running
  }

  /// Whether a run may be worked on, by what its files say.
  static func isOpen(_ run: RunRecord, _ folder: RunFolder) -> Bool {
    run.state == .running || run.state == .done && !folder.isSealed
  }
}

/// Seconds on a clock of this machine that only goes forward.
public func monotonicSeconds() -> Double {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
}
