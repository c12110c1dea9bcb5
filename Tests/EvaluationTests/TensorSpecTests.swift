import Diagnostics
import Foundation
import Testing

@testable import Evaluation

/// Runs the `test` blocks of the specs of tensors, models, gradients, randomness and compiled functions.
@Suite struct TensorSpecTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Specs").path

  static let files: [String] = {
    let areas = ["tensors", "models", "gradients", "randomness", "compiled", "peers"]
    return areas.flatMap { area in
      ((try? FileManager.default.contentsOfDirectory(atPath: root + "/" + area)) ?? []).sorted().map { area + "/" + $0 }
    }
  }()

  @Test func thereAreSpecs() { #expect(TensorSpecTests.files.count >= 8) }

  @Test(arguments: files) func passes(_ name: String) throws {
    let text = try String(contentsOfFile: TensorSpecTests.root + "/" + name, encoding: .utf8)
    try onLargeStack {
      let session = Session(library: try testLibrary.get(), host: TestHost(), threads: 1)
      let (outcomes, diagnostics) = session.runTests(SourceStore.shared.add(name: name, text: text))
      let printer = DiagnosticPrinter()
      for diagnostic in diagnostics { Issue.record("\(printer.full(diagnostic))") }
      for outcome in outcomes {
        // E0413: it needs a library that is not installed.
        if let error = outcome.error, error.id != "E0413" { Issue.record("\(outcome.name)\n\(printer.full(error))") }
      }
      #expect(!outcomes.isEmpty)
      let live = session.liveObjects
      #expect(live == 0, "objects left on the heap")
    }
  }
}
