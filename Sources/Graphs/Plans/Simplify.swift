import Tensors

extension Graph {
  /// The same outputs and guards from fewer nodes, with the same bits: dead nodes dropped, equal ones merged, scalars
  /// that depend on no input computed, operations without effect skipped, functions of a repeated scalar computed
  /// once and repeated after.
  func simplified() -> Graph {
    var live = Array(repeating: false, count: nodes.count)
    for node in outputs + guards.map(\.node) { live[node.index] = true }
    for index in nodes.indices.reversed() where live[index] {
      for input in nodes[index].inputs { live[input.index] = true }
    }
    var pass = SimplifyPass(source: self, widest: widestPrograms(live))
    for index in nodes.indices where live[index] { pass.add(index) }
    var result = Graph(
      nodes: pass.nodes, constants: pass.constants, inputs: inputs, outputs: outputs.map { pass.place[$0.index] },
      guards: guards.map { (node: pass.place[$0.node.index], value: $0.value) })
    result.prunePrograms()
    result.dropDeadNodes()
    return result
  }

  /// Removes what no output or guard needs any more.
  private mutating func dropDeadNodes() {
    var live = Array(repeating: false, count: nodes.count)
    for node in outputs + guards.map(\.node) { live[node.index] = true }
    for index in nodes.indices.reversed() where live[index] {
      for input in nodes[index].inputs { live[input.index] = true }
    }
    var place = Array(repeating: NodeID(0), count: nodes.count)
    var kept: [Node] = []
    for index in nodes.indices where live[index] {
      var node = nodes[index]
      node.inputs = node.inputs.map { place[$0.index] }
      place[index] = NodeID(kept.count)
      kept.append(node)
    }
    nodes = kept
    outputs = outputs.map { place[$0.index] }
    guards = guards.map { (node: place[$0.node.index], value: $0.value) }
  }
}

/// One walk over a graph that rebuilds it.
private struct SimplifyPass {
  let source: Graph
  var nodes: [Node] = []
  var constants: [Tensor] = []
  /// New node of each old one.
  var place: [NodeID]
  /// The rank-0 node that a new node repeats, where it does.
  private var repeated: [NodeID?] = []
  private var known: [Key: NodeID] = [:]

  private struct Key: Hashable {
    let primitive: Primitive
    let inputs: [NodeID]
    let isNumber: Bool
    var bits: UInt64 = 0
    var type: ElementType = .f32
  }

  /// The widest form of each program.
  private let widest: [ProgramPlace: GraphProgram]

  init(source: Graph, widest: [ProgramPlace: GraphProgram]) {
    self.source = source
    self.widest = widest
    place = Array(repeating: NodeID(0), count: source.nodes.count)
  }

  mutating func add(_ index: Int) {
    var node = source.nodes[index]
    if case .program(let program) = node.primitive, let wide = widest[ProgramPlace(program, node.inputs)] {
      node.primitive = .program(wide)
    }
    node.inputs = node.inputs.map { place[$0.index] }
    place[index] = rewritten(node)
  }

  private mutating func rewritten(_ node: Node) -> NodeID {
    switch node.primitive {
    case .input: return append(node)
    case .constant(let index): return constant(source.constants[index], node)
    case .result(let index, let shape, let type):
      guard case .program(let program) = nodes[node.inputs[0].index].primitive else { return append(node) }
      var node = node
      node.primitive = .result(index: program.firstEqual(to: index), shape: shape, type: type)
      return append(node)
    default: break
    }
    if let same = withoutEffect(node) ?? decided(node) { return same }
    if let sum = sumOfOne(node) { return sum }
    if let folded = folded(node) { return folded }
    if let spread = repeatedScalar(node) { return spread }
    var node = node
    shortenInputs(&node)
    reuseMaximum(&node)
    return append(node)
  }

  private mutating func append(_ node: Node) -> NodeID {
    let key = Key(primitive: node.primitive, inputs: node.inputs, isNumber: node.isNumber)
    if let same = known[key] { return same }
    let id = NodeID(nodes.count)
    nodes.append(node)
    if node.shape.isEmpty {
      repeated.append(id)
    } else if case .broadcast = node.primitive {
      repeated.append(repeated[node.inputs[0].index])
    } else {
      repeated.append(nil)
    }
    known[key] = id
    return id
  }

  private mutating func constant(_ tensor: Tensor, _ node: Node) -> NodeID {
    var node = node
    var key = Key(primitive: .constant(index: -1), inputs: [], isNumber: node.isNumber)
    if tensor.shape.isEmpty {
      key.bits = tensor.scalarBits
      key.type = tensor.type
      if let same = known[key] { return same }
    }
    node.primitive = .constant(index: constants.count)
    constants.append(tensor)
    let id = append(node)
    if tensor.shape.isEmpty { known[key] = id }
    return id
  }

  /// The input that an operation only passes on.
  private func withoutEffect(_ node: Node) -> NodeID? {
    guard let input = node.inputs.first else { return nil }
    let before = nodes[input.index]
    guard before.shape == node.shape, before.type == node.type, before.isNumber == node.isNumber else { return nil }
    switch node.primitive {
    case .stopGradient, .reshape, .broadcast, .convert: return input
    case .transpose(let order): return order == Array(order.indices) ? input : nil
    case .slice(_, _, let steps): return steps.allSatisfy { $0 == 1 } ? input : nil
    case .binary(.multiply), .binary(.divide): return isConstant(node.inputs[1], 1) ? input : nil
    default: return nil
    }
  }

  /// A sum of one element each, as that element + 0, which loops can do: -0 becomes 0 as it does in sums.
  private mutating func sumOfOne(_ node: Node) -> NodeID? {
    guard case .reduce(.sum, _) = node.primitive, node.type.isFloat, !node.isNumber, node.count > 0,
      nodes[node.inputs[0].index].count == node.count
    else { return nil }
    var (element, zero, sum) = (node, node, node)
    element.primitive = .reshape(node.shape)
    (zero.shape, zero.inputs) = ([], [])
    sum.primitive = .binary(.add)
    sum.inputs = [
      rewritten(element), constant(node.type == .f64 ? Tensor(scalar: 0.0) : Tensor(scalar: 0 as Float), zero),
    ]
    return rewritten(sum)
  }

  /// What a choice by a known condition, or `and` and `or` with a known side, always give.
  private mutating func decided(_ node: Node) -> NodeID? {
    func truth(_ input: NodeID) -> Bool? {
      guard let scalar = repeated[input.index], case .constant(let index) = nodes[scalar.index].primitive,
        constants[index].type == .bool
      else { return nil }
      return constants[index].scalarBits != 0
    }
    switch node.primitive {
    case .select:
      guard let isTrue = truth(node.inputs[0]) else { return nil }
      return widened(node.inputs[isTrue ? 1 : 2], to: node)
    case .binary(.and), .binary(.or):
      guard node.type == .bool else { return nil }
      let deciding = node.primitive == .binary(.or)
      for side in 0..<2 {
        guard let value = truth(node.inputs[side]) else { continue }
        return widened(node.inputs[value == deciding ? side : 1 - side], to: node)
      }
      return nil
    default: return nil
    }
  }

  /// A value in the form of a node that has its numbers.
  private mutating func widened(_ id: NodeID, to node: Node) -> NodeID? {
    let value = nodes[id.index]
    guard value.type == node.type, value.isNumber == node.isNumber else { return nil }
    if value.shape == node.shape { return id }
    var node = node
    node.primitive = .broadcast(node.shape)
    node.inputs = [id]
    return rewritten(node)
  }

  private func isConstant(_ id: NodeID, _ value: Double) -> Bool {
    guard let scalar = repeated[id.index], case .constant(let index) = nodes[scalar.index].primitive,
      nodes[scalar.index].type.isFloat
    else { return false }
    return constants[index].scalar == value
  }

  /// A scalar that depends on constants only, computed now. What fails is left to fail when it runs.
  private mutating func folded(_ node: Node) -> NodeID? {
    guard node.shape.isEmpty, !node.inputs.isEmpty else { return nil }
    var operands: [Tensor] = []
    for input in node.inputs {
      guard case .constant(let index) = nodes[input.index].primitive, constants[index].count == 1 else { return nil }
      operands.append(constants[index])
    }
    let value = try? run(
      node.primitive, operands, node.shape, node.type, isNumber: node.isNumber, origin: node.origin)
    return value.map { constant($0, node) }
  }

  /// An elementwise function of repeated scalars is computed once and repeated.
  private mutating func repeatedScalar(_ node: Node) -> NodeID? {
    guard !node.shape.isEmpty, !node.isNumber else { return nil }
    switch node.primitive {
    case .unary, .binary, .compare, .select, .convert: break
    case .broadcast, .reshape, .transpose, .slice:
      guard let scalar = repeated[node.inputs[0].index], node.primitive != .broadcast(node.shape) else { return nil }
      return append(spread(scalar, node))
    default: return nil
    }
    var scalars: [NodeID] = []
    for input in node.inputs {
      guard let scalar = repeated[input.index] else { return nil }
      scalars.append(scalar)
    }
    var inner = node
    inner.shape = []
    inner.inputs = scalars
    return append(spread(rewritten(inner), node))
  }

  private func spread(_ scalar: NodeID, _ node: Node) -> Node {
    var node = node
    node.primitive = .broadcast(node.shape)
    node.inputs = [scalar]
    return node
  }

  /// Operations that broadcast by themselves need no operand repeated for them, if another one has the full shape.
  private func shortenInputs(_ node: inout Node) {
    switch node.primitive {
    case .binary, .compare, .select: break
    case .broadcast:
      if let scalar = repeated[node.inputs[0].index] { node.inputs[0] = scalar }
      return
    case .reshape:
      while case .reshape = nodes[node.inputs[0].index].primitive {
        node.inputs[0] = nodes[node.inputs[0].index].inputs[0]
      }
      return
    default: return
    }
    for (i, input) in node.inputs.enumerated() {
      guard case .broadcast = nodes[input.index].primitive else { continue }
      var inputs = node.inputs
      inputs[i] = nodes[input.index].inputs[0]
      let shapes = inputs.map { nodes[$0.index].shape }
      let common = shapes.dropFirst().reduce(shapes.first) { a, b in a.flatMap { Shape.broadcast($0, b) } }
      if common == node.shape { node.inputs = inputs }
    }
  }
}

extension SimplifyPass {
  /// c >= x is c >= maximum(c, x), so where that exists x itself need not be kept: the slope of relu from its value.
  private func reuseMaximum(_ node: inout Node) {
    guard node.primitive == .compare(.greaterEqual) else { return }
    let key = Key(primitive: .binary(.maximum), inputs: node.inputs, isNumber: node.isNumber)
    if let maximum = known[key] { node.inputs[1] = maximum }
  }
}

extension Tensor {
  /// The bits of a rank-0 tensor's element.
  var scalarBits: UInt64 {
    switch type.byteCount {
    case 8: pointer.load(as: UInt64.self)
    case 4: UInt64(pointer.load(as: UInt32.self))
    default: UInt64(pointer.load(as: UInt8.self))
    }
  }
}
