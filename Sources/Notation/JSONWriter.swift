/// JSON text as it comes: values, and groups opened and closed around them. Where a member is due, its key goes before
/// it.
public struct JSONWriter {
  /// What groups are: `[…]` or `{…}`.
  public enum Group: Sendable { case array, object }

  /// A group that is open. One that is pretty stays on its line until a group opens in it or it is no longer short.
  private struct Open {
    let kind: Group
    let start: Int
    var isFlat = true
    /// The room that its keys and plain values take: 4 more bytes than a key or text has, 12 for other values.
    var length = 0
    /// Where its elements begin, while it is pretty and flat; a comma and a space stand before all but the first.
    var elements: [Int] = []
    var count = 0
  }

  private var bytes: [UInt8] = []
  private let isPretty: Bool
  private var groups: [Open] = []
  private var isAfterKey = false

  /// An empty text; `isPretty`: indented by two spaces, one line per element but for short groups of plain values.
  public init(isPretty: Bool) { self.isPretty = isPretty }

  /// How long the text is so far, in bytes.
  public var byteCount: Int { bytes.count }

  /// What was written, pretty text with a newline at its end.
  public var text: String { String(decoding: bytes, as: UTF8.self) + (isPretty ? "\n" : "") }

  /// Opens a group.
  public mutating func begin(_ group: Group) {
    spread()
    separate()
    bytes.append(UInt8(ascii: group == .array ? "[" : "{"))
    groups.append(Open(kind: group, start: bytes.count))
  }

  /// Closes the group opened last.
  public mutating func end() {
    guard let group = groups.popLast() else { return }
    if group.count > 0, !group.isFlat { newline() }
    bytes.append(UInt8(ascii: group.kind == .array ? "]" : "}"))
  }

  /// The key of the member that comes next.
  public mutating func key(_ name: String) {
    grow(name.utf8.count + 4)
    separate()
    quoted(name, goOn: {})
    bytes.append(UInt8(ascii: ":"))
    if isPretty { bytes.append(UInt8(ascii: " ")) }
    isAfterKey = true
  }

  /// `null`.
  public mutating func null() { plain("null") }
  /// A truth value.
  public mutating func bool(_ b: Bool) { plain(b ? "true" : "false") }
  /// An integer.
  public mutating func int(_ i: Int) { plain(String(i)) }
  /// A double; `null` for one that is not finite.
  public mutating func float(_ x: Double) { plain(x.isFinite ? NumberText.shortest(x) : "null") }
  /// A text.
  public mutating func string(_ s: String) { string(s, goOn: {}) }
  /// A text; `goOn` is asked within a long one and may throw to end that.
  public mutating func string(_ s: String, goOn: () throws -> Void) rethrows {
    grow(s.utf8.count + 4)
    separate()
    try quoted(s, goOn: goOn)
  }

  private mutating func plain(_ text: String) {
    grow(12)
    separate()
    bytes += text.utf8
  }

  /// Something of so much room comes next in the group opened last.
  private mutating func grow(_ length: Int) {
    guard !groups.isEmpty else { return }
    groups[groups.count - 1].length += length
    if groups[groups.count - 1].length > 84 { spread() }
  }

  /// Puts each element of the group opened last on a line of its own.
  private mutating func spread() {
    guard isPretty, let group = groups.last, group.isFlat else { return }
    groups[groups.count - 1].isFlat = false
    let ends = group.elements.dropFirst().map { $0 - 2 } + [bytes.count]
    let elements = zip(group.elements, ends).map { Array(bytes[$0..<$1]) }
    bytes.removeSubrange(group.start...)
    for (i, element) in elements.enumerated() {
      if i > 0 { bytes.append(UInt8(ascii: ",")) }
      newline()
      bytes += element
    }
  }

  /// What stands between an element and the one before.
  private mutating func separate() {
    if isAfterKey { return isAfterKey = false }
    guard let group = groups.last else { return }
    groups[groups.count - 1].count += 1
    if group.count > 0 { bytes.append(UInt8(ascii: ",")) }
    guard isPretty else { return }
    if !group.isFlat { return newline() }
    if group.count > 0 { bytes.append(UInt8(ascii: " ")) }
    groups[groups.count - 1].elements.append(bytes.count)
  }

  private mutating func newline() {
    bytes.append(UInt8(ascii: "\n"))
    for _ in groups { bytes += "  ".utf8 }
  }

  private mutating func quoted(_ s: String, goOn: () throws -> Void) rethrows {
    bytes.append(0x22)
    for (i, b) in s.utf8.enumerated() {
      if i & 0xFFFF == 0 { try goOn() }
      switch b {
      case 0x22: bytes += "\\\"".utf8
      case 0x5C: bytes += "\\\\".utf8
      case 0x0A: bytes += "\\n".utf8
      case 0x0D: bytes += "\\r".utf8
      case 0x09: bytes += "\\t".utf8
      case 0..<0x20, 0x7F: bytes += "\\u00".utf8 + [JSONWriter.hex(b >> 4), JSONWriter.hex(b & 15)]
      default: bytes.append(b)
      }
    }
    bytes.append(0x22)
  }

  private static func hex(_ digit: UInt8) -> UInt8 { digit < 10 ? 0x30 + digit : 0x57 + digit }
}
