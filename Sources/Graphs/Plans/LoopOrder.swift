import Tensors

/// The order in which a loop computes its nodes: as they were recorded, but a sum, difference or product with one reader of its kind
/// waits until just before that reader, so that the two can become one pass (`LoopProgram.joinPairs`). A node whose own operand
/// waits for it is one pass already and waits for nobody; so nothing else waits longer than for two nodes.
struct LoopOrder {
  private let roles: PlanRoles
  private let members: Set<Int>
  /// Nodes that wait for their reader.
  private var waiting: Set<Int> = []

  /// `nodes` are in an order in which they can be computed; `stays` says which are written where others see them.
  static func nodes(_ roles: PlanRoles, _ nodes: [Int], stays: (Int) -> Bool) -> [Int] {
    var order = LoopOrder(roles: roles, members: Set(nodes))
    for node in nodes where !stays(node) && order.canWait(node) { order.waiting.insert(node) }
    return nodes.filter { !order.waiting.contains($0) }.flatMap { order.awaited($0) + [$0] }
  }

  private init(roles: PlanRoles, members: Set<Int>) {
    self.roles = roles
    self.members = members
  }

  private func isPairable(_ index: Int) -> Bool {
    guard case .binary(let operation) = roles.graph.nodes[index].primitive else { return false }
    return roles.graph.nodes[index].type.isFloat && PairedFirst(operation) != nil
  }

  /// The operands of a node that wait for it.
  private func awaited(_ index: Int) -> [Int] {
    roles.graph.nodes[index].inputs.map(\.index).filter(waiting.contains)
  }

  private func canWait(_ index: Int) -> Bool {
    guard isPairable(index), awaited(index).isEmpty, roles.users[index].count == 1,
      let reader = roles.users[index].first, members.contains(reader), isPairable(reader),
      roles.graph.nodes[reader].count == roles.graph.nodes[index].count
    else { return false }
    // Itself, once, not a view of it.
    return roles.graph.nodes[reader].inputs.count { $0.index == index } == 1
  }
}
