import Tensors

/// What a matrix product or a convolution does to each finished element before it is stored.
struct Epilogue {
  /// The node added to every row, if any.
  var bias: Int?
  /// What is added after that: to a product only.
  var added: (kind: Added, node: Int, offset: Int)?
  var activation: Kernels.Activation
  /// What is left of the elements at last, and the node whose elements decide it, if any.
  var gate: (gate: Kernels.Gate, elements: Int)?
  /// The node whose value is stored.
  var result: Int

  /// How a second addend lies over a product.
  enum Added {
    /// A row for every row.
    case row
    /// Element by element.
    case whole
  }
}

extension Fusion {
  /// A loop that only adds a row to a product or convolution and takes the maximum with a constant, or does one of both, becomes the
  /// product's last act: the same roundings in the same order. A product may have another row or a matrix of its own form
  /// added before the maximum. So does a loop that lets a product's elements through where a maximum did.
  mutating func attachEpilogues() {
    for index in roles.graph.nodes.indices {
      guard roles.graph.nodes[index].primitive.takesEpilogue, roles.roles[index] == .operation,
        roles.users[index].count == 1, let user = roles.users[index].first,
        let loop = groups[groupOf[user]], loop.isLoop, loop.nodes.count <= 3,
        let epilogue = epilogue(of: index, loop.nodes.sorted())
      else { continue }
      attach(epilogue, product: index, loop: groupOf[user])
    }
  }

  private func epilogue(of product: Int, _ nodes: [Int]) -> Epilogue? {
    let graph = roles.graph
    var result = Epilogue(activation: .none, result: product)
    if let gated = gate(of: product, nodes) { return gated }
    for index in nodes {
      let node = graph.nodes[index]
      guard node.shape == graph.nodes[product].shape, roles.users[result.result] == [index],
        !isOutput(result.result), node.inputs.count == 2
      else { return nil }
      let operands = (0..<2).map { roles.operandLayout(index, $0) }
      switch node.primitive {
      case .binary(.add) where result.added == nil && result.activation == .none:
        guard let own = operands.firstIndex(where: { $0.base == result.result && $0.layout.isContiguous }),
          operands[1 - own].base != product, !nodes.contains(operands[1 - own].base)
        else { return nil }
        let other = operands[1 - own]
        if isRow(other, node.shape[node.shape.count - 1]) {
          if result.bias == nil { result.bias = other.base } else { result.added = (.row, other.base, 0) }
        } else if isWhole(other, node) {
          result.added = (.whole, other.base, other.layout.offset)
        } else {
          return nil
        }
      case .binary(.maximum) where result.activation == .none:
        guard operands[1].base == result.result, operands[1].layout.isContiguous,
          let value = constant(operands[0].base)
        else { return nil }
        result.activation = .maximum(constant: value)
      default: return nil
      }
      result.result = index
    }
    if result.added != nil, case .convolution = graph.nodes[product].primitive { return nil }
    return result.result == product ? nil : result
  }

  /// select(threshold >= elements, replacement, product), where both constants are numbers known to the plan.
  private func gate(of product: Int, _ nodes: [Int]) -> Epilogue? {
    let graph = roles.graph
    guard case .matmul = graph.nodes[product].primitive, nodes.count == 2, roles.users[nodes[0]] == [nodes[1]],
      !isOutput(nodes[0]), !isOutput(product), case .compare(.greaterEqual) = graph.nodes[nodes[0]].primitive,
      case .select = graph.nodes[nodes[1]].primitive, graph.nodes[nodes[1]].shape == graph.nodes[product].shape
    else { return nil }
    let (compared, chosen) = (
      (0..<2).map { roles.operandLayout(nodes[0], $0) }, (0..<3).map { roles.operandLayout(nodes[1], $0) }
    )
    let elements = graph.nodes[compared[1].base]
    guard chosen[0].base == nodes[0], chosen[0].layout.isContiguous, chosen[2].base == product,
      chosen[2].layout.isContiguous, let threshold = constant(compared[0].base),
      let replacement = constant(chosen[1].base), elements.count == graph.nodes[product].count,
      elements.type == graph.nodes[product].type, compared[1].layout.isContiguous, compared[1].layout.offset == 0,
      compared[1].base != product
    else { return nil }
    return Epilogue(
      activation: .none,
      gate: (Kernels.Gate(threshold: threshold, replacement: replacement), compared[1].base), result: nodes[1])
  }

  /// The value of a constant of one element.
  private func constant(_ index: Int) -> Double? {
    guard case .constant(let constant) = roles.graph.nodes[index].primitive else { return nil }
    return roles.graph.constants[constant].scalar
  }

  private func isOutput(_ index: Int) -> Bool { roles.graph.outputs.contains { roles.bases[$0.index] == index } }

  /// Whether an operand has an element for each of a node's, in its order from some element on.
  private func isWhole(_ operand: (base: Int, layout: Layout), _ node: Node) -> Bool {
    var layout = operand.layout
    layout.offset = 0
    return layout.isContiguous && layout.count == node.count
      && roles.graph.nodes[operand.base].type == node.type
  }

  /// Whether an operand is one row, in order in memory, for every row of the product.
  private func isRow(_ operand: (base: Int, layout: Layout), _ columns: Int) -> Bool {
    let joined = Layout.collapse(operand.layout.shape, [operand.layout.strides])
    let strides = joined.strides[0]
    guard operand.layout.offset == 0, roles.graph.nodes[operand.base].count == columns, columns > 1 else {
      return false
    }
    return joined.shape.count == 1 ? strides == [1] : joined.shape.last == columns && strides == [0, 1]
  }
}

extension Primitive {
  /// Whether its kernel can add a row and take a maximum before it stores an element.
  fileprivate var takesEpilogue: Bool {
    switch self {
    case .matmul, .convolution: true
    default: false
    }
  }
}
