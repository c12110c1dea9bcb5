import Diagnostics
import Foundation
import Testing

@testable import Evaluation

/// Runs `Specs/**/*.exp`. Expectations stand in comments on the line that causes them: `# => value` (what the line
/// shows), `# prints: text`, `# tracks: name value, …`, `# error: E0203` (the program ends there), `# claim: holds`, `# claim: fails`,
/// `# claim: E0206`. A line `# set: name=value` chooses an option.
@Suite struct SpecTests {
  static let files: [String] = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Specs")
    let found = FileManager.default.enumerator(atPath: root.path)?.compactMap { $0 as? String } ?? []
    // The bridge's areas consist of `test` blocks, which TensorSpecTests runs.
    let areas = ["tensors", "models", "gradients", "randomness", "compiled"]
    return found.filter { file in
      file.hasSuffix(".exp") && !file.contains("/files/") && !areas.contains { file.hasPrefix($0 + "/") }
    }.sorted()
  }()

  @Test(arguments: files) func spec(_ file: String) throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Specs")
    let text = try String(contentsOfFile: root.appendingPathComponent(file).path, encoding: .utf8)
    // A file holds several programs, separated by lines of `# ---`.
    var line = 0
    for part in text.components(separatedBy: "\n# ---\n") where !part.isEmpty {
      try check(String(repeating: "\n", count: line) + part, file)
      line += part.components(separatedBy: "\n").count + 1
    }
  }

  /// The blocks marked `exp` of the language reference.
  static let examples: [String] = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let path = root.appendingPathComponent("../../docs/language.md").path
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return text.components(separatedBy: "```exp\n").dropFirst().map { $0.components(separatedBy: "```")[0] }
  }()

  @Test(arguments: examples) func reference(_ example: String) throws { try check(example, "docs/language.md") }

  private func check(_ text: String, _ file: String) throws {
    let source = SourceStore.shared.add(name: file, text: text)
    let (host, diagnostics, session) = try onLargeStack {
      let host = TestHost()
      host.folder =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/Specs/"
        + (file as NSString)
        .deletingLastPathComponent
      for line in text.components(separatedBy: "\n") where line.hasPrefix("# set: ") {
        let parts = line.dropFirst(7).components(separatedBy: "=")
        host.settings[parts[0]] =
          Int(parts[1]).map { .int($0) } ?? Double(parts[1]).map { .float($0) } ?? .string(parts[1])
      }
      let session = Session(library: try testLibrary.get(), host: host, threads: 1)
      return (host, session.run(source), session)
    }
    var expected: [String] = []
    for (index, line) in text.components(separatedBy: "\n").enumerated() {
      for (mark, kind) in [
        ("# => ", "shows"), ("# prints: ", "prints"), ("# tracks: ", "tracks"), ("# error: ", "error"),
        ("# claim: ", "claims"),
      ] {
        guard let range = line.range(of: mark) else { continue }
        expected.append("\(index + 1) \(kind) \(line[range.upperBound...].trimmingCharacters(in: .whitespaces))")
      }
    }
    var actual: [String] = []
    for event in host.events {
      switch event {
      case .shown(let datum, let span): actual.append("\(lineNumber(source, span)) shows \(plain(datum))")
      case .printed(let text): actual.append("\(expectedLine(of: text, expected)) prints \(text)")
      case .tracked(let row):
        let text = row.map { "\($0.name) \(plain($0.value))" }.joined(separator: ", ")
        actual.append("\(expectedLine(of: text, expected, "tracks")) tracks \(text)")
      case .claimed(let outcome):
        let verdict = outcome.error?.id ?? (outcome.holds ? "holds" : "fails")
        actual.append("\(lineNumber(source, outcome.span)) claims \(verdict)")
      default: break
      }
    }
    for diagnostic in diagnostics where diagnostic.severity == .error {
      actual.append("\(source.position(Int(diagnostic.span.lower)).line) error \(diagnostic.id)")
      if diagnostic.id == "E0299" { Issue.record("unworded error in \(file): \(diagnostic.message)") }
    }
    // Claims count where a program says what becomes of them.
    if !expected.contains(where: { $0.contains(" claims ") }) { actual.removeAll { $0.contains(" claims ") } }
    // A program ends with its error, wherever that is.
    expected = expected.filter { !$0.contains(" error ") } + expected.filter { $0.contains(" error ") }
    let want = expected.map { entry in
      entry.contains(" error ") ? entry.split(separator: " ").prefix(3).joined(separator: " ") : entry
    }
    // Trials run side by side, and so they print.
    let isAnyOrder = text.contains("sweep ")
    #expect(
      (isAnyOrder ? actual.sorted() : actual) == (isAnyOrder ? want.sorted() : want),
      "\(file)\n\(diagnostics.map(\.message))")
    #expect(session.liveObjects == 0, "\(file): values are left on the heap")
  }

  /// Where a shown value is expected: on the last line of its statement.
  private func lineNumber(_ source: SourceFile, _ span: Span) -> Int {
    source.position(max(Int(span.lower), Int(span.upper) - 1)).line
  }

  private func expectedLine(of text: String, _ expected: [String], _ kind: String = "prints") -> String {
    expected.first { $0.hasSuffix(" \(kind) \(text)") }?.split(separator: " ").first.map(String.init) ?? "?"
  }
}
