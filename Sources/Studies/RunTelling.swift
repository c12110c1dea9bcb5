import Diagnostics
import Evaluation
import Foundation
import Records

/// Tells a listener of a run that other processes work on: what it would have heard from the run itself, the sweeps as they
/// go, all else when the run has ended.
public final class RunTelling {
  private let folder: RunFolder
  private let listener: any RunListener
  private var begun: [String: Double] = [:]
  private var isOver: Set<String> = []
  private var hasStarted = false

  /// Of a run's folder.
  public init(_ folder: RunFolder, _ listener: any RunListener) {
    self.folder = folder
    self.listener = listener
  }

  /// Tells what is new in a picture.
  public func tell(_ picture: RunWatcher.Picture) {
    if !hasStarted {
      hasStarted = true
      let run = picture.run
      listener.receive(
        .started(
          RunHeader(
            study: run.study, seed: run.seed, options: run.options, threads: 0, machine: "", folder: folder.path)))
    }
    for sweep in picture.sweeps where begun[sweep.name] == nil && sweep.total > 0 {
      begun[sweep.name] = monotonicSeconds()
      listener.receive(.sweepStarted(name: sweep.name, trials: sweep.total))
    }
    for event in picture.ended { listener.receive(.trialEnded(event)) }
    for sweep in picture.sweeps where !isOver.contains(sweep.name) {
      guard let start = begun[sweep.name] else { continue }
      tell(sweep, elapsed: monotonicSeconds() - start, running: picture.running)
    }
  }

  private func tell(_ sweep: RunWatcher.Sweep, elapsed: Double, running: Int) {
    let ended = sweep.done + sweep.failed
    guard ended == sweep.total else {
      return listener.receive(
        .sweepProgress(
          SweepProgress(
            sweep: sweep.name, done: ended, failed: sweep.failed, running: running, total: sweep.total,
            share: Double(ended) / Double(sweep.total), elapsed: elapsed, left: nil)))
    }
    isOver.insert(sweep.name)
    listener.receive(
      .sweepEnded(
        SweepSummary(
          name: sweep.name, done: sweep.done, failed: sweep.failed, interrupted: 0, reused: sweep.reused,
          seconds: elapsed, file: nil)))
  }

  /// Tells what an ended run showed, and its end.
  public func end(_ picture: RunWatcher.Picture) -> RunSummary {
    for event in folder.readStudy()?.events ?? [] { listener.receive(event) }
    let summary = RunSummary(picture.run, folder: folder)
    listener.receive(.finished(summary))
    return summary
  }
}

extension RunSummary {
  /// The end of a run, from its record.
  public init(_ run: RunRecord, folder: RunFolder) {
    let held = run.claims.filter(\.holds).count
    let failed = run.counts.failed + run.counts.diverged
    var status = RunStatus.good
    if held < run.claims.count { status = .claimFailed }
    if run.state == .failed { status = max(status, .scriptWrong) }
    if failed > 0 { status = max(status, .trialsFailed) }
    if run.state != .done, run.state != .failed { status = max(status, .interrupted) }
    self.init(
      status: status, hasRun: true, claimsHeld: held, claims: run.claims.count, trials: run.counts.done + failed,
      failedTrials: failed, seconds: run.seconds, folder: folder.path, diagnostics: [], firstTrialError: nil)
  }
}

extension StudyRecord {
  /// What a listener would have heard of what the study showed, without its sweeps.
  public var events: [RunEvent] {
    var figures = 0
    return items.compactMap { item -> RunEvent? in
      func shown(_ value: Datum, _ name: String?, _ file: String?) -> RunEvent {
        let file = file.flatMap { $0.isEmpty ? nil : $0 }
        return .shown(ShownValue(value: value, name: name, span: .none, file: file, figure: nil))
      }
      switch item {
      case .prose(let text): return .prose([text])
      case .value(let name, let value): return shown(value, name, nil)
      case .table(let name, let table, let file): return shown(.table(table), name, file)
      case .figure(let figure, let stem):
        figures += 1
        return shown(.figure(figure), nil, stem.isEmpty ? nil : stem + ".svg")
      case .claim(let claim):
        let error = claim.error.isEmpty ? nil : Diagnostic("", claim.error, at: .none)
        return .claimed(
          ClaimOutcome(text: claim.text, holds: claim.holds, numbers: claim.numbers, error: error, span: .none))
      case .printed(let text): return .printed(text)
      case .citation(let text): return .cited(text)
      case .code, .error, .coverage, .series: return nil
      }
    }
  }
}
