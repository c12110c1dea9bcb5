import Tensors

extension Trace {
  /// Forward mode: how values move when variables move along directions of their forms, recorded into this same trace.
  /// Nil where a value does not move. Only uses of the very nodes count: move a `fresh` node.
  public func tangents(of values: [NodeID], along moves: [(variable: NodeID, direction: NodeID)]) throws -> [NodeID?] {
    for (variable, direction) in moves where shape(variable) != shape(direction) || type(variable) != type(direction) {
      throw Operands(
        primitive: .stopGradient, shapes: [shape(variable), shape(direction)], types: [type(variable), type(direction)]
      ).error("and its direction need one shape and type")
    }
    guard let first = moves.map(\.variable.index).min(), let last = values.map(\.index).max(), first <= last else {
      return values.map { _ in nil }
    }
    var needed = Array(repeating: false, count: last + 1)
    for value in values { needed[value.index] = true }
    for index in stride(from: last, through: first, by: -1) where needed[index] {
      for input in nodes[index].inputs { needed[input.index] = true }
    }
    var found: [Int: NodeID] = [:]
    for (variable, direction) in moves { found[variable.index] = direction }
    var results: [Int: [NodeID?]] = [:]
    for index in first...last where needed[index] && found[index] == nil {
      let node = nodes[index]
      if case .result(let result, _, _) = node.primitive {
        found[index] = results[node.inputs[0].index]?[result]
        continue
      }
      guard node.type.isFloat, node.primitive != .stopGradient else { continue }
      let moving = node.inputs.map { found[$0.index] }
      guard moving.contains(where: { $0 != nil }) else { continue }
      let build = Builder(trace: self, origin: node.origin)
      if case .program(let program) = node.primitive {
        results[index] = try program.tangents(
          ProgramTangents(node: NodeID(index), operands: node.inputs, tangents: moving, build: build))
      } else {
        found[index] = try TangentStep(node: node, output: NodeID(index), tangents: moving, build: build).tangent()
      }
    }
    return values.map { found[$0.index] }
  }
}

extension Trace {
  /// Zeros of a node's form.
  public func zeros(like node: NodeID) throws -> NodeID { try filled(0, like: node) }
}

/// What a forward rule is given: an operation and how its inputs move. Linear operations move as they compute;
/// elementwise ones by their slope, which the reverse rule has; any other by the reverse rule twice.
struct TangentStep {
  let node: Node
  let output: NodeID
  /// Per input; nil where it stays.
  let tangents: [NodeID?]
  let build: Builder

  func tangent() throws -> NodeID? {
    switch node.primitive {
    case .input, .constant, .compare, .argReduce, .oneHot, .iota, .argSort, .topOrder, .random, .deriveKey,
      .permutation,
      .stopGradient, .program, .result:
      return nil
    case .unary: return try contributions([output], tangents[0], inputs: node.inputs)[0]
    case .binary(.add), .binary(.subtract): return try sum()
    case .binary: return try elementwise([0, 1])
    case .select:
      let zero = build.scalar(0, like: output)
      return try shaped(build.select(node.inputs[0], tangents[1] ?? zero, tangents[2] ?? zero))
    case .convert(let type):
      guard let moving = tangents[0], build.trace.type(moving).isFloat else { return nil }
      return try build.trace.apply(.convert(type), [moving], isNumber: node.isNumber, origin: build.origin)
    case .reshape(let shape): return try tangents[0].map { try build.reshape($0, shape, isNumber: node.isNumber) }
    case .broadcast, .transpose, .slice, .unslice, .cumulativeSum, .reduce(.sum, _), .concat: return try linear()
    case .gather, .pick, .dynamicSlice: return try linear()
    case .scatterAdd, .unpick: return try linear()
    case .dynamicUpdate: return try linear()
    case .matmul: return try bilinear()
    default: return try throughReverse()
    }
  }

  private func zeros(like input: NodeID) throws -> NodeID {
    let trace = build.trace
    return try build.filled(0, trace.shape(input), trace.type(input), isNumber: trace.isNumber(input))
  }

  private func shaped(_ x: NodeID) throws -> NodeID {
    build.trace.shape(x) == node.shape ? x : try build.apply(.broadcast(node.shape), [x])
  }

  private func sum() throws -> NodeID? {
    guard let b = tangents[1] else { return try tangents[0].map(shaped) }
    guard let a = tangents[0] else { return try shaped(node.primitive == .binary(.subtract) ? build.negate(b) : b) }
    return try build.apply(node.primitive, [a, b])
  }

  /// Linear in all inputs that are floats.
  private func linear() throws -> NodeID {
    let inputs = try node.inputs.enumerated().map { i, input in
      build.trace.type(input).isFloat ? try tangents[i] ?? zeros(like: input) : input
    }
    return try build.trace.apply(node.primitive, inputs, isNumber: node.isNumber, origin: build.origin)
  }

  private func bilinear() throws -> NodeID? {
    var result: NodeID?
    for i in 0..<2 {
      guard let moving = tangents[i] else { continue }
      var inputs = node.inputs
      inputs[i] = moving
      let part = try build.apply(node.primitive, inputs)
      result = try result.map { try build.add($0, part) } ?? part
    }
    return result
  }

  /// Slopes come from the reverse rule of inputs that have the result's shape already.
  private func elementwise(_ places: [Int]) throws -> NodeID? {
    let wide = try node.inputs.map { input -> NodeID in
      build.trace.shape(input) == node.shape ? input : try build.apply(.broadcast(node.shape), [input])
    }
    var result: NodeID?
    for i in places {
      guard let moving = tangents[i] else { continue }
      let all = try contributions([output], shaped(moving), inputs: wide, only: i)
      guard let part = all[i] else { continue }
      result = try result.map { try build.add($0, part) } ?? part
    }
    return result
  }

  private func contributions(
    _ outputs: [NodeID], _ cotangent: NodeID?, inputs: [NodeID], only: Int? = nil
  ) throws -> [NodeID?] {
    guard let cotangent else { return inputs.map { _ in nil } }
    var node = node
    node.inputs = inputs
    let needed = inputs.indices.map { only == nil || only == $0 }
    return try DerivativeStep(node: node, output: outputs[0], cotangent: cotangent, needed: needed, build: build)
      .contributions()
  }

  /// The reverse rule is linear in the cotangent: its transpose is the forward rule.
  private func throughReverse() throws -> NodeID? {
    let trace = build.trace
    let probe = try trace.apply(.reshape(node.shape), [zeros(like: output)], isNumber: node.isNumber)
    let needed = tangents.map { $0 != nil }
    let step = DerivativeStep(node: node, output: output, cotangent: probe, needed: needed, build: build)
    let pairs = try zip(step.contributions(), tangents).compactMap { contribution, moving -> (NodeID, NodeID?)? in
      guard let contribution, let moving else { return nil }
      return (contribution, moving)
    }
    return try trace.gradients(of: pairs, wrt: [probe])[0]
  }
}
