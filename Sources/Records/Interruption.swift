#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whether long work on data, such as the drawing of a figure, is to leave off. Who starts such work says by what it is interrupted; what
/// was left off is unfinished, and whoever wanted it asks once more before it is shown or kept.
public enum Interruption {
  private final class Question {
    let ask: () -> Bool
    init(_ ask: @escaping () -> Bool) { self.ask = ask }
  }

  /// Where a thread keeps what its work asks. A task-local value would do, but none can be set where Swift is linked statically.
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key, nil)
    return key
  }()

  /// Does work on this thread that leaves off once `ask` says so.
  public static func heeding<Result>(_ ask: @escaping () -> Bool, _ work: () throws -> Result) rethrows -> Result {
    let question = Question(ask), before = pthread_getspecific(key)
    pthread_setspecific(key, Unmanaged.passUnretained(question).toOpaque())
    defer { pthread_setspecific(key, before) }
    return try withExtendedLifetime(question) { try work() }
  }

  /// Whether the work of this thread is to leave off.
  public static func isRaised() -> Bool {
    guard let question = pthread_getspecific(key) else { return false }
    return Unmanaged<Question>.fromOpaque(question).takeUnretainedValue().ask()
  }

  /// Asks in a loop, at every 4096th step.
  @inline(__always) public static func isRaised(at step: Int) -> Bool { step & 0xFFF == 0 && isRaised() }

  /// The same, for work that can throw.
  @inline(__always) public static func check(at step: Int) throws {
    if isRaised(at: step) { throw CancellationError() }
  }
}
