import Tensors

extension DerivativeStep {
  /// The cotangent times the derivative of one function of one argument.
  func unary(_ operation: UnaryOperation) throws -> NodeID? {
    let (b, x, y, g) = (build, inputs[0], output, cotangent)
    func one(_ value: Double) -> NodeID { b.scalar(value, like: x) }
    func square(_ v: NodeID) throws -> NodeID { try b.multiply(v, v) }
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
  private func geluSlope(_ x: NodeID) throws -> NodeID {
    let b = build
    func one(_ value: Double) -> NodeID { b.scalar(value, like: x) }
    let scaled = try b.multiply(x, one(0.707106781186547524400844362104849))
    let below = try b.multiply(b.add(b.unary(.erf, scaled), one(1)), one(0.5))
    let bell = try b.unary(.exp, b.multiply(b.multiply(x, x), one(-0.5)))
    let density = try b.multiply(bell, one(0.398942280401432677939946059934381))
    return try b.add(below, b.multiply(x, density))
  }

  /// The cotangents of both arguments, summed over the axes along which each was repeated.
  func binary(_ operation: BinaryOperation) throws -> [NodeID?] {
    let (b, x, y, g) = (build, inputs[0], inputs[1], cotangent)
    func forX(_ make: () throws -> NodeID) throws -> NodeID? {
      needed[0] ? try b.unbroadcast(make(), to: x) : nil
    }
    func forY(_ make: () throws -> NodeID) throws -> NodeID? {
      needed[1] ? try b.unbroadcast(make(), to: y) : nil
    }
    switch operation {
    case .and, .or, .xor, .floorDivide: return [nil, nil]
    case .add: return [try forX { g }, try forY { g }]
    case .subtract:
      // The sum first: it has fewer elements to negate.
      return [try forX { g }, needed[1] ? try b.negate(b.unbroadcast(g, to: y)) : nil]
    case .multiply: return [try forX { try b.multiply(g, y) }, try forY { try b.multiply(g, x) }]
    case .divide:
      return [
        try forX { try b.divide(g, y) }, try forY { try b.negate(b.divide(b.multiply(g, output), y)) },
      ]
    case .remainder:
      return [
        try forX { g }, try forY { try b.negate(b.multiply(g, b.binary(.floorDivide, x, y))) },
      ]
    case .power: return [try forX { try powerBase(x, y) }, try forY { try powerExponent(x) }]
    case .atan2:
      // atan2(x, y): the first argument is the ordinate.
      let scale = try b.divide(g, b.add(b.multiply(x, x), b.multiply(y, y)))
      return [try forX { try b.multiply(scale, y) }, try forY { try b.negate(b.multiply(scale, x)) }]
    case .minimum, .maximum:
      let first = try b.compare(operation == .minimum ? .lessEqual : .greaterEqual, x, y)
      let zero = b.scalar(0, like: g)
      return [
        try forX { try b.select(first, g, zero) }, try forY { try b.select(first, zero, g) },
      ]
    }
  }

  /// y x^(y - 1), and 0 where y is 0 also at x = 0.
  private func powerBase(_ x: NodeID, _ y: NodeID) throws -> NodeID {
    let b = build
    let lower = try b.binary(.power, x, b.subtract(y, b.scalar(1, like: y)))
    let slope = try b.multiply(y, lower)
    let zero = b.scalar(0, like: y)
    return try b.multiply(cotangent, b.select(b.compare(.equal, y, zero), zero, slope))
  }

  /// x^y log x, and 0 where x is 0 or below.
  private func powerExponent(_ x: NodeID) throws -> NodeID {
    let b = build
    let zero = b.scalar(0, like: x)
    let positive = try b.compare(.greater, x, zero)
    let inside = try b.select(positive, x, b.scalar(1, like: x))
    return try b.multiply(cotangent, b.multiply(output, b.unary(.log, inside)))
  }

  func select() throws -> [NodeID?] {
    let (b, g) = (build, cotangent)
    let zero = b.scalar(0, like: g)
    return [
      nil,
      needed[1] ? try b.unbroadcast(b.select(inputs[0], g, zero), to: inputs[1]) : nil,
      needed[2] ? try b.unbroadcast(b.select(inputs[0], zero, g), to: inputs[2]) : nil,
    ]
  }

  /// Between float types; a number's cotangent is a number again.
  func convert() throws -> NodeID? {
    let source = inputs[0]
    guard build.trace.type(source).isFloat else { return nil }
    let isNumber = build.trace.isNumber(source)
    return try build.trace.apply(
      .convert(build.trace.type(source)), [cotangent], isNumber: isNumber, origin: build.origin)
  }
}
