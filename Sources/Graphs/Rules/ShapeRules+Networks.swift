import Tensors

extension Operands {
  /// x [networks, inputs, lanes] or [inputs, lanes], code [networks, words], weights [networks, connections], shared [lanes] →
  /// [networks, outputs, lanes].
  func network(_ outputs: Int) throws -> (Shape, ElementType) {
    let (x, code, weights, shared) = (shapes[0], shapes[1], shapes[2], shapes[3])
    guard types[0].isFloat, types[2] == types[0], types[3] == types[0] else {
      throw error("needs observations, weights and shared weights of one floating-point type")
    }
    guard types[1] == .i64, code.count == 2, weights.count == 2, weights[0] == code[0] else {
      throw error("needs a code [networks, words] of whole numbers and weights [networks, connections]")
    }
    guard x.count == 2 || (x.count == 3 && x[0] == code[0]) else {
      throw error("needs observations [networks, inputs, lanes], or [inputs, lanes] for all \(code[0]) networks")
    }
    guard shared == [x[x.count - 1]] else {
      throw error("needs one shared weight for each of the \(x[x.count - 1]) lanes")
    }
    guard outputs >= 0 else { throw error("cannot have \(outputs) outputs") }
    return (try checked([code[0], outputs, x[x.count - 1]]), types[0])
  }
}
