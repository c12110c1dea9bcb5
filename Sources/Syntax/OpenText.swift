import Diagnostics

/// A text that comes line by line, with what stands open at its end: each line is read once.
public struct OpenText {
  private var lexer = Lexer(SourceStore.detached(name: "open", text: ""))

  /// Of no line.
  public init() {}

  /// Adds a line.
  public mutating func add(_ line: String) {
    lexer.bytes += line.utf8
    lexer.bytes.append(0x0A)
    lexer.readOn()
  }

  /// A bracket or a text over several lines has not been closed, so that no statement ends here.
  public var isOpen: Bool { !lexer.open.isEmpty }
}

/// Whether a line can only go on with the statement before it: it begins with `else` or `catch`.
public func continuesStatement(_ line: String) -> Bool {
  var lexer = Lexer(SourceStore.detached(name: "line", text: line))
  lexer.run()
  return lexer.tokens.first.map { $0.kind == .kwElse || $0.kind == .kwCatch } ?? false
}

/// Whether a text ends in a form that the next line may go on with: an `if` without an `else`, or a `try` without its `catch`.
public func mayGoOn(_ text: String) -> Bool {
  let parsed = parse(SourceStore.detached(name: "text", text: text))
  if parsed.endsBeforeCatch { return true }
  guard var last = parsed.tree.statements.last?.lastExpression else { return false }
  while case .conditional(_, _, let otherwise?) = last.kind { last = otherwise }
  if case .conditional = last.kind { return true }
  return false
}

extension Statement {
  /// The expression that the statement ends with.
  fileprivate var lastExpression: Expression? {
    switch kind {
    case .expression(let e), .letBinding(_, let e), .varBinding(_, let e), .assign(_, _, let e), .show(let e): e
    default: nil
    }
  }
}
