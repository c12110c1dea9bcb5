import Diagnostics

/// The tree of a text with everything found wrong in it. Never throws, never traps: a text that cannot be read gives
/// diagnostics and a tree with `.invalid` in the unreadable places.
public struct ParseResult: Sendable {
  /// What could be read.
  public let tree: SyntaxTree
  /// What could not.
  public let diagnostics: [Diagnostic]
  /// True when the text ends inside an open bracket, string or block, so that more input could mend it (for the REPL).
  public let isIncomplete: Bool
  /// True when nothing is open where the text ends, and what is wrong first is a `try` that it ends with: a next line that begins with
  /// `catch` would mend it.
  public let endsBeforeCatch: Bool
  /// Whether a `test` block stands anywhere in the text, at the top level or, wrongly, inside of something.
  public let hasTests: Bool
}
