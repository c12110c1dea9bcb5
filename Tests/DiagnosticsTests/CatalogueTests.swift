import Diagnostics
import Foundation
import Testing

/// `docs/diagnostics.md` is written from the catalogue: `EXP_GOLDEN=write swift test --filter CatalogueTests` writes
/// it anew.
@Suite struct CatalogueTests {
  static let document = URL(fileURLWithPath: #filePath).deletingLastPathComponent().resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docs/diagnostics.md")

  @Test func theDocumentIsTheCatalogue() throws {
    if ProcessInfo.processInfo.environment["EXP_GOLDEN"] == "write" {
      try DiagnosticCatalogue.document.write(to: Self.document, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: Self.document, encoding: .utf8) == DiagnosticCatalogue.document)
  }

  @Test func entriesAreSortedAndComplete() {
    let entries = DiagnosticCatalogue.chapters.flatMap(\.entries)
    #expect(entries.map(\.id) == Set(entries.map(\.id)).sorted())
    for entry in entries {
      #expect(entry.id.wholeMatch(of: #/E0\d\d\d/#) != nil)
      #expect(!entry.title.isEmpty && !entry.title.hasSuffix(".") && entry.text.hasSuffix("."), "\(entry.id)")
      #expect(entry.wrong.isEmpty == entry.right.isEmpty, "\(entry.id)")
    }
  }

  /// Whoever adds an id explains it in `DiagnosticCatalogue+*.swift`.
  @Test func everyIdInTheSourcesIsExplained() throws {
    let sources = Self.document.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
      "Sources")
    var mentioned: Set<String> = []
    for case let path as String in try #require(FileManager.default.enumerator(atPath: sources.path))
    where path.hasSuffix(".swift") {
      let text = try String(contentsOf: sources.appendingPathComponent(path), encoding: .utf8)
      for match in text.matches(of: #/"(E0\d\d\d)"/#) { mentioned.insert(String(match.output.1)) }
    }
    let explained = Set(DiagnosticCatalogue.chapters.flatMap(\.entries).map(\.id))
    #expect(mentioned.count > 100)
    #expect(mentioned.subtracting(explained).sorted() == [])
    #expect(explained.subtracting(mentioned).sorted() == [])
  }

  /// Whoever adds an id shows what it says, to the letter: `Golden/ID.txt` in the tests of the room that words it.
  @Test func everyIdHasAGoldenFile() throws {
    let tests = Self.document.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Tests")
    var golden: Set<String> = []
    for room in try FileManager.default.contentsOfDirectory(atPath: tests.path) {
      let files = try? FileManager.default.contentsOfDirectory(
        atPath: tests.appendingPathComponent(room + "/Golden").path)
      for file in files ?? [] where file.hasSuffix(".txt") { golden.insert(String(file.dropLast(4))) }
    }
    let without = DiagnosticCatalogue.chapters.flatMap(\.entries).map(\.id).filter { !golden.contains($0) }
    #expect(without == [])
  }

  @Test func explanations() throws {
    let text = try #require(DiagnosticCatalogue.explanation("e0024"))
    #expect(text.hasPrefix("E0024: a line starts with an operator\n\nA newline ends"))
    #expect(text.contains("\n    let x = 1 +\n      2\n"))
    #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
    #expect(DiagnosticCatalogue.explanation("E9999") == nil)
  }
}
