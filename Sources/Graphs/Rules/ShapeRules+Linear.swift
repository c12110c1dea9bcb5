import Tensors

extension Operands {
  /// Matrices in the last two axes; the leading axes of two operands are equal.
  func linear(_ function: LinearFunction) throws -> (Shape, ElementType) {
    try checkSameType()
    guard types[0].isFloat else { throw error("needs floating-point elements", help: "cast them to f32 or f64") }
    for shape in shapes where shape.count < 2 { throw error("needs matrices: at least two axes") }
    let (lead, m, n) = (Array(shapes[0].dropLast(2)), shapes[0][shapes[0].count - 2], shapes[0][shapes[0].count - 1])
    if function.needsSquare, m != n { throw error("needs a square matrix, not \(m) by \(n)") }
    var columns = 0
    if shapes.count == 2 {
      let other = shapes[1]
      columns = other[other.count - 1]
      guard Array(other.dropLast(2)) == lead else { throw error("cannot combine the leading axes") }
      guard other[other.count - 2] == m else {
        throw error(
          "cannot solve \(m) equations with \(other[other.count - 2]) right sides' rows",
          help: "the first operand's rows and the second's must agree")
      }
      if case .quotient = function, columns != n { throw error("needs operands of one shape") }
    }
    let (tail, overflow) = (function.resultShape(m, n, columns), m.multipliedReportingOverflow(by: n).overflow)
    guard !overflow else { throw error("cannot make so large a result") }
    var type = types[0]
    if case .rank = function { type = .i64 }
    return (try checked(lead + tail), type)
  }
}
