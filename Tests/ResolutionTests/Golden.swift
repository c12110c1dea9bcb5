import Diagnostics
import Foundation
import Syntax
import Testing

@testable import Resolution

/// A small library, so that the tests do not change with the real one.
let testPrelude = Prelude(
  names: [
    "print": [Signature([.init("xs", isRest: true)])],
    "sqrt": [Signature([.init("x")])],
    "length": [Signature([.init("x")])],
    "error": [Signature([.init("model"), .init("data")])],
    "track": [Signature([.init("_", isRest: true)])],
    "pi": [],
    "plot": [Signature([.init("t"), .init("x"), .init("y")])],
    "train": [
      Signature([
        .init("model"), .init("data"), .init("loss"), .init("optimizer", hasDefault: true),
        .init("steps", hasDefault: true),
      ])
    ],
  ],
  modules: ["nn"])

/// Parses and resolves a text as a file of its own. The text must have no syntax errors.
func resolveText(
  _ text: String, name: String = "test.exp", globals: [GlobalBinding] = [], nextSlot: Int = 0, isLibrary: Bool = false
) -> (ResolvedProgram, [Diagnostic]) {
  let parsed = parse(SourceStore.shared.add(name: name, text: text))
  #expect(parsed.diagnostics.isEmpty, "\(name): \(parsed.diagnostics.map(\.message))")
  return resolve(
    parsed.tree, prelude: testPrelude, globals: GlobalNames(globals), nextSlot: nextSlot, isLibrary: isLibrary)
}

/// One diagnostic as lines of a golden file: place, id, message, what is underlined, label, notes, help.
func rendered(_ d: Diagnostic) -> String {
  guard let file = SourceStore.shared.file(d.span.file) else { return "\(d.id) \(d.message)" }
  let (line, column) = file.position(Int(d.span.lower))
  let severity = d.severity == .warning ? "warning " : ""
  var text = "\(line):\(column) \(severity)\(d.id) \(d.message)"
  text += "\n  `\(file.text(d.span).split(separator: "\n").first ?? "")` \(d.label)"
  for note in d.notes {
    let place = file.position(Int(note.span.lower))
    text += "\n  note \(place.line):\(place.column) \(note.text)"
  }
  for help in d.help { text += "\n  help \(help)" }
  return text.split(separator: "\n").map { $0.reversed().drop { $0 == " " }.reversed() }.map { String($0) }
    .joined(separator: "\n")
}

/// Every id has a file of this name that brings it about, and beside it what must be said. `EXP_GOLDEN=write` writes
/// the latter anew, to be read and committed.
@Suite struct GoldenTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")
  static let ids = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
    .filter { $0.hasSuffix(".exp") }.map { String($0.dropLast(4)) }.sorted()

  @Test(arguments: ids) func said(id: String) throws {
    let text = try String(contentsOf: Self.folder.appendingPathComponent(id + ".exp"), encoding: .utf8)
    let (_, diagnostics) = resolveText(text, name: id + ".exp")
    #expect(diagnostics.contains { $0.id == id }, "the file must bring about its own id")
    let actual = diagnostics.map(rendered).joined(separator: "\n") + "\n"
    let golden = Self.folder.appendingPathComponent(id + ".txt")
    if ProcessInfo.processInfo.environment["EXP_GOLDEN"] == "write" {
      try actual.write(to: golden, atomically: true, encoding: .utf8)
    }
    #expect(try actual == String(contentsOf: golden, encoding: .utf8))
  }

  /// Reads the ids out of the catalogue, so that a new error without a golden file is noticed.
  @Test func everyIdHasAFile() throws {
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/Resolution/ResolutionProblem.swift")
    let text = try String(contentsOf: source, encoding: .utf8)
    let ids = text.matches(of: #/"(E01\d\d)"/#).map { String($0.1) }
    #expect(ids == ids.sorted(), "the catalogue is sorted by id")
    #expect(Set(ids) == Set(Self.ids + ["E0133"]))
  }

  @Test func unknownSettings() {
    let parsed = parse(SourceStore.shared.add(name: "s.exp", text: "option noise = 0.2\noption steps = 3\n"))
    let said = checkSettings(parsed.tree, settings: ["noize": "1", "steps": "2", "q": "1"])
    #expect(said.map(\.message) == ["the study has no option `noize`", "the study has no option `q`"])
    #expect(
      said.map(\.help) == [
        ["did you mean `noise`?", "its options are noise, steps"], ["its options are noise, steps"],
      ])
    #expect(said.map(\.id) == ["E0133", "E0133"])
    // They stand on the command line, not in a text.
    let golden = GoldenTests.folder.appendingPathComponent("E0133.txt")
    let shown = said.map { DiagnosticPrinter().full($0) }.joined(separator: "\n") + "\n"
    if ProcessInfo.processInfo.environment["EXP_GOLDEN"] == "write" {
      #expect(throws: Never.self) { try shown.write(to: golden, atomically: true, encoding: .utf8) }
    }
    #expect((try? String(contentsOf: golden, encoding: .utf8)) == shown)
  }
}
