import Tensors

/// What a matrix product or a convolution does to each finished element before it is stored.
struct Epilogue {
  /// The node whose elements from `offset` on are added to every row, if any.
  var bias: (node: Int, offset: Int)?
  /// What is added after that: to a product only.
  var added: (kind: Added, node: Int, offset: Int)?
  var activation: Kernels.Activation
  /// What is left of the elements at last, and the node whose elements decide it, if any.
  var gate: (gate: Kernels.Gate, elements: Int)?
  /// The node whose value is stored.
  var result: Int
  /// How the product's elements lie in that value, where it is a transposition.
  var lying: Layout?

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
  /// added before the maximum. So does a loop that at last lets elements through where a maximum did.
  mutating func attachEpilogues() {
    for index in roles.graph.nodes.indices {
      guard roles.graph.nodes[index].primitive.takesEpilogue, roles.graph.nodes[index].type.isFloat,
        roles.roles[index] == .operation,
        roles.users[index].count == 1, let user = roles.users[index].first,
        let loop = groups[groupOf[user]], loop.isLoop, loop.nodes.count <= 5,
        let epilogue = epilogue(of: index, loop.nodes.sorted())
      else { continue }
      attach(epilogue, product: index, group: groupOf[user])
    }
  }

  private func epilogue(of product: Int, _ nodes: [Int]) -> Epilogue? {
    let graph = roles.graph
    var result = Epilogue(activation: .none, result: product)
    let last = gate(of: product, nodes)
    for index in nodes where index != last?.compared && index != last?.chosen {
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
          if result.bias == nil {
            result.bias = (other.base, other.layout.offset)
          } else {
            result.added = (.row, other.base, other.layout.offset)
          }
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
    if let last {
      guard last.through == result.result, roles.users[last.through] == [last.chosen], !isOutput(last.through) else {
        return nil
      }
      (result.gate, result.result) = ((last.gate, last.elements), last.chosen)
    }
    if result.added != nil, case .convolution = graph.nodes[product].primitive { return nil }
    return result.result == product ? nil : result
  }

  /// The last two of the nodes where they are select(threshold >= elements, replacement, through), both constants numbers known
  /// to the plan.
  private func gate(of product: Int, _ nodes: [Int]) -> (
    compared: Int, chosen: Int, gate: Kernels.Gate, elements: Int, through: Int
  )? {
    let graph = roles.graph
    guard case .matmul = graph.nodes[product].primitive, let chosen = nodes.last,
      case .select = graph.nodes[chosen].primitive, graph.nodes[chosen].shape == graph.nodes[product].shape
    else { return nil }
    let choice = (0..<3).map { roles.operandLayout(chosen, $0) }
    let compared = choice[0].base
    guard nodes.contains(compared), case .compare(.greaterEqual) = graph.nodes[compared].primitive,
      roles.users[compared] == [chosen], !isOutput(compared)
    else { return nil }
    let comparison = (0..<2).map { roles.operandLayout(compared, $0) }
    let elements = graph.nodes[comparison[1].base]
    guard choice[0].layout.isContiguous, choice[2].layout.isContiguous,
      let threshold = constant(comparison[0].base), let replacement = constant(choice[1].base),
      elements.count == graph.nodes[product].count, elements.type == graph.nodes[product].type,
      comparison[1].layout.isContiguous, comparison[1].layout.offset == 0, comparison[1].base != product,
      !nodes.contains(comparison[1].base)
    else { return nil }
    return (
      compared, chosen, Kernels.Gate(threshold: threshold, replacement: replacement), comparison[1].base,
      choice[2].base
    )
  }

  /// The value of a constant of one element.
  private func constant(_ index: Int) -> Double? {
    guard case .constant(let constant) = roles.graph.nodes[index].primitive else { return nil }
    return roles.graph.constants[constant].scalar
  }

  func isOutput(_ index: Int) -> Bool { roles.graph.outputs.contains { roles.bases[$0.index] == index } }

  /// Whether an operand has an element for each of a node's, in its order from some element on.
  private func isWhole(_ operand: (base: Int, layout: Layout), _ node: Node) -> Bool {
    operand.layout.isInOrder && operand.layout.count == node.count
      && roles.graph.nodes[operand.base].type == node.type
  }

  /// Whether an operand is one row, in order in memory from some element on, for every row of the product.
  private func isRow(_ operand: (base: Int, layout: Layout), _ columns: Int) -> Bool {
    let joined = Layout.collapse(operand.layout.shape, [operand.layout.strides])
    let strides = joined.strides[0]
    guard columns > 1 else { return false }
    return joined.shape.last == columns && (joined.shape.count == 1 ? strides == [1] : strides == [0, 1])
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
