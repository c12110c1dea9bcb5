import Diagnostics
import Testing

/// The examples of `exp explain` for errors met while a program runs: the wrong one raises the error, the right one
/// none.
@Suite struct RunningCatalogueTests {
  static let entries = DiagnosticCatalogue.chapters.flatMap(\.entries).filter { $0.id >= "E0200" && !$0.wrong.isEmpty }

  @Test(arguments: entries) func examples(_ entry: DiagnosticCatalogue.Entry) throws {
    #expect(try runProgram(entry.wrong).diagnostics.map(\.id) == [entry.id], "\(entry.wrong)")
    #expect(try runProgram(entry.right).diagnostics.map(\.message) == [], "\(entry.right)")
  }
}
