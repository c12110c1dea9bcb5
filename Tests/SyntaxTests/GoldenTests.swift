import Diagnostics
import Foundation
import Syntax
import Testing

/// Each file of `Golden/` shows what people see for the errors of one id: sources with the drawn diagnostics. To accept
/// what is drawn now, or after adding a `=== source` section, run `EXP_GOLDEN=write swift test --filter GoldenTests`.
@Suite struct GoldenTests {
  struct Section: Equatable {
    var source: String
    var shows: String
  }

  static let folder = testFolder.appendingPathComponent("Golden")

  static func files() throws -> [URL] {
    try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "txt" }.sorted { $0.path < $1.path }
  }

  static func sections(_ text: String) -> [Section] {
    text.components(separatedBy: "=== source\n").dropFirst().map { part in
      let halves = part.components(separatedBy: "=== shows\n")
      return Section(source: String(halves[0].dropLast()), shows: halves.count > 1 ? halves[1] : "")
    }
  }

  static func drawn(_ source: String) -> String {
    let result = parseText(source, name: "study.exp")
    return DiagnosticPrinter().full(result.diagnostics)
  }

  @Test func drawingsAreAsAccepted() throws {
    let isWriting = ProcessInfo.processInfo.environment["EXP_GOLDEN"] == "write"
    let files = try Self.files()
    #expect(files.count > 50)
    for file in files {
      let id = file.deletingPathExtension().lastPathComponent
      let text = try String(contentsOf: file, encoding: .utf8)
      let sections = Self.sections(text)
      #expect(!sections.isEmpty, "\(id)")
      let now = sections.map { Section(source: $0.source, shows: Self.drawn($0.source)) }
      for (old, new) in zip(sections, now) {
        #expect(new.shows.contains(id), "\(id) is not reported for: \(new.source)\n\(new.shows)")
        if !isWriting { #expect(new.shows == old.shows, "\(id): \(new.source)") }
      }
      guard isWriting else { continue }
      let written = now.map { "=== source\n\($0.source)\n=== shows\n\($0.shows)" }.joined()
      try written.write(to: file, atomically: true, encoding: .utf8)
    }
  }
}
