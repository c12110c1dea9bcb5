import Diagnostics

extension Parser {
  /// Statements up to the closing brace or the end of the text.
  mutating func parseStatements(isTop: Bool) -> [Statement] {
    var statements: [Statement] = []
    while !at(.end) {
      if eat(.semicolon) { continue }
      if kind.closes {
        if !isTop, at(.rightBrace) || at(.interpolationEnd) { break }
        report(.strayCloser(text(token)))
        advance()
        continue
      }
      let start = index
      if let problem = badLineStart(after: statements.last) {
        report(problem)
        advance()
        skipStatement()
        continue
      }
      statementLower = token.lower
      statements.append(parseStatement(isTop: isTop, previous: statements.last))
      if index == start {
        report(.expected("a statement", found: describe(token)))
        advance()
      }
      endStatement(statements.last, isTop: isTop)
    }
    return statements
  }

  private mutating func endStatement(_ statement: Statement?, isTop: Bool) {
    if token.newlineBefore || at(.end) || at(.semicolon) || at(.rightBrace) || at(.interpolationEnd) || at(.prose) {
      return
    }
    if index != lastErrorIndex {
      let previous = tokens[max(0, index - 1)]
      if previous.kind == .name, text(previous) == "lambda", let problem = ForeignWord.statement("lambda") {
        report(problem, at: span(previous))
      } else {
        report(strayAfterStatement(statement, isTop: isTop))
      }
    }
    skipStatement()
  }

  /// What to say about a token that follows a finished statement on its line.
  private func strayAfterStatement(_ statement: Statement?, isTop: Bool) -> SyntaxProblem {
    let previous = tokens[max(0, index - 1)]
    switch kind {
    case .comma:
      // What stands beside names without brackets is no number.
      if let last = diagnostics.last, last.id == "E0060", last.span.lower >= statementLower { return .tuple }
      if let several = severalAssigned(from: statement) { return .severalAssigned(several) }
      return numberWithCommas.map { .foreignForm($0) } ?? .tuple
    case .kwIf: return .trailingIf
    case .rightParen, .rightBracket: return .strayCloser(text(token))
    case .foreign: return .foreignOperator(text(token))
    case .colon:
      if isColonRange { return .colonRange }
      let isEntry = !isTop && previous.kind == .name && previous.lower == statement.map { Int($0.span.lower) }
      return isEntry ? .recordInBlock(text(previous)) : .strayColon
    case .arrow: return .strayArrow
    case .kwIn, .kwElse, .kwCatch: return .expected("the end of the line", found: describe(token))
    default:
      let isForm = at(.leftBrace) && previous.kind == .name && LanguageWord.beginningStatement(text(previous)) != nil
      if isForm || (previous.kind == .name && [.name, .int, .float, .stringBegin, .rawString].contains(kind)) {
        return .forgottenParentheses(text(previous), found: describe(token))
      }
      if previous.kind == .int || previous.kind == .float, at(.name) {
        return .forgottenSign(text(previous), text(token))
      }
      if previous.kind == .rightBrace { return .forgottenSeparator(found: describe(token)) }
      return .expected("the end of the line", found: describe(token))
    }
  }

  /// The targets of `a, b = b, a`, the first of which has been read as a statement; nil where no such assignment goes on here.
  private func severalAssigned(from first: Statement?) -> [String]? {
    guard case .expression(let target)? = first?.kind else { return nil }
    var parts = [file.text(target.span)]
    var at = index
    while tokens[at].kind == .comma {
      let lower = at + 1
      at = lower
      while !tokens[at].newlineBefore, ![.comma, .assign, .semicolon, .end].contains(tokens[at].kind),
        !tokens[at].kind.closes
      {
        at = max(at, tokens[at].kind.opens ? tokens[at].match : at) + 1
      }
      guard at > lower, at < tokens.count else { return nil }
      parts.append(file.text(Span(file: file.id, lower: tokens[lower].lower, upper: tokens[at - 1].upper)))
    }
    return tokens[at].kind == .assign && !tokens[at].newlineBefore ? parts : nil
  }

  /// `1:10` and `1:n {`, ranges of other languages.
  var isColonRange: Bool {
    guard at(.colon), !token.spaceBefore, !peek().spaceBefore else { return false }
    return peek().kind == .int || (peek().kind == .name && peek(2).kind == .leftBrace)
  }

  /// A line that starts with a binary operator. A `-` that touches its operand starts one of its own, unless the line
  /// is indented further than the statement before, as a continuation would be.
  private func badLineStart(after previous: Statement?) -> SyntaxProblem? {
    if let sign = commentAtLineStart { return .foreignComment(sign) }
    let isFirst = index == 0 || tokens[index - 1].kind == .leftBrace
    switch kind {
    case .minus:
      guard token.newlineBefore, previous != nil else { return nil }
      if peek().spaceBefore || indent(token.lower) > indent(statementLower) {
        return .lineStartsWithOperator("-", isFirst: isFirst)
      }
      return nil
    case .plus:
      return token.newlineBefore && previous != nil ? .lineStartsWithOperator("+", isFirst: isFirst) : nil
    case .kwAnd, .kwOr, .kwIn, .questionQuestion, .dotDot, .dotDotLess, .caret, .arrow:
      return .lineStartsWithOperator(text(token), isFirst: isFirst)
    case .plusPlus:
      return peek().kind == .name && !peek().spaceBefore
        ? .increment("++") : .lineStartsWithOperator("++", isFirst: isFirst)
    default:
      guard kind.isAssignment || kind.comparison != nil || kind.binaryOperator != nil else { return nil }
      return .lineStartsWithOperator(text(token), isFirst: isFirst)
    }
  }

  /// What begins a comment of another language, and no statement or continuation of one.
  private var commentAtLineStart: String? {
    if let sign = foreignComment { return sign }
    let rest = file.bytes[token.lower..<min(token.lower + 4, file.bytes.count)]
    return ["/*", "<!--"].first { rest.starts(with: $0.utf8) }
  }

  /// White space before the text of the line of an offset.
  private func indent(_ offset: Int) -> Int {
    let start = file.lineStarts[file.position(min(offset, file.bytes.count)).line - 1]
    var at = start
    while at < file.bytes.count, file.bytes[at] == 0x20 || file.bytes[at] == 0x09 { at += 1 }
    return at - start
  }

  private mutating func parseStatement(isTop: Bool, previous: Statement?) -> Statement {
    let lower = token.lower
    switch kind {
    case .prose: return parseProse()
    case .kwLet, .kwVar: return parseBinding()
    case .kwFn where peek().kind.isWord: return parseFunction(previous)
    case .kwFor: return parseFor()
    case .kwWhile: return parseWhile()
    case .kwBreak, .kwContinue:
      let isBreak = at(.kwBreak)
      advance()
      return Statement(isBreak ? .breakLoop : .continueLoop, span: span(from: lower))
    case .kwReturn: return parseReturn()
    case .kwShow:
      advance()
      return Statement(.show(parseExpression()), span: span(from: lower))
    case .kwExpect: return parseExpect()
    case .kwElse, .kwCatch:
      report(.strayElse(text(token), isFirst: index == 0))
      advance()
      if eat(.kwIf) { _ = parseCondition() } else { _ = eat(.name) }
      _ = parseBlock()
      return Statement(.invalid, span: span(from: lower))
    case .name:
      if let statement = parseWordStatement(isTop: isTop, isFirst: previous == nil) { return statement }
      return parseExpressionStatement()
    default: return parseExpressionStatement()
    }
  }

  /// An expression, or an assignment to one.
  mutating func parseExpressionStatement() -> Statement {
    let lower = token.lower
    let target = parseExpression()
    if let arrow = arrow(in: target) { remark(.foreignOperator("<-"), at: arrow) }
    let isForeign = at(.foreign) && [":=", "**="].contains(text(token))
    guard continues, kind.isAssignment || isForeign else {
      return Statement(.expression(target), span: span(from: lower))
    }
    if isForeign { remark(.foreignOperator(text(token))) }
    if let problem = notAssignable(target) { remark(problem, at: target.span) }
    let operation = isForeign && text(token) == "**=" ? .power : kind.compoundOperator
    advance()
    let value = parseExpression()
    return Statement(.assign(target: target, operation: operation, value: value), span: span(from: lower))
  }

  /// The `<-` of a statement `x <- 3`, as R binds names: a comparison with a negative number would not stand alone, nor be
  /// written so.
  private func arrow(in target: Expression) -> Span? {
    guard case .comparison(let operands, let operators, nil) = target.kind, operators == [.less], operands.count == 2,
      case .name = operands[0].kind, case .unary(.negate, let value) = operands[1].kind
    else { return nil }
    let minus = Int(operands[1].span.lower), bytes = file.bytes
    guard minus > 0, bytes[minus - 1] == 0x3C, Int(value.span.lower) > minus + 1 else { return nil }
    return Span(file: file.id, lower: minus - 1, upper: minus + 1)
  }

  private func notAssignable(_ target: Expression) -> SyntaxProblem? {
    var base = target
    while true {
      switch base.kind {
      case .name, .invalid: return nil
      case .field(let inner, _), .index(let inner, _): base = inner
      case .call(let callee, _):
        if base === target, case .name(let name) = callee.kind, at(.assign) { return .functionWithoutFn(name) }
        return .notAssignable("the value of a call")
      case .list where base !== target: return .notAssignable("a part of a list without a name")
      case .record where base !== target: return .notAssignable("a part of a record without a name")
      case .list(let elements):
        let parts = elements.compactMap { if case .value(let part) = $0 { file.text(part.span) } else { nil } }
        return .destructuringWithoutLet(parts: parts, isRecord: false)
      case .record(let entries):
        let names = entries.compactMap { if case .field(let name, _) = $0 { name.text } else { nil } }
        return .destructuringWithoutLet(parts: names, isRecord: true)
      case .optionalField: return .notAssignable("a field behind `?.`")
      case .comparison: return .notAssignable("a comparison")
      case .int, .float, .string, .bool, .none, .interpolation: return .notAssignable("a constant")
      default: return .notAssignable("the value of an expression")
      }
    }
  }

  // MARK: Statements with a reserved word

  private mutating func parseBinding() -> Statement {
    let lower = token.lower
    let isLet = at(.kwLet)
    if !isLet, peek().kind == .leftParen, tokens[min(peek().match + 1, tokens.count - 1)].kind != .assign {
      report(.foreignForm(.variance))
      skipStatement()
      return Statement(.invalid, span: span(from: lower))
    }
    advance()
    if at(.name), peek().kind == .leftParen { return parseFunctionAfterLet() }
    if isLet, atWord("mut"), peek().kind == .name {
      remark(.mutableLet(text(peek())), at: span(token))
      advance()
    }
    let pattern = parseWholePattern()
    if at(.colon) {
      report(.typeAnnotation)
      skipToAssign()
    }
    if atForeign(":=") {
      remark(.foreignOperator(":="))
    } else if !at(.assign) {
      report(.bindingWithoutValue(isLet ? "let" : "var", found: describe(token)))
      return Statement(.invalid, span: span(from: lower))
    }
    advance()
    let value = parseExpression()
    return Statement(isLet ? .letBinding(pattern, value) : .varBinding(pattern, value), span: span(from: lower))
  }

  /// `let f(x) = …`, which is reported and skipped.
  private mutating func parseFunctionAfterLet() -> Statement {
    let lower = token.lower
    report(.functionWithoutFn(text(token)))
    advance()
    if token.match > index { index = min(token.match + 1, tokens.count - 1) }
    if eat(.assign) { _ = parseExpression() }
    return Statement(.invalid, span: span(from: lower))
  }

  /// Over a type annotation, to the `=` of the same line.
  private mutating func skipToAssign() {
    while !at(.end), !at(.assign), !at(.rightBrace), !peek().newlineBefore { advance() }
  }

  private mutating func parseFunction(_ previous: Statement?) -> Statement {
    let lower = token.lower
    var documentation: String?
    if case .prose(let text)? = previous?.kind, let prose = previous?.span, isDirectlyBelow(Int(prose.upper), lower) {
      documentation = text
    }
    advance()
    if kind.isReserved { report(.reservedName(text(token))) }
    let name = makeName(token)
    advance()
    let id = newID()
    let literal = parseFunctionRest(id: id, name: name.text, lower)
    return Statement(.function(name, literal, documentation: documentation), span: span(from: lower))
  }

  /// Only one newline lies between two places.
  private func isDirectlyBelow(_ upper: Int, _ lower: Int) -> Bool {
    var newlines = 0
    for at in upper..<max(upper, lower) where file.bytes[at] == 0x0A { newlines += 1 }
    return newlines <= 1
  }

  private mutating func parseFor() -> Statement {
    let lower = token.lower
    advance()
    if at(.leftParen) {
      report(.parenthesizedFor)
      if token.match > index { index = min(token.match + 1, tokens.count - 1) }
      if at(.leftBrace) { _ = parseBlock() }
      return Statement(.invalid, span: span(from: lower))
    }
    let pattern = parseWholePattern()
    expectIn()
    let sequence = parseExpression()
    return Statement(.forLoop(pattern, sequence, parseBlock()), span: span(from: lower))
  }

  private mutating func parseWhile() -> Statement {
    let lower = token.lower
    advance()
    let condition = parseCondition()
    return Statement(.whileLoop(condition, parseBlock()), span: span(from: lower))
  }

  private mutating func parseReturn() -> Statement {
    let lower = token.lower
    advance()
    let hasValue = !token.newlineBefore && !at(.end) && !at(.semicolon) && !kind.closes && !at(.prose)
    let value = hasValue ? parseExpression() : nil
    return Statement(.returnValue(value), span: span(from: lower))
  }

  private mutating func parseExpect() -> Statement {
    let lower = token.lower
    advance()
    if atWord("fails"), peek().kind == .leftBrace {
      advance()
      let body = parseBody()
      return Statement(.expectFails(body), span: span(from: lower))
    }
    let condition = parseCondition()
    return Statement(.expect(condition), span: span(from: lower))
  }

  /// A block as a function of no parameters.
  mutating func parseBody() -> FunctionLiteral {
    let lower = token.lower
    let id = newID()
    let block = parseBlock()
    return FunctionLiteral(id: id, name: nil, parameters: [], body: .block(block), span: span(from: lower))
  }

  // MARK: Prose

  /// Lines of prose directly under one another.
  private mutating func parseProse() -> Statement {
    let lower = token.lower
    var lines: [String] = []
    var last = lower
    while at(.prose), lines.isEmpty || isDirectlyBelow(last, token.lower) {
      var line = text(token).dropFirst(2)
      if line.hasPrefix(" ") { line = line.dropFirst() }
      // Two spaces at its end break a line; one alone, or on an empty line, is nothing.
      if line.hasSuffix(" "), !line.hasSuffix("  ") || line.allSatisfy({ $0 == " " }) {
        line = line.prefix(upTo: line.lastIndex { $0 != " " }.map(line.index(after:)) ?? line.startIndex)
      }
      lines.append(String(line))
      last = token.upper
      advance()
    }
    return Statement(.prose(lines.joined(separator: "\n")), span: span(from: lower))
  }
}
