import Diagnostics
import Notation

extension SourcePrinter {
  /// Parts between brackets. The author's line breaks between them stay; where the first part stands on a new line,
  /// so does the closer, and the parts are indented; otherwise they are aligned behind the bracket. Behind a comment at
  /// their end the closer stands on a new line too.
  ///
  /// `start` and `end` are where the brackets stand in the source, nil when unknown.
  mutating func bracketed<Part>(
    _ open: String, _ close: String, _ parts: [Part], start: Int?, end: Int?, padding: String = "", comma: String = ",",
    trailingComma: Bool = false, span: (Part) -> Span, _ print: (inout SourcePrinter, Part) -> Layout
  ) -> Layout {
    guard let first = parts.first else { return emptied(open, close, start: start, end: end) }
    let lower = Int(span(first).lower)
    let isHanging =
      isFromSource(span(first)) && ((start.map { hasNewline($0, lower) } ?? false) || hasComment(0, lower))
    var out: [Layout] = [], endsInComment = false
    for (i, part) in parts.enumerated() {
      let place = span(part)
      let isLast = i == parts.count - 1
      let comments = isFromSource(place) ? takeComments(before: Int(place.lower)) : []
      out += ownLines(comments)
      let isBroken = !comments.isEmpty || (i == 0 ? isHanging : hasNewline(span(parts[i - 1]), place))
      let printed = print(&self, part)
      let layout = isLast && !(trailingComma && isHanging) ? printed : .sequence([printed, .text(comma)])
      if isBroken || i == 0 {
        out += [isBroken ? .newline(blank: false) : .empty, layout]
      } else {
        out.append(.filled(separator: .line(flat: " "), part: layout))
      }
      if isLast { endsInComment = end.map { hasComment(0, $0) } ?? false }
      // A comment after a part is kept on its line only if what follows begins on a new one.
      let isFollowedByNewline = isLast ? isHanging || endsInComment : hasNewline(place, span(parts[i + 1]))
      if isFromSource(place), isFollowedByNewline, let trailing = takeTrailing(after: Int(place.upper)) {
        out.append(trailing)
      }
    }
    out += ownLines(end.map { takeComments(before: $0) } ?? [])
    if isHanging {
      return .sequence([.text(open), .block(.sequence(out + [.closing(flat: nil)])), .text(close)])
    }
    let aligned: [Layout] = [.text(open + padding), .align(.sequence(out))]
    return endsInComment
      ? .block(.sequence(aligned + [.closing(flat: nil), .text(close)]))
      : .sequence(aligned + [.text(padding + close)])
  }

  /// Brackets with nothing between them but comments.
  private mutating func emptied(_ open: String, _ close: String, start: Int?, end: Int?) -> Layout {
    guard let start, let end, hasComment(start, end) else { return .text(open + close) }
    let comments = ownLines(takeComments(before: end))
    return .sequence([.text(open), .block(.sequence(comments + [.closing(flat: nil)])), .text(close)])
  }

  private func ownLines(_ comments: [Comment]) -> [Layout] {
    comments.flatMap { [.newline(blank: false), .text($0.text)] }
  }

  mutating func collection(_ e: Expression) -> Layout {
    let start = isFromSource(e.span) ? Int(e.span.lower) : nil, end = isFromSource(e.span) ? Int(e.span.upper) - 1 : nil
    switch e.kind {
    case .list(let elements):
      return bracketed("[", "]", elements, start: start, end: end, trailingComma: true, span: { $0.span }) {
        printer, element in
        switch element {
        case .value(let value): return printer.expression(value)
        case .spread(let value): return printer.spread(value)
        }
      }
    case .record(let entries):
      return bracketed("{", "}", entries, start: start, end: end, padding: " ", trailingComma: true, span: { $0.span })
      { $0.entry($1) }
    case .comprehension(let element, let clauses): return comprehension(element, clauses, start: start, end: end)
    default: return .empty
    }
  }

  /// `...e`
  mutating func spread(_ e: Expression) -> Layout { .sequence([.text("..."), operand(e, atLeast: .or)]) }

  private mutating func entry(_ entry: Expression.RecordEntry) -> Layout {
    switch entry {
    case .spread(let e): return spread(e)
    case .computed(let key, let value):
      if case .interpolation = key.kind {
        return .sequence([expression(key), .text(": "), expression(value)])
      }
      return .sequence([.text("("), expression(key), .text("): "), expression(value)])
    case .field(let name, let value):
      if case .name(let text) = value.kind, text.utf8.elementsEqual(name.text.utf8), SourcePrinter.isPlainName(text) {
        return .text(text)
      }
      let isQuoted = isFromSource(name.span) && [0x22, 0x27].contains(source.bytes[Int(name.span.lower)])
      let key = isQuoted ? source.text(name.span) : StringLiteral.fieldName(name.text)
      return .sequence([.text(key + ":" + gap(name.span, value.span)), expression(value)])
    }
  }

  /// The spaces between a field's name and its value: as many as the author wrote to align values below each other.
  private func gap(_ name: Span, _ value: Span) -> String {
    guard isFromSource(name), isFromSource(value), !hasNewline(Int(name.upper), Int(value.lower)) else { return " " }
    var at = Int(name.upper), count = 0
    while at < Int(value.lower), source.bytes[at] != 0x3A { at += 1 }
    at += 1
    while at < Int(value.lower), source.bytes[at] == 0x20 {
      at += 1
      count += 1
    }
    return String(repeating: " ", count: min(max(1, count), 40))
  }

  /// What stands in a comprehension: its element first, then the clauses.
  private enum Piece {
    case element(Expression)
    case clause(Expression.Clause)

    var span: Span {
      switch self {
      case .element(let e), .clause(.filter(let e)): e.span
      case .clause(.each(let pattern, let e)): pattern.span.joined(e.span)
      }
    }
  }

  private mutating func comprehension(
    _ element: Expression, _ clauses: [Expression.Clause], start: Int?, end: Int?
  ) -> Layout {
    let pieces = [.element(element)] + clauses.map { Piece.clause($0) }
    return bracketed("[", "]", pieces, start: start, end: end, comma: "", span: { $0.span }) { printer, piece in
      switch piece {
      case .element(let e): printer.expression(e)
      case .clause(.filter(let e)): .sequence([.text("if "), printer.expression(e)])
      case .clause(.each(let p, let e)):
        .sequence([.text("for "), printer.pattern(p), .text(" in "), printer.expression(e)])
      }
    }
  }

  // MARK: Blocks

  mutating func conditional(_ e: Expression) -> Layout {
    let isInline = allInline(e)
    var branches: [(head: [Layout], body: Layout)] = [], end: [Layout] = []
    var rest: Expression? = e, head: [Layout] = []
    while let current = rest {
      rest = nil
      switch current.kind {
      case .conditional(let condition, let then, let otherwise):
        head += [.text("if "), expression(condition), .text(" ")]
        branches.append((head, body(then.statements, then.span)))
        head = [.text(" else ")]
        rest = otherwise
      case .block(let b): branches.append((head, body(b.statements, b.span)))
      default: end = head + [expression(current)]
      }
    }
    return braced(branches, isInline: isInline, end: end)
  }

  /// Blocks behind their heads: one in several lines puts all of them in several lines.
  private func braced(_ branches: [(head: [Layout], body: Layout)], isInline: Bool, end: [Layout] = []) -> Layout {
    let isInline = isInline && !branches.contains { $0.body.isBroken }
    return .sequence(branches.flatMap { $0.head + [braces($0.body, isInline: isInline)] } + end)
  }

  private func allInline(_ e: Expression) -> Bool {
    var rest: Expression? = e
    while let current = rest {
      switch current.kind {
      case .conditional(_, let then, let otherwise):
        if !isInline(then) { return false }
        rest = otherwise
      case .block(let b): return isInline(b)
      default: return true
      }
    }
    return true
  }

  mutating func attempt(_ body: Block, _ name: Name?, _ handler: Block) -> Layout {
    let isInline = self.isInline(body) && self.isInline(handler)
    let head: Layout = .text(" catch " + (name.map { $0.text + " " } ?? ""))
    let branches: [(head: [Layout], body: Layout)] = [
      ([.text("try ")], self.body(body.statements, body.span)),
      ([head], self.body(handler.statements, handler.span)),
    ]
    return .group(braced(branches, isInline: isInline))
  }

  mutating func sweep(_ s: Sweep) -> Layout {
    var parts: [Layout] = []
    var last = Span.none
    for (i, axis) in s.axes.enumerated() {
      let layout: Layout = .sequence([
        .text("\(axis.name.text) in "), expression(axis.values), .text(i < s.axes.count - 1 ? "," : ""),
      ])
      let separator: Layout = i > 0 && hasNewline(last, axis.name.span) ? .newline(blank: false) : .line(flat: " ")
      parts.append(i == 0 ? layout : .filled(separator: separator, part: layout))
      last = axis.values.span
    }
    if s.isZip { parts.append(.text(" zip")) }
    if let condition = s.condition, case .expression(let e) = condition.body {
      let separator: Layout = hasNewline(last, condition.span) ? .newline(blank: false) : .line(flat: " ")
      parts.append(.filled(separator: separator, part: .sequence([.text("where "), expression(e)])))
    }
    if let names = s.pairedBy {
      let words = "paired" + (names.isEmpty ? "" : " by " + names.map(\.text).joined(separator: ", "))
      parts.append(.filled(separator: .line(flat: " "), part: .text(words)))
    }
    let head: Layout = .sequence([.text("sweep "), .nest(6, .sequence(parts)), .text(" ")])
    return .anchor(.sequence([head, body(s.body)]))
  }
}

extension Expression.Element {
  /// Where it stands.
  var span: Span {
    switch self {
    case .value(let e), .spread(let e): return e.span
    }
  }
}

extension Expression.RecordEntry {
  /// Where it stands, its name included.
  var span: Span {
    switch self {
    case .field(let name, let e): return name.span.joined(e.span)
    case .computed(let key, let e): return key.span.joined(e.span)
    case .spread(let e): return e.span
    }
  }
}
