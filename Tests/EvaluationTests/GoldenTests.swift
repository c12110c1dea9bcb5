import Diagnostics
import Foundation
import Tensors
import Testing

@testable import Evaluation

/// What is said, to the letter, about every error that a running program can bring about: `Golden/ID.txt`, for the program
/// `Golden/ID.exp` or else the wrong example of `exp explain ID`. `EXP_GOLDEN=write` writes the texts anew, to be read and committed.
@Suite struct GoldenTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")
  /// Errors that no program alone brings about, with where they are tested.
  static let elsewhere: Set<String> = [
    "E0299", "E0413",  // `errorsThatNoProgramMakes`
    "E0603", "E0604", "E0801", "E0802", "E0803", "E0804",  // StudiesTests
  ]

  static let programs: [(id: String, text: String)] = DiagnosticCatalogue.chapters.flatMap(\.entries)
    .filter { $0.id >= "E0200" && !elsewhere.contains($0.id) }
    .map { entry in
      let path = folder.appendingPathComponent(entry.id + ".exp")
      return (entry.id, (try? String(contentsOf: path, encoding: .utf8)) ?? entry.wrong)
    }

  @Test(arguments: programs) func said(_ id: String, _ text: String) throws {
    try #require(!text.isEmpty, "\(id) has neither an example nor Golden/\(id).exp")
    let diagnostics = try Self.diagnostics(id, text)
    #expect(diagnostics.first?.id == id, "\(diagnostics.map(\.message))")
    let root = Self.folder.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    let said = diagnostics.map { DiagnosticPrinter().full($0) }.joined(separator: "\n")
      .replacingOccurrences(of: root + "/", with: "")
      .replacingOccurrences(of: NSTemporaryDirectory(), with: "/tmp/")
      // The library's lines move.
      .replacing(#/stdlib\/(\w+)\.exp:\d+:\d+/#) { "stdlib/\($0.output.1).exp" }
      .replacing(#/exp-tests-\d+-/#, with: "")
      // So much memory has this machine.
      .replacing(#/\d+ bytes are in use/#, with: "… bytes are in use")
      // The length of that folder's name decides where the line is broken.
      .replacing(#/looked for at\s+(?:│\s+)?/#, with: "looked for at ")
    let path = Self.folder.appendingPathComponent(id + ".txt")
    if ProcessInfo.processInfo.environment["EXP_GOLDEN"] == "write" {
      try (said.trimmingCharacters(in: .newlines) + "\n").write(to: path, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: path, encoding: .utf8) == said.trimmingCharacters(in: .newlines) + "\n")
  }

  /// A list pattern where the fields of a record are meant.
  @Test func aRecordIsTakenApartByItsNames() throws {
    let said = try Self.diagnostics("E0209", "for [k, v] in { a: 1 } { }")
    #expect(said.first?.help == ["a record is taken apart by the names of its fields, as in `{ key, value }`"])
  }

  /// A text of printf's, of which `%` is no operator.
  @Test func aFormatStandsInBraces() throws {
    let said = try Self.diagnostics("E0203", "\"%.2f\" % 3.14")
    #expect(said.first?.help == ["a value is put into a text by its name: `\"{x:.2f}\"`"])
  }

  /// Errors of what Exp does not know, and of what is not installed somewhere else.
  @Test func errorsThatNoProgramMakes() throws {
    struct Odd: Error, CustomStringConvertible { var description: String { "the moon is full" } }
    let machine = try runProgram("1").session.machine
    let missing = TensorError.missingLibrary("linear_program", "GLPK", debian: "libglpk40", brew: "glpk")
    for (id, error) in [("E0299", Odd() as Error), ("E0413", missing)] {
      let said = DiagnosticPrinter().full(machine.runtimeError(error).diagnostic)
      let path = Self.folder.appendingPathComponent(id + ".txt")
      if ProcessInfo.processInfo.environment["EXP_GOLDEN"] == "write" {
        try said.write(to: path, atomically: true, encoding: .utf8)
      }
      #expect(try String(contentsOf: path, encoding: .utf8) == said)
    }
  }

  /// What a program says; some need more than a program.
  private static func diagnostics(_ id: String, _ text: String) throws -> [Diagnostic] {
    switch id {
    case "E0301": return try runProgram((0...60_000).map { "let a\($0) = 0\n" }.joined(), name: id + ".exp").diagnostics
    case "E0304":
      // Nobody waits for ten seconds.
      PatternThread.limit = 0.3
      defer { PatternThread.limit = 10 }
      return try runProgram(text, name: id + ".exp").diagnostics
    case "E0710":
      do { _ = try StandardLibrary.load(directory: "/nowhere") } catch let error as Diagnostic { return [error] }
      return []
    default: break
    }
    return try onLargeStack {
      let host = TestHost()
      host.folder = folder.deletingLastPathComponent().appendingPathComponent("Specs/modules").path
      let session = Session(library: try testLibrary.get(), host: host, threads: 1, checksNaN: id == "E0515")
      let timer = id == "E0309" ? interrupting(session) : nil
      defer { timer?.cancel() }
      return session.run(SourceStore.shared.add(name: id + ".exp", text: text))
    }
  }
}
