import Foundation
import Synchronization

/// Acts, and acts again, once this process has used so many seconds of processor time, or five times as many have passed:
/// on a machine that is busy with other things the clock runs ahead of what is done.
final class TimeLimit: @unchecked Sendable {
  private struct State {
    var hasEnded = false
    var hasActed = false
  }
  private let state = Mutex(State())
  private let timer = DispatchSource.makeTimerSource(queue: .global())

  /// The limit in seconds; `act` is called on another thread. `byClock` they are those of the clock alone, for a part of what the
  /// process does.
  init(_ seconds: Double, byClock: Bool = false, act: @escaping @Sendable () -> Void) {
    let began = DispatchTime.now().uptimeNanoseconds, used = clock()
    timer.setEventHandler { [weak self] in
      let waited = Double(DispatchTime.now().uptimeNanoseconds - began) * 1e-9
      let worked = Double(clock() - used) / Double(CLOCKS_PER_SEC)
      guard byClock ? waited >= seconds : worked > seconds || waited > 5 * seconds else { return }
      self?.state.withLock {
        if $0.hasEnded { return }
        $0.hasActed = true
        act()
      }
    }
    timer.schedule(deadline: .now() + (byClock ? seconds : seconds / 2), repeating: 0.05)
    timer.resume()
  }

  /// Acts no more; gives whether it ever did.
  @discardableResult func end() -> Bool {
    timer.cancel()
    return state.withLock {
      $0.hasEnded = true
      return $0.hasActed
    }
  }
}
