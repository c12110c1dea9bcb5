import Diagnostics
import Foundation
import Records

/// A folder that a run goes on in, and as what.
public struct RunPlace: Sendable {
  /// What a process does in a run.
  public enum Role: Sendable {
    /// It keeps the record, and the report: a run that was left is begun again.
    case coordinator
    /// It runs trials for the others, and keeps no record of its own.
    case worker
    /// It takes the lead if nobody who lives has it, and is a worker otherwise.
    case successor
  }
  /// The run's folder.
  public var folder: RunFolder
  /// As what.
  public var role: Role
  /// Makes a place.
  public init(folder: RunFolder, role: Role) {
    self.folder = folder
    self.role = role
  }
}

/// This process's part in a run: its name, its lease, what it knows of the others. A thread of its own raises the lease,
/// looks at those of others and at whether all are to stop. Safe from any thread.
public final class RunParticipant: @unchecked Sendable {
  /// The run's folder.
  public let folder: RunFolder
  /// Its name in the run: `w3`.
  public let name: String
  /// How often the run was begun, this time included: what failed in earlier sessions is tried again.
  public let session: Int
  let live: LiveFolder
  /// Whether it keeps the record.
  private(set) var leads = false
  private let watch = LeaseWatch()
  private let seconds: Double
  private let lock = NSLock()
  private var lease: Lease
  /// Trials that the lease on disk says are run.
  private var said = 0
  private let ending = DispatchSemaphore(value: 0)
  private var thread: WorkerThread?
  private var onStop: (@Sendable (String) -> Void)?

  /// How long a lease holds unless said otherwise: longer than a network folder takes to show a change, short enough that
  /// nobody waits long for the work of a dead machine. A dead process of the same machine is seen at once.
  public static let leaseSeconds = 30.0

  /// Joins a run: `live/` must be there. Throws `FileError`.
  init(_ place: RunPlace, session: Int, facts: [Datum.Field], leaseSeconds: Double) throws {
    folder = place.folder
    live = folder.live
    self.session = session
    seconds = leaseSeconds
    let identity = ProcessIdentity.own
    name = try folder.addWorker(
      [.init("host", .string(identity.host)), .init("process", .int(identity.process))] + facts)
    lease = Lease(worker: name, identity: identity, seconds: leaseSeconds)
    try live.write(lease)
  }

  /// Begins to raise the lease; `onStop` is told, once, that all are to stop, and why: what the run was asked for, or `over`
  /// when there is nothing left to do.
  func begin(onStop: @escaping @Sendable (String) -> Void) {
    self.onStop = onStop
    look()
    let thread = WorkerThread(name: "lease", stackBytes: 16 << 20) { [self] in
      var raised = monotonicSeconds()
      while ending.wait(timeout: .now() + min(1, seconds / 6)) == .timedOut {
        let isTime = monotonicSeconds() - raised >= seconds / 6 || hasNews
        guard isTime || !live.exists || live.stop != nil else { continue }
        raised = monotonicSeconds()
        raise()
        look()
      }
    }
    self.thread = thread
    thread.start()
  }

  /// The lease ends in good order: what was claimed and not finished is free.
  func end() {
    guard let thread else { return }
    ending.signal()
    thread.join()
    self.thread = nil
    lock.lock()
    lease.hasEnded = true
    let last = lease
    lock.unlock()
    if live.exists { try? live.write(last) }
  }

  /// Whether it runs another number of trials than the lease says.
  private var hasNews: Bool {
    lock.lock()
    defer { lock.unlock() }
    return lease.running != said
  }

  private func raise() {
    lock.lock()
    lease.counter += 1
    said = lease.running
    let now = lease
    lock.unlock()
    // A lease that cannot be written runs out, and others do the work once more: nothing is wrong by that.
    if live.exists { try? live.write(now) }
  }

  /// Looks at the others' leases and at whether all are to stop.
  func look() {
    watch.observe(live.leases(), at: monotonicSeconds())
    let why = live.exists ? live.stop : leads ? nil : "over"
    guard let why else { return }
    lock.lock()
    let tell = onStop
    onStop = nil
    lock.unlock()
    tell?(why)
  }

  /// How many trials run here now.
  func setRunning(_ count: Int) {
    lock.lock()
    lease.running = count
    lock.unlock()
  }

  /// Whether what a worker claimed is free: it ended, or is dead.
  func isGone(_ worker: String) -> Bool { verdict(worker) != .alive }

  /// What is known of a worker now.
  func verdict(_ worker: String) -> LeaseWatch.Verdict {
    if worker == name { return .alive }
    if let lease = live.lease(of: worker) { watch.observe([lease], at: monotonicSeconds()) }
    return watch.verdict(worker, at: monotonicSeconds(), patience: seconds)
  }

  /// Leases of the others who live.
  var others: [Lease] {
    let now = monotonicSeconds()
    return watch.leases.filter {
      $0.worker != name && watch.verdict($0.worker, at: now, patience: seconds) == .alive
    }
  }

  /// Does something once for all who work on the run: the first who claims `name` does it, another only if that one dies
  /// over it. Returns when it is done, or false when this process was told to stop first.
  func once(_ name: String, isStopped: () -> Bool, _ body: () -> Void) throws -> Bool {
    var attempt = 1, pause = 0.005
    while live.claim(name + "-done") == nil {
      if isStopped() { return false }
      let claim = "\(name)-\(attempt)"
      if let holder = live.claim(claim)?["worker"]?.string {
        if isGone(holder) { attempt += 1 } else { Thread.sleep(forTimeInterval: pause) }
        pause = min(0.5, pause * 1.5)
      } else if try live.claim(claim, ["worker": .string(self.name)]) {
        body()
        if isStopped() { return false }
        _ = try live.claim(name + "-done", .object([]))
      }
    }
    return true
  }

  /// Takes the lead of the run when nobody who lives has it; says whether it has it now. Throws `FileError`.
  func lead() throws -> Bool {
    let (holder, attempts) = leader
    if let holder, !isGone(holder) { return false }
    leads = try live.claim("lead/\(attempts + 1)", ["worker": .string(name)])
    return leads
  }

  /// Who has the lead, and how many have had it.
  private var leader: (holder: String?, attempts: Int) {
    var attempts = 0, holder: String?
    while let claim = live.claim("lead/\(attempts + 1)") {
      holder = claim["worker"]?.string
      attempts += 1
    }
    return (holder, attempts)
  }

  /// A worker that has nothing left to do waits: false when the run is over or stopped, true when the lead is free.
  func waitForLead(isStopped: () -> Bool) -> Bool {
    var pause = 0.02
    while !isStopped() {
      if live.exists, let holder = leader.holder, isGone(holder) { return live.exists }
      Thread.sleep(forTimeInterval: pause)
      pause = min(1, pause * 1.5)
    }
    return false
  }
}

/// The first write that failed: recording ends there, the study, once it has its folder, does not. Safe from any thread.
final class RecordingFailure: @unchecked Sendable {
  private let lock = NSLock()
  private var first: Diagnostic?
  private let path: String

  init(_ path: String) { self.path = path }

  /// What went wrong first, if anything.
  var diagnostic: Diagnostic? {
    lock.lock()
    defer { lock.unlock() }
    return first
  }

  /// Runs a write; a failure is kept and nil given.
  @discardableResult func attempt<Result>(_ body: () throws -> Result) -> Result? {
    do { return try body() } catch {
      note(error as? Diagnostic ?? StudyErrors.cannotRecord(path, why: "\(error)"))
      return nil
    }
  }

  /// Keeps a failure, if it is the first.
  func note(_ diagnostic: Diagnostic) {
    lock.lock()
    if first == nil { first = diagnostic }
    lock.unlock()
  }
}
