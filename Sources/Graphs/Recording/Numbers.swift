import Tensors

/// Arithmetic of the language's integers: 64 bits, leaving the range is an error.
enum IntegerArithmetic {
  /// Whether an operation on i64 numbers must be checked; all others run as on tensors.
  static func isChecked(_ primitive: Primitive, _ type: ElementType) -> Bool {
    guard type == .i64 else { return false }
    switch primitive {
    case .unary(.negate), .unary(.abs), .convert: return true
    case .binary(let operation):
      switch operation {
      case .add, .subtract, .multiply, .floorDivide, .remainder, .power: return true
      default: return false
      }
    default: return false
    }
  }

  /// The result of an operation that is checked, on operands of a type, or why there is none. What takes one reads `x`.
  static func result(
    _ primitive: Primitive, _ type: ElementType, _ x: UnsafeRawPointer, _ y: UnsafeRawPointer
  ) -> Result<Int, GraphError> {
    switch primitive {
    case .unary(let operation): unary(operation, x.load(as: Int.self))
    case .binary(let operation): binary(operation, x.load(as: Int.self), y.load(as: Int.self))
    case .convert: convert(type, x)
    default: .success(0)
    }
  }

  /// The result of a unary operation, or why there is none.
  static func unary(_ operation: UnaryOperation, _ x: Int) -> Result<Int, GraphError> {
    if x == .min { return .failure(GraphError(.overflow(operation: operation == .abs ? "abs" : "-", 0, x))) }
    return .success(operation == .abs ? Swift.abs(x) : -x)
  }

  /// A number of any type without its fraction, or why it is no integer.
  static func convert(_ type: ElementType, _ x: UnsafeRawPointer) -> Result<Int, GraphError> {
    let value: Double
    switch type {
    case .f64: value = x.load(as: Double.self)
    case .f32: value = Double(x.load(as: Float.self))
    case .i64: return .success(x.load(as: Int.self))
    case .i32: return .success(Int(x.load(as: Int32.self)))
    case .bool: return .success(x.load(as: UInt8.self) != 0 ? 1 : 0)
    }
    guard let whole = Int(exactly: value.rounded(.towardZero)) else { return .failure(GraphError(.noInteger(value))) }
    return .success(whole)
  }

  /// The result of a binary operation, or why there is none.
  static func binary(_ operation: BinaryOperation, _ x: Int, _ y: Int) -> Result<Int, GraphError> {
    switch operation {
    case .add: return checked(x.addingReportingOverflow(y), "+", x, y)
    case .subtract: return checked(x.subtractingReportingOverflow(y), "-", x, y)
    case .multiply: return checked(x.multipliedReportingOverflow(by: y), "*", x, y)
    case .floorDivide:
      guard y != 0 else { return .failure(GraphError(.divisionByZero(operation: "//"))) }
      guard !(x == .min && y == -1) else { return .failure(GraphError(.overflow(operation: "//", x, y))) }
      let quotient = x / y
      return .success(x % y != 0 && (x < 0) != (y < 0) ? quotient - 1 : quotient)
    case .remainder:
      guard y != 0 else { return .failure(GraphError(.divisionByZero(operation: "%"))) }
      guard y != -1 else { return .success(0) }
      let rest = x % y
      return .success(rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest)
    case .power: return power(x, y)
    default: return .success(0)
    }
  }

  private static func checked(
    _ outcome: (partialValue: Int, overflow: Bool), _ sign: String, _ x: Int, _ y: Int
  ) -> Result<Int, GraphError> {
    outcome.overflow ? .failure(GraphError(.overflow(operation: sign, x, y))) : .success(outcome.partialValue)
  }

  private static func power(_ base: Int, _ exponent: Int) -> Result<Int, GraphError> {
    guard exponent >= 0 else { return .failure(GraphError(.negativeExponent(exponent))) }
    var (result, square, rest) = (1, base, exponent)
    while rest > 0 {
      if rest & 1 == 1 {
        let (product, overflow) = result.multipliedReportingOverflow(by: square)
        if overflow { return .failure(GraphError(.overflow(operation: "^", base, exponent))) }
        result = product
      }
      rest >>= 1
      if rest > 0 {
        let (next, overflow) = square.multipliedReportingOverflow(by: square)
        if overflow { return .failure(GraphError(.overflow(operation: "^", base, exponent))) }
        square = next
      }
    }
    return .success(result)
  }
}
