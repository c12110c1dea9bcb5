import Diagnostics
import Tensors
import Testing

@testable import Evaluation

/// The examples of the natives do what they say.
@Suite struct NativeExampleTests {
  /// Natives whose examples need files.
  static let readers: Set = ["read_idx", "read_bytes", "load", "save"]
  /// Natives whose library is not installed.
  static let absent =
    Set(LinearProgram.libraryVersion == nil ? ["linear_program"] : [])
    .union(RigidBodies.libraryVersion == nil ? ["rigid_bodies"] : [])
  static let examples = Natives.all.filter {
    !$0.example.isEmpty && !readers.contains($0.name) && !absent.contains($0.name)
  }.map { ($0.name, $0.example) }

  @Test(arguments: examples) func example(_ name: String, _ text: String) throws {
    try onLargeStack {
      let session = Session(library: try testLibrary.get(), host: TestHost(), threads: 1)
      func run(_ text: String) -> Session.CellOutcome {
        session.runCell(SourceStore.shared.add(name: name, text: text))
      }
      for line in text.split(separator: "\n") {
        let parts = line.split(separator: "# => ", maxSplits: 1).map(String.init)
        let outcome = run(parts[0])
        if case .failed(let diagnostics) = outcome {
          Issue.record("\(name): \(line): \(diagnostics.map(\.message))")
          continue
        }
        guard parts.count > 1 else { continue }
        if case .value(let value) = outcome, plain(value) == parts[1] { continue }
        if parts[1] == "none", case .none = outcome { continue }
        if case .value(.bool(true)) = run("same(\(parts[0]), \(parts[1]))") { continue }
        Issue.record("\(name): \(line) gives \(outcome)")
      }
    }
  }

  /// Every native has an example, and stands in the list of natives.
  @Test func everyNativeIsDescribed() throws {
    let path = #filePath.replacing("Tests/EvaluationTests/NativeExampleTests.swift", with: "docs/natives.md")
    let listed = Set(try String(contentsOfFile: path, encoding: .utf8).matches(of: #/[a-z_0-9]+/#).map { String($0.0) })
    #expect(Natives.all.map(\.name).filter { !listed.contains($0) } == [])
    #expect(Set(Natives.all.filter(\.example.isEmpty).map(\.name)) == [])
  }

  /// Every native is on a page of the reference.
  @Test func everyNativeHasAChapter() {
    let listed = Natives.chapters.flatMap(\.natives).map(\.name)
    #expect(listed.sorted() == Natives.all.map(\.name).sorted())
  }
}
