import Diagnostics

extension Parser {
  /// A statement that begins with a word which is an ordinary name elsewhere; nil when it is one here.
  mutating func parseWordStatement(isTop: Bool, isFirst: Bool) -> Statement? {
    let next = peek()
    guard !next.newlineBefore else { return nil }
    let nextIsString = next.kind == .stringBegin || next.kind == .rawString
    switch text(token) {
    case "param" where next.kind == .name: return parseMarked(isState: false)
    case "state" where next.kind == .name: return parseMarked(isState: true)
    case "option" where next.kind == .name: return parseOption()
    case "seed" where beginsSeed(next): return parseSeed()
    case "cite" where nextIsString:
      let lower = token.lower
      advance()
      return Statement(.cite(parseExpression()), span: span(from: lower))
    case "claim" where nextIsString: return parseTitled(isClaim: true)
    case "test" where nextIsString: return parseTitled(isClaim: false)
    case "use" where next.kind == .name || nextIsString: return parseUse()
    case "exp" where next.kind == .int: return parseVersion(isFirst: isTop && isFirst)
    case let word:
      guard let problem = ForeignWord.statement(word), ForeignWord.isForm(word, next) else { return nil }
      return parseForeign(problem)
    }
  }

  /// `seed 7`, but not `seed - 7`, `seed(7)` or `seed = 7`.
  private func beginsSeed(_ next: Token) -> Bool {
    switch next.kind {
    case .int, .float, .name, .stringBegin, .rawString: return true
    case .minus: return next.spaceBefore && !peek(2).spaceBefore
    default: return false
    }
  }

  private mutating func parseMarked(isState: Bool) -> Statement {
    let lower = token.lower
    let word = text(token)
    advance()
    let name = makeName(token)
    advance()
    guard eat(.assign) else {
      report(.bindingWithoutValue(word, found: describe(token)))
      return Statement(.invalid, span: span(from: lower))
    }
    let value = parseExpression()
    return Statement(isState ? .state(name, value) : .param(name, value), span: span(from: lower))
  }

  private mutating func parseOption() -> Statement {
    let lower = token.lower
    advance()
    let name = makeName(token)
    advance()
    guard eat(.assign) else {
      report(.bindingWithoutValue("option", found: describe(token)))
      return Statement(.invalid, span: span(from: lower))
    }
    // `in` begins the bounds here, so the default may hold no bare comparison.
    let value = parseBinary(.coalesce)
    var bounds: Expression?
    if continues, eat(.kwIn) { bounds = parseBinary(.coalesce) }
    var documentation: String?
    if continues, at(.stringBegin) || at(.rawString) {
      let place = span(token)
      let text = parseString()
      if case .string(let plain) = text.kind {
        documentation = plain
      } else {
        remark(.plainString("an option's description"), at: place)
      }
    }
    let kind = Statement.Kind.option(name, defaultValue: value, bounds: bounds, documentation: documentation)
    return Statement(kind, span: span(from: lower))
  }

  private mutating func parseSeed() -> Statement {
    let lower = token.lower
    advance()
    return Statement(.seed(parseExpression()), span: span(from: lower))
  }

  private mutating func parseTitled(isClaim: Bool) -> Statement {
    let lower = token.lower
    advance()
    let title = parseString()
    let body = parseBody()
    if !isClaim { hasTests = true }
    let kind = isClaim ? Statement.Kind.claim(text: title, body: body) : .test(text: title, body: body)
    return Statement(kind, span: span(from: lower))
  }

  private mutating func parseUse() -> Statement {
    let lower = token.lower
    advance()
    var path = ""
    let isFile = !at(.name)
    if isFile {
      let place = span(token)
      let written = parseString()
      if case .string(let plain) = written.kind {
        path = plain
      } else {
        remark(.plainString("a file's name"), at: place)
      }
    } else {
      path = text(token)
      advance()
    }
    var alias: Name?
    if continues, eatWord("as") {
      if at(.name) {
        alias = makeName(token)
        advance()
      } else {
        report(.expected("a name after `as`", found: describe(token)))
      }
    }
    return Statement(.use(path: path, isFile: isFile, alias: alias), span: span(from: lower))
  }

  private mutating func parseVersion(isFirst: Bool) -> Statement {
    let lower = token.lower
    if !isFirst { remark(.versionNotFirst) }
    advance()
    let version = Int(text(token).filter { $0 != "_" })
    if version != 1 { remark(.unknownVersion(text(token))) }
    advance()
    return Statement(.languageVersion(version ?? 0), span: span(from: lower))
  }

  /// A form of another language: reported once, and skipped with its block.
  private mutating func parseForeign(_ problem: SyntaxProblem) -> Statement {
    let lower = token.lower
    report(problem)
    skipStatement()
    return Statement(.invalid, span: span(from: lower))
  }
}

/// Words of other languages: what to say where they begin a statement or stand as a name.
enum ForeignWord {
  private static let statements: [String: String] = [
    "def": "functions are written `fn name(x) { … }`",
    "func": "functions are written `fn name(x) { … }`",
    "function": "functions are written `fn name(x) { … }`",
    "fun": "functions are written `fn name(x) { … }`",
    "lambda": "a function without a name is written `x -> x + 1`",
    "class": "there are no classes: a function that returns a function remembers what it captured",
    "struct": "there are no types to declare: a record `{ a: 1, b: 2 }` holds named values",
    "import": "the library is there without it; a file of your own is brought in with `use \"./file.exp\" as name`",
    "from": "the library is there without it; a file of your own is brought in with `use \"./file.exp\" as name`",
    "using": "the library is there without it; a file of your own is brought in with `use \"./file.exp\" as name`",
    "library": "the library is there without it; a file of your own is brought in with `use \"./file.exp\" as name`",
    "const": "a name is bound with `let`, and may be rebound when it is bound with `var`",
    "val": "a name is bound with `let`, and may be rebound when it is bound with `var`",
    "local": "a name is bound with `let`, and may be rebound when it is bound with `var`",
    "global": "a function cannot rebind outer names: return the new value instead",
    "nonlocal": "a function cannot rebind outer names: return the new value instead",
    "elif": "write `else if` after the closing brace of the `if`",
    "elsif": "write `else if` after the closing brace of the `if`",
    "elseif": "write `else if` after the closing brace of the `if`",
    "match": "there is no `match`: write `if … else if …`",
    "switch": "there is no `switch`: write `if … else if …`",
    "raise": "an error is raised with `fail(\"what went wrong\")`",
    "throw": "an error is raised with `fail(\"what went wrong\")`",
    "assert": "write `expect condition` inside a `test`, or `claim \"text\" { condition }`",
    "pass": "an empty block is `{ }`",
    "del":
      "values need no deleting; `without(r, \"a\")` is a record without a field, `remove_at(xs, 0)` a list without an element",
    "with": "there is no `with` statement: call the function with what it needs",
    "repeat": "loops are written `for i in 0..<n { … }` or `while condition { … }`",
    "loop": "loops are written `for i in 0..<n { … }` or `while condition { … }`",
    "do": "loops are written `while condition { … }`",
    "guard": "write `if not condition { … }`",
    "enum": "there are no types to declare: strings name choices",
    "unless": "write `if not condition { … }`",
    "yield": "there are no generators: return a list",
    "async": "there is no `async`: a `sweep` runs its trials in parallel",
    "await": "there is no `await`: a `sweep` runs its trials in parallel",
    "begin": "blocks stand in braces",
    "end": "blocks stand in braces, and end with `}`",
  ]

  /// What to say about a statement that begins with this word.
  static func statement(_ word: String) -> SyntaxProblem? {
    statements[word].map { .foreignStatement(word, $0) }
  }

  /// The token after the word cannot follow a name, so that the word is not meant as one.
  static func isForm(_ word: String, _ next: Token) -> Bool {
    switch next.kind {
    case .name, .stringBegin, .rawString, .int, .float, .kwNot, .kwTrue, .kwFalse, .kwNone, .kwFor, .kwIf, .kwFn,
      .kwLet:
      return true
    case .leftBrace: return ["repeat", "loop", "do", "struct", "class"].contains(word)
    default: return false
    }
  }
}
