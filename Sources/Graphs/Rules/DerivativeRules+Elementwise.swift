import Tensors

extension DerivativeStep {
  /// The cotangent times the derivative of one function of one argument.
  func unary(_ operation: UnaryOperation) throws -> NodeID? {
    try ElementwiseRule(words: build, x: inputs[0], y: inputs[0], output: output, cotangent: cotangent).unary(operation)
  }

  /// The cotangents of both arguments, summed over the axes along which each was repeated.
  func binary(_ operation: BinaryOperation) throws -> [NodeID?] {
    let rule = ElementwiseRule(words: build, x: inputs[0], y: inputs[1], output: output, cotangent: cotangent)
    let (x, y) = try rule.binary(operation, needed: (needed[0], needed[1]))
    return [x, y]
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
