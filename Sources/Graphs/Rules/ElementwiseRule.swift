import Tensors

/// What the derivative rules of elementwise functions are written in: nodes of a recording (`Builder`), or tensors that
/// are computed at once (`TensorWords`). The rules are the same, and so are their operations and the order of these.
protocol DerivativeWords {
  associatedtype Operand
  /// A rank-0 constant of the type of `x`.
  func scalar(_ value: Double, like x: Operand) -> Operand
  func unary(_ operation: UnaryOperation, _ x: Operand) throws -> Operand
  func binary(_ operation: BinaryOperation, _ x: Operand, _ y: Operand) throws -> Operand
  func compare(_ operation: Comparison, _ x: Operand, _ y: Operand) throws -> Operand
  func select(_ condition: Operand, _ x: Operand, _ y: Operand) throws -> Operand
  func shape(_ x: Operand) -> Shape
  /// The sum over axes, which are dropped; of no axes `x` itself.
  func sum(_ x: Operand, _ axes: [Int]) throws -> Operand
  /// The elements of `x` in the form of `target`.
  func reshaped(_ x: Operand, like target: Operand) throws -> Operand
}

extension DerivativeWords {
  func add(_ x: Operand, _ y: Operand) throws -> Operand { try binary(.add, x, y) }
  func subtract(_ x: Operand, _ y: Operand) throws -> Operand { try binary(.subtract, x, y) }
  func multiply(_ x: Operand, _ y: Operand) throws -> Operand { try binary(.multiply, x, y) }
  func divide(_ x: Operand, _ y: Operand) throws -> Operand { try binary(.divide, x, y) }
  func negate(_ x: Operand) throws -> Operand { try unary(.negate, x) }

  /// The adjoint of broadcasting `target` to the shape of `cotangent`: sums over the axes that were repeated.
  func unbroadcast(_ cotangent: Operand, to target: Operand) throws -> Operand {
    let (from, to) = (shape(cotangent), shape(target))
    if from == to { return try reshaped(cotangent, like: target) }
    let offset = from.count - to.count
    let axes = from.indices.filter { $0 < offset || (to[$0 - offset] == 1 && from[$0] != 1) }
    return try reshaped(sum(cotangent, axes), like: target)
  }
}

/// The derivatives of the elementwise functions of one argument, `x`, and of two, given the result and its cotangent.
struct ElementwiseRule<Words: DerivativeWords> {
  let words: Words
  let x: Words.Operand
  let y: Words.Operand
  let output: Words.Operand
  let cotangent: Words.Operand

  /// The cotangent times the derivative of one function of one argument.
  func unary(_ operation: UnaryOperation) throws -> Words.Operand? {
    let (b, x, y, g) = (words, x, output, cotangent)
    func one(_ value: Double) -> Words.Operand { b.scalar(value, like: x) }
    func square(_ v: Words.Operand) throws -> Words.Operand { try b.multiply(v, v) }
    switch operation {
    case .sign, .floor, .ceil, .round, .not, .isNaN, .isFinite: return nil
    case .negate: return try b.negate(g)
    case .abs: return try b.multiply(g, b.unary(.sign, x))
    case .sqrt: return try b.divide(b.multiply(g, one(0.5)), y)
    case .exp: return try b.multiply(g, y)
    case .expm1: return try b.multiply(g, b.add(y, one(1)))
    case .log: return try b.divide(g, x)
    case .log1p: return try b.divide(g, b.add(x, one(1)))
    case .sin: return try b.multiply(g, b.unary(.cos, x))
    case .cos: return try b.negate(b.multiply(g, b.unary(.sin, x)))
    case .tan: return try b.multiply(g, b.add(one(1), square(y)))
    case .asin: return try b.divide(g, b.unary(.sqrt, b.subtract(one(1), square(x))))
    case .acos: return try b.negate(b.divide(g, b.unary(.sqrt, b.subtract(one(1), square(x)))))
    case .atan: return try b.divide(g, b.add(one(1), square(x)))
    case .sinh: return try b.multiply(g, b.unary(.cosh, x))
    case .cosh: return try b.multiply(g, b.unary(.sinh, x))
    case .tanh: return try b.multiply(g, b.subtract(one(1), square(y)))
    case .sigmoid: return try b.multiply(g, b.multiply(y, b.subtract(one(1), y)))
    case .softplus: return try b.multiply(g, b.unary(.sigmoid, x))
    case .erf:
      let density = try b.unary(.exp, b.negate(square(x)))
      return try b.multiply(g, b.multiply(density, one(1.128379167095512573896158903121545)))
    case .gelu: return try b.multiply(g, geluSlope(x))
    }
  }

  /// Φ(x) + x φ(x), the derivative of x Φ(x).
  private func geluSlope(_ x: Words.Operand) throws -> Words.Operand {
    let b = words
    func one(_ value: Double) -> Words.Operand { b.scalar(value, like: x) }
    let scaled = try b.multiply(x, one(0.707106781186547524400844362104849))
    let below = try b.multiply(b.add(b.unary(.erf, scaled), one(1)), one(0.5))
    let bell = try b.unary(.exp, b.multiply(b.multiply(x, x), one(-0.5)))
    let density = try b.multiply(bell, one(0.398942280401432677939946059934381))
    return try b.add(below, b.multiply(x, density))
  }

  /// The cotangents of both arguments, summed over the axes along which each was repeated.
  func binary(
    _ operation: BinaryOperation, needed: (x: Bool, y: Bool)
  ) throws -> (x: Words.Operand?, y: Words.Operand?) {
    let (b, g) = (words, cotangent)
    func forX(_ make: () throws -> Words.Operand) throws -> Words.Operand? {
      needed.x ? try b.unbroadcast(make(), to: x) : nil
    }
    func forY(_ make: () throws -> Words.Operand) throws -> Words.Operand? {
      needed.y ? try b.unbroadcast(make(), to: y) : nil
    }
    switch operation {
    case .and, .or, .xor, .floorDivide: return (nil, nil)
    case .add: return (try forX { g }, try forY { g })
    case .subtract:
      // The sum first: it has fewer elements to negate.
      return (try forX { g }, needed.y ? try b.negate(b.unbroadcast(g, to: y)) : nil)
    case .multiply: return (try forX { try b.multiply(g, y) }, try forY { try b.multiply(g, x) })
    case .divide:
      return (
        try forX { try b.divide(g, y) }, try forY { try b.negate(b.divide(b.multiply(g, output), y)) }
      )
    case .remainder:
      return (
        try forX { g }, try forY { try b.negate(b.multiply(g, b.binary(.floorDivide, x, y))) }
      )
    case .power: return (try forX { try powerBase() }, try forY { try powerExponent() })
    case .atan2:
      // atan2(x, y): the first argument is the ordinate.
      let scale = try b.divide(g, b.add(b.multiply(x, x), b.multiply(y, y)))
      return (try forX { try b.multiply(scale, y) }, try forY { try b.negate(b.multiply(scale, x)) })
    case .minimum, .maximum:
      let first = try b.compare(operation == .minimum ? .lessEqual : .greaterEqual, x, y)
      let zero = b.scalar(0, like: g)
      return (
        try forX { try b.select(first, g, zero) }, try forY { try b.select(first, zero, g) }
      )
    }
  }

  /// y x^(y - 1), and 0 where y is 0 also at x = 0: there the base is taken to be 1, so that further derivatives are 0 too.
  private func powerBase() throws -> Words.Operand {
    let b = words
    let zero = b.scalar(0, like: y)
    let isConstant = try b.binary(.and, b.compare(.equal, y, zero), b.compare(.equal, x, b.scalar(0, like: x)))
    let base = try b.select(isConstant, b.scalar(1, like: x), x)
    let lower = try b.binary(.power, base, b.subtract(y, b.scalar(1, like: y)))
    return try b.multiply(cotangent, b.multiply(y, lower))
  }

  /// x^y log x, and 0 where x is 0 or below.
  private func powerExponent() throws -> Words.Operand {
    let b = words
    let zero = b.scalar(0, like: x)
    let positive = try b.compare(.greater, x, zero)
    let inside = try b.select(positive, x, b.scalar(1, like: x))
    return try b.multiply(cotangent, b.multiply(output, b.unary(.log, inside)))
  }
}

/// The words of the rules as operations on tensors, which leave no trace: with the bits of those that a trace runs.
final class TensorWords: DerivativeWords {
  private var constants: [(value: Double, type: ElementType, tensor: Tensor)] = []

  func scalar(_ value: Double, like x: Tensor) -> Tensor {
    if let known = constants.first(where: { $0.value == value && $0.type == x.type }) { return known.tensor }
    let made = Tensor.scalar(value, x.type)
    constants.append((value, x.type, made))
    return made
  }

  func unary(_ operation: UnaryOperation, _ x: Tensor) throws -> Tensor {
    try plainUnary(operation, x) ?? evaluate(.unary(operation), [x])
  }
  func binary(_ operation: BinaryOperation, _ x: Tensor, _ y: Tensor) throws -> Tensor {
    try plainBinary(operation, x, y) ?? evaluate(.binary(operation), [x, y])
  }
  func compare(_ operation: Comparison, _ x: Tensor, _ y: Tensor) throws -> Tensor {
    try evaluate(.compare(operation), [x, y])
  }
  func select(_ condition: Tensor, _ x: Tensor, _ y: Tensor) throws -> Tensor {
    try evaluate(.select, [condition, x, y])
  }
  func shape(_ x: Tensor) -> Shape { x.shape }
  func sum(_ x: Tensor, _ axes: [Int]) throws -> Tensor {
    axes.isEmpty ? x : try evaluate(.reduce(.sum, axes: axes), [x])
  }
  func reshaped(_ x: Tensor, like target: Tensor) throws -> Tensor {
    x.shape == target.shape ? x : try x.reshaped(target.shape)
  }
}
