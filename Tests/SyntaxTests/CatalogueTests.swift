import Diagnostics
import Foundation
import Syntax
import Testing

/// Every syntax error has an explanation whose wrong example brings it about and whose right one is right, and a
/// golden file.
@Suite struct SyntaxCatalogueTests {
  static let entries = DiagnosticCatalogue.chapters.flatMap(\.entries).filter { $0.id.hasPrefix("E00") }

  @Test(arguments: entries) func examples(_ entry: DiagnosticCatalogue.Entry) {
    if entry.wrong.isEmpty { return }
    #expect(errors(entry.wrong).contains(entry.id), "\(entry.id): \(entry.wrong)")
    #expect(errors(entry.right) == [], "\(entry.id): \(entry.right)")
  }

  /// The ids that the sources of the room mention are those of the catalogue and of the golden files.
  @Test func everyIdIsExplained() throws {
    let sources = testFolder.resolvingSymlinksInPath().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Sources/Syntax")
    let wording = try String(contentsOf: sources.appendingPathComponent("SyntaxProblem+Wording.swift"), encoding: .utf8)
    let ids = Set(wording.matches(of: #/E00\d\d/#).map { String($0.output) }).filter { wording.contains("\"\($0)\"") }
    #expect(ids.count > 50)
    #expect(ids == Set(Self.entries.map(\.id)))
    let golden = Set(try GoldenTests.files().map { $0.deletingPathExtension().lastPathComponent })
    #expect(ids == golden)
  }
}
