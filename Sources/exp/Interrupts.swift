import Evaluation
import Foundation
import Studies

/// What Ctrl-C does, and SIGTERM, and where `begin` says so the end of the terminal (SIGHUP). The handler only calls the action, which
/// must be safe in a signal handler: it sets flags that others poll.
enum Interrupts {
  /// Number of Ctrl-C since the last `begin`.
  nonisolated(unsafe) private(set) static var count: Int32 = 0
  nonisolated(unsafe) private static var action: (() -> Void)?
  nonisolated(unsafe) private static var keepsFirst = false
  /// Whether trainings still have time to keep a checkpoint, and whether a person would not wait for them.
  nonisolated(unsafe) private static var isKeeping = false
  nonisolated(unsafe) private static var isHurried = false

  /// Seconds that a run's trainings have to keep a checkpoint when it is to stop.
  private static let keepingTime = 5.0

  /// Calls an action at every Ctrl-C from now on. System calls on other threads are taken up again where they were. With `keepsFirst`
  /// trainings that have steps to keep do so before the action, unless there is a second Ctrl-C. A terminal that is closed counts as one
  /// where it `endsWithTerminal`, unless its signal was ignored when the process began, as by `nohup`.
  static func begin(
    restartingCalls: Bool = true, keepsFirst: Bool = false, endsWithTerminal: Bool = true,
    _ newAction: @escaping () -> Void
  ) {
    action = newAction
    Interrupts.keepsFirst = keepsFirst && bell != nil
    count = 0
    (isKeeping, isHurried) = (false, false)
    var handler = sigaction()
    #if canImport(Darwin)
      handler.__sigaction_u.__sa_handler = { Interrupts.fire($0) }
    #else
      handler.__sigaction_handler.sa_handler = { Interrupts.fire($0) }
    #endif
    handler.sa_flags = restartingCalls ? SA_RESTART : 0
    sigaction(SIGINT, &handler, nil)
    sigaction(SIGTERM, &handler, nil)
    if endsWithTerminal, !isIgnored(SIGHUP) { sigaction(SIGHUP, &handler, nil) }
  }

  private static func isIgnored(_ signal: Int32) -> Bool {
    var handler = sigaction()
    guard sigaction(signal, nil, &handler) == 0 else { return false }
    #if canImport(Darwin)
      let function = handler.__sigaction_u.__sa_handler
    #else
      let function = handler.__sigaction_handler.sa_handler
    #endif
    return unsafeBitCast(function, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// Whether the warning came that time is nearly up.
  nonisolated(unsafe) private(set) static var isWarned = false

  /// Takes the signal with which Slurm warns of the end of a job's time (SIGUSR1): trainings keep a checkpoint, and `grace`
  /// seconds later everything stops as by Ctrl-C.
  static func heedWarning(grace: Double) {
    var handler = sigaction()
    #if canImport(Darwin)
      handler.__sigaction_u.__sa_handler = { _ in Interrupts.isWarned = true }
    #else
      handler.__sigaction_handler.sa_handler = { _ in Interrupts.isWarned = true }
    #endif
    handler.sa_flags = SA_RESTART
    sigaction(SIGUSR1, &handler, nil)
    let thread = Thread {
      while !isWarned { Thread.sleep(forTimeInterval: 0.2) }
      CheckpointClock.request()
      Thread.sleep(forTimeInterval: grace)
      count &+= 1
      action?()
    }
    thread.start()
  }

  private static func fire(_ signal: Int32) {
    count &+= 1
    guard keepsFirst, let bell, count == 1 || isKeeping else {
      action?()
      return
    }
    guard count == 1 else {
      // Who closes a terminal or ends a job may say so more than once; only Ctrl-C comes from somebody who waits.
      if signal == SIGINT {
        isHurried = true
        action?()
      }
      return
    }
    isKeeping = true
    let error = errno
    var byte: UInt8 = 0
    if write(bell, &byte, 1) != 1 {
      isKeeping = false
      action?()
    }
    errno = error
  }

  /// Where a byte is written for a thread that has checkpoints kept and then calls the action; nil where the system gives none.
  private static let bell: Int32? = {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let reader = ends[0]
    let thread = WorkerThread(name: "interrupts", stackBytes: 1 << 20) {
      var byte: UInt8 = 0
      while true {
        let got = read(reader, &byte, 1)
        if got < 0, errno == EINTR { continue }
        guard got == 1 else { return }
        CheckpointClock.settle(within: keepingTime) {
          isHurried
        } whenSlow: {
          SourceLoader.complain("trainings keep a checkpoint; Ctrl-C again leaves at once")
        }
        isKeeping = false
        action?()
      }
    }
    return thread.start() ? ends[1] : nil
  }()
}
