import Tensors

/// What a graph computes from constants alone, such as the forward half of a Hessian's product with a vector: every run
/// of a plan gives it the same value, so that one run is enough.
public struct KnownPart: Sendable {
  /// The graph, without inputs, whose outputs are the values that the rest reads.
  public let graph: Graph
  private let source: Graph
  private let nodes: [Int]

  /// nil where nothing is worth it: what only moves elements is not. Values beyond `bytes` together stay in the rest.
  public init?(of graph: Graph, atMost bytes: Int = 128 << 20) {
    source = graph
    let isKnown = KnownPart.known(graph)
    var wanted = Array(repeating: false, count: graph.nodes.count)
    for (index, node) in graph.nodes.enumerated() where !isKnown[index] {
      for input in node.inputs { wanted[input.index] = true }
    }
    for node in graph.outputs { wanted[node.index] = true }
    var kept: [Int] = []
    var room = bytes
    for index in graph.nodes.indices.reversed() where wanted[index] && isKnown[index] {
      let node = graph.nodes[index]
      switch node.primitive {
      case .constant, .input, .program, .iota: continue
      // A comparison is not worth the memory: with its operands known, what chooses by it may be a product's last act.
      case .compare: for input in node.inputs { wanted[input.index] = true }
      case .broadcast, .reshape, .transpose, .slice, .convert, .stopGradient, .oneHot, .unslice:
        for input in node.inputs { wanted[input.index] = true }
      default:
        if node.shape.isEmpty { continue }
        kept.append(index)
      }
    }
    // In the order of recording, which keeps the beginning where not all fits.
    nodes = kept.reversed().filter {
      let size = graph.nodes[$0].byteCount
      guard size <= room else { return false }
      room -= size
      return true
    }
    if nodes.isEmpty { return nil }
    var known = graph.keeping(outputs: nodes.map { NodeID($0) }, guards: [])
    known.inputs = []
    self.graph = known
  }

  /// The whole graph with the known values, in the order of `graph.outputs`, as constants.
  public func rest(with values: [Tensor]) -> Graph {
    var result = source
    for (index, value) in zip(nodes, values) {
      result.nodes[index].primitive = .constant(index: result.constants.count)
      result.nodes[index].inputs = []
      result.constants.append(value)
    }
    return result.keeping(outputs: result.outputs, guards: result.guards)
  }

  private static func known(_ graph: Graph) -> [Bool] {
    var isKnown = Array(repeating: false, count: graph.nodes.count)
    for (index, node) in graph.nodes.enumerated() {
      if case .input = node.primitive { continue }
      isKnown[index] = node.inputs.allSatisfy { isKnown[$0.index] }
    }
    return isKnown
  }
}

extension Graph {
  /// The graph of some of its values, without what they do not need.
  fileprivate func keeping(outputs: [NodeID], guards: [(node: NodeID, value: Tensor)]) -> Graph {
    var result = self
    result.outputs = outputs
    result.guards = guards
    return result.simplified()
  }
}
