import Diagnostics
import Evaluation
import Foundation
import Records

/// Writes what happens in a run into its folder, except trials (see `SweepWork`). The first write that fails is kept and ends
/// the recording, not the study. Calls come one at a time (`StudyRun` holds its lock).
final class RunRecorder: @unchecked Sendable {
  let folder: RunFolder
  private let recording: RecordingFailure
  /// Whether the run is to stop, so that nobody waits for what is shown.
  private let isStopped: () -> Bool
  private var run: RunRecord
  private var items: [StudyRecord.Item] = []
  private var title: String?
  private var savedTables: [String: Table] = [:]
  /// The names that equal tables were saved by, for the names they were to have, and from where on numbers may be free behind these.
  private var savedNames: [String: [Table: String]] = [:], numbers: [String: Int] = [:]
  private var figureCount = 0
  private var tracked: [[Datum.Field]] = []
  private let drawing: RunDrawing?
  /// Files that are written when the run ends.
  private var last: [RunFiles.Content] = []

  /// Of a run's folder that `RunBeginning` has made or opened, with what its `run.json` says.
  init(
    _ folder: RunFolder, _ run: RunRecord, drawing: RunDrawing?, recording: RecordingFailure,
    isStopped: @escaping () -> Bool = { false }
  ) {
    self.folder = folder
    self.run = run
    self.drawing = drawing
    self.recording = recording
    self.isStopped = isStopped
  }

  func add(_ item: StudyRecord.Item) { items.append(item) }

  /// A row that was tracked outside of trials.
  func track(_ row: [Datum.Field]) { tracked.append(row) }

  /// A statement is over: what it tracked is a series.
  func endSeries() {
    guard !tracked.isEmpty else { return }
    let table = Table(rows: tracked)
    tracked = []
    items.append(.series(table, file: saveTable(table, name: "series") ?? ""))
  }

  /// Prose; the first that has a title gives it to the study.
  func prose(_ markdown: String) {
    title = title ?? drawing?.title(markdown)
    items.append(.prose(markdown))
  }

  /// Source text of a statement; statements that follow each other stand in one piece.
  func code(_ spans: [StudyRecord.CodeSpan]) {
    if !spans.isEmpty { StudyRecord.add(spans, to: &items) }
  }

  /// A value that was shown; gives the file that holds it and, for a figure, its number. Nil for a table or a figure
  /// that was left because the run is to stop.
  func show(_ value: Datum, name: String?) -> (file: String?, figure: Int?)? {
    switch value {
    case .table(let table):
      guard
        let text = try? CSV.write(
          table,
          beforeRow: { row in
            if row & 0x3FF == 0, isStopped() { throw CancellationError() }
          })
      else { return nil }
      let file = saveTables([(table, name ?? "table")], texts: [text])?.first
      items.append(.table(name: name ?? "", table, file: file ?? ""))
      return (file, nil)
    case .figure(let figure):
      let number = figureCount + 1
      let files = drawing?.figure(figure, number)
      if isStopped() { return nil }
      figureCount = number
      let stem =
        attempt { () throws -> String? in
          guard let files else { return nil }
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
  func saveTable(_ table: Table, name: String) -> String? { saveTables([(table, name)])?.first }

  /// Writes tables under `tables/`, as their `texts` where these are there; gives their paths below the folder, or nil where
  /// they could not be written.
  func saveTables(_ tables: [(table: Table, name: String)], texts: [String] = []) -> [String]? {
    var new: [RunFiles.Content] = []
    let paths = tables.enumerated().map { i, entry in
      let (table, name) = entry
      let (free, isSaved) = freeName(table, name)
      let path = RunFolder.tablePath(free)
      if !isSaved {
        savedTables[free] = table
        new.append(RunFiles.Content(path, i < texts.count ? texts[i] : CSV.write(table)))
      }
      return path
    }
    return attempt { try folder.add(new) }.map { paths }
  }

  /// The name that a table is saved by, and whether it is.
  private func freeName(_ table: Table, _ name: String) -> (name: String, isSaved: Bool) {
    if let saved = savedNames[name]?[table] { return (saved, true) }
    var free = name, n = numbers[name] ?? 2
    defer {
      savedNames[name, default: [:]][table] = free
      numbers[name] = n
    }
    while let saved = savedTables[free] {
      if saved == table { return (free, true) }
      free = "\(name)-\(n)"
      n += 1
    }
    return (free, false)
  }

  /// Notes the files that were read, and the git tree with the patch of what was not committed.
  func depends(on data: [Datum.Field], git: GitTree?) {
    run.data = data.sorted { $0.name < $1.name }
    guard let state = git?.state else { return }
    run.git = [.init("commit", .string(state.commit)), .init("changed", .bool(!state.patch.isEmpty))]
    if !state.patch.isEmpty { last.append(RunFiles.Content("source/changes.patch", state.patch)) }
  }

  /// Ends the recording: the report, `study.json`, `run.json` and the manifest.
  func finish(
    state: RunRecord.State, seconds: Double, counts: RunRecord.Counts, claims: [RunRecord.Claim], errors: [String]
  ) {
    endSeries()
    for error in errors { items.append(.error(error)) }
    run.state = state
    run.finished = timestamp()
    run.seconds = seconds
    run.counts = counts
    run.claims = claims
    let study = StudyRecord(title: title ?? run.study, run: run, items: items)
    last.append(RunFolder.content(study))
    if let page = drawing?.report(study) { last.append(RunFiles.Content(RunFolder.pageName, page)) }
    if recording.diagnostic == nil { attempt { try folder.seal(run, after: last) } }
    // A run that could not record all of itself is not done, and what is there gets no manifest. One that was stopped can be gone on with.
    if recording.diagnostic != nil {
      if !state.isUnfinished { run.state = .failed }
      attempt { try folder.add(last) }
      attempt { try folder.write(run) }
    }
  }

  @discardableResult private func attempt<Result>(_ body: () throws -> Result) -> Result? { recording.attempt(body) }
}

/// Now, as `2026-11-20T14:03:11.204518Z`: runs that begin within a second have an order.
func timestamp() -> String {
  var now = timespec(), parts = tm()
  clock_gettime(CLOCK_REALTIME, &now)
  gmtime_r(&now.tv_sec, &parts)
  return String(
    format: "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1,
    Int(parts.tm_mday), Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec), now.tv_nsec / 1000)
}
