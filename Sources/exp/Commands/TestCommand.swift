import ArgumentParser
import Diagnostics
import Evaluation
import Foundation
import Studies

/// `exp test`
struct TestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Run the tests of scripts and the examples of documents.",
    discussion: """
      Tests are `test "name" { … }` blocks. In scripts that have `# => value` or `# error: E0103` behind a statement, and in the \
      `exp` blocks of Markdown documents, every statement is run and must show just that.
      """)

  @Argument(help: "Scripts and Markdown documents, or folders of them.") var paths: [String]
  @Option(help: ArgumentHelp("Only tests whose name contains this text.", valueName: "text")) var filter: String?
  @Option(help: "How many files at a time. (default: all cores)") var threads: Int?
  @Flag(help: "Print a line `ok …` or `not ok …` for each test.") var lines = false

  func run() throws {
    let files = ScriptFinder.scripts(paths, endings: ["exp", "md"])
    guard let library = WorkerThread.run(name: "library", { SourceLoader.library() }) ?? nil else { throw ExitCode(2) }
    let work = TestWork(files: files, library: library, filter: filter)
    let count = max(1, min(threads ?? ProcessInfo.processInfo.activeProcessorCount, files.count))
    let workers = (0..<count).map { number in WorkerThread(name: "tests \(number)") { work.run() } }
    workers.forEach { $0.start() }
    workers.forEach { $0.join() }
    let results = work.results
    for result in results {
      if lines || result.problem != nil {
        Terminal.output.line("\(result.problem == nil ? "ok" : "not ok") \(result.file): \(result.name)")
      }
      if let problem = result.problem { Terminal.output.line(problem.trimmingCharacters(in: .newlines)) }
    }
    let failed = results.filter { $0.problem != nil }.count
    Terminal.output.line("\(results.count - failed) passed, \(failed) failed")
    if failed > 0 { throw ExitCode(1) }
    if results.isEmpty {
      SourceLoader.complain("there is no test in \(paths.joined(separator: ", "))")
      throw ExitCode(RunStatus.scriptWrong.rawValue)
    }
  }
}

/// What became of one test.
struct TestResult: Sendable {
  var file: String
  var name: String
  /// Nil when it passed.
  var problem: String?
}

/// Files to test, taken by several threads.
final class TestWork: @unchecked Sendable {
  private let files: [String]
  private let library: StandardLibrary
  private let filter: String?
  private let lock = NSLock()
  private var next = 0
  private var byFile: [Int: [TestResult]] = [:]

  init(files: [String], library: StandardLibrary, filter: String?) {
    self.files = files
    self.library = library
    self.filter = filter
  }

  /// All results in order of the files.
  var results: [TestResult] {
    lock.lock()
    defer { lock.unlock() }
    return byFile.keys.sorted().flatMap { byFile[$0, default: []] }
  }

  /// Takes files until there are none.
  func run() {
    while let index = take() {
      let results = test(files[index])
      lock.lock()
      byFile[index] = results
      lock.unlock()
    }
  }

  private func take() -> Int? {
    lock.lock()
    defer { lock.unlock() }
    guard next < files.count else { return nil }
    next += 1
    return next - 1
  }

  private func test(_ path: String) -> [TestResult] {
    guard let file = SourceLoader.load(path) else {
      return [TestResult(file: path, name: "can be read", problem: "it cannot")]
    }
    let examples = path.hasSuffix(".md") ? Example.inMarkdown(file) : Example.inScript(file)
    var results = ExampleRunner(library: library, path: path, filter: filter).run(examples)
    if !path.hasSuffix(".md") { results += blocks(file, path) }
    return results
  }

  /// The `test` blocks of a script.
  private func blocks(_ file: SourceFile, _ path: String) -> [TestResult] {
    guard String(decoding: file.bytes, as: UTF8.self).contains("test") else { return [] }
    let (outcomes, diagnostics) = ExampleRunner.session(library, path).runTests(file)
    var results = outcomes.map { outcome in
      TestResult(file: path, name: outcome.name, problem: outcome.error.map { DiagnosticText.plain($0) })
    }
    if let filter { results = results.filter { $0.name.contains(filter) } }
    let errors = diagnostics.filter { $0.severity == .error }
    if !errors.isEmpty {
      results.append(
        TestResult(file: path, name: "runs", problem: errors.map { DiagnosticText.plain($0) }.joined()))
    }
    return results
  }
}
