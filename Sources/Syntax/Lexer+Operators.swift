import Diagnostics

extension Lexer {
  /// Operators of other languages that the parser knows how to talk about, longest first.
  private static let foreignOperators: [[UInt8]] = [
    "%in%", "===", "!==", "**=", "%>%", "%/%", "%*%", "&&", "||", "**", "=>", "|>", "<>", "~=", "%%", "!", "|", "&",
    "~", "$", "`",
    "\\", "?",
  ].map { Array($0.utf8) }

  func starts(with text: [UInt8]) -> Bool {
    for (i, b) in text.enumerated() where byte(i) != b { return false }
    return true
  }

  /// Brackets, operators and whatever else is ASCII and neither word, number nor string.
  mutating func lexOperator(_ c: UInt8) {
    for foreign in Lexer.foreignOperators where foreign[0] == c && starts(with: foreign) {
      if c == UInt8(ascii: "?"), byte(1) == UInt8(ascii: "?") || byte(1) == UInt8(ascii: ".") { break }
      if c == UInt8(ascii: "!"), byte(1) == UInt8(ascii: "="), byte(2) != UInt8(ascii: "=") { break }
      take(.foreign, foreign.count)
      return
    }
    let next = byte(1), assigns = next == UInt8(ascii: "=")
    switch c {
    case UInt8(ascii: ","): take(.comma, 1)
    case UInt8(ascii: ";"): take(.semicolon, 1)
    case UInt8(ascii: "."): lexDot()
    case UInt8(ascii: "?"): take(next == c ? .questionQuestion : .questionDot, 2)
    case UInt8(ascii: "="): take(assigns ? .equalEqual : .assign, assigns ? 2 : 1)
    case UInt8(ascii: "!"): take(.notEqual, 2)
    case UInt8(ascii: "<"): take(assigns ? .lessEqual : .less, assigns ? 2 : 1)
    case UInt8(ascii: ">"): take(assigns ? .greaterEqual : .greater, assigns ? 2 : 1)
    case UInt8(ascii: "+"):
      if next == c {
        byte(2) == UInt8(ascii: "=") && byte(3) != UInt8(ascii: "=") ? take(.joinAssign, 3) : take(.plusPlus, 2)
      } else {
        lexAssigning(.plus, .plusAssign)
      }
    case UInt8(ascii: "-"): next == UInt8(ascii: ">") ? take(.arrow, 2) : lexAssigning(.minus, .minusAssign)
    case UInt8(ascii: "*"): lexAssigning(.star, .timesAssign)
    case UInt8(ascii: "/"):
      if next == c {
        byte(2) == UInt8(ascii: "=") && byte(3) != UInt8(ascii: "=") ? take(.floorAssign, 3) : take(.slashSlash, 2)
      } else {
        lexAssigning(.slash, .divideAssign)
      }
    case UInt8(ascii: "%"): lexAssigning(.percent, .remainderAssign)
    case UInt8(ascii: "^"): lexAssigning(.caret, .powerAssign)
    case UInt8(ascii: "@"): lexAssigning(.at, .matmulAssign)
    default: lexForeignRun(c)
    }
  }

  private mutating func lexAssigning(_ plain: TokenKind, _ assigning: TokenKind) {
    let assigns = byte(1) == UInt8(ascii: "=") && byte(2) != UInt8(ascii: "=")
    take(assigns ? assigning : plain, assigns ? 2 : 1)
  }

  private mutating func lexForeignRun(_ c: UInt8) {
    let lower = position
    while position < bytes.count, bytes[position] == c { position += 1 }
    add(.foreign, from: lower)
  }

  private mutating func lexDot() {
    let next = byte(1)
    if next == UInt8(ascii: ".") {
      if byte(2) == UInt8(ascii: ".") { return take(.ellipsis, 3) }
      return byte(2) == UInt8(ascii: "<") ? take(.dotDotLess, 3) : take(.dotDot, 2)
    }
    if next >= UInt8(ascii: "0"), next <= UInt8(ascii: "9"), !followsOperand { return lexBareFraction() }
    // Julia's elementwise operators.
    if [UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "^"), UInt8(ascii: "-")].contains(next) {
      return take(.foreign, 2)
    }
    take(.dot, 1)
  }

  /// The token before is the end of an operand and touches the current position.
  var followsOperand: Bool {
    guard let last = tokens.last, !spaceBefore else { return false }
    switch last.kind {
    case .name, .rightParen, .rightBracket, .rightBrace, .stringEnd, .rawString, .int, .float: return true
    default: return false
    }
  }

  /// `:`, which in an interpolation begins the format; `:=` and `::` belong to other languages.
  mutating func lexColon() {
    if case .interpolation? = open.last {
      take(.colon, 1)
      let lower = position
      while position < bytes.count, ![0x0A, UInt8(ascii: "}"), UInt8(ascii: "{"), UInt8(ascii: "\"")].contains(byte()) {
        position += 1
      }
      return add(.formatText, from: lower)
    }
    let isForeign = byte(1) == UInt8(ascii: ":") || (byte(1) == UInt8(ascii: "=") && byte(2) != UInt8(ascii: "="))
    isForeign ? take(.foreign, 2) : take(.colon, 1)
  }

  // MARK: Brackets

  mutating func openBracket(_ kind: TokenKind) {
    open.append(.bracket(tokens.count))
    take(kind, 1)
  }

  mutating func lexRightBrace() {
    if case .interpolation(let opener)? = open.last {
      open.removeLast()
      return close(opener, .interpolationEnd)
    }
    closeBracket(.rightBrace, opener: .leftBrace)
  }

  /// Closes the nearest open bracket of its kind; brackets of other kinds that were opened since stay without a
  /// match. A search of a few hundred is enough, since deeper nesting is an error anyway.
  mutating func closeBracket(_ kind: TokenKind, opener: TokenKind) {
    var at = open.count - 1, steps = 0
    search: while at >= 0, steps <= SyntaxLimits.nesting + 50 {
      switch open[at] {
      case .bracket(let index):
        guard tokens[index].kind == opener else { break }
        open.removeSubrange(at...)
        return close(index, kind)
      case .interpolation(let index):
        // A forgotten bracket inside an interpolation: `}` ends the interpolation.
        guard kind == .rightBrace else { break search }
        open.removeSubrange(at...)
        return close(index, .interpolationEnd)
      case .string: break search
      }
      at -= 1
      steps += 1
    }
    take(kind, 1)
  }

  private mutating func close(_ opener: Int, _ kind: TokenKind) {
    tokens[opener].match = tokens.count
    take(kind, 1)
    tokens[tokens.count - 1].match = opener
  }
}
