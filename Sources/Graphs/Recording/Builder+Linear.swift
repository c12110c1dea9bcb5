import Tensors

/// Words for the derivatives of functions of matrices, which lie in the last two axes.
extension Builder {
  func lead(_ x: NodeID) -> Shape { Array(trace.shape(x).dropLast(2)) }

  func product(
    _ x: NodeID, _ y: NodeID, transposeX: Bool = false, transposeY: Bool = false
  ) throws -> NodeID {
    try apply(.matmul(transposeA: transposeX, transposeB: transposeY), [x, y])
  }

  func triangular(
    _ t: NodeID, _ x: NodeID, upper: Bool, transposed: Bool, unit: Bool = false
  ) throws -> NodeID {
    try apply(.linear(.triangular(upper: upper, transposed: transposed, unit: unit)), [t, x])
  }

  func transposed(_ x: NodeID) throws -> NodeID {
    var order = Array(trace.shape(x).indices)
    order.swapAt(order.count - 1, order.count - 2)
    return try transpose(x, order)
  }

  /// `count` elements from `start` of each row of the last axis, in a shape of their own.
  func part(_ x: NodeID, _ start: Int, _ count: Int, _ shape: Shape) throws -> NodeID {
    let whole = trace.shape(x)
    return try reshape(cut(x, whole.count - 1, start, count), whole.dropLast() + shape)
  }

  func rows(_ x: NodeID, _ start: Int, _ count: Int) throws -> NodeID {
    try cut(x, trace.shape(x).count - 2, start, count)
  }

  func columns(_ x: NodeID, _ start: Int, _ count: Int) throws -> NodeID {
    try cut(x, trace.shape(x).count - 1, start, count)
  }

  private func cut(_ x: NodeID, _ axis: Int, _ start: Int, _ count: Int) throws -> NodeID {
    var counts = trace.shape(x)
    if counts[axis] == count { return x }
    var starts = counts.map { _ in 0 }
    (starts[axis], counts[axis]) = (start, count)
    return try apply(.slice(starts: starts, counts: counts, steps: counts.map { _ in 1 }), [x])
  }

  /// Row and column numbers of a matrix of x's extents, as a comparison: column - row against `offset`.
  private func mask(_ x: NodeID, _ comparison: Comparison, offset: Int) throws -> NodeID {
    let shape = trace.shape(x).suffix(2)
    let (m, n) = (shape[shape.startIndex], shape[shape.startIndex + 1])
    let row = try trace.apply(.iota(shape: [m, 1], axis: 0, type: .i64), [], origin: origin)
    let column = try trace.apply(.iota(shape: [1, n], axis: 1, type: .i64), [], origin: origin)
    return try compare(comparison, column, add(row, trace.scalar(Double(offset), .i64)))
  }

  /// The lower triangle: column ≤ row + offset.
  func lower(_ x: NodeID, offset: Int) throws -> NodeID {
    try select(mask(x, .lessEqual, offset: offset), x, scalar(0, like: x))
  }

  /// The upper triangle: column ≥ row + offset.
  func upper(_ x: NodeID, offset: Int) throws -> NodeID {
    try select(mask(x, .greaterEqual, offset: offset), x, scalar(0, like: x))
  }

  /// The lower triangle with half the diagonal.
  func halfLower(_ x: NodeID) throws -> NodeID {
    try multiply(add(lower(x, offset: 0), lower(x, offset: -1)), scalar(0.5, like: x))
  }

  /// The gradient of a function that reads the lower triangle of a symmetric matrix only, from that of the matrix.
  func lowerGradient(_ x: NodeID) throws -> NodeID {
    try halfLower(add(x, transposed(x)))
  }

  /// Matrices with the columns [..., n, 1] on their diagonals.
  func diagonal(_ x: NodeID) throws -> NodeID {
    let n = trace.shape(x)[trace.shape(x).count - 2]
    let whole = try apply(.broadcast(lead(x) + [n, n]), [x])
    return try select(mask(whole, .equal, offset: 0), whole, scalar(0, like: x))
  }

  /// Identity matrices of the shape of x.
  func identity(_ x: NodeID) throws -> NodeID {
    let shape = trace.shape(x)
    let one = try select(mask(x, .equal, offset: 0), scalar(1, like: x), scalar(0, like: x))
    return try apply(.broadcast(shape), [one])
  }

  /// A matrix of the extents of x with 1, 2, … on its diagonal: it has an inverse, a root, and vectors of their own.
  func diagonalCount(like x: NodeID) throws -> NodeID {
    let rows = trace.shape(x).suffix(2).first ?? 0
    let row = try trace.apply(.iota(shape: [rows, 1], axis: 0, type: trace.type(x)), [], origin: origin)
    return try select(mask(x, .equal, offset: 0), add(row, scalar(1, like: x)), scalar(0, like: x))
  }

  func repeated(_ x: NodeID, like other: NodeID) throws -> NodeID {
    try apply(.broadcast(trace.shape(other)), [x])
  }

  /// A one at the place that each number of the last axis names.
  func order(_ numbers: NodeID) throws -> NodeID {
    let count = trace.shape(numbers).last ?? 0
    let ids = try apply(.convert(.i64), [numbers])
    return try apply(.oneHot(count: count, type: trace.type(numbers)), [ids])
  }
}
