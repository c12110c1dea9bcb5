import Records
import Tensors

extension Heap {
  /// A datum as a value of this heap, owned by the caller: plain data, records, lists, tables, and tensors whose elements
  /// are at hand; anything else becomes its text.
  func value(_ datum: Datum) -> Value {
    // Whoever asked answers the poll.
    if state.pointee.poll.bits & Poll.interrupt != 0 { return .none }
    switch datum {
    case .none: return .none
    case .bool(let b): return Value(b)
    case .int(let n): return Value(n)
    case .float(let x): return Value(x)
    case .string(let s): return string(s)
    case .list(let items): return list(items.map { value($0) })
    case .record(let fields): return record(fields.map { ($0.name, value($0.value)) })
    case .table(let t): return table(t)
    case .tensor(let t) where t.shape.isEmpty: return Value(t.elements?.first ?? .nan)
    case .tensor(let t):
      guard let tensor = Self.tensor(t) else { return string("tensor \(t.shape)") }
      return self.tensor(holding: tensor, bytes: tensor.byteCount)
    case .figure: return string("figure")
    case .model(let m): return string(m.name)
    case .other(let s): return string(s)
    }
  }

  /// A tensor whose elements all went along; nil for a larger one.
  private static func tensor(_ datum: TensorDatum) -> Tensor? {
    guard let elements = datum.elements, let type = ElementType.allCases.first(where: { $0.name == datum.type }),
      let doubles = try? Tensor(elements, shape: datum.shape)
    else { return nil }
    if type == .f64 { return doubles }
    guard let tensor = try? Tensor(uninitialized: datum.shape, type: type) else { return nil }
    Kernels.convert(from: .f64, to: type, doubles.pointer, tensor.pointer, count: elements.count)
    return tensor
  }

  /// A table as a value of this heap, owned by the caller.
  func table(_ t: Table) -> Value {
    let columns = record(t.columns.map { ($0.name, list($0.values.map { value($0) })) })
    return table(columns: columns, attachments: emptyRecord(capacity: 1))
  }
}
