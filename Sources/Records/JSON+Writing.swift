extension JSON {
  /// On one line, without spaces; members in their order.
  public var compact: String {
    var out: [UInt8] = []
    write(to: &out, indent: nil)
    return String(decoding: out, as: UTF8.self)
  }

  /// Indented by two spaces, ends with a newline. Arrays and objects that fit on a short line stay on it.
  public var pretty: String {
    var out: [UInt8] = []
    write(to: &out, indent: 0)
    out.append(0x0A)
    return String(decoding: out, as: UTF8.self)
  }

  private func write(to out: inout [UInt8], indent: Int?) {
    switch self {
    case .null: out += "null".utf8
    case .bool(let b): out += (b ? "true" : "false").utf8
    case .int(let i): out += String(i).utf8
    case .float(let x): out += (x.isFinite ? NumberText.shortest(x) : "null").utf8
    case .string(let s): JSON.writeString(s, to: &out)
    case .array(let items):
      writeGroup(items.count, "[", "]", to: &out, indent: indent) { i, out, inner in
        items[i].write(to: &out, indent: inner)
      }
    case .object(let members):
      writeGroup(members.count, "{", "}", to: &out, indent: indent) { i, out, inner in
        JSON.writeString(members[i].key, to: &out)
        out += (inner == nil ? ":" : ": ").utf8
        members[i].value.write(to: &out, indent: inner)
      }
    }
  }

  private func writeGroup(
    _ count: Int, _ open: String, _ close: String, to out: inout [UInt8], indent: Int?,
    element: (Int, inout [UInt8], Int?) -> Void
  ) {
    out += open.utf8
    let isFlat = indent == nil || count == 0 || isShort
    for i in 0..<count {
      if i > 0 { out += (isFlat && indent != nil ? ", " : ",").utf8 }
      if let indent, !isFlat { JSON.newline(indent + 1, to: &out) }
      element(i, &out, indent.map { $0 + 1 })
    }
    if let indent, !isFlat { JSON.newline(indent, to: &out) }
    out += close.utf8
  }

  /// True when the compact form certainly fits beside other things on a line: only plain values, few of them.
  private var isShort: Bool {
    var length = 0
    func plain(_ json: JSON) -> Bool {
      switch json {
      case .array, .object: return false
      case .string(let s): length += s.utf8.count + 4
      default: length += 12
      }
      return length <= 84
    }
    switch self {
    case .array(let items): return items.allSatisfy(plain)
    case .object(let members):
      return members.allSatisfy {
        length += $0.key.utf8.count + 4
        return plain($0.value)
      }
    default: return true
    }
  }

  private static func newline(_ indent: Int, to out: inout [UInt8]) {
    out.append(0x0A)
    for _ in 0..<indent { out += "  ".utf8 }
  }

  private static func writeString(_ s: String, to out: inout [UInt8]) {
    out.append(0x22)
    for b in s.utf8 {
      switch b {
      case 0x22: out += "\\\"".utf8
      case 0x5C: out += "\\\\".utf8
      case 0x0A: out += "\\n".utf8
      case 0x0D: out += "\\r".utf8
      case 0x09: out += "\\t".utf8
      case 0..<0x20, 0x7F: out += "\\u00".utf8 + hex(b >> 4) + hex(b & 15)
      default: out.append(b)
      }
    }
    out.append(0x22)
  }

  private static func hex(_ digit: UInt8) -> [UInt8] { [digit < 10 ? 0x30 + digit : 0x57 + digit] }
}
