import Notation
import Synchronization

/// What a worker says while it lives: a counter that it raises. Others take it for dead when the counter has stood still
/// for `seconds` of their own clock; times of files and clocks of other machines decide nothing.
public struct Lease: Sendable, Hashable {
  /// Its name in the run: `w3`.
  public var worker: String
  /// Which process it is.
  public var identity: ProcessIdentity
  /// Raised about five times within `seconds`.
  public var counter: Int
  /// How long the counter may stand still.
  public var seconds: Double
  /// Trials that it runs now.
  public var running: Int
  /// True when it ended in good order: what it had claimed and not finished is free at once.
  public var hasEnded: Bool

  /// A lease that begins.
  public init(worker: String, identity: ProcessIdentity = .own, seconds: Double) {
    self.worker = worker
    self.identity = identity
    self.seconds = seconds
    counter = 0
    running = 0
    hasEnded = false
  }

  var json: JSON {
    [
      "worker": .string(worker), "identity": identity.json, "counter": .int(counter), "seconds": .float(seconds),
      "running": .int(running), "ended": .bool(hasEnded),
    ]
  }

  init?(json: JSON) {
    guard let worker = json["worker"]?.string, let counter = json["counter"]?.int,
      let seconds = json["seconds"]?.number,
      let identity = json["identity"].flatMap(ProcessIdentity.init(json:))
    else { return nil }
    self.init(worker: worker, identity: identity, seconds: seconds)
    self.counter = counter
    running = json["running"]?.int ?? 0
    hasEnded = json["ended"]?.bool ?? false
  }
}

/// Judges by one's own clock which workers live. Safe from any thread.
public final class LeaseWatch: @unchecked Sendable {
  /// What is known of a worker.
  public enum Verdict: Sendable {
    /// It lives, or not enough time has gone by to say otherwise.
    case alive
    /// It ended in good order.
    case ended
    /// Its process is gone, or its counter stood still for the length of its lease.
    case dead
  }

  private struct Seen {
    var lease: Lease
    /// When the counter was last seen to differ, by the watcher's clock.
    var changed: Double
    /// Whether it was seen to differ at all.
    var isMoving = false
  }

  private let lock = Mutex(())
  private var seen: [String: Seen] = [:]

  /// Knows nobody yet.
  public init() {}

  /// Takes in what the leases say at a moment of one's own clock, in seconds. A worker whose lease is gone counts from
  /// when it was last seen.
  public func observe(_ leases: [Lease], at now: Double) {
    lock.withLock { _ in
      for lease in leases {
        let before = seen[lease.worker]
        if let before, before.lease.counter == lease.counter, before.lease.identity == lease.identity,
          before.lease.hasEnded == lease.hasEnded
        {
          seen[lease.worker]?.lease = lease
          continue
        }
        seen[lease.worker] = Seen(lease: lease, changed: now, isMoving: before != nil)
      }
    }
  }

  /// What is known of a worker at a moment. One that has never been seen is taken for dead `patience` seconds after
  /// somebody first asked for it.
  public func verdict(_ worker: String, at now: Double, patience: Double) -> Verdict {
    lock.withLock { _ in
      guard let known = seen[worker] else {
        let nobody = ProcessIdentity(host: "", system: "", process: 0, start: "")
        seen[worker] = Seen(lease: Lease(worker: worker, identity: nobody, seconds: patience), changed: now)
        return .alive
      }
      if known.lease.hasEnded { return .ended }
      if let lives = known.lease.identity.lives { return lives || known.lease.identity == .own ? .alive : .dead }
      return now - known.changed > known.lease.seconds ? .dead : .alive
    }
  }

  /// Workers of whom more looks may tell more: they are taken for alive, and their counters have not moved yet.
  public func undecided(at now: Double) -> [String] {
    let names = lock.withLock { _ in
      seen.filter { !$0.value.isMoving && $0.value.lease.identity.lives == nil }.map(\.key)
    }
    return names.filter { verdict($0, at: now, patience: 0) == .alive }
  }

  /// All leases seen, by name.
  public var leases: [Lease] { lock.withLock { _ in seen.values.map(\.lease).sorted { $0.worker < $1.worker } } }
}
