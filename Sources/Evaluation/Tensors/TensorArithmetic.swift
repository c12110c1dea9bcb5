import Graphs
import Syntax
import Tensors

extension TensorOperations {
  /// `a op b` of tensors and numbers, broadcast, with the language's rules for types.
  func binary(_ op: BinaryOperator, _ a: TensorOperand, _ b: TensorOperand) throws -> TensorOperand {
    switch op {
    case .add: return try arithmetic(.add, a, b)
    case .subtract: return try arithmetic(.subtract, a, b)
    case .multiply: return try arithmetic(.multiply, a, b)
    case .divide: return try divide(a, b)
    case .floorDivide: return try arithmetic(.floorDivide, a, b)
    case .remainder: return try arithmetic(.remainder, a, b)
    case .power: return try power(a, b)
    case .matmul: return try product(a, b)
    case .join:
      throw RuntimeError("E0402", "`++` joins lists and strings", help: ["use `concat([a, b])` to join tensors"])
    }
  }

  /// An elementwise operation after both operands have been brought to one type.
  func arithmetic(_ operation: BinaryOperation, _ a: TensorOperand, _ b: TensorOperand, floats: Bool = false) throws
    -> TensorOperand
  {
    if case .tensor(let x) = a, case .tensor(let y) = b, x.type == y.type, x.type.isFloat {
      return try elementwise(operation, a, b)
    }
    var type = commonType(a, b)
    let numbers = a.isNumber && b.isNumber
    if type == .bool { type = .i64 }
    if floats, !type.isFloat { type = numbers ? .f64 : .f32 }
    return try elementwise(
      operation, convert(a, to: type, asNumber: numbers), convert(b, to: type, asNumber: numbers))
  }

  /// True division: of integer tensors in f32, of integer numbers in f64.
  private func divide(_ a: TensorOperand, _ b: TensorOperand) throws -> TensorOperand {
    try arithmetic(.divide, a, b, floats: true)
  }

  /// `a ^ b`; small constant whole exponents of floats become products.
  private func power(_ a: TensorOperand, _ b: TensorOperand) throws -> TensorOperand {
    if !a.isNumber, a.type.isFloat, let exponent = plainExponent(b) {
      switch exponent {
      case 1: return a
      case 2: return try apply(.binary(.multiply), [a, a])
      default: break
      }
    }
    if a.isNumber, b.isNumber, a.type == .i64, b.type == .i64 {
      // A traced base or exponent whose sign decides the type of the result, as it does for plain numbers.
      if let exponent = requireSign(b), exponent < 0 { return try arithmetic(.power, a, b, floats: true) }
    }
    return try arithmetic(.power, a, b)
  }

  private func plainExponent(_ b: TensorOperand) -> Double? {
    switch b {
    case .int(let number): Double(number)
    case .float(let number): number
    default: nil
    }
  }

  /// The exponent when it is plain; when it is traced, its sign joins the key of the trace.
  private func requireSign(_ b: TensorOperand) -> Int? {
    switch b {
    case .int(let number): return number
    case .traced:
      guard let negative = try? compare(.less, b, .int(0)), let known = requireContent(negative) else { return nil }
      return known.integer(0) != 0 ? -1 : 0
    default: return nil
    }
  }

  /// The matrix product; vectors count as a row on the left and as a column on the right.
  func product(_ a: TensorOperand, _ b: TensorOperand) throws -> TensorOperand {
    guard a.rank > 0, b.rank > 0 else {
      throw RuntimeError(
        "E0401", "`@` multiplies vectors and matrices, not \(describe(a.shape)) and \(describe(b.shape))",
        label: "one side has no axes", help: ["use `*` to scale"])
    }
    var type = commonType(a, b)
    if type == .bool { type = .i64 }
    var x = try convert(a, to: type), y = try convert(b, to: type)
    if a.rank == 1 { x = try reshape(x, [1] + a.shape) }
    if b.rank == 1 { y = try reshape(y, b.shape + [1]) }
    if x.shape[x.rank - 1] != y.shape[y.rank - 2] { throw productError(a, b) }
    let result = try apply(.matmul(transposeA: false, transposeB: false), [x, y])
    guard a.rank == 1 || b.rank == 1 else { return result }
    var shape = result.shape
    if b.rank == 1 { shape.removeLast() }
    if a.rank == 1 { shape.remove(at: shape.count - (b.rank == 1 ? 1 : 2)) }
    return try reshape(result, shape)
  }

  private func productError(_ a: TensorOperand, _ b: TensorOperand) -> RuntimeError {
    let left = a.shape, right = b.shape
    var help: [String] = []
    let inner = left[left.count - 1]
    if right.count >= 2, right[right.count - 1] == inner {
      help.append("the right side fits when transposed: `a @ transpose(b)`")
    } else if left.count >= 2, left[left.count - 2] == right[max(0, right.count - 2)] {
      help.append("the left side fits when transposed: `transpose(a) @ b`")
    }
    let rows = right.count == 1 ? right[0] : right[right.count - 2]
    if left.count == 1, rows == 1, right.count > 1 {
      help.append("`reshape(x, [-1, 1])` makes \(inner) rows of a vector, with one number in each")
    }
    return RuntimeError(
      "E0401", "cannot multiply shapes \(describe(left)) and \(describe(right)): \(inner) columns meet \(rows) rows",
      label: "\(describe(left)) @ \(describe(right))", help: help)
  }

  func reshape(_ x: TensorOperand, _ shape: Shape) throws -> TensorOperand {
    x.shape == shape && !x.isNumber ? x : try apply(.reshape(shape), [x], isTensor: true)
  }

  /// An elementwise comparison.
  func compare(_ comparison: Comparison, _ a: TensorOperand, _ b: TensorOperand) throws -> TensorOperand {
    var type = commonType(a, b)
    let numbers = a.isNumber && b.isNumber
    if a.isNumber != b.isNumber {
      // 2.5 against an integer tensor is compared exactly, not after rounding.
      let (tensor, number) = a.isNumber ? (b.type, a.type) : (a.type, b.type)
      if !tensor.isFloat, number == .f64 { type = .f64 }
    }
    let isOrder = comparison != .equal && comparison != .notEqual
    if type == .bool, isOrder { type = .i64 }
    return try apply(
      .compare(comparison),
      [try convert(a, to: type, asNumber: numbers), try convert(b, to: type, asNumber: numbers)])
  }

  /// Whether all elements agree within a tolerance: relative to `max(1, |b|)` unless one is given.
  func close(_ a: TensorOperand, _ b: TensorOperand, tolerance: TensorOperand?) throws -> TensorOperand {
    guard Shape.broadcast(a.shape, b.shape) != nil else {
      throw RuntimeError(
        "E0401",
        "`≈` of \(a.type.name)\(describe(a.shape)) and \(b.type.name)\(describe(b.shape)) cannot combine these shapes",
        label: "\(describe(a.shape)) and \(describe(b.shape))",
        help: ["extents must be equal or 1, counted from the last axis"])
    }
    let numbers = a.isNumber && b.isNumber
    let x = try convert(a, to: .f64, asNumber: numbers), y = try convert(b, to: .f64, asNumber: numbers)
    let distance = try apply(.unary(.abs), [try apply(.binary(.subtract), [x, y])])
    let allowed: TensorOperand
    if let tolerance {
      allowed = try convert(tolerance, to: .f64, asNumber: numbers)
    } else {
      let scale = try arithmetic(.maximum, .float(1), try apply(.unary(.abs), [y]))
      // Nothing but itself is close to an infinite number.
      allowed = try arithmetic(
        .minimum, .float(.greatestFiniteMagnitude), try arithmetic(.multiply, .float(1e-6), scale))
    }
    let near = try apply(.compare(.lessEqual), [distance, allowed])
    let equal = try apply(.compare(.equal), [x, y])
    let both = try apply(.binary(.or), [near, equal])
    return both.rank == 0 ? both : try apply(.reduce(.all, axes: Array(0..<both.rank)), [both])
  }

  func negate(_ a: TensorOperand) throws -> TensorOperand {
    if a.type == .bool { return try apply(.unary(.negate), [try convert(a, to: .i64, asNumber: a.isNumber)]) }
    return try elementwise(.negate, a)
  }

  func not(_ a: TensorOperand) throws -> TensorOperand {
    guard a.type == .bool else {
      throw RuntimeError("E0402", "`not` needs a boolean tensor, not \(a.type.name)\(describe(a.shape))")
    }
    return try apply(.unary(.not), [a])
  }
}
