/// Draws diagnostics as text: in full with the source line, in one line, or as JSON.
public struct DiagnosticPrinter: Sendable {
  /// Colour the parts with ANSI codes. They only repeat what the text says.
  public var color: Bool
  /// Column at which ids end and beyond which labels wrap.
  public var width: Int
  /// Where the texts are found.
  let store: SourceStore

  /// Makes a printer.
  public init(color: Bool = false, width: Int = 89, store: SourceStore = .shared) {
    self.color = color
    self.width = max(40, width)
    self.store = store
  }

  /// Several diagnostics, separated by empty lines; each ends with a newline.
  public func full(_ diagnostics: [Diagnostic]) -> String {
    diagnostics.map { full($0) }.joined(separator: "\n")
  }

  /// A diagnostic with its source line, underline, notes, help and call stack; ends with a newline.
  public func full(_ diagnostic: Diagnostic) -> String {
    var lines = [header(diagnostic)]
    lines += snippets(diagnostic)
    for help in diagnostic.help {
      lines += wrap(help, first: "  \(paint("help:", .help)) ", firstWidth: 8, rest: "        ")
    }
    // A stack of nothing but the marked place says nothing new.
    let isOnlyHere = diagnostic.stack.count == 1 && diagnostic.stack.first?.span == diagnostic.span
    if !isOnlyHere { lines += stack(diagnostic.stack) }
    return lines.joined(separator: "\n") + "\n"
  }

  /// `study.exp:14:7: error: nothing is named … [E0103]`, without a newline.
  public func short(_ diagnostic: Diagnostic) -> String {
    var text = ""
    if let file = store.file(diagnostic.span.file) {
      text = place(diagnostic.span, in: file) + ": "
    }
    text += "\(diagnostic.severity.rawValue): \(oneLine(diagnostic.message))"
    if !diagnostic.label.isEmpty { text += "; \(oneLine(diagnostic.label))" }
    return text + " [\(diagnostic.id)]"
  }

  // MARK: Parts

  enum Style: String {
    case error = "1;31", warning = "1;33", note = "34", help = "32", dim = "2", bold = "1"
  }

  func paint(_ text: String, _ style: Style) -> String {
    color && !text.isEmpty ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }

  func style(_ severity: Diagnostic.Severity) -> Style { severity == .error ? .error : .warning }

  private func header(_ diagnostic: Diagnostic) -> String {
    let word = diagnostic.severity.rawValue + ":"
    let message = oneLine(diagnostic.message)
    let used = displayWidth(word) + 1 + displayWidth(message)
    let gap = max(2, width - used - displayWidth(diagnostic.id))
    return paint(word, style(diagnostic.severity)) + " " + paint(message, .bold)
      + String(repeating: " ", count: gap) + paint(diagnostic.id, .dim)
  }

  func place(_ span: Span, in file: SourceFile) -> String {
    let (line, column) = file.position(Int(span.lower))
    return "\(file.name):\(line):\(column)"
  }

  /// Characters of a message or label that are shown: what an error repeats of a program can be as long as the program.
  static let longest = 2000

  private func oneLine(_ text: String) -> String {
    Self.cut(text).split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  static func cut(_ text: String) -> String {
    guard text.utf8.count > longest, text.count > longest else { return text }
    return text.prefix(longest) + "… \(text.count - longest) more characters"
  }

  /// The call stack: equal neighbours once with their number, and of a long one only the ends, with how many calls are between.
  private func stack(_ frames: [Diagnostic.Frame]) -> [String] {
    guard !frames.isEmpty else { return [] }
    let split = (frames.firstIndex { $0.leftOut > 0 } ?? frames.count - 1) + 1
    var inner = runs(frames[..<split]), outer = runs(frames[split...])
    if outer.isEmpty, inner.count > 14 { outer = inner }
    if !outer.isEmpty { (inner, outer) = (Array(inner.prefix(8)), outer.suffix(4)) }
    let shown = inner + outer
    let between = frames.reduce(0) { $0 + 1 + $1.leftOut } - shown.reduce(0) { $0 + $1.count }
    let nameWidth = min(30, shown.map { displayWidth($0.frame.function) }.max() ?? 0)
    var lines = ["  in"]
    for (i, run) in shown.enumerated() {
      if i == inner.count { lines.append("    … \(between) more") }
      var line = "    " + run.frame.function
      if let file = store.file(run.frame.span.file) {
        line += String(repeating: " ", count: max(0, nameWidth - displayWidth(run.frame.function)) + 2)
        line += paint(place(run.frame.span, in: file), .dim)
      }
      if run.count > 1 { line += " (\(run.count) times)" }
      lines.append(line)
    }
    return lines
  }

  /// Calls that look alike and follow each other, with their number.
  private func runs(_ frames: ArraySlice<Diagnostic.Frame>) -> [(frame: Diagnostic.Frame, count: Int)] {
    var runs: [(frame: Diagnostic.Frame, count: Int)] = []
    for frame in frames {
      if let last = runs.last?.frame, last.function == frame.function, last.span == frame.span {
        runs[runs.count - 1].count += 1
      } else {
        runs.append((frame, 1))
      }
    }
    return runs
  }

  /// Breaks a text at spaces so that it stays within the width, as far as words allow.
  func wrap(_ text: String, first: String, firstWidth: Int, rest: String) -> [String] {
    var lines: [String] = []
    for paragraph in Self.cut(text).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
      var line = lines.isEmpty ? first : rest
      var used = lines.isEmpty ? firstWidth : displayWidth(rest)
      var isFresh = true
      for word in paragraph.split(separator: " ", omittingEmptySubsequences: false) {
        let size = displayWidth(word)
        if !isFresh, used + 1 + size > max(width, firstWidth + 30) {
          lines.append(line)
          line = rest
          used = displayWidth(rest)
          isFresh = true
        }
        line += isFresh ? String(word) : " " + word
        used += size + (isFresh ? 0 : 1)
        isFresh = false
      }
      lines.append(line)
    }
    return lines
  }
}
