import Diagnostics
import Notation
import Synchronization

/// Reads tokens into a tree. `at` looks, `eat` takes if it can, `expect` takes or reports. Every loop makes progress
/// whatever the tokens are, and depth is bounded by `SyntaxLimits`.
struct Parser {
  let file: SourceFile
  let tokens: [Token]
  var index = 0
  var nextID = 0
  var depth = 0
  /// Newlines end statements: true at the top and directly inside blocks.
  var newlinesEnd = true
  var diagnostics: [Diagnostic] = []
  /// Where the last error was reported; a second one at the same token would only repeat it.
  var lastErrorIndex = -1
  /// The first error was met at the end of the text.
  var endsEarly = false
  /// That error is a `try` without its `catch`.
  var endsBeforeCatch = false
  var reportedHeight = false
  /// A `test` block was met.
  var hasTests = false
  /// The first token of the function body behind the last `=` that began one.
  var bodyIndex = -1
  /// Line on which the statement being read began, for lines that start with `-`.
  var statementLower = 0

  init(file: SourceFile, tokens: [Token]) {
    self.file = file
    self.tokens = tokens
  }

  // MARK: Looking

  var token: Token { tokens[index] }
  var kind: TokenKind { tokens[index].kind }

  func peek(_ ahead: Int = 1) -> Token { tokens[min(index + ahead, tokens.count - 1)] }

  func at(_ kind: TokenKind) -> Bool { tokens[index].kind == kind }

  /// The current token still belongs to the line, or lines do not matter here.
  var continues: Bool { !(newlinesEnd && tokens[index].newlineBefore) }

  /// A name with this text, used as a word of a form.
  func atWord(_ text: StaticString) -> Bool { isWord(token, text) }

  func isWord(_ token: Token, _ text: StaticString) -> Bool {
    guard token.kind == .name, token.upper - token.lower == text.utf8CodeUnitCount else { return false }
    for i in 0..<text.utf8CodeUnitCount where file.bytes[token.lower + i] != text.utf8Start[i] { return false }
    return true
  }

  func text(_ token: Token) -> String {
    let written = String(decoding: file.bytes[token.lower..<token.upper], as: UTF8.self)
    return token.kind == .name ? StringLiteral.word(written) : written
  }

  /// A foreign token with this spelling.
  func atForeign(_ spelling: String) -> Bool { at(.foreign) && text(token) == spelling }

  // MARK: Taking

  mutating func advance() {
    if index < tokens.count - 1 { index += 1 }
  }

  mutating func eat(_ kind: TokenKind) -> Bool {
    guard tokens[index].kind == kind else { return false }
    advance()
    return true
  }

  mutating func eatWord(_ text: StaticString) -> Bool {
    guard atWord(text) else { return false }
    advance()
    return true
  }

  // MARK: Places and nodes

  func span(_ token: Token) -> Span { Span(file: file.id, lower: token.lower, upper: token.upper) }

  /// From `lower` to the end of the last token taken.
  func span(from lower: Int) -> Span {
    Span(file: file.id, lower: lower, upper: index > 0 ? max(lower, tokens[index - 1].upper) : lower)
  }

  /// The current token, or the place after the last one at the end of the text.
  var here: Span {
    guard at(.end), index > 0 else { return span(token) }
    let end = tokens[index - 1].upper
    return Span(file: file.id, lower: end, upper: end)
  }

  mutating func newID() -> Int {
    nextID += 1
    return nextID - 1
  }

  mutating func make(_ kind: Expression.Kind, _ span: Span) -> Expression {
    let expression = Expression(id: newID(), kind, span: span)
    guard expression.height > SyntaxLimits.height else { return expression }
    if !reportedHeight {
      reportedHeight = true
      report(.tooTall, at: span)
    }
    return Expression(id: newID(), .invalid, span: span)
  }

  mutating func makeName(_ token: Token) -> Name { Name(id: newID(), text: text(token), span: span(token)) }

  mutating func invalid() -> Expression {
    Expression(id: newID(), .invalid, span: Span(file: file.id, lower: token.lower, upper: token.lower))
  }

  // MARK: Reporting and recovery

  mutating func report(_ problem: SyntaxProblem, at span: Span? = nil, notes: [Diagnostic.Note] = []) {
    guard index != lastErrorIndex, diagnostics.count < SyntaxLimits.diagnostics else { return }
    lastErrorIndex = index
    if diagnostics.isEmpty, at(.end) { endsEarly = true }
    var diagnostic = problem.diagnostic(at: span ?? here)
    diagnostic.notes += notes
    if isBehindBackslashQuote {
      diagnostic.help.append("in '…' a backslash is a backslash: text with a `'` is written \"it's\"")
    }
    diagnostics.append(diagnostic)
  }

  /// A `'…'` that ends in a backslash stands before the token, and touches it: its `'` was meant to be a part of it.
  private var isBehindBackslashQuote: Bool {
    guard index > 0, !token.spaceBefore, !token.newlineBefore else { return false }
    let previous = tokens[index - 1]
    return previous.kind == .rawString && text(previous).hasSuffix("\\'")
  }

  /// Reports without silencing further errors at this token: for mistakes whose meaning is clear. What stands there is
  /// wrong however the text goes on, so it is never the early end of a text.
  mutating func remark(_ problem: SyntaxProblem, at span: Span? = nil) {
    let last = (lastErrorIndex, endsEarly)
    report(problem, at: span)
    (lastErrorIndex, endsEarly) = last
  }

  /// Takes `closer`; otherwise reports and goes to where the lexer found the bracket closed.
  mutating func expectClose(_ closer: TokenKind, opener: Int, _ expected: String) {
    if eat(closer) { return }
    let opening = tokens[opener]
    if at(.end) || opening.match < 0 {
      let note = at(.end) ? [] : [Diagnostic.Note(here, "\(describe(token)) cannot stand inside it")]
      report(.unclosedBracket(text(opening)), at: span(opening), notes: note)
    } else if at(.foreign) {
      report(.foreignOperator(text(token)))
    } else if kind.isAssignment {
      report(.assignmentAsValue(text(token)))
    } else if at(.kwIf), !token.newlineBefore {
      report(.trailingIf)
    } else if closer == .rightBracket, at(.semicolon) || [.int, .float].contains(kind) {
      report(
        .foreignForm(.rowsWithoutCommas(found: describe(token))), notes: [Diagnostic.Note(span(opening), "opened here")]
      )
    } else {
      report(
        .expected("\(expected) or \(describeCloser(closer))", found: describe(token)),
        notes: [Diagnostic.Note(span(opening), "opened here")])
    }
    if opening.match >= index { index = min(opening.match + 1, tokens.count - 1) }
  }

  /// Counts one level of nesting. False when there are too many: then the rest has been skipped and the caller gives
  /// up.
  mutating func enter() -> Bool {
    depth += 1
    guard depth > SyntaxLimits.nesting else { return true }
    report(.tooDeep)
    if token.kind.opens, token.match > index {
      index = min(token.match + 1, tokens.count - 1)
    } else {
      advance()
      while !at(.end), !token.newlineBefore, !token.kind.closes { advance() }
    }
    lastErrorIndex = index
    return false
  }

  mutating func leave() { depth -= 1 }

  /// Goes to the end of a statement that could not be read, over whole brackets.
  mutating func skipStatement() {
    while !at(.end), !at(.semicolon), !at(.prose), !kind.closes {
      if kind.opens, token.match > index { index = token.match }
      advance()
      if token.newlineBefore { return }
    }
  }

  // MARK: Words for what was found

  func describe(_ token: Token) -> String {
    switch token.kind {
    case .end: return "the end of the text"
    case .prose: return "a line of prose"
    case .int, .float: return "the number `\(text(token))`"
    case .stringBegin, .stringText, .rawString: return "a string"
    case .interpolationBegin, .interpolationEnd: return "a brace of the string"
    case .formatText, .stringEnd: return "the end of the string"
    case .name: return "the name `\(text(token))`"
    default: return "`\(text(token))`"
    }
  }

  func describeCloser(_ closer: TokenKind) -> String {
    switch closer {
    case .rightParen: return "`)`"
    case .rightBracket: return "`]`"
    default: return "`}`"
    }
  }
}

/// Reads a file. See `ParseResult`. What was read last is kept, as a run asks for the tree of its study several times;
/// detached texts are only looked at once.
public func parse(_ file: SourceFile) -> ParseResult {
  guard file.id != 0 else { return parseAnew(file) }
  if let (known, result) = lastParsed.withLock({ $0 }), known === file { return result }
  let result = parseAnew(file)
  lastParsed.withLock { $0 = (file, result) }
  return result
}

/// Reads the statements in a part of a file, which begins with one. Spans are those of the file.
public func parse(_ file: SourceFile, part: Range<Int>) -> ParseResult {
  parseAnew(file, part.clamped(to: 0..<file.bytes.count))
}

private let lastParsed = Mutex<(SourceFile, ParseResult)?>(nil)

private func parseAnew(_ file: SourceFile, _ part: Range<Int>? = nil) -> ParseResult {
  if let place = file.bytes.firstIndex(of: 0) {
    // Of what is no text nothing else is said.
    let span = Span(file: file.id, lower: place, upper: place + 1)
    return ParseResult(
      tree: SyntaxTree(file: file, statements: [], nodeCount: 0, comments: []),
      diagnostics: [SyntaxProblem.nullCharacter.diagnostic(at: span)], isIncomplete: false, endsBeforeCatch: false,
      hasTests: false)
  }
  var lexer = Lexer(file, part: part)
  lexer.run()
  var parser = Parser(file: file, tokens: lexer.tokens)
  let statements = parser.parseStatements(isTop: true)
  let tree = SyntaxTree(file: file, statements: statements, nodeCount: parser.nextID, comments: lexer.comments)
  let endsEarly = lexer.endsInsideText ? parser.diagnostics.isEmpty : lexer.problems.isEmpty && parser.endsEarly
  let endsBeforeCatch = parser.endsBeforeCatch && lexer.open.isEmpty
  // A string without an end takes the brackets that would have closed along.
  let unended = lexer.problems.filter { $0.id == "E0002" }.map { file.position(Int($0.span.lower)).line }
  // Whether a word is one, or belongs to the number that it touches, is not known: what it would mean behind it is nothing to tell.
  let joined = lexer.problems.filter { $0.id == "E0008" }.map(\.span)
  let found = parser.diagnostics.filter { problem in
    let place = problem.span.lower
    if joined.contains(where: { $0.lower < place && place < $0.upper }) { return false }
    return problem.id != "E0021" || !unended.contains(file.position(Int(place)).line)
  }
  var problems = lexer.problems + found
  if let place = file.firstInvalid, !problems.contains(where: { $0.span.lower == UInt32(clamping: place) }) {
    // A character outside of strings, comments and prose has been reported.
    let span = Span(file: file.id, lower: place, upper: min(place + 3, file.bytes.count))
    problems.append(SyntaxProblem.invalidText.diagnostic(at: span))
  }
  let all = problems.enumerated().sorted {
    ($0.element.span.lower, $0.offset) < ($1.element.span.lower, $1.offset)
  }
  return ParseResult(
    tree: tree, diagnostics: Array(all.map(\.element).prefix(SyntaxLimits.diagnostics)),
    isIncomplete: endsEarly && !endsBeforeCatch, endsBeforeCatch: endsEarly && endsBeforeCatch,
    hasTests: parser.hasTests)
}
