import Evaluation
import Foundation

/// What Ctrl-C does. The handler only calls the action, which must be safe in a signal handler: it sets flags that
/// others poll.
enum Interrupts {
  /// Number of Ctrl-C since the last `begin`; a second one changes nothing.
  nonisolated(unsafe) private(set) static var count: Int32 = 0
  nonisolated(unsafe) private static var action: (() -> Void)?

  /// Calls an action at every Ctrl-C from now on. System calls on other threads are taken up again where they were.
  static func begin(restartingCalls: Bool = true, _ newAction: @escaping () -> Void) {
    action = newAction
    count = 0
    var handler = sigaction()
    #if canImport(Darwin)
      handler.__sigaction_u.__sa_handler = { _ in Interrupts.fire() }
    #else
      handler.__sigaction_handler.sa_handler = { _ in Interrupts.fire() }
    #endif
    handler.sa_flags = restartingCalls ? SA_RESTART : 0
    sigaction(SIGINT, &handler, nil)
    sigaction(SIGTERM, &handler, nil)
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
      fire()
    }
    thread.start()
  }

  private static func fire() {
    count &+= 1
    action?()
  }
}
