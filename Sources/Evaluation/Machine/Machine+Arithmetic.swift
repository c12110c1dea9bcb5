import Foundation
import Syntax
import Tensors

/// Arithmetic beyond two ints or two floats.
extension Machine {
  static func overflow(_ op: BinaryOperator, _ a: Value, _ b: Value) -> RuntimeError {
    RuntimeError(
      "E0204", "\(a.asInt) \(op.rawValue) \(b.asInt) does not fit into a 64-bit integer", label: "integer overflow",
      help: ["write one of the numbers as a float, such as `\(a.asInt).0`, if an approximate result will do"])
  }

  static var zeroDivision: RuntimeError {
    RuntimeError(
      "E0205", "integer division by zero", label: "the divisor is 0",
      help: ["`/` divides as floats and gives inf; `//` and `%` of integers need a divisor other than 0"])
  }

  /// `target = a op b`; `flags` tell which operands are dead afterwards. The operands stay in place when it throws.
  @inline(never) func binarySlow(
    _ op: BinaryOperator, _ target: UnsafeMutablePointer<Value>, _ a: UnsafeMutablePointer<Value>,
    _ b: UnsafeMutablePointer<Value>, _ flags: Int
  ) throws {
    let x = a.pointee, y = b.pointee
    if x.isNumber && y.isNumber {
      Machine.put(heap, target, try Machine.arithmetic(op, x, y))
      return
    }
    if op == .join { return try join(target, a, b, flags) }
    let result: Value
    if x.tag == .tensor || y.tag == .tensor || (isTree(x) && isTreeOrNumber(y)) || (isTree(y) && x.isNumber) {
      result = try TensorHooks.binary(self, op, x, y, consumesA: flags & 1 != 0, consumesB: flags & 2 != 0)
    } else {
      throw unsuitable(op, x, y)
    }
    if flags & 1 != 0 { Machine.drop(heap, a) }
    if flags & 2 != 0 { Machine.drop(heap, b) }
    Machine.put(heap, target, result)
  }

  /// `target = a op k` for a constant k, or `k op a` when the source has it so (flag 8).
  @inline(never) func constantSlow(
    _ op: BinaryOperator, _ target: UnsafeMutablePointer<Value>, _ a: UnsafeMutablePointer<Value>,
    _ k: UnsafeMutablePointer<Value>, _ flags: Int
  ) throws {
    let isDead = flags & 1
    try flags & 8 == 0 ? binarySlow(op, target, a, k, isDead) : binarySlow(op, target, k, a, isDead << 1)
  }

  /// `target = a ++ b`; flags as of `binarySlow`.
  @inline(never) func join(
    _ target: UnsafeMutablePointer<Value>, _ a: UnsafeMutablePointer<Value>, _ b: UnsafeMutablePointer<Value>,
    _ flags: Int
  ) throws {
    let x = a.pointee, y = b.pointee
    // A string that grows where it is.
    if flags & 1 != 0, target == a, x.tag == .string, y.tag == .string, x.isUnique, !x.string.isInterned,
      x.string.pointee.byteCount &+ y.string.pointee.byteCount <= x.string.pointee.capacity
    {
      heap.appendString(y, to: x)
      x.string.pointee.hash = 0
      if flags & 2 != 0 { Machine.drop(heap, b) }
      return
    }
    let result = try join(a, b, consumesA: flags & 1 != 0, consumesB: flags & 2 != 0)
    if flags & 1 != 0 { Machine.drop(heap, a) }
    if flags & 2 != 0 { Machine.drop(heap, b) }
    Machine.put(heap, target, result)
  }

  private func isTree(_ value: Value) -> Bool {
    value.tag == .list || value.tag == .record || value.isFunction || value.tag == .range
  }

  private func isTreeOrNumber(_ value: Value) -> Bool { isTree(value) || value.isNumber }

  /// Two numbers.
  static func arithmetic(_ op: BinaryOperator, _ x: Value, _ y: Value) throws -> Value {
    if x.tag == .int && y.tag == .int { return try integers(op, x, y) }
    let a = x.number, b = y.number
    switch op {
    case .add: return Value(a + b)
    case .subtract: return Value(a - b)
    case .multiply: return Value(a * b)
    case .divide: return Value(a / b)
    case .floorDivide: return Value(floorDivide(a, b))
    case .remainder: return Value(remainder(a, b))
    case .power: return Value(power(a, b))
    case .matmul:
      throw RuntimeError("E0203", "`@` is the matrix product: it needs tensors, not numbers", help: ["write `*`"])
    case .join: throw RuntimeError("E0203", "`++` joins lists and strings, not numbers", help: ["write `+`"])
    }
  }

  /// As if the quotient were exact: `1 // 0.1` is 9.
  static func floorDivide(_ a: Double, _ b: Double) -> Double { ScalarMath.floorDivide(a, b) }

  /// With the sign of the divisor.
  static func remainder(_ a: Double, _ b: Double) -> Double { ScalarMath.remainder(a, b) }

  static func power(_ a: Double, _ b: Double) -> Double {
    if b == 2 { return a * a }
    return ScalarMath.pow(a, b)
  }

  private static func integers(_ op: BinaryOperator, _ x: Value, _ y: Value) throws -> Value {
    let a = x.asInt, b = y.asInt
    switch op {
    case .add, .subtract, .multiply:
      let (result, overflow) =
        op == .add
        ? a.addingReportingOverflow(b)
        : op == .subtract ? a.subtractingReportingOverflow(b) : a.multipliedReportingOverflow(by: b)
      if overflow { throw self.overflow(op, x, y) }
      return Value(result)
    case .divide: return Value(Double(a) / Double(b))
    case .floorDivide:
      if b == 0 { throw zeroDivision }
      if a == Int.min && b == -1 { throw self.overflow(op, x, y) }
      let q = a / b
      return Value(a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q)
    case .remainder:
      if b == 0 { throw zeroDivision }
      if b == -1 { return Value(0) }
      let r = a % b
      return Value(r != 0 && (r < 0) != (b < 0) ? r + b : r)
    case .power:
      if b < 0 { return Value(power(Double(a), Double(b))) }
      var result = 1, base = a, exponent = b
      while true {
        if exponent & 1 != 0 {
          let (product, overflow) = result.multipliedReportingOverflow(by: base)
          if overflow { throw self.overflow(op, x, y) }
          result = product
        }
        exponent >>= 1
        if exponent == 0 { return Value(result) }
        let (square, overflow) = base.multipliedReportingOverflow(by: base)
        if overflow { throw self.overflow(op, x, y) }
        base = square
      }
    case .matmul, .join: return try arithmetic(op, Value(Double(a)), Value(Double(b)))
    }
  }

  /// `target = op a`
  @inline(never) func unarySlow(
    _ op: UnaryOperator, _ target: UnsafeMutablePointer<Value>, _ a: UnsafeMutablePointer<Value>, _ flags: Int
  ) throws {
    let x = a.pointee
    let result: Value
    switch (op, x.tag) {
    case (.negate, .int):
      let (negated, overflow) = 0.subtractingReportingOverflow(x.asInt)
      if overflow { throw Machine.overflow(.subtract, Value(0), x) }
      result = Value(negated)
    case (.negate, .float): result = Value(-x.asDouble)
    case (.not, .bool): result = Value(!x.asBool)
    case (_, .tensor): result = try TensorHooks.unary(self, op, x)
    case (.negate, _) where isTree(x): result = try TensorHooks.unary(self, op, x)
    case (.negate, _):
      throw RuntimeError("E0203", "`-` needs a number or a tensor, not \(brief(x))", label: describeKind(x))
    case (.not, _):
      throw RuntimeError("E0203", "`not` needs true or false, not \(brief(x))", label: describeKind(x))
    }
    if flags & 1 != 0 { Machine.drop(heap, a) }
    Machine.put(heap, target, result)
  }

  func describeKind(_ value: Value) -> String {
    value.isNone
      ? "this is none"
      : "this is \(value.kindName.first.map { "aeiou".contains($0) } == true ? "an" : "a") \(value.kindName)"
  }

  private func unsuitable(_ op: BinaryOperator, _ x: Value, _ y: Value) -> RuntimeError {
    var help: [String] = []
    if op == .add && (x.tag == .string || y.tag == .string) {
      help = ["`++` joins strings; to put a value into a text, write \"{value}\""]
    }
    if op == .remainder && x.tag == .string { help = ["a value is put into a text by its name: `\"{x:.2f}\"`"] }
    if op == .multiply && (x.tag == .string && y.tag == .int || x.tag == .int && y.tag == .string) {
      help = ["a text several times: `repeat(s, n)`"]
    }
    let what = op == .matmul ? "tensors" : "numbers or tensors"
    if x.isNone || y.isNone {
      return RuntimeError(
        "E0203", "`\(op.rawValue)` cannot be used on none",
        label: "\(x.isNone ? "the left" : "the right") side is none",
        help: ["`a ?? b` gives b where a is none"])
    }
    return RuntimeError(
      "E0203", "`\(op.rawValue)` needs \(what), not \(brief(x)) and \(brief(y))",
      label: "\(x.kindName) \(op.rawValue) \(y.kindName)", help: help)
  }

  // MARK: joining

  /// `a ++ b`; in place when `a` dies here and nobody else holds it. Nothing is changed when it throws.
  private func join(
    _ a: UnsafeMutablePointer<Value>, _ b: UnsafeMutablePointer<Value>, consumesA: Bool, consumesB: Bool
  ) throws -> Value {
    let x = a.pointee, y = b.pointee
    if x.tag == .string && y.tag == .string {
      let more = y.string.pointee.byteCount
      try checkRoom(x.string.pointee.byteCount + more)
      var result: Value
      if consumesA, x.isUnique, !x.string.isInterned {
        a.pointee = .none
        result = heap.reserveString(x, more: more)
        result.string.pointee.hash = 0
      } else {
        result = heap.emptyString(capacity: x.string.pointee.byteCount + more)
        heap.appendString(x, to: result)
      }
      heap.appendString(y, to: result)
      return result
    }
    if x.tag == .range || y.tag == .range { return try joinRanges(x, y) }
    guard x.tag == .list && y.tag == .list else {
      if x.tag == .tensor || y.tag == .tensor {
        throw RuntimeError("E0203", "`++` joins lists and strings; tensors are joined with `concat([a, b], axis: 0)`")
      }
      throw RuntimeError(
        "E0203", "`++` joins two lists or two strings, not \(brief(x)) and \(brief(y))",
        label: "\(x.kindName) ++ \(y.kindName)",
        help: helpForJoin(x, y))
    }
    let more = y.list.count
    try checkRoom((x.list.count + more) * MemoryLayout<Value>.stride)
    if consumesA, x.isUnique, a != b {
      a.pointee = .none
      let result = heap.reserveList(x, more: more)
      do { try addElements(of: b.pointee, to: result) } catch {
        a.pointee = result
        throw error
      }
      return result
    }
    if consumesA { heap.state.pointee.copies += 1 }
    return try extend(extend(heap.emptyList(capacity: x.list.count + more), with: x), with: y)
  }

  private func helpForJoin(_ x: Value, _ y: Value) -> [String] {
    switch (x.tag, y.tag) {
    case (.list, _): ["to add one element, write `++ [x]`"]
    case (.string, _), (_, .string): ["to put a value into a text, write \"{value}\""]
    case (.record, .record): ["the fields of both are `{ ...a, ...b }`"]
    default: []
    }
  }

  private func joinRanges(_ x: Value, _ y: Value) throws -> Value {
    // `extend` gives the list up when it throws.
    try extend(extend(heap.emptyList(capacity: 8), with: x), with: y)
  }

  /// Fails when so many more bytes would pass the memory limit.
  func checkRoom(_ bytes: Int) throws {
    guard heap.hasRoom(for: bytes) else { throw outOfMemory }
  }

  /// Fails when a list of so many elements would pass the memory limit.
  func checkRoom(forElements count: Int) throws {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Value>.stride)
    if overflow { throw outOfMemory }
    try checkRoom(bytes)
  }

  var outOfMemory: RuntimeError {
    RuntimeError(
      "E0302", "the program needs more memory than it may use (\(heap.state.pointee.byteLimit >> 20) MiB)",
      label: "the limit was passed here", help: ["`--max-memory` sets the limit"])
  }

  // MARK: conditions

  /// A value as a condition; drops it when it dies here.
  @inline(never) func condition(_ slot: UnsafeMutablePointer<Value>, _ flags: Int) throws -> Bool {
    let value = slot.pointee
    let outcome: Bool
    switch value.tag {
    case .bool: outcome = value.asBool
    case .tensor: outcome = try TensorHooks.condition(self, value)
    default:
      throw RuntimeError(
        "E0202", "a condition must be true or false, not \(brief(value))", label: describeKind(value),
        help: conditionHelp(value))
    }
    if flags & 1 != 0 { Machine.drop(heap, slot) }
    return outcome
  }

  private func conditionHelp(_ value: Value) -> [String] {
    switch value.tag {
    case .int, .float: ["compare it, for example `x != 0`"]
    case .list, .string: ["write `length(x) > 0`"]
    case .none: ["write `x != none`"]
    default: []
    }
  }

  @inline(never) func both(
    _ target: UnsafeMutablePointer<Value>, _ a: UnsafeMutablePointer<Value>, _ b: UnsafeMutablePointer<Value>
  ) throws {
    let x = a.pointee, y = b.pointee
    let result = x.tag == .bool && y.tag == .bool ? Value(x.asBool && y.asBool) : try TensorHooks.both(self, x, y)
    Machine.drop(heap, a)
    Machine.drop(heap, b)
    Machine.put(heap, target, result)
  }
}
