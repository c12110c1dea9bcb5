import Diagnostics
import Notation

extension SourcePrinter {
  mutating func statement(_ s: Statement) -> Layout {
    switch s.kind {
    case .expression(let e): return expression(e)
    case .letBinding(let p, let e): return headed("let ", pattern(p), e)
    case .varBinding(let p, let e): return headed("var ", pattern(p), e)
    case .assign(let target, let operation, let value):
      let left = expression(target)
      return .sequence([left, following(" \(operation?.rawValue ?? "")=", value)])
    case .function(let name, let f, _):
      return .anchor(.sequence([.text("fn \(name.text)"), functionRest(f, after: "=")]))
    case .param(let name, let e): return headed("param ", .text(name.text), e)
    case .state(let name, let e): return headed("state ", .text(name.text), e)
    case .option(let name, let value, let bounds, let documentation):
      return option(name, value, bounds, documentation, s.span)
    case .seed(let e): return .sequence([.text("seed "), expression(e)])
    case .cite(let e): return .sequence([.text("cite "), expression(e)])
    case .show(let e): return .sequence([.text("show "), expression(e)])
    case .claim(let title, let body): return titled("claim ", title, body)
    case .test(let title, let body): return titled("test ", title, body)
    case .use(let path, let isFile, let alias):
      let name = isFile ? StringLiteral.quoted(path) : path
      return .text("use \(name)" + (alias.map { " as \($0.text)" } ?? ""))
    default: return control(s)
    }
  }

  private mutating func control(_ s: Statement) -> Layout {
    switch s.kind {
    case .forLoop(let p, let e, let body):
      let head: [Layout] = [.text("for "), pattern(p), .text(" in "), expression(e), .text(" ")]
      return .anchor(.group(.sequence(head + [block(body)])))
    case .whileLoop(let e, let body):
      let head: [Layout] = [.text("while "), expression(e), .text(" ")]
      return .anchor(.group(.sequence(head + [block(body)])))
    case .breakLoop: return .text("break")
    case .continueLoop: return .text("continue")
    case .returnValue(let e):
      guard let e else { return .text("return") }
      return .sequence([.text("return "), expression(e)])
    case .expect(let e): return .sequence([.text("expect "), expression(e)])
    case .expectFails(let body): return .sequence([.text("expect fails "), self.body(body)])
    case .prose(let text):
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      return .join(lines.map { .exact($0.isEmpty ? "##" : "## \($0)") }, by: .newline(blank: false))
    case .languageVersion(let version): return .text("exp \(version)")
    default: return .text(isFromSource(s.span) ? source.text(s.span) : "")
    }
  }

  private mutating func headed(_ head: String, _ name: Layout, _ value: Expression) -> Layout {
    .sequence([.text(head), name, following(" =", value)])
  }

  private mutating func option(
    _ name: Name, _ value: Expression, _ bounds: Expression?, _ documentation: String?, _ span: Span
  ) -> Layout {
    var parts: [Layout] = [.text("option \(name.text) = "), operand(value, atLeast: .coalesce)]
    if let bounds { parts += [.text(" in "), operand(bounds, atLeast: .coalesce)] }
    if let documentation { parts.append(.text(" " + StringLiteral.quoted(documentation))) }
    return .sequence(parts)
  }

  private mutating func titled(_ word: String, _ title: Expression, _ body: FunctionLiteral) -> Layout {
    let head: [Layout] = [.text(word), expression(title), .text(" ")]
    return .anchor(.group(.sequence(head + [self.body(body)])))
  }

  /// The block of a function that is written as a block only.
  mutating func body(_ f: FunctionLiteral) -> Layout {
    switch f.body {
    case .block(let b): return .group(block(b))
    case .expression(let e): return .sequence([.text("{ "), expression(e), .text(" }")])
    }
  }

  // MARK: Functions and patterns

  /// Parameters and body, after `fn` and a name. `after` stands before a body that is one expression.
  mutating func functionRest(_ f: FunctionLiteral, after sign: String) -> Layout {
    let head = parameters(f.parameters, start: isFromSource(f.span) ? Int(f.span.lower) : nil)
    switch f.body {
    case .expression(let e): return .sequence([head, following(" \(sign)", e)])
    case .block(let b):
      let patterns = f.parameters.filter { $0.pattern != nil }.count
      guard patterns > 0, b.statements.count >= patterns else {
        return .group(.sequence([head, .text(" "), block(b)]))
      }
      let statements = Array(b.statements.dropFirst(patterns))
      if let e = SourcePrinter.onlyExpression(statements), e.span == b.span {
        return .sequence([head, following(" \(sign)", e)])
      }
      let isInline =
        statements.count == 1 && !(isFromSource(b.span) && hasNewline(Int(b.span.lower), Int(b.span.upper)))
      return .group(.sequence([head, .text(" "), block(statements, b.span, isInline: isInline)]))
    }
  }

  /// A literal inside an expression.
  mutating func functionLiteral(_ f: FunctionLiteral) -> Layout {
    if SourcePrinter.isArrow(f) {
      if case .expression(let e) = f.body, f.parameters.count == 1, let only = f.parameters.first, !only.isRest,
        only.kind == nil, only.defaultValue == nil, only.pattern == nil
      {
        return .sequence([.text(only.name.text), following(" ->", e)])
      }
      return functionRest(f, after: "->")
    }
    return .anchor(.sequence([.text("fn"), functionRest(f, after: "=")]))
  }

  /// The literal can be written with `->`: its body is one expression.
  static func isArrow(_ f: FunctionLiteral) -> Bool {
    switch f.body {
    case .expression: return true
    case .block(let b):
      let patterns = f.parameters.filter { $0.pattern != nil }.count
      guard patterns > 0, let e = onlyExpression(Array(b.statements.dropFirst(patterns))) else { return false }
      return e.span == b.span
    }
  }

  static func onlyExpression(_ statements: [Statement]) -> Expression? {
    guard statements.count == 1, case .expression(let e)? = statements.first?.kind else { return nil }
    return e
  }

  private mutating func parameters(_ parameters: [Parameter], start: Int?) -> Layout {
    let end = parameters.last.flatMap { isFromSource($0.span) ? closer(after: Int($0.span.upper)) : nil }
    return bracketed("(", ")", parameters, start: start, end: end, span: { $0.span }) { $0.parameter($1) }
  }

  /// The last parenthesis behind an offset before anything but commas and comments.
  private func closer(after offset: Int) -> Int? {
    var at = offset, found: Int?
    while at < source.bytes.count {
      switch source.bytes[at] {
      case 0x29: found = at
      case 0x20, 0x09, 0x0D, 0x0A, 0x2C: break
      case 0x23: while at + 1 < source.bytes.count, source.bytes[at + 1] != 0x0A { at += 1 }
      default: return found
      }
      at += 1
    }
    return found
  }

  private mutating func parameter(_ p: Parameter) -> Layout {
    var parts: [Layout] = p.isRest ? [.text("...")] : []
    parts.append(p.pattern.map { pattern($0) } ?? .text(p.name.text))
    if let kind = p.kind { parts.append(.text(": \(kind.text)")) }
    if let value = p.defaultValue { parts += [.text(" = "), expression(value)] }
    return .sequence(parts)
  }

  /// On one line, but for comments that stand in it.
  mutating func pattern(_ p: Pattern) -> Layout {
    let start = Int(p.span.lower), end = Int(p.span.upper) - 1
    guard isFromSource(p.span), hasComment(start, end) else { return .text(patternText(p)) }
    switch p.kind {
    case .name, .ignore: return .text(patternText(p))
    case .list(let parts, let rest):
      var pieces = parts.map { (span: $0.span, pattern: Pattern?.some($0)) }
      let behind = parts.last.map { Int($0.span.upper) } ?? start + 1
      if !restText(rest).isEmpty { pieces.append((restSpan(after: behind, rest, p.span), nil)) }
      return bracketed("[", "]", pieces, start: start, end: end, span: \.span) { printer, piece in
        piece.pattern.map { printer.pattern($0) } ?? .text(printer.restText(rest))
      }
    case .record(let fields):
      return bracketed(
        "{", "}", fields, start: start, end: end, padding: " ", span: { $0.field.span.joined($0.pattern.span) }
      ) { printer, part in
        let name = printer.fieldText(part.field, part.pattern)
        return name.isEmpty ? printer.pattern(part.pattern) : .sequence([.text(name), printer.pattern(part.pattern)])
      }
    }
  }

  /// Where the `...` of a list pattern stands, behind all of its elements.
  private func restSpan(after offset: Int, _ rest: Pattern.RestPattern, _ whole: Span) -> Span {
    var at = offset
    while at < Int(whole.upper), source.bytes[at] != 0x2E {
      if source.bytes[at] == 0x23 { while at < Int(whole.upper), source.bytes[at] != 0x0A { at += 1 } } else { at += 1 }
    }
    var upper = at + 3
    if case .named(let name) = rest { upper = Int(name.span.upper) } else if source.bytes[upper] == 0x5F { upper += 1 }
    return Span(file: whole.file, lower: at, upper: upper)
  }

  private func restText(_ rest: Pattern.RestPattern) -> String {
    switch rest {
    case .exact: ""
    case .ignored: "..."
    case .named(let name): "...\(name.text)"
    }
  }

  /// A field's name before its pattern; empty where the pattern is that name.
  private func fieldText(_ field: Name, _ part: Pattern) -> String {
    if case .name(let name) = part.kind, name.text.utf8.elementsEqual(field.text.utf8),
      SourcePrinter.isPlainName(name.text)
    {
      return ""
    }
    return StringLiteral.fieldName(field.text) + ": "
  }

  private func patternText(_ p: Pattern) -> String {
    switch p.kind {
    case .name(let name): return name.text
    case .ignore: return "_"
    case .list(let parts, let rest):
      let words = parts.map { patternText($0) } + [restText(rest)].filter { !$0.isEmpty }
      return "[" + words.joined(separator: ", ") + "]"
    case .record(let fields):
      if fields.isEmpty { return "{}" }
      let words = fields.map { field, part in fieldText(field, part) + patternText(part) }
      return "{ " + words.joined(separator: ", ") + " }"
    }
  }

  // MARK: Spelling

  /// An identifier that is no reserved word.
  static func isPlainName(_ text: String) -> Bool {
    TokenKind.reserved[text] == nil && StringLiteral.isWord(text)
  }
}

extension Parameter {
  /// Where it stands, its default included.
  fileprivate var span: Span {
    defaultValue.map { name.span.joined($0.span) } ?? kind.map { name.span.joined($0.span) } ?? name.span
  }
}
