import Diagnostics
import Records
import Syntax

/// Reads a constant written in Exp (`0.4`, `-3`, `"text"`, `[1, 2]`, `{ a: 1 }`) without running anything.
enum LiteralReader {
  /// The constant a text spells, or nil when it is anything else.
  static func read(_ text: String) -> Datum? {
    let result = parse(SourceStore.shared.add(name: "<setting>", text: text))
    guard result.diagnostics.isEmpty, result.tree.statements.count == 1,
      case .expression(let expression) = result.tree.statements[0].kind
    else { return nil }
    return datum(expression, depth: 0)
  }

  private static func datum(_ expression: Expression, depth: Int) -> Datum? {
    guard depth < 64 else { return nil }
    switch expression.kind {
    case .none: return Datum.none
    case .bool(let b): return .bool(b)
    case .int(let i): return .int(i)
    case .float(let d): return .float(d)
    case .string(let s): return .string(s)
    case .unary(.negate, let inner):
      switch datum(inner, depth: depth + 1) {
      case .int(let i): return i == .min ? nil : .int(-i)
      case .float(let d): return .float(-d)
      default: return nil
      }
    case .list(let elements):
      var items: [Datum] = []
      for element in elements {
        guard case .value(let value) = element, let item = datum(value, depth: depth + 1) else { return nil }
        items.append(item)
      }
      return .list(items)
    case .record(let entries):
      var fields: [Datum.Field] = []
      for entry in entries {
        guard case .field(let name, let value) = entry, let item = datum(value, depth: depth + 1) else { return nil }
        fields.append(Datum.Field(name.text, item))
      }
      return .record(fields)
    default: return nil
    }
  }
}
