import Tensors

extension Graph {
  /// Records the graph's operations into a trace for a whole batch at once: each argument is the same for all entries
  /// or has the batch as its first axis, and so have the results. An entry's bits are those that it would have alone.
  public func batched(into trace: Trace, _ arguments: [BatchedNode], size: Int) throws -> [BatchedNode] {
    try batched(into: trace, arguments, size: size, active: nil)
  }

  /// The same where only some entries take part (nil: all do): results of the others have no meaning.
  func batched(
    into trace: Trace, _ arguments: [BatchedNode], size: Int, active: ActiveEntries?
  ) throws -> [BatchedNode] {
    let live = liveNodes(outputs)
    var place: [BatchedNode?] = Array(repeating: nil, count: nodes.count)
    var results: [Int: [BatchedNode]] = [:]
    for (index, node) in nodes.enumerated() where live[index] {
      let step = BatchStep(
        node: node, operands: node.inputs.map { place[$0.index] ?? BatchedNode(NodeID(0), isBatched: false) },
        shapes: node.inputs.map { nodes[$0.index].shape }, size: size, active: active,
        build: Builder(trace: trace, origin: node.origin)
      )
      switch node.primitive {
      case .input(let input): place[index] = arguments[input]
      case .constant(let constant):
        place[index] = BatchedNode(trace.constant(constants[constant], isNumber: node.isNumber), isBatched: false)
      case .program(let program): results[index] = try step.results(of: program)
      case .result(let result, _, _): place[index] = results[node.inputs[0].index]?[result]
      default: place[index] = try step.result()
      }
    }
    return try outputs.map { output in
      guard let node = place[output.index] else {
        throw TensorError(.other(operation: "vmap"), "vmap cannot find a result of its function")
      }
      return node
    }
  }
}

/// One operation of a batch. `shapes` are the operands' for a single entry.
struct BatchStep {
  let node: Node
  var operands: [BatchedNode]
  let shapes: [Shape]
  let size: Int
  /// Entries that take part; nil where all do.
  let active: ActiveEntries?
  let build: Builder

  var isBatched: Bool { operands.contains(where: \.isBatched) }
  private var trace: Trace { build.trace }

  /// The operation for all entries. Numbers that differ from entry to entry are tensors, whose integers are checked.
  func result() throws -> BatchedNode {
    let step = try shielded()
    guard isBatched else {
      let same = try trace.apply(
        node.primitive, step.operands.map(\.node), isNumber: node.isNumber, origin: node.origin)
      return BatchedNode(same, isBatched: false)
    }
    return BatchedNode(try isCheckedNumber ? step.integers() : step.batched(), isBatched: true)
  }

  private func batched() throws -> NodeID {
    let x = operands[0].node
    switch node.primitive {
    case .unary, .convert, .stopGradient, .oneHot: return try apply(node.primitive, [x])
    case .binary, .compare, .select:
      let rank = node.shape.count
      return try apply(node.primitive, operands.indices.map { try aligned($0, rank: rank) })
    case .broadcast(let shape): return try apply(.broadcast([size] + shape), [aligned(0, rank: shape.count)])
    case .reshape(let shape): return try apply(.reshape([size] + shape), [x])
    case .transpose(let order): return try apply(.transpose([0] + order.map { $0 + 1 }), [x])
    case .reduce(let operation, let axes): return try apply(.reduce(operation, axes: axes.map { $0 + 1 }), [x])
    case .argReduce(let isMax, let axis): return try apply(.argReduce(isMax: isMax, axis: axis + 1), [x])
    case .cumulativeSum(let axis): return try apply(.cumulativeSum(axis: axis + 1), [x])
    case .sort(let axis): return try apply(.sort(axis: axis + 1), [x])
    case .argSort(let axis): return try apply(.argSort(axis: axis + 1), [x])
    case .topOrder(let axis, let count): return try apply(.topOrder(axis: axis + 1, count: count), [x])
    case .matmul: return try matmul()
    case .slice(let starts, let counts, let steps):
      return try apply(.slice(starts: [0] + starts, counts: [size] + counts, steps: [1] + steps), [x])
    case .unslice(let starts, let steps, let shape):
      return try apply(.unslice(starts: [0] + starts, steps: [1] + steps, shape: [size] + shape), [x])
    case .concat(let axis): return try apply(.concat(axis: axis + 1), operands.indices.map { try spread($0) })
    case .dynamicSlice(let count): return try dynamicSlice(count)
    case .dynamicUpdate: return try dynamicUpdate()
    case .gather: return try gather()
    case .scatterAdd(let rows): return try scatterAdd(rows)
    case .pick, .unpick: return try apply(node.primitive, [spread(0), spread(1)])
    case .random(let distribution, let shape, let type):
      return try apply(.random(distribution, shape: shape, type: type), [x])
    case .linear: return try apply(node.primitive, operands.indices.map { try spread($0) })
    case .convolution, .convolutionInput:
      // The filter of one is the filter of all: their images are one batch of images.
      guard !operands[1].isBatched else { return try loop() }
      return try split(apply(node.primitive, [joined(0), operands[1].node]))
    case .pool: return try split(apply(node.primitive, operands.indices.map { try joined($0) }))
    case .deriveKey: return try apply(node.primitive, keys(node.shape))
    case .permutation: return try apply(node.primitive, keys(node.shape.dropLast()))
    case .input, .constant, .iota, .program, .result: return x
    default: return try loop()
    }
  }

  func apply(_ primitive: Primitive, _ inputs: [NodeID]) throws -> NodeID {
    try trace.apply(primitive, inputs, isNumber: false, origin: node.origin)
  }

  /// An operand made ready to broadcast against others: its batch axis stands in front of `rank` axes.
  func aligned(_ i: Int, rank: Int) throws -> NodeID {
    guard operands[i].isBatched, shapes[i].count < rank else { return operands[i].node }
    return try build.reshape(
      operands[i].node, [size] + Array(repeating: 1, count: rank - shapes[i].count) + shapes[i])
  }

  /// An operand with a batch axis, repeated along it where it is the same for all.
  func spread(_ i: Int) throws -> NodeID {
    operands[i].isBatched ? operands[i].node : try apply(.broadcast([size] + shapes[i]), [operands[i].node])
  }

  /// Keys and their numbers, which meet one by one: where an entry has several, all have the axes of all.
  private func keys(_ shape: Shape) throws -> [NodeID] {
    guard !shape.isEmpty else { return operands.map(\.node) }
    return try operands.indices.map { try apply(.broadcast([size] + shape), [aligned($0, rank: shape.count)]) }
  }

  private func matmul() throws -> NodeID {
    let rank = max(shapes[0].count, shapes[1].count)
    return try apply(node.primitive, [aligned(0, rank: rank), aligned(1, rank: rank)])
  }

  /// An operand of images, those of all entries one after the other.
  private func joined(_ i: Int) throws -> NodeID {
    try build.reshape(spread(i), [size * shapes[i][0]] + shapes[i].dropFirst())
  }

  /// The images of all entries apart again.
  private func split(_ x: NodeID) throws -> NodeID { try build.reshape(x, [size] + node.shape) }

  /// An operation without a rule of its own: one entry after the other.
  private func loop() throws -> NodeID {
    let body = Trace(.staged)
    let types = operands.map { trace.type($0.node) }
    let order = operands.indices.filter { operands[$0].isBatched } + operands.indices.filter { !operands[$0].isBatched }
    var entries = Array(repeating: NodeID(0), count: operands.count)
    for i in order { entries[i] = body.input(shape: shapes[i], type: types[i]) }
    let result = try body.apply(node.primitive, entries, origin: node.origin)
    let program = try ScanProgram(
      body: body.recorded(outputs: [result]), carries: 0, sequences: operands.filter(\.isBatched).count, length: size)
    return try trace.apply(program, order.map { operands[$0].node }, origin: node.origin)[0]
  }
}
