import Foundation
import Synchronization

/// How often folds keep what they need to go on. One for the process.
public enum CheckpointClock {
  private static let text = ProcessInfo.processInfo.environment["EXP_CHECKPOINT_SECONDS"] ?? ""
  private static let wanted = Double(text).flatMap { $0 >= 0 && $0.isFinite ? $0 : nil }

  /// Seconds between two checkpoints of a fold: `EXP_CHECKPOINT_SECONDS`, a minute without it; 0 keeps none but those asked for.
  public static let seconds = wanted ?? 60

  /// What is wrong with `EXP_CHECKPOINT_SECONDS`, which then changes nothing; nil where nothing is.
  static var complaint: String? {
    text.isEmpty || wanted != nil
      ? nil : "EXP_CHECKPOINT_SECONDS is `\(text)`, which is no number of seconds from 0 (which keeps no checkpoints)"
  }

  /// Asks every fold of the process to keep a checkpoint at its next pause, within about a quarter of a second or its current
  /// step. Safe in a signal handler.
  public static func request() { counter.pointee &+= 1 }

  /// Asks the same where a fold has made steps for longer than a second and not kept them, and waits until all such have, for so many
  /// seconds at most. Folds whose steps take longer are not waited for, nor is any when `isLeft` says so. `whenSlow` is called when it
  /// has taken half a second.
  public static func settle(
    within limit: Double, unless isLeft: () -> Bool = { false }, whenSlow: () -> Void = {}
  ) {
    let end = Folds.now + limit
    var slow = Folds.now + 0.5
    func isOwed() -> Bool { ledgers.withLock { all in all.values.contains { $0.owes(by: end) } } }
    guard isOwed() else { return }
    request()
    while !isLeft(), Folds.now < end, isOwed() {
      Thread.sleep(forTimeInterval: 0.005)
      if Folds.now > slow {
        slow = .infinity
        whenSlow()
      }
    }
  }

  /// How many requests there were.
  static var requests: Int32 { counter.pointee }

  /// Seconds after which a fold asks again whether it is time.
  static let pause = min(0.25, max(0.001, seconds / 4))

  private nonisolated(unsafe) static let counter: UnsafeMutablePointer<Int32> = {
    let pointer = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
    pointer.initialize(to: 0)
    return pointer
  }()

  /// What the folds of one interpreter have made and not kept, for other threads to see.
  final class Ledger: Sendable {
    /// A fold that keeps checkpoints.
    struct Entry {
      /// When it began or last kept one.
      var since: Double
      /// When it was last asked, and when it will be again if its steps take as long as they took.
      var asked, next: Double
    }

    private let entries = Mutex<[Entry]>([])

    /// Is seen until `end`.
    init() { ledgers.withLock { $0[ObjectIdentifier(self)] = self } }

    func end() { ledgers.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(self)) } }

    func note(_ all: [Entry]) { entries.withLock { $0 = all } }

    /// Whether a fold has steps of more than a second to keep, and could by then.
    fileprivate func owes(by end: Double) -> Bool {
      entries.withLock { $0.contains { $0.asked - $0.since > 1 && $0.next < end } }
    }
  }

  private static let ledgers = Mutex<[ObjectIdentifier: Ledger]>([:])
}
