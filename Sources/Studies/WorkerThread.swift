import Evaluation
import Foundation

/// A thread with a stack deep enough for interpreted programs. Threads that run trials are marked, so that a sweep
/// inside a trial stays on the trial's own thread.
public final class WorkerThread: @unchecked Sendable {
  /// Bytes of stack: address space, of which only what is used becomes memory.
  public static let stackBytes = 512 << 20

  private static let trialMark = "exp.runs-trials"
  private let name: String
  private let stackBytes: Int
  private let runsTrials: Bool
  private let body: () -> Void
  private let finished = DispatchSemaphore(value: 0)

  /// A thread that runs `body` once started.
  public init(
    name: String, runsTrials: Bool = false, stackBytes: Int = WorkerThread.stackBytes, _ body: @escaping () -> Void
  ) {
    self.name = name
    self.stackBytes = stackBytes
    self.runsTrials = runsTrials
    self.body = body
  }

  /// True on a thread that runs trials.
  public static var isRunningTrials: Bool { Thread.current.threadDictionary[trialMark] != nil }

  /// Begins; false where the system gives no thread, however small its stack: its body does not run then, and nobody
  /// waits for its end.
  @discardableResult public func start() -> Bool {
    let isThere = SystemThread.start(name: name, stackBytes: stackBytes) { [self] in runHere() }
    if !isThere { finished.signal() }
    return isThere
  }

  /// Runs the body on the thread that calls.
  public func runHere() {
    let marks = Thread.current.threadDictionary, before = marks[Self.trialMark]
    if runsTrials { marks[Self.trialMark] = true }
    body()
    marks[Self.trialMark] = before
    finished.signal()
  }

  /// Waits for the body to end; call once.
  public func join() { finished.wait() }

  /// Waits at most that many seconds; false when the body still runs.
  public func join(seconds: Double) -> Bool { finished.wait(timeout: .now() + seconds) == .success }

  /// Runs a body on a thread with a deep stack and returns what it gives.
  public static func run<Result>(name: String, _ body: @escaping () -> Result) -> Result? {
    var result: Result?
    let thread = WorkerThread(name: name) { result = body() }
    if thread.start() { thread.join() } else { thread.runHere() }
    return result
  }
}
