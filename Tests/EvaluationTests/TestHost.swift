import Diagnostics
import Foundation
import Notation
import Records

@testable import Evaluation

/// A study for tests: remembers what the program says.
final class TestHost: StudyHost {
  enum Event {
    case shown(Datum, Span)
    case printed(String)
    case claimed(ClaimOutcome)
    case tracked([Datum.Field])
    case cited(String)
  }
  private let lock = NSLock()
  private(set) var events: [Event] = []
  var settings: [String: Datum] = [:]
  var seedOverride: Int?
  var threads = 2
  /// Threads that sweeps lend their trials, and how many each runner found that it may use.
  var lent = 0
  let planThreads = Locked<[Int]>([])
  /// Where files are read that a program names.
  var folder: String?
  /// The statement that runs.
  private(set) var statement = Span.none

  func record(_ event: Event) {
    lock.lock()
    events.append(event)
    lock.unlock()
  }

  func choose(_ option: OptionDeclaration) throws -> Datum? { settings[option.name] }
  func seeded(_ root: Int) {}
  func beginStatement(_ span: Span, prose: [String]) { statement = span }
  func show(_ value: Datum, name: String?, at span: Span) { record(.shown(value, span)) }
  func print(_ text: String) { record(.printed(text)) }
  func cite(_ text: String) { record(.cited(text)) }
  func claim(_ outcome: ClaimOutcome) { record(.claimed(outcome)) }
  func track(_ row: [Datum.Field]) { record(.tracked(row)) }
  /// Whether a fold has made a step.
  var hasProgressed: Bool { lock.withLock { reported } }
  private var reported = false
  func progress(_ report: ProgressReport) { lock.withLock { reported = true } }
  func dataFile(_ relativePath: String) -> (path: String?, lookedIn: [String]) { (nil, ["data"]) }
  func resolve(path: String, forWriting: Bool) throws -> String {
    if !forWriting, let folder, FileManager.default.fileExists(atPath: folder + "/" + path) {
      return folder + "/" + path
    }
    return path.hasPrefix("/") ? path : Scratch.prefix + path
  }
  func imported(_ path: String, at place: String) throws -> String { try resolve(path: path, forWriting: false) }

  func sweep(_ request: SweepRequest) throws -> [TrialOutcome] {
    let outcomes = Locked([TrialOutcome?](repeating: nil, count: request.points.count))
    let group = DispatchGroup()
    // Those inside of trials have theirs already.
    request.idle.add(lent - request.idle.count)
    for number in 0..<threads {
      group.enter()
      let thread = Thread { [threads, planThreads] in
        defer { group.leave() }
        guard let runner = try? request.makeRunner() else { return }
        if let machine = (runner as? SweepRunner)?.machine { planThreads.change { $0.append(machine.planThreads) } }
        for index in stride(from: number, to: request.points.count, by: threads) {
          let outcome = runner.run(index) { _ in }
          outcomes.change { $0[index] = outcome }
        }
      }
      thread.stackSize = 64 << 20
      thread.start()
    }
    group.wait()
    return outcomes.value.compactMap { $0 }
  }

  var shown: [Datum] { events.compactMap { if case .shown(let datum, _) = $0 { datum } else { nil } } }
  var printed: [String] { events.compactMap { if case .printed(let text) = $0 { text } else { nil } } }
  var claims: [ClaimOutcome] { events.compactMap { if case .claimed(let outcome) = $0 { outcome } else { nil } } }
}

/// A variable that threads share.
final class Locked<T>: @unchecked Sendable {
  private let lock = NSLock()
  private var content: T
  init(_ value: T) { content = value }
  var value: T { lock.withLock { content } }
  func change(_ body: (inout T) -> Void) { lock.withLock { body(&content) } }
}

/// Data as the language writes it.
func plain(_ datum: Datum) -> String {
  switch datum {
  case .none: "none"
  case .bool(let value): value ? "true" : "false"
  case .int(let value): String(value)
  case .float(let value): NumberText.shortest(value)
  case .string(let text):
    "\""
      + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
      .replacingOccurrences(of: "\n", with: "\\n").replacingOccurrences(of: "{", with: "\\{") + "\""
  case .list(let items): "[" + items.map(plain).joined(separator: ", ") + "]"
  case .record(let fields):
    fields.isEmpty ? "{}" : "{ " + fields.map { "\($0.name): \(plain($0.value))" }.joined(separator: ", ") + " }"
  case .table(let table): "table \(table.rowCount)x\(table.columns.count)"
  case .figure: "figure"
  case .tensor(let tensor) where tensor.single != nil:
    tensor.single.map { $0.isFinite ? Float($0).description : NumberText.shortest($0) } ?? ""
  case .tensor(let tensor): "tensor \(tensor.type)\(tensor.shape) \(tensor.elements ?? [])"
  case .model(let model): "model \(model.name)"
  case .other(let text): text
  }
}

/// The library of the repository, loaded once.
let testLibrary: Result<StandardLibrary, Error> = Result { try StandardLibrary.load() }

/// Runs a body on a thread with a large stack.
func onLargeStack<T>(of bytes: Int = 128 << 20, _ body: @escaping () throws -> T) throws -> T {
  let result = Locked<Result<T, Error>?>(nil)
  let done = DispatchSemaphore(value: 0)
  let thread = Thread {
    let outcome = Result { try body() }
    result.change { $0 = outcome }
    done.signal()
  }
  thread.stackSize = bytes
  thread.start()
  done.wait()
  return try result.value!.get()
}

/// Interrupts a session every fifth of a second until it is cancelled: one alone might come before what it is to stop. The first
/// waits until there is something to stop, if it is said what that is.
func interrupting(_ session: Session, once isReady: @escaping @Sendable () -> Bool = { true }) -> Thread {
  let thread = Thread {
    while !isReady(), !Thread.current.isCancelled { Thread.sleep(forTimeInterval: 0.01) }
    while true {
      Thread.sleep(forTimeInterval: 0.2)
      if Thread.current.isCancelled { return }
      session.interrupt()
    }
  }
  thread.start()
  return thread
}

/// Runs a program; gives its host and what went wrong.
func runProgram(_ text: String, name: String = "test.exp", seed: Int? = nil) throws -> (
  host: TestHost, diagnostics: [Diagnostic], session: Session
) {
  try onLargeStack {
    let host = TestHost()
    host.seedOverride = seed
    let session = Session(library: try testLibrary.get(), host: host, threads: 1)
    let diagnostics = session.run(SourceStore.shared.add(name: name, text: text))
    return (host, diagnostics, session)
  }
}

/// What programs of tests write, removed when the tests are over.
private enum Scratch {
  static let prefix: String = {
    atexit {
      let folder = NSTemporaryDirectory(), own = Scratch.name
      for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasPrefix(own) {
        try? FileManager.default.removeItem(atPath: folder + "/" + name)
      }
    }
    return NSTemporaryDirectory() + "/" + name
  }()

  private static let name = "exp-tests-\(ProcessInfo.processInfo.processIdentifier)-"
}
