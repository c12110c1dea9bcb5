/// Comparisons that several choices behind products share, such as the mask of a rectified layer in a Hessian product: forward and back.
extension Graph {
  /// The same graph in which each such choice has a comparison of its own: then it can be its product's last act (`Epilogue`),
  /// which reads what is compared, and nothing has to keep the mask.
  func withOwnComparisons() -> Graph {
    var readers: [Int: [Int]] = [:]
    for (index, node) in nodes.enumerated() {
      guard case .select = node.primitive, isBehindProduct(node) else { continue }
      let condition = node.inputs[0].index
      guard case .compare(.greaterEqual) = nodes[condition].primitive, nodes[condition].shape == node.shape else {
        continue
      }
      readers[condition, default: []].append(index)
    }
    readers = readers.filter { $0.value.count > 1 }
    guard !readers.isEmpty else { return self }
    // Where nobody else reads it, one of them keeps the comparison that is there.
    var uses: [Int: Int] = [:]
    for node in nodes.flatMap(\.inputs) + outputs { uses[node.index, default: 0] += 1 }
    for (condition, choices) in readers where uses[condition] == choices.count { readers[condition]?.removeFirst() }
    let shared = Dictionary(uniqueKeysWithValues: readers.flatMap { entry in entry.value.map { ($0, entry.key) } })
    var result = self
    result.nodes = []
    var moved: [NodeID] = []
    for (index, node) in nodes.enumerated() {
      var copy = node
      copy.inputs = node.inputs.map { moved[$0.index] }
      if let condition = shared[index] {
        var own = nodes[condition]
        own.inputs = own.inputs.map { moved[$0.index] }
        copy.inputs[0] = NodeID(result.nodes.count)
        result.nodes.append(own)
      }
      moved.append(NodeID(result.nodes.count))
      result.nodes.append(copy)
    }
    result.outputs = outputs.map { moved[$0.index] }
    result.guards = guards.map { (moved[$0.node.index], $0.value) }
    return result
  }

  /// Whether what a choice lets through is a matrix product, or one with up to two addends.
  private func isBehindProduct(_ node: Node) -> Bool {
    func isProduct(_ index: Int, addends: Int) -> Bool {
      let node = nodes[index]
      switch node.primitive {
      case .matmul: return true
      case .binary(.add) where addends > 0: return node.inputs.contains { isProduct($0.index, addends: addends - 1) }
      default: return false
      }
    }
    return isProduct(node.inputs[2].index, addends: 2)
  }
}
