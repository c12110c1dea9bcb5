import Tensors

/// A plan in numbers: what fusion made of a recording.
public struct PlanSummary: Sendable, Equatable {
  /// Operations that are computed, each by itself.
  public var operations: Int
  /// Steps after fusion.
  public var steps: Int
  /// Bytes read and written by the operations, each by itself.
  public var bytesAlone: Int
  /// Bytes read and written by the steps.
  public var bytesMoved: Int
  /// Bytes that any way of computing it must read and write: what it takes of its inputs, and its results.
  public var bytesLeast: Int
  /// Bytes of memory for values between steps.
  public var arenaBytes: Int
}

extension Plan {
  /// The plan in numbers.
  public var summary: PlanSummary {
    let computed = graph.nodes.indices.filter { isComputed($0) }
    let alone = computed.reduce(0) { total, index in
      let node = graph.nodes[index]
      return total + node.byteCount + node.inputs.reduce(0) { $0 + taken(of: $1, by: node) }
    }
    return PlanSummary(
      operations: computed.count, steps: steps.reduce(0) { $0 + $1.members.count }, bytesAlone: alone,
      bytesMoved: bytesMoved, bytesLeast: leastBytes,
      arenaBytes: memory.arenaBytes + memory.stripBytes)
  }

  private func isComputed(_ index: Int) -> Bool {
    switch fusion.roles.roles[index] {
    case .view, .input, .constant: false
    default: true
    }
  }

  /// Bytes that an operation takes of an input: of a table only the rows that are picked.
  private func taken(of input: NodeID, by node: Node) -> Int {
    switch node.primitive {
    case .gather where node.inputs.first == input, .dynamicSlice where node.inputs.first == input,
      .slice where node.inputs.first == input:
      node.byteCount
    default: graph.nodes[input.index].byteCount
    }
  }

  /// Each input and constant once, as far as it is read, and each result once.
  private var leastBytes: Int {
    var read: [Int: Int] = [:]
    for node in graph.nodes {
      for input in node.inputs {
        switch graph.nodes[input.index].primitive {
        case .input, .constant:
          let whole = graph.nodes[input.index].byteCount
          read[input.index] = min(whole, read[input.index, default: 0] + taken(of: input, by: node))
        default: continue
        }
      }
    }
    let outputs = Set(graph.outputs).filter { isComputed(fusion.roles.bases[$0.index]) }
    return read.values.reduce(0, +) + outputs.reduce(0) { $0 + graph.nodes[$1.index].byteCount }
  }

  /// The operations before fusion, one line each: number, operation, what it reads, form.
  public var nodeLines: [String] {
    graph.nodes.enumerated().map { index, node in
      // Constants that were computed when the plan was made still know from what.
      let isKnown = fusion.roles.roles[index] == .constant
      let inputs = isKnown ? "" : node.inputs.map { "%\($0.index)" }.joined(separator: ", ")
      let form = Words.tensor(node.shape, node.type) + (node.isNumber ? " number" : "")
      return "%\(index) = \(node.primitive.name)(\(inputs)) \(form)"
    }
  }

  /// The steps after fusion, one line each.
  public var stepLines: [String] { description.split(separator: "\n").dropFirst(2).map(String.init) }
}
