/// Why a text is no JSON.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was wrong, in words.
  public var message: String
  /// Offset of the byte where it was noticed.
  public var offset: Int
  /// The message with its place.
  public var description: String { "\(message) at byte \(offset)" }
}

/// Makes something of a JSON text while it is read, in the order in which it stands there.
public protocol JSONBuilder: AnyObject {
  /// `null`.
  func null() throws
  /// A truth value.
  func bool(_ b: Bool) throws
  /// A number without point and exponent that fits.
  func int(_ i: Int) throws
  /// Any other number; it is finite.
  func float(_ x: Double) throws
  /// A text.
  func string(_ s: String) throws
  /// An array begins.
  func beginArray() throws
  /// An object begins.
  func beginObject() throws
  /// The key of the member whose value comes next.
  func key(_ name: String) throws
  /// What began last ends.
  func end() throws
  /// A long text is being read, of which the builder has not heard yet: it may throw to end that.
  func goOn() throws
}

extension JSONBuilder {
  /// Reads on.
  public func goOn() throws {}
}

extension JSON {
  /// Reads one JSON value. Throws `JSONError` for anything else, for nesting deeper than 512 and for bytes that are
  /// no UTF-8.
  public static func read(_ text: String) throws -> JSON { try read(Array(text.utf8)) }

  /// Reads one JSON value from UTF-8 bytes.
  public static func read(_ bytes: [UInt8]) throws -> JSON {
    let tree = JSONTree()
    try read(bytes, into: tree)
    return tree.value
  }

  /// Reads one JSON value from UTF-8 bytes and hands it on piece by piece. Throws also what the builder throws.
  public static func read(_ bytes: [UInt8], into builder: some JSONBuilder) throws {
    var reader = JSONReader(bytes: bytes, builder: builder)
    try reader.value(depth: 0)
    reader.skipSpace()
    guard reader.position == bytes.count else { throw reader.error("something follows the value") }
  }
}

/// A tree of what was read.
private final class JSONTree: JSONBuilder {
  private struct Group {
    var isObject: Bool
    var items: [JSON] = []
    var members: [JSON.Member] = []
    var key = ""
  }
  private(set) var value = JSON.null
  private var groups: [Group] = []
  private var top: Int { groups.count - 1 }

  private func add(_ item: JSON) {
    if groups.isEmpty {
      value = item
    } else if groups[top].isObject {
      groups[top].members.append(JSON.Member(groups[top].key, item))
    } else {
      groups[top].items.append(item)
    }
  }

  func null() { add(.null) }
  func bool(_ b: Bool) { add(.bool(b)) }
  func int(_ i: Int) { add(.int(i)) }
  func float(_ x: Double) { add(.float(x)) }
  func string(_ s: String) { add(.string(s)) }
  func beginArray() { groups.append(Group(isObject: false)) }
  func beginObject() { groups.append(Group(isObject: true)) }
  func key(_ name: String) { groups[top].key = name }
  func end() {
    if let group = groups.popLast() { add(group.isObject ? .object(group.members) : .array(group.items)) }
  }
}

private struct JSONReader<Builder: JSONBuilder> {
  let bytes: [UInt8]
  let builder: Builder
  var position = 0

  init(bytes: [UInt8], builder: Builder) {
    self.bytes = bytes
    self.builder = builder
  }

  func error(_ message: String) -> JSONError { JSONError(message: message, offset: position) }

  var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skipSpace() {
    while let b = current, b == 0x20 || b == 0x0A || b == 0x0D || b == 0x09 { position += 1 }
  }

  mutating func value(depth: Int) throws {
    guard depth < 512 else { throw error("nested too deeply") }
    skipSpace()
    guard let b = current else { throw error("a value is missing") }
    switch b {
    case UInt8(ascii: "{"): try object(depth: depth)
    case UInt8(ascii: "["): try array(depth: depth)
    case UInt8(ascii: "\""): try builder.string(try string())
    case UInt8(ascii: "t"):
      try word("true")
      try builder.bool(true)
    case UInt8(ascii: "f"):
      try word("false")
      try builder.bool(false)
    case UInt8(ascii: "n"):
      try word("null")
      try builder.null()
    default: try number()
    }
  }

  mutating func word(_ text: String) throws {
    let word = Array(text.utf8)
    guard position + word.count <= bytes.count, Array(bytes[position..<position + word.count]) == word else {
      throw error("expected \(text)")
    }
    position += word.count
  }

  mutating func array(depth: Int) throws {
    position += 1
    try builder.beginArray()
    skipSpace()
    if current == UInt8(ascii: "]") {
      position += 1
      return try builder.end()
    }
    while true {
      try value(depth: depth + 1)
      if try endOfGroup(UInt8(ascii: "]")) { return try builder.end() }
    }
  }

  mutating func object(depth: Int) throws {
    position += 1
    try builder.beginObject()
    skipSpace()
    if current == UInt8(ascii: "}") {
      position += 1
      return try builder.end()
    }
    while true {
      skipSpace()
      guard current == UInt8(ascii: "\"") else { throw error("expected a key") }
      try builder.key(try string())
      skipSpace()
      guard current == UInt8(ascii: ":") else { throw error("expected a colon") }
      position += 1
      try value(depth: depth + 1)
      if try endOfGroup(UInt8(ascii: "}")) { return try builder.end() }
    }
  }

  mutating func endOfGroup(_ close: UInt8) throws -> Bool {
    skipSpace()
    guard let b = current, b == close || b == UInt8(ascii: ",") else { throw error("expected a comma or an end") }
    position += 1
    return b == close
  }

  mutating func number() throws {
    let start = position
    var isInteger = true
    func digits() -> Int {
      let from = position
      while let b = current, b >= 0x30, b <= 0x39 { position += 1 }
      return position - from
    }
    if current == UInt8(ascii: "-") { position += 1 }
    let leadsWithZero = current == UInt8(ascii: "0")
    let whole = digits()
    guard whole > 0, !leadsWithZero || whole == 1 else { throw error("expected a value") }
    if current == UInt8(ascii: ".") {
      isInteger = false
      position += 1
      guard digits() > 0 else { throw error("expected digits") }
    }
    if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
      isInteger = false
      position += 1
      if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
      guard digits() > 0 else { throw error("expected digits") }
    }
    let (int, double) = bytes[start..<position].withUnsafeBufferPointer { text in
      let int = isInteger ? NumberText.integer(utf8: text) : nil
      return (int, int == nil ? NumberText.double(utf8: text) : nil)
    }
    if let int { return try builder.int(int) }
    guard let double, double.isFinite else { throw error("number out of range") }
    try builder.float(double)
  }

  mutating func string() throws -> String {
    position += 1
    var out: [UInt8] = []
    while true {
      guard let b = current else { throw error("the string does not end") }
      if position & 0xFFFF == 0 { try builder.goOn() }
      position += 1
      switch b {
      case UInt8(ascii: "\""):
        guard let text = String(validating: out, as: UTF8.self) else { throw error("no UTF-8") }
        return text
      case UInt8(ascii: "\\"): try escape(&out)
      case 0..<0x20: throw error("a control character in a string")
      default: out.append(b)
      }
    }
  }

  mutating func escape(_ out: inout [UInt8]) throws {
    guard let b = current else { throw error("the string does not end") }
    position += 1
    switch b {
    case UInt8(ascii: "n"): out.append(0x0A)
    case UInt8(ascii: "r"): out.append(0x0D)
    case UInt8(ascii: "t"): out.append(0x09)
    case UInt8(ascii: "b"): out.append(0x08)
    case UInt8(ascii: "f"): out.append(0x0C)
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(b)
    case UInt8(ascii: "u"):
      var code = try hex4()
      if code >= 0xD800, code < 0xDC00, current == UInt8(ascii: "\\"), position + 1 < bytes.count,
        bytes[position + 1] == UInt8(ascii: "u")
      {
        position += 2
        let low = try hex4()
        guard low >= 0xDC00, low < 0xE000 else { throw error("half a character") }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half a character") }
      out += String(Character(scalar)).utf8
    default: throw error("an unknown escape")
    }
  }

  mutating func hex4() throws -> UInt32 {
    guard position + 4 <= bytes.count,
      let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16),
      bytes[position] != UInt8(ascii: "+"), bytes[position] != UInt8(ascii: "-")
    else { throw error("expected four hexadecimal digits") }
    position += 4
    return value
  }
}
