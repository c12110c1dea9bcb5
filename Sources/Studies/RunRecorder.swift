import Diagnostics
import Evaluation
import Foundation
import Records

/// Writes what happens in a run into its folder. The first write that fails is kept as `failure` and ends the
/// recording, not the study. Calls come one at a time (`StudyRun` holds its lock), except `commit`, which may come
/// from any trial's thread.
final class RunRecorder: @unchecked Sendable {
  let folder: RunFolder
  private(set) var failure: Diagnostic?
  private var run: RunRecord
  private var items: [StudyRecord.Item] = []
  private var title: String?
  private var savedTables: [String: Table] = [:]
  private var figureCount = 0
  private var logs: [String: RecordLog] = [:]
  private let drawing: RunDrawing?
  private let failureLock = NSLock()

  /// Makes the run folder and writes `run.json` and the source. Throws the diagnostic that says why it cannot.
  init(
    options: RunOptions, header: RunHeader, identity: String, sources: [(name: String, text: String)],
    drawing: RunDrawing?
  ) throws {
    self.drawing = drawing
    do {
      folder = try RunFolder.create(in: options.runsFolder ?? "runs", study: header.study, identity: identity)
      run = RunRecord(
        id: folder.name, study: header.study, arguments: options.arguments, options: header.options, seed: header.seed,
        versions: options.versions, host: options.host, started: timestamp(), identity: identity)
      try folder.write(run)
      for source in sources { try folder.addSource(name: source.name, text: source.text) }
    } catch {
      throw StudyErrors.cannotRecord(options.runsFolder ?? "runs", why: "\(error)")
    }
  }

  func add(_ item: StudyRecord.Item) { items.append(item) }

  /// Prose; its first heading becomes the title.
  func prose(_ markdown: String) {
    if title == nil, let line = markdown.split(separator: "\n").first(where: { $0.hasPrefix("#") }) {
      title = line.drop { $0 == "#" || $0 == " " }.description
    }
    items.append(.prose(markdown))
  }

  /// Source text of a statement; statements that follow each other stand in one piece.
  func code(_ spans: [StudyRecord.CodeSpan]) {
    guard !spans.isEmpty else { return }
    if case .code(let before)? = items.last {
      items[items.count - 1] = .code(before + [StudyRecord.CodeSpan("\n")] + spans)
    } else {
      items.append(.code(spans))
    }
  }

  /// A value that was shown; gives the file that holds it and, for a figure, its number.
  func show(_ value: Datum, name: String?) -> (file: String?, figure: Int?) {
    switch value {
    case .table(let table):
      let file = saveTable(table, name: name ?? "table")
      items.append(.table(name: name ?? "", table, file: file ?? ""))
      return (file, nil)
    case .figure(let figure):
      figureCount += 1
      let number = figureCount
      let stem =
        attempt { () throws -> String? in
          guard let files = drawing?.figure(figure, number) else { return nil }
          return try folder.addFigure(number: number, svg: files.svg, csv: files.csv, gnuplot: files.gnuplot)
        } ?? nil
      items.append(.figure(figure, stem: stem ?? ""))
      return (stem.map { $0 + ".svg" }, number)
    default:
      items.append(.value(name: name, value))
      return (nil, nil)
    }
  }

  /// Writes a table under `tables/`; the same table is written once, another of the same name gets a number.
  func saveTable(_ table: Table, name: String) -> String? {
    var free = name, n = 2
    while let saved = savedTables[free] {
      if saved == table { return "tables/\(RunFolder.safeName(free)).csv" }
      free = "\(name)-\(n)"
      n += 1
    }
    savedTables[free] = table
    return attempt { try folder.addTable(name: free, table) }
  }

  /// Opens the log of a sweep's trials.
  func openLog(_ sweep: String) -> RecordLog? {
    if let log = logs[sweep] { return log }
    let log = attempt { try folder.log("trials/\(RunFolder.safeName(sweep)).jsonl") }
    logs[sweep] = log
    return log
  }

  /// Writes a finished trial; when this returns it survives the end of the process. `record` is the one it was taken
  /// from, if it was not run.
  func commit(_ event: TrialEvent, _ request: SweepRequest, _ record: TrialRecord?, _ why: String, to log: RecordLog?) {
    guard let log else { return }
    let archive = request.archive
    let encoded = event.outcome.isRepeatable ? event.outcome.value.flatMap { archive?.encode($0) } : nil
    attempt {
      let file = "trials/\(RunFolder.safeName(request.name))-\(event.index).safetensors"
      let bytes = record == nil ? encoded?.tensors : record?.tensorBytes()
      if let bytes { try folder.add(bytes, as: file) }
      let value = encoded.map { (json: $0.json, file: bytes == nil ? nil : file, hash: bytes.map(SHA256.hex) ?? "") }
      let isKeyed = value != nil || event.outcome.status == .diverged && event.outcome.isRepeatable
      try log.append(TrialRecord.json(event, key: isKeyed ? archive?.key(event.index) : nil, value: value, why: why))
    }
  }

  /// Appends a line that is no trial.
  func append(_ json: JSON, to log: RecordLog?) {
    guard let log else { return }
    attempt { try log.append(json) }
  }

  /// Makes appended trials survive a loss of power.
  func sync(_ log: RecordLog?) {
    guard let log else { return }
    attempt { try log.sync() }
  }

  /// Ends the recording: the report, `study.json`, `run.json` and the manifest.
  func finish(
    state: RunRecord.State, seconds: Double, counts: RunRecord.Counts, claims: [RunRecord.Claim], errors: [String]
  ) {
    for error in errors { items.append(.error(error)) }
    run.state = state
    run.finished = timestamp()
    run.seconds = seconds
    run.counts = counts
    run.claims = claims
    let study = StudyRecord(title: title ?? run.study, run: run, items: items)
    attempt { for log in logs.values { try log.close() } }
    attempt { try folder.write(study) }
    if let page = drawing?.report(study) { attempt { try folder.add(page, as: "report.html") } }
    if failure == nil { attempt { try folder.seal(run) } }
    // A run that could not record all of itself is not done, and what is there gets no manifest.
    if failure != nil {
      run.state = .failed
      attempt { try folder.write(run) }
    }
  }

  /// Runs a write; a failure is kept and nil given.
  @discardableResult private func attempt<Result>(_ body: () throws -> Result) -> Result? {
    do { return try body() } catch {
      failureLock.lock()
      if failure == nil { failure = StudyErrors.cannotRecord(folder.path, why: "\(error)") }
      failureLock.unlock()
      return nil
    }
  }
}

/// Now, as `2026-11-20T14:03:11Z`.
private func timestamp() -> String {
  var now = time(nil), parts = tm()
  gmtime_r(&now, &parts)
  return String(
    format: "%04d-%02d-%02dT%02d:%02d:%02dZ", Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday),
    Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec))
}
