import Tensors

extension DerivativeStep {
  func reduce(_ operation: Reduction, _ axes: [Int]) throws -> NodeID? {
    switch operation {
    case .any, .all: return nil
    case .sum: return try build.restore(cotangent, axes: axes, of: shape(0))
    case .product: return try product(axes)
    case .max, .min: return try extremum(isMax: operation == .max, axes)
    }
  }

  /// The product of all other elements: right also where one or several are zero (to first order there).
  private func product(_ axes: [Int]) throws -> NodeID {
    let (b, x) = (build, inputs[0])
    let (zero, one) = (b.scalar(0, like: x), b.scalar(1, like: x))
    let isZero = try b.compare(.equal, x, zero)
    let nonzero = try b.select(isZero, one, x)
    let zeros = try b.sum(b.select(isZero, one, zero), axes)
    let product = try b.apply(.reduce(.product, axes: axes), [nonzero])
    let all = try b.restore(product, axes: axes, of: shape(0))
    let zeroCount = try b.restore(zeros, axes: axes, of: shape(0))
    let others = try b.select(
      b.compare(.equal, zeroCount, zero), b.divide(all, nonzero),
      b.select(b.binary(.and, isZero, b.compare(.equal, zeroCount, one)), all, zero))
    return try b.multiply(b.restore(cotangent, axes: axes, of: shape(0)), others)
  }

  /// The whole cotangent goes to the first element that attains the extremum.
  private func extremum(isMax: Bool, _ axes: [Int]) throws -> NodeID {
    let (b, full) = (build, shape(0))
    let kept = full.indices.filter { !axes.contains($0) }
    let order = kept + axes
    let length = axes.reduce(1) { $0 * full[$1] }
    let keptShape = kept.map { full[$0] }
    let rows = try b.reshape(b.transpose(inputs[0], order), keptShape + [length])
    let first = try b.apply(.argReduce(isMax: isMax, axis: keptShape.count), [rows])
    let spread = try b.apply(.unpick(count: length), [first, cotangent])
    return try b.transpose(b.reshape(spread, order.map { full[$0] }), order.inverse)
  }

  /// Sums from the other end.
  func cumulativeSum(_ axis: Int) throws -> NodeID {
    let reversed = try flip(cotangent, axis)
    return try flip(build.apply(.cumulativeSum(axis: axis), [reversed]), axis)
  }

  private func flip(_ x: NodeID, _ axis: Int) throws -> NodeID {
    let counts = shape(0)
    guard counts[axis] > 0 else { return x }
    var starts = Array(repeating: 0, count: counts.count)
    var steps = Array(repeating: 1, count: counts.count)
    starts[axis] = counts[axis] - 1
    steps[axis] = -1
    return try build.apply(.slice(starts: starts, counts: counts, steps: steps), [x])
  }

  /// Undoes the sort: each place takes the cotangent of where its element went.
  func sort(_ axis: Int) throws -> NodeID {
    let (b, full) = (build, shape(0))
    let order = full.indices.filter { $0 != axis } + [axis]
    let length = full[axis]
    let rows = full.reduce(1, *) / Swift.max(length, 1)
    func asRows(_ x: NodeID) throws -> NodeID { try b.reshape(b.transpose(x, order), [rows, length]) }
    let went = try b.apply(.argSort(axis: 1), [asRows(b.apply(.argSort(axis: axis), [inputs[0]]))])
    let start = try b.trace.apply(.iota(shape: [rows, 1], axis: 0, type: .i64), [], origin: b.origin)
    let place = try b.add(went, b.multiply(start, b.trace.scalar(Double(length), .i64)))
    let flat = try b.reshape(asRows(cotangent), [rows * length])
    let sorted = try b.apply(.gather, [flat, b.reshape(place, [rows * length])])
    return try b.transpose(b.reshape(sorted, order.map { full[$0] }), order.inverse)
  }
}
