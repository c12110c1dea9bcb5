import ArgumentParser
import Foundation
import Notation
import Records
import Studies

/// `exp why RUN`
struct WhyCommand: ParsableCommand, AnswersInJSON {
  static let configuration = CommandConfiguration(
    commandName: "why", abstract: "Say why trials of a run were run, or taken from an earlier record.",
    discussion: "Trials are named by an index, or by coordinates: exp why RUN width=8 rep=1")

  @Argument(
    help: ArgumentHelp("The run's folder, its name below runs/, or a study: its newest run.", valueName: "run"))
  var name: String
  @Argument(help: ArgumentHelp("The index of a trial, from 0, or coordinates as name=value.", valueName: "trial"))
  var trial: [String] = []
  @Option(help: ArgumentHelp("Only this sweep.", valueName: "name")) var sweep: String?
  @Option(help: ArgumentHelp("Folder of run folders.", valueName: "dir"), transform: PathArgument.named)
  var out: String = "runs"
  @Flag(help: "Print one JSON object per trial.") var json = false

  func validate() throws {
    let isIndex = trial.count == 1 && Int(trial[0]) != nil
    if !isIndex, !trial.allSatisfy({ $0.contains("=") }) {
      throw ValidationError("a trial is an index, or coordinates as name=value")
    }
  }

  func run() throws {
    let folder = try RunLookup.folder(name, below: out, ofStudy: true)
    let logs = TrialStore.logs(in: folder.path)
    let sweeps = Set(logs.map(\.sweep)).sorted()
    if let sweep, !sweeps.contains(sweep) {
      throw RunLookup.failure("\(folder.path) has no sweep \(sweep)" + Self.there("its sweeps are", sweeps))
    }
    var isFound = false, known: [String] = []
    for name in sweeps where sweep == nil || sweep == name {
      // By their place in the grid; a log has them as they ended.
      let all = TrialStore.records(of: name, in: folder.path).filter { $0["index"] != nil }
        .sorted { ($0["index"]?.int ?? 0) < ($1["index"]?.int ?? 0) }
      for field in all.first.map(fields) ?? [] where !known.contains(field.name) { known.append(field.name) }
      let trials = all.filter(isAsked)
      isFound = isFound || !trials.isEmpty
      show(name, trials)
    }
    let isOfAll = trial.isEmpty && sweep == nil
    if !isFound, !isOfAll {
      let unknown = trial.compactMap { $0.split(separator: "=").first.map(String.init) }.first {
        Int($0) == nil && !known.contains($0)
      }
      throw RunLookup.failure(
        unknown.map { "\(folder.path) has no coordinate \($0)" + Self.there("its coordinates are", known) }
          ?? "\(folder.path) has no such trial")
    }
    if isOfAll, !json {
      let wentOn = (folder.readRun()?.session ?? 1) > 1 ? "; trainings went on from the checkpoints that they had" : ""
      Terminal.output.line("outside of sweeps: computed, as by every run" + wentOn)
    }
  }

  private static func there(_ words: String, _ names: [String]) -> String {
    names.isEmpty ? "" : "; \(words) \(names.joined(separator: ", "))"
  }

  /// Whether a record is of a trial that was named.
  private func isAsked(_ record: JSON) -> Bool {
    let coordinates = fields(record)
    return trial.allSatisfy { word in
      Int(word).map { $0 == record["index"]?.int } ?? coordinates.contains { Self.names(word, $0) }
    }
  }

  /// Whether `name=value` is what a coordinate says: a number in any way to write it, one that was an f32 with as many digits as that has.
  private static func names(_ word: String, _ coordinate: Datum.Field) -> Bool {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0] == coordinate.name else { return false }
    if parts[1] == plainText(coordinate.value) { return true }
    guard let asked = Double(String(parts[1])), let value = coordinate.value.number else { return false }
    return asked == value || Float(asked) == Float(value) && Double(Float(value)) == value
  }

  private func fields(_ record: JSON) -> [Datum.Field] { record["coordinates"].flatMap(Datum.fields) ?? [] }

  private func show(_ sweep: String, _ trials: [JSON]) {
    let output = Terminal.output
    if json {
      for record in trials {
        let object: JSON = [
          "sweep": .string(sweep), "index": record["index"] ?? .null,
          "coordinates": .object(Datum.members(fields(record))),
          "why": .string(reason(record)),
        ]
        output.line(object.compact)
      }
      return
    }
    if !trial.isEmpty {
      for record in trials { output.line("\(sweep), \(coordinates(record)): \(reason(record))") }
      return
    }
    var order: [String] = [], counts: [String: Int] = [:]
    for record in trials {
      let reason = self.reason(record)
      if counts[reason] == nil { order.append(reason) }
      counts[reason, default: 0] += 1
    }
    for reason in order { output.line("\(sweep), \(Phrase.count(counts[reason] ?? 0, "trial")): \(reason)") }
  }

  private func reason(_ record: JSON) -> String { record["why"]?.string ?? "recorded by an older Exp" }

  private func coordinates(_ record: JSON) -> String {
    fields(record).map { "\($0.name) \(plainText($0.value))" }.joined(separator: ", ")
  }
}
