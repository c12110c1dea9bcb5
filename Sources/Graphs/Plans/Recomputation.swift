import Tensors

/// Values that are cheaper to make again than to keep: where a plan needs much memory at once, a large value that a loop made of
/// a few simple operations, and that is read before that moment and long after it, is made again for its late readers. A rectified
/// normalisation between two convolutions is one: the way back then keeps one of the two, and reads no more than
/// before. The operations are the same, so the bits are.
struct Recomputation {
  /// The graph with the late copies.
  let graph: Graph

  /// Plans that need less at once are left alone.
  static let leastBytes = 1 << 25
  /// Smaller values are kept.
  private static let leastValueBytes = 1 << 18
  /// Operations that a value may take.
  private static let mostOperations = 8

  /// Nil where nothing is gained.
  init?(_ fusion: Fusion, _ schedule: PlanSchedule) {
    let lives = ValueLives(fusion, schedule)
    guard lives.peakBytes >= Recomputation.leastBytes else { return nil }
    var search = Search(fusion: fusion, schedule: schedule, lives: lives)
    for index in fusion.roles.graph.nodes.indices { search.consider(index) }
    guard !search.dropped.isEmpty else { return nil }
    graph = LateCopies(search).graph()
  }

  /// Which values to make again.
  fileprivate struct Search {
    let fusion: Fusion
    let schedule: PlanSchedule
    let lives: ValueLives
    /// Values that their late readers do not get as they were made.
    var dropped: Set<Int> = []
    /// What these are made of: it has to stay.
    var kept: Set<Int> = []

    var roles: PlanRoles { fusion.roles }

    func place(_ node: Int) -> Int { schedule.placeOf[fusion.groupOf[node]] ?? 0 }

    mutating func consider(_ index: Int) {
      guard roles.roles[index] == .loop, let life = lives.of[index], !kept.contains(index),
        roles.graph.nodes[index].byteCount >= Recomputation.leastValueBytes, life.first < lives.peak,
        life.last > lives.peak, !life.isRead(at: lives.peak)
      else { return }
      var leaves: Set<Int> = []
      var operations = 0
      guard trace(index, &leaves, &operations) else { return }
      dropped.insert(index)
      kept.formUnion(leaves)
    }

    /// Whether a value can be made of what is there late in the plan as well; what it is made of.
    private func trace(_ index: Int, _ leaves: inout Set<Int>, _ operations: inout Int) -> Bool {
      let node = roles.graph.nodes[index]
      operations += 1
      guard operations <= Recomputation.mostOperations, node.primitive.isSimple else { return false }
      for input in node.inputs {
        let base = roles.bases[input.index]
        if isThereLate(base) {
          leaves.insert(base)
        } else if lives.of[base] != nil && !dropped.contains(base) || !trace(base, &leaves, &operations) {
          return false
        }
      }
      return true
    }

    private func isThereLate(_ base: Int) -> Bool {
      switch roles.roles[base] {
      case .input, .constant, .scalar: return true
      default: break
      }
      guard let life = lives.of[base], !dropped.contains(base) else { return false }
      // Small ones may as well stay longer.
      return life.last > lives.peak || roles.graph.nodes[base].byteCount * 64 <= Recomputation.leastValueBytes
    }
  }
}

extension Primitive {
  /// Whether making it again takes hardly longer than reading it.
  fileprivate var isSimple: Bool {
    switch self {
    case .binary(.add), .binary(.subtract), .binary(.multiply), .binary(.minimum), .binary(.maximum), .compare, .select,
      .unary(.negate), .unary(.abs), .broadcast, .reshape:
      true
    default: false
    }
  }
}

/// When the values that lie between steps are made and read for the last time, by places of the schedule.
struct ValueLives {
  struct Life {
    let first: Int
    let reads: [Int]
    var last: Int { reads.last ?? first }
    func isRead(at place: Int) -> Bool { reads.contains(place) }
  }

  /// Per node that lies in memory between steps.
  private(set) var of: [Int: Life] = [:]
  /// The place at which most bytes are needed, and how many.
  private(set) var peak = 0
  private(set) var peakBytes = 0

  init(_ fusion: Fusion, _ schedule: PlanSchedule) {
    let roles = fusion.roles
    let outputs = Set(roles.graph.outputs.map { roles.bases[$0.index] })
    var change = Array(repeating: 0, count: schedule.order.count + 1)
    for index in roles.graph.nodes.indices {
      let group = fusion.groupOf[index]
      guard group >= 0, !outputs.contains(index), let first = schedule.placeOf[group] else { continue }
      let reads = Set(roles.users[index].map { fusion.groupOf[$0] }).filter { $0 != group }.compactMap {
        schedule.placeOf[$0]
      }
      if reads.isEmpty { continue }
      let life = Life(first: first, reads: reads.sorted())
      of[index] = life
      change[first] += roles.graph.nodes[index].byteCount
      change[life.last + 1] -= roles.graph.nodes[index].byteCount
    }
    var bytes = 0
    for place in schedule.order.indices {
      bytes += change[place]
      if bytes > peakBytes { (peak, peakBytes) = (place, bytes) }
    }
  }
}

/// Writes a graph anew with copies of some values for their late readers, each right before the first of them.
private struct LateCopies {
  private let search: Recomputation.Search
  private var nodes: [Node] = []
  /// Where each node is now, and its copy for late readers.
  private var early: [NodeID] = []
  private var late: [Copy: NodeID] = [:]

  /// A copy of a node for one of the values that are made again: what two of them are made of is made for each, so that it need
  /// not wait for the other.
  private struct Copy: Hashable {
    let value: Int
    let node: Int
  }

  init(_ search: Recomputation.Search) { self.search = search }

  private var roles: PlanRoles { search.roles }

  consuming func graph() -> Graph {
    var result = roles.graph
    for (index, node) in result.nodes.enumerated() {
      let isLate =
        roles.roles[index] != .view && search.fusion.groupOf[index] >= 0
        && search.place(index) > search.lives.peak
      var node = node
      node.inputs = node.inputs.map { input in
        let base = roles.bases[input.index]
        return isLate && search.dropped.contains(base) ? copy(input.index, for: base) : early[input.index]
      }
      early.append(NodeID(nodes.count))
      nodes.append(node)
    }
    result.nodes = nodes
    result.outputs = result.outputs.map { early[$0.index] }
    result.guards = result.guards.map { (early[$0.node.index], $0.value) }
    return result
  }

  private mutating func copy(_ index: Int, for value: Int) -> NodeID {
    let base = roles.bases[index]
    if !search.dropped.contains(base), search.kept.contains(base) { return early[index] }
    if let known = late[Copy(value: value, node: index)] { return known }
    var node = roles.graph.nodes[index]
    node.inputs = node.inputs.map { copy($0.index, for: value) }
    let made = NodeID(nodes.count)
    nodes.append(node)
    late[Copy(value: value, node: index)] = made
    return made
  }
}
