extension LinearAlgebra {
  /// A function of single matrices of one float type. Throws `badType`, `shapeMismatch` or what `run` throws.
  public static func apply(_ function: LinearFunction, _ operands: [Tensor]) throws -> Tensor {
    guard operands.count == function.operandCount, let a = operands.first, let b = operands.last else {
      throw TensorError(.other(operation: function.name), "\(function.name) takes \(function.operandCount) matrices")
    }
    for operand in operands where !operand.type.isFloat || operand.type != a.type {
      throw TensorError.types(function.name, a.type, operand.type)
    }
    var mustAgree = false
    if case .quotient = function { mustAgree = true }
    guard a.rank == 2, b.rank == 2, b.shape[0] == a.shape[0], !function.needsSquare || a.shape[0] == a.shape[1],
      !mustAgree || a.shape == b.shape
    else { throw TensorError.shapes(function.name, a.shape, b.shape) }
    let k = operands.count == 2 ? b.shape[1] : 0
    let kernel = LinearAlgebra(function, m: a.shape[0], n: a.shape[1], k: k, type: a.type)
    let result = try Tensor(uninitialized: function.resultShape(a.shape[0], a.shape[1], k), type: .f64)
    let (x, y) = (try a.doubles(), try b.doubles())
    try withExtendedLifetime((x, y)) {
      try kernel.run(
        x.pointer.assumingMemoryBound(to: Double.self), y.pointer.assumingMemoryBound(to: Double.self),
        result.pointer.assumingMemoryBound(to: Double.self))
    }
    if a.type == .f64 { return result }
    let narrow = try Tensor(uninitialized: result.shape, type: .f32)
    Kernels.convert(from: .f64, to: .f32, result.pointer, narrow.pointer, count: result.count)
    return withExtendedLifetime(result) { narrow }
  }
}

extension Tensor {
  fileprivate func doubles() throws -> Tensor {
    if type == .f64 { return self }
    let wide = try Tensor(uninitialized: shape, type: .f64)
    Kernels.convert(from: type, to: .f64, pointer, wide.pointer, count: count)
    return wide
  }
}
