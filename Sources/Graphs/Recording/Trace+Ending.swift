import Tensors

extension Trace {
  /// The derivative of `y` by each of `wrt` as values, for an eager trace that ends with it: nothing can be recorded or
  /// differentiated afterwards. The operations are those of `gradient`, in its order, so the bits are the same; but what
  /// a node needed is given back as soon as the walk has passed it, which keeps the memory small and in the cache.
  public func endingGradient(of y: NodeID, wrt: [NodeID]) throws -> [Tensor] {
    var walk = EndingWalk(self, of: y, wrt: wrt)
    return try walk.run()
  }
}

/// Reverse mode of a trace that nobody uses afterwards.
private struct EndingWalk {
  private let trace: Trace
  private let y: NodeID
  private let wrt: [NodeID]
  private let reached: [Bool]
  /// Cotangents as values, which are no part of the recording; those of nodes that are taken apart stay in it.
  private var values: [Value?]
  private var recorded: Cotangents
  /// The end of the recording, where one step of the walk puts what it computes and then forgets it.
  private var nodeCount: Int
  private var constantCount: Int
  private let words = TensorWords()

  private struct Value {
    var tensor: Tensor
    var isNumber: Bool
  }

  init(_ trace: Trace, of y: NodeID, wrt: [NodeID]) {
    (self.trace, self.y, self.wrt) = (trace, y, wrt)
    reached = trace.dependents(of: wrt, upTo: y)
    values = Array(repeating: nil, count: y.index + 1)
    recorded = Cotangents(count: y.index + 1)
    nodeCount = trace.nodes.count
    constantCount = trace.constants.count
  }

  mutating func run() throws -> [Tensor] {
    if reached[y.index] { try add(trace.filled(1, like: y), to: y.index, origin: 0) }
    clear()
    let wanted = Set(wrt.map(\.index))
    for index in stride(from: y.index, through: wrt.map(\.index).min() ?? 0, by: -1) {
      if reached[index], trace.nodes.anyInput(index, { reached[$0.index] }) {
        try pass(index, keepsCotangent: wanted.contains(index))
      }
      giveBack(index)
    }
    return try wrt.map { node in
      if node <= y, let cotangent = try settled(node.index), let value = trace.values[cotangent.index] { return value }
      return try Tensor(repeating: 0, shape: trace.shape(node), type: trace.type(node))
    }
  }

  /// Forgets the value of a node that the walk has passed. A program's derivative still reads the program's results,
  /// which stand behind it in the recording.
  private mutating func giveBack(_ index: Int) {
    guard trace.nodes.hasParts(index) else {
      if !trace.nodes.isConstant(index) { trace.values[index] = nil }
      return
    }
    switch trace.nodes[index].primitive {
    case .result: return
    case .program(let program):
      for result in 1...max(program.results.count, 1) where index + result < trace.values.count {
        trace.values[index + result] = nil
      }
    default: break
    }
    trace.values[index] = nil
  }

  /// Hands a node's cotangent to its inputs.
  private mutating func pass(_ index: Int, keepsCotangent: Bool) throws {
    if try passElementwise(index, keepsCotangent: keepsCotangent) { return }
    let node = trace.nodes[index]
    let inputs = node.inputs
    if trace.nodes.hasParts(index) {
      record(index)
      for input in inputs where reached[input.index] { record(input.index) }
      try trace.propagate(through: NodeID(index), reached, &recorded)
      return keep()
    }
    let inParts = recorded.touches(index)
    guard let cotangent = try settled(index) else { return }
    if !keepsCotangent { values[index] = nil }
    let step = DerivativeStep(
      node: node, output: NodeID(index), cotangent: cotangent, needed: inputs.map { reached[$0.index] },
      build: Builder(trace: trace, origin: node.origin))
    let contributions = try step.contributions()
    var isRecorded = inParts
    for (input, contribution) in zip(inputs, contributions) where reached[input.index] {
      guard let contribution else { continue }
      if recorded.touches(input.index) { isRecorded = true }
      try add(contribution, to: input.index, origin: node.origin)
    }
    if isRecorded { keep() } else { clear() }
  }

  /// The frequent case, an elementwise function of tensors, without recording anything. Returns whether it is that.
  private mutating func passElementwise(_ index: Int, keepsCotangent: Bool) throws -> Bool {
    guard let node = trace.nodes.elementwise(index), !trace.checksNaN, !recorded.touches(index),
      let output = trace.values[index]
    else { return false }
    let (first, second) =
      switch node {
      case .unary(_, let x): (x, x)
      case .binary(_, let x, let y): (x, y)
      }
    guard !recorded.touches(first), !recorded.touches(second), let x = trace.values[first], let y = trace.values[second]
    else { return false }
    guard let cotangent = values[index] else { return true }
    if !keepsCotangent { values[index] = nil }
    let rule = ElementwiseRule(words: words, x: x, y: y, output: output, cotangent: cotangent.tensor)
    switch node {
    case .unary(let operation, _):
      if let contribution = try rule.unary(operation) { try add(contribution, to: first) }
    case .binary(let operation, _, _):
      let contributions = try rule.binary(operation, needed: (reached[first], reached[second]))
      if let contribution = contributions.x { try add(contribution, to: first) }
      if let contribution = contributions.y { try add(contribution, to: second) }
    }
    return true
  }

  /// Adds to the cotangent of a tensor, which is not recorded.
  private mutating func add(_ contribution: Tensor, to index: Int) throws {
    var total = contribution
    if let known = values[index] {
      values[index] = nil
      total = try words.add(known.tensor, contribution)
    }
    values[index] = Value(tensor: total, isNumber: false)
  }

  private mutating func add(_ contribution: NodeID, to index: Int, origin: Int32) throws {
    let build = Builder(trace: trace, origin: origin)
    if recorded.touches(index) { return try recorded.add(contribution, to: index, build) }
    var total = contribution
    if let known = values[index] {
      values[index] = nil
      total = try build.add(appended(known), contribution)
    }
    values[index] = trace.values[total.index].map { Value(tensor: $0, isNumber: trace.nodes.isNumber(total.index)) }
  }

  /// The whole cotangent of a node that gets no more contributions.
  private mutating func settled(_ index: Int) throws -> NodeID? {
    if recorded.touches(index) {
      return try recorded.settled(index, Builder(trace: trace, origin: trace.nodes.origin(index)))
    }
    return values[index].map(appended)
  }

  /// Makes a cotangent part of the recording again.
  private mutating func record(_ index: Int) {
    guard let known = values[index] else { return }
    values[index] = nil
    try? recorded.add(appended(known), to: index, Builder(trace: trace, origin: 0))
  }

  private func appended(_ cotangent: Value) -> NodeID {
    let tensor = cotangent.tensor
    return trace.append(
      .stopGradient, [], tensor.shape, tensor.type, cotangent.isNumber, 0, tensor, isVariable: true)
  }

  /// What the step computed stays in the recording.
  private mutating func keep() {
    nodeCount = trace.nodes.count
    constantCount = trace.constants.count
  }

  /// Forgets what the step computed. Constants stay: the steps after it use the same.
  private mutating func clear() {
    if trace.constants.count > constantCount { keepConstants() }
    let excess = trace.nodes.count - nodeCount
    trace.nodes.removeLast(excess)
    trace.values.removeLast(excess)
    trace.variable.removeLast(excess)
  }

  /// Moves the constants among the nodes to be forgotten to their front.
  private mutating func keepConstants() {
    var moved: [NodeID: NodeID] = [:]
    for index in nodeCount..<trace.nodes.count where trace.nodes.isConstant(index) {
      trace.nodes.swapAt(index, nodeCount)
      trace.values.swapAt(index, nodeCount)
      trace.variable.swapAt(index, nodeCount)
      moved[NodeID(index)] = NodeID(nodeCount)
      nodeCount += 1
    }
    trace.constantNodes = trace.constantNodes.mapValues { moved[$0] ?? $0 }
    trace.scalarNodes = trace.scalarNodes.mapValues { moved[$0] ?? $0 }
    for place in trace.recentConstants.indices { trace.recentConstants[place] = nil }
    constantCount = trace.constants.count
  }
}
