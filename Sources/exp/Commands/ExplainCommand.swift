import ArgumentParser
import Diagnostics
import Notation
import Records

/// `exp explain E0103`
struct ExplainCommand: ParsableCommand, AnswersInJSON {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Say more about an error, by its id.")

  @Argument(help: "The id at the right of the error's first line, such as E0103.") var id: String
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    guard let entry = DiagnosticCatalogue.entry(id), let text = DiagnosticCatalogue.explanation(id) else {
      let digits = id.uppercased().drop { $0 == "E" }
      let meant = "E" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
      let hint = DiagnosticCatalogue.entry(meant) == nil ? "ids look like E0103" : "did you mean \(meant)?"
      SourceLoader.refuse("no error has the id \(id); \(hint)")
      throw ExitCode(1)
    }
    Terminal.output.line(json ? Self.object(entry).compact : text)
  }

  /// An error's explanation as `--json` gives it.
  static func object(_ entry: DiagnosticCatalogue.Entry) -> JSON {
    [
      "id": .string(entry.id), "title": .string(entry.title), "text": .string(entry.text),
      "wrong": .string(entry.wrong), "right": .string(entry.right),
    ]
  }
}
