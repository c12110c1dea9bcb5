import Tensors

/// The numbers a recording branched on, computed again for other inputs.
struct GuardPlan: @unchecked Sendable {
  private let nodes: [(index: Int, node: Node)]
  private let graph: Graph

  init(_ graph: Graph) {
    self.graph = graph
    var live = Array(repeating: false, count: graph.nodes.count)
    for known in graph.guards { live[known.node.index] = true }
    for index in graph.nodes.indices.reversed() where live[index] {
      for input in graph.nodes[index].inputs { live[input.index] = true }
    }
    nodes = graph.nodes.indices.filter { live[$0] }.map { ($0, graph.nodes[$0]) }
  }

  func holds(_ inputs: [Tensor?]) -> Bool {
    guard !graph.guards.isEmpty else { return true }
    var values: [Int: Tensor] = [:]
    for (index, node) in nodes {
      switch node.primitive {
      case .input(let input):
        guard inputs.indices.contains(input), let value = inputs[input], value.shape == node.shape,
          value.type == node.type
        else { return false }
        values[index] = value
      case .constant(let constant): values[index] = graph.constants[constant]
      default:
        let operands = node.inputs.compactMap { values[$0.index] }
        guard operands.count == node.inputs.count,
          let value = try? run(
            node.primitive, operands, node.shape, node.type, isNumber: node.isNumber, origin: node.origin)
        else { return false }
        values[index] = value
      }
    }
    return graph.guards.allSatisfy { values[$0.node.index]?.hasSameBits(as: $0.value) ?? false }
  }
}
