import Records

/// Text for a terminal (or a log, without colour). Every function gives lines joined by newlines, no newline at the
/// end. Colour only repeats what the text says. Texts of a study cannot move the cursor: control characters become
/// visible signs.
public struct TerminalText: Sendable {
  /// Columns that may be used.
  public var width: Int
  /// Whether escape sequences for colour may be used.
  public var color: Bool

  /// Makes a writer; widths under 20 count as 20.
  public init(width: Int = 80, color: Bool = false) {
    self.width = max(20, width)
    self.color = color
  }

  enum Style: String {
    case plain = ""
    case bold = "1"
    case dim = "2"
    case italic = "3"
    case red = "31"
    case green = "32"
    case cyan = "36"
  }

  func paint(_ text: String, _ style: Style) -> String {
    color && style != .plain && !text.isEmpty ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }

  /// A piece in the colour of a series.
  func paint(_ text: String, series: Int) -> String {
    guard color, !text.isEmpty else { return text }
    let codes = ["34", "31", "32", "35", "33", "36", "37"]
    return "\u{1B}[\(codes[((series % codes.count) + codes.count) % codes.count])m\(text)\u{1B}[0m"
  }

  /// A claim: its sign, its text, and at the right the numbers behind it (below, where the line is too short).
  public func claim(_ claim: RunRecord.Claim) -> String {
    let sign = claim.holds ? paint("✓", .green) : paint("✗", .red)
    let text = DatumText.clean(claim.text),
      numbers = DatumText.clean(claim.error.isEmpty ? ClaimText.numbers(claim) : claim.error)
    let lines = wrap([(text, .plain)], width: width - 4)
    var out = "  \(sign) " + lines.joined(separator: "\n    ")
    guard !numbers.isEmpty else { return out }
    let room = width - 4 - TextWidth.columns(text)
    if lines.count == 1, room >= TextWidth.columns(numbers) + 2 {
      let fill = max(2, min(room - TextWidth.columns(numbers), 66 - TextWidth.columns(text) - 4))
      out += String(repeating: " ", count: fill) + paint(numbers, .dim)
    } else {
      out += wrap([(numbers, .dim)], width: width - 6).map { "\n      " + $0 }.joined()
    }
    return out
  }

  /// One item of a study as it appears while the study runs.
  public func item(_ item: StudyRecord.Item) -> String {
    switch item {
    case .prose(let text): return prose(text)
    case .code(let spans): return indented(DatumText.clean(spans.map(\.text).joined()), by: 2)
    case .value(let name, let value): return indented(self.value(value, name: name), by: 2)
    case .table(let name, let table, let file): return indented(self.table(table, name: name, file: file), by: 2)
    case .figure(let figure, let stem): return indented(plot(figure, note: stem.isEmpty ? "" : stem + ".svg"), by: 2)
    case .claim(let claim): return self.claim(claim)
    case .printed(let text), .error(let text): return DatumText.clean(text)
    case .citation(let text):
      return "  " + paint("after " + Markdown.plain(MarkdownInlines.read(DatumText.clean(text))), .dim)
    case .coverage(let coverage): return self.coverage(coverage)
    case .series(let table, let file):
      return "  " + paint(DatumText.clean(SeriesText.words(table)) + (file.isEmpty ? "" : " · \(file)"), .dim)
    }
  }

  /// One line on what became of a sweep, and one per failed trial (five at most).
  public func coverage(_ coverage: StudyRecord.Coverage) -> String {
    let counts = coverage.counts
    var parts = ["\(counts.done) of \(counts.total) trials done"]
    if counts.reused > 0 { parts.append("\(counts.reused) from the record") }
    if counts.failed > 0 { parts.append(paint("\(counts.failed) failed", .red)) }
    if counts.diverged > 0 { parts.append(paint("\(counts.diverged) diverged", .red)) }
    if counts.interrupted > 0 { parts.append("\(counts.interrupted) interrupted") }
    var lines = ["  \(DatumText.clean(coverage.name))  " + parts.joined(separator: " · ")]
    lines += coverage.failures.prefix(5).map { "    " + TextWidth.cut(DatumText.line($0), to: width - 4) }
    if coverage.failures.count > 5 { lines.append("    … \(coverage.failures.count - 5) more") }
    return lines.joined(separator: "\n")
  }

  /// A bar of blocks in eighths: `share` (0…1) of `columns` filled.
  public static func bar(_ share: Double, columns: Int) -> String {
    let eighths = Int(saturating: (min(max(share.isNaN ? 0 : share, 0), 1) * Double(columns) * 8).rounded())
    let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    return String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
  }

  /// A bar in halves of blocks that ends at the right edge of `below` columns: `share` of `columns`.
  static func barBelow(_ share: Double, columns: Int, of below: Int) -> String {
    let halves = min(2 * below, Int(saturating: (min(max(share, 0), 1) * Double(columns) * 2).rounded()))
    let bar = (halves % 2 == 1 ? "▐" : "") + String(repeating: "█", count: halves / 2)
    return String(repeating: " ", count: below - (halves + 1) / 2) + bar
  }

  func indented(_ text: String, by n: Int) -> String {
    let space = String(repeating: " ", count: n)
    return text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : space + $0 }
      .joined(separator: "\n")
  }

  /// Words filled into lines. A word longer than a line stands alone and is not cut.
  func wrap(_ pieces: [(String, Style)], width: Int) -> [String] {
    var lines: [String] = [], line = "", used = 0, pending = false
    func flush() {
      lines.append(line)
      (line, used, pending) = ("", 0, false)
    }
    for (text, style) in pieces {
      var word = ""
      func endWord() {
        guard !word.isEmpty else { return }
        let columns = TextWidth.columns(word)
        if used > 0, used + (pending ? 1 : 0) + columns > width { flush() }
        if pending && used > 0 {
          line += " "
          used += 1
        }
        line += paint(word, style)
        used += columns
        pending = false
        word = ""
      }
      for c in text {
        if c == "\n" {
          endWord()
          flush()
        } else if c == " " || c == "\t" {
          endWord()
          pending = true
        } else {
          word.append(c)
        }
      }
      endWord()
    }
    if used > 0 || lines.isEmpty { flush() }
    return lines
  }
}
