import ArgumentParser
import Diagnostics
import Foundation
import Notation
import Records
import Reports
import Studies

/// `exp runs`
struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs", abstract: "List recorded runs, show one, tag, remove or clear them.",
    subcommands: [List.self, Show.self, Tag.self, Remove.self, Collect.self], defaultSubcommand: List.self)

  /// `exp runs list`
  struct List: ParsableCommand, AnswersInJSON {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the runs of a folder, oldest first.",
      discussion: """
        --where takes comparisons such as noise = 0.2, claims = passed, tag = paper or started >= 2026-11, joined by and, or, \
        not and brackets. Names are the options of the study and \(RunFilter.names.joined(separator: ", ")); \
        option.seed is an option that has such a name.
        """)
    @OptionGroup var place: RunsPlace
    @Option(
      name: .customLong("where"), help: ArgumentHelp("List only the runs of which this holds.", valueName: "filter"))
    var filter: String?
    @Option(help: ArgumentHelp("List only so many, the newest.", valueName: "n")) var last: Int?
    @Flag(help: "Print one JSON object per run.") var json = false

    func validate() throws {
      if let last, last < 1 { throw ValidationError("--last is at least 1") }
    }

    func run() throws {
      let list = try place.list()
      var entries = try RunsPlace.filtered(list, filter)
      if let last { entries = Array(entries.suffix(last)) }
      if json {
        for entry in entries { Terminal.output.line(RunsPlace.json(entry).compact) }
      } else if entries.isEmpty {
        Terminal.output.line(list.entries.isEmpty ? "no runs in \(place.out)" : "no such runs in \(place.out)")
      } else {
        show(entries)
      }
      for name in list.unreadable { SourceLoader.complain(RunFolder.whyUnread("\(place.out)/\(name)")) }
      for name in list.unbegun {
        SourceLoader.complain("\(place.out)/\(name) was left before its run had begun: it has no run.json")
      }
    }

    private func show(_ entries: [RunList.Entry]) {
      let width = entries.map(\.folder.name.count).max() ?? 0
      let lines = entries.map { entry in
        let name = entry.folder.name.padding(toLength: width, withPad: " ", startingAt: 0)
        return name + "  " + RunsPlace.line(entry)
      }
      Terminal.output.line(lines.joined(separator: "\n"))
    }
  }

  /// `exp runs show RUN`
  struct Show: ParsableCommand, AnswersInJSON {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "Show one run again, from its record.")
    @Argument(help: ArgumentHelp("The run's folder, or its name below runs/.", valueName: "run")) var name: String
    @OptionGroup var place: RunsPlace
    @Flag(help: "Print the run as JSON.") var json = false

    func run() throws {
      let folder = try RunLookup.folder(name, below: place.out, ofStudy: true)
      guard var record = folder.readRun() else { throw RunLookup.failure("\(folder.path)/run.json cannot be read") }
      record.state = RunLife.state(record, of: folder, RunLife(folder).waitForVerdict())
      let output = Terminal.output
      if json { return output.line(record.json.compact) }
      let options = record.options.map { "\($0.name) \(plainText($0.value))" }.joined(separator: ", ")
      let left = [record.study, "seed \(record.seed)", options, record.state.rawValue].filter { !$0.isEmpty }
      output.line(Phrase.ends(left.joined(separator: " · "), shortPath(folder.path), width: output.width))
      for field in record.versions + record.host { output.line("  \(field.name) \(plainText(field.value))") }
      output.line("  started \(record.started) · \(Phrase.duration(record.seconds))")
      let tags = folder.tags()
      if !tags.isEmpty { output.line("  tags \(tags.joined(separator: ", "))") }
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

/// Where runs lie, and which of them are meant.
struct RunsPlace: ParsableArguments {
  @Option(help: ArgumentHelp("Folder of run folders.", valueName: "dir"), transform: PathArgument.named)
  var out: String = "runs"

  func list() throws -> RunList {
    do {
      var list = try RunList.read(out)
      list.judge()
      return list
    } catch { throw RunLookup.failure("\(error)") }
  }

  /// The runs of which a filter holds; all without one. A text that is no filter is an error of the command line.
  static func filtered(_ list: RunList, _ text: String?) throws -> [RunList.Entry] {
    guard let text else { return list.entries }
    let filter: RunFilter
    do { filter = try RunFilter(text) } catch let failure as RunFilter.Failure {
      throw RunLookup.failure(
        "--where: \(failure.message)\n  \(text)\n  \(String(repeating: " ", count: failure.offset))^")
    }
    if let name = filter.unknownNames(in: list.entries).first, !list.entries.isEmpty {
      let known = RunFilter.names + list.entries.flatMap { $0.run.options.map(\.name) }
      let near = nearestName(name, among: Set(known).sorted()).map { "; did you mean `\($0)`?" } ?? ""
      throw RunLookup.failure("--where: no run has an option `\(name)`" + near)
    }
    return list.entries.filter(filter.holds)
  }

  /// State, time, claims, trials and tags of a run on one line.
  static func line(_ entry: RunList.Entry) -> String {
    let run = entry.run
    var parts = [run.state.rawValue, String(run.started.prefix(19)).replacing("T", with: " ")]
    if !run.claims.isEmpty {
      parts.append("\(run.claims.filter(\.holds).count) of \(Phrase.count(run.claims.count, "claim"))")
    }
    if run.counts.total > 0 { parts.append(Phrase.count(run.counts.total, "trial")) }
    if run.counts.failed > 0 { parts.append("\(run.counts.failed) failed") }
    if run.counts.diverged > 0 { parts.append("\(run.counts.diverged) diverged") }
    // How long it took is written at the end.
    if run.state.hasEnded { parts.append(Phrase.duration(run.seconds)) }
    if !entry.tags.isEmpty { parts.append(entry.tags.map { "#" + $0 }.joined(separator: " ")) }
    return parts.joined(separator: " · ")
  }

  /// The same for programs: `run.json` with the folder's name and the tags.
  static func json(_ entry: RunList.Entry) -> JSON {
    .object(
      [.init("folder", .string(entry.folder.path)), .init("tags", .array(entry.tags.map(JSON.string)))]
        + (entry.run.json.members ?? []))
  }
}
