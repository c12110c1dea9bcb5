import Diagnostics
import Syntax

/// What an error of an unknown condition says where an `and` or an `or` asked it, which decide before they look at their second operand: the same
/// with `where`, which needs no decision.
enum ConnectiveHelp {
  /// The error of a condition at `span`, with that help first. Nothing else helps where the outcome is a value; where an `if` asks it, that needs another
  /// form too.
  static func explain(_ error: RuntimeError, at span: Span) -> RuntimeError {
    guard let file = SourceStore.shared.file(span.file),
      let (whole, isAsked) = parse(file).tree.connective(around: span)
    else { return error }
    var word = "or"
    if case .and = whole.kind { word = "and" }
    let form = written(whole, file) ?? (word == "and" ? "where(a, b, false)" : "where(a, true, b)")
    var error = error
    if !isAsked { error.help.removeAll { !$0.hasPrefix("or ") } }
    error.help.insert("`\(word)` decides as `if` does; without a decision it is `\(form)`", at: 0)
    return error
  }

  /// The condition with `where` for its connectives; nil where that is long.
  private static func written(_ condition: Expression, _ file: SourceFile) -> String? {
    let text: String?
    switch condition.kind {
    case .and(let a, let b):
      text = written(a, file).flatMap { a in written(b, file).map { "where(\(a), \($0), false)" } }
    case .or(let a, let b):
      text = written(a, file).flatMap { a in written(b, file).map { "where(\(a), true, \($0))" } }
    case .unary(.not, let inner) where holdsConnective(inner): text = written(inner, file).map { "not \($0)" }
    default: text = file.text(condition.span)
    }
    return text.flatMap { $0.utf8.count > 100 || $0.contains("\n") ? nil : $0 }
  }

  private static func holdsConnective(_ condition: Expression) -> Bool {
    switch condition.kind {
    case .and, .or: true
    case .unary(.not, let inner): holdsConnective(inner)
    default: false
    }
  }
}
