import Synchronization

/// How many of a sweep's threads have no trial any more: the trials that still run may use them. No result depends on how many
/// there are, since a plan gives the same bits on any number of threads.
public final class IdleThreads: Sendable {
  private let number: Atomic<Int>

  /// Makes one for a sweep with `count` threads too many from the start.
  public init(_ count: Int = 0) { number = Atomic(count) }

  /// How many there are now.
  public var count: Int { number.load(ordering: .relaxed) }

  /// `more` threads found nothing more to do.
  public func add(_ more: Int) { number.add(more, ordering: .relaxed) }
}
