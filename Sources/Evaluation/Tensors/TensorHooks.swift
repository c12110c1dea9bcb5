import Graphs
import Records
import Syntax
import Tensors

/// Where the machine hands over to tensors and trees. Values are borrowed unless said otherwise; results are owned by
/// the caller. `.tensor` boxes hold an `AnyObject` (`Value.boxedObject`): a tensor, or a traced value. All hooks are
/// slow paths: the machine has handled numbers, strings and bools before it calls one.
enum TensorHooks {
  /// An error of the rooms below (`TensorError`, `GraphError`) in this room's form; nil for other errors.
  static func runtimeError(_ error: Error) -> RuntimeError? {
    if let error = error as? TensorError { return RuntimeError(error) }
    if let error = error as? GraphError { return RuntimeError(error, in: nil) }
    return nil
  }

  /// `a op b` where an operand is a tensor, or is a list, record or function (trees as a vector space; lists and
  /// records get here for `+ - * / // % ^`). `consumesA`/`consumesB`: the caller drops that operand after the call,
  /// so that storage held only by it (`isUnique`) may be reused.
  static func binary(
    _ m: Machine, _ op: BinaryOperator, _ a: Value, _ b: Value, consumesA: Bool, consumesB: Bool
  ) throws -> Value {
    let operations = TensorOperations(m, consuming: consumesA ? a : .none, consumesB ? b : .none)
    if let x = operations.operand(a), let y = operations.operand(b) {
      return operations.value(try operations.binary(op, x, y))
    }
    return try TreeArithmetic(m).binary(op, a, b)
  }

  /// `-a` (`.negate`) or `not a` (`.not`) on a tensor or tree.
  static func unary(_ m: Machine, _ op: UnaryOperator, _ a: Value) throws -> Value {
    let operations = TensorOperations(m)
    guard let x = operations.operand(a) else {
      if op == .not {
        throw RuntimeError("E0402", "`not` needs true or false, not \(m.brief(a))")
      }
      return try TreeArithmetic(m).map(a, "-") { try operations.negate($0) }
    }
    return operations.value(try op == .negate ? operations.negate(x) : operations.not(x))
  }

  /// A comparison with a tensor on a side: elementwise (`==` too); `.close` with the tolerance or none.
  static func compare(_ m: Machine, _ op: ComparisonOperator, _ a: Value, _ b: Value, tolerance: Value) throws -> Value
  {
    let operations = TensorOperations(m)
    guard let x = operations.operand(a), let y = operations.operand(b) else { return try compareOther(m, op, a, b) }
    let comparison: Comparison
    switch op {
    case .equal: comparison = .equal
    case .notEqual: comparison = .notEqual
    case .less: comparison = .less
    case .lessEqual: comparison = .lessEqual
    case .greater: comparison = .greater
    case .greaterEqual: comparison = .greaterEqual
    case .close: return operations.value(try operations.close(x, y, tolerance: operations.operand(tolerance)))
    case .member:
      throw RuntimeError(
        "E0402", "`in` looks into lists, ranges, strings and records, not into tensors",
        help: ["use `any(t == x)`"])
    }
    return operations.value(try operations.compare(comparison, x, y))
  }

  private static func compareOther(_ m: Machine, _ op: ComparisonOperator, _ a: Value, _ b: Value) throws -> Value {
    let other = a.tag == .tensor ? b : a
    if op == .equal || op == .notEqual {
      if other.isNone || other.tag == .string { return Value(op == .notEqual) }
      throw RuntimeError(
        "E0402", "`\(op.rawValue)` with a tensor goes element by element, and \(m.brief(other)) has none that fit",
        help: ["`same(a, b)` compares anything by content", "`tensor([…])` makes a tensor of a list"])
    }
    throw RuntimeError("E0402", "`\(op.rawValue)` cannot compare a tensor with \(m.brief(other))")
  }

  /// A `.tensor` of rank 0 as an int, float or bool value; nil for other ranks. Throws for a traced one whose value
  /// is not known.
  static func scalar(_ m: Machine, _ a: Value) throws -> Value? {
    let operations = TensorOperations(m)
    guard let x = operations.operand(a), x.rank == 0 else { return nil }
    guard let content = operations.requireContent(x) else {
      throw RuntimeError.untraceable(
        "a compiled function needs the content of a tensor as a number here",
        help: ["pass the number as an argument, or do not compile this function"])
    }
    return operations.value(operations.number(content))
  }

  /// A tensor where a condition stands: rank-0 bool only; the error names `all`, `any` and `same`.
  static func condition(_ m: Machine, _ a: Value) throws -> Bool {
    let operations = TensorOperations(m)
    guard let x = operations.operand(a) else { return false }
    guard x.type == .bool else {
      throw RuntimeError(
        "E0202", "a condition must be true or false, not \(x.isNumber ? "a number" : "a tensor of \(x.type.name)")",
        label: "\(x.type.name)\(describe(x.shape))", help: ["compare it with something, as in `x > 0`"])
    }
    guard x.rank == 0 else {
      throw RuntimeError(
        "E0408", "a tensor of \(describe(x.shape)) booleans is no condition", label: "bool\(describe(x.shape))",
        help: [
          "`all(c)` is true where every element is, `any(c)` where one is, and `same(a, b)` compares whole values",
          "`where(c, a, b)` chooses for each element by itself",
          "element by element, `a and b` is `where(a, b, false)`, and `a or b` is `where(a, true, b)`",
        ])
    }
    guard let content = operations.requireContent(x) else {
      if let walk = m.tensors.walk { return walk.decide(at: UInt(bitPattern: m.frame.pointee.code)) }
      let error = RuntimeError.untraceable(
        "a compiled function cannot branch on the content of a tensor",
        help: [
          "choose between values with `where(condition, a, b)`",
          "choose between computations with `cond(condition, f, g)`", "or do not compile this function",
        ])
      // Text is not read for an error that is not going to be told, nor that of the library, whose names are not the user's.
      let span = m.currentSpan
      guard !m.tensors.mayFollowValues(after: error), !m.library.fileIDs.contains(span.file) else { throw error }
      throw ConnectiveHelp.explain(error, at: span)
    }
    return content.integer(0) != 0
  }

  /// Whether all elements of a bool tensor are true, for `expect`.
  static func all(_ m: Machine, _ t: Value) throws -> Bool {
    let operations = TensorOperations(m)
    guard let x = operations.operand(t), x.type == .bool else { return try condition(m, t) }
    guard let content = operations.requireContent(x) else {
      if let walk = m.tensors.walk { return walk.decide(at: UInt(bitPattern: m.frame.pointee.code)) }
      throw RuntimeError.untraceable("a compiled function cannot test the content of a tensor", help: [])
    }
    return (0..<content.count).allSatisfy { content.integer($0) != 0 }
  }

  /// `a and b` of two conditions of a chained comparison, of which at least one is a tensor.
  static func both(_ m: Machine, _ a: Value, _ b: Value) throws -> Value {
    let operations = TensorOperations(m)
    guard let x = operations.operand(a), let y = operations.operand(b), x.type == .bool, y.type == .bool else {
      throw RuntimeError("E0202", "a chain of comparisons needs booleans, not \(m.brief(a)) and \(m.brief(b))")
    }
    return operations.value(try operations.apply(.binary(.and), [x, y]))
  }

  /// One index of `t[i, .., 1..3]`.
  enum Index {
    /// `..`
    case whole
    /// A number, range, list, tensor (mask or ids): borrowed.
    case value(Value)
  }

  /// `t[indexes]`.
  static func index(_ m: Machine, _ t: Value, _ indexes: [Index]) throws -> Value {
    let operations = TensorOperations(m)
    guard let x = operations.operand(t) else { return .none }
    return operations.value(try operations.index(x, indexes))
  }

  /// `t[indexes] = value` for the tensor in `slot`, which gets a tensor with those elements replaced. The storage may
  /// be written in place when `slot.pointee.isUnique` and nobody else holds the tensor object. When it throws, the
  /// slot is as it was. `value` is borrowed.
  static func store(
    _ m: Machine, at slot: UnsafeMutablePointer<Value>, _ indexes: [Index], _ value: Value
  ) throws { try TensorOperations(m).store(at: slot, indexes, value) }

  /// Extent of the first axis, for `length` and `for`; throws for rank 0.
  static func count(_ m: Machine, _ t: Value) throws -> Int {
    guard let first = TensorOperations(m).operand(t)?.shape.first else {
      throw RuntimeError("E0403", "a tensor without axes has no length", label: "rank 0")
    }
    return first
  }

  /// `t[i]` along the first axis, 0 ≤ i < count.
  static func element(_ m: Machine, _ t: Value, _ i: Int) throws -> Value {
    let operations = TensorOperations(m)
    guard let x = operations.operand(t) else { return .none }
    return operations.value(try operations.row(x, i))
  }

  /// Fields of a tensor after the dot; nil when there is none of that name (then `t.f` means `f(t)`).
  static func field(_ m: Machine, _ t: Value, _ name: String) throws -> Value? { nil }

  /// `same(a, b)` of two `.tensor` values: type, shape and contents; NaN is same as NaN.
  static func same(_ m: Machine, _ a: Value, _ b: Value) -> Bool {
    if a.boxedObject === b.boxedObject { return true }
    let operations = TensorOperations(m)
    guard let x = operations.operand(a), let y = operations.operand(b), x.isNumber == y.isNumber, x.type == y.type,
      x.shape == y.shape, let left = operations.requireContent(x), let right = operations.requireContent(y)
    else { return false }
    return left.hasSameContent(as: right)
  }

  /// The object that may cross to another thread's interpreter (a plain tensor crosses as it is); nil for a traced
  /// value.
  static func portable(_ object: AnyObject) -> AnyObject? {
    if let tensor = object as? Tensor { return tensor }
    if let cell = object as? StateCell { return portable(cell.content) }
    if let bound = object as? BoundNative { return BoundNative(bound.function) }
    if let traced = object as? TracedValue { return traced.value }
    return nil
  }

  /// Bytes of a tensor object that came from another interpreter.
  static func byteCount(_ object: AnyObject) -> Int { (object as? Tensor)?.byteCount ?? 0 }

  /// What has an effect on the world (`print`, `track`, `sweep` …) cannot stand where a compiled function is traced.
  static func requireUntraced(_ m: Machine, _ what: String) throws {
    guard let recording = m.tensors.recording, recording.isStaged, m.tensors.walk == nil else { return }
    throw RuntimeError(
      "E0503", "`\(what)` cannot be compiled: a compiled function is read once and then runs without its text",
      label: "inside `compiled`",
      help: ["return the value and use `\(what)` outside", "or do not compile this function"])
  }
}
