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

  /// The product of all other elements, by a tree of products of two: right also where elements are zero, and to any order.
  private func product(_ axes: [Int]) throws -> NodeID {
    let (b, full) = (build, shape(0))
    let kept = full.indices.filter { !axes.contains($0) }
    let order = kept + axes
    let (count, length) = (kept.reduce(1) { $0 * full[$1] }, axes.reduce(1) { $0 * full[$1] })
    guard length > 1, count > 0 else { return try b.restore(cotangent, axes: axes, of: full) }
    func every(_ x: NodeID, from start: Int, step: Int, _ size: Int) throws -> NodeID {
      try b.apply(.slice(starts: [0, start], counts: [count, size], steps: [1, step]), [x])
    }
    // Up to the product of all; of an odd number the last has a one beside it.
    var row = try b.reshape(b.transpose(inputs[0], order), [count, length])
    let ones = try b.apply(.broadcast([count, 1]), [b.scalar(1, like: row)])
    var (pairs, size): ([(left: NodeID, right: NodeID, size: Int)], Int) = ([], length)
    while size > 1 {
      if size % 2 == 1 { row = try b.apply(.concat(axis: 1), [row, ones]) }
      let half = (size + 1) / 2
      let (left, right) = (try every(row, from: 0, step: 2, half), try every(row, from: 1, step: 2, half))
      pairs.append((left, right, size))
      (row, size) = (try b.multiply(left, right), half)
    }
    // And down: one of two has the cotangent of both, times the other.
    var slope = try b.reshape(cotangent, [count, 1])
    for (left, right, size) in pairs.reversed() {
      let half = (size + 1) / 2
      let both = try [b.multiply(slope, right), b.multiply(slope, left)].map { try b.reshape($0, [count, half, 1]) }
      slope = try b.reshape(b.apply(.concat(axis: 2), both), [count, 2 * half])
      if size % 2 == 1 { slope = try every(slope, from: 0, step: 1, size) }
    }
    return try b.transpose(b.reshape(slope, order.map { full[$0] }), order.inverse)
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
