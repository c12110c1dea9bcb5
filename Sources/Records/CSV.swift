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
    let isPlain =
      !name.isEmpty && name.utf8.allSatisfy { $0 != comma && $0 != quote && $0 >= 0x20 }
      && name.utf8.first != 0x20 && name.utf8.last != 0x20
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
  /// Reads a table. The first record names the columns (empty names become `column_1` …, repeated ones get `_2` …). A
  /// quoted field is a string; an unquoted one is `none` when empty, otherwise a bool, an integer or a double if it
  /// reads as one, otherwise a string. Accepts `\n` and `\r\n`, a byte-order mark and blank lines (in a table of one
  /// column a blank line is a `none`). Throws `CSVError` for a quote that does not end, text after a closing quote, and
  /// rows longer or shorter than the header. `beforeRow` is told the number of each row, and may throw to leave off.
  public static func read(
    _ text: String, separator: Character = ",", beforeRow: (Int) throws -> Void = { _ in }
  ) throws -> Table {
    var reader = CSVReader(bytes: Array(text.utf8), separator: separator.asciiValue ?? comma)
    guard let header = try reader.record() else { return Table(columns: [], rowCount: 0) }
    var columns = names(header).map { Table.Column($0, []) }
    var count = 0
    while let record = try reader.record() {
      try beforeRow(count)
      let isBlank = record.count == 1 && record[0].text.isEmpty && !record[0].isQuoted
      if isBlank && columns.count != 1 { continue }
      guard record.count == columns.count else {
        let found = record.count == 1 ? "1 field" : "\(record.count) fields"
        throw CSVError(message: "\(found) where the header has \(columns.count)", line: reader.recordLine)
      }
      for (i, field) in record.enumerated() { columns[i].values.append(value(field)) }
      count += 1
    }
    return Table(columns: columns, rowCount: count)
  }

  private static func names(_ header: [CSVReader.Field]) -> [String] {
    var used: Set<String> = []
    return header.enumerated().map { i, field in
      let base = field.text.isEmpty ? "column_\(i + 1)" : field.text
      var name = base, n = 2
      while used.contains(name) {
        name = "\(base)_\(n)"
        n += 1
      }
      used.insert(name)
      return name
    }
  }

  private static func value(_ field: CSVReader.Field) -> Datum {
    if field.isQuoted { return .string(field.text) }
    let trimmed = field.text.drop { $0 == " " || $0 == "\t" }
    let text =
      trimmed.isEmpty ? trimmed : trimmed[...(trimmed.lastIndex { $0 != " " && $0 != "\t" } ?? trimmed.startIndex)]
    switch text {
    case "": return .none
    case "true": return .bool(true)
    case "false": return .bool(false)
    default:
      if let i = NumberText.integer(text) { return .int(i) }
      if let x = NumberText.double(text) { return .float(x) }
      return .string(field.text)
    }
  }
}

private struct CSVReader {
  struct Field {
    var text: String
    var isQuoted: Bool
  }

  let bytes: [UInt8]
  let separator: UInt8
  var position: Int
  var line = 1
  var recordLine = 1

  init(bytes: [UInt8], separator: UInt8) {
    self.bytes = bytes
    self.separator = separator
    position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
  }

  /// The next record, nil at the end. Always moves on.
  mutating func record() throws -> [Field]? {
    guard position < bytes.count else { return nil }
    recordLine = line
    var fields: [Field] = []
    while true {
      fields.append(try field())
      guard position < bytes.count else { return fields }
      let b = bytes[position]
      position += 1
      if b == separator { continue }
      if b == 0x0D, position < bytes.count, bytes[position] == 0x0A { position += 1 }
      line += 1
      return fields
    }
  }

  private func isEnd(_ b: UInt8) -> Bool { b == separator || b == 0x0A || b == 0x0D }

  private mutating func field() throws -> Field {
    guard position < bytes.count, bytes[position] == 0x22 else {
      let start = position
      while position < bytes.count, !isEnd(bytes[position]) { position += 1 }
      return Field(text: String(decoding: bytes[start..<position], as: UTF8.self), isQuoted: false)
    }
    position += 1
    var out: [UInt8] = []
    while position < bytes.count {
      let b = bytes[position]
      position += 1
      if b == 0x22 {
        if position < bytes.count, bytes[position] == 0x22 {
          position += 1
        } else {
          guard position == bytes.count || isEnd(bytes[position]) else {
            throw CSVError(message: "text follows a closing quote", line: line)
          }
          return Field(text: String(decoding: out, as: UTF8.self), isQuoted: true)
        }
      }
      if b == 0x0A { line += 1 }
      out.append(b)
    }
    throw CSVError(message: "a quoted field does not end", line: recordLine)
  }
}
