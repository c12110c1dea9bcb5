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

/// The Exp sources of the repository itself: the library and the studies.
func repositorySources() throws -> [(name: String, text: String)] {
  try sources(below: ["stdlib", "scripts", "examples"])
}

/// The specifications of what programs do, some of which are wrong on purpose.
func specs() throws -> [(name: String, text: String)] { try sources(below: ["Tests/EvaluationTests/Specs"]) }

private func sources(below folders: [String]) throws -> [(name: String, text: String)] {
  let root = testFolder.resolvingSymlinksInPath().deletingLastPathComponent().deletingLastPathComponent()
  var sources: [(String, String)] = []
  for folder in folders {
    guard let paths = FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path) else { continue }
    for case let path as String in paths where path.hasSuffix(".exp") {
      let file = root.appendingPathComponent(folder).appendingPathComponent(path)
      sources.append(("\(folder)/\(path)", try String(contentsOf: file, encoding: .utf8)))
    }
  }
  return sources.sorted { $0.0 < $1.0 }
}

@Suite struct FixtureTests {
  @Test func theLibraryAndTheStudiesHaveNoErrors() throws {
    let all = try repositorySources()
    #expect(all.count > 10)
    for (name, text) in all {
      let result = parseText(text, name: name)
      #expect(result.diagnostics.map { DiagnosticPrinter().short($0) } == [])
    }
  }

  @Test func samplesHaveNoErrors() throws {
    let all = try fixtures()
    #expect(all.count >= 6)
    for (name, text) in all {
      let result = parseText(text, name: name)
      #expect(
        result.diagnostics.map {
          "\($0.id) \($0.message) | \($0.label) @ \(result.tree.file.position(Int($0.span.lower)))"
        } == [], "\(name)")
      #expect(!result.isIncomplete)
    }
  }
}
