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
    for (span, kind) in highlight(code) {
      let lower = max(at, Int(span.lower)), upper = min(bytes.count, Int(span.upper))
      guard upper > lower else { continue }
      out += String(decoding: bytes[at..<lower], as: UTF8.self)
      let text = String(decoding: bytes[lower..<upper], as: UTF8.self)
      out +=
        style(kind).map { code in
          text.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.isEmpty ? "" : "\u{1B}[\(code)m\($0)\u{1B}[0m" }.joined(separator: "\n")
        } ?? text
      at = upper
    }
    return out + String(decoding: bytes[at...], as: UTF8.self)
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
