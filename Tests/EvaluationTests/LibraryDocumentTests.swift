import Diagnostics
import Foundation
import Testing

@testable import Evaluation

/// The standard library's own tests and the examples in its documentation.
@Suite struct LibraryDocumentTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../stdlib").standardizedFileURL
  static let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
    .filter { $0.hasSuffix(".exp") }.sorted()

  private static func source(_ name: String) throws -> SourceFile {
    let path = folder.appendingPathComponent(name).path
    return SourceStore.shared.add(name: path, text: try String(contentsOfFile: path, encoding: .utf8))
  }

  @Test func thereIsALibrary() { #expect(Self.files.count >= 15) }

  @Test(arguments: files) func testBlocks(_ name: String) throws {
    let source = try Self.source(name)
    let (outcomes, diagnostics) = try onLargeStack {
      Session(library: try testLibrary.get(), host: TestHost(), threads: 1).runTests(source)
    }
    for d in diagnostics { Issue.record("\(name):\(source.position(Int(d.span.lower)).line) \(d.id) \(d.message)") }
    for outcome in outcomes {
      // E0413: it needs a library that is not installed.
      if let error = outcome.error, error.id != "E0413" {
        Issue.record("\(name) “\(outcome.name)”: \(error.id) \(error.message), \(error.label)")
      }
    }
    #expect(!outcomes.isEmpty, "\(name) has no test")
  }

  /// `## > expression` and below it what it gives.
  @Test(arguments: files) func examples(_ name: String) throws {
    let source = try Self.source(name)
    let lines = String(decoding: source.bytes, as: UTF8.self).components(separatedBy: "\n")
    try onLargeStack {
      for (index, line) in lines.enumerated() where line.hasPrefix("## > ") && index + 1 < lines.count {
        let code = String(line.dropFirst(5)), expected = String(lines[index + 1].dropFirst(3))
        let session = Session(library: try testLibrary.get(), host: TestHost(), threads: 1)
        func run(_ text: String) -> Session.CellOutcome {
          session.runCell(SourceStore.shared.add(name: "\(name):\(index + 1)", text: text))
        }
        let outcome = run(code)
        if case .failed(let diagnostics) = outcome, diagnostics[0].id == "E0413" { continue }
        guard case .value(let value) = outcome else {
          Issue.record("\(name):\(index + 1) \(code) gives nothing: \(outcome)")
          continue
        }
        if plain(value) == expected { continue }
        guard case .value(.bool(true)) = run("same(\(code), \(expected))") else {
          Issue.record("\(name):\(index + 1) \(code) gives \(plain(value)), not \(expected)")
          continue
        }
      }
    }
  }
}
