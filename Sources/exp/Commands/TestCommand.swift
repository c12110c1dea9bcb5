import ArgumentParser
import Diagnostics
import Evaluation
import Foundation
import Notation
import Records
import Studies
import Synchronization
import Syntax

/// `exp test`
struct TestCommand: ParsableCommand, AnswersInJSON {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Run the tests of scripts and the examples of documents.",
    discussion: """
      Tests are `test "name" { … }` blocks. In scripts that have `# => value` or `# error: E0103` behind a statement, and in the \
      `exp` blocks of Markdown documents, every statement is run and must show just that. What a file's tests came to is printed as soon \
      as they and those of the files before it are over. Ctrl-C names the tests that were running, and ends with 4; a second one \
      leaves at once.
      """)

  @Argument(
    help: "Scripts and Markdown documents, or folders of them.", completion: .file(extensions: ["exp", "md"]))
  var paths: [String]
  @Option(help: ArgumentHelp("Only tests whose name contains this text.", valueName: "text")) var filter: String?
  @Option(help: "How many files at a time. (default: all cores)", transform: NumberArgument.within(1...1024))
  var threads: Int?
  @Option(
    help: ArgumentHelp("Seconds that a test may take, or a statement beside tests.", valueName: "seconds"),
    transform: NumberArgument.within(1...1_000_000))
  var limit: Int?
  @Flag(help: "Print a line `ok …` or `not ok …` for each test.") var lines = false
  @Flag(help: "Name the tests without running them.") var list = false
  @Flag(help: "Print one JSON object.") var json = false

  func run() throws {
    let files = ScriptFinder.scripts(paths, endings: ["exp", "md"])
    guard let library = WorkerThread.run(name: "library", { SourceLoader.library() }) ?? nil else { throw ExitCode(2) }
    let count = threads ?? ProcessInfo.processInfo.activeProcessorCount
    let filter = filter?.isEmpty == true ? nil : filter
    let command = self
    let work = TestWork(
      files: files, threads: count, library: library, filter: filter, limit: limit, isList: list
    ) { if !command.json { command.tell($0) } }
    let stopping = StoppingThread { work.stop() }
    defer { stopping.end() }
    let workers = (0..<min(count, max(1, work.count))).map { number in
      WorkerThread(name: "tests \(number)") { work.run() }
    }
    let running = workers.filter { $0.start() }
    if running.isEmpty { workers.first?.runHere() }
    running.forEach { $0.join() }
    work.finish()
    let results = work.results
    let failed = results.count { $0.outcome == .failed }
    let such = filter.map { " with \($0) in its name" } ?? ""
    let absence = results.isEmpty ? "there is no test\(such) in \(paths.joined(separator: ", "))" : nil
    if json {
      SourceLoader.answer(Self.members(results, isList: list), errors: absence.map { [$0] } ?? [])
    } else {
      summarize(results)
    }
    if work.isStopped { throw ExitCode(RunStatus.interrupted.rawValue) }
    if failed > 0 { throw ExitCode(1) }
    if let absence {
      if !json { SourceLoader.complain(absence) }
      throw ExitCode(RunStatus.scriptWrong.rawValue)
    }
  }

  /// Prints what came of tests that are over.
  private func tell(_ results: [TestResult]) {
    for result in results {
      if lines || list || result.problem != nil {
        let mark = list && result.problem == nil ? "" : result.outcome.rawValue + " "
        Terminal.output.line("\(mark)\(result.file): \(result.name)")
      }
      if let problem = result.problem { Terminal.output.line(problem.trimmingCharacters(in: .newlines)) }
    }
  }

  private func summarize(_ results: [TestResult]) {
    let counts = TestResult.Outcome.allCases.map { outcome in (outcome, results.count { $0.outcome == outcome }) }
    guard !list || counts.contains(where: { $0.0 == .failed && $0.1 > 0 }) else { return }
    let parts = counts.compactMap { outcome, count in
      count > 0 || outcome == .passed || outcome == .failed ? "\(count) \(outcome.counted)" : nil
    }
    Terminal.output.line(parts.joined(separator: ", "))
  }

  private static func members(_ results: [TestResult], isList: Bool) -> [JSON.Member] {
    let tests = results.map { result -> JSON in
      var members: [JSON.Member] = [.init("file", .string(result.file)), .init("name", .string(result.name))]
      if !isList { members.append(.init("passed", .bool(result.problem == nil))) }
      if result.outcome == .skipped { members.append(.init("skipped", .bool(true))) }
      if result.outcome == .interrupted { members.append(.init("interrupted", .bool(true))) }
      if let problem = result.problem {
        members.append(.init("problem", .string(problem.trimmingCharacters(in: .newlines))))
      }
      return .object(members)
    }
    if isList { return [.init("tests", .array(tests))] }
    return [.init("tests", .array(tests))]
      + TestResult.Outcome.allCases.map { outcome in
        .init(outcome.counted, .int(results.count { $0.outcome == outcome }))
      }
  }
}

/// What became of one test.
struct TestResult: Sendable {
  /// How it ended, by the mark of its line.
  enum Outcome: String, CaseIterable {
    case passed = "ok"
    case failed = "not ok"
    /// It needs a library that is not installed.
    case skipped
    /// It was running when all was stopped.
    case interrupted

    /// As it is counted.
    var counted: String { "\(self)" }
  }

  var file: String
  var name: String
  var outcome: Outcome
  /// Nil when it passed.
  var problem: String?

  init(file: String, name: String, problem: String? = nil) {
    (self.file, self.name, self.problem) = (file, name, problem)
    outcome = problem == nil ? .passed : .failed
  }

  /// A test that ended with these errors, or none.
  init(file: String, name: String, errors: [Diagnostic], isStopped: Bool = false) {
    let isSkipped = errors.contains { $0.id == DiagnosticText.missingLibraryID }
    let problem = isSkipped ? errors[0].message : errors.map(DiagnosticText.plain).joined()
    self.init(file: file, name: name, problem: errors.isEmpty ? nil : problem)
    if isSkipped { outcome = .skipped }
    if isStopped, errors.contains(where: { $0.id == DiagnosticText.interruptedID }) { outcome = .interrupted }
  }
}

/// Hears of Ctrl-C, whose handler may do little, and acts on a thread of its own. A second Ctrl-C leaves at once.
private final class StoppingThread: @unchecked Sendable {
  private let isOver = Mutex(false)

  init(_ action: @escaping @Sendable () -> Void) {
    Interrupts.begin { if Interrupts.count > 1 { _exit(RunStatus.interrupted.rawValue) } }
    let thread = Thread { [self] in
      while Interrupts.count == 0 {
        Thread.sleep(forTimeInterval: 0.05)
        if isOver.withLock({ $0 }) { return }
      }
      // Again and again: what was just about to begin forgets earlier interrupts.
      while !isOver.withLock({ $0 }) {
        action()
        Thread.sleep(forTimeInterval: 0.05)
      }
    }
    thread.start()
  }

  func end() { isOver.withLock { $0 = true } }
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
  private let limit: Int?
  private let isList: Bool
  private let lock = NSLock()
  private var parts: [Part] = []
  private var next = 0
  private var byPart: [Int: [(place: Int, result: TestResult)]] = [:]
  /// How many of the first parts have been reported, and how.
  private var reported = 0
  private let report: ([TestResult]) -> Void
  /// The sessions that run something.
  private var sessions: [ObjectIdentifier: Session] = [:]
  private var hasStopped = false

  init(
    files: [String], threads: Int, library: StandardLibrary, filter: String?, limit: Int?, isList: Bool,
    report: @escaping ([TestResult]) -> Void
  ) {
    self.library = library
    self.filter = filter
    self.limit = limit
    self.isList = isList
    self.report = report
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
    return results(of: 0..<parts.count)
  }

  /// Whether it was stopped before all tests had run.
  var isStopped: Bool {
    lock.lock()
    defer { lock.unlock() }
    return hasStopped
  }

  /// Interrupts what runs, and begins nothing more.
  func stop() {
    lock.lock()
    defer { lock.unlock() }
    hasStopped = true
    for session in sessions.values { session.interrupt() }
  }

  /// Lets a session be stopped while it runs something.
  func stoppable<R>(_ session: Session, _ body: () -> R) -> R {
    lock.lock()
    sessions[ObjectIdentifier(session)] = session
    lock.unlock()
    defer {
      lock.lock()
      sessions[ObjectIdentifier(session)] = nil
      lock.unlock()
    }
    return body()
  }

  /// The results of whole files; under the lock.
  private func results(of range: Range<Int>) -> [TestResult] {
    var all: [TestResult] = [], ofFile: [(place: Int, result: TestResult)] = []
    for index in range {
      if !isFurtherTurn(index) {
        all += ofFile.sorted { $0.place < $1.place }.map(\.result)
        ofFile = []
      }
      ofFile += byPart[index, default: []]
    }
    return all + ofFile.sorted { $0.place < $1.place }.map(\.result)
  }

  /// Whether a part is another turn of the test blocks of the part before it.
  private func isFurtherTurn(_ index: Int) -> Bool {
    if case .blocks(_, _, let turn, _) = parts[index] { return turn > 0 }
    return false
  }

  /// Reports what is over, as far as everything before it is, or where no more comes, everything; under the lock.
  private func reportOver(isLast: Bool = false) {
    var end = reported
    while end < parts.count {
      var next = end + 1
      while next < parts.count, isFurtherTurn(next) { next += 1 }
      guard isLast || (end..<next).allSatisfy({ byPart[$0] != nil }) else { break }
      end = next
    }
    let results = results(of: reported..<end)
    reported = end
    if !results.isEmpty { report(results) }
  }

  /// Takes parts until there are none.
  func run() {
    while let index = take() {
      let results = test(parts[index])
      lock.lock()
      byPart[index] = results
      reportOver()
      lock.unlock()
    }
  }

  /// Reports what stands behind a part that was not begun.
  func finish() {
    lock.lock()
    defer { lock.unlock() }
    reportOver(isLast: true)
  }

  private func take() -> Int? {
    lock.lock()
    defer { lock.unlock() }
    guard next < parts.count, !hasStopped else { return nil }
    next += 1
    return next - 1
  }

  private func test(_ part: Part) -> [(place: Int, result: TestResult)] {
    switch part {
    case .absent(let path, let why): return [(0, TestResult(file: path, name: "can be read", problem: why))]
    case .examples(let path, let file):
      let examples = path.hasSuffix(".md") ? Example.inMarkdown(file) : Example.inScript(file)
      let runner = ExampleRunner(library: library, path: path, filter: filter, limit: limit, work: self)
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
    var results: [(place: Int, result: TestResult)] = [], begun: [(place: Int, name: String)] = []
    let folder = ScratchFolder()
    let session = ExampleRunner.session(library, path, writingIn: folder)
    let (outcomes, diagnostics) = withExtendedLifetime(folder) {
      stoppable(session) {
        session.runTests(
          file, mayFail: Example.expectedFailures(in: file), apart: folder.apart, limit: limit
        ) { [filter] place, name in
          guard place % turns == turn, filter.map({ name.contains($0) }) ?? true, !self.isStopped else { return false }
          begun.append((place, name))
          return true
        }
      }
    }
    for ((place, _), outcome) in zip(begun, outcomes) {
      results.append((place, TestResult(file: path, name: outcome.name, errors: outcome.error.map { [$0] } ?? [])))
    }
    let errors = diagnostics.filter { $0.severity == .error }
    if !errors.isEmpty, begun.count > outcomes.count, let (place, name) = begun.last {
      results.append((place, TestResult(file: path, name: name, errors: errors, isStopped: isStopped)))
    } else if !errors.isEmpty, turn == 0 {
      results.append((Int.max, TestResult(file: path, name: "runs", errors: errors, isStopped: isStopped)))
    }
    return results
  }
}
