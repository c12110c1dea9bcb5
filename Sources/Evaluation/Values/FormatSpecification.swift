import CKernels
import Notation
import Records

/// Python's format mini-language: `[[fill]align][sign][#][0][width][,][.precision][type]`. Characters are Unicode scalars.
struct FormatSpecification {
  /// What fills a wider field; nil is a blank, or a zero where `0` stands before the width.
  private var givenFill: Unicode.Scalar?
  private var align: Unicode.Scalar?
  /// `0` before the width.
  private var isZeroFilled = false
  private var sign: Unicode.Scalar = "-"
  private var isAlternate = false
  private var width = 0
  private var grouping: UInt8?
  private var precision: Int?
  private var type: Unicode.Scalar?

  private var fill: Unicode.Scalar { givenFill ?? (isZeroFilled ? "0" : " ") }

  /// A wider text, or more digits, than anybody reads.
  var isTooLong: Bool { width > 10_000 || precision ?? 0 > 1_000 }

  /// Reads a specification; nil when it is none.
  init?(_ text: String) {
    var rest = Array(text.unicodeScalars)[...]
    let aligns: Set<Unicode.Scalar> = ["<", ">", "^", "="]
    if rest.count >= 2, aligns.contains(rest[rest.startIndex + 1]) {
      givenFill = rest.removeFirst()
      align = rest.removeFirst()
    } else if let first = rest.first, aligns.contains(first) {
      align = rest.removeFirst()
    }
    if let first = rest.first, first == "+" || first == "-" || first == " " { sign = rest.removeFirst() }
    if rest.first == "#" {
      isAlternate = true
      rest.removeFirst()
    }
    if rest.first == "0" {
      rest.removeFirst()
      isZeroFilled = givenFill == nil
    }
    width = FormatSpecification.digits(&rest)
    if let first = rest.first, first == "," || first == "_" { grouping = UInt8(ascii: rest.removeFirst()) }
    if rest.first == "." {
      rest.removeFirst()
      guard let digit = rest.first, ("0"..."9").contains(digit) else { return nil }
      precision = FormatSpecification.digits(&rest)
    }
    if let first = rest.first, "bcdeEfFgGosxX%".unicodeScalars.contains(first) { type = rest.removeFirst() }
    guard rest.isEmpty else { return nil }
  }

  private static func digits(_ rest: inout ArraySlice<Unicode.Scalar>) -> Int {
    var value = 0
    while let digit = rest.first, ("0"..."9").contains(digit) {
      value = min(value * 10 + Int(digit.value) - 0x30, 1_000_000)
      rest.removeFirst()
    }
    return value
  }

  /// A text, padded; nil when the type is for numbers.
  func format(_ text: String) -> String? {
    guard type == nil || type == "s", grouping == nil, align != "=" else { return nil }
    let cut = precision.map { String(text.unicodeScalars.prefix($0)) } ?? text
    guard width > 0 else { return cut }
    let missing = width - cut.unicodeScalars.count
    guard missing > 0 else { return cut }
    let left = align == ">" ? missing : align == "^" ? missing / 2 : 0
    let fill = String(fill)
    return String(repeating: fill, count: left) + cut + String(repeating: fill, count: missing - left)
  }

  /// An integer; nil when the type does not fit.
  func format(_ value: Int) -> String? {
    let digits: String, prefix: String
    switch type {
    case nil, "d":
      guard precision == nil else { return type == nil ? format(Double(value)) : nil }
      (digits, prefix) = (String(value.magnitude), "")
    case "b": (digits, prefix) = (String(value.magnitude, radix: 2), "0b")
    case "o": (digits, prefix) = (String(value.magnitude, radix: 8), "0o")
    case "x": (digits, prefix) = (String(value.magnitude, radix: 16), "0x")
    case "X": (digits, prefix) = (String(value.magnitude, radix: 16, uppercase: true), "0X")
    case "c":
      guard let scalar = UInt32(exactly: value).flatMap(Unicode.Scalar.init) else { return nil }
      return field([], [], Array(String(scalar).utf8), columns: 1)
    case "s": return nil
    default: return format(Double(value))
    }
    let bytes = Array(digits.utf8)
    return field(mark(isNegative: value < 0) + (isAlternate ? Array(prefix.utf8) : []), bytes[...], [])
  }

  /// A float; nil when the type does not fit.
  func format(_ value: Double) -> String? {
    let magnitude = value.isNaN ? value : value.magnitude
    var text: [UInt8]
    if !value.isFinite, type.map({ "eEfFgG%".unicodeScalars.contains($0) }) ?? true {
      text = Array((value.isNaN ? "nan" : "inf").utf8)
    } else {
      switch type {
      case nil:
        if let precision {
          text = general(magnitude, max(1, precision))
        } else {
          text = Array(NumberText.shortest(magnitude).utf8)
          if isAlternate, !text.contains(Self.point) {
            text.insert(Self.point, at: text.firstIndex(of: Self.exponent) ?? text.count)
          }
        }
      case "f", "F": text = printed("f", precision ?? 6, magnitude)
      case "e", "E": text = printed("e", precision ?? 6, magnitude)
      case "g", "G": text = printed("g", max(1, precision ?? 6), magnitude)
      case "%": text = printed("f", precision ?? 6, magnitude * 100)
      default: return nil
      }
    }
    if type == "E" || type == "G" || type == "F" {
      for i in text.indices where text[i] >= 0x61 { text[i] -= 0x20 }
    }
    if type == "%" { text.append(0x25) }
    let mark = mark(isNegative: value.sign == .minus && !value.isNaN)
    if width == 0, grouping == nil { return String(decoding: mark.isEmpty ? text : mark + text, as: UTF8.self) }
    let end = text.firstIndex { !(0x30...0x39).contains($0) } ?? text.count
    return field(mark, text[..<end], text[end...])
  }

  private static let point = UInt8(ascii: ".")
  private static let exponent = UInt8(ascii: "e")

  /// What C prints, correctly rounded: `f`, `e` or `g` with so many digits.
  private func printed(_ form: Unicode.Scalar, _ precision: Int, _ value: Double) -> [UInt8] {
    // 309 digits stand before the point at most.
    [UInt8](unsafeUninitializedCapacity: precision + 330) { buffer, count in
      count = Int(
        ck_print_double(
          UnsafeMutableRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self), Int64(buffer.count),
          CChar(truncatingIfNeeded: form.value), Int32(precision), isAlternate ? 1 : 0, value))
    }
  }

  /// As Python writes a number in so many digits and no type: like `g`, but with a digit behind the point, or an exponent where
  /// there is no room for one.
  private func general(_ value: Double, _ precision: Int) -> [UInt8] {
    var text = printed("e", precision - 1, value)
    let mark = text.firstIndex(of: Self.exponent) ?? text.count
    let power = Int(String(decoding: text[(mark + 1)...], as: UTF8.self)) ?? 0
    if power < -4 || power > precision - 2 {
      guard !isAlternate, text.contains(Self.point) else { return text }
      var end = mark
      while text[end - 1] == 0x30 { end -= 1 }
      if text[end - 1] == Self.point { end -= 1 }
      text.removeSubrange(end..<mark)
      return text
    }
    text = printed("g", precision, value)
    if !text.contains(Self.point) { text += [Self.point, 0x30] }
    return text
  }

  private func mark(isNegative: Bool) -> [UInt8] {
    isNegative ? [0x2D] : sign == "-" ? [] : Array(sign.utf8)
  }

  /// A number in its field: `digits` are those that can be grouped, `rest` is what follows them.
  private func field(_ mark: [UInt8], _ digits: ArraySlice<UInt8>, _ rest: some Collection<UInt8>, columns: Int? = nil)
    -> String
  {
    let align = align ?? (isZeroFilled ? "=" : ">")
    var whole = digits
    if let grouping, !digits.isEmpty {
      let room = align == "=" && fill == "0" ? width - mark.count - rest.count : 0
      whole = grouped(digits, by: grouping, width: room)[...]
    }
    let missing = width - mark.count - whole.count - (columns ?? rest.count)
    guard missing > 0 else { return String(decoding: mark + whole + rest, as: UTF8.self) }
    let fill = Array(String(fill).utf8)
    let left = align == "^" ? missing / 2 : align == "<" ? 0 : missing
    var out: [UInt8] = []
    out.reserveCapacity(missing * fill.count + mark.count + whole.count + rest.count)
    if align == "=" { out += mark }
    for _ in 0..<left { out += fill }
    if align != "=" { out += mark }
    out += whole
    out += rest
    for _ in left..<missing { out += fill }
    return String(decoding: out, as: UTF8.self)
  }

  /// Digits in groups, with zeros before them up to a width, which are grouped like digits.
  private func grouped(_ digits: ArraySlice<UInt8>, by separator: UInt8, width: Int) -> [UInt8] {
    let size = type == "x" || type == "X" || type == "b" || type == "o" ? 4 : 3
    var reversed: [UInt8] = [], left = digits, room = width
    while true {
      let count = min(size, max(left.count, room, 1))
      for _ in 0..<count { reversed.append(left.popLast() ?? 0x30) }
      room -= count
      if left.isEmpty, room <= 0 { return reversed.reversed() }
      reversed.append(separator)
      room -= 1
    }
  }
}
