import Diagnostics
import Syntax

/// One cell of a study: prose and the statements below it.
struct StudyCell {
  /// Its Markdown; empty when it begins without prose.
  var prose: String
  /// Its code, without the prose.
  var code: String
  /// The line of the study on which the code begins, from 1.
  var line: Int
}

extension StudyCell {
  /// The cells of a study, in order. A cell is a run of prose lines with the statements under it, up to the next prose.
  static func cells(of file: SourceFile) -> [StudyCell] {
    let tree = parse(file).tree
    var cells: [StudyCell] = [], prose: [String] = [], start: Int?, end = 0
    func close(upTo upper: Int) {
      let from = start ?? upper
      let code = file.text(Span(file: file.id, lower: from, upper: max(from, upper))).trimmingTrailingSpace
      if !prose.isEmpty || !code.isEmpty {
        let line = file.position(min(from, max(0, file.bytes.count - 1))).line
        cells.append(StudyCell(prose: prose.joined(separator: "\n\n"), code: code, line: line))
      }
      (prose, start) = ([], nil)
    }
    for statement in tree.statements {
      if case .prose(let text) = statement.kind {
        if start != nil { close(upTo: lineStart(file, Int(statement.span.lower))) }
        prose.append(text)
      } else if start == nil {
        // Comments between prose and code belong to the code.
        start = firstLine(file, after: end, before: Int(statement.span.lower), isFirst: prose.isEmpty)
      }
      end = Int(statement.span.upper)
    }
    if start == nil, prose.isEmpty { return cells }
    close(upTo: start == nil ? 0 : file.bytes.count)
    return cells
  }

  private static func lineStart(_ file: SourceFile, _ offset: Int) -> Int {
    var at = min(offset, file.bytes.count)
    while at > 0, file.bytes[at - 1] != 0x0A { at -= 1 }
    return at
  }

  /// Where the code of a cell begins whose first statement is at `upper` and which follows what ends at `lower`.
  private static func firstLine(_ file: SourceFile, after lower: Int, before upper: Int, isFirst: Bool) -> Int {
    if isFirst && lower == 0 { return 0 }
    var at = lower
    while at < upper, file.bytes[at] != 0x0A { at += 1 }
    while at < upper, file.bytes[at] == 0x0A || file.bytes[at] == 0x0D { at += 1 }
    return min(at, lineStart(file, upper))
  }
}

extension String {
  fileprivate var trimmingTrailingSpace: String {
    var end = endIndex
    while end > startIndex, self[index(before: end)].isWhitespace { end = index(before: end) }
    var start = startIndex
    // Empty lines before the code go, the indentation of its first line stays.
    while let newline = self[start..<end].firstIndex(where: \.isNewline),
      self[start..<newline].allSatisfy(\.isWhitespace)
    {
      start = index(after: newline)
    }
    return String(self[start..<end])
  }
}
