import Diagnostics
import Evaluation
import Foundation
import Records

// Runs one program without recording anything, for timing the interpreter alone: interpreter-benchmark FILE.

/// A study that only prints.
final class PrintingHost: StudyHost {
  var seedOverride: Int? { nil }
  func choose(_ option: OptionDeclaration) throws -> Datum? { nil }
  func seeded(_ root: Int) {}
  func beginStatement(_ span: Span, prose: [String]) {}
  func show(_ value: Datum, name: String?, at span: Span) { Swift.print(value) }
  func print(_ text: String) { Swift.print(text) }
  func cite(_ text: String) {}
  func claim(_ outcome: ClaimOutcome) { Swift.print(outcome.text, outcome.holds, outcome.error?.message ?? "") }
  func track(_ row: [Datum.Field]) {}
  func progress(_ report: ProgressReport) {}
  func dataFile(_ relativePath: String) -> (path: String?, lookedIn: [String]) { (nil, []) }
  func resolve(path: String, forWriting: Bool) throws -> String { path }
  func imported(_ path: String, at place: String) throws -> String { place }
  func sweep(_ request: SweepRequest) throws -> [TrialOutcome] {
    let runner = try request.makeRunner()
    return request.points.indices.map { runner.run($0) { _ in } }
  }
}

setvbuf(stdout, nil, Int32(_IOLBF), 0)
guard CommandLine.arguments.count > 1, let data = FileManager.default.contents(atPath: CommandLine.arguments[1]) else {
  Swift.print("usage: interpreter-benchmark FILE")
  exit(2)
}
let source = SourceStore.shared.add(name: CommandLine.arguments[1], text: String(decoding: data, as: UTF8.self))
do {
  let session = Session(library: try StandardLibrary.load(), host: PrintingHost(), threads: 1)
  let diagnostics = session.run(source)
  for diagnostic in diagnostics {
    let place = SourceStore.shared.file(diagnostic.span.file)?.position(Int(diagnostic.span.lower))
    Swift.print(diagnostic.id, place?.line ?? 0, diagnostic.message, diagnostic.label, diagnostic.help)
    for frame in diagnostic.stack {
      let line = SourceStore.shared.file(frame.span.file)
      Swift.print("  in", frame.function, line?.name ?? "", line?.position(Int(frame.span.lower)).line ?? 0)
    }
  }
  if ProcessInfo.processInfo.environment["EXP_LIVE"] != nil { Swift.print("live objects:", session.liveObjects) }
  exit(diagnostics.isEmpty ? 0 : 2)
} catch {
  Swift.print(error)
  exit(2)
}
