import Notation

/// Comma-separated files after RFC 4180, in a form that keeps types: strings are always quoted, `none` is an empty
/// field, an integer has no point, a double always has one (or an exponent, `nan`, `inf`), and reads back to the same
/// bits.
public enum CSV {
  /// A table as CSV: a header line, one line per row, lines ended by a single newline. Lists, records, tables and
  /// tensors stand as JSON in a quoted field and come back as strings. Reasons of failed rows stand in a last column
  /// `failure`.
  public static func write(_ table: Table) -> String { write(table) { _ in } }

  /// The same; `beforeRow` is told the number of each row before it is written, and may throw to leave off.
  public static func write(_ table: Table, beforeRow: (Int) throws -> Void) rethrows -> String {
    let table = table.withFailureColumn
    var out: [UInt8] = []
    for (i, column) in table.columns.enumerated() {
      if i > 0 { out.append(comma) }
      writeHeader(column.name, to: &out)
    }
    out.append(newline)
    for row in 0..<table.rowCount {
      try beforeRow(row)
      for (i, column) in table.columns.enumerated() {
        if i > 0 { out.append(comma) }
        writeField(row < column.values.count ? column.values[row] : .none, to: &out)
      }
      out.append(newline)
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// The unquoted text of one field; what stands in a quoted field has its quotes doubled.
  private static func writeField(_ value: Datum, to out: inout [UInt8]) {
    switch value {
    case .none: break
    case .bool(let b): out += (b ? "true" : "false").utf8
    case .int(let i): out += String(i).utf8
    case .float(let x): out += NumberText.shortest(x).utf8
    case .string(let s): writeQuoted(s, to: &out)
    case .tensor(let t) where t.shape.isEmpty && t.elements?.count == 1:
      out += NumberText.shortest(t.elements?.first ?? .nan).utf8
    case .model(let m): writeQuoted("\(m.name), \(m.parameterCount) parameters", to: &out)
    case .other(let s): writeQuoted(s, to: &out)
    default: writeQuoted(value.json.compact, to: &out)
    }
  }

  private static func writeHeader(_ name: String, to out: inout [UInt8]) {
    // A semicolon could be what separates the names, and a byte-order mark is none of a name.
    let isPlain =
      !name.isEmpty && name.utf8.allSatisfy { $0 != comma && $0 != semicolon && $0 != quote && $0 >= 0x20 }
      && name.utf8.first != 0x20 && name.utf8.last != 0x20 && !name.utf8.starts(with: byteOrderMark)
    if isPlain { out += name.utf8 } else { writeQuoted(name, to: &out) }
  }

  private static func writeQuoted(_ s: String, to out: inout [UInt8]) {
    out.append(quote)
    for b in s.utf8 {
      if b == quote { out.append(quote) }
      out.append(b)
    }
    out.append(quote)
  }

  fileprivate static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
  private static let semicolon = UInt8(ascii: ";")
  private static let comma = UInt8(ascii: ","), quote = UInt8(ascii: "\""), newline = UInt8(ascii: "\n")
}

/// Why a text is no table.
public struct CSVError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was wrong, in words.
  public var message: String
  /// Line of the file, from 1, where the record begins.
  public var line: Int
  /// The message with its line.
  public var description: String { "line \(line): \(message)" }
}

extension CSV {
  /// Reads a table. The first record names the columns (empty names become `column_1` …, repeated ones get `_2` …); without
  /// a header it is the first row, and all columns are `column_1` …. A
  /// quoted field is a string; an unquoted one is `none` when empty, otherwise, unless its column is among those of `text`, a bool,
  /// an integer or a double if it reads as one, otherwise a string. A whole number beyond 64 bits is a double where its column has others; where it has none, it keeps all its digits and
  /// the column's values are strings, as if `text` named it. Accepts `\n` and `\r\n`, a byte-order mark and blank lines (in a table of one
  /// column a blank line is a `none`). Throws `CSVError` for a quote that does not end, text after a closing quote, and
  /// rows longer or shorter than the first record. `beforeRow` is told the number of each row, and may throw to leave off.
  public static func read(
    _ text: String, separator: Character = ",", hasHeader: Bool = true, text kept: Set<String> = [],
    beforeRow: (Int) throws -> Void = { _ in }
  ) throws -> Table {
    var text = text
    return try text.withUTF8 { bytes in
      var reader = CSVReader(bytes: bytes, separator: separator.asciiValue ?? comma)
      var isThere = try reader.next()
      // A blank line before the first row says nothing of the columns.
      while isThere, !hasHeader, reader.isBlank { isThere = try reader.next() }
      guard isThere else { return Table(columns: [], rowCount: 0) }
      let names = names(reader.fields.map { hasHeader ? reader.text($0) : "" })
      let isText = names.map(kept.contains)
      var columns = [[Datum]](repeating: [], count: names.count)
      // Which columns hold whole numbers beyond 64 bits, and which have doubles.
      var hasLarge = [Bool](repeating: false, count: names.count), hasDoubles = hasLarge
      var count = 0
      if hasHeader { isThere = try reader.next() }
      while isThere {
        try beforeRow(count)
        if !reader.isBlank || names.count == 1 {
          let found = reader.fields.count
          guard found == names.count else {
            throw CSVError(
              message:
                "\(found == 1 ? "1 field" : "\(found) fields") where the \(hasHeader ? "header" : "first row") has \(names.count)",
              line: reader.recordLine)
          }
          for i in 0..<found {
            let value = reader.value(reader.fields[i], isText: isText[i])
            if reader.isLarge { hasLarge[i] = true } else if case .float = value { hasDoubles[i] = true }
            columns[i].append(value)
          }
          count += 1
        }
        isThere = try reader.next()
      }
      // As doubles they would lose digits, and two names that are numbers would become one.
      let asText = names.indices.filter { hasLarge[$0] && !hasDoubles[$0] }.map { names[$0] }
      if !asText.isEmpty {
        return try read(
          String(decoding: bytes, as: UTF8.self), separator: separator, hasHeader: hasHeader, text: kept.union(asText),
          beforeRow: beforeRow)
      }
      return Table(columns: zip(names, columns).map { Table.Column($0, $1) }, rowCount: count)
    }
  }

  private static func names(_ header: [String]) -> [String] {
    var used: Set<String> = []
    return header.enumerated().map { i, text in
      let base = text.isEmpty ? "column_\(i + 1)" : text
      var name = base, n = 2
      while used.contains(name) {
        name = "\(base)_\(n)"
        n += 1
      }
      used.insert(name)
      return name
    }
  }
}

/// Goes from record to record; a field is a place among the bytes until its value is asked for.
private struct CSVReader {
  struct Field {
    var bytes: Range<Int>
    var isQuoted = false
    /// Whether quotes inside it are doubled.
    var hasQuotes = false
  }

  let bytes: UnsafeBufferPointer<UInt8>
  let separator: UInt8
  var position: Int
  var line = 1
  /// Line of the file where the record begins.
  var recordLine = 1
  /// Of the record that `next` went to.
  var fields: [Field] = []

  init(bytes: UnsafeBufferPointer<UInt8>, separator: UInt8) {
    self.bytes = bytes
    self.separator = separator
    position = bytes.starts(with: CSV.byteOrderMark) ? 3 : 0
  }

  var isBlank: Bool { fields.count == 1 && fields[0].bytes.isEmpty && !fields[0].isQuoted }

  /// Goes to the next record; false at the end. Always moves on.
  mutating func next() throws -> Bool {
    guard position < bytes.count else { return false }
    recordLine = line
    fields.removeAll(keepingCapacity: true)
    while true {
      fields.append(try field())
      guard position < bytes.count else { return true }
      let b = bytes[position]
      position += 1
      if b == separator { continue }
      if b == 0x0D, position < bytes.count, bytes[position] == 0x0A { position += 1 }
      line += 1
      return true
    }
  }

  private func isEnd(_ b: UInt8) -> Bool { b == separator || b == 0x0A || b == 0x0D }

  private mutating func field() throws -> Field {
    let start = position
    guard position < bytes.count, bytes[position] == 0x22 else {
      while position < bytes.count, !isEnd(bytes[position]) { position += 1 }
      return Field(bytes: start..<position)
    }
    position += 1
    var hasQuotes = false
    while position < bytes.count {
      let b = bytes[position]
      position += 1
      if b == 0x0A { line += 1 }
      guard b == 0x22 else { continue }
      if position < bytes.count, bytes[position] == 0x22 {
        hasQuotes = true
        position += 1
        continue
      }
      guard position == bytes.count || isEnd(bytes[position]) else {
        throw CSVError(message: "text follows a closing quote", line: line)
      }
      return Field(bytes: start + 1..<position - 1, isQuoted: true, hasQuotes: hasQuotes)
    }
    throw CSVError(message: "a quoted field does not end", line: recordLine)
  }

  func text(_ field: Field) -> String {
    guard field.hasQuotes else { return String(decoding: bytes[field.bytes], as: UTF8.self) }
    var text: [UInt8] = []
    var isSecond = false
    for b in bytes[field.bytes] {
      isSecond = b == 0x22 && !isSecond
      if b != 0x22 || isSecond { text.append(b) }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Whether the last value was a whole number beyond 64 bits.
  private(set) var isLarge = false

  mutating func value(_ field: Field, isText: Bool) -> Datum {
    isLarge = false
    if field.isQuoted { return .string(text(field)) }
    var (first, end) = (field.bytes.lowerBound, field.bytes.upperBound)
    while first < end, isSpace(bytes[first]) { first += 1 }
    while first < end, isSpace(bytes[end - 1]) { end -= 1 }
    if first == end { return .none }
    if isText { return .string(text(field)) }
    let trimmed = UnsafeBufferPointer(rebasing: bytes[first..<end])
    if let i = NumberText.integer(utf8: trimmed) { return .int(i) }
    if let x = NumberText.double(utf8: trimmed) {
      isLarge = NumberText.isWhole(utf8: trimmed)
      return .float(x)
    }
    if trimmed.elementsEqual("true".utf8) { return .bool(true) }
    if trimmed.elementsEqual("false".utf8) { return .bool(false) }
    return .string(text(field))
  }

  private func isSpace(_ b: UInt8) -> Bool { b == 0x20 || b == 0x09 }
}
