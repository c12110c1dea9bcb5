import Tensors

extension Trace {
  /// Reverse mode: the derivative of `y` (weighted by `seed`, by default 1 everywhere) with respect to each of `wrt`,
  /// recorded into this same trace, so that derivatives of derivatives are compositions. Zeros where `y` does not
  /// depend on it.
  ///
  /// Only uses of the very nodes in `wrt` count: differentiate with respect to a `fresh` node.
  public func gradient(of y: NodeID, seed: NodeID? = nil, wrt: [NodeID]) throws -> [NodeID] {
    if let seed, shape(seed) != shape(y) || type(seed) != type(y) {
      throw Operands(primitive: .stopGradient, shapes: [shape(y), shape(seed)], types: [type(y), type(seed)])
        .error("and its seed need one shape and type")
    }
    let found = try gradients(of: [(y, seed)], wrt: wrt)
    return try zip(wrt, found).map { node, gradient in try gradient ?? filled(0, like: node) }
  }

  /// Reverse mode of several values at once, each weighted by a seed of its form (1 everywhere where there is none):
  /// the sum of the derivatives, nil where nothing depends on a variable.
  func gradients(of values: [(NodeID, NodeID?)], wrt: [NodeID]) throws -> [NodeID?] {
    guard let last = values.map(\.0).max() else { return wrt.map { _ in nil } }
    let reached = dependents(of: wrt, upTo: last)
    var cotangents = Cotangents(count: last.index + 1)
    let first = wrt.map(\.index).min() ?? 0
    for (value, seed) in values where reached[value.index] {
      try cotangents.add(seed ?? filled(1, like: value), to: value.index, Builder(trace: self, origin: 0))
    }
    for index in stride(from: last.index, through: first, by: -1) where reached[index] {
      try propagate(through: NodeID(index), reached, &cotangents)
    }
    return try wrt.map { node in
      node <= last ? try cotangents.settled(node.index, Builder(trace: self, origin: 0)) : nil
    }
  }

  /// Adds the cotangents that node `index` hands to those of its inputs that lead to the variables asked for.
  func propagate(through id: NodeID, _ reached: [Bool], _ cotangents: inout Cotangents) throws {
    let node = nodes[id.index]
    guard node.inputs.contains(where: { reached[$0.index] }) else { return }
    let build = Builder(trace: self, origin: node.origin)
    let needed = node.inputs.map { reached[$0.index] }
    let contributions: [NodeID?]
    if case .program(let program) = node.primitive {
      guard let results = cotangents.ofResults(id.index, count: program.results.count) else { return }
      contributions = try program.contributions(
        ProgramDerivative(node: id, operands: node.inputs, cotangents: results, needed: needed, build: build))
    } else {
      guard let cotangent = try cotangents.settled(id.index, build) else { return }
      switch node.primitive {
      case .result(let result, _, _): return try cotangents.add(cotangent, to: node.inputs[0].index, result, build)
      case .slice(let starts, let counts, let steps):
        let slice = SliceCotangent(starts: starts, counts: counts, steps: steps, cotangent: cotangent)
        return cotangents.add(slice, to: node.inputs[0].index, shape: shape(node.inputs[0]))
      default: break
      }
      let step = DerivativeStep(node: node, output: id, cotangent: cotangent, needed: needed, build: build)
      contributions = try step.contributions()
    }
    for (input, contribution) in zip(node.inputs, contributions) where reached[input.index] {
      guard let contribution else { continue }
      if takesPart(node) {
        cotangents.add(placed: contribution, to: input.index, shape: shape(input))
      } else {
        try cotangents.add(contribution, to: input.index, build)
      }
    }
  }

  /// Whether a node takes what begins at one place, not known before it runs, and so does what a slice does where the
  /// place is known.
  private func takesPart(_ node: Node) -> Bool {
    switch node.primitive {
    case .dynamicSlice: true
    case .gather: shape(node.inputs[1]).isEmpty
    default: false
    }
  }

  /// Which nodes up to `y` depend on `wrt` through differentiable operations; only floats can.
  func dependents(of wrt: [NodeID], upTo y: NodeID) -> [Bool] {
    var reached = Array(repeating: false, count: y.index + 1)
    for node in wrt where node <= y && nodes.type(node.index).isFloat { reached[node.index] = true }
    guard let first = wrt.map(\.index).min(), first <= y.index else { return reached }
    for index in first...y.index where !reached[index] {
      guard nodes.type(index).isFloat, !nodes.stopsGradient(index) else { continue }
      reached[index] = nodes.anyInput(index) { reached[$0.index] }
    }
    return reached
  }

  func filled(_ value: Double, like node: NodeID) throws -> NodeID {
    try Builder(trace: self, origin: 0).filled(value, shape(node), type(node), isNumber: isNumber(node))
  }
}

/// What a derivative rule is given: an operation, its result's cotangent, and which inputs need one.
struct DerivativeStep {
  let node: Node
  let output: NodeID
  let cotangent: NodeID
  let needed: [Bool]
  let build: Builder

  var inputs: [NodeID] { node.inputs }
  /// Extents of input `i`.
  func shape(_ i: Int) -> Shape { build.trace.shape(inputs[i]) }

  /// One cotangent per input; nil where the input has none (an integer, or a derivative that is zero everywhere).
  func contributions() throws -> [NodeID?] {
    switch node.primitive {
    case .input, .constant, .compare, .argReduce, .oneHot, .iota, .argSort, .topOrder, .random, .deriveKey,
      .permutation,
      .stopGradient:
      return inputs.map { _ in nil }
    case .unary(let operation): return [try unary(operation)]
    case .binary(let operation): return try binary(operation)
    case .select: return try select()
    case .convert: return [try convert()]
    case .broadcast: return [try build.unbroadcast(cotangent, to: inputs[0])]
    case .reshape: return [try build.reshape(cotangent, shape(0), isNumber: build.trace.isNumber(inputs[0]))]
    case .transpose(let order): return [try transpose(order)]
    case .reduce(let operation, let axes): return [try reduce(operation, axes)]
    case .cumulativeSum(let axis): return [try cumulativeSum(axis)]
    case .matmul(let transposeA, let transposeB): return try matmul(transposeA, transposeB)
    case .convolution, .convolutionInput, .convolutionFilter: return try convolution()
    case .pool(let pooling, let windows, let rows, let columns):
      return try pool(pooling, windows, rows, columns)
    case .slice, .program, .result:
      // `Trace.gradients` handles them itself.
      return inputs.map { _ in nil }
    case .unslice(let starts, let steps, _):
      return [try build.apply(.slice(starts: starts, counts: shape(0), steps: steps), [cotangent])]
    case .dynamicSlice: return try dynamicSlice()
    case .dynamicUpdate: return try dynamicUpdate()
    case .concat(let axis): return try concat(axis)
    case .gather: return [try build.apply(.scatterAdd(rows: shape(0)[0]), [inputs[1], cotangent]), nil]
    case .scatterAdd: return [nil, try build.apply(.gather, [cotangent, inputs[0]])]
    case .pick: return [try build.apply(.unpick(count: shape(0).last ?? 0), [inputs[1], cotangent]), nil]
    case .unpick: return [nil, try build.apply(.pick, [cotangent, inputs[0]])]
    case .sort(let axis): return [try sort(axis)]
    case .linear(let function): return try linear(function)
    case .network:
      throw TensorError.notSolvable("network_values", "networks given by a code have no derivative")
    }
  }
}
