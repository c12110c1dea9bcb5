import Tensors

extension DerivativeStep {
  func transpose(_ order: [Int]) throws -> NodeID {
    try build.transpose(cotangent, order.inverse)
  }

  /// Both products that a matrix product's derivative is made of, without a transposed copy.
  func matmul(_ transposeA: Bool, _ transposeB: Bool) throws -> [NodeID?] {
    let (a, b, g) = (inputs[0], inputs[1], cotangent)
    func product(_ x: NodeID, _ tx: Bool, _ y: NodeID, _ ty: Bool) throws -> NodeID {
      try build.apply(.matmul(transposeA: tx, transposeB: ty), [x, y])
    }
    var result: [NodeID?] = [nil, nil]
    if needed[0] {
      let all = transposeA ? try product(b, transposeB, g, true) : try product(g, false, b, !transposeB)
      result[0] = try build.unbroadcast(all, to: a)
    }
    if needed[1] {
      // One weight matrix for many leading axes: a single product over all their rows.
      let single = shape(1).count == 2 && shape(0).count > 2 && !transposeA
      let (x, h) = single ? (try rows(a), try rows(g)) : (a, g)
      let all = transposeB ? try product(h, true, x, transposeA) : try product(x, !transposeA, h, false)
      result[1] = try build.unbroadcast(all, to: b)
    }
    return result
  }

  /// All leading axes as one.
  private func rows(_ x: NodeID) throws -> NodeID {
    let shape = build.trace.shape(x)
    return try build.reshape(x, [shape.dropLast().reduce(1, *), shape[shape.count - 1]])
  }

  func concat(_ axis: Int) throws -> [NodeID?] {
    var start = 0
    return try inputs.indices.map { i in
      let counts = shape(i)
      var starts = Array(repeating: 0, count: counts.count)
      starts[axis] = start
      start += counts[axis]
      guard needed[i] else { return nil }
      let steps = Array(repeating: 1, count: counts.count)
      return try build.apply(.slice(starts: starts, counts: counts, steps: steps), [cotangent])
    }
  }

  func dynamicSlice() throws -> [NodeID?] {
    let zeros = try build.filled(0, shape(0), node.type)
    return [try build.apply(.dynamicUpdate, [zeros, inputs[1], cotangent]), nil]
  }

  func dynamicUpdate() throws -> [NodeID?] {
    let count = shape(2)[0]
    var result: [NodeID?] = [nil, nil, nil]
    if needed[0] {
      let zeros = try build.filled(0, shape(2), node.type)
      result[0] = try build.apply(.dynamicUpdate, [cotangent, inputs[1], zeros])
    }
    if needed[2] { result[2] = try build.apply(.dynamicSlice(count: count), [cotangent, inputs[1]]) }
    return result
  }
}

extension [Int] {
  /// The permutation that undoes this one.
  var inverse: [Int] {
    var result = self
    for (place, axis) in enumerated() { result[axis] = place }
    return result
  }
}
