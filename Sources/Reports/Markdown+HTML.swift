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
      case .list(let start, let items):
        let (open, close) = start.map { ($0 == 1 ? "<ol>" : "<ol start=\"\($0)\">", "</ol>") } ?? ("<ul>", "</ul>")
        return open + "\n" + items.map { "<li>\(item($0, lowering))</li>\n" }.joined() + close + "\n"
      case .quote(let inner): return "<blockquote>\n\(html(inner, lowering))</blockquote>\n"
      case .table(let header, let right, let rows): return table(header, right, rows)
      case .rule: return "<hr>\n"
      }
    }.joined()
  }

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
    return "<table>\n" + row(header, "th") + rows.map { row($0, "td") }.joined() + "</table>\n"
  }

  private static func html(_ inlines: [Inline]) -> String {
    inlines.map { inline -> String in
      switch inline {
      case .text(let text): return Markup.escape(text)
      case .emphasis(let inner): return "<em>\(html(inner))</em>"
      case .strong(let inner): return "<strong>\(html(inner))</strong>"
      case .code(let code): return "<code>\(Markup.escape(code))</code>"
      case .formula(let formula): return "<code class=\"formula\">\(Markup.escape(formula))</code>"
      case .link(let inner, let address): return "<a href=\"\(Markup.escape(address))\">\(html(inner))</a>"
      case .lineBreak: return "<br>"
      }
    }.joined()
  }
}
