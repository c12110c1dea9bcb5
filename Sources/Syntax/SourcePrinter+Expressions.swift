import Diagnostics
import Notation

extension SourcePrinter {
  /// How tightly an expression holds together; nil for what stands alone: names, literals, brackets, calls.
  static func precedence(_ e: Expression) -> Precedence? {
    switch e.kind {
    case .unary(.not, _): return .not
    case .unary(.negate, _): return .unary
    case .int(let value): return value < 0 ? .unary : nil
    case .float(let value): return value < 0 ? .unary : nil
    case .binary(let operation, _, _, _): return operation.precedence
    case .comparison: return .comparison
    case .and: return .and
    case .or: return .or
    case .coalesce: return .coalesce
    case .range: return .range
    default: return nil
    }
  }

  /// Forms that end in a block or an arrow's body: in the middle of an expression they stand in parentheses.
  static func isOpenForm(_ e: Expression) -> Bool {
    switch e.kind {
    case .function, .conditional, .attempt, .sweep, .block: return true
    default: return false
    }
  }

  /// An operand, in parentheses if it binds less tightly than it must.
  mutating func operand(_ e: Expression, atLeast minimum: Precedence) -> Layout {
    let precedence = SourcePrinter.precedence(e)
    let isLoose = precedence.map { $0 < minimum } ?? SourcePrinter.isOpenForm(e)
    return isLoose || (precedence != nil && isParenthesized(e.span)) ? parenthesized(e) : expression(e)
  }

  /// The author put parentheses around an operand.
  private func isParenthesized(_ span: Span) -> Bool {
    guard isFromSource(span) else { return false }
    var before = Int(span.lower) - 1, after = Int(span.upper)
    while before >= 0, source.bytes[before] == 0x20 { before -= 1 }
    while after < source.bytes.count, source.bytes[after] == 0x20 { after += 1 }
    return before >= 0 && after < source.bytes.count && source.bytes[before] == 0x28 && source.bytes[after] == 0x29
  }

  /// What stands before a point, a call or an index.
  private mutating func base(_ e: Expression) -> Layout {
    SourcePrinter.precedence(e) != nil || SourcePrinter.isOpenForm(e) ? parenthesized(e) : expression(e)
  }

  private mutating func parenthesized(_ e: Expression) -> Layout {
    .sequence([.text("("), .align(expression(e)), .text(")")])
  }

  mutating func expression(_ e: Expression) -> Layout {
    switch e.kind {
    case .none: return .text("none")
    case .bool(let value): return .text(value ? "true" : "false")
    case .int(let value): return literal(e, String(value))
    case .float(let value): return literal(e, SourcePrinter.spelling(value))
    case .string(let value): return literal(e, StringLiteral.quoted(value))
    case .interpolation(let segments): return interpolation(e, segments)
    case .name(let name): return .text(name)
    case .unary(.negate, let operand): return .sequence([.text("-"), negated(operand)])
    case .unary(.not, let operand) where isMembership(operand):
      guard case .comparison(let operands, _, _) = operand.kind else { return .text("") }
      return .sequence([
        self.operand(operands[0], atLeast: .coalesce), .text(" not in "), self.operand(operands[1], atLeast: .coalesce),
      ])
    case .unary(.not, let operand): return .sequence([.text("not "), self.operand(operand, atLeast: .not)])
    case .binary(.power, let a, let b, _): return power(a, b)
    case .binary(let operation, let a, let b, _):
      return infix(a, operation.rawValue, b, left: operation.precedence, right: operation.precedence.tighter)
    case .and(let a, let b): return infix(a, "and", b, left: .and, right: .not)
    case .or(let a, let b): return infix(a, "or", b, left: .or, right: .and)
    case .coalesce(let a, let b): return infix(a, "??", b, left: .coalesce, right: .range)
    case .range(let a, let b, let inclusive, let step): return range(a, b, inclusive, step)
    case .comparison(let operands, let operators, let tolerance): return comparison(operands, operators, tolerance)
    case .call, .field, .optionalField, .index: return chain(e)
    case .function(let f): return functionLiteral(f)
    case .list, .comprehension, .record: return collection(e)
    case .conditional: return .anchor(.group(conditional(e)))
    case .block(let b): return .group(block(b))
    case .attempt(let body, let name, let handler): return attempt(body, name, handler)
    case .sweep(let s): return sweep(s)
    case .invalid: return .text(isFromSource(e.span) ? source.text(e.span) : "none")
    }
  }

  /// A sign such as `=` and what follows it, on a line of its own if the author put it there.
  mutating func following(_ sign: String, _ e: Expression) -> Layout {
    guard beginsLine(e.span) else { return .sequence([.text(sign + " "), expression(e)]) }
    let comments = commentsBefore(e.span)
    return .sequence([.text(sign), .block(.sequence(comments + [.newline(blank: false), expression(e)]))])
  }

  /// Hands out the comments before a node that begins a line: what stands behind something stays there, what has a line of its
  /// own keeps it.
  private mutating func commentsBefore(_ place: Span) -> [Layout] {
    guard isFromSource(place) else { return [] }
    return takeComments(before: Int(place.lower)).enumerated().map { i, comment in
      i == 0 && !beginsLine(comment.span)
        ? .text("  " + comment.text) : .sequence([.newline(blank: false), .text(comment.text)])
    }
  }

  /// Only white space and opening parentheses stand before a node on its line.
  private func beginsLine(_ span: Span) -> Bool {
    guard isFromSource(span) else { return false }
    var at = Int(span.lower) - 1
    while at >= 0, [0x20, 0x09, 0x28].contains(source.bytes[at]) { at -= 1 }
    return at >= 0 && source.bytes[at] == 0x0A
  }

  // MARK: Literals

  /// The spelling of the source where there is one.
  private func literal(_ e: Expression, _ spelling: String) -> Layout {
    .text(isFromSource(e.span) ? source.text(e.span) : spelling)
  }

  static func spelling(_ value: Double) -> String {
    if value.isInfinite { return value < 0 ? "-1e999" : "1e999" }
    let text = "\(value)"
    return text
  }

  private mutating func interpolation(_ e: Expression, _ segments: [Expression.Segment]) -> Layout {
    if isFromSource(e.span) { return verbatim(e.span) }
    var text = "\""
    for segment in segments {
      switch segment {
      case .text(let t): text += StringLiteral.quoted(t).dropFirst().dropLast()
      case .value(let value, let format):
        // Inside a string everything stands on one line.
        let inner = LayoutWriter.write(.group(expression(value)), width: .max / 2)
        text += "{\(inner.hasPrefix("{") ? "(\(inner))" : inner)" + (format.map { ":\($0)" } ?? "") + "}"
      }
    }
    return .text(text + "\"")
  }

  // MARK: Operators

  private mutating func negated(_ e: Expression) -> Layout {
    if case .unary(.negate, _) = e.kind { return parenthesized(e) }
    return operand(e, atLeast: .unary)
  }

  private mutating func power(_ a: Expression, _ b: Expression) -> Layout {
    let left = SourcePrinter.precedence(a) == nil ? operand(a, atLeast: .power) : parenthesized(a)
    return .sequence([left, .text("^"), operand(b, atLeast: .unary)])
  }

  /// A left-leaning chain of one operator is laid out flat, so that it breaks evenly.
  private mutating func infix(
    _ a: Expression, _ sign: String, _ b: Expression, left: Precedence, right: Precedence
  ) -> Layout {
    let first = operand(a, atLeast: left)
    let isBroken = hasNewline(a.span, b.span)
    let comments = isBroken ? commentsBefore(b.span) : []
    let separator: Layout = isBroken ? .newline(blank: false) : .line(flat: " ")
    let second = operand(b, atLeast: right)
    return .sequence([
      first, .text(" " + sign), .nest(2, .sequence(comments + [.filled(separator: separator, part: second)])),
    ])
  }

  private mutating func range(_ a: Expression, _ b: Expression, _ inclusive: Bool, _ step: Expression?) -> Layout {
    var parts = [operand(a, atLeast: .join), .text(inclusive ? ".." : "..<"), operand(b, atLeast: .join)]
    if let step { parts += [.text(" by "), operand(step, atLeast: .join)] }
    return .sequence(parts)
  }

  /// `a in b` alone, without comments that would have to move; with `not` before it, it is written `a not in b`.
  private func isMembership(_ e: Expression) -> Bool {
    guard case .comparison(let operands, [.member], nil) = e.kind, operands.count == 2 else { return false }
    return !hasNewline(operands[0].span, operands[1].span)
  }

  private mutating func comparison(
    _ operands: [Expression], _ operators: [ComparisonOperator], _ tolerance: Expression?
  ) -> Layout {
    var parts: [Layout] = []
    for (i, operand) in operands.enumerated() {
      guard i > 0, i <= operators.count else {
        parts.append(self.operand(operand, atLeast: .coalesce))
        continue
      }
      let isBroken = hasNewline(operands[i - 1].span, operand.span)
      let comments = isBroken ? commentsBefore(operand.span) : []
      let separator: Layout = isBroken ? .newline(blank: false) : .line(flat: " ")
      let layout: Layout = .filled(separator: separator, part: self.operand(operand, atLeast: .coalesce))
      parts += [.text(" " + operators[i - 1].rawValue), .nest(2, .sequence(comments + [layout]))]
    }
    if let tolerance { parts += [.text(" within "), operand(tolerance, atLeast: .coalesce)] }
    return .sequence(parts)
  }

  // MARK: Calls, indexes, fields

  /// `a.b(c)[d]…`, from the left, broken before points where the author did or where it is too long.
  private mutating func chain(_ e: Expression) -> Layout {
    var links: [Expression] = []
    var root = e
    while let inner = SourcePrinter.linkBase(root) {
      links.append(root)
      root = inner
    }
    links.reverse()
    let first = base(root)
    var parts: [Layout] = []
    var hasField = false
    for link in links {
      let inner = SourcePrinter.linkBase(link) ?? root
      switch link.kind {
      case .field(_, let name), .optionalField(_, let name):
        var sign = "."
        if case .optionalField = link.kind { sign = "?." }
        let isBroken =
          isFromSource(inner.span) && isFromSource(name.span) && hasNewline(Int(inner.span.upper), Int(name.span.lower))
        let isFirst = !hasField
        hasField = true
        let point: Layout = .text(sign + name.text)
        if isBroken {
          parts.append(.sequence(commentsBefore(name.span) + [.newline(blank: false), point]))
        } else if isFirst {
          parts.append(point)
        } else {
          parts.append(.filled(separator: .line(flat: ""), part: point))
        }
      case .call(_, let arguments): parts.append(call(inner, arguments, end: end(link)))
      case .index(_, let indexes): parts.append(index(inner, indexes, end: end(link)))
      default: break
      }
    }
    let isNumber: Bool
    if case .int = root.kind, case .field(_, let name)? = links.first?.kind {
      isNumber = name.text.lowercased().hasPrefix("e")
    } else {
      isNumber = false
    }
    let start: Layout = isNumber ? .sequence([.text("("), first, .text(")")]) : first
    return .sequence([start, .nest(2, .sequence(parts))])
  }

  private static func linkBase(_ e: Expression) -> Expression? {
    switch e.kind {
    case .call(let base, _), .index(let base, _), .field(let base, _), .optionalField(let base, _): return base
    default: return nil
    }
  }

  /// Where the closing bracket of a call or an index stands.
  private func end(_ e: Expression) -> Int? { isFromSource(e.span) ? Int(e.span.upper) - 1 : nil }

  private mutating func call(_ callee: Expression, _ arguments: [Expression.Argument], end: Int?) -> Layout {
    bracketed("(", ")", arguments, start: Int(callee.span.upper), end: end, span: { $0.span }) { printer, argument in
      switch argument {
      case .positional(let e): return printer.expression(e)
      case .named(let name, let e): return .sequence([.text("\(name.text): "), printer.expression(e)])
      case .spread(let e): return printer.spread(e)
      }
    }
  }

  private mutating func index(_ base: Expression, _ indexes: [Expression.Index], end: Int?) -> Layout {
    bracketed("[", "]", indexes, start: Int(base.span.upper), end: end, span: { $0.span }) { printer, index in
      if case .value(let e) = index { return printer.expression(e) }
      return .text("..")
    }
  }
}

extension Expression.Argument {
  /// Where it stands, its name included.
  var span: Span {
    switch self {
    case .positional(let e), .spread(let e): return e.span
    case .named(let name, let e): return name.span.joined(e.span)
    }
  }
}

extension Expression.Index {
  /// Where it stands.
  var span: Span {
    switch self {
    case .whole(let span): return span
    case .value(let e): return e.span
    }
  }
}

extension Layout {
  /// Parts with a layout between them.
  static func join(_ parts: [Layout], by separator: Layout) -> Layout {
    var out: [Layout] = []
    for (i, part) in parts.enumerated() {
      if i > 0 { out.append(separator) }
      out.append(part)
    }
    return .sequence(out)
  }
}
