import Syntax

/// Code as it stands on a terminal.
enum CodeText {
  /// The code, indented, with colours where they may be used.
  static func draw(_ code: String, on terminal: Terminal, indent: String = "    ") -> String {
    let colored = terminal.hasColor ? color(code) : code
    return colored.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.isEmpty ? "" : indent + $0 }.joined(separator: "\n")
  }

  /// With colours by what each word is. A colour never runs over the end of a line.
  static func color(_ code: String) -> String {
    let bytes = Array(code.utf8)
    var out = "", at = 0
    for (place, style) in styles(code) {
      out += String(decoding: bytes[at..<place.lowerBound], as: UTF8.self)
      out += String(decoding: bytes[place], as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        .map { $0.isEmpty ? "" : "\u{1B}[\(style)m\($0)\u{1B}[0m" }.joined(separator: "\n")
      at = place.upperBound
    }
    return out + String(decoding: bytes[at...], as: UTF8.self)
  }

  /// The stretches of a text that have a colour, in order, as bytes with the number of their style.
  static func styles(_ code: String) -> [(place: Range<Int>, style: String)] {
    var at = 0
    return highlight(code).compactMap { span, kind in
      let lower = max(at, Int(span.lower)), upper = min(code.utf8.count, Int(span.upper))
      guard upper > lower, let style = style(kind) else { return nil }
      at = upper
      return (lower..<upper, style)
    }
  }

  private static func style(_ kind: TokenClass) -> String? {
    switch kind {
    case .keyword: "35"
    case .number: "36"
    case .string: "32"
    case .comment, .prose: "2"
    case .function: "34"
    case .name, .operator: nil
    }
  }
}
