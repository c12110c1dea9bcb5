import Diagnostics

/// A stretch of source text with what it is, for showing code.
public struct HighlightedText: Sendable, Hashable {
  /// What a stretch is.
  public enum Kind: String, Sendable { case plain, keyword, number, string, comment, function }
  /// The text, spaces and newlines included.
  public let text: String
  /// What it is.
  public let kind: Kind
}

/// A part of a file, cut into stretches; joined they are the text of the span. Words that are keywords only where their form
/// begins (`option`, `seed`, …) count as such at the beginning of a line.
public func highlight(_ file: SourceFile, _ span: Span) -> [HighlightedText] {
  var lexer = Lexer(file)
  lexer.run()
  var pieces: [(lower: Int, upper: Int, kind: HighlightedText.Kind)] = []
  for (index, token) in lexer.tokens.enumerated() {
    let follower = index + 1 < lexer.tokens.count ? lexer.tokens[index + 1] : nil
    let kind = kind(of: token, before: follower, in: file)
    if kind != .plain { pieces.append((token.lower, token.upper, kind)) }
  }
  for comment in lexer.comments { pieces.append((Int(comment.span.lower), Int(comment.span.upper), .comment)) }
  pieces.sort { $0.lower < $1.lower }
  return cut(file, span, pieces)
}

private func kind(of token: Token, before follower: Token?, in file: SourceFile) -> HighlightedText.Kind {
  if token.kind.isReserved { return .keyword }
  switch token.kind {
  case .int, .float: return .number
  case .stringBegin, .stringText, .stringEnd, .rawString: return .string
  case .prose: return .comment
  case .name:
    let word = String(decoding: file.bytes[token.lower..<token.upper], as: UTF8.self)
    if token.newlineBefore, beginners.contains(word), follower?.kind != .assign { return .keyword }
    return follower?.kind == .leftParen && follower?.spaceBefore == false ? .function : .plain
  default: return .plain
  }
}

private let beginners: Set<String> = ["param", "state", "option", "seed", "cite", "claim", "test", "use"]

private func cut(
  _ file: SourceFile, _ span: Span, _ pieces: [(lower: Int, upper: Int, kind: HighlightedText.Kind)]
) -> [HighlightedText] {
  let end = min(Int(span.upper), file.bytes.count)
  var at = min(Int(span.lower), end), result: [HighlightedText] = []
  func add(upTo upper: Int, _ kind: HighlightedText.Kind) {
    guard upper > at else { return }
    result.append(HighlightedText(text: String(decoding: file.bytes[at..<upper], as: UTF8.self), kind: kind))
    at = upper
  }
  for piece in pieces where piece.upper > at && piece.lower < end {
    add(upTo: min(piece.lower, end), .plain)
    add(upTo: min(piece.upper, end), piece.kind)
  }
  add(upTo: end, .plain)
  return result
}
