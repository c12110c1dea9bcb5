extension TerminalText {
  /// Prose: headings bold, paragraphs filled into lines, indented by two.
  public func prose(_ markdown: String) -> String {
    lines(Markdown(DatumText.clean(markdown)).blocks, indent: 2).joined(separator: "\n")
  }

  private func lines(_ blocks: [Markdown.Block], indent: Int) -> [String] {
    let space = String(repeating: " ", count: indent), room = max(10, min(width, 100) - indent)
    var out: [String] = []
    var followsHeading = true
    for block in blocks {
      // A heading stands close to its text.
      if !followsHeading { out.append("") }
      followsHeading = false
      switch block {
      case .heading(_, let inlines):
        followsHeading = true
        out += wrap([(Markdown.plain(inlines), .bold)], width: room).map { space + $0 }
      case .paragraph(let inlines): out += wrap(pieces(inlines), width: room).map { space + $0 }
      case .code(let code):
        out += code.split(separator: "\n", omittingEmptySubsequences: false).map {
          space + "  " + paint(String($0), .cyan)
        }
      case .list(let start, let items, let done):
        for (i, item) in items.enumerated() {
          let tick = done[i].map { $0 ? "☑ " : "☐ " }
          let mark = tick ?? start.map { "\($0 + i). " } ?? "• "
          var inner = lines(item, indent: indent + mark.count)
          if inner.isEmpty { inner = [""] }
          inner[0] = space + mark + inner[0].dropFirst(indent + mark.count)
          out += inner
        }
      case .quote(let inner): out += lines(inner, indent: 0).map { space + paint("│ ", .dim) + $0 }
      case .table(let header, let right, let rows): out += tableLines(header, right, rows).map { space + $0 }
      case .formula(let formula): out.append(space + "  " + paint(formula, .cyan))
      case .rule: out.append(space + String(repeating: "─", count: min(room, 40)))
      }
    }
    return out
  }

  private func pieces(_ inlines: [Markdown.Inline]) -> [(String, Style)] {
    inlines.flatMap { inline -> [(String, Style)] in
      switch inline {
      case .text(let text): return [(text, .plain)]
      case .emphasis(let inner): return [(Markdown.plain(inner), .italic)]
      case .strong(let inner): return [(Markdown.plain(inner), .bold)]
      case .struck(let inner): return [("~~" + Markdown.plain(inner) + "~~", .dim)]
      case .code(let code): return [(code, .cyan)]
      case .formula(let formula): return [(formula, .cyan)]
      case .link(let inner, let address):
        let text = Markdown.plain(inner)
        return text == address || text.hasPrefix("arXiv:")
          ? [(text, .plain)] : [(text, .plain), (" (\(address))", .dim)]
      case .lineBreak: return [("\n", .plain)]
      }
    }
  }

  private func tableLines(_ header: [[Markdown.Inline]], _ right: [Bool], _ rows: [[[Markdown.Inline]]]) -> [String] {
    let all = ([header] + rows).map { $0.map(Markdown.plain) }
    let widths = header.indices.map { i in all.map { TextWidth.columns($0[i]) }.max() ?? 0 }
    return all.map { row in
      var line = row.enumerated().map { TextWidth.pad($1, to: widths[$0], right: right[$0]) }.joined(separator: "  ")
      while line.hasSuffix(" ") { line.removeLast() }
      return TextWidth.cut(line, to: width - 2)
    }
  }
}
