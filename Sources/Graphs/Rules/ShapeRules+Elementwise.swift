import Tensors

extension Operands {
  func unary(_ operation: UnaryOperation) throws -> (Shape, ElementType) {
    let type = types[0]
    switch operation {
    case .not:
      guard type == .bool else { throw error("needs a boolean") }
      return (shapes[0], .bool)
    case .isNaN, .isFinite:
      guard type.isFloat else { throw error("needs floating-point elements") }
      return (shapes[0], .bool)
    case .negate, .abs, .sign, .floor, .ceil, .round:
      guard type != .bool else { throw error("is not defined for booleans") }
    default:
      guard type.isFloat else { throw error("needs floating-point elements") }
    }
    return (shapes[0], type)
  }

  func binary(_ operation: BinaryOperation) throws -> (Shape, ElementType) {
    try checkSameType()
    switch operation {
    case .and, .or, .xor:
      guard types[0] == .bool else { throw error("needs booleans") }
    case .divide, .atan2:
      guard types[0].isFloat else { throw error("needs floating-point elements") }
    default:
      guard types[0] != .bool else { throw error("is not defined for booleans") }
    }
    return (try broadcast(), types[0])
  }

  func select() throws -> (Shape, ElementType) {
    guard types[0] == .bool else { throw error("needs a boolean condition") }
    try checkSameType(from: 1)
    return (try broadcast(), types[1])
  }

  /// The common shape of all operands by NumPy's rules: aligned at the last axis, an extent of 1 repeats.
  func broadcast() throws -> Shape {
    var result = shapes[0]
    for shape in shapes.dropFirst() {
      guard let common = Shape.broadcast(result, shape) else {
        throw error("cannot combine these shapes", help: "extents must be equal or 1, counted from the last axis")
      }
      result = common
    }
    return try checked(result)
  }

  func broadcast(to shape: Shape) throws -> (Shape, ElementType) {
    _ = try checked(shape)
    guard Shape.broadcast(shapes[0], shape) == shape else { throw error("cannot repeat this into \(shape)") }
    return (shape, types[0])
  }
}

extension Shape {
  /// The common shape of two by NumPy's rules, or nil.
  public static func broadcast(_ a: Shape, _ b: Shape) -> Shape? {
    if a == b { return a }
    let (long, short) = a.count >= b.count ? (a, b) : (b, a)
    var result = long
    let offset = long.count - short.count
    for (i, extent) in short.enumerated() where extent != 1 {
      if long[offset + i] == 1 {
        result[offset + i] = extent
      } else if long[offset + i] != extent {
        return nil
      }
    }
    return result
  }
}
