/// Elementwise functions of one argument. The result has the argument's type; functions that need a fraction (`exp`
/// …) take floats only.
public enum UnaryOperation: UInt8, Sendable, CaseIterable, Hashable {
  case negate, abs, sign, sqrt, exp, expm1, log, log1p, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, sigmoid,
    softplus, erf
  case gelu, floor, ceil, round
  /// Bool to bool.
  case not
  /// Float to bool.
  case isNaN, isFinite
}

/// Elementwise functions of two arguments of one type, broadcast by NumPy's rules.
public enum BinaryOperation: UInt8, Sendable, CaseIterable, Hashable {
  case add, subtract, multiply, divide
  /// Rounds towards minus infinity; the remainder has the divisor's sign.
  case floorDivide, remainder
  case power, atan2
  /// The first argument wins ties (and takes the whole gradient there); NaN if either is NaN.
  case minimum, maximum
  /// On bools.
  case and, or, xor
}

/// Elementwise comparisons of two arguments of one type; the result is bool.
public enum Comparison: UInt8, Sendable, CaseIterable, Hashable {
  case equal, notEqual, less, lessEqual, greater, greaterEqual
}

/// Reductions over a set of axes, which are dropped. Sums and products follow the fixed order of DESIGN.md
/// ("Exactness").
public enum Reduction: UInt8, Sendable, CaseIterable, Hashable {
  case sum, product, max, min
  /// On bools.
  case any, all
}

/// Distributions whose draws are a pure function of (key, element index): Philox 4x32-10.
public enum Distribution: Sendable, Hashable {
  /// Uniform on [0, 1): 24 bits for f32, 53 for f64.
  case uniform
  /// Standard normal (our own transform of the uniform words, the same bits everywhere).
  case normal
  /// Integers in `low ..< high`, unbiased.
  case integer(low: Int, high: Int)
}
