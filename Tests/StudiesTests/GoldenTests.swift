import Diagnostics
import Foundation
import Testing

@testable import Studies

/// What is said, to the letter, about the errors that this room words: `Golden/ID.txt`. `EXP_GOLDEN=write` writes the texts anew, to be
/// read and committed.
@Suite struct StudyGoldenTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")

  @Test func said() throws {
    let text = "option noise = 0.9 in 0..0.5\noption noise = 0.1\nlet runs = sweep width in [1, 2] { width }\n"
    let file = SourceStore.shared.add(name: "study.exp", text: text)
    func place(_ line: Int) -> Span {
      let start = file.lineStarts[line - 1]
      return Span(file: file.id, lower: start, upper: file.lineStarts[line] - 1)
    }
    let errors: [Diagnostic] = [
      StudyErrors.defaultOutOfBounds("noise", value: "0.9", bounds: "from 0 to 0.5", at: place(1)),
      StudyErrors.duplicateOption("noise", at: place(2)),
      StudyErrors.cannotRecord("runs/study-1f/run.json", why: "no space left on device"),
      StudyErrors.unequal("trial width=2", first: "trials/runs/1.jsonl", second: "trials/runs/2.jsonl"),
      StudyErrors.lost(3, at: place(3)),
      StudyErrors.notARun("runs/study-1f"), StudyErrors.otherStudy("runs/study-1f"),
      StudyErrors.isBeingRun("runs/study-1f"),
    ]
    for (id, all) in Dictionary(grouping: errors, by: \.id) {
      let said = all.map { DiagnosticPrinter().full($0) }.joined(separator: "\n")
      let path = Self.folder.appendingPathComponent(id + ".txt")
      if ProcessInfo.processInfo.environment["EXP_GOLDEN"] == "write" {
        try FileManager.default.createDirectory(at: Self.folder, withIntermediateDirectories: true)
        try said.write(to: path, atomically: true, encoding: .utf8)
      }
      #expect(try String(contentsOf: path, encoding: .utf8) == said, "\(id)")
    }
  }
}
