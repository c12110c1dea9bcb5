import Diagnostics

extension Parser {
  /// `{ … }` where the grammar asks for a block.
  mutating func parseBlock() -> Block {
    let lower = token.lower
    guard at(.leftBrace) else {
      if at(.colon) {
        report(isColonRange ? .colonRange : .colonBlock)
      } else if atWord("then") || atWord("do") {
        report(.wordBlock(text(token)))
      } else if at(.assign) {
        report(.assignmentInCondition)
      } else {
        report(.expected("`{` and a block", found: describe(token)))
      }
      return Block(statements: [], span: here)
    }
    let opener = index
    guard enter() else {
      leave()
      return Block(statements: [], span: span(from: lower))
    }
    advance()
    let saved = (newlinesEnd, statementLower)
    newlinesEnd = true
    let statements = parseStatements(isTop: false)
    (newlinesEnd, statementLower) = saved
    leave()
    expectClose(.rightBrace, opener: opener, "a statement")
    return Block(statements: statements, span: span(from: lower))
  }

  /// `if c { … } else if d { … } else { … }`, with a loop, so that a long chain is no deep recursion.
  mutating func parseConditional() -> Expression {
    var branches: [(lower: Int, condition: Expression, block: Block)] = []
    var otherwise: Expression?
    // The condition may begin with another `if`.
    guard enter() else {
      leave()
      return invalid()
    }
    defer { leave() }
    while true {
      let lower = token.lower
      advance()
      let condition = parseCondition()
      branches.append((lower, condition, parseBlock()))
      if let word = elseIfWord {
        remark(.elseIf(text(token)), at: word)
        continue
      }
      guard eat(.kwElse) else { break }
      if at(.kwIf) { continue }
      let elseLower = token.lower
      let block = parseBlock()
      otherwise = make(.block(block), span(from: elseLower))
      break
    }
    let end = span(from: branches.first?.lower ?? 0)
    for branch in branches.reversed() {
      let place = Span(file: file.id, lower: branch.lower, upper: Int(end.upper))
      otherwise = make(.conditional(branch.condition, then: branch.block, otherwise: otherwise), place)
    }
    return otherwise ?? invalid()
  }

  /// One of the words that other languages write for `else if`.
  private var elseIfWord: Span? {
    for word in ["elif", "elsif", "elseif"] as [StaticString] where isWord(token, word) && !peek().kind.isAssignment {
      return span(token)
    }
    return nil
  }

  /// A condition, with `=` for `==` explained.
  mutating func parseCondition() -> Expression {
    let condition = parseExpression()
    guard at(.assign) else { return condition }
    let lower = Int(condition.span.lower)
    remark(.assignmentInCondition)
    advance()
    _ = parseExpression()
    return make(.invalid, span(from: lower))
  }

  /// `try { … } catch e { … }`
  mutating func parseAttempt() -> Expression {
    let lower = token.lower, word = span(token)
    advance()
    let body = parseBlock()
    guard at(.kwCatch) || atWord("except") || atWord("finally") else {
      if diagnostics.isEmpty, at(.end) { endsBeforeCatch = true }
      report(.missingCatch, at: word)
      return make(.attempt(body, nil, handler: Block(statements: [], span: here)), span(from: lower))
    }
    if at(.name) { remark(.foreignCatch(text(token))) }
    advance()
    var name: Name?
    if at(.name), !atWord("_") { name = makeName(token) }
    if at(.name) { advance() }
    if at(.leftParen) {
      report(.expected("the error's name without parentheses", found: describe(token)))
      if token.match > index { index = min(token.match + 1, tokens.count - 1) }
    }
    let handler = parseBlock()
    if continues, atWord("finally"), peek().kind == .leftBrace {
      remark(.foreignCatch(text(token)))
      advance()
      _ = parseBlock()
    }
    return make(.attempt(body, name, handler: handler), span(from: lower))
  }

  /// `sweep x in xs, y in ys zip where cond paired by x { … }`
  mutating func parseSweep() -> Expression {
    let lower = token.lower
    guard enter() else {
      leave()
      return invalid()
    }
    defer { leave() }
    advance()
    if at(.leftParen) { return parenthesizedSweep() }
    var axes: [(name: Name, values: Expression)] = []
    repeat {
      guard let axis = parseAxis() else { break }
      axes.append(axis)
    } while eat(.comma)
    let isZip = eatWord("zip")
    var condition: FunctionLiteral?
    if atWord("where") { condition = parseSweepCondition(axes) }
    let pairedBy = parsePairing()
    if atWord("where") || atWord("zip") { report(.sweepOrder(text(token))) }
    let bodyLower = token.lower
    let id = newID()
    let block = parseBlock()
    let parameters = axes.map { Parameter(name: $0.name, kind: nil, defaultValue: nil, isRest: false) }
    let body = FunctionLiteral(
      id: id, name: nil, parameters: parameters, body: .block(block), span: span(from: bodyLower))
    let sweep = Sweep(axes: axes, isZip: isZip, condition: condition, pairedBy: pairedBy, body: body)
    return make(.sweep(sweep), span(from: lower))
  }

  /// `sweep (x in xs) { … }`, as a call would be written: said once, and passed over with its block.
  private mutating func parenthesizedSweep() -> Expression {
    report(.parenthesizedSweep)
    if token.match > index { index = min(token.match + 1, tokens.count - 1) }
    while continues, at(.name) { advance() }
    if continues, at(.leftBrace) { _ = parseBlock() }
    return invalid()
  }

  private mutating func parseAxis() -> (name: Name, values: Expression)? {
    guard at(.name) else {
      report(.expected("a coordinate's name", found: describe(token)))
      return nil
    }
    let name = makeName(token)
    advance()
    if at(.assign) {
      remark(.coordinateWithoutIn(name.text, found: describe(token)))
      advance()
    } else {
      expectIn()
    }
    return (name, parseExpression())
  }

  /// The condition is a function of the coordinates, with names of its own.
  private mutating func parseSweepCondition(_ axes: [(name: Name, values: Expression)]) -> FunctionLiteral {
    let lower = token.lower
    advance()
    let id = newID()
    var parameters: [Parameter] = []
    for axis in axes {
      let name = Name(id: newID(), text: axis.name.text, span: axis.name.span)
      parameters.append(Parameter(name: name, kind: nil, defaultValue: nil, isRest: false))
    }
    let value = parseExpression()
    return FunctionLiteral(
      id: id, name: nil, parameters: parameters, body: .expression(value), span: span(from: lower))
  }

  private mutating func parsePairing() -> [Name]? {
    guard eatWord("paired") else { return nil }
    guard eatWord("by") else { return [] }
    var names: [Name] = []
    repeat {
      guard at(.name) else {
        report(.expected("a coordinate's name", found: describe(token)))
        break
      }
      names.append(makeName(token))
      advance()
    } while eat(.comma)
    return names
  }
}
