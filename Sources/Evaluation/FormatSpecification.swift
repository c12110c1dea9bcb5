import Foundation
import Notation
import Records

/// Python's format mini-language: `[[fill]align][sign][#][0][width][,][.precision][type]`.
struct FormatSpecification {
  var fill: Character = " "
  var align: Character?
  var sign: Character = "-"
  var isAlternate = false
  var width = 0
  var grouping: Character?
  var precision: Int?
  var type: Character?

  /// A wider text, or more digits, than anybody reads.
  var isTooLong: Bool { width > 10_000 || precision ?? 0 > 1_000 }

  /// Reads a specification; nil when it is none.
  init?(_ text: String) {
    var rest = Array(text)[...]
    let aligns: Set<Character> = ["<", ">", "^", "="]
    if rest.count >= 2, aligns.contains(rest[rest.startIndex + 1]) {
      fill = rest.removeFirst()
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
      if align == nil {
        fill = "0"
        align = "="
      }
    }
    width = FormatSpecification.digits(&rest)
    if let first = rest.first, first == "," || first == "_" { grouping = rest.removeFirst() }
    if rest.first == "." {
      rest.removeFirst()
      guard rest.first?.isNumber == true else { return nil }
      precision = FormatSpecification.digits(&rest)
    }
    if let first = rest.first, "bcdeEfFgGosxX%".contains(first) { type = rest.removeFirst() }
    guard rest.isEmpty else { return nil }
  }

  private static func digits(_ rest: inout ArraySlice<Character>) -> Int {
    var value = 0
    while let digit = rest.first?.wholeNumberValue, rest.first?.isASCII == true {
      value = min(value * 10 + digit, 1_000_000)
      rest.removeFirst()
    }
    return value
  }

  /// A text, padded; nil when the type is for numbers.
  func format(_ text: String) -> String? {
    guard type == nil || type == "s", grouping == nil, align != "=" || fill == "0" else { return nil }
    let cut = precision.map { String(text.prefix($0)) } ?? text
    return padded("", cut, defaultAlign: "<")
  }

  /// An integer; nil when the type does not fit.
  func format(_ value: Int) -> String? {
    switch type {
    case nil, "d":
      guard precision == nil else { return type == nil ? format(Double(value)) : nil }
      return number(isNegative: value < 0, String(value.magnitude))
    case "b": return number(isNegative: value < 0, (isAlternate ? "0b" : "") + String(value.magnitude, radix: 2))
    case "o": return number(isNegative: value < 0, (isAlternate ? "0o" : "") + String(value.magnitude, radix: 8))
    case "x": return number(isNegative: value < 0, (isAlternate ? "0x" : "") + String(value.magnitude, radix: 16))
    case "X":
      return number(isNegative: value < 0, (isAlternate ? "0X" : "") + String(value.magnitude, radix: 16).uppercased())
    case "c":
      guard let scalar = UInt32(exactly: value).flatMap(Unicode.Scalar.init) else { return nil }
      return padded("", String(Character(scalar)), defaultAlign: "<")
    case "s": return nil
    default: return format(Double(value))
    }
  }

  /// A float; nil when the type does not fit.
  func format(_ value: Double) -> String? {
    let isNegative = value.sign == .minus && !value.isNaN
    let magnitude = value.magnitude
    var text: String
    switch type {
    case nil:
      if let precision {
        text = value.isFinite ? general(magnitude, precision) : word(magnitude)
        if value.isFinite && !text.contains(".") && !text.contains("e") { text += ".0" }
      } else {
        text = NumberText.shortest(magnitude)
      }
    case "f", "F": text = value.isFinite ? String(format: "%.\(precision ?? 6)f", magnitude) : word(magnitude)
    case "e", "E":
      text = value.isFinite ? String(format: "%.\(precision ?? 6)e", magnitude) : word(magnitude)
    case "g", "G": text = value.isFinite ? general(magnitude, precision ?? 6) : word(magnitude)
    case "%": text = (value.isFinite ? String(format: "%.\(precision ?? 6)f", magnitude * 100) : word(magnitude)) + "%"
    default: return nil
    }
    if type == "E" || type == "G" || type == "F" { text = text.uppercased() }
    return number(isNegative: isNegative, text)
  }

  private func word(_ value: Double) -> String { value.isNaN ? "nan" : "inf" }

  private func general(_ value: Double, _ precision: Int) -> String {
    String(format: isAlternate ? "%#.\(max(1, precision))g" : "%.\(max(1, precision))g", value)
  }

  private func number(isNegative: Bool, _ digits: String) -> String {
    let mark = isNegative ? "-" : sign == "-" ? "" : String(sign)
    return padded(mark, grouped(digits), defaultAlign: ">")
  }

  private func grouped(_ text: String) -> String {
    guard let grouping else { return text }
    let whole = text.prefix { $0.isNumber }
    let size = type == "x" || type == "X" || type == "b" || type == "o" ? 4 : 3
    var result: [Character] = []
    for (i, digit) in whole.reversed().enumerated() {
      if i > 0 && i % size == 0 { result.append(grouping) }
      result.append(digit)
    }
    return String(result.reversed()) + text.dropFirst(whole.count)
  }

  private func padded(_ mark: String, _ text: String, defaultAlign: Character) -> String {
    let missing = width - mark.count - text.count
    guard missing > 0 else { return mark + text }
    let padding = String(repeating: fill, count: missing)
    switch align ?? defaultAlign {
    case "<": return mark + text + padding
    case "^":
      let left = missing / 2
      return String(repeating: fill, count: left) + mark + text + String(repeating: fill, count: missing - left)
    case "=": return mark + padding + text
    default: return padding + mark + text
    }
  }
}
