import Tensors

/// What a matrix product or a convolution does to each finished element before it is stored.
struct Epilogue {
  /// The node added to every row, if any.
  var bias: Int?
  var activation: Kernels.Activation
  /// The node whose value is stored.
  var result: Int
}

extension Fusion {
  /// A loop that only adds a row to a product or convolution and takes the maximum with a constant, or does one of both, becomes the
  /// product's last act: the same roundings in the same order.
  mutating func attachEpilogues() {
    for index in roles.graph.nodes.indices {
      guard roles.graph.nodes[index].primitive.takesEpilogue, roles.roles[index] == .operation,
        roles.users[index].count == 1, let user = roles.users[index].first,
        let loop = groups[groupOf[user]], loop.isLoop, loop.nodes.count <= 2,
        let epilogue = epilogue(of: index, loop.nodes.sorted())
      else { continue }
      attach(epilogue, product: index, loop: groupOf[user])
    }
  }

  private func epilogue(of product: Int, _ nodes: [Int]) -> Epilogue? {
    let graph = roles.graph
    var result = Epilogue(bias: nil, activation: .none, result: product)
    for index in nodes {
      let node = graph.nodes[index]
      guard node.shape == graph.nodes[product].shape, roles.users[result.result] == [index],
        !isOutput(result.result), node.inputs.count == 2
      else { return nil }
      let operands = (0..<2).map { roles.operandLayout(index, $0) }
      switch node.primitive {
      case .binary(.add) where result.bias == nil && result.activation == .none:
        guard let own = operands.firstIndex(where: { $0.base == result.result && $0.layout.isContiguous }),
          isRow(operands[1 - own], node.shape[node.shape.count - 1]), operands[1 - own].base != product
        else { return nil }
        result.bias = operands[1 - own].base
      case .binary(.maximum) where result.activation == .none:
        guard operands[1].base == result.result, operands[1].layout.isContiguous,
          case .constant(let constant) = graph.nodes[operands[0].base].primitive,
          let value = graph.constants[constant].scalar
        else { return nil }
        result.activation = .maximum(constant: value)
      default: return nil
      }
      result.result = index
    }
    return result.result == product ? nil : result
  }

  private func isOutput(_ index: Int) -> Bool { roles.graph.outputs.contains { roles.bases[$0.index] == index } }

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
