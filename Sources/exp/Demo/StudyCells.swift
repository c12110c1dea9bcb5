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

extension StudyCell {
  /// The functions that stand in later cells and that a cell needs, at their own lines: those it names, those that they
  /// name, and so on. A whole file is run with its functions known everywhere, so a cell must be too.
  static func functionsNeeded(by cell: StudyCell, after later: ArraySlice<StudyCell>, from path: String) -> [Needed] {
    var known: [(name: String, Needed)] = []
    for other in later where other.code.contains("fn ") {
      let file = SourceStore.shared.add(name: path, text: other.code)
      for statement in parse(file).tree.statements {
        guard case .function(let name, _, _) = statement.kind else { continue }
        let line = other.line + file.position(Int(statement.span.lower)).line - 1
        known.append((name.text, Needed(code: file.text(statement.span), line: line)))
      }
    }
    var needed: [Needed] = [], texts = [cell.code]
    while let text = texts.popLast(), !known.isEmpty {
      let bytes = Array(text.utf8)
      let words = Set(
        highlight(text).filter { $0.1 == .name || $0.1 == .function }.map { span, _ in
          String(decoding: bytes[Int(span.lower)..<min(bytes.count, Int(span.upper))], as: UTF8.self)
        })
      for (_, function) in known.filter({ words.contains($0.name) }) {
        needed.append(function)
        texts.append(function.code)
      }
      known.removeAll { words.contains($0.name) }
    }
    return needed.sorted { $0.line < $1.line }
  }

  /// A function of a later cell.
  struct Needed {
    var code: String
    /// Its line in the study, from 1.
    var line: Int
  }

  /// The text of this cell and of functions below it, each at its line of the study, with nothing else.
  func text(with needed: [Needed]) -> String {
    var text = "", line = 1
    for (code, start) in [(code, self.line)] + needed.map({ ($0.code, $0.line) }) {
      // A cell that was made longer by hand pushes what follows down.
      text += String(repeating: "\n", count: max(line == 1 ? 0 : 1, start - line)) + code
      line = max(line + (line == 1 ? 0 : 1), start) + code.reduce(0) { $0 + ($1.isNewline ? 1 : 0) }
    }
    return text
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
