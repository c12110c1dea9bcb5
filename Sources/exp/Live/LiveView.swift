import Diagnostics
import Evaluation
import Foundation
import Records
import Reports
import Studies

/// Puts what one run says on the live page, piece after piece. The same study gives the same names to its pieces, so
/// that a second run changes what is different and nothing else.
final class LiveView: RunListener, @unchecked Sendable {
  private let hub: LiveHub
  private var count = 0
  private var last: String?
  private var pending: [StudyRecord.CodeSpan] = []
  private var hasMoving = false
  private var declared: [OptionDeclaration] = []
  private var options: [LivePage.Option] = []
  private var header: RunHeader?
  private var folder: String?
  private var series = LiveSeries()
  private var finishedTrials: [[Datum.Field]] = []
  private var trialsAtWork: [Int: LiveSeries] = [:]
  private var shownAt = 0.0
  private var titled = false
  /// False once another run has taken the page.
  private let isCurrent: () -> Bool
  /// Told when the options of the study are known, and its folder.
  var onOptions: (([OptionDeclaration]) -> Void)?
  var onFolder: ((String?) -> Void)?

  init(_ hub: LiveHub, isCurrent: @escaping () -> Bool) {
    self.hub = hub
    self.isCurrent = isCurrent
  }

  func receive(_ event: RunEvent) {
    guard isCurrent() else { return }
    switch event {
    case .option(let option, let value):
      declared.append(option)
      options.append(
        LivePage.Option(
          name: option.name, documentation: option.documentation, value: value, initial: option.defaultValue,
          bounds: option.bounds))
    case .started(let header):
      self.header = header
      folder = header.folder
      onFolder?(header.folder)
      publishOptions()
      setStatus("running", [])
    case .code(let spans): StudyRecord.add(spans, below: &pending)
    case .prose(let texts): for text in texts { prose(text) }
    case .shown(let shown): add(item(shown))
    case .printed(let text): add(.printed(text))
    case .cited(let text): add(.citation(text))
    case .sweepStarted(let name, let trials):
      finishedTrials = []
      trialsAtWork = [:]
      move(LivePage.progress(name: name, share: 0, words: ["\(trials) trials"]))
    case .trialEnded(let trial):
      finishedTrials.append(trial.coordinates + trial.outcome.fields)
      trialsAtWork[trial.index] = nil
    case .sweepProgress(let progress): sweep(progress)
    case .sweepEnded(let summary): sweepEnded(summary)
    case .computing(let report, let elapsed): computing(report, elapsed)
    case .tracked(let row, let trial?):
      trialsAtWork[trial.index, default: LiveSeries()].add(row, of: trial.coordinates)
    case .tracked(let row, trial: nil): tracked(row)
    case .noticed(let text): add(.printed("! " + text))
    case .claimed(let claim): add(.claim(RunRecord.Claim(claim)))
    case .finished(let summary): finish(summary)
    }
  }

  // MARK: pieces

  private func prose(_ text: String) {
    guard !titled, let title = ReportPage.title(ofProse: text) else { return add(.prose(text)) }
    titled = true
    hub.setTitle(title)
    flush()
    put(ReportPage.fragment(.prose(text), title: title))
  }

  private func item(_ shown: ShownValue) -> StudyRecord.Item {
    switch shown.value {
    case .table(let table): return .table(name: shown.name ?? "", table, file: shown.file ?? "")
    case .figure(let figure):
      let file = shown.file ?? ""
      return .figure(figure, stem: file.hasSuffix(".svg") ? String(file.dropLast(4)) : "")
    default: return .value(name: shown.name, shown.value)
    }
  }

  private func add(_ item: StudyRecord.Item) {
    flush()
    put(ReportPage.fragment(item))
  }

  private func put(_ html: String) {
    count += 1
    let key = String(count)
    hub.set(key, html, after: last)
    last = key
  }

  /// Code that waited for what it does, and the end of what moved.
  private func flush() {
    if !pending.isEmpty {
      let spans = pending
      pending = []
      put(ReportPage.fragment(.code(spans)))
    }
    stopMoving()
  }

  /// A piece that changes while something is computed.
  private func move(_ html: String) {
    if !pending.isEmpty {
      let spans = pending
      pending = []
      put(ReportPage.fragment(.code(spans)))
    }
    hasMoving = true
    hub.set(LiveHub.moving, html, after: last)
  }

  private func stopMoving() {
    series = LiveSeries()
    guard hasMoving else { return }
    hasMoving = false
    hub.remove(LiveHub.moving)
  }

  /// At most four pictures a second.
  private func isTime() -> Bool {
    let now = Date().timeIntervalSinceReferenceDate
    guard now - shownAt > 0.25 else { return false }
    shownAt = now
    return true
  }

  // MARK: what is computed

  private func sweep(_ progress: SweepProgress) {
    guard isTime() else { return }
    var words = ["\(progress.done) of \(progress.total) trials"]
    if progress.failed > 0 { words.append("\(progress.failed) failed") }
    if progress.running > 0 { words.append("\(progress.running) running") }
    if let left = progress.left { words.append("\(NumberFormat.duration(left)) left") }
    let figures = [LiveSeries.trials(finishedTrials), LiveSeries.atWork(trialsAtWork)].compactMap { $0 }
    let pictures = figures.map { ReportPage.fragment(.figure($0, stem: "")) }.joined()
    move(LivePage.progress(name: progress.sweep, share: progress.share, words: words) + pictures)
  }

  private func sweepEnded(_ summary: SweepSummary) {
    flush()
    var counts = RunRecord.Counts(total: summary.done + summary.failed + summary.interrupted, done: summary.done)
    counts.failed = summary.failed
    counts.interrupted = summary.interrupted
    counts.reused = summary.reused
    put(ReportPage.fragment(.coverage(StudyRecord.Coverage(name: summary.name, counts: counts))))
  }

  private func computing(_ report: ProgressReport, _ elapsed: Double) {
    if let loss = report.loss { series.add("loss", Double(report.step), loss) }
    let isEnd = report.step == report.total
    guard isEnd || isTime() else { return }
    var words = [report.total.map { "step \(report.step) of \($0)" } ?? "step \(report.step)"]
    if let loss = report.loss { words.append("loss \(NumberFormat.short(loss))") }
    words.append(NumberFormat.duration(elapsed))
    let share = report.total.map { Double(report.step) / Double(max(1, $0)) } ?? 0
    let picture = series.figure.map { ReportPage.fragment(.figure($0, stem: "")) } ?? ""
    move(LivePage.progress(name: "", share: share, words: words) + picture)
  }

  private func tracked(_ row: [Datum.Field]) {
    series.add(row)
    guard isTime(), let figure = series.figure else { return }
    move(ReportPage.fragment(.figure(figure, stem: "")))
  }

  // MARK: the end

  private func finish(_ summary: RunSummary) {
    flush()
    // A value that was refused leaves the controls as they were, so that another can be given.
    if header == nil, summary.diagnostics.isEmpty { publishOptions() }
    var diagnostics = summary.diagnostics
    diagnostics += summary.claimErrors + (summary.firstTrialError.map { [$0] } ?? [])
    let isStopped = summary.status == .interrupted
    let shown = diagnostics.filter { !(isStopped && $0.id == DiagnosticText.interruptedID) }
    for (i, diagnostic) in shown.enumerated() {
      let key = "\(LiveHub.errorPrefix)\(i + 1)"
      hub.set(key, ReportPage.fragment(.error(DiagnosticText.plain(diagnostic))), after: last)
      last = key
    }
    let isWrong = summary.status == .scriptWrong || summary.status == .notRecorded
    if !isStopped, !isWrong {
      hub.removeOld()
      if !titled { hub.setTitle(nil) }
    }
    var facts: [String] = []
    if summary.claims > 0 { facts.append(Phrase.claims(summary.claimsHeld, of: summary.claims)) }
    if summary.trials > 0 { facts.append(Phrase.count(summary.trials, "trial")) }
    if summary.failedTrials > 0 { facts.append("\(Phrase.count(summary.failedTrials, "trial")) failed") }
    facts.append(NumberFormat.duration(summary.seconds))
    if isStopped { facts.append("what is finished stays; Run goes on") }
    setStatus(isStopped ? "stopped" : isWrong ? "failed" : "done", isGood: summary.status == .good, facts)
  }

  private func publishOptions() {
    onOptions?(declared)
    hub.setOptions(LivePage.controls(options))
  }

  private func setStatus(_ state: String, isGood: Bool = true, _ facts: [String]) {
    var all = facts
    if let header {
      all = ["seed \(header.seed)"] + header.options.map { "\($0.name) \(plainText($0.value))" } + facts
      if let folder { all.append(shortPath(folder)) }
    }
    hub.setStatus(LivePage.status(state: state, isGood: isGood, facts: all))
  }
}

/// Numbers that grow while something is computed, as a figure.
struct LiveSeries {
  static let mostLines = 8
  private var names: [String] = []
  /// What the numbers of a trial are.
  private var label = ""
  private var points: [String: [(x: Double, y: Double)]] = [:]

  mutating func add(_ name: String, _ x: Double, _ y: Double) {
    if points[name] == nil {
      guard names.count < LiveSeries.mostLines else { return }
      names.append(name)
    }
    points[name, default: []].append((x, y))
    // A long series keeps every second point.
    if let all = points[name], all.count > 2000 {
      points[name] = all.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
    }
  }

  /// A row of `track`: its other numbers against `step`.
  mutating func add(_ row: [Datum.Field]) {
    guard let step = row.first(where: { $0.name == "step" })?.value.number else { return }
    for field in row where field.name != "step" {
      if let y = field.value.number { add(field.name, step, y) }
    }
  }

  /// A row of a trial: its first other number against `step`, under the trial's coordinates.
  mutating func add(_ row: [Datum.Field], of coordinates: [Datum.Field]) {
    guard let first = row.first(where: { $0.name != "step" && $0.value.number != nil }) else { return }
    label = first.name
    let name = coordinates.map { "\($0.name) \(plainText($0.value))" }.joined(separator: ", ")
    add(row.filter { $0.name == "step" } + [Datum.Field(name, first.value)])
  }

  var figure: Figure? { LiveSeries.figure(lines, label: names.count == 1 ? names[0] : "") }

  /// Trials that run now.
  static func atWork(_ trials: [Int: LiveSeries]) -> Figure? {
    let shown = trials.sorted { $0.key < $1.key }.prefix(mostLines).map(\.value)
    return figure(shown.flatMap(\.lines), label: shown.first?.label ?? "")
  }

  private var lines: [Figure.Mark] {
    names.compactMap { name in
      guard let all = points[name], all.count > 1 else { return nil }
      return .line(Figure.Series(name: name, x: all.map(\.x), y: all.map(\.y)), dash: nil, color: nil)
    }
  }

  private static func figure(_ lines: [Figure.Mark], label: String) -> Figure? {
    lines.isEmpty ? nil : Figure(x: .init(label: "step"), y: .init(label: label), marks: lines)
  }

  /// Trials that are done: their first number against their first coordinate that is one.
  static func trials(_ rows: [[Datum.Field]]) -> Figure? {
    guard let first = rows.first(where: { $0.count > 1 }) else { return nil }
    let numeric = first.filter { $0.value.number != nil }.map(\.name)
    guard let x = numeric.first, let y = numeric.dropFirst().last, rows.count > 1 else { return nil }
    let places = rows.compactMap { row -> (Double, Double)? in
      guard let a = row.first(where: { $0.name == x })?.value.number,
        let b = row.first(where: { $0.name == y })?.value.number
      else { return nil }
      return (a, b)
    }
    let series = Figure.Series(name: y, x: places.map(\.0), y: places.map(\.1))
    return Figure(x: .init(label: x), y: .init(label: y), marks: [.points(series, labels: nil, color: nil)])
  }
}
