import Diagnostics

extension Parser {
  /// An expression of any kind, functions with `->` included.
  mutating func parseExpression() -> Expression {
    if beginsArrowFunction { return parseArrowFunction() }
    return parseBinary(.or)
  }

  /// `x ->` or `(…) ->` stands here.
  var beginsArrowFunction: Bool {
    switch kind {
    case .name: return isArrow(index + 1)
    case .leftParen: return token.match > index && isArrow(token.match + 1)
    default: return false
    }
  }

  private func isArrow(_ at: Int) -> Bool {
    guard at < tokens.count, !(newlinesEnd && tokens[at].newlineBefore) else { return false }
    return tokens[at].kind == .arrow || (tokens[at].kind == .foreign && ["=>", "→"].contains(text(tokens[at])))
  }

  // MARK: Operators

  /// What stands here between two operands, with how tightly it binds.
  private var infix: Precedence? {
    guard continues else { return nil }
    switch kind {
    case .kwAnd: return .and
    case .kwOr: return .or
    case .questionQuestion: return .coalesce
    case .dotDot, .dotDotLess: return .range
    case .ellipsis: return token.spaceBefore || peek().kind.closes || peek().kind == .comma ? nil : .range
    case .caret: return nil
    case .kwNot: return peek().kind == .kwIn ? .comparison : nil
    case .foreign: return foreignInfix
    case .name: return atWord("is") ? .comparison : isWordOfDivision ? .multiplicative : nil
    default: return kind.comparison != nil ? .comparison : kind.binaryOperator?.precedence
    }
  }

  /// `7 div 2` or `7 mod 2`.
  private var isWordOfDivision: Bool {
    guard atWord("div") || atWord("mod"), !peek().newlineBefore else { return false }
    return [.name, .int, .float, .leftParen].contains(peek().kind)
  }

  private var foreignInfix: Precedence? {
    switch text(token) {
    case "&&": return .and
    case "||": return .or
    case "===", "!==", "<>", "~=", "≤", "≥", "≠", "∈", "%in%", "~": return .comparison
    case "×", "·", "÷", ".*", "./", "%%", "%/%", "%*%": return .multiplicative
    case "−", ".+", ".-": return .additive
    default: return nil
    }
  }

  /// Operators at least as tight as `minimum`, from left to right.
  mutating func parseBinary(_ minimum: Precedence) -> Expression {
    let lower = token.lower
    var left = at(.kwNot) ? parseNot(minimum) : parseUnary()
    while index != lastErrorIndex, let precedence = infix, precedence >= minimum {
      left = parseInfix(precedence, left, lower)
    }
    return left
  }

  private mutating func parseNot(_ minimum: Precedence) -> Expression {
    let lower = token.lower
    if minimum > .not { remark(.needsParentheses("`not`")) }
    guard enter() else {
      leave()
      return invalid()
    }
    advance()
    let operand = parseBinary(.not)
    leave()
    return make(.unary(.not, operand), span(from: lower))
  }

  /// Two words in a row, as no expression has them: what `//`, `%` or `--` before them begins is a comment of another language.
  func isProse(_ at: Int) -> Bool {
    guard at + 1 < tokens.count, tokens[at].kind == .name, !tokens[at + 1].newlineBefore else { return false }
    let second = tokens[at + 1]
    return second.kind == .name && !["where", "zip", "paired", "by", "within", "as"].contains(text(second))
  }

  /// The sign at this token if it begins a comment of another language: words follow that no expression could hold.
  var foreignComment: String? {
    switch kind {
    case .slashSlash, .percent: return isProse(index + 1) ? text(token) : nil
    case .minus: return peek().kind == .minus && !peek().spaceBefore && isProse(index + 2) ? "--" : nil
    default: return nil
    }
  }

  private mutating func parseInfix(_ precedence: Precedence, _ left: Expression, _ lower: Int) -> Expression {
    if precedence == .comparison { return parseComparison(left, lower) }
    let operation = token
    if at(.foreign) || at(.ellipsis) || at(.name) { remark(.foreignOperator(text(token))) }
    if at(.plusPlus), !token.spaceBefore, peek().newlineBefore || [.rightBrace, .semicolon, .end].contains(peek().kind)
    {
      remark(.increment("++"))
      advance()
      return left
    }
    if let sign = foreignComment {
      remark(.foreignComment(sign))
      while !peek().newlineBefore, peek().kind != .end { advance() }
      advance()
      return left
    }
    advance()
    if precedence == .range { return parseRange(left, lower, inclusive: operation.kind != .dotDotLess) }
    let right = parseBinary(precedence.tighter)
    let place = span(from: lower)
    switch precedence {
    case .and: return make(.and(left, right), place)
    case .or: return make(.or(left, right), place)
    case .coalesce: return make(.coalesce(left, right), place)
    default:
      let binary = operation.kind.binaryOperator ?? foreignOperation(operation)
      return make(.binary(binary, left, right, operatorSpan: span(operation)), place)
    }
  }

  private func foreignOperation(_ token: Token) -> BinaryOperator {
    switch text(token) {
    case "÷", "./": return .divide
    case "−", ".-": return .subtract
    case ".+": return .add
    case "div", "%/%": return .floorDivide
    case "mod", "%%": return .remainder
    case "%*%": return .matmul
    default: return .multiply
    }
  }

  private mutating func parseRange(_ left: Expression, _ lower: Int, inclusive: Bool) -> Expression {
    if kind.closes || at(.comma) { report(.openRange) }
    let right = parseBinary(.join)
    var step: Expression?
    if continues, eatWord("by") { step = parseBinary(.join) }
    let range = make(.range(left, right, inclusive: inclusive, step: step), span(from: lower))
    if continues, at(.dotDot) || at(.dotDotLess) {
      report(.chainedRange)
      advance()
      _ = parseBinary(.join)
    }
    return range
  }

  /// `a < b <= c`, and `a ≈ b within t`.
  private mutating func parseComparison(_ first: Expression, _ lower: Int) -> Expression {
    var operands = [first]
    var operators: [ComparisonOperator] = []
    var tolerance: Expression?
    var negated = false
    while infix == .comparison {
      if at(.kwNot) {
        negated = operators.isEmpty
        if !negated { remark(.needsParentheses("`not in`")) }
        advance()
      }
      operators.append(takeComparison())
      operands.append(parseBinary(.coalesce))
      if operators.last == .close, continues, eatWord("within") { tolerance = parseBinary(.coalesce) }
    }
    let comparison = make(
      .comparison(operands: operands, operators: operators, tolerance: tolerance), span(from: lower))
    return negated ? make(.unary(.not, comparison), span(from: lower)) : comparison
  }

  private mutating func takeComparison() -> ComparisonOperator {
    var operation = kind.comparison
    if atWord("is") {
      let lower = token.lower
      let isNegated = peek().kind == .kwNot
      if isNegated { advance() }
      let place = Span(file: file.id, lower: lower, upper: token.upper)
      remark(.foreignOperator(isNegated ? "is not" : "is"), at: place)
    } else if at(.foreign) {
      let spelling = text(token)
      remark(.foreignOperator(spelling == "~" ? "a ~ b" : spelling))
      operation =
        [
          "%in%": .member, "~": .close, "!==": .notEqual, "~=": .notEqual, "≠": .notEqual, "≤": .lessEqual,
          "≥": .greaterEqual, "∈": .member,
        ][spelling]
    }
    advance()
    return operation ?? .equal
  }

  /// `-x`, and whatever binds tighter.
  mutating func parseUnary() -> Expression {
    let lower = token.lower
    let isForeign = at(.foreign) && ["!", "−", "¬", "~", "√"].contains(text(token))
    guard at(.minus) || at(.plus) || isForeign else { return parsePower() }
    let isNot = isForeign && text(token) != "−"
    let isPlus = at(.plus)
    if isForeign { remark(.foreignOperator(text(token))) }
    if isPlus { remark(.unaryPlus) }
    if at(.minus), let smallest = parseSmallestInteger() { return smallest }
    guard enter() else {
      leave()
      return invalid()
    }
    advance()
    let operand = parseUnary()
    leave()
    return isPlus ? operand : make(.unary(isNot ? .not : .negate, operand), span(from: lower))
  }

  /// `-9223372036854775808`, whose digits alone would be too many.
  private mutating func parseSmallestInteger() -> Expression? {
    guard peek().kind == .int, !peek().spaceBefore, text(peek()).filter({ $0 != "_" }) == "9223372036854775808",
      ![.caret, .dot, .leftBracket, .leftParen].contains(peek(2).kind)
    else { return nil }
    let lower = token.lower
    advance()
    advance()
    return make(.int(.min), span(from: lower))
  }

  /// `a ^ b`, from the right.
  private mutating func parsePower() -> Expression {
    let lower = token.lower
    let base = parsePostfix()
    guard continues, at(.caret) || atForeign("**") || atForeign(".^") else { return base }
    if at(.foreign) { remark(.foreignOperator(text(token))) }
    let operation = span(token)
    guard enter() else {
      leave()
      return base
    }
    advance()
    let exponent = at(.minus) || at(.foreign) ? parseUnary() : parsePower()
    leave()
    return make(.binary(.power, base, exponent, operatorSpan: operation), span(from: lower))
  }

  // MARK: Calls, indexes, fields

  private mutating func parsePostfix() -> Expression {
    let lower = token.lower
    var expression = parsePrimary()
    while true {
      switch kind {
      case .dot, .questionDot: expression = parseField(expression, lower)
      case .leftParen where continues: expression = parseCall(expression, lower)
      case .leftBracket where continues: expression = parseIndex(expression, lower)
      case .foreign where atForeign("?") && peek().kind == .leftBracket && peek().lower == token.lower + 1:
        remark(.optionalIndex)
        advance()
        expression = parseIndex(expression, lower)
      default: return expression
      }
    }
  }

  private mutating func parseField(_ base: Expression, _ lower: Int) -> Expression {
    let isOptional = at(.questionDot)
    advance()
    if at(.leftParen), !isOptional, case .name(let name) = base.kind {
      remark(.dottedCall(name))
      return base
    }
    guard kind.isWord else {
      report(
        at(.int) ? .indexAfterDot(text(token)) : .expected("a field's name after the point", found: describe(token)))
      if at(.int) { advance() }
      return make(.invalid, span(from: lower))
    }
    let name = makeName(token)
    advance()
    return make(isOptional ? .optionalField(base, name) : .field(base, name), span(from: lower))
  }

  private mutating func parseCall(_ callee: Expression, _ lower: Int) -> Expression {
    let arguments = parseBracketed(.rightParen, "`,`") { $0.parseArgument() }
    checkOrder(arguments)
    return make(.call(callee, arguments), span(from: lower))
  }

  /// Positional arguments stand before named ones.
  private mutating func checkOrder(_ arguments: [Expression.Argument]) {
    var named = false
    for argument in arguments {
      if case .named = argument { named = true }
      if case .positional(let value) = argument, named { return remark(.positionalAfterNamed, at: value.span) }
    }
  }

  private mutating func parseArgument() -> Expression.Argument {
    if eat(.ellipsis) || eatForeignSpread() { return .spread(parseExpression()) }
    if kind.isWord, peek().kind == .colon {
      let name = makeName(token)
      advance()
      advance()
      return .named(name, parseExpression())
    }
    if at(.name), peek().kind == .assign {
      let name = makeName(token)
      remark(.equalsForColon(name.text, "an argument"), at: span(peek()))
      advance()
      advance()
      return .named(name, parseExpression())
    }
    let value = parseExpression()
    if at(.kwFor) { report(.bareComprehension) }
    return eatTrailingSpread() ? .spread(value) : .positional(value)
  }

  private mutating func parseIndex(_ base: Expression, _ lower: Int) -> Expression {
    let indexes = parseBracketed(.rightBracket, "`,`") { $0.parseIndexPart() }
    if indexes.isEmpty { remark(.emptyIndex, at: span(from: lower)) }
    return make(.index(base, indexes), span(from: lower))
  }

  private mutating func parseIndexPart() -> Expression.Index {
    if at(.dotDot), peek().kind == .comma || peek().kind == .rightBracket {
      let place = span(token)
      advance()
      return .whole(place)
    }
    if at(.colon) || at(.dotDot) || at(.dotDotLess) {
      report(at(.colon) ? .colonSlice : .openRange)
      return .value(invalid())
    }
    let value = parseExpression()
    if at(.colon) { report(.colonSlice) }
    return .value(value)
  }

  /// The parts between a bracket here and its closer, separated by commas. Newlines do not matter inside.
  mutating func parseBracketed<Part>(
    _ closer: TokenKind, _ separator: String, _ part: (inout Parser) -> Part
  ) -> [Part] {
    let opener = index
    guard enter() else {
      leave()
      return []
    }
    advance()
    let saved = newlinesEnd
    newlinesEnd = false
    var parts: [Part] = []
    while !at(closer), !at(.end) {
      let start = index
      parts.append(part(&self))
      if eat(.comma) { continue }
      // Where the closer is missing, what follows belongs to the code around.
      if index == start || at(closer) || tokens[opener].match < 0 || !isForgottenComma { break }
      report(.forgottenComma)
    }
    newlinesEnd = saved
    leave()
    expectClose(closer, opener: opener, separator)
    return parts
  }

  /// The next part begins on a new line, so that only the comma is missing.
  private var isForgottenComma: Bool {
    guard token.newlineBefore, index != lastErrorIndex else { return false }
    switch kind {
    case .name, .int, .float, .stringBegin, .rawString, .leftBracket, .leftBrace, .ellipsis, .kwTrue, .kwFalse, .kwNone:
      return true
    default: return false
    }
  }
}
