import Evaluation
import Foundation
import Studies

/// The last line of a run.
enum SummaryText {
  /// `3 of 3 claims hold · 51 trials in 4.1 s · report runs/x/report.html`
  static func line(_ summary: RunSummary) -> String {
    var parts: [String] = []
    switch summary.status {
    case .interrupted: parts.append("stopped")
    case .scriptWrong: parts.append("stopped by an error")
    case .notRecorded: parts.append("not recorded")
    default: break
    }
    if summary.claims > 0 { parts.append(Phrase.claims(summary.claimsHeld, of: summary.claims)) }
    let time = Phrase.duration(summary.seconds)
    parts.append(summary.trials > 0 ? "\(Phrase.count(summary.trials, "trial")) in \(time)" : time)
    if summary.failedTrials > 0 { parts.append("\(Phrase.count(summary.failedTrials, "trial")) failed") }
    if let folder = summary.folder {
      let isWhole = summary.status != .notRecorded
      parts.append(isWhole ? "report \(shortPath(folder))/report.html" : "what there is lies in \(shortPath(folder))")
    }
    return parts.joined(separator: " · ")
  }
}

/// Progress of one long computation.
enum ProgressText {
  /// `███▌      12 400 of 100 000 · loss 0.021 · 9 800 steps/s · 9 s left`
  static func computing(_ report: ProgressReport, elapsed: Double, width: Int) -> String {
    var parts = [Phrase.grouped(report.step) + (report.total.map { " of " + Phrase.grouped($0) } ?? " steps")]
    if let loss = report.loss { parts.append(String(format: "loss %.3g", loss)) }
    let rate = elapsed > 0 ? Double(report.step) / elapsed : 0
    if rate > 0 { parts.append(Phrase.rate(rate, "steps")) }
    guard let total = report.total, total > 0 else { return "  " + parts.joined(separator: " · ") }
    if rate > 0 { parts.append(Phrase.duration(Double(max(0, total - report.step)) / rate) + " left") }
    let words = parts.joined(separator: " · ")
    let room = min(24, width - words.count - 6)
    let bar = room >= 8 ? Phrase.bar(Double(report.step) / Double(total), width: room) + "  " : ""
    return "  " + bar + words
  }
}
