import Diagnostics
import Evaluation
import Foundation
import Testing

/// Runs the `test` blocks of the specs of tensors, models, gradients, randomness and compiled functions.
@Suite struct TensorSpecTests {
  static let files: [String] = {
    let root = checkout + "/Specs"
    let areas = ["tensors", "models", "gradients", "randomness", "compiled"]
    return areas.flatMap { area in
      ((try? FileManager.default.contentsOfDirectory(atPath: root + "/" + area)) ?? []).sorted().map { area + "/" + $0 }
    }
  }()

  static let checkout: String = {
    var folder = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { folder.deleteLastPathComponent() }
    return folder.path
  }()

  @Test func thereAreSpecs() { #expect(TensorSpecTests.files.count >= 8) }

  @Test(arguments: files) func passes(_ name: String) throws {
    let text = try String(contentsOfFile: TensorSpecTests.checkout + "/Specs/" + name, encoding: .utf8)
    let (outcomes, diagnostics, live) = try onLargeStack {
      let session = try makeTensorSession(TensorTestHost())
      let result = session.runTests(SourceStore.shared.add(name: name, text: text))
      return (result.outcomes, result.diagnostics, session.liveObjects)
    }
    let printer = DiagnosticPrinter()
    for diagnostic in diagnostics { Issue.record("\(printer.full(diagnostic))") }
    for outcome in outcomes {
      if let error = outcome.error { Issue.record("\(outcome.name)\n\(printer.full(error))") }
    }
    #expect(!outcomes.isEmpty)
    #expect(live == 0, "objects left on the heap")
  }
}
