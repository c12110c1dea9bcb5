extension JSON {
  /// On one line, without spaces; members in their order.
  public var compact: String { text(isPretty: false) }

  /// Indented by two spaces, ends with a newline. Arrays and objects that fit on a short line stay on it.
  public var pretty: String { text(isPretty: true) }

  private func text(isPretty: Bool) -> String {
    var writer = JSONWriter(isPretty: isPretty)
    write(to: &writer, isPretty)
    return writer.text
  }

  private func write(to writer: inout JSONWriter, _ isPretty: Bool) {
    switch self {
    case .null: writer.null()
    case .bool(let b): writer.bool(b)
    case .int(let i): writer.int(i)
    case .float(let x): writer.float(x)
    case .string(let s): writer.string(s)
    case .array(let items):
      writer.begin(.array, isShort: isPretty && isShort)
      for item in items { item.write(to: &writer, isPretty) }
      writer.end()
    case .object(let members):
      writer.begin(.object, isShort: isPretty && isShort)
      for member in members {
        writer.key(member.key)
        member.value.write(to: &writer, isPretty)
      }
      writer.end()
    }
  }

  /// True when the compact form certainly fits beside other things on a line: only plain values, few of them.
  private var isShort: Bool {
    var length = 0
    func plain(_ json: JSON) -> Bool {
      switch json {
      case .array, .object: return false
      case .string(let s): length += JSONWriter.length(ofText: s.utf8.count)
      default: length += JSONWriter.plainLength
      }
      return JSONWriter.isShort(length: length)
    }
    switch self {
    case .array(let items): return items.allSatisfy(plain)
    case .object(let members):
      return members.allSatisfy {
        length += JSONWriter.length(ofText: $0.key.utf8.count)
        return plain($0.value)
      }
    default: return true
    }
  }
}
