import Diagnostics
import Syntax
import Testing

@testable import Resolution

/// The examples of `exp explain` for errors of this room: the wrong one brings the error about, the right one is right.
@Suite struct ResolutionCatalogueTests {
  static let entries = DiagnosticCatalogue.chapters.flatMap(\.entries).filter {
    $0.id.hasPrefix("E01") && !$0.wrong.isEmpty
  }

  @Test(arguments: entries) func examples(_ entry: DiagnosticCatalogue.Entry) {
    #expect(resolveText(entry.wrong).1.map(\.id).contains(entry.id), "\(entry.wrong)")
    #expect(resolveText(entry.right).1.map(\.message) == [], "\(entry.right)")
  }

  @Test func everyGoldenIdIsExplained() {
    let explained = Set(DiagnosticCatalogue.chapters.flatMap(\.entries).map(\.id))
    #expect(Set(GoldenTests.ids).subtracting(explained) == [])
  }
}
