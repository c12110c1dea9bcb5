import Foundation
import Notation
import Records

/// Where two runs part, and how.
public struct RunDifference: Sendable, Equatable {
  /// The place, in words: `runs, trial 3 (width 8), loss`.
  public var place: String
  /// What the first run has there.
  public var first: String
  /// What the second run has there.
  public var second: String

  /// Makes a difference.
  public init(place: String, first: String, second: String) {
    self.place = place
    self.first = first
    self.second = second
  }

  /// A number in decimal and in hexadecimal.
  public static func number(_ x: Double) -> String { DatumComparison.number(x) }
}

/// Compares the records of two runs, bit for bit, in the order in which things were computed.
public struct RunComparison {
  private let first: RunFolder
  private let second: RunFolder

  /// Of two run folders.
  public init(_ first: RunFolder, _ second: RunFolder) {
    self.first = first
    self.second = second
  }

  /// What was asked for: text, options, seed, versions, machine.
  public func settings() -> [RunDifference] {
    guard let a = first.readRun(), let b = second.readRun() else { return [unreadable()] }
    var result = fields("option", a.options, b.options)
    if a.seed != b.seed { result.append(RunDifference(place: "seed", first: "\(a.seed)", second: "\(b.seed)")) }
    result += texts()
    result += fields("version", a.versions, b.versions)
    result += fields("machine", a.host, b.host)
    result += switches()
    result += fields("git", a.git, b.git)
    result += data()
    return result
  }

  /// What computed that is not the same in both: versions, the library's among them, and switches of the environment.
  public func programs() -> [RunDifference] {
    fields("version", first.readRun()?.versions ?? [], second.readRun()?.versions ?? []) + switches()
  }

  private func switches() -> [RunDifference] {
    fields("environment", first.readRun()?.environment ?? [], second.readRun()?.environment ?? [])
  }

  /// Files that were read and are not the same.
  public func data() -> [RunDifference] { fields("data", first.readRun()?.data ?? [], second.readRun()?.data ?? []) }

  /// What was computed: the first difference of each item of the report and of each sweep, in order; figures by what
  /// they show. Items go together by their names, trials by their coordinates: what only one run has is a difference of its own.
  /// Files that the study wrote come after them. Empty when every number is the same.
  public func results() -> [RunDifference] {
    guard let a = first.readStudy(), let b = second.readStudy() else { return [unreadable()] }
    let (left, right) = (RunComparison.results(a), RunComparison.results(b))
    return RunComparison.pairs(left.map(\.name), right.map(\.name)).flatMap { pair -> [RunDifference] in
      switch (pair.0.map { left[$0] }, pair.1.map { right[$0] }) {
      case (let x?, let y?):
        return compare(x, y).map { RunDifference(place: x.cell + $0.place, first: $0.first, second: $0.second) }
      case (let x?, nil): return [RunDifference(place: x.cell + x.name, first: "there", second: "absent")]
      case (nil, let y?): return [RunDifference(place: y.cell + y.name, first: "absent", second: "there")]
      case (nil, nil): return []
      }
    } + writtenFiles()
  }

  /// Files that the study wrote, by their names: the first difference of each.
  private func writtenFiles() -> [RunDifference] {
    let names = { (folder: RunFolder) in ((try? folder.contents()) ?? []).filter { $0.hasPrefix("files/") } }
    let (a, b) = (names(first), names(second))
    return (a + b.filter { !Set(a).contains($0) }).compactMap { name in
      guard let x = first.bytes(name), let y = second.bytes(name) else {
        let words = { (folder: RunFolder) in folder.bytes(name) == nil ? "absent" : "there" }
        return RunDifference(place: name, first: words(first), second: words(second))
      }
      if x == y { return nil }
      if name.hasSuffix(".safetensors") || name.hasSuffix(".st") { return TensorFileComparison(x, y).first(name) }
      guard let left = String(validating: x, as: UTF8.self), let right = String(validating: y, as: UTF8.self) else {
        let at = zip(x, y).enumerated().first { $0.1.0 != $0.1.1 }?.offset ?? min(x.count, y.count)
        return RunDifference(place: "\(name), byte \(at)", first: "\(x.count) bytes", second: "\(y.count) bytes")
      }
      return RunComparison.changedLines(name, Line.all(of: left), Line.all(of: right)).first
    }
  }

  /// Places of two lists of names that go together, in order, with as few left over as may be.
  private static func pairs<Name: Equatable>(_ a: [Name], _ b: [Name]) -> [(Int?, Int?)] {
    var removed: Set<Int> = [], inserted: Set<Int> = []
    for change in b.difference(from: a) {
      switch change {
      case .remove(let offset, _, _): removed.insert(offset)
      case .insert(let offset, _, _): inserted.insert(offset)
      }
    }
    var pairs: [(Int?, Int?)] = [], i = 0, j = 0
    while i < a.count || j < b.count {
      if removed.contains(i) {
        pairs.append((i, nil))
        i += 1
      } else if inserted.contains(j) {
        pairs.append((nil, j))
        j += 1
      } else {
        pairs.append((i, j))
        (i, j) = (i + 1, j + 1)
      }
    }
    return pairs
  }

  /// How much there is to compare in the first run: tables (rows of trainings outside of trials are one), figures, values, claims and errors.
  public func extent() -> (tables: Int, figures: Int, values: Int, claims: Int, errors: Int) {
    var extent = (tables: 0, figures: 0, values: 0, claims: 0, errors: 0)
    for item in first.readStudy()?.items ?? [] {
      switch item {
      case .table, .series: extent.tables += 1
      case .figure: extent.figures += 1
      case .value: extent.values += 1
      case .claim: extent.claims += 1
      case .error: extent.errors += 1
      case .prose, .code, .citation, .printed, .coverage: break
      }
    }
    return extent
  }

  private func unreadable() -> RunDifference {
    let words = { (folder: RunFolder) in folder.readStudy() == nil ? "cannot be read, or did not end" : "is there" }
    return RunDifference(place: "study.json", first: words(first), second: words(second))
  }

  // MARK: settings

  private func fields(_ what: String, _ a: [Datum.Field], _ b: [Datum.Field]) -> [RunDifference] {
    let names = a.map(\.name) + b.map(\.name).filter { name in !a.contains { $0.name == name } }
    return names.compactMap { name in
      let (x, y) = (a.first { $0.name == name }?.value, b.first { $0.name == name }?.value)
      guard !DatumComparison.same(x?.json, y?.json) else { return nil }
      return DatumComparison.different(
        "\(what) \(name)", x.map(plainText) ?? "absent", y.map(plainText) ?? "absent")
    }
  }

  private func texts() -> [RunDifference] {
    let names = { (folder: RunFolder) in ((try? folder.contents()) ?? []).filter { $0.hasPrefix("source/") } }
    let (a, b) = (names(first), names(second))
    return (a + b.filter { !a.contains($0) }).flatMap { name -> [RunDifference] in
      let (x, y) = (first.text(name), second.text(name))
      guard let x, let y else {
        return [RunDifference(place: name, first: x == nil ? "absent" : "there", second: y == nil ? "absent" : "there")]
      }
      return DatumComparison.same(x, y) ? [] : RunComparison.changedLines(name, Line.all(of: x), Line.all(of: y))
    }
  }

  /// A line of a text; two are equal by their bytes.
  private struct Line: Equatable {
    var text: String
    static func == (a: Line, b: Line) -> Bool { DatumComparison.same(a.text, b.text) }
    static func all(of text: String) -> [Line] {
      text.split(separator: "\n", omittingEmptySubsequences: false).map { Line(text: String($0)) }
    }
  }

  /// At most so many changed lines of a file are told; the last says how many more there are.
  static let maxLines = 20
  /// Lines of longer files go together by their numbers.
  private static let mostLines = 2000

  /// Every line in which two texts differ, by its number in the text that has it.
  private static func changedLines(_ name: String, _ a: [Line], _ b: [Line]) -> [RunDifference] {
    let count = max(a.count, b.count)
    let all =
      count <= mostLines
      ? pairs(a, b) : (0..<count).map { ($0 < a.count ? $0 : nil, $0 < b.count ? $0 : nil) }
    var found: [RunDifference] = [], gone: [Int] = [], new: [Int] = []
    func told() {
      for i in 0..<max(gone.count, new.count) {
        let (x, y) = (i < gone.count ? gone[i] : nil, i < new.count ? new[i] : nil)
        found.append(
          DatumComparison.different(
            "\(name), line \((x ?? y ?? 0) + 1)", x.map { a[$0].text } ?? "absent", y.map { b[$0].text } ?? "absent"))
      }
      (gone, new) = ([], [])
    }
    for (x, y) in all {
      if let x, let y, a[x] == b[y] {
        told()
      } else {
        gone += x.map { [$0] } ?? []
        new += y.map { [$0] } ?? []
      }
    }
    told()
    guard found.count > maxLines else { return found }
    found[maxLines - 1].place += ", and \(found.count - maxLines) more"
    return Array(found.prefix(maxLines))
  }

  // MARK: results

  /// Something that was computed: its cell where there are several, `cell 3, `; in words what it is; the folder below `trials/` if it
  /// is a sweep.
  private struct Result {
    var cell: String
    var name: String
    var item: StudyRecord.Item
    var folder = ""
  }

  /// What was computed, without prose, code and citations. A cell is a run of prose with what follows it.
  private static func results(_ study: StudyRecord) -> [Result] {
    var result: [(cell: Int, item: StudyRecord.Item)] = []
    var cell = 0, isInProse = false, sweeps = SweepNames()
    for item in study.items {
      switch item {
      case .prose:
        if !isInProse { cell += 1 }
        isInProse = true
        continue
      case .code, .citation: break
      default: result.append((max(1, cell), item))
      }
      cell = max(1, cell)
      isInProse = false
    }
    return result.map { part in
      var found = Result(cell: cell > 1 ? "cell \(part.cell), " : "", name: name(part.item), item: part.item)
      if case .coverage(let coverage) = part.item { found.folder = sweeps.folder(coverage.name) }
      return found
    }
  }

  private static func name(_ item: StudyRecord.Item) -> String {
    switch item {
    case .prose: "prose"
    case .code: "code"
    case .citation: "a citation"
    case .value(let name, _): "the value \(name ?? "shown")"
    case .table(let name, _, _): name.isEmpty ? "a table" : "the table \(name)"
    case .figure(let figure, _): figure.title.isEmpty ? "a figure" : "the figure \(figure.title)"
    case .claim(let claim): "the claim “\(claim.text)”"
    case .printed: "a printed line"
    case .error: "an error"
    case .coverage(let coverage): "the sweep \(coverage.name)"
    case .series: "the series"
    }
  }

  private func compare(_ a: Result, _ b: Result) -> [RunDifference] {
    if case .coverage = a.item { return SweepComparison(a.folder, b.folder, first, second).differences() }
    return firstDifference(a, b).map { [$0] } ?? []
  }

  /// Of two items of one name that are no sweeps.
  private func firstDifference(_ a: Result, _ b: Result) -> RunDifference? {
    let place = a.name
    switch (a.item, b.item) {
    case (.value(_, let x), .value(_, let y)): return DatumComparison.first(x, y, place)
    case (.table(_, let x, _), .table(_, let y, _)): return DatumComparison.first(.table(x), .table(y), place)
    case (.figure(let x, _), .figure(let y, _)): return DatumComparison.first(.figure(x), .figure(y), place)
    case (.claim(let x), .claim(let y)):
      if x.holds != y.holds {
        let words = { (claim: RunRecord.Claim) in claim.holds ? "holds" : "does not hold" }
        return RunDifference(place: place, first: words(x), second: words(y))
      }
      // Which numbers stand beside a claim is a matter of its report: what both show has to be the same.
      let both = x.numbers.filter { number in y.numbers.contains { $0.name == number.name } }
      let same = both.compactMap { number in y.numbers.first { $0.name == number.name } }
      return DatumComparison.first(.record(both), .record(same), place)
    case (.printed(let x), .printed(let y)): return DatumComparison.first(.string(x), .string(y), place)
    case (.error(let x), .error(let y)):
      return DatumComparison.first(.string(ErrorText(x).essence), .string(ErrorText(y).essence), place)
    case (.series(let x, _), .series(let y, _)): return DatumComparison.first(.table(x), .table(y), place)
    default: return nil
    }
  }
}

/// An error as it was drawn for a report.
struct ErrorText {
  private let lines: [Substring]

  init(_ drawn: String) { lines = drawn.split(separator: "\n") }

  /// What it is and where, without the folders on the way there: `error: 7 is no index [E0206], study.exp:3:7`. What is said beside that
  /// tells of the machine and of where the study stood.
  var essence: String {
    guard let header = lines.first else { return "" }
    let words = header.split(separator: " ")
    let id = words.last.map { $0.wholeMatch(of: #/E\d{4}/#) == nil ? "" : " [\($0)]" } ?? ""
    let message = words.dropLast(id.isEmpty ? 0 : 1).joined(separator: " ")
    guard lines.count > 1, let place = lines[1].wholeMatch(of: #/  (?:.*/)?([^/]+:\d+:\d+)/#) else {
      return message + id
    }
    return "\(message)\(id), \(place.output.1)"
  }
}

/// Compares the trials of one sweep of two runs.
struct SweepComparison {
  private let name: String
  private let otherName: String
  private let one: RunFolder
  private let other: RunFolder

  /// Of its folder below `trials/` in each run.
  init(_ name: String, _ otherName: String, _ first: RunFolder, _ second: RunFolder) {
    self.name = name
    self.otherName = otherName
    one = first
    other = second
  }

  /// The first trial, by its index in the first run, that differs from the one with its coordinates, and where in it; then the
  /// first of those that only one run has.
  func differences() -> [RunDifference] {
    let (a, b) = (trials(name, one), trials(otherName, other))
    let (inOne, inOther) = (Set(a.map(\.point)), Dictionary(b.map { ($0.point, $0.json) }) { first, _ in first })
    var differences: [RunDifference] = []
    for trial in a {
      guard let twin = inOther[trial.point] else { continue }
      guard let difference = compare(trial.json, twin, place(trial)) else { continue }
      differences.append(difference)
      break
    }
    func only(_ trials: [Trial], _ first: String, _ second: String) {
      guard let trial = trials.first else { return }
      let more = trials.count > 1 ? " and \(trials.count - 1) more" : ""
      differences.append(RunDifference(place: place(trial) + more, first: first, second: second))
    }
    only(a.filter { inOther[$0.point] == nil }, "there", "absent")
    only(b.filter { !inOne.contains($0.point) }, "absent", "there")
    return differences
  }

  private struct Trial {
    var index: Int
    var json: JSON
    /// Its coordinates as text, in bytes, and the how many-th trial it is with these: functions may look alike.
    var point: [UInt8]
  }

  private func trials(_ sweep: String, _ folder: RunFolder) -> [Trial] {
    var counts: [[UInt8]: Int] = [:]
    return TrialRecord.latest(TrialStore.records(of: sweep, in: folder.path)).sorted { $0.key < $1.key }.map {
      let text = Array(($0.value["coordinates"]?.compact ?? "").utf8)
      counts[text, default: 0] += 1
      return Trial(index: $0.key, json: $0.value, point: text + Array(" \(counts[text] ?? 0)".utf8))
    }
  }

  private func place(_ trial: Trial) -> String {
    let fields = trial.json["coordinates"].flatMap(Datum.fields) ?? []
    let coordinates = fields.map { "\($0.name) \(plainText($0.value))" }.joined(separator: ", ")
    return "\(name), trial \(trial.index) (\(coordinates))"
  }

  private func compare(_ a: JSON, _ b: JSON, _ place: String) -> RunDifference? {
    for part in ["status", "series", "fields", "error"] {
      if let difference = self.part(part, a, b, part == "fields" ? place : "\(place), \(part)") { return difference }
    }
    if let difference = tensors(a, b, place) { return difference }
    return self.part("value", a, b, "\(place), value")
  }

  private func part(_ part: String, _ a: JSON, _ b: JSON, _ place: String) -> RunDifference? {
    guard !DatumComparison.same(a[part], b[part]) else { return nil }
    if part == "series", let x = a[part].flatMap(Table.init(json:)), let y = b[part].flatMap(Table.init(json:)) {
      return DatumComparison.first(.table(x), .table(y), place)
    }
    guard part != "value", let x = a[part].flatMap(Datum.init(json:)), let y = b[part].flatMap(Datum.init(json:)) else {
      return DatumComparison.different(place, a[part]?.compact ?? "absent", b[part]?.compact ?? "absent")
    }
    return DatumComparison.first(x, y, place)
  }

  private func tensors(_ a: JSON, _ b: JSON, _ place: String) -> RunDifference? {
    guard a["sha256"]?.string != b["sha256"]?.string else { return nil }
    let (x, y) = (
      TrialRecord(json: a, folder: one.path).tensorBytes(), TrialRecord(json: b, folder: other.path).tensorBytes()
    )
    guard let x, let y else {
      let words = { (bytes: [UInt8]?) in bytes == nil ? "absent or damaged" : "there" }
      return RunDifference(place: "\(place), tensors", first: words(x), second: words(y))
    }
    return TensorFileComparison(x, y).first(place)
  }
}
