import ArgumentParser
import Foundation
import Records
import Reports
import Studies

/// `exp runs`
struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs", abstract: "List recorded runs, or show one.", subcommands: [List.self, Show.self],
    defaultSubcommand: List.self)

  /// `exp runs list`
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the runs of a folder, oldest first.")
    @Option(help: ArgumentHelp("Folder of run folders.", valueName: "dir")) var out: String = "runs"

    func run() throws {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: out)) ?? []
      let runs = names.compactMap { RunFolder.open(out + "/" + $0)?.readRun() }.sorted {
        ($0.started, $0.id) < ($1.started, $1.id)
      }
      guard !runs.isEmpty else { return Terminal.output.line("no runs in \(out)") }
      let width = runs.map(\.id.count).max() ?? 0
      for run in runs {
        let held = run.claims.filter(\.holds).count
        var parts = [run.state.rawValue, run.started.replacing("T", with: " ").replacing("Z", with: "")]
        if !run.claims.isEmpty { parts.append("\(held) of \(Phrase.count(run.claims.count, "claim"))") }
        if run.counts.total > 0 { parts.append(Phrase.count(run.counts.total, "trial")) }
        parts.append(Phrase.duration(run.seconds))
        Terminal.output.line(
          run.id.padding(toLength: width, withPad: " ", startingAt: 0) + "  " + parts.joined(separator: " · "))
      }
    }
  }

  /// `exp runs show RUN`
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show one run again, from its record.")
    @Argument(help: ArgumentHelp("The run's folder, or its name below runs/.", valueName: "run")) var name: String
    @Option(help: ArgumentHelp("Folder of run folders.", valueName: "dir")) var out: String = "runs"

    func run() throws {
      guard let folder = RunFolder.open(name) ?? RunFolder.open(out + "/" + name), let record = folder.readRun() else {
        SourceLoader.complain("\(name) is not the folder of a run")
        throw ExitCode(1)
      }
      let output = Terminal.output
      let options = record.options.map { "\($0.name) \(plainText($0.value))" }.joined(separator: ", ")
      let left = [record.study, "seed \(record.seed)", options, record.state.rawValue].filter { !$0.isEmpty }
      output.line(Phrase.ends(left.joined(separator: " · "), shortPath(folder.path), width: output.width))
      for field in record.versions + record.host { output.line("  \(field.name) \(plainText(field.value))") }
      output.line("  started \(record.started) · \(Phrase.duration(record.seconds))")
      if record.counts.total > 0 {
        let counts = record.counts
        output.line(
          "  \(Phrase.count(counts.total, "trial")) · \(counts.done) done · \(counts.failed) failed · "
            + "\(counts.diverged) diverged · \(counts.interrupted) interrupted")
      }
      let text = TerminalText(width: min(output.width, 110), color: output.hasColor)
      for claim in record.claims { output.line(text.claim(claim)) }
      let problems = (try? folder.checkManifest()) ?? ["not sealed: the run did not come to its end"]
      output.line(
        problems.isEmpty ? "  all files are as they were written" : problems.map { "  " + $0 }.joined(separator: "\n"))
    }
  }
}
