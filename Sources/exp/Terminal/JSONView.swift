import Diagnostics
import Evaluation
import Notation
import Records
import Studies

/// `--json`: one object per event, one per line; `event` names it. Progress is told at most once a second.
final class JSONView: RunListener {
  private let terminal: Terminal
  /// Whether only the last event is told.
  private let isQuiet: Bool
  private var lastProgress = -1.0

  init(_ terminal: Terminal = .output, isQuiet: Bool = false) {
    self.terminal = terminal
    self.isQuiet = isQuiet
  }

  func receive(_ event: RunEvent) {
    if isQuiet {
      guard case .finished = event else { return }
    }
    guard let object = object(event) else { return }
    terminal.line(object.compact)
  }

  private func object(_ event: RunEvent) -> JSON? {
    switch event {
    case .started(let header):
      return [
        "event": "started", "study": .string(header.study), "seed": .int(header.seed),
        "options": .object(Datum.members(header.options)), "threads": .int(header.threads),
        "workers": .int(header.workers),
        "machine": .string(header.machine), "folder": text(header.folder),
      ]
    case .code, .option: return nil
    case .prose(let paragraphs): return ["event": "prose", "markdown": .string(paragraphs.joined(separator: "\n\n"))]
    case .shown(let shown):
      return [
        "event": "shown", "name": text(shown.name), "value": shown.value.json, "file": text(shown.file),
      ]
    case .printed(let line): return ["event": "printed", "text": .string(line)]
    case .cited(let line): return ["event": "cited", "text": .string(line)]
    case .sweepStarted(let name, let trials):
      lastProgress = -1
      return ["event": "sweep_started", "name": .string(name), "trials": .int(trials)]
    case .trialEnded(let trial):
      return [
        "event": "trial", "sweep": .string(trial.sweep), "index": .int(trial.index),
        "coordinates": .object(Datum.members(trial.coordinates)), "status": .string(trial.outcome.status.rawValue),
        "fields": .object(Datum.members(trial.outcome.fields)), "seconds": .float(trial.outcome.seconds),
        "error": trial.outcome.error.map(Self.object) ?? .null,
      ]
    case .sweepProgress(let progress):
      guard progress.elapsed - lastProgress >= 1 || progress.elapsed < lastProgress else { return nil }
      lastProgress = progress.elapsed
      return [
        "event": "sweep_progress", "sweep": .string(progress.sweep), "done": .int(progress.done),
        "running": .int(progress.running), "total": .int(progress.total), "share": .float(progress.share),
        "left": progress.left.map(JSON.float) ?? .null,
      ]
    case .sweepEnded(let summary):
      return [
        "event": "sweep_ended", "name": .string(summary.name), "done": .int(summary.done),
        "failed": .int(summary.failed),
        "interrupted": .int(summary.interrupted), "reused": .int(summary.reused), "seconds": .float(summary.seconds),
        "file": text(summary.file),
      ]
    case .computing(let report, let elapsed):
      guard elapsed - lastProgress >= 1 || elapsed < lastProgress else { return nil }
      lastProgress = elapsed
      return [
        "event": "progress", "step": .int(report.step), "total": report.total.map(JSON.int) ?? .null,
        "loss": report.loss.map(JSON.float) ?? .null,
      ]
    case .claimed(let claim):
      return [
        "event": "claim", "text": .string(claim.text), "holds": .bool(claim.holds),
        "numbers": .object(Datum.members(claim.numbers)), "error": claim.error.map(Self.object) ?? .null,
      ]
    case .noticed(let text): return ["event": "noticed", "text": .string(text)]
    case .tracked(_, trial: .some): return nil
    case .tracked(let row, trial: nil): return ["event": "tracked", "row": .object(Datum.members(row))]
    case .finished(let summary):
      return [
        "event": "finished", "status": .int(Int(summary.status.rawValue)), "claims_held": .int(summary.claimsHeld),
        "claims": .int(summary.claims), "trials": .int(summary.trials), "failed_trials": .int(summary.failedTrials),
        "seconds": .float(summary.seconds), "folder": text(summary.folder),
        "errors": .array(summary.diagnostics.map(Self.object)),
      ]
    }
  }

  private func text(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }

  /// A diagnostic with its place.
  static func object(_ diagnostic: Diagnostic) -> JSON {
    var members: [JSON.Member] = [
      .init("id", .string(diagnostic.id)), .init("severity", .string(diagnostic.severity.rawValue)),
      .init("message", .string(diagnostic.message)),
    ]
    if let file = SourceStore.shared.file(diagnostic.span.file) {
      let place = file.position(Int(diagnostic.span.lower))
      members.append(.init("file", .string(file.name)))
      members.append(.init("line", .int(place.line)))
      members.append(.init("column", .int(place.column)))
    }
    if !diagnostic.label.isEmpty { members.append(.init("label", .string(diagnostic.label))) }
    if !diagnostic.help.isEmpty { members.append(.init("help", .array(diagnostic.help.map(JSON.string)))) }
    return .object(members)
  }
}
