import Syntax

/// A claim is reported with the numbers behind it: the operands of the comparisons in its last expression, and the
/// names bound in its block that this expression uses, directly or through other names.
extension FunctionCompiler {
  /// Inside the last expression of a claim.
  var notesComparisons: Bool { kind == .claim && isInVerdict }

  /// Called before a body's last expression is compiled.
  mutating func noteAll(_ verdict: Expression) {
    guard kind == .claim else { return }
    isInVerdict = true
  }

  /// Remembers an operand of a comparison of the verdict under its text.
  mutating func noteOperand(_ expression: Expression, _ register: Int) {
    guard notesComparisons else { return }
    if !passingNames.isEmpty {
      var names = Set<String>()
      NameCollector.collect(expression, into: &names)
      guard names.isDisjoint(with: passingNames) else { return }
    }
    switch expression.kind {
    case .none, .bool, .int, .float, .string, .function: return
    default:
      let text = SourceText.line(expression.span)
      builder.emit(.note, a: register, b: builder.constant(.string(text)))
    }
  }

  /// Finds the names whose values are noted, before the block is compiled.
  mutating func findNotedNames(_ block: Block) {
    guard case .expression(let verdict)? = block.statements.last?.kind else { return }
    var wanted = Set<String>()
    NameCollector.collect(verdict, into: &wanted)
    for statement in block.statements.reversed() {
      guard case .letBinding(let pattern, let value) = statement.kind, case .name(let name) = pattern.kind,
        wanted.contains(name.text)
      else { continue }
      NameCollector.collect(value, into: &wanted)
    }
    notedNames = wanted
  }
}

/// Names that an expression mentions, not looking into functions and blocks.
enum NameCollector {
  static func collect(_ expression: Expression, into names: inout Set<String>) {
    switch expression.kind {
    case .name(let name): names.insert(name)
    case .none, .bool, .int, .float, .string, .invalid, .function, .block, .attempt, .sweep: break
    case .interpolation(let segments):
      for case .value(let value, _) in segments { collect(value, into: &names) }
    case .list(let elements):
      for element in elements {
        switch element {
        case .value(let value), .spread(let value): collect(value, into: &names)
        }
      }
    case .comprehension(let element, _): collect(element, into: &names)
    case .record(let entries):
      for entry in entries {
        switch entry {
        case .field(_, let value), .spread(let value), .computed(_, let value): collect(value, into: &names)
        }
      }
    case .call(let callee, let arguments):
      collect(callee, into: &names)
      for argument in arguments {
        switch argument {
        case .positional(let value), .named(_, let value), .spread(let value): collect(value, into: &names)
        }
      }
    case .index(let base, let indexes):
      collect(base, into: &names)
      for case .value(let value) in indexes { collect(value, into: &names) }
    case .field(let value, _), .optionalField(let value, _), .unary(_, let value): collect(value, into: &names)
    case .binary(_, let a, let b, _), .and(let a, let b), .or(let a, let b), .coalesce(let a, let b):
      collect(a, into: &names)
      collect(b, into: &names)
    case .comparison(let operands, _, _): for operand in operands { collect(operand, into: &names) }
    case .range(let a, let b, _, _):
      collect(a, into: &names)
      collect(b, into: &names)
    case .conditional(let condition, _, _): collect(condition, into: &names)
    }
  }
}
