import Diagnostics

extension Parser {
  /// A literal, a name, or something in brackets or braces.
  mutating func parsePrimary() -> Expression {
    switch kind {
    case .int: return parseInt()
    case .float: return parseFloat()
    case .stringBegin, .rawString: return parseString()
    case .name: return parseNameExpression()
    case .kwTrue, .kwFalse, .kwNone: return parseConstant()
    case .leftParen: return parseParenthesized()
    case .leftBracket: return parseList()
    case .leftBrace: return parseRecord()
    case .kwFn: return parseFnExpression()
    case .kwIf: return parseConditional()
    case .kwTry: return parseAttempt()
    case .kwSweep: return parseSweep()
    case .kwNot: return parseBinary(.not)
    default: return parseNothing()
    }
  }

  private mutating func parseConstant() -> Expression {
    let place = span(token)
    let value: Expression.Kind = at(.kwNone) ? .none : .bool(at(.kwTrue))
    advance()
    return make(value, place)
  }

  private mutating func parseNameExpression() -> Expression {
    if beginsForeignFunction { return parseForeignFunction() }
    if beginsArrowFunction {
      remark(.needsParentheses("a function written with `->`"))
      return parseArrowFunction()
    }
    let name = token
    advance()
    if at(.stringBegin) || at(.rawString), !token.spaceBefore, name.upper - name.lower <= 2 {
      // Of a string without an end only that is said.
      let end = tokens[index].match
      if end < 0 || tokens[end].upper > tokens[end].lower { remark(.stringPrefix(text(name)), at: span(name)) }
      if text(name).hasSuffix("r"), token.match > index {
        index = min(token.match + 1, tokens.count - 1)
        return invalid()
      }
      return parseString()
    }
    return make(.name(text(name)), span(name))
  }

  /// No expression begins here.
  private mutating func parseNothing() -> Expression {
    if token.newlineBefore || at(.end), index > 0, tokens[index - 1].kind.wantsOperand {
      let sign = tokens[index - 1]
      report(.nothingAfter(text(sign)), at: span(sign))
      return invalid()
    }
    switch kind {
    case .kwVar where peek().kind == .leftParen: report(.foreignForm(.variance))
    case .kwFor, .kwWhile: report(.foreignForm(.loopAsValue(text(token))))
    case .kwReturn, .kwBreak, .kwContinue, .kwLet, .kwVar, .kwShow, .kwExpect:
      report(.statementAsExpression(text(token)))
    case .foreign:
      if let function = parseLambda() { return function }
      if let end = closingBar {
        remark(.foreignOperator("|x|"), at: Span(file: file.id, lower: token.lower, upper: tokens[end].upper))
        index = end
        advance()
        return parseExpression()
      }
      report(.foreignOperator(text(token)))
    case .assign where index > 0 && tokens[index - 1].kind == .assign: report(.foreignOperator("= ="))
    default: report(.expected("an expression", found: describe(token)))
    }
    let result = invalid()
    if at(.foreign) { advance() }
    return result
  }

  /// `\x -> …`, as functions are written elsewhere.
  private mutating func parseLambda() -> Expression? {
    guard atForeign("\\") else { return nil }
    let backslash = token
    advance()
    guard !token.newlineBefore, beginsArrowFunction else {
      index -= 1
      return nil
    }
    remark(.foreignOperator("\\ … ->"), at: span(backslash))
    return parseArrowFunction()
  }

  // MARK: Numbers

  private mutating func parseInt() -> Expression {
    let place = span(token)
    if let value = plainInt {
      advance()
      return make(.int(value), place)
    }
    let digits = text(token).filter { $0 != "_" }
    let isHex = digits.hasPrefix("0x") || digits.hasPrefix("0X")
    let value = isHex ? Int(digits.dropFirst(2), radix: 16) : Int(digits)
    // Malformed digits have been reported by the lexer; well-formed ones only fail by being too many.
    let isWellFormed =
      isHex ? digits.dropFirst(2).allSatisfy(\.isHexDigit) : digits.utf8.allSatisfy { $0 >= 48 && $0 <= 57 }
    if value == nil, isWellFormed, digits.count > (isHex ? 2 : 0) { remark(.integerOverflow(text(token))) }
    advance()
    return make(value.map { .int($0) } ?? .invalid, place)
  }

  /// The number of a token that is nothing but digits; nil where it must be looked at more closely.
  private var plainInt: Int? {
    var value = 0
    for byte in file.bytes[token.lower..<token.upper] {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      let (shifted, isTooLarge) = value.multipliedReportingOverflow(by: 10)
      let (next, isTooLargeNow) = shifted.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
      if isTooLarge || isTooLargeNow { return nil }
      value = next
    }
    return token.upper > token.lower ? value : nil
  }

  private mutating func parseFloat() -> Expression {
    let place = span(token)
    let written = text(token)
    let value = Double(written) ?? Double(written.filter { $0 != "_" })
    if let value, value.isInfinite { remark(.floatOverflow(text(token))) }
    advance()
    return make(value.map { .float($0) } ?? .invalid, place)
  }

  // MARK: Parentheses and lists

  private mutating func parseParenthesized() -> Expression {
    if beginsArrowFunction {
      remark(.needsParentheses("a function written with `->`"))
      return parseArrowFunction()
    }
    let lower = token.lower
    let parts = parseBracketed(.rightParen, "an operator") { parser -> Expression in
      let value = parser.parseExpression()
      if parser.at(.kwFor) { parser.report(.bareComprehension) }
      return value
    }
    if parts.count == 1, let only = parts.first { return only }
    if lastErrorIndex != index { remark(parts.isEmpty ? .emptyParentheses : .tuple, at: span(from: lower)) }
    return make(.invalid, span(from: lower))
  }

  private mutating func parseList() -> Expression {
    let lower = token.lower
    var clauses: [Expression.Clause] = []
    let elements = parseBracketed(.rightBracket, "`,`") { parser -> Expression.Element in
      if parser.eat(.ellipsis) || parser.eatForeignSpread() { return .spread(parser.parseExpression()) }
      let value = parser.parseExpression()
      if parser.eatTrailingSpread() { return .spread(value) }
      if parser.at(.kwFor) { clauses = parser.parseClauses() }
      return .value(value)
    }
    guard !clauses.isEmpty else { return make(.list(elements), span(from: lower)) }
    guard elements.count == 1, case .value(let element)? = elements.first else {
      remark(.mixedComprehension, at: span(from: lower))
      return make(.invalid, span(from: lower))
    }
    return make(.comprehension(element: element, clauses: clauses), span(from: lower))
  }

  private mutating func parseClauses() -> [Expression.Clause] {
    var clauses: [Expression.Clause] = []
    while true {
      if eat(.kwFor) {
        let pattern = parseWholePattern()
        expectIn()
        clauses.append(.each(pattern, parseExpression()))
      } else if eat(.kwIf) {
        clauses.append(.filter(parseCondition()))
      } else {
        return clauses
      }
    }
  }

  mutating func expectIn() {
    if eat(.kwIn) { return }
    let isForeign = at(.assign) || at(.colon) || atForeign("∈") || atWord("of")
    report(at(.assign) ? .foreignForm(.countedLoop) : .expected("`in`", found: describe(token)))
    if isForeign { advance() }
  }

  // MARK: Records

  mutating func parseRecord() -> Expression {
    let lower = token.lower
    let place = index == bodyIndex ? BlockPlace.functionBody : .elsewhere
    if looksLikeBlock(index) {
      report(.blockForRecord(place), at: span(token))
      return make(.block(parseBlock()), span(from: lower))
    }
    let entries = parseBracketed(.rightBrace, "`,`") { parser -> Expression.RecordEntry in
      let entry = parser.parseEntry(of: place)
      if parser.at(.kwFor) { parser.report(.recordComprehension) }
      return entry
    }
    return make(.record(entries), span(from: lower))
  }

  /// A brace at `opener` is followed by what can only begin a statement.
  func looksLikeBlock(_ opener: Int) -> Bool {
    guard opener + 2 < tokens.count, tokens[opener + 2].kind != .colon else { return false }
    let first = tokens[opener + 1].kind, second = tokens[opener + 2].kind
    switch first {
    case .kwLet, .kwVar, .kwFor, .kwWhile, .kwReturn, .kwBreak, .kwContinue, .kwShow, .kwExpect, .kwIf, .kwTry,
      .kwSweep:
      return true
    case .name: return second.isAssignment && second != .assign
    default: return false
    }
  }

  private mutating func parseEntry(of place: BlockPlace) -> Expression.RecordEntry {
    if eat(.ellipsis) { return .spread(parseExpression()) }
    let next = peek().kind
    if kind.isWord, next == .colon || (next == .assign && at(.name)) {
      let name = makeName(token)
      if next == .assign { remark(.equalsForColon(name.text, "a field"), at: span(peek())) }
      advance()
      advance()
      return .field(name, parseExpression())
    }
    if at(.name), next == .comma || next == .rightBrace || peek().newlineBefore {
      let name = makeName(token)
      advance()
      return .field(name, make(.name(name.text), name.span))
    }
    if at(.name), next == .kwFor {
      let name = makeName(token)
      advance()
      report(.setComprehension(name.text))
      return .spread(invalid())
    }
    if at(.stringBegin) || at(.rawString) { return parseStringEntry() }
    if at(.leftParen) { return parseComputedEntry() }
    let found = describe(token)
    if kind.isReserved, next == .comma || next == .rightBrace {
      report(.reservedName(text(token)))
      advance()
      return .spread(invalid())
    }
    if at(.int) || at(.float), next == .colon {
      report(.numberAsField(text(token)))
    } else if at(.int) || at(.float), next == .comma || next == .rightBrace {
      report(.foreignForm(.setOfValues(text(token))))
    } else if at(.int) || at(.float) || at(.name) || kind.isReserved || at(.minus) || at(.leftBracket) {
      report(.blockForRecord(place), at: here)
    } else {
      report(.expected("a field's name", found: found))
    }
    return .spread(invalid())
  }

  private mutating func parseStringEntry() -> Expression.RecordEntry {
    let lower = token.lower
    let key = parseString()
    let place = span(from: lower)
    if at(.comma) || at(.rightBrace) {
      report(.foreignForm(.setOfValues(file.text(place))), at: place)
      while !at(.rightBrace), !at(.end) {
        if kind.opens, token.match > index { index = token.match }
        advance()
      }
      return .spread(invalid())
    }
    if !eat(.colon) { report(.expected("`:` after the field's name", found: describe(token))) }
    let value = parseExpression()
    if case .string(let text) = key.kind { return .field(Name(id: newID(), text: text, span: place), value) }
    return .computed(key, value)
  }

  private mutating func parseComputedEntry() -> Expression.RecordEntry {
    let key = parseParenthesized()
    if !eat(.colon) { report(.expected("`:` after the field's name", found: describe(token))) }
    return .computed(key, parseExpression())
  }
}
