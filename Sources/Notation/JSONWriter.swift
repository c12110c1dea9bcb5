/// JSON text as it comes: values, and groups opened and closed around them. Where a member is due, its key goes before
/// it.
public struct JSONWriter {
  /// What groups are: `[…]` or `{…}`.
  public enum Group: Sendable { case array, object }

  private var bytes: [UInt8] = []
  private let isPretty: Bool
  private var groups: [(kind: Group, isFlat: Bool, count: Int)] = []
  private var isAfterKey = false

  /// An empty text; `isPretty`: indented by two spaces, one line per element but for short groups.
  public init(isPretty: Bool) { self.isPretty = isPretty }

  /// What was written, pretty text with a newline at its end.
  public var text: String { String(decoding: bytes, as: UTF8.self) + (isPretty ? "\n" : "") }

  /// Whether a group of plain values certainly fits beside other things on a line, `length` being the sum over its keys
  /// and values: `plainLength` for one that is no text, and that much more than its bytes for a key or text (4).
  public static func isShort(length: Int) -> Bool { length <= 84 }
  /// Room for a plain value that is no text.
  public static let plainLength = 12
  /// Room for a key or a text of so many bytes.
  public static func length(ofText bytes: Int) -> Int { bytes + 4 }

  /// Opens a group; a short one of plain values stays on its line.
  public mutating func begin(_ group: Group, isShort: Bool) {
    separate()
    bytes.append(UInt8(ascii: group == .array ? "[" : "{"))
    groups.append((group, isShort || !isPretty, 0))
  }

  /// Closes the group opened last.
  public mutating func end() {
    guard let group = groups.popLast() else { return }
    if group.count > 0, !group.isFlat { newline() }
    bytes.append(UInt8(ascii: group.kind == .array ? "]" : "}"))
  }

  /// The key of the member that comes next.
  public mutating func key(_ name: String) {
    separate()
    quoted(name)
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
  public mutating func string(_ s: String) {
    separate()
    quoted(s)
  }

  private mutating func plain(_ text: String) {
    separate()
    bytes += text.utf8
  }

  /// What stands between an element and the one before.
  private mutating func separate() {
    if isAfterKey { return isAfterKey = false }
    guard let group = groups.last else { return }
    groups[groups.count - 1].count += 1
    if group.count > 0 { bytes.append(UInt8(ascii: ",")) }
    if !group.isFlat { newline() } else if isPretty, group.count > 0 { bytes.append(UInt8(ascii: " ")) }
  }

  private mutating func newline() {
    bytes.append(UInt8(ascii: "\n"))
    for _ in groups { bytes += "  ".utf8 }
  }

  private mutating func quoted(_ s: String) {
    bytes.append(0x22)
    for b in s.utf8 {
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
