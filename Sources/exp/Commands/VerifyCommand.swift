import ArgumentParser
import Diagnostics
import Evaluation
import Foundation
import Notation
import Records
import Studies
import Tensors

/// `exp verify RUN`
struct VerifyCommand: ParsableCommand, AnswersInJSON {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Run a recorded study again and compare every number, bit for bit.",
    discussion: """
      The study's text, options and seed are those in the run's folder; nothing is taken from records, and nothing is kept. \
      The exit status is 0 when all is the same, 1 when something differs, 2 when the run cannot be verified.
      """)

  @Argument(help: ArgumentHelp("The run's folder, or its name below runs/.", valueName: "run")) var name: String
  @Option(help: ArgumentHelp("Folder of run folders.", valueName: "dir"), transform: PathArgument.named)
  var out: String = "runs"
  @Option(help: "Run only so many trials of each sweep, drawn at random; the others are taken from the record.")
  var sample: Int?
  @OptionGroup var threading: ThreadOptions
  @Option(help: ArgumentHelp("Folder with data files; may be repeated.", valueName: "dir")) var data: [String] = []
  @Flag(help: "Print one JSON object.") var json = false

  func validate() throws {
    if let sample, sample < 1 { throw ValidationError("--sample is at least 1") }
    try StudyOptions.checkFolders(data)
  }

  func run() throws {
    let folder = try RunLookup.folder(name, below: out, ofStudy: true)
    guard let record = folder.readRun(), !record.state.isUnfinished else {
      throw RunLookup.failure("\(shortPath(folder.path)) did not come to its end: there is nothing to compare with")
    }
    // A record that was changed since it was written cannot be verified.
    if let damage = RunLookup.damage(folder) { throw RunLookup.failure(damage) }
    let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("exp-verify-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    let summary = try RunReplay(folder: folder, record: record, data: data).execute(
      in: scratch, threads: threading.count, sample: sample)
    guard let made = summary.folder.flatMap({ RunFolder.open($0) }) else {
      throw RunLookup.failure("the study could not be run again", summary.diagnostics)
    }
    if summary.status == .interrupted { throw ExitCode(RunStatus.interrupted.rawValue) }
    let comparison = RunComparison(folder, made)
    let difference = comparison.data().first ?? comparison.results().first
    if summary.status >= .scriptWrong, record.state == .done, !summary.diagnostics.isEmpty, !json {
      DiagnosticText.report(summary.diagnostics, didRun: summary.hasRun)
    }
    report(difference, comparison, summary, reused: made.readRun()?.counts.reused ?? 0)
    if difference != nil { throw ExitCode(1) }
  }

  private func report(
    _ difference: RunDifference?, _ comparison: RunComparison, _ summary: RunSummary, reused: Int
  ) {
    let output = Terminal.output
    if json {
      var members: [JSON.Member] = [
        .init("same", .bool(difference == nil)), .init("trials", .int(summary.trials)),
        .init("run_again", .int(summary.trials - reused)),
      ]
      if !summary.diagnostics.isEmpty {
        members.append(.init("problems", .array(summary.diagnostics.map(JSONView.object))))
      }
      if let difference {
        members += [
          .init("place", .string(difference.place)), .init("recorded", .string(difference.first)),
          .init("now", .string(difference.second)),
          .init(
            "programs",
            .array(
              comparison.programs().map {
                JSON.object([
                  .init("place", .string($0.place)), .init("recorded", .string($0.first)),
                  .init("now", .string($0.second)),
                ])
              })),
        ]
      }
      return output.line(JSON.object(members).compact)
    }
    guard let difference else {
      var parts: [String] = []
      let trials = Phrase.count(summary.trials, "trial")
      if reused > 0 {
        parts.append("\(summary.trials - reused) of \(trials), drawn at random")
      } else if summary.trials > 0 {
        parts.append(trials)
      }
      let extent = comparison.extent()
      for (count, word) in [
        (extent.tables, "table"), (extent.figures, "figure"), (extent.values, "value"), (extent.claims, "claim"),
        (extent.errors, "error"),
      ] where count > 0 { parts.append(Phrase.count(count, word)) }
      parts.append(Phrase.duration(summary.seconds))
      return output.line("same · " + parts.joined(separator: " · "))
    }
    output.line("different: " + difference.place)
    output.line("  recorded  " + difference.first)
    output.line("  now       " + difference.second)
    for program in comparison.programs() {
      output.line("what computed is not the same: \(program.place)  \(program.first) → \(program.second)")
    }
  }
}
