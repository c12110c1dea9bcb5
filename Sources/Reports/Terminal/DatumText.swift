import Notation
import Records

/// Values in words, on one line.
public enum DatumText {
  /// A value as it would be typed, or a summary where that would be long: `[1, 2, 3]`, `{ lr: 0.1 }`, `f32 [784,
  /// 128]`, `table 17 × 4`. At most about `limit` characters.
  public static func brief(_ value: Datum, limit: Int = 72, quotes: Bool = true) -> String {
    var room = limit
    return write(value, &room, depth: 0, quotes: quotes)
  }

  /// A number as it is: the fewest digits that mean the same double.
  static func exact(_ x: Double) -> String { NumberText.shortest(x) }

  /// The same of a number of an f32: the fewest digits that mean the same one.
  static func exact(single x: Double) -> String { x.isFinite ? Float(x).description : exact(x) }

  /// A value out of a record, which keeps no types of numbers: one that takes the digits of a double, though it is a number of an f32,
  /// is taken for such.
  static func recorded(_ value: Datum) -> Datum {
    switch value {
    case .float(let x):
      let digits = exact(x).prefix { $0 != "e" }.filter(\.isNumber).drop { $0 == "0" }
      return Double(Float(x)) == x && digits.count > 15 ? .tensor(.single(x)) : value
    case .tensor(let tensor): return tensor.single.map { recorded(.float($0)) } ?? value
    case .list(let items): return .list(items.map(recorded))
    case .record(let fields): return .record(fields.map { Datum.Field($0.name, recorded($0.value)) })
    default: return value
    }
  }

  private static func write(_ value: Datum, _ room: inout Int, depth: Int, quotes: Bool) -> String {
    let text: String
    switch value {
    case .none: text = "none"
    case .bool(let b): text = b ? "true" : "false"
    case .int(let i): text = String(i)
    case .float(let x): text = exact(x)
    case .string(let s):
      let shown = s.count > 400 ? String(s.prefix(400)) + "…" : s
      text = quotes ? StringLiteral.quoted(shown) : shown
    case .list(let items):
      let omitted = items.last?.omittedCount
      return group(items.count - (omitted == nil ? 0 : 1), omitted ?? 0, "[", "]", &room, depth) {
        write(items[$0], &$1, depth: depth + 1, quotes: true)
      }
    case .record(let fields):
      let omitted = fields.last.flatMap { $0.name == "…" ? $0.value.omittedCount : nil }
      let (open, close) = fields.isEmpty ? ("{", "}") : ("{ ", " }")
      return group(fields.count - (omitted == nil ? 0 : 1), omitted ?? 0, open, close, &room, depth) { i, room in
        let name = StringLiteral.fieldName(fields[i].name) + ": "
        room -= name.count
        return name + write(fields[i].value, &room, depth: depth + 1, quotes: true)
      }
    case .table(let table): text = "table \(table.rowCount) × \(table.columns.count)"
    case .figure(let figure): text = figure.title.isEmpty ? "figure" : "figure \(StringLiteral.quoted(figure.title))"
    case .tensor(let tensor):
      if let x = tensor.single {
        text = exact(single: x)
      } else if tensor.shape.isEmpty, let x = tensor.elements?.first {
        text = element(x, tensor.type)
      } else {
        text = shape(tensor)
      }
    case .model(let model): text = "\(model.name): \(NumberFormat.grouped(model.parameterCount)) parameters"
    case .other(let s): text = s
    }
    room -= text.count
    return text
  }

  /// So many elements, behind which there are `omitted` more that are not there.
  private static func group(
    _ count: Int, _ omitted: Int, _ open: String, _ close: String, _ room: inout Int, _ depth: Int,
    element: (Int, inout Int) -> String
  ) -> String {
    guard depth < 6 else { return open + "…" + close }
    var out = open
    room -= 2
    var written = 0
    while written < count, written == 0 || room > 0 {
      out += (written > 0 ? ", " : "") + element(written, &room)
      room -= 2
      written += 1
    }
    let rest = count - written + omitted
    if rest > 0 { out += (written > 0 ? ", " : "") + "… \(rest) more" }
    return out + close
  }

  /// `f32 [784, 128]`.
  static func shape(_ tensor: TensorDatum) -> String {
    "\(tensor.type) [\(tensor.shape.map(String.init).joined(separator: ", "))]"
  }

  /// One element of a tensor: integers and booleans as such, other numbers to a few digits.
  static func element(_ x: Double, _ type: String) -> String {
    if type == "bool" { return x == 0 ? "false" : "true" }
    if type.hasPrefix("i"), x.isFinite, abs(x) < 9e15 { return String(Int(saturating: x)) }
    return NumberFormat.short(x)
  }

  /// `clean` text in one line: ends of lines and tabs become blanks.
  public static func line(_ text: String) -> String {
    String(clean(text).map { $0.isNewline || $0 == "\t" ? " " : $0 })
  }

  /// Text fit for a terminal or a page: control characters, which could move the cursor, and what XML forbids become
  /// visible signs.
  static func clean(_ text: some StringProtocol) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return String(text) }
    var out = String.UnicodeScalarView()
    let scalars = Array(text.unicodeScalars)
    for (i, s) in scalars.enumerated() {
      if s == "\r", i + 1 < scalars.count, scalars[i + 1] == "\n" { continue }
      if isControl(s) {
        out.append(s.value < 0x20 ? Unicode.Scalar(0x2400 + s.value) ?? "\u{FFFD}" : "\u{FFFD}")
      } else {
        out.append(s)
      }
    }
    return String(out)
  }

  private static func isControl(_ s: Unicode.Scalar) -> Bool {
    if s == "\n" || s == "\t" { return false }
    // Marks that turn the direction of writing can make text show as something else.
    let turnsText = (0x202A...0x202E).contains(s.value) || (0x2066...0x2069).contains(s.value)
    if s.value == 0xFFFE || s.value == 0xFFFF { return true }
    return s.value < 0x20 || (0x7F...0x9F).contains(s.value) || turnsText
  }
}
