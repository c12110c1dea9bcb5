import Evaluation
import Studies

/// What cells say besides their value: prints, progress, sweeps, claims.
final class ReplView: RunListener {
  private let view = RunView()

  func receive(_ event: RunEvent) {
    switch event {
    case .started, .finished, .prose: break
    default: view.receive(event)
    }
  }
}
