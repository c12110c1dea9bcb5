import Diagnostics
import Foundation
import Testing

/// What is said, to the letter, about every error that a running program can bring about: `Golden/ID.txt`, for the program
/// `Golden/ID.exp` or else the wrong example of `exp explain ID`. `EXP_GOLDEN=write` writes the texts anew, to be read and committed.
@Suite struct GoldenTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")
  /// Errors that no program alone brings about, with where they are tested.
  static let elsewhere: Set<String> = [
    "E0299", "E0301", "E0309", "E0302",  // none, MachineTests, the terminal's tests, Specs/limits
    "E0502", "E0514", "E0515",  // Specs/compiled, Specs/transforms
    "E0603", "E0604", "E0801", "E0802", "E0803", "E0804",  // StudiesTests
    "E0705", "E0710", "E0712",  // files, a folder that is missing, Specs/modules
  ]

  static let programs: [(id: String, text: String)] = DiagnosticCatalogue.chapters.flatMap(\.entries)
    .filter { $0.id >= "E0200" && !elsewhere.contains($0.id) }
    .map { entry in
      let path = folder.appendingPathComponent(entry.id + ".exp")
      return (entry.id, (try? String(contentsOf: path, encoding: .utf8)) ?? entry.wrong)
    }

  @Test(arguments: programs) func said(_ id: String, _ text: String) throws {
    try #require(!text.isEmpty, "\(id) has neither an example nor Golden/\(id).exp")
    let diagnostics = try runProgram(text, name: id + ".exp").diagnostics
    #expect(diagnostics.first?.id == id, "\(diagnostics.map(\.message))")
    let root = Self.folder.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    let said = diagnostics.map { DiagnosticPrinter().full($0) }.joined(separator: "\n")
      .replacingOccurrences(of: root + "/", with: "")
      .replacingOccurrences(of: NSTemporaryDirectory(), with: "/tmp/")
      // The library's lines move.
      .replacing(#/stdlib\/(\w+)\.exp:\d+:\d+/#) { "stdlib/\($0.output.1).exp" }
      .replacing(#/exp-tests-\d+-/#, with: "")
      // The length of that folder's name decides where the line is broken.
      .replacing(#/looked for at\s+(?:│\s+)?/#, with: "looked for at ")
    let path = Self.folder.appendingPathComponent(id + ".txt")
    if ProcessInfo.processInfo.environment["EXP_GOLDEN"] == "write" {
      try (said.trimmingCharacters(in: .newlines) + "\n").write(to: path, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: path, encoding: .utf8) == said.trimmingCharacters(in: .newlines) + "\n")
  }
}
