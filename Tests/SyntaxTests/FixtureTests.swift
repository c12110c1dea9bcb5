import Diagnostics
import Foundation
import Syntax
import Testing

/// The folder of this test target.
let testFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()

/// Parses a text under a name.
func parseText(_ text: String, name: String = "test.exp") -> ParseResult {
  parse(SourceStore.shared.add(name: name, text: text))
}

/// The sample sources with their names.
func fixtures() throws -> [(name: String, text: String)] {
  let folder = testFolder.appendingPathComponent("Fixtures")
  let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".exp") }.sorted()
  return try names.map { ($0, try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8)) }
}

@Suite struct FixtureTests {
  @Test func samplesHaveNoErrors() throws {
    let all = try fixtures()
    #expect(all.count >= 6)
    for (name, text) in all {
      let result = parseText(text, name: name)
      #expect(result.diagnostics.map { "\($0.id) \($0.message) | \($0.label) @ \(result.tree.file.position(Int($0.span.lower)))" } == [], "\(name)")
      #expect(!result.isIncomplete)
    }
  }
}
