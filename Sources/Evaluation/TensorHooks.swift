import Records
import Syntax

/// Where the machine hands over to tensors and trees. Values are borrowed unless said otherwise; results are owned by the caller.
/// `.tensor` boxes hold an `AnyObject` (`Value.boxedObject`): a tensor, or a traced value. All hooks are slow paths: the machine has
/// handled numbers, strings and bools before it calls one.
enum TensorHooks {
  static func missing(_ what: String) -> RuntimeError { RuntimeError("E0400", "\(what) is not yet available") }

  /// `a op b` where an operand is a tensor, or is a list, record or function (trees as a vector space; lists and records get here
  /// for `+ - * / // % ^`). `consumesA`/`consumesB`: the caller drops that operand after the call, so that storage held only by it
  /// (`isUnique`) may be reused.
  static func binary(
    _ m: Machine, _ op: BinaryOperator, _ a: Value, _ b: Value, consumesA: Bool, consumesB: Bool
  ) throws -> Value { throw missing("arithmetic on tensors") }

  /// `-a` (`.negate`) or `not a` (`.not`) on a tensor or tree.
  static func unary(_ m: Machine, _ op: UnaryOperator, _ a: Value) throws -> Value {
    throw missing("arithmetic on tensors")
  }

  /// A comparison with a tensor on a side: elementwise (`==` too); `.close` with the tolerance or none.
  static func compare(_ m: Machine, _ op: ComparisonOperator, _ a: Value, _ b: Value, tolerance: Value) throws -> Value {
    throw missing("comparison of tensors")
  }

  /// A `.tensor` of rank 0 as an int, float or bool value; nil for other ranks. Throws for a traced one whose value is not known.
  static func scalar(_ m: Machine, _ a: Value) throws -> Value? { throw missing("a tensor's number") }

  /// A tensor where a condition stands: rank-0 bool only; the error names `all`, `any` and `same`.
  static func condition(_ m: Machine, _ a: Value) throws -> Bool { throw missing("a tensor as a condition") }

  /// One index of `t[i, .., 1..3]`.
  enum Index {
    /// `..`
    case whole
    /// A number, range, list, tensor (mask or ids): borrowed.
    case value(Value)
  }

  /// `t[indexes]`.
  static func index(_ m: Machine, _ t: Value, _ indexes: [Index]) throws -> Value { throw missing("indexing of tensors") }

  /// `t[indexes] = value`: a tensor with those elements replaced. `t` is consumed (its storage may be written when `t.isUnique` and
  /// the tensor object is uniquely referenced).
  static func store(_ m: Machine, _ t: Value, _ indexes: [Index], _ value: Value) throws -> Value {
    m.heap.release(t)
    throw missing("assignment into tensors")
  }

  /// Extent of the first axis, for `length` and `for`; throws for rank 0.
  static func count(_ m: Machine, _ t: Value) throws -> Int { throw missing("length of a tensor") }

  /// `t[i]` along the first axis, 0 ≤ i < count.
  static func element(_ m: Machine, _ t: Value, _ i: Int) throws -> Value { throw missing("iteration over tensors") }

  /// Fields of a tensor after the dot (`shape`, `rank`, `dtype`); nil when there is none of that name.
  static func field(_ m: Machine, _ t: Value, _ name: String) throws -> Value? { nil }

  /// As shown by `show`, `print` and in errors; `brief` fits one line.
  static func show(_ m: Machine, _ t: Value, brief: Bool) -> String { "tensor" }

  /// `same(a, b)` of two `.tensor` values: type, shape and contents; NaN is same as NaN.
  static func same(_ m: Machine, _ a: Value, _ b: Value) -> Bool { a.boxedObject === b.boxedObject }

  /// As data.
  static func datum(_ m: Machine, _ t: Value) -> Datum { .other("tensor") }

  /// A function that holds parameters, as data; nil when it holds none.
  static func modelDatum(_ m: Machine, _ f: Value) -> ModelDatum? { nil }

  /// The object that may cross to another thread's interpreter (a plain tensor crosses as it is); nil for a traced value.
  static func portable(_ object: AnyObject) -> AnyObject? { object }

  /// Bytes of a tensor object that came from another interpreter.
  static func byteCount(_ object: AnyObject) -> Int { 0 }

  /// `param name = value` in a function: the value of the slot (a copy of the argument's count is owned by the result).
  static func makeParam(_ m: Machine, _ value: Value) throws -> Value { m.heap.retained(value) }

  /// `state name = value` in a function: the value of the slot.
  static func makeState(_ m: Machine, _ value: Value) throws -> Value { m.heap.retained(value) }

  /// Reading a captured `state` (the slot's value is borrowed): its current value.
  static func readState(_ m: Machine, _ slot: Value) throws -> Value { m.heap.retained(slot) }

  /// `name = value` inside the closure that captured `state name`: allowed only in training. Consumes the value.
  static func assignState(_ m: Machine, _ slot: Value, _ value: Value) throws {
    m.heap.release(value)
    throw RuntimeError("E0510", "a state can only be assigned while training")
  }

  /// Called at each interrupt poll that matters to traces: whether branches are being recorded. Unused by the machine itself.
  static var recordsBranches: Bool { false }
}
