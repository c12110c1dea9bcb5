extension JSON {
  /// On one line, without spaces; members in their order.
  public var compact: String { text(isPretty: false) }

  /// Indented by two spaces, ends with a newline. Arrays and objects that fit on a short line stay on it.
  public var pretty: String { text(isPretty: true) }

  private func text(isPretty: Bool) -> String {
    var writer = JSONWriter(isPretty: isPretty)
    write(to: &writer)
    return writer.text
  }

  private func write(to writer: inout JSONWriter) {
    switch self {
    case .null: writer.null()
    case .bool(let b): writer.bool(b)
    case .int(let i): writer.int(i)
    case .float(let x): writer.float(x)
    case .string(let s): writer.string(s)
    case .array(let items):
      writer.begin(.array)
      for item in items { item.write(to: &writer) }
      writer.end()
    case .object(let members):
      writer.begin(.object)
      for member in members {
        writer.key(member.key)
        member.value.write(to: &writer)
      }
      writer.end()
    }
  }
}
