import Tensors

extension Fusion {
  /// A transposition that alone reads a product is not carried out: the product writes its elements where the transposition would.
  mutating func attachTranspositions() {
    for index in roles.graph.nodes.indices {
      guard case .matmul(let transposeA, _) = roles.graph.nodes[index].primitive, roles.roles[index] == .operation,
        groups[groupOf[index]]?.epilogue == nil, roles.users[index].count == 1, let user = roles.users[index].first,
        !isOutput(index), let lying = lying(of: index, in: user)
      else { continue }
      let (a, b) = (roles.graph.nodes[index].inputs[0].index, roles.graph.nodes[index].inputs[1].index)
      guard ProductOperation.canLie(lying, transposeA, roles.layouts[a], roles.graph.nodes[b].shape) else { continue }
      attach(Epilogue(activation: .none, result: user, lying: lying), product: index, group: groupOf[user])
    }
  }

  /// Where in a transposition's memory the elements of what it reads lie, if strides can say.
  private func lying(of source: Int, in index: Int) -> Layout? {
    let node = roles.graph.nodes[index]
    guard case .transpose(let order) = node.primitive, roles.roles[index] == .operation, node.count > 0,
      roles.bases[node.inputs[0].index] == source
    else { return nil }
    let moved = roles.layouts[node.inputs[0].index].transposed(order), own = Layout(node.shape)
    // The axes in the order of the source's memory, all of it.
    let axes = node.shape.indices.filter { node.shape[$0] != 1 }.sorted { moved.strides[$0] > moved.strides[$1] }
    let extents = axes.map { node.shape[$0] }
    guard moved.count == roles.graph.nodes[source].count,
      Layout(shape: extents, strides: axes.map { moved.strides[$0] }, offset: moved.offset).isContiguous
    else { return nil }
    return Layout(shape: extents, strides: axes.map { own.strides[$0] }, offset: 0)
      .reshaped(roles.graph.nodes[source].shape)
  }
}
