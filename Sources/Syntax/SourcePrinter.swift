import Diagnostics

/// A tree as tidy text that parses back to the same tree. Comments, prose, the spelling of numbers and strings,
/// single empty lines, and the author's line breaks stay; indents, spaces, parentheses that do nothing, and lines
/// that are too long do not.
public func printSource(_ tree: SyntaxTree) -> String {
  var printer = SourcePrinter(tree)
  let text = LayoutWriter.write(printer.file(), width: SourcePrinter.width)
  return text.isEmpty || text.hasSuffix("\n") ? text : text + "\n"
}

/// Turns a tree into a `Layout`. Comments are handed out in the order of the text, so parts are visited in that order.
struct SourcePrinter {
  /// Lines are broken beyond this many columns.
  static let width = 120

  let source: SourceFile
  let statements: [Statement]
  private(set) var comments: [Comment]
  private var nextComment = 0

  init(_ tree: SyntaxTree) {
    source = tree.file
    statements = tree.statements
    comments = tree.comments
  }

  /// The whole file.
  mutating func file() -> Layout { list(statements, end: source.bytes.count, isTop: true) }

  // MARK: The text the tree was read from

  /// The node was read from the file, so that its spelling can be kept.
  func isFromSource(_ span: Span) -> Bool {
    span.file == source.id && span.upper > span.lower && Int(span.upper) <= source.bytes.count
  }

  /// A newline stands between two offsets.
  func hasNewline(_ lower: Int, _ upper: Int) -> Bool {
    guard lower >= 0, lower < upper, upper <= source.bytes.count else { return false }
    return source.bytes[lower..<upper].contains(0x0A)
  }

  func hasNewline(_ a: Span, _ b: Span) -> Bool {
    isFromSource(a) && isFromSource(b) && hasNewline(Int(a.upper), Int(b.lower))
  }

  private func hasEmptyLine(_ lower: Int, _ upper: Int) -> Bool {
    guard lower >= 0, lower < upper, upper <= source.bytes.count else { return false }
    var newlines = 0
    for byte in source.bytes[lower..<upper] {
      if byte == 0x0A { newlines += 1 } else if byte != 0x20, byte != 0x09, byte != 0x0D { newlines = 0 }
      if newlines > 1 { return true }
    }
    return false
  }

  // MARK: Comments

  /// A comment that has not been handed out stands between two offsets.
  func hasComment(_ lower: Int, _ upper: Int) -> Bool {
    var at = nextComment
    while at < comments.count, Int(comments[at].span.lower) < upper {
      if Int(comments[at].span.lower) >= lower { return true }
      at += 1
    }
    return false
  }

  /// Hands out the comments before an offset, each on a line of its own.
  mutating func takeComments(before offset: Int) -> [Comment] {
    let first = nextComment
    while nextComment < comments.count, Int(comments[nextComment].span.lower) < offset { nextComment += 1 }
    return Array(comments[first..<nextComment])
  }

  /// The text of a node as the author wrote it, with the comments in it, which nobody else gets.
  mutating func verbatim(_ span: Span) -> Layout {
    let inside = comments[nextComment...].indices.filter { i in
      span.lower <= comments[i].span.lower && comments[i].span.upper <= span.upper
    }
    if let first = inside.first, let last = inside.last { comments.removeSubrange(first...last) }
    return .text(source.text(span))
  }

  /// Hands out the comment that follows an offset on its line, with the space before it.
  mutating func takeTrailing(after offset: Int) -> Layout? {
    guard nextComment < comments.count else { return nil }
    let comment = comments[nextComment]
    let lower = Int(comment.span.lower)
    guard lower >= offset, lower <= source.bytes.count else { return nil }
    var gap = 0
    for byte in source.bytes[offset..<lower] {
      switch byte {
      case 0x20: gap += 1
      case 0x2C, 0x3B, 0x29, 0x09: gap = 0
      default: return nil
      }
    }
    nextComment += 1
    return .text(String(repeating: " ", count: max(2, min(gap, 60))) + comment.text)
  }

  // MARK: Statements in lines

  /// Statements one per line with the comments between them. `end` is where the list ends in the source.
  mutating func list(_ statements: [Statement], end: Int, isTop: Bool) -> Layout {
    var parts: [Layout] = []
    var last = -1
    func newline(before offset: Int) -> Layout { .newline(blank: last >= 0 && hasEmptyLine(last, offset)) }
    var previous: Statement?
    for statement in statements {
      let lower = Int(statement.span.lower)
      var mustPart = mustPart(previous, statement)
      for comment in takeComments(before: lower) {
        if !parts.isEmpty { parts.append(newline(before: Int(comment.span.lower))) }
        parts.append(own(comment, isTop: isTop))
        last = Int(comment.span.upper)
        mustPart = false
      }
      if !parts.isEmpty { parts.append(mustPart ? .newline(blank: true) : newline(before: lower)) }
      parts.append(self.statement(statement))
      previous = statement
      last = Int(statement.span.upper)
      if isFromSource(statement.span), let trailing = takeTrailing(after: last) { parts.append(trailing) }
    }
    for comment in takeComments(before: end) {
      if !parts.isEmpty { parts.append(newline(before: Int(comment.span.lower))) }
      parts.append(own(comment, isTop: isTop))
      last = Int(comment.span.upper)
    }
    return .sequence(parts)
  }

  /// Without an empty line between them the two would mean something else: prose would join, or document a function.
  private func mustPart(_ first: Statement?, _ second: Statement) -> Bool {
    guard case .prose? = first?.kind else { return false }
    if case .prose = second.kind { return true }
    if case .function(_, _, nil) = second.kind { return true }
    return false
  }

  /// A comment on its own line; one that begins with `##` must not become prose at column 1.
  func own(_ comment: Comment, isTop: Bool) -> Layout {
    .text((isTop && comment.text.hasPrefix("##") ? " " : "") + comment.text)
  }

  /// `{ … }`: on one line if it was and holds one statement that stands on one line.
  mutating func block(_ block: Block) -> Layout { self.block(block.statements, block.span, isInline: isInline(block)) }

  /// Braces around statements of a block that stands at `span`.
  mutating func block(_ statements: [Statement], _ span: Span, isInline: Bool) -> Layout {
    let body = self.body(statements, span)
    return braces(body, isInline: isInline && !body.isBroken)
  }

  /// What stands in the braces of a block; empty where nothing does.
  mutating func body(_ statements: [Statement], _ span: Span) -> Layout {
    let end = isFromSource(span) ? Int(span.upper) - 1 : 0
    if statements.isEmpty, !hasComment(0, end) { return .empty }
    return list(statements, end: end, isTop: false)
  }

  /// Braces around a `body`, on one line if that fits or on lines of their own.
  func braces(_ body: Layout, isInline: Bool) -> Layout {
    if case .text("") = body { return .text("{}") }
    guard isInline else {
      return .sequence([
        .text("{"), .block(.sequence([.newline(blank: false), body, .closing(flat: nil)])), .text("}"),
      ])
    }
    return .sequence([.text("{"), .block(.sequence([.line(flat: " "), body, .closing(flat: " ")])), .text("}")])
  }

  /// One statement that was written on the line of its braces.
  func isInline(_ block: Block) -> Bool {
    guard block.statements.count < 2 else { return false }
    guard isFromSource(block.span) else { return true }
    let lower = Int(block.span.lower), upper = Int(block.span.upper)
    // Nothing can stand behind a comment.
    guard !block.statements.isEmpty else { return !hasComment(lower, upper) }
    return !hasNewline(lower, upper) && !hasComment(0, upper)
  }
}
