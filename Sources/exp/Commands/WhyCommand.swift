import ArgumentParser
import Foundation
import Notation
import Records
import Studies

/// `exp why RUN`
struct WhyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why", abstract: "Say why trials of a run were run, or taken from an earlier record.")

  @Argument(help: ArgumentHelp("The run's folder, or its name below runs/.", valueName: "run")) var name: String
  @Argument(help: ArgumentHelp("The index of one trial, from 0.", valueName: "trial")) var trial: Int?
  @Option(help: ArgumentHelp("Only this sweep.", valueName: "name")) var sweep: String?
  @Option(help: ArgumentHelp("Folder of run folders.", valueName: "dir")) var out: String = "runs"
  @Flag(help: "Print one JSON object per trial.") var json = false

  func run() throws {
    let folder = try RunLookup.folder(name, below: out)
    let logs = TrialStore.logs(in: folder.path)
    var isFound = false
    for name in Set(logs.map(\.sweep)).sorted() where sweep == nil || sweep == name {
      let records = TrialStore.records(of: name, in: folder.path)
      let trials = records.filter { $0["index"] != nil && (trial == nil || $0["index"]?.int == trial) }
      isFound = isFound || !trials.isEmpty
      show(name, trials)
    }
    if !isFound { throw RunLookup.failure("\(folder.path) has no such trial") }
  }

  private func show(_ sweep: String, _ trials: [JSON]) {
    let output = Terminal.output
    if json {
      for record in trials {
        let object: JSON = [
          "sweep": .string(sweep), "index": record["index"] ?? .null,
          "coordinates": .object(Datum.members(record["coordinates"].flatMap(Datum.fields) ?? [])),
          "why": .string(reason(record)),
        ]
        output.line(object.compact)
      }
      return
    }
    if trial != nil {
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
    (record["coordinates"].flatMap(Datum.fields) ?? []).map { "\($0.name) \(plainText($0.value))" }.joined(
      separator: ", ")
  }
}
