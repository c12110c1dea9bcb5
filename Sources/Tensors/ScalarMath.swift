import CKernels

/// Functions of doubles with exactly the bits of the f64 kernels, for numbers outside tensors.
public enum ScalarMath {
  /// Any float-to-float operation; `not`, `isNaN` and `isFinite` give NaN.
  public static func apply(_ operation: UnaryOperation, _ x: Double) -> Double {
    ck_current.pointee.scalar_unary(Int32(operation.rawValue), x)
  }
  /// Any arithmetic operation of two doubles; the logical ones give NaN.
  public static func apply(_ operation: BinaryOperation, _ x: Double, _ y: Double) -> Double {
    ck_current.pointee.scalar_binary(Int32(operation.rawValue), x, y)
  }
  /// e^x.
  public static func exp(_ x: Double) -> Double { apply(.exp, x) }
  /// e^x - 1.
  public static func expm1(_ x: Double) -> Double { apply(.expm1, x) }
  /// Natural logarithm.
  public static func log(_ x: Double) -> Double { apply(.log, x) }
  /// ln(1 + x).
  public static func log1p(_ x: Double) -> Double { apply(.log1p, x) }
  /// Sine of radians.
  public static func sin(_ x: Double) -> Double { apply(.sin, x) }
  /// Cosine of radians.
  public static func cos(_ x: Double) -> Double { apply(.cos, x) }
  /// Tangent of radians.
  public static func tan(_ x: Double) -> Double { apply(.tan, x) }
  /// Hyperbolic tangent.
  public static func tanh(_ x: Double) -> Double { apply(.tanh, x) }
  /// x^y.
  public static func pow(_ x: Double, _ y: Double) -> Double { apply(.power, x, y) }
  /// Angle of (x: second, y: first).
  public static func atan2(_ y: Double, _ x: Double) -> Double { apply(.atan2, y, x) }
  /// Square root.
  public static func sqrt(_ x: Double) -> Double { x.squareRoot() }
  /// x - floor(x / y) * y, exactly; the sign of y.
  public static func remainder(_ x: Double, _ y: Double) -> Double { apply(.remainder, x, y) }
  /// floor(x / y) as if the quotient were exact.
  public static func floorDivide(_ x: Double, _ y: Double) -> Double { apply(.floorDivide, x, y) }
}
