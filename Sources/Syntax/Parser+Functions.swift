import Diagnostics

extension Parser {
  // MARK: Functions

  /// `x -> e` or `(x, y) -> e`.
  mutating func parseArrowFunction() -> Expression {
    let lower = token.lower
    let id = newID()
    guard enter() else {
      leave()
      return invalid()
    }
    let parameters: [Parameter]
    if at(.name) {
      parameters = [Parameter(name: makeName(token), kind: nil, defaultValue: nil, isRest: false)]
      advance()
    } else {
      parameters = parseParameters()
    }
    if at(.foreign) { remark(.foreignOperator(text(token))) }
    if at(.arrow) || at(.foreign) { advance() }
    let body: FunctionLiteral.Body
    if at(.leftBrace), looksLikeBlock(index) {
      remark(.blockForRecord(.afterArrow), at: span(token))
      body = .block(parseBlock())
    } else {
      body = .expression(parseExpression())
    }
    leave()
    return finish(id: id, name: nil, parameters, body, lower)
  }

  /// `fn(x) { … }` or `fn(x) = e`.
  mutating func parseFnExpression() -> Expression {
    let lower = token.lower
    let id = newID()
    advance()
    if at(.name), peek().kind == .leftParen {
      report(.namedFunctionAsExpression(text(token)))
      advance()
    }
    let literal = parseFunctionRest(id: id, name: nil, lower)
    return make(.function(literal), literal.span)
  }

  /// `function(x) { … }` or `function(x) x + 1`, whose meaning is clear.
  mutating func parseForeignFunction() -> Expression {
    let lower = token.lower
    remark(.foreignOperator(text(token)))
    advance()
    let id = newID()
    guard enter() else {
      leave()
      return invalid()
    }
    let parameters = parseParameters()
    let body = at(.leftBrace) ? FunctionLiteral.Body.block(parseBlock()) : .expression(parseExpression())
    leave()
    return finish(id: id, name: nil, parameters, body, lower)
  }

  private mutating func finish(
    id: Int, name: String?, _ parameters: [Parameter], _ body: FunctionLiteral.Body, _ lower: Int
  ) -> Expression {
    let literal = makeLiteral(id: id, name: name, parameters, body, lower)
    return make(.function(literal), literal.span)
  }

  /// Makes the literal; pattern parameters become `let` statements at the head of its body.
  private mutating func makeLiteral(
    id: Int, name: String?, _ parameters: [Parameter], _ body: FunctionLiteral.Body, _ lower: Int
  ) -> FunctionLiteral {
    var lets: [Statement] = []
    for parameter in parameters {
      guard let pattern = parameter.pattern else { continue }
      let value = make(.name(parameter.name.text), pattern.span)
      lets.append(Statement(.letBinding(pattern, value), span: pattern.span))
    }
    guard !lets.isEmpty else {
      return FunctionLiteral(id: id, name: name, parameters: parameters, body: body, span: span(from: lower))
    }
    let block: Block
    switch body {
    case .expression(let e): block = Block(statements: lets + [Statement(.expression(e), span: e.span)], span: e.span)
    case .block(let b): block = Block(statements: lets + b.statements, span: b.span)
    }
    return FunctionLiteral(id: id, name: name, parameters: parameters, body: .block(block), span: span(from: lower))
  }

  /// Parameters and body, after `fn` and the name.
  mutating func parseFunctionRest(id: Int, name: String?, _ lower: Int) -> FunctionLiteral {
    guard at(.leftParen) else {
      report(.expected("`(` and the parameters", found: describe(token)))
      return FunctionLiteral(id: id, name: name, parameters: [], body: .expression(invalid()), span: span(from: lower))
    }
    guard enter() else {
      leave()
      return FunctionLiteral(id: id, name: name, parameters: [], body: .expression(invalid()), span: span(from: lower))
    }
    defer { leave() }
    let parameters = parseParameters()
    if at(.arrow), peek().isTypeName, [.leftBrace, .assign].contains(peek(2).kind) {
      remark(.returnType)
      advance()
      advance()
    }
    let body: FunctionLiteral.Body
    if at(.leftBrace) {
      body = .block(parseBlock())
    } else if at(.assign) || at(.arrow) {
      if at(.arrow) { remark(.arrowAfterFn) }
      advance()
      bodyIndex = index
      body = .expression(parseExpression())
    } else if at(.colon) {
      report(.colonBlock)
      body = .expression(invalid())
    } else {
      report(.expected("`{` or `=` and the function's body", found: describe(token)))
      body = .expression(invalid())
    }
    return makeLiteral(id: id, name: name, parameters, body, lower)
  }

  private mutating func parseParameters() -> [Parameter] {
    let parameters = parseBracketed(.rightParen, "`,`") { $0.parseParameter() }
    for (i, parameter) in parameters.enumerated() where parameter.isRest && i != parameters.count - 1 {
      remark(.restNotLast, at: parameter.name.span)
    }
    var seen: Set<String> = []
    for parameter in parameters {
      let names = (parameter.pattern?.boundNames ?? [parameter.name]).filter { $0.text != "_" }
      for name in names where seen.contains(name.text) { remark(.duplicateParameter(name.text), at: name.span) }
      seen.formUnion(names.map(\.text))
    }
    return parameters
  }

  private mutating func parseParameter() -> Parameter {
    var isRest = eat(.ellipsis) || eatForeignSpread()
    if at(.leftBrace) || at(.leftBracket) {
      let pattern = parsePattern()
      // Named by its own text, which is no identifier, so that it cannot collide with one and reads well in messages.
      let text = file.text(pattern.span).split(whereSeparator: \.isWhitespace).joined(separator: " ")
      let name = Name(id: newID(), text: text, span: pattern.span)
      return Parameter(name: name, kind: nil, defaultValue: parseDefault(), isRest: isRest, pattern: pattern)
    }
    guard at(.name) else {
      report(kind.isReserved ? .reservedName(text(token)) : .expected("a parameter's name", found: describe(token)))
      if kind.isReserved || at(.foreign) { advance() }
      return Parameter(name: Name(id: newID(), text: "_", span: here), kind: nil, defaultValue: nil, isRest: isRest)
    }
    let name = makeName(token)
    advance()
    if eatTrailingSpread() { isRest = true }
    var kindName: Name?
    if eat(.colon) {
      if kind.isWord {
        kindName = makeName(token)
        advance()
      } else {
        report(.expected("a kind after `:`", found: describe(token)))
      }
    }
    return Parameter(name: name, kind: kindName, defaultValue: parseDefault(), isRest: isRest)
  }

  private mutating func parseDefault() -> Expression? { eat(.assign) ? parseExpression() : nil }

  // MARK: Patterns

  /// A pattern where no other can follow: several between commas are one that lacks its brackets.
  mutating func parseWholePattern() -> Pattern {
    let lower = token.lower
    var parts = [parsePattern()]
    guard at(.comma) else { return parts[0] }
    while eat(.comma) { parts.append(parsePattern()) }
    let place = span(from: lower)
    remark(.barePattern(file.text(place), inLoop: at(.kwIn)), at: place)
    return Pattern(.list(parts, rest: .exact), span: place)
  }

  mutating func parsePattern() -> Pattern {
    let lower = token.lower
    switch kind {
    case .name:
      let name = token
      advance()
      if text(name) == "_" { return Pattern(.ignore, span: span(name)) }
      return Pattern(.name(makeName(name)), span: span(name))
    case .leftBracket: return parseListPattern()
    case .leftBrace:
      let fields = parseBracketed(.rightBrace, "`,`") { $0.parseFieldPattern() }
      return Pattern(.record(fields), span: span(from: lower))
    case .leftParen:
      report(.tuple)
      if token.match > index { index = min(token.match + 1, tokens.count - 1) }
    default:
      let isName = kind.isReserved && !at(.kwIn)
      report(isName ? .reservedName(text(token)) : .expected("a name to bind", found: describe(token)))
      if kind.isReserved, kind != .kwIn { advance() }
    }
    return Pattern(.ignore, span: span(from: lower))
  }

  private mutating func parseListPattern() -> Pattern {
    let lower = token.lower
    var rest = Pattern.RestPattern.exact
    var elements: [Pattern] = []
    _ = parseBracketed(.rightBracket, "`,`") { parser in
      if case .exact = rest {} else { parser.remark(.restNotLast) }
      guard parser.eat(.ellipsis) else {
        elements.append(parser.parsePattern())
        return
      }
      rest = .ignored
      guard parser.at(.name) else { return }
      if !parser.atWord("_") { rest = .named(parser.makeName(parser.token)) }
      parser.advance()
    }
    return Pattern(.list(elements, rest: rest), span: span(from: lower))
  }

  private mutating func parseFieldPattern() -> (field: Name, pattern: Pattern) {
    if at(.stringBegin) || at(.rawString) {
      let lower = token.lower
      let key = parseString()
      var field = ""
      if case .string(let text) = key.kind { field = text }
      let name = Name(id: newID(), text: field, span: span(from: lower))
      if !eat(.colon) { report(.expected("`:` and a name", found: describe(token))) }
      return (name, parsePattern())
    }
    guard kind.isWord else {
      report(.expected("a field's name", found: describe(token)))
      return (Name(id: newID(), text: "", span: here), Pattern(.ignore, span: here))
    }
    let field = makeName(token)
    let isReserved = kind.isReserved
    if isReserved, peek().kind != .colon { report(.reservedName(text(token))) }
    advance()
    if eat(.colon) { return (field, parsePattern()) }
    return (field, Pattern(.name(Name(id: newID(), text: field.text, span: field.span)), span: field.span))
  }
}

extension Token {
  /// Could name a type in another language's `-> Type`.
  fileprivate var isTypeName: Bool { kind == .name || kind == .kwNone }
}
