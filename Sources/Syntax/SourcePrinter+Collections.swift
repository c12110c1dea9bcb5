import Diagnostics
import Notation

extension SourcePrinter {
  /// Parts between brackets. The author's line breaks between them stay; where the first part stands on a new line,
  /// so does the closer, and the parts are indented; otherwise they are aligned behind the bracket.
  ///
  /// `start` and `end` are where the brackets stand in the source, nil when unknown.
  mutating func bracketed<Part>(
    _ open: String, _ close: String, _ parts: [Part], start: Int?, end: Int?, padding: String = "",
    trailingComma: Bool = false, span: (Part) -> Span, _ print: (inout SourcePrinter, Part) -> Layout
  ) -> Layout {
    guard let first = parts.first else { return .text(open + close) }
    let lower = Int(span(first).lower)
    let isHanging =
      isFromSource(span(first)) && ((start.map { hasNewline($0, lower) } ?? false) || hasComment(0, lower))
    var out: [Layout] = []
    for (i, part) in parts.enumerated() {
      let place = span(part)
      let isLast = i == parts.count - 1
      let comments = isFromSource(place) ? takeComments(before: Int(place.lower)) : []
      for comment in comments { out += [.newline(blank: false), .text(comment.text)] }
      let isBroken = !comments.isEmpty || (i == 0 ? isHanging : hasNewline(span(parts[i - 1]), place))
      let printed = print(&self, part)
      let layout = isLast && !(trailingComma && isHanging) ? printed : .sequence([printed, .text(",")])
      if isBroken || i == 0 {
        out += [isBroken ? .newline(blank: false) : .empty, layout]
      } else {
        out.append(.filled(separator: .line(flat: " "), part: layout))
      }
      // A comment after a part is kept on its line only if what follows begins on a new one.
      let isFollowedByNewline = isLast ? isHanging : hasNewline(place, span(parts[i + 1]))
      if isFromSource(place), isFollowedByNewline, let trailing = takeTrailing(after: Int(place.upper)) {
        out.append(trailing)
      }
    }
    guard isHanging else { return .sequence([.text(open + padding), .align(.sequence(out)), .text(padding + close)]) }
    for comment in end.map({ takeComments(before: $0) }) ?? [] { out += [.newline(blank: false), .text(comment.text)] }
    return .sequence([.text(open), .block(.sequence(out + [.closing(flat: nil)])), .text(close)])
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
    case .comprehension(let element, let clauses): return comprehension(element, clauses, start: start)
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
      if case .name(let text) = value.kind, text == name.text, SourcePrinter.isPlainName(text) { return .text(text) }
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

  private mutating func comprehension(
    _ element: Expression, _ clauses: [Expression.Clause], start: Int?
  ) -> Layout {
    let lower = Int(element.span.lower)
    let isHanging = isFromSource(element.span) && (start.map { hasNewline($0, lower) } ?? false)
    var parts: [Layout] = isHanging ? [.newline(blank: false)] : []
    parts.append(expression(element))
    var last = element.span
    for clause in clauses {
      let layout: Layout, place: Span, upper: Span
      switch clause {
      case .each(let p, let e):
        layout = .sequence([.text("for "), pattern(p), .text(" in "), expression(e)])
        (place, upper) = (p.span, e.span)
      case .filter(let e):
        layout = .sequence([.text("if "), expression(e)])
        (place, upper) = (e.span, e.span)
      }
      let separator: Layout = hasNewline(last, place) ? .newline(blank: false) : .line(flat: " ")
      parts.append(.filled(separator: separator, part: layout))
      last = upper
    }
    guard isHanging else { return .sequence([.text("["), .align(.sequence(parts)), .text("]")]) }
    return .sequence([.text("["), .block(.sequence(parts + [.closing(flat: nil)])), .text("]")])
  }

  // MARK: Blocks

  mutating func conditional(_ e: Expression) -> Layout {
    var parts: [Layout] = []
    var rest = e
    // One branch in several lines puts all of them in several lines.
    let isInline = allInline(e)
    while case .conditional(let condition, let then, let otherwise) = rest.kind {
      parts += [.text("if "), expression(condition), .text(" ")]
      parts.append(block(then.statements, then.span, isInline: isInline))
      guard let otherwise else { return .sequence(parts) }
      parts.append(.text(" else "))
      rest = otherwise
    }
    if case .block(let b) = rest.kind {
      parts.append(block(b.statements, b.span, isInline: isInline))
    } else {
      parts.append(expression(rest))
    }
    return .sequence(parts)
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

  mutating func attempt(_ body: Block, _ name: Name?, _ handler: Block?) -> Layout {
    let isInline = self.isInline(body) && (handler.map { self.isInline($0) } ?? true)
    var parts: [Layout] = [.text("try "), block(body.statements, body.span, isInline: isInline)]
    if let handler {
      parts.append(.text(" catch " + (name.map { $0.text + " " } ?? "")))
      parts.append(block(handler.statements, handler.span, isInline: isInline))
    }
    return .group(.sequence(parts))
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
