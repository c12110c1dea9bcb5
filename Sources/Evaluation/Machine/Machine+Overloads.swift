import Resolution
import Tensors

/// Sets of definitions: which one a first argument is for, and what is said where none is.
extension Machine {
  /// The argument that is given by the name of the first parameter of one of a set's definitions, borrowed; unset
  /// without one.
  func namedFirst(_ named: [(String, Value)], _ overload: Value) -> Value {
    let members = overload.box.pointee.second.list
    for (name, value) in named {
      for i in stride(from: 1, to: members.count, by: 2) where members.elements[i].tag == .closure {
        if members.elements[i].closure.prototype.parameters.first?.name == name { return value }
      }
    }
    return .unset
  }

  /// The argument that is given by the name of a function's first parameter, borrowed; unset without one.
  func namedFirst(_ named: [(String, Value)], _ loaded: UnsafeMutablePointer<LoadedPrototype>) -> Value {
    let first = loaded.pointee.prototype.takeUnretainedValue().parameters.first?.name
    return named.first { $0.0 == first }?.1 ?? .unset
  }

  /// Whether a first argument is of some kinds; one that is not given is of any.
  func takes(_ kinds: KindSet, _ first: Value) -> Bool {
    !kinds.isDisjoint(with: self.kinds(ofFirst: first)) || (kinds.contains(.number) && isScalar(first))
  }

  /// The kinds of a first argument. A number that is being traced is a number, as it is when nothing is traced.
  func kinds(ofFirst first: Value) -> KindSet {
    if first.isUnset { return .any }
    guard isTracedNumber(first) else { return first.kinds }
    return isTracedCondition(first) ? .bool : .number
  }

  func isTracedNumber(_ value: Value) -> Bool {
    value.tag == .tensor && value.header.pointee.flags & TensorFlags.isNumber != 0
  }

  /// Whether a tensor may stand for a number: it has no axes, and holds one. What it holds need not be known.
  func isScalar(_ value: Value) -> Bool {
    guard value.tag == .tensor, !isTracedNumber(value), let tensor = TensorOperations(self).operand(value) else {
      return false
    }
    return tensor.rank == 0 && tensor.type != .bool
  }

  /// The definition of a set for a first argument, borrowed.
  func choose(_ overload: Value, _ first: Value) -> Value? {
    let members = overload.box.pointee.second.list
    let kinds = kinds(ofFirst: first)
    var fallback: Value?
    for i in stride(from: 0, to: members.count, by: 2) {
      let set = KindSet(rawValue: UInt16(truncatingIfNeeded: members.elements[i].asInt))
      if set == .any {
        fallback = fallback ?? members.elements[i + 1]
      } else if !set.isDisjoint(with: kinds) {
        return members.elements[i + 1]
      }
    }
    return fallback == nil && isScalar(first) ? choose(overload, Value(0)) : fallback
  }

  /// The outcome of comparing traced numbers.
  func isTracedCondition(_ value: Value) -> Bool { TensorOperations(self).operand(value)?.type == .bool }

  func noDefinition(_ overload: Value, _ first: Value) -> RuntimeError {
    let members = overload.box.pointee.second.list
    var kinds = KindSet()
    for i in stride(from: 0, to: members.count, by: 2) {
      kinds.formUnion(KindSet(rawValue: UInt16(truncatingIfNeeded: members.elements[i].asInt)))
    }
    return wrongKind(overload.box.pointee.first.swiftString, kinds, first)
  }

  func wrongKind(_ name: String, _ kinds: KindSet, _ first: Value) -> RuntimeError {
    RuntimeError(
      "E0210", "`\(name)` takes \(Machine.list(a: kinds.names)) first, not \(brief(first))", label: describeKind(first),
      help: meantFirst(name, kinds, first))
  }

  /// `a list`, `a list or tensor`, `none or list`.
  private static func list(a names: [String]) -> String { (names.first == "none" ? "" : "a ") + list(names) }

  /// `a`, `a or b`, `a, b or c`.
  static func list(_ names: [String]) -> String {
    guard names.count > 1, let last = names.last else { return names.first ?? "nothing" }
    return names.dropLast().joined(separator: ", ") + " or " + last
  }
}
