import Diagnostics
import Evaluation
import Foundation
import Records
import Reports
import Studies

/// A run as text: on a terminal with a moving bar, elsewhere as plain lines.
final class RunView: RunListener {
  private let terminal: Terminal
  private let status: StatusLine
  private let clock = Date()
  private var lastPlainProgress = 0.0
  private var spaceBefore = false
  private var header: RunHeader?
  private var computingShown = 0.0

  init(_ terminal: Terminal = .output) {
    self.terminal = terminal
    status = StatusLine(terminal)
  }

  func receive(_ event: RunEvent) {
    switch event {
    case .started(let header): begin(header)
    case .prose(let paragraphs): paragraphs.forEach(prose)
    case .shown(let shown): show(shown)
    case .printed(let text): block(self.text.item(.printed(text)), apart: false)
    case .cited(let text): block(self.text.item(.citation(text)), apart: false)
    case .sweepStarted(let name, let trials):
      lastPlainProgress = 0
      if !terminal.isInteractive { block("  \(name)  \(Phrase.count(trials, "trial")) begin", apart: true) }
    case .trialEnded(let trial): trialEnded(trial)
    case .sweepProgress(let progress): sweep(progress)
    case .sweepEnded(let summary): sweepEnded(summary)
    case .computing(let report, let elapsed): computing(report, elapsed)
    case .tracked, .code, .option: break
    case .noticed(let text): block("  ! " + text, apart: false)
    case .claimed(let claim): self.claim(claim)
    case .finished(let summary): finish(summary)
    }
  }

  /// Takes a bar away that was left when something stopped.
  func clearStatus() { status.clear() }

  // MARK: pieces

  private func begin(_ header: RunHeader) {
    self.header = header
    let options = header.options.map { "\($0.name) \(plainText($0.value))" }.joined(separator: ", ")
    let threads = header.threads > 0 ? Phrase.count(header.threads, "thread") : ""
    let workers = header.workers > 1 ? Phrase.count(header.workers, "worker") + " of " : ""
    let machine = [workers + threads, header.machine].filter { !$0.isEmpty }.joined(separator: ", ")
    let left = [header.study, "seed \(header.seed)", options, machine].filter { !$0.isEmpty }.joined(separator: " · ")
    terminal.line(Phrase.ends(left, header.folder.map(shortPath) ?? "", width: terminal.width))
    spaceBefore = true
  }

  private var text: TerminalText { TerminalText(width: min(terminal.width, 110), color: terminal.hasColor) }

  private func prose(_ markdown: String) {
    block(text.prose(markdown), apart: true)
    spaceBefore = true
  }

  private func show(_ shown: ShownValue) {
    let item: StudyRecord.Item
    switch shown.value {
    case .table(let table): item = .table(name: shown.name ?? "", table, file: shown.file ?? "")
    case .figure(let figure):
      item = .figure(figure, stem: shown.file.map { NSString(string: $0).deletingPathExtension } ?? "")
    default: item = .value(name: shown.name, shown.value)
    }
    let drawn = text.item(item), isLarge = drawn.contains("\n")
    if Interruption.isRaised() { return }
    block(drawn, apart: isLarge)
    spaceBefore = isLarge
  }

  private func trialEnded(_ trial: TrialEvent) {
    guard trial.outcome.status == .failed || trial.outcome.status == .diverged else { return }
    let place = trial.coordinates.map { "\($0.name) \(plainText($0.value))" }.joined(separator: ", ")
    let why = trial.outcome.error.map { "\(DatumText.line($0.message)) (\($0.id))" } ?? trial.outcome.status.rawValue
    block("  " + terminal.styled("✗", .red) + " trial \(place): \(why)", apart: false)
  }

  private func sweep(_ progress: SweepProgress) {
    let rate = progress.elapsed > 0 ? Double(progress.done) / progress.elapsed : 0
    var parts = ["\(progress.done) done"]
    if progress.failed > 0 { parts.append("\(progress.failed) failed") }
    if progress.running > 0 { parts.append("\(progress.running) running") }
    if progress.done > 0 { parts.append(Phrase.rate(rate, "trials")) }
    if let left = progress.left, progress.done < progress.total { parts.append(Phrase.duration(left) + " left") }
    let words = parts.joined(separator: " · ")
    let start = "  \(progress.sweep)  \(Phrase.count(progress.total, "trial"))  "
    if terminal.isInteractive {
      let room = terminal.width - start.count - words.count - 4
      status.show(start + (room >= 8 ? Phrase.bar(progress.share, width: min(room, 32)) + "  " : "") + words)
    } else if progress.elapsed - lastPlainProgress >= 10 {
      lastPlainProgress = progress.elapsed
      terminal.line(start + words)
    }
  }

  private func sweepEnded(_ summary: SweepSummary) {
    status.clear()
    var parts = ["\(Phrase.count(summary.done, "trial")) done"]
    if summary.reused > 0 {
      let all = summary.done + summary.failed + summary.interrupted
      parts.append("\(summary.reused) of \(Phrase.count(all, "trial")) from the record")
    }
    if summary.failed > 0 { parts.append("\(summary.failed) failed") }
    if summary.interrupted > 0 { parts.append("\(summary.interrupted) not run to the end") }
    parts.append(Phrase.duration(summary.seconds))
    if let file = summary.file { parts.append(file) }
    block("  \(summary.name)  " + parts.joined(separator: " · "), apart: terminal.isInteractive)
    spaceBefore = true
  }

  private func computing(_ report: ProgressReport, _ elapsed: Double) {
    guard elapsed > 0.5 else { return }
    if report.step == report.total { return status.clear() }
    let line = ProgressText.computing(report, elapsed: elapsed, width: terminal.width)
    if terminal.isInteractive {
      status.show(line)
    } else if elapsed - computingShown >= 10 || elapsed < computingShown {
      computingShown = elapsed
      terminal.line(line)
    }
  }

  private func claim(_ claim: ClaimOutcome) {
    block(text.claim(RunRecord.Claim(claim)), apart: spaceBefore)
    spaceBefore = false
  }

  private func finish(_ summary: RunSummary) {
    status.clear()
    guard header != nil else { return }
    terminal.line()
    terminal.line(SummaryText.line(summary))
  }

  // MARK: layout

  /// Writes lines above the status line, with an empty line before them if asked for.
  private func block(_ text: String, apart: Bool) {
    status.clear()
    terminal.write((apart || spaceBefore ? "\n" : "") + text + "\n")
    spaceBefore = false
  }
}

/// A path from the current folder where that is shorter.
func shortPath(_ path: String) -> String {
  let here = FileManager.default.currentDirectoryPath + "/"
  return path.hasPrefix(here) ? String(path.dropFirst(here.count)) : path
}
