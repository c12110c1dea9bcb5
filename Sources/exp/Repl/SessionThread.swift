import Foundation
import Studies

/// One thread with a deep stack on which everything of a session happens, so that the main thread is free for line
/// editing and Ctrl-C.
final class SessionThread: @unchecked Sendable {
  private let wake = DispatchSemaphore(value: 0)
  private let done = DispatchSemaphore(value: 0)
  private var job: (() -> Void)?
  private var thread: WorkerThread?

  init() {
    let thread = WorkerThread(name: "session") { [unowned self] in
      while true {
        wake.wait()
        guard let job = self.job else { return }
        job()
        done.signal()
      }
    }
    if thread.start() { self.thread = thread }
  }

  /// Does something on the thread and waits for its result.
  func perform<Result>(_ body: @escaping () -> Result) -> Result? {
    guard thread != nil else { return body() }
    var result: Result?
    job = { result = body() }
    wake.signal()
    done.wait()
    job = nil
    return result
  }

  /// Ends the thread.
  func end() {
    job = nil
    wake.signal()
    thread?.join()
  }
}
