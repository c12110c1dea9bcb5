import ArgumentParser
import Diagnostics
import Evaluation
import Foundation
import Notation
import Records
import Studies
import Syntax

/// `exp test`
struct TestCommand: ParsableCommand, AnswersInJSON {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Run the tests of scripts and the examples of documents.",
    discussion: """
      Tests are `test "name" { … }` blocks. In scripts that have `# => value` or `# error: E0103` behind a statement, and in the \
      `exp` blocks of Markdown documents, every statement is run and must show just that.
      """)

  @Argument(
    help: "Scripts and Markdown documents, or folders of them.", completion: .file(extensions: ["exp", "md"]))
  var paths: [String]
  @Option(help: ArgumentHelp("Only tests whose name contains this text.", valueName: "text")) var filter: String?
  @Option(help: "How many files at a time. (default: all cores)", transform: NumberArgument.within(1...1024))
  var threads: Int?
  @Flag(help: "Print a line `ok …` or `not ok …` for each test.") var lines = false
  @Flag(help: "Name the tests without running them.") var list = false
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    let files = ScriptFinder.scripts(paths, endings: ["exp", "md"])
    guard let library = WorkerThread.run(name: "library", { SourceLoader.library() }) ?? nil else { throw ExitCode(2) }
    let count = threads ?? ProcessInfo.processInfo.activeProcessorCount
    let filter = filter?.isEmpty == true ? nil : filter
    let work = TestWork(files: files, threads: count, library: library, filter: filter, isList: list)
    let workers = (0..<min(count, max(1, work.count))).map { number in
      WorkerThread(name: "tests \(number)") { work.run() }
    }
    let running = workers.filter { $0.start() }
    if running.isEmpty { workers.first?.runHere() }
    running.forEach { $0.join() }
    let results = work.results
    let failed = results.filter { $0.problem != nil && !$0.isSkipped }.count
    let such = filter.map { " with \($0) in its name" } ?? ""
    let absence = results.isEmpty ? "there is no test\(such) in \(paths.joined(separator: ", "))" : nil
    if json {
      SourceLoader.answer(Self.members(results, isList: list), errors: absence.map { [$0] } ?? [])
    } else {
      tell(results, failed: failed)
    }
    if failed > 0 { throw ExitCode(1) }
    if let absence {
      if !json { SourceLoader.complain(absence) }
      throw ExitCode(RunStatus.scriptWrong.rawValue)
    }
  }

  private func tell(_ results: [TestResult], failed: Int) {
    for result in results {
      if lines || list || result.problem != nil {
        let mark = result.isSkipped ? "skipped " : result.problem != nil ? "not ok " : list ? "" : "ok "
        Terminal.output.line("\(mark)\(result.file): \(result.name)")
      }
      if let problem = result.problem { Terminal.output.line(problem.trimmingCharacters(in: .newlines)) }
    }
    let skipped = results.filter(\.isSkipped).count
    let also = skipped == 0 ? "" : ", \(skipped) skipped"
    if !list || failed > 0 {
      Terminal.output.line("\(results.count - failed - skipped) passed, \(failed) failed\(also)")
    }
  }

  private static func members(_ results: [TestResult], isList: Bool) -> [JSON.Member] {
    let tests = results.map { result -> JSON in
      var members: [JSON.Member] = [.init("file", .string(result.file)), .init("name", .string(result.name))]
      if !isList { members.append(.init("passed", .bool(result.problem == nil))) }
      if result.isSkipped { members.append(.init("skipped", .bool(true))) }
      if let problem = result.problem {
        members.append(.init("problem", .string(problem.trimmingCharacters(in: .newlines))))
      }
      return .object(members)
    }
    if isList { return [.init("tests", .array(tests))] }
    let skipped = results.filter(\.isSkipped).count
    let failed = results.filter { $0.problem != nil }.count - skipped
    return [
      .init("tests", .array(tests)), .init("passed", .int(results.count - failed - skipped)),
      .init("failed", .int(failed)), .init("skipped", .int(skipped)),
    ]
  }
}

/// What became of one test.
struct TestResult: Sendable {
  var file: String
  var name: String
  /// Nil when it passed.
  var problem: String?
  /// Whether that is only a library that is not installed.
  var isSkipped = false

  init(file: String, name: String, problem: String? = nil, isSkipped: Bool = false) {
    (self.file, self.name, self.problem, self.isSkipped) = (file, name, problem, isSkipped)
  }

  /// A test that ended with these errors, or none.
  init(file: String, name: String, errors: [Diagnostic]) {
    let isSkipped = errors.contains { $0.id == DiagnosticText.missingLibraryID }
    let problem = isSkipped ? errors[0].message : errors.map(DiagnosticText.plain).joined()
    self.init(file: file, name: name, problem: errors.isEmpty ? nil : problem, isSkipped: isSkipped)
  }
}

/// Files to test, taken by several threads. Where there are more threads than files, a file's `test` blocks are dealt out
/// to several sessions, each of which runs the file's definitions. A block sees the files that the top level wrote above it, and none of
/// another block: what comes of it is the same for any number of threads.
final class TestWork: @unchecked Sendable {
  /// The examples of a file, or every `of`-th of its test blocks.
  private enum Part {
    case examples(path: String, SourceFile)
    case blocks(path: String, SourceFile, turn: Int, of: Int)
    case absent(path: String, why: String)
  }
  private let library: StandardLibrary
  private let filter: String?
  private let isList: Bool
  private let lock = NSLock()
  private var parts: [Part] = []
  private var next = 0
  private var byPart: [Int: [(place: Int, result: TestResult)]] = [:]

  init(files: [String], threads: Int, library: StandardLibrary, filter: String?, isList: Bool) {
    self.library = library
    self.filter = filter
    self.isList = isList
    for path in files {
      var why = ""
      guard let file = SourceLoader.load(path, takesDocuments: true, complain: { why = $0 }) else {
        parts.append(.absent(path: path, why: why))
        continue
      }
      parts.append(.examples(path: path, file))
      guard !path.hasSuffix(".md") else { continue }
      let parsed = parse(file)
      let blocks = parsed.tree.statements.filter(\.isTest).count
      let turns = max(1, min(blocks / 2, threads / max(1, files.count)))
      // What cannot be read may have held tests, unless its examples are about just that.
      let isUnread = parsed.diagnostics.contains { $0.severity == .error } && Example.inScript(file).isEmpty
      if parsed.hasTests || isUnread { parts += (0..<turns).map { .blocks(path: path, file, turn: $0, of: turns) } }
    }
  }

  /// In how many parts the work can be done at the same time.
  var count: Int { parts.count }

  /// All results in order of the files, and of the tests in them.
  var results: [TestResult] {
    lock.lock()
    defer { lock.unlock() }
    var all: [TestResult] = [], ofFile: [(place: Int, result: TestResult)] = []
    for (index, part) in parts.enumerated() {
      if case .blocks(_, _, let turn, _) = part, turn > 0 {
      } else {
        all += ofFile.sorted { $0.place < $1.place }.map(\.result)
        ofFile = []
      }
      ofFile += byPart[index, default: []]
    }
    return all + ofFile.sorted { $0.place < $1.place }.map(\.result)
  }

  /// Takes parts until there are none.
  func run() {
    while let index = take() {
      let results = test(parts[index])
      lock.lock()
      byPart[index] = results
      lock.unlock()
    }
  }

  private func take() -> Int? {
    lock.lock()
    defer { lock.unlock() }
    guard next < parts.count else { return nil }
    next += 1
    return next - 1
  }

  private func test(_ part: Part) -> [(place: Int, result: TestResult)] {
    switch part {
    case .absent(let path, let why): return [(0, TestResult(file: path, name: "can be read", problem: why))]
    case .examples(let path, let file):
      let examples = path.hasSuffix(".md") ? Example.inMarkdown(file) : Example.inScript(file)
      let runner = ExampleRunner(library: library, path: path, filter: filter)
      return (isList ? runner.names(examples) : runner.run(examples)).map { (0, $0) }
    case .blocks(let path, let file, let turn, let turns): return blocks(file, path, turn: turn, of: turns)
    }
  }

  /// The `test` blocks of a script by their names, as these are written.
  private func names(_ file: SourceFile, _ path: String) -> [(place: Int, result: TestResult)] {
    let parsed = parse(file)
    let errors = parsed.diagnostics.filter { $0.severity == .error }
    if !errors.isEmpty { return [(0, TestResult(file: path, name: "runs", errors: errors))] }
    return parsed.tree.statements.compactMap { statement in
      guard case .test(let text, _) = statement.kind else { return nil }
      if case .string(let name) = text.kind { return name }
      return file.text(text.span).trimmingCharacters(in: ["\""])
    }.filter { name in filter.map { name.contains($0) } ?? true }.enumerated().map { place, name in
      (place, TestResult(file: path, name: name))
    }
  }

  /// Every `turns`-th of the `test` blocks of a script.
  private func blocks(
    _ file: SourceFile, _ path: String, turn: Int, of turns: Int
  ) -> [(place: Int, result: TestResult)] {
    if isList { return turn == 0 ? names(file, path) : [] }
    var results: [(place: Int, result: TestResult)] = [], places: [Int] = []
    let folder = ScratchFolder()
    let (outcomes, diagnostics) = withExtendedLifetime(folder) {
      ExampleRunner.session(library, path, writingIn: folder).runTests(
        file, mayFail: Example.expectedFailures(in: file), apart: folder.apart
      ) { [filter] place, name in
        guard place % turns == turn, filter.map({ name.contains($0) }) ?? true else { return false }
        places.append(place)
        return true
      }
    }
    for (place, outcome) in zip(places, outcomes) {
      results.append((place, TestResult(file: path, name: outcome.name, errors: outcome.error.map { [$0] } ?? [])))
    }
    let errors = diagnostics.filter { $0.severity == .error }
    if !errors.isEmpty, turn == 0 {
      results.append((Int.max, TestResult(file: path, name: "runs", errors: errors)))
    }
    return results
  }
}

extension Statement {
  /// Whether this is a `test` block.
  fileprivate var isTest: Bool {
    if case .test = kind { return true }
    return false
  }
}
