extension Markdown {
  /// As HTML; headings are lowered by `lowering` levels, since the page has a title of its own.
  func html(lowering: Int = 1) -> String { Markdown.html(blocks, lowering) }

  /// One line of inline markup as HTML.
  static func html(inline text: String) -> String { html(MarkdownInlines.read(text)) }

  private static func html(_ blocks: [Block], _ lowering: Int) -> String {
    blocks.map { block -> String in
      switch block {
      case .heading(let level, let inlines):
        let n = min(6, level + lowering)
        return "<h\(n)>\(html(inlines))</h\(n)>\n"
      case .paragraph(let inlines): return "<p>\(html(inlines))</p>\n"
      case .code(let code): return "<pre class=\"code\">\(Markup.escape(code))</pre>\n"
      case .list(let start, let items, let done):
        let (open, close) = start.map { ($0 == 1 ? "<ol>" : "<ol start=\"\($0)\">", "</ol>") } ?? ("<ul>", "</ul>")
        return open + "\n"
          + zip(items, done).map { "<li\($1 == nil ? "" : " class=\"task\"")>\(tick($1))\(item($0, lowering))</li>\n" }
          .joined() + close
          + "\n"
      case .quote(let inner): return "<blockquote>\n\(html(inner, lowering))</blockquote>\n"
      case .table(let header, let right, let rows): return table(header, right, rows)
      case .rule: return "<hr>\n"
      case .formula(let formula): return Formula.mathML(formula, isBlock: true) + "\n"
      }
    }.joined()
  }

  private static func tick(_ isDone: Bool?) -> String { isDone.map { $0 ? "☑ " : "☐ " } ?? "" }

  /// A list's item of one paragraph stands without `<p>`.
  private static func item(_ blocks: [Block], _ lowering: Int) -> String {
    if case .paragraph(let inlines)? = blocks.first {
      return html(inlines) + (blocks.count > 1 ? "\n" + html(Array(blocks.dropFirst()), lowering) : "")
    }
    return html(blocks, lowering)
  }

  private static func table(_ header: [[Inline]], _ right: [Bool], _ rows: [[[Inline]]]) -> String {
    func row(_ cells: [[Inline]], _ tag: String) -> String {
      "<tr>"
        + cells.enumerated().map { i, cell in
          "<\(tag)\(right[i] ? "" : " class=\"text\"")>\(html(cell))</\(tag)>"
        }.joined() + "</tr>\n"
    }
    return "<div class=\"scroll\"><table class=\"prose\">\n" + row(header, "th") + rows.map { row($0, "td") }.joined()
      + "</table></div>\n"
  }

  /// A formula within a line; a long one can be pushed sideways where the page is narrow.
  private static func formula(_ formula: String) -> String {
    let math = Formula.mathML(formula)
    return formula.count > 30 ? "<span class=\"line\">\(math)</span>" : math
  }

  private static func html(_ inlines: [Inline]) -> String {
    inlines.indices.map { i -> String in
      let inline = inlines[i]
      // A comma stays on the line of the formula before it.
      if i > 0, case .formula = inlines[i - 1], case .text(let text) = inline { return Markup.escape(text.dropMarks()) }
      if case .formula(let formula) = inline, i + 1 < inlines.count, case .text(let text) = inlines[i + 1],
        case let marks = text.prefix(while: \.endsPhrase), !marks.isEmpty
      {
        return "<span class=\"nowrap\">\(self.formula(formula))\(Markup.escape(marks))</span>"
      }
      switch inline {
      case .text(let text): return Markup.escape(text)
      case .emphasis(let inner): return "<em>\(html(inner))</em>"
      case .strong(let inner): return "<strong>\(html(inner))</strong>"
      case .code(let code): return "<code>\(Markup.escape(code))</code>"
      case .formula(let formula): return self.formula(formula)
      case .struck(let inner): return "<s>\(html(inner))</s>"
      case .link(let inner, let address): return "<a href=\"\(Markup.escape(address))\">\(html(inner))</a>"
      case .lineBreak: return "<br>"
      }
    }.joined()
  }
}

extension Character {
  /// A mark that belongs to the word before it.
  fileprivate var endsPhrase: Bool { ".,;:!?)".contains(self) }
}

extension String {
  fileprivate func dropMarks() -> Substring { drop(while: \.endsPhrase) }
}
