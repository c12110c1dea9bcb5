import Diagnostics
import Evaluation
import Foundation
import Records
import Reports
import Studies
import Syntax

/// A statement (or neighbouring functions, which may call each other) with what it must show.
struct Example {
  enum Expectation {
    /// It runs without an error.
    case runs
    /// `# => text`: its value, shown in one line.
    case shows(String)
    /// `# error: E0103`
    case fails(String)

    fileprivate var isFailure: Bool { if case .fails = self { true } else { false } }
  }
  var text: String
  var line: Int
  var expectation: Expectation
  /// Whether a new session begins here.
  var isFirst = false

  /// The examples of a script that has any expectation; otherwise none.
  static func inScript(_ file: SourceFile) -> [Example] {
    let text = String(decoding: file.bytes, as: UTF8.self)
    guard text.contains("# => ") || text.contains("# error: ") else { return [] }
    return statements(text, firstLine: 1, name: file.name)
  }

  /// The examples in the `exp` blocks of a Markdown document; a document is one session, except that a block marked
  /// `exp fresh` begins another.
  static func inMarkdown(_ file: SourceFile) -> [Example] {
    var examples: [Example] = [], block: [String]?, isOther = false, start = 0, isFresh = true
    for number in 1...max(1, file.lineStarts.count) {
      let line = file.line(number)
      if let lines = block {
        guard line.hasPrefix("```") else {
          block = lines + [line]
          continue
        }
        block = nil
        if isOther { continue }
        var found = statements(lines.joined(separator: "\n"), firstLine: start + 1, name: file.name)
        if isFresh, !found.isEmpty {
          found[0].isFirst = true
          isFresh = false
        }
        examples += found
      } else if line.hasPrefix("```") {
        let words = line.dropFirst(3).split(separator: " ")
        isOther = words.first != "exp" || words.contains("no-run")
        if !isOther { isFresh = isFresh || words.contains("fresh") }
        block = []
        start = number
      }
    }
    return examples
  }

  /// What statements must show, by the line on which they end.
  private static func expectations(in tree: SyntaxTree) -> [Int: Expectation] {
    var expectations: [Int: Expectation] = [:]
    for comment in tree.comments {
      let line = tree.file.position(Int(comment.span.lower)).line
      if comment.text.hasPrefix("# => ") { expectations[line] = .shows(String(comment.text.dropFirst(5)).trimmed) }
      if comment.text.hasPrefix("# error: ") {
        expectations[line] = .fails(
          String(comment.text.dropFirst(9)).trimmed.split(separator: " ").first.map(String.init) ?? "")
      }
    }
    return expectations
  }

  /// Whether a script says of a statement that it ends with an error.
  static func expectedFailures(in file: SourceFile) -> (_ statement: Span, _ id: String) -> Bool {
    let expectations = expectations(in: parse(file).tree)
    return { statement, id in
      guard case .fails(id)? = expectations[file.position(Int(statement.upper)).line] else { return false }
      return true
    }
  }

  /// A text cut into examples.
  static func statements(_ text: String, firstLine: Int, name: String) -> [Example] {
    let file = SourceStore.shared.add(name: name, text: String(repeating: "\n", count: firstLine - 1) + text)
    let result = Syntax.parse(file)
    let tree = result.tree
    let expectations = expectations(in: tree)
    var examples: [Example] = [], functionsBefore = false
    if !result.diagnostics.isEmpty {
      let wanted = expectations.sorted { $0.key < $1.key }.first {
        if case .fails = $0.value { return true } else { return false }
      }
      return [Example(text: text, line: firstLine, expectation: wanted?.value ?? .runs)]
    }
    for statement in tree.statements {
      if case .prose = statement.kind { continue }
      let last = file.position(Int(statement.span.upper)).line
      let expectation = expectations[last] ?? .runs
      let source = file.text(statement.span)
      var isFunction = false
      if case .function = statement.kind { isFunction = true }
      if isFunction, functionsBefore, let before = examples.last {
        examples[examples.count - 1].text = before.text + "\n" + source
        examples[examples.count - 1].expectation = expectation
      } else {
        let line = file.position(Int(statement.span.lower)).line
        examples.append(Example(text: source, line: line, expectation: expectation))
      }
      functionsBefore = isFunction
    }
    return examples
  }
}

extension String {
  fileprivate var trimmed: String { trimmingCharacters(in: .whitespaces) }
}

/// A place below the temporary folder for what a file's tests write; what comes to be there goes with it.
final class ScratchFolder {
  /// Made by the first who writes in it.
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("exp-examples-\(UUID().uuidString)").path

  /// Gives a test a folder at the same place that begins with what is here; afterwards all is as it was. Throws where the folder cannot be
  /// copied.
  func apart(_ test: () throws -> Void) throws {
    let files = FileManager.default, kept = path + "-kept"
    let isThere = files.fileExists(atPath: path)
    if isThere { try files.moveItem(atPath: path, toPath: kept) }
    defer {
      try? files.removeItem(atPath: path)
      if isThere { try? files.moveItem(atPath: kept, toPath: path) }
    }
    if isThere { try files.copyItem(atPath: kept, toPath: path) }
    try test()
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Runs examples one after the other in a session.
final class ExampleRunner {
  private let library: StandardLibrary
  private let path: String
  private let filter: String?
  private let limit: Int?
  /// Which stops it.
  private let work: TestWork
  private let shown = ShownValues()
  private let folder = ScratchFolder()

  init(library: StandardLibrary, path: String, filter: String?, limit: Int?, work: TestWork) {
    self.library = library
    self.path = path
    self.filter = filter
    self.limit = limit
    self.work = work
  }

  func run(_ examples: [Example]) -> [TestResult] {
    var session = makeSession(), results: [TestResult] = []
    for (index, example) in examples.enumerated() where !work.isStopped {
      if example.isFirst, index > 0 { session = makeSession() }
      let name = Self.name(example)
      let result = check(example, session, name)
      if let filter, !name.contains(filter), result.problem == nil { continue }
      results.append(result)
    }
    return results
  }

  /// Examples by name, without running them.
  func names(_ examples: [Example]) -> [TestResult] {
    examples.map { TestResult(file: path, name: Self.name($0)) }.filter { result in
      filter.map { result.name.contains($0) } ?? true
    }
  }

  private static func name(_ example: Example) -> String {
    "line \(example.line): \(example.text.split(separator: "\n").first.map(String.init) ?? "")"
  }

  private func makeSession() -> Session { Self.session(library, path, writingIn: folder, shown) }

  /// A session for a file's tests and examples: it writes in the folder given, and reads there and beside the file.
  static func session(
    _ library: StandardLibrary, _ path: String, writingIn folder: ScratchFolder,
    _ listener: any RunListener = SilentListener()
  ) -> Session {
    var options = RunOptions(threads: 2, dataFolders: FileAccess.dataFolders([], ofStudyAt: path))
    options.takesPaths = false
    let source = SourceStore.shared.add(name: path, text: "")
    let run = StudyRun(
      source: source, options: options, listener: listener, isInteractive: true, outputFolder: folder.path)
    return Session(library: library, host: run, threads: 2)
  }

  private func check(_ example: Example, _ session: Session, _ name: String) -> TestResult {
    let file = SourceStore.shared.add(name: path, text: String(repeating: "\n", count: example.line - 1) + example.text)
    shown.values = []
    let outcome = work.stoppable(session) { session.runCell(file, limit: limit) }
    if case .value(let value) = outcome { shown.values.append(value) }
    if case .failed(let diagnostics) = outcome, !example.expectation.isFailure || work.isStopped {
      return TestResult(file: path, name: name, errors: diagnostics, isStopped: work.isStopped)
    }
    return TestResult(file: path, name: name, problem: problem(outcome, example.expectation))
  }

  /// What is wrong with how an example ended; nil if nothing.
  private func problem(_ outcome: Session.CellOutcome, _ expectation: Example.Expectation) -> String? {
    switch (outcome, expectation) {
    case (.failed(let diagnostics), .fails(let id)):
      return diagnostics.contains { $0.id == id }
        ? nil : "  it should fail with \(id) and fails with\n" + diagnostics.map(DiagnosticText.plain).joined()
    case (.incomplete, .fails(let id)): return "  it should fail with \(id) and is incomplete"
    case (.incomplete, _): return "  it is incomplete"
    case (_, .fails(let id)): return "  it should fail with \(id) and does not"
    case (_, .runs): return nil
    case (_, .shows(let wanted)):
      guard let value = shown.values.last else { return "  it should show \(wanted) and shows nothing" }
      let text = DatumText.brief(value, limit: 400)
      return text == wanted ? nil : "  it should show \(wanted)\n  and shows       \(text)"
    }
  }
}

/// Keeps the values that cells show.
private final class ShownValues: RunListener {
  var values: [Datum] = []
  func receive(_ event: RunEvent) {
    if case .shown(let shown) = event { values.append(shown.value) }
  }
}
