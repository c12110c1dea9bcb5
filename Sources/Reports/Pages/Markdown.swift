/// The Markdown that prose may use; docs/prose.md lists it. Reading never fails: what is no markup is text.
struct Markdown: Hashable {
  indirect enum Block: Hashable {
    case heading(level: Int, [Inline])
    case paragraph([Inline])
    case code(String)
    /// `done` says of each item whether it is ticked, where it is a task.
    case list(start: Int?, items: [[Block]], done: [Bool?])
    case quote([Block])
    case table(header: [[Inline]], right: [Bool], rows: [[[Inline]]])
    case rule
    /// Between lines of two dollars.
    case formula(String)
  }

  indirect enum Inline: Hashable {
    case text(String)
    case emphasis([Inline])
    case strong([Inline])
    case struck([Inline])
    case code(String)
    /// Between dollars, in TeX.
    case formula(String)
    case link([Inline], to: String)
    case lineBreak
  }

  var blocks: [Block]
  /// The first heading that stands by itself, with its markup.
  let heading: String?

  init(_ text: String) {
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.map(String.init)
    var reader = MarkdownBlocks(lines: lines, depth: 0)
    blocks = reader.read()
    heading = reader.heading
  }

  /// The words alone.
  static func plain(_ inlines: [Inline]) -> String {
    inlines.map { inline -> String in
      switch inline {
      case .text(let s), .code(let s), .formula(let s): return s
      case .emphasis(let inner), .strong(let inner), .struck(let inner), .link(let inner, _): return plain(inner)
      case .lineBreak: return " "
      }
    }.joined()
  }

  /// The same Markdown with a backslash before every `<` that is a plain letter here, so that no other reader takes it for HTML. Code, formulas and
  /// links stay as they are.
  static func escapingTags(_ text: String) -> String {
    guard text.contains("<") else { return text }
    var out: [String] = [], open: [String] = []
    // What ends a block that is taken as it stands, and whether it is quoted.
    var end: String?, isQuoted = false
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
    func close() {
      if !open.isEmpty { out.append(MarkdownInlines.escapingTags(open.joined(separator: "\n"))) }
      open = []
    }
    func isEnd(_ line: String, _ mark: String) -> Bool { mark == "$$" ? line.hasSuffix(mark) : line.hasPrefix(mark) }
    for (i, line) in lines.enumerated() {
      let inner = MarkdownBlocks.trim(String(line.drop { $0 == " " || $0 == ">" }))
      let isQuote = MarkdownBlocks.trim(line).hasPrefix(">")
      if isQuoted && !isQuote { (end, isQuoted) = (nil, false) }
      if let mark = end {
        if isEnd(inner, mark) { (end, isQuoted) = (nil, false) }
        out.append(line)
      } else if let mark = ["```", "~~~", "$$"].first(where: { inner.hasPrefix($0) }),
        mark != "$$" || inner.count > 4 && inner.hasSuffix(mark)
          || lines[(i + 1)...].prefix(100).contains(where: { isEnd(MarkdownBlocks.trim($0), mark) })
      {
        close()
        if mark != "$$" || inner.count < 5 || !inner.hasSuffix(mark) { (end, isQuoted) = (mark, isQuote) }
        out.append(line)
      } else {
        // Code and formulas do not go on over the end of a paragraph, an item or a row.
        let begins = inner.isEmpty || inner.hasPrefix("#") || isQuote || inner.contains("|")
        if begins || MarkdownBlocks.item(line) != nil { close() }
        open.append(line)
      }
    }
    close()
    return out.joined(separator: "\n")
  }

  fileprivate static func nested(_ lines: [String], depth: Int) -> [Block] {
    guard depth < 12 else { return [.paragraph([.text(lines.joined(separator: " "))])] }
    var reader = MarkdownBlocks(lines: lines, depth: depth + 1)
    return reader.read()
  }
}

private struct MarkdownBlocks {
  let lines: [String]
  let depth: Int
  var position = 0
  var found: [Markdown.Block] = []
  /// The text of the first heading.
  var heading: String?
  var paragraph: [String] = []

  init(lines: [String], depth: Int) {
    self.lines = lines
    self.depth = depth
  }

  mutating func read() -> [Markdown.Block] {
    while position < lines.count {
      let before = position
      readOne()
      if position == before { position += 1 }
    }
    endParagraph()
    return found
  }

  private mutating func readOne() {
    let line = lines[position], trimmed = MarkdownBlocks.trim(line)
    if trimmed.isEmpty {
      endParagraph()
      position += 1
    } else if trimmed.hasPrefix("```") || trimmed.hasPrefix("~~~") {
      readFence(String(trimmed.prefix(3)), indent: MarkdownBlocks.indent(line))
    } else if trimmed.hasPrefix("$$") {
      readFormula()
    } else if let heading = MarkdownBlocks.heading(trimmed) {
      endParagraph()
      found.append(.heading(level: heading.level, MarkdownInlines.read(heading.text)))
      self.heading = self.heading ?? heading.text
      position += 1
    } else if trimmed.hasPrefix(">") {
      endParagraph()
      readQuote()
    } else if trimmed.count >= 3, Set(trimmed).isSubset(of: ["-", " "]) || Set(trimmed).isSubset(of: ["*", " "]),
      trimmed.filter({ $0 != " " }).count >= 3
    {
      endParagraph()
      found.append(.rule)
      position += 1
    } else if let item = MarkdownBlocks.item(line), paragraph.isEmpty || item.number == nil || item.number == 1 {
      endParagraph()
      readList(isOrdered: item.number != nil, start: item.number)
    } else if paragraph.isEmpty, trimmed.contains("|"), position + 1 < lines.count,
      let right = MarkdownBlocks.alignments(lines[position + 1])
    {
      readTable(right)
    } else {
      paragraph.append(line)
      position += 1
    }
  }

  private mutating func endParagraph() {
    guard !paragraph.isEmpty else { return }
    // Two spaces or a backslash at a line's end break it.
    var text = ""
    for (i, line) in paragraph.enumerated() {
      let isLast = i == paragraph.count - 1
      let breaks = !isLast && (line.hasSuffix("  ") || line.hasSuffix("\\"))
      let body = MarkdownBlocks.trim(line.hasSuffix("\\") && !isLast ? String(line.dropLast()) : line)
      text += body + (isLast ? "" : breaks ? "\n" : " ")
    }
    found.append(.paragraph(MarkdownInlines.read(text)))
    paragraph = []
  }

  private mutating func readFence(_ fence: String, indent: Int) {
    endParagraph()
    position += 1
    var code: [String] = []
    while position < lines.count, !MarkdownBlocks.trim(lines[position]).hasPrefix(fence) {
      let line = lines[position]
      code.append(String(line.dropFirst(min(indent, MarkdownBlocks.indent(line)))))
      position += 1
    }
    position += 1
    found.append(.code(code.joined(separator: "\n")))
  }

  /// `$$ … $$` on one line or over several; without its end it is text.
  private mutating func readFormula() {
    let first = MarkdownBlocks.trim(lines[position])
    if first.count > 4, first.hasSuffix("$$") {
      endParagraph()
      found.append(.formula(MarkdownBlocks.trim(String(first.dropFirst(2).dropLast(2)))))
      position += 1
      return
    }
    let end = lines[(position + 1)...].prefix(100).firstIndex { MarkdownBlocks.trim($0).hasSuffix("$$") }
    guard let end else {
      paragraph.append(lines[position])
      position += 1
      return
    }
    endParagraph()
    let last = MarkdownBlocks.trim(lines[end])
    let parts = [String(first.dropFirst(2))] + lines[(position + 1)..<end] + [String(last.dropLast(2))]
    found.append(.formula(MarkdownBlocks.trim(parts.joined(separator: " "))))
    position = end + 1
  }

  private mutating func readQuote() {
    var inner: [String] = []
    while position < lines.count {
      let trimmed = MarkdownBlocks.trim(lines[position])
      guard trimmed.hasPrefix(">") else { break }
      let body = trimmed.dropFirst()
      inner.append(String(body.hasPrefix(" ") ? body.dropFirst() : body))
      position += 1
    }
    found.append(.quote(Markdown.nested(inner, depth: depth)))
  }

  private mutating func readList(isOrdered: Bool, start: Int?) {
    var items: [[String]] = []
    let outer = MarkdownBlocks.indent(lines[position])
    while position < lines.count {
      let line = lines[position], indent = MarkdownBlocks.indent(line)
      if let item = MarkdownBlocks.item(line), indent <= outer + 1, indent >= outer, (item.number != nil) == isOrdered {
        items.append([item.text])
      } else if MarkdownBlocks.trim(line).isEmpty {
        let next = lines[(position + 1)...].first { !MarkdownBlocks.trim($0).isEmpty }
        guard let next, MarkdownBlocks.indent(next) > outer || MarkdownBlocks.item(next) != nil else { break }
        items[items.count - 1].append("")
      } else if indent > outer {
        items[items.count - 1].append(String(line.dropFirst(min(indent, outer + 2))))
      } else if MarkdownBlocks.item(line) == nil, items.last?.last != "",
        MarkdownBlocks.heading(MarkdownBlocks.trim(line)) == nil
      {
        items[items.count - 1].append(line)
      } else {
        break
      }
      position += 1
    }
    var done: [Bool?] = []
    for i in items.indices {
      let head = items[i].first?.prefix(4) ?? ""
      let tick: Bool? = head == "[ ] " ? false : head == "[x] " || head == "[X] " ? true : nil
      if tick != nil { items[i][0].removeFirst(4) }
      done.append(tick)
    }
    found.append(.list(start: start, items: items.map { Markdown.nested($0, depth: depth) }, done: done))
  }

  private mutating func readTable(_ right: [Bool]) {
    let header = MarkdownBlocks.cells(lines[position])
    position += 2
    var rows: [[[Markdown.Inline]]] = []
    while position < lines.count, lines[position].contains("|") {
      let cells = MarkdownBlocks.cells(lines[position]).map(MarkdownInlines.read)
      rows.append((0..<header.count).map { $0 < cells.count ? cells[$0] : [] })
      position += 1
    }
    let aligned = (0..<header.count).map { $0 < right.count && right[$0] }
    found.append(.table(header: header.map(MarkdownInlines.read), right: aligned, rows: rows))
  }

  static func trim(_ line: String) -> String {
    let start = line.drop { $0 == " " || $0 == "\t" }
    guard let last = start.lastIndex(where: { $0 != " " && $0 != "\t" }) else { return "" }
    return String(start[...last])
  }

  static func indent(_ line: String) -> Int { line.prefix { $0 == " " }.count }

  static func heading(_ trimmed: String) -> (level: Int, text: String)? {
    let level = trimmed.prefix { $0 == "#" }.count
    guard level >= 1, level <= 6, trimmed.dropFirst(level).hasPrefix(" ") else { return nil }
    return (level, trim(String(trimmed.dropFirst(level))))
  }

  static func item(_ line: String) -> (number: Int?, text: String)? {
    let trimmed = line.drop { $0 == " " }
    if let mark = trimmed.first, mark == "-" || mark == "*" || mark == "+", trimmed.dropFirst().hasPrefix(" ") {
      return (nil, trim(String(trimmed.dropFirst(2))))
    }
    let digits = trimmed.prefix { ("0"..."9").contains($0) }
    let rest = trimmed.dropFirst(digits.count)
    guard !digits.isEmpty, digits.count <= 6, rest.hasPrefix(". ") || rest.hasPrefix(") ") else { return nil }
    return (Int(digits), trim(String(rest.dropFirst(2))))
  }

  static func cells(_ line: String) -> [String] {
    var text = trim(line)
    if text.hasPrefix("|") { text.removeFirst() }
    if text.hasSuffix("|") && !text.hasSuffix("\\|") { text.removeLast() }
    var cells = [""], isEscaped = false
    for c in text {
      if isEscaped {
        cells[cells.count - 1] += c == "|" ? "|" : "\\" + String(c)
        isEscaped = false
      } else if c == "\\" {
        isEscaped = true
      } else if c == "|" {
        cells.append("")
      } else {
        cells[cells.count - 1].append(c)
      }
    }
    return cells.map(trim)
  }

  static func alignments(_ line: String) -> [Bool]? {
    let parts = cells(line)
    let isRule = parts.allSatisfy { !$0.isEmpty && $0.contains("-") && Set($0).isSubset(of: ["-", ":"]) }
    return isRule ? parts.map { $0.hasSuffix(":") && !$0.hasPrefix(":") } : nil
  }
}
