import Tensors

/// The order in which a loop computes its nodes: as they were recorded, but a sum, difference or product with one reader of its kind
/// waits until just before that reader, so that the two can become one pass (`LoopProgram.joinPairs`).
struct LoopOrder {
  private let roles: PlanRoles
  private let members: Set<Int>
  /// Nodes that wait for their reader, with how many wait for one another up to them.
  private var waiting: [Int: Int] = [:]
  /// Nodes that are one pass with the node before them already.
  private var closing: Set<Int> = []
  private var result: [Int] = []

  private static let mostWaiting = 64

  /// `nodes` are in an order in which they can be computed; `stays` says which are written where others see them.
  static func nodes(_ roles: PlanRoles, _ nodes: [Int], stays: (Int) -> Bool) -> [Int] {
    // Which of several errors comes first is seen.
    if nodes.count(where: { PlanSchedule.canFail(roles.graph.nodes[$0]) }) > 1 { return nodes }
    var order = LoopOrder(roles: roles, members: Set(nodes))
    for node in nodes where order.isPairable(node) { order.settle(node, stays: stays(node)) }
    for node in nodes where order.waiting[node] == nil { order.place(node) }
    return order.result
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
    roles.graph.nodes[index].inputs.map(\.index).filter { waiting[$0] != nil }
  }

  private mutating func settle(_ index: Int, stays: Bool) {
    let before = awaited(index)
    if before.contains(where: { !closing.contains($0) }) { closing.insert(index) }
    let depth = (before.compactMap { waiting[$0] }.max() ?? 0) + 1
    if !stays, depth <= LoopOrder.mostWaiting, hasOneReaderOfItsKind(index) { waiting[index] = depth }
  }

  private func hasOneReaderOfItsKind(_ index: Int) -> Bool {
    guard roles.users[index].count == 1, let reader = roles.users[index].first, members.contains(reader),
      isPairable(reader), roles.graph.nodes[reader].count == roles.graph.nodes[index].count
    else { return false }
    // Itself, once, not a view of it.
    return roles.graph.nodes[reader].inputs.count { $0.index == index } == 1
  }

  private mutating func place(_ index: Int) {
    let before = awaited(index)
    // What can still join this node comes last.
    for node in before where closing.contains(node) { place(node) }
    for node in before where !closing.contains(node) { place(node) }
    result.append(index)
  }
}
