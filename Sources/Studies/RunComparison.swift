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
    result += fields("environment", a.environment, b.environment)
    result += fields("git", a.git, b.git)
    result += data()
    return result
  }

  /// Files that were read and are not the same.
  public func data() -> [RunDifference] { fields("data", first.readRun()?.data ?? [], second.readRun()?.data ?? []) }

  /// What was computed: the first difference of each sweep and of each item of the report, in order; figures by what
  /// they show. Empty when every number is the same.
  public func results() -> [RunDifference] {
    guard let a = first.readStudy(), let b = second.readStudy() else { return [unreadable()] }
    var result: [RunDifference] = []
    let (left, right) = (RunComparison.results(a), RunComparison.results(b))
    var sweeps = SweepNames()
    for place in 0..<max(left.count, right.count) {
      guard place < left.count, place < right.count else {
        let words = { (items: [(cell: String, item: StudyRecord.Item)]) in
          place < items.count ? items[place].cell + RunComparison.name(items[place].item) : "nothing"
        }
        result.append(RunDifference(place: "the report", first: words(left), second: words(right)))
        break
      }
      if var difference = compare(left[place].item, right[place].item, &sweeps) {
        difference.place = left[place].cell + difference.place
        result.append(difference)
      }
    }
    return result
  }

  /// How much there is to compare in the first run: tables (rows of trainings outside of trials are one), figures, values and claims.
  public func extent() -> (tables: Int, figures: Int, values: Int, claims: Int) {
    var extent = (tables: 0, figures: 0, values: 0, claims: 0)
    for item in first.readStudy()?.items ?? [] {
      switch item {
      case .table, .series: extent.tables += 1
      case .figure: extent.figures += 1
      case .value: extent.values += 1
      case .claim: extent.claims += 1
      case .prose, .code, .citation, .printed, .error, .coverage: break
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
      guard x != y else { return nil }
      return RunDifference(
        place: "\(what) \(name)", first: x.map(plainText) ?? "absent", second: y.map(plainText) ?? "absent")
    }
  }

  private func texts() -> [RunDifference] {
    let names = { (folder: RunFolder) in ((try? folder.contents()) ?? []).filter { $0.hasPrefix("source/") } }
    let (a, b) = (names(first), names(second))
    return (a + b.filter { !a.contains($0) }).compactMap { name in
      let (x, y) = (first.text(name), second.text(name))
      guard x != y else { return nil }
      guard let x, let y else {
        return RunDifference(place: name, first: x == nil ? "absent" : "there", second: y == nil ? "absent" : "there")
      }
      let (left, right) = (lines(x), lines(y))
      let line = zip(left, right).enumerated().first { $0.1.0 != $0.1.1 }?.offset ?? min(left.count, right.count)
      return RunDifference(
        place: "\(name), line \(line + 1)", first: line < left.count ? left[line] : "its end",
        second: line < right.count ? right[line] : "its end")
    }
  }

  private func lines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  // MARK: results

  /// What was computed, without prose, code and citations, each with its cell where there are several: `cell 3, `. A cell is a run of
  /// prose with what follows it.
  private static func results(_ study: StudyRecord) -> [(cell: String, item: StudyRecord.Item)] {
    var result: [(cell: Int, item: StudyRecord.Item)] = []
    var cell = 0, isInProse = false
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
    return result.map { (cell > 1 ? "cell \($0.cell), " : "", $0.item) }
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

  private func compare(_ a: StudyRecord.Item, _ b: StudyRecord.Item, _ sweeps: inout SweepNames) -> RunDifference? {
    let place = RunComparison.name(a)
    switch (a, b) {
    case (.value(_, let x), .value(_, let y)): return DatumComparison.first(x, y, place)
    case (.table(_, let x, _), .table(_, let y, _)): return DatumComparison.first(.table(x), .table(y), place)
    case (.figure(let x, _), .figure(let y, _)): return DatumComparison.first(.figure(x), .figure(y), place)
    case (.claim(let x), .claim(let y)):
      if x.text != y.text { break }
      if x.holds != y.holds {
        let words = { (claim: RunRecord.Claim) in claim.holds ? "holds" : "does not hold" }
        return RunDifference(place: place, first: words(x), second: words(y))
      }
      return DatumComparison.first(.record(x.numbers), .record(y.numbers), place)
    case (.printed(let x), .printed(let y)): return DatumComparison.first(.string(x), .string(y), place)
    case (.error(let x), .error(let y)): return DatumComparison.first(.string(x), .string(y), place)
    case (.coverage(let x), .coverage(let y)) where x.name == y.name:
      return SweepComparison(sweeps.folder(x.name), first, second).firstDifference()
    case (.series(let x, _), .series(let y, _)): return DatumComparison.first(.table(x), .table(y), place)
    default: break
    }
    return RunDifference(place: "the report", first: place, second: RunComparison.name(b))
  }
}

/// Compares the trials of one sweep of two runs.
struct SweepComparison {
  /// Of its folder below `trials/`.
  private let name: String
  private let one: RunFolder
  private let other: RunFolder

  init(_ name: String, _ first: RunFolder, _ second: RunFolder) {
    self.name = name
    one = first
    other = second
  }

  /// The first trial that differs, by its index, and where in it.
  func firstDifference() -> RunDifference? {
    let (a, b) = (trials(one), trials(other))
    for index in Set(a.keys).union(b.keys).sorted() {
      guard let x = a[index], let y = b[index] else {
        let words = { (json: JSON?) in json == nil ? "absent" : "there" }
        return RunDifference(place: "\(name), trial \(index)", first: words(a[index]), second: words(b[index]))
      }
      if let difference = compare(index, x, y) { return difference }
    }
    return nil
  }

  private func trials(_ folder: RunFolder) -> [Int: JSON] {
    TrialRecord.latest(TrialStore.records(of: name, in: folder.path))
  }

  private func compare(_ index: Int, _ a: JSON, _ b: JSON) -> RunDifference? {
    let coordinates = (a["coordinates"].flatMap(Datum.fields) ?? []).map { "\($0.name) \(plainText($0.value))" }
    let place = "\(name), trial \(index) (\(coordinates.joined(separator: ", ")))"
    for part in ["coordinates", "status", "series", "fields", "error"] {
      if let difference = self.part(part, a, b, part == "fields" ? place : "\(place), \(part)") { return difference }
    }
    if let difference = tensors(a, b, place) { return difference }
    return self.part("value", a, b, "\(place), value")
  }

  private func part(_ part: String, _ a: JSON, _ b: JSON, _ place: String) -> RunDifference? {
    guard a[part] != b[part] else { return nil }
    if part == "series", let x = a[part].flatMap(Table.init(json:)), let y = b[part].flatMap(Table.init(json:)) {
      return DatumComparison.first(.table(x), .table(y), place)
    }
    guard part != "value", let x = a[part].flatMap(Datum.init(json:)), let y = b[part].flatMap(Datum.init(json:)) else {
      return RunDifference(
        place: place, first: a[part]?.compact ?? "absent", second: b[part]?.compact ?? "absent")
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

/// Finds the first difference of two values, and says both in decimal and, where a number's digits look alike or not, in
/// hexadecimal.
enum DatumComparison {
  static func first(_ a: Datum, _ b: Datum, _ place: String) -> RunDifference? {
    if same(a, b) { return nil }
    switch (a, b) {
    case (.list(let x), .list(let y)) where x.count == y.count:
      for (i, pair) in zip(x, y).enumerated() {
        if let difference = first(pair.0, pair.1, "\(place)[\(i)]") { return difference }
      }
    case (.record(let x), .record(let y)) where x.map(\.name) == y.map(\.name):
      for (left, right) in zip(x, y) {
        if let difference = first(left.value, right.value, "\(place), \(left.name)") { return difference }
      }
    case (.table(let x), .table(let y)) where x.columnNames == y.columnNames && x.rowCount == y.rowCount:
      for row in 0..<x.rowCount {
        for (left, right) in zip(x.columns, y.columns) {
          if let difference = first(
            left.values[row], right.values[row], "\(place), \(self.row(row, x, y)), \(left.name)")
          {
            return difference
          }
        }
      }
      return RunDifference(place: "\(place), failures", first: "\(x.failures)", second: "\(y.failures)")
    case (.tensor(let x), .tensor(let y)) where x.shape == y.shape && x.type == y.type:
      if let p = x.elements, let q = y.elements, let i = p.indices.first(where: { !same(.float(p[$0]), .float(q[$0])) })
      {
        return first(.float(p[i]), .float(q[i]), "\(place), element \(i)")
      }
    case (.model(let x), .model(let y)) where x.tensors.map(\.path) == y.tensors.map(\.path):
      for (left, right) in zip(x.tensors, y.tensors) {
        if let difference = first(.tensor(left.tensor), .tensor(right.tensor), "\(place), \(left.path)") {
          return difference
        }
      }
    case (.figure, .figure):
      return firstOfJSON(a.json, b.json, place) ?? RunDifference(place: place, first: "", second: "")
    default: break
    }
    return RunDifference(place: place, first: words(a), second: words(b))
  }

  /// A row by its step, where both have one and it is the same.
  private static func row(_ row: Int, _ a: Table, _ b: Table) -> String {
    guard case .int(let step)? = a.column("step")?[row], b.column("step")?[row] == .int(step) else {
      return "row \(row)"
    }
    return "step \(step)"
  }

  /// The same for values in their written form.
  private static func firstOfJSON(_ a: JSON, _ b: JSON, _ place: String) -> RunDifference? {
    if a == b { return nil }
    switch (a, b) {
    case (.array(let x), .array(let y)) where x.count == y.count:
      for (i, pair) in zip(x, y).enumerated() {
        if let difference = firstOfJSON(pair.0, pair.1, "\(place)[\(i)]") { return difference }
      }
    case (.object(let x), .object(let y)) where x.map(\.key) == y.map(\.key):
      for (left, right) in zip(x, y) {
        let inner = left.key.hasPrefix("$") ? place : "\(place), \(left.key)"
        if let difference = firstOfJSON(left.value, right.value, inner) { return difference }
      }
    case (JSON.float(let x), JSON.float(let y)): return RunDifference(place: place, first: number(x), second: number(y))
    default: break
    }
    return RunDifference(place: place, first: a.compact, second: b.compact)
  }

  /// Bits count: a zero has a sign, and every NaN is the same.
  private static func same(_ a: Datum, _ b: Datum) -> Bool {
    if case .float(let x) = a, case .float(let y) = b { return x.bitPattern == y.bitPattern || x.isNaN && y.isNaN }
    return a == b || a.json == b.json
  }

  private static func words(_ datum: Datum) -> String {
    guard case .float(let x) = datum else { return plainText(datum) }
    return number(x)
  }

  /// A number in decimal and in hexadecimal.
  static func number(_ x: Double) -> String { "\(NumberText.shortest(x)) (\(String(format: "%a", x)))" }
}

/// Finds the first difference of two safetensors files.
struct TensorFileComparison {
  private let one: [UInt8]
  private let other: [UInt8]

  init(_ first: [UInt8], _ second: [UInt8]) {
    one = first
    other = second
  }

  func first(_ place: String) -> RunDifference {
    guard let a = header(one), let b = header(other), a.json == b.json else {
      let words = { (bytes: [UInt8]) in header(bytes)?.json.compact ?? "no safetensors file" }
      return RunDifference(place: "\(place), tensors", first: words(one), second: words(other))
    }
    let at = zip(one, other).enumerated().first { $0.1.0 != $0.1.1 }?.offset ?? a.start
    for member in a.json.members ?? [] {
      guard let offsets = member.value["data_offsets"]?.array?.compactMap(\.int), offsets.count == 2,
        (a.start + offsets[0]..<a.start + offsets[1]).contains(at), let type = member.value["dtype"]?.string
      else { continue }
      let width = ["F64": 8, "I64": 8, "F32": 4, "I32": 4][type] ?? 1
      let element = (at - a.start - offsets[0]) / width
      let start = a.start + offsets[0] + element * width
      return RunDifference(
        place: "\(place), tensor \(member.key), element \(element)", first: word(one, start, type, width),
        second: word(other, start, type, width))
    }
    return RunDifference(
      place: "\(place), tensors, byte \(at)", first: "\(one.count) bytes", second: "\(other.count) bytes")
  }

  private func header(_ bytes: [UInt8]) -> (json: JSON, start: Int)? {
    guard bytes.count >= 8 else { return nil }
    let length = bytes[0..<8].enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }
    guard length < UInt64(bytes.count) - 7, let json = try? JSON.read(Array(bytes[8..<8 + Int(length)])) else {
      return nil
    }
    return (json, 8 + Int(length))
  }

  private func word(_ bytes: [UInt8], _ start: Int, _ type: String, _ width: Int) -> String {
    guard start + width <= bytes.count else { return "its end" }
    let bits = (0..<width).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
    switch type {
    case "F64": return DatumComparison.number(Double(bitPattern: bits))
    case "F32":
      let x = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
      return "\(x) (\(String(format: "%a", Double(x))))"
    case "I64": return "\(Int64(bitPattern: bits))"
    case "I32": return "\(Int32(truncatingIfNeeded: bits))"
    default: return "\(bits)"
    }
  }
}
