import Diagnostics
import Evaluation
import Foundation
import Records

/// A host that remembers what was shown, for tests of scripts.
final class TensorTestHost: StudyHost {
  var shown: [Datum] = []
  var printed: [String] = []
  var rows: [[Datum.Field]] = []

  func choose(_ option: OptionDeclaration) throws -> Datum? { nil }
  var seedOverride: Int? { nil }
  func seeded(_ root: Int) {}
  func beginStatement(_ span: Span, prose: [String]) {}
  func show(_ value: Datum, name: String?, at span: Span) { shown.append(value) }
  func print(_ text: String) { printed.append(text) }
  func cite(_ text: String) {}
  func claim(_ outcome: ClaimOutcome) {}
  func track(_ row: [Datum.Field]) { rows.append(row) }
  func sweep(_ request: SweepRequest) throws -> [TrialOutcome] {
    let runner = try request.makeRunner()
    return request.points.indices.map { runner.run($0, report: { _ in }) }
  }
  func progress(_ report: ProgressReport) {}
  func dataFile(_ relativePath: String) -> (path: String?, lookedIn: [String]) { (nil, ["data"]) }
  func resolve(path: String, forWriting: Bool) throws -> String {
    NSTemporaryDirectory() + "/exp-bridge-tests-\(ProcessInfo.processInfo.processIdentifier)-" + path
  }
}

/// Runs a body on a thread with a large stack, as programs run.
func onLargeStack<Result>(_ body: @escaping () throws -> Result) throws -> Result {
  var outcome: Swift.Result<Result, Error>?
  let done = DispatchSemaphore(value: 0)
  let thread = Thread {
    outcome = Swift.Result { try body() }
    done.signal()
  }
  thread.stackSize = 64 << 20
  thread.start()
  done.wait()
  guard let outcome else { throw CancellationError() }
  return try outcome.get()
}

/// A session over the standard library of this checkout.
func makeTensorSession(_ host: TensorTestHost) throws -> Session {
  var folder = URL(fileURLWithPath: #filePath)
  for _ in 0..<3 { folder.deleteLastPathComponent() }
  return Session(library: try StandardLibrary.load(directory: folder.path + "/stdlib"), host: host, threads: 1)
}

/// The diagnostics of a script, and what it printed.
func runTensorScript(_ text: String) throws -> (diagnostics: [Diagnostic], host: TensorTestHost, liveObjects: Int) {
  try onLargeStack {
    let host = TensorTestHost()
    let session = try makeTensorSession(host)
    let file = SourceStore.shared.add(name: "test.exp", text: text)
    let diagnostics = session.run(file)
    return (diagnostics, host, session.liveObjects)
  }
}
