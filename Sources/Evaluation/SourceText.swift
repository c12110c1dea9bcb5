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
}
