import Diagnostics

/// Cuts a text into tokens. Never fails: what it cannot read becomes a `foreign` token or a problem beside a token.
struct Lexer {
  /// What stands open at this point of the text.
  enum Open {
    /// A bracket: index of its token.
    case bracket(Int)
    /// A string: index of its `stringBegin`, whether it is a `"""` one, and `lineString` outside it.
    case string(Int, triple: Bool, outer: Int)
    /// An interpolation: index of its token.
    case interpolation(Int)
  }

  let file: SourceFile
  var bytes: [UInt8]
  var position = 0
  var tokens: [Token] = []
  var comments: [Comment] = []
  var problems: [Diagnostic] = []
  var open: [Open] = []
  /// Index in `open` of the innermost string that must end on its line; -1 without one.
  var lineString = -1
  var newlineBefore = true
  var spaceBefore = true
  /// The text ends inside a `"""` string.
  var endsInsideText = false

  /// Of the whole text, or of a part that begins with a statement.
  init(_ file: SourceFile, part: Range<Int>? = nil) {
    self.file = file
    bytes = part.map { Array(file.bytes[..<$0.upperBound]) } ?? file.bytes
    position = part?.lowerBound ?? 0
    tokens.reserveCapacity((bytes.count - position) / 3 + 8)
  }

  /// Reads the text. The last token is `end`.
  mutating func run() {
    if position == 0, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    readOn()
    closeStrings(downTo: 0)
    add(.end, from: bytes.count)
  }

  /// Reads up to the end of the bytes; what stands open stays so.
  mutating func readOn() {
    while position < bytes.count {
      if case .string(_, let triple, _)? = open.last {
        lexStringText(triple: triple)
        continue
      }
      skipSpace()
      if position >= bytes.count { break }
      if bytes[position] == 0x0A { continue }  // it has ended a string, and is a blank now
      lexToken()
    }
  }

  /// The byte `ahead` places on, 0 past the end.
  func byte(_ ahead: Int = 0) -> UInt8 {
    let at = position + ahead
    return at < bytes.count ? bytes[at] : 0
  }

  /// Adds a token from `lower` to the current position.
  mutating func add(_ kind: TokenKind, from lower: Int) {
    tokens.append(
      Token(kind: kind, newlineBefore: newlineBefore, spaceBefore: spaceBefore, lower: lower, upper: position))
    newlineBefore = false
    spaceBefore = false
  }

  /// Takes `count` bytes as one token.
  mutating func take(_ kind: TokenKind, _ count: Int) {
    let lower = position
    position = min(position + count, bytes.count)
    add(kind, from: lower)
  }

  /// Notes a problem.
  mutating func report(_ problem: SyntaxProblem, from lower: Int, to upper: Int) {
    guard problems.count < SyntaxLimits.diagnostics else { return }
    problems.append(problem.diagnostic(at: Span(file: file.id, lower: lower, upper: upper)))
  }

  // MARK: Space, comments, prose

  private mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x0A:
        if lineString >= 0 {
          closeStrings(downTo: lineString)
          return
        }
        position += 1
        newlineBefore = true
        spaceBefore = true
        if open.isEmpty, byte() == 0x23, byte(1) == 0x23 { lexProse() }
      case 0x20, 0x09, 0x0D, 0x0C:
        position += 1
        spaceBefore = true
      case 0x23:
        if position == 0, byte(1) == 0x23 { lexProse() } else { lexComment() }
      default: return
      }
    }
  }

  private mutating func skipLine() {
    while position < bytes.count, bytes[position] != 0x0A { position += 1 }
  }

  /// End of the line's text before `position`, without a carriage return.
  private func lineEnd(from lower: Int) -> Int {
    position > lower && bytes[position - 1] == 0x0D ? position - 1 : position
  }

  private mutating func lexProse() {
    let lower = position
    skipLine()
    let end = lineEnd(from: lower)
    tokens.append(Token(kind: .prose, newlineBefore: true, spaceBefore: true, lower: lower, upper: end))
    newlineBefore = true
    spaceBefore = true
  }

  private mutating func lexComment() {
    let lower = position
    skipLine()
    var upper = position
    while upper > lower + 1, [0x20, 0x09, 0x0D].contains(bytes[upper - 1]) { upper -= 1 }
    let span = Span(file: file.id, lower: lower, upper: upper)
    comments.append(Comment(span: span, text: file.text(span)))
    spaceBefore = true
  }

  // MARK: One token

  private mutating func lexToken() {
    let c = bytes[position]
    switch c {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): lexNumber()
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): lexWord()
    case UInt8(ascii: "("): openBracket(.leftParen)
    case UInt8(ascii: "["): openBracket(.leftBracket)
    case UInt8(ascii: "{"): openBracket(.leftBrace)
    case UInt8(ascii: ")"): closeBracket(.rightParen, opener: .leftParen)
    case UInt8(ascii: "]"): closeBracket(.rightBracket, opener: .leftBracket)
    case UInt8(ascii: "}"): lexRightBrace()
    case UInt8(ascii: "\""): openString()
    case UInt8(ascii: "'"): lexRawString()
    case UInt8(ascii: ":"): lexColon()
    case 0x80...: lexUnicode()
    default: lexOperator(c)
    }
  }

  /// Number of bytes of the identifier character at `at`, 0 when there is none.
  func identifierLength(at: Int, first: Bool) -> Int {
    guard at < bytes.count else { return 0 }
    switch bytes[at] {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): return 1
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return first ? 0 : 1
    case 0x80...:
      let (scalar, length) = scalar(at: at)
      let known = first ? scalar.properties.isIDStart : scalar.properties.isIDContinue
      return known ? length : 0
    default: return 0
    }
  }

  /// The Unicode scalar that begins at `at`, with its length in bytes.
  func scalar(at: Int) -> (Unicode.Scalar, Int) {
    var iterator = bytes[at..<min(at + 4, bytes.count)].makeIterator()
    var decoder = UTF8()
    if case .scalarValue(let scalar) = decoder.decode(&iterator) { return (scalar, UTF8.width(scalar)) }
    return ("\u{FFFD}", 1)
  }

  mutating func lexWord() {
    let lower = position
    position += identifierLength(at: position, first: true)
    while true {
      let length = identifierLength(at: position, first: false)
      if length == 0 { break }
      position += length
    }
    add(wordKind(lower, position), from: lower)
  }

  private func wordKind(_ lower: Int, _ upper: Int) -> TokenKind {
    let count = upper - lower
    guard count >= 2, count <= 8, bytes[lower] >= UInt8(ascii: "a"), bytes[lower] <= UInt8(ascii: "z") else {
      return .name
    }
    return TokenKind.reserved[String(decoding: bytes[lower..<upper], as: UTF8.self)] ?? .name
  }

  private mutating func lexUnicode() {
    if identifierLength(at: position, first: true) > 0 {
      lexWord()
      return
    }
    let (scalar, length) = scalar(at: position)
    if scalar == "≈" {
      take(.approximately, length)
      return
    }
    // A run of equal strange characters is one token, so that a binary file is a few problems rather than thousands.
    let lower = position
    position += length
    while position < bytes.count, bytes[position] >= 0x80, self.scalar(at: position).0 == scalar { position += length }
    if Lexer.isBlank(scalar) {
      // Nobody sees what is wrong: it counts as the space that it was taken for.
      report(.foreignOperator(text(lower, position)), from: lower, to: position)
      spaceBefore = true
      return
    }
    if let closing: Unicode.Scalar = ["“": "”", "„": "“", "‘": "’", "«": "»"][scalar] { skipQuotation(to: closing) }
    add(.foreign, from: lower)
  }

  /// A character that shows nothing: a blank of another width, or one of no width.
  static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace || scalar.properties.generalCategory == .format
  }

  /// To the end of a typographic quotation, if it ends on this line.
  private mutating func skipQuotation(to closing: Unicode.Scalar) {
    var at = position
    while at < bytes.count, bytes[at] != 0x0A {
      let (scalar, length) = scalar(at: at)
      at += length
      if scalar == closing {
        position = at
        return
      }
    }
  }
}
