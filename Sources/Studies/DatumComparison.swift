import Foundation
import Notation
import Records

/// Finds the first difference of two values, and says both in decimal and, where a number's digits look alike or not, in
/// hexadecimal.
enum DatumComparison {
  static func first(_ a: Datum, _ b: Datum, _ place: String) -> RunDifference? {
    if same(a, b) { return nil }
    switch (a, b) {
    case (.list(let x), .list(let y)):
      for (i, pair) in zip(x, y).enumerated() {
        if let difference = first(pair.0, pair.1, "\(place)[\(i)]") { return difference }
      }
      return RunDifference(place: "\(place), length", first: "\(x.count)", second: "\(y.count)")
    case (.record(let x), .record(let y)) where x.map(\.name) == y.map(\.name):
      for (left, right) in zip(x, y) {
        if let difference = first(left.value, right.value, "\(place), \(left.name)") { return difference }
      }
    case (.table(let x), .table(let y)): return TableComparison(x, y).first(place)
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
    return different(place, words(a), words(b))
  }

  /// The same for values in their written form.
  static func firstOfJSON(_ a: JSON, _ b: JSON, _ place: String) -> RunDifference? {
    if same(a, b) { return nil }
    switch (a, b) {
    case (.array(let x), .array(let y)):
      for (i, pair) in zip(x, y).enumerated() {
        if let difference = firstOfJSON(pair.0, pair.1, "\(place)[\(i)]") { return difference }
      }
      return RunDifference(place: "\(place), length", first: "\(x.count)", second: "\(y.count)")
    case (.object(let x), .object(let y)):
      // Fields go together by their names: one that only one has is a difference of its own.
      for key in x.map(\.key) + y.map(\.key).filter({ a[$0] == nil }) {
        let inner = key.hasPrefix("$") ? place : "\(place), \(key)"
        guard let left = a[key], let right = b[key] else {
          return RunDifference(place: inner, first: words(a[key]), second: words(b[key]))
        }
        if let difference = firstOfJSON(left, right, inner) { return difference }
      }
      return nil
    case (JSON.float(let x), JSON.float(let y)): return RunDifference(place: place, first: number(x), second: number(y))
    default: break
    }
    return different(place, words(a), words(b))
  }

  /// A difference; of texts that look alike it says the characters with which they begin to differ.
  static func different(_ place: String, _ first: String, _ second: String) -> RunDifference {
    guard first == second, !same(first, second) else {
      return RunDifference(place: place, first: first, second: second)
    }
    let (a, b) = (Array(first.unicodeScalars), Array(second.unicodeScalars))
    let start = zip(a, b).enumerated().first { $0.1.0 != $0.1.1 }?.offset ?? min(a.count, b.count)
    let words = { (text: String, scalars: [Unicode.Scalar]) in
      text + " (" + scalars.dropFirst(start).prefix(3).map { String(format: "U+%04X", $0.value) }.joined(separator: " ")
        + ")"
    }
    return RunDifference(place: place, first: words(first, a), second: words(second, b))
  }

  /// A part of a figure as text: its beginning where it is long.
  private static func words(_ part: JSON?) -> String {
    guard let text = part?.compact else { return "absent" }
    return text.count > 200 ? "\(text.prefix(200))…" : text
  }

  /// Bits count: a zero has a sign, and every NaN is the same. Of texts too: a letter with its accent is another one than the two after
  /// each other.
  static func same(_ a: Datum, _ b: Datum) -> Bool {
    if case .float(let x) = a, case .float(let y) = b { return x.bitPattern == y.bitPattern || x.isNaN && y.isNaN }
    return same(a.json, b.json)
  }

  /// The same for values in their written form; none is the same as none.
  static func same(_ a: JSON?, _ b: JSON?) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    return same(a.compact, b.compact)
  }

  static func same(_ a: String, _ b: String) -> Bool { a.utf8.elementsEqual(b.utf8) }

  private static func words(_ datum: Datum) -> String {
    guard case .float(let x) = datum else { return plainText(datum) }
    return number(x)
  }

  /// A number in decimal and in hexadecimal.
  static func number(_ x: Double) -> String { "\(NumberText.shortest(x)) (\(String(format: "%a", x)))" }
}

/// Finds the first difference of two tables. Rows go together by their first columns, as many as tell them apart in both, so that a
/// row which only one has shifts no other.
struct TableComparison {
  private let one: Table
  private let other: Table
  /// Columns that both have, in the first one's order.
  private let names: [String]

  init(_ first: Table, _ second: Table) {
    one = first
    other = second
    names = first.columnNames.filter { second.column($0) != nil }
  }

  /// Where they part; the tables are not the same.
  func first(_ place: String) -> RunDifference {
    let (keys, otherKeys) = keys() ?? (one.numbered, other.numbered)
    let rows = Dictionary(otherKeys.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
    for (row, key) in keys.enumerated() {
      guard let otherRow = rows[key] else { continue }
      for name in names {
        guard let x = one.column(name)?[row], let y = other.column(name)?[otherRow] else { continue }
        let words = row == otherRow ? self.row(row) : key
        if let difference = DatumComparison.first(x, y, "\(place), \(words), \(name)") { return difference }
      }
    }
    if !one.columnNames.elementsEqual(other.columnNames, by: DatumComparison.same) {
      let words = { (table: Table) in table.columnNames.joined(separator: ", ") }
      return DatumComparison.different("\(place), columns", words(one), words(other))
    }
    let known = Set(keys)
    if let key = keys.first(where: { rows[$0] == nil }) {
      return RunDifference(place: "\(place), \(key)", first: "there", second: "absent")
    }
    if let key = otherKeys.first(where: { !known.contains($0) }) {
      return RunDifference(place: "\(place), \(key)", first: "absent", second: "there")
    }
    if one.failures == other.failures {
      return RunDifference(
        place: "\(place), order", first: keys.joined(separator: "; "), second: otherKeys.joined(separator: "; "))
    }
    return RunDifference(place: "\(place), failures", first: "\(one.failures)", second: "\(other.failures)")
  }

  /// What tells the rows apart, such as `w 8, rep 1`; nil where nothing does. Numbers with a point do only where the tables are of different
  /// lengths: they may be what was computed.
  private func keys() -> ([String], [String])? {
    var (a, b) = ([String](repeating: "", count: one.rowCount), [String](repeating: "", count: other.rowCount))
    for name in names {
      guard let x = one.column(name), let y = other.column(name) else { return nil }
      let hasFloats = (x + y).contains { if case .float = $0 { true } else { false } }
      if one.rowCount == other.rowCount, hasFloats { return nil }
      for row in a.indices { a[row] += (a[row].isEmpty ? "" : ", ") + "\(name) \(plainText(x[row]))" }
      for row in b.indices { b[row] += (b[row].isEmpty ? "" : ", ") + "\(name) \(plainText(y[row]))" }
      if Set(a).count == a.count, Set(b).count == b.count { return (a, b) }
    }
    return nil
  }

  /// A row by its step, where both have one and it is the same.
  private func row(_ row: Int) -> String {
    guard case .int(let step)? = one.column("step")?[row], other.column("step")?[row] == .int(step) else {
      return "row \(row)"
    }
    return "step \(step)"
  }
}

extension Table {
  /// Its rows by their numbers.
  fileprivate var numbered: [String] { (0..<rowCount).map { "row \($0)" } }
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
