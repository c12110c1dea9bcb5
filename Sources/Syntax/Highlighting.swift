import Diagnostics

/// What a stretch of source text is, for colouring it.
public enum TokenClass: String, Sendable, Hashable, CaseIterable {
  /// Reserved words, and `option`, `seed`, `by` and their like where they are words of a form.
  case keyword
  case number
  /// Strings with their quotes; an interpolation's code is coloured as code.
  case string
  case comment
  /// A line of `##` prose.
  case prose
  /// A name that is called where it stands.
  case function
  case name
  /// Operators, brackets and punctuation.
  case `operator`
}

/// Every token and comment of a text with what it is, in order; what lies between is white space. Works on any text,
/// also an unfinished one. The spans belong to no file: they are byte offsets into `text`.
public func highlight(_ text: String) -> [(Span, TokenClass)] {
  let file = SourceStore.detached(name: "highlight", text: text)
  return classify(file).map { (Span(file: 0, lower: $0.lower, upper: $0.upper), $0.kind) }
}

/// A stretch of source text with what it is, for showing code.
public struct HighlightedText: Sendable, Hashable {
  /// What a stretch is.
  public enum Kind: String, Sendable { case plain, keyword, number, string, comment, function }
  /// The text, spaces and newlines included.
  public let text: String
  /// What it is.
  public let kind: Kind
}

/// A file whose parts are shown as code. The whole of it is read once, however many parts are asked for.
public struct HighlightedFile: Sendable {
  /// A longer part has no colours: nobody reads it, and each of its numbers would be a stretch of its own.
  public static let longestColoured = 100_000
  private let file: SourceFile
  private let pieces: [Piece]

  /// Reads a file.
  public init(_ file: SourceFile) {
    self.file = file
    pieces = classify(file)
  }

  /// A part of the file, cut into stretches; joined they are the text of the span.
  public subscript(span: Span) -> [HighlightedText] {
    let end = min(Int(span.upper), file.bytes.count)
    var at = min(Int(span.lower), end), result: [HighlightedText] = []
    func add(upTo upper: Int, _ kind: HighlightedText.Kind) {
      guard upper > at else { return }
      let text = String(decoding: file.bytes[at..<upper], as: UTF8.self)
      if let last = result.last, last.kind == kind {
        result[result.count - 1] = HighlightedText(text: last.text + text, kind: kind)
      } else {
        result.append(HighlightedText(text: text, kind: kind))
      }
      at = upper
    }
    if end - at <= Self.longestColoured {
      for piece in pieces[firstPiece(endingAfter: at)...].prefix(while: { $0.lower < end }) {
        guard let kind = piece.kind.shown else { continue }
        add(upTo: min(piece.lower, end), .plain)
        add(upTo: min(piece.upper, end), kind)
      }
    }
    add(upTo: end, .plain)
    return result
  }

  private func firstPiece(endingAfter place: Int) -> Int {
    var (low, high) = (0, pieces.count)
    while low < high {
      let middle = (low + high) / 2
      if pieces[middle].upper > place { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension TokenClass {
  /// The kind of a shown stretch; nil for what stays plain.
  fileprivate var shown: HighlightedText.Kind? {
    switch self {
    case .keyword: return .keyword
    case .number: return .number
    case .string: return .string
    case .comment, .prose: return .comment
    case .function: return .function
    case .name, .operator: return nil
    }
  }
}

// MARK: Tokens

private typealias Piece = (lower: Int, upper: Int, kind: TokenClass)

private func classify(_ file: SourceFile) -> [Piece] {
  var lexer = Lexer(file)
  lexer.run()
  var pieces: [Piece] = []
  var comments = lexer.comments[...]
  for index in lexer.tokens.indices {
    let token = lexer.tokens[index]
    while let comment = comments.first, Int(comment.span.lower) < token.lower || token.kind == .end {
      pieces.append((Int(comment.span.lower), Int(comment.span.upper), .comment))
      comments = comments.dropFirst()
    }
    if token.upper > token.lower { pieces.append((token.lower, token.upper, kind(lexer.tokens, index, in: file))) }
  }
  return pieces
}

private func kind(_ tokens: [Token], _ index: Int, in file: SourceFile) -> TokenClass {
  let token = tokens[index]
  let next = index + 1 < tokens.count ? tokens[index + 1] : token
  switch token.kind {
  case .int, .float: return .number
  case .stringBegin, .stringText, .stringEnd, .rawString, .formatText: return .string
  case .prose: return .prose
  case .name:
    if isSoftKeyword(tokens, index, in: file) { return .keyword }
    return next.kind == .leftParen && !next.spaceBefore ? .function : .name
  default:
    guard token.kind.isReserved else { return .operator }
    // After a point and before a colon every word is a name.
    let isField = index > 0 && (tokens[index - 1].kind == .dot || tokens[index - 1].kind == .questionDot)
    return isField || next.kind == .colon ? .name : .keyword
  }
}

private let beginners: Set<String> = ["param", "state", "option", "seed", "cite", "claim", "test", "use"]
private let followers: Set<String> = ["where", "zip", "paired", "by", "as", "within"]

/// A word of a form: `option x = …` at the start of a statement, or `by`, `within`, … directly behind an operand,
/// where a name could not stand.
private func isSoftKeyword(_ tokens: [Token], _ index: Int, in file: SourceFile) -> Bool {
  let token = tokens[index]
  let word = String(decoding: file.bytes[token.lower..<token.upper], as: UTF8.self)
  let next = index + 1 < tokens.count ? tokens[index + 1] : token
  if beginners.contains(word) {
    let begins = token.newlineBefore || index > 0 && [.leftBrace, .semicolon].contains(tokens[index - 1].kind)
    let isForm: Bool
    switch next.kind {
    case .name, .stringBegin, .rawString, .int: isForm = !next.newlineBefore
    default: isForm = next.kind == .minus && word == "seed" && next.spaceBefore
    }
    return begins && isForm
  }
  if word == "fails" { return index > 0 && tokens[index - 1].kind == .kwExpect && next.kind == .leftBrace }
  guard followers.contains(word), index > 0, !token.newlineBefore || ["where", "zip", "paired"].contains(word) else {
    return false
  }
  switch tokens[index - 1].kind {
  case .name, .int, .float, .rightParen, .rightBracket, .rightBrace, .stringEnd, .rawString, .kwNone, .kwTrue, .kwFalse:
    return next.kind != .colon && !next.kind.isAssignment && !(token.newlineBefore && next.kind == .leftParen)
  default: return false
  }
}
