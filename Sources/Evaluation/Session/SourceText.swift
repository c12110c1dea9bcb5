import Diagnostics

/// The text behind spans.
enum SourceText {
  /// The text of a span on one line, shortened to about 60 characters.
  static func line(_ span: Span) -> String {
    guard let file = SourceStore.shared.file(span.file) else { return "" }
    let words = file.text(span).split(whereSeparator: \.isWhitespace)
    let text = words.joined(separator: " ")
    return text.count <= 60 ? text : String(text.prefix(57)) + "..."
  }

  /// The whole text of a span.
  static func whole(_ span: Span) -> String { SourceStore.shared.file(span.file)?.text(span) ?? "" }

  /// The whole text of a span, with the indentation of its first line taken from the others.
  static func unindented(_ span: Span) -> String {
    guard let file = SourceStore.shared.file(span.file) else { return "" }
    let start = file.lineStarts[file.position(Int(span.lower)).line - 1]
    let indent = file.bytes[start..<Int(span.lower)].prefix { $0 == UInt8(ascii: " ") }.count
    let lines = file.text(span).split(separator: "\n", omittingEmptySubsequences: false)
    return lines.enumerated().map { i, line in
      i == 0 ? String(line) : String(line.dropFirst(min(indent, line.prefix { $0 == " " }.count)))
    }.joined(separator: "\n")
  }
}
