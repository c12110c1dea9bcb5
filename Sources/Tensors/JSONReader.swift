/// Reads the JSON of a safetensors header: objects keep their order, numbers are integers, nesting is bounded.
struct JSONReader {
  indirect enum Value {
    case string(String), number(Double), array([Value]), object([(String, Value)]), literal(Bool?)

    var integer: Int? {
      if case .number(let value) = self { return Int(exactly: value) }
      return nil
    }
  }

  private let bytes: [UInt8]
  private var at = 0

  private init(_ text: String) { bytes = Array(text.utf8) }

  /// The value of the whole text; nil if it is not JSON.
  static func parse(_ text: String) -> Value? {
    var reader = JSONReader(text)
    guard let value = reader.value(depth: 0) else { return nil }
    reader.skip()
    return reader.at == reader.bytes.count ? value : nil
  }

  private var current: UInt8 { at < bytes.count ? bytes[at] : 0 }

  private mutating func skip() {
    while at < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[at]) { at += 1 }
  }

  private mutating func eat(_ character: Character) -> Bool {
    skip()
    guard let ascii = character.asciiValue, current == ascii else { return false }
    at += 1
    return true
  }

  private mutating func value(depth: Int) -> Value? {
    if depth > 32 { return nil }
    skip()
    switch current {
    case UInt8(ascii: "{"): return object(depth)
    case UInt8(ascii: "["): return array(depth)
    case UInt8(ascii: "\""): return string().map(Value.string)
    case UInt8(ascii: "t"): return word("true", true)
    case UInt8(ascii: "f"): return word("false", false)
    case UInt8(ascii: "n"): return word("null", nil)
    default: return number()
    }
  }

  private mutating func word(_ text: String, _ value: Bool?) -> Value? {
    guard bytes[at...].starts(with: Array(text.utf8)) else { return nil }
    at += text.utf8.count
    return .literal(value)
  }

  private mutating func object(_ depth: Int) -> Value? {
    at += 1
    var members: [(String, Value)] = []
    if eat("}") { return .object(members) }
    repeat {
      skip()
      guard current == UInt8(ascii: "\""), let key = string(), eat(":"), let member = value(depth: depth + 1) else {
        return nil
      }
      members.append((key, member))
    } while eat(",")
    return eat("}") ? .object(members) : nil
  }

  private mutating func array(_ depth: Int) -> Value? {
    at += 1
    var values: [Value] = []
    if eat("]") { return .array(values) }
    repeat {
      guard let element = value(depth: depth + 1) else { return nil }
      values.append(element)
    } while eat(",")
    return eat("]") ? .array(values) : nil
  }

  private mutating func number() -> Value? {
    let start = at
    while at < bytes.count, "+-0123456789.eE".utf8.contains(bytes[at]) { at += 1 }
    return Double(String(decoding: bytes[start..<at], as: UTF8.self)).map(Value.number)
  }

  private mutating func string() -> String? {
    at += 1
    var text: [UInt8] = []
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      if byte == UInt8(ascii: "\"") { return String(decoding: text, as: UTF8.self) }
      if byte != UInt8(ascii: "\\") {
        text.append(byte)
        continue
      }
      let escape = current
      at += 1
      switch escape {
      case UInt8(ascii: "n"): text.append(10)
      case UInt8(ascii: "t"): text.append(9)
      case UInt8(ascii: "r"): text.append(13)
      case UInt8(ascii: "b"): text.append(8)
      case UInt8(ascii: "f"): text.append(12)
      case UInt8(ascii: "u"):
        guard var code = unit() else { return nil }
        if code >> 10 == 0x36, current == UInt8(ascii: "\\") {
          at += 2
          guard let low = unit(), low >> 10 == 0x37 else { return nil }
          code = 0x10000 + (code & 1023) << 10 + (low & 1023)
        }
        text += Array(String(Unicode.Scalar(code) ?? "\u{fffd}").utf8)
      default: text.append(escape)
      }
    }
    return nil
  }

  private mutating func unit() -> UInt32? {
    guard at + 4 <= bytes.count else { return nil }
    defer { at += 4 }
    return UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
  }
}
