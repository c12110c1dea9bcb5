import Evaluation
import Studies

/// What cells say besides their value: prints, progress, sweeps, claims.
final class ReplView: RunListener {
  /// How figures appear.
  let figures = FigureView()
  private let view = RunView()
  private var last: ProgressReport?
  /// Claims that did not hold.
  private(set) var failedClaims = 0

  func receive(_ event: RunEvent) {
    switch event {
    case .started, .finished, .prose, .code, .option: return
    case .tracked, .noticed: break
    case .computing(let report, _): last = report
    case .shown(let shown):
      last = nil
      if case .figure(let figure) = shown.value, figures.draw(figure, width: min(Terminal.output.width, 120)) { return }
    case .claimed(let claim):
      last = nil
      if !claim.holds { failedClaims += 1 }
    default: last = nil
    }
    view.receive(event)
  }

  /// A cell begins.
  func begin() { last = nil }

  /// A cell ended, however: nothing of a progress bar is left.
  func end() { view.clearStatus() }

  /// ` at step 12 431 of 100 000`, when something that counts its steps was at work.
  var whereItStopped: String {
    guard let last, last.step != last.total else { return "" }
    return " at step \(Phrase.grouped(last.step))" + (last.total.map { " of " + Phrase.grouped($0) } ?? "")
  }
}
