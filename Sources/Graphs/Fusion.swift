import Tensors

/// Which nodes run together: loops are grown by joining a reader with what it reads, as long as one pass over rows can
/// compute both and no other step would have to run in between.
struct Fusion {
  /// Nodes that run in one pass over `rows` × `columns` elements; all others are groups of their own.
  struct Group {
    var nodes: [Int]
    /// Elements of the largest values.
    var total: Int
    /// Elements per row, where something reduces or repeats rows.
    var columns: Int?
    var isLoop: Bool
  }

  let roles: PlanRoles
  private(set) var groups: [Group?] = []
  private(set) var groupOf: [Int]
  /// The search that last came by each group.
  private var visited: [Int] = []
  private var visit = 0

  init(_ roles: PlanRoles) {
    self.roles = roles
    groupOf = Array(repeating: -1, count: roles.graph.nodes.count)
    for (index, role) in roles.roles.enumerated() where role != .view && role != .input && role != .constant {
      groupOf[index] = groups.count
      groups.append(initialGroup(index, role))
    }
    visited = Array(repeating: 0, count: groups.count)
    for reader in roles.graph.nodes.indices.reversed() where roles.roles[reader] == .loop {
      for input in roles.graph.nodes[reader].inputs.reversed() {
        let source = roles.bases[input.index]
        if roles.roles[source] == .loop { join(source, reader) }
      }
    }
  }

  private func initialGroup(_ index: Int, _ role: Role) -> Group {
    let node = roles.graph.nodes[index]
    let (total, columns) = Fusion.extent(node, roles.graph)
    return Group(nodes: [index], total: total, columns: columns, isLoop: role == .loop)
  }

  /// Elements that a node's pass goes over, and its row length if it has one.
  static func extent(_ node: Node, _ graph: Graph) -> (total: Int, columns: Int?) {
    switch node.primitive {
    case .reduce, .argReduce, .pick:
      let total = graph.nodes[node.inputs[0].index].count
      return (total, node.count > 0 ? total / node.count : nil)
    case .unpick(let width), .oneHot(let width, _): return (node.count, width)
    default: return (node.count, nil)
    }
  }

  private mutating func join(_ source: Int, _ reader: Int) {
    let (p, q) = (groupOf[source], groupOf[reader])
    guard p != q, let first = groups[p], let second = groups[q], first.nodes.count + second.nodes.count <= 256,
      let merged = merged(first, second), !leads(from: p, to: q)
    else { return }
    for node in first.nodes { groupOf[node] = q }
    groups[q] = merged
    groups[p] = nil
  }

  /// The joined group, if one pass can compute both.
  private func merged(_ p: Group, _ q: Group) -> Group? {
    var (total, columns) = (max(p.total, q.total), p.total >= q.total ? p.columns : q.columns)
    if p.total == q.total {
      if let a = p.columns, let b = q.columns, a != b { return nil }
      columns = p.columns ?? q.columns
    } else {
      let (small, large) = p.total < q.total ? (p, q) : (q, p)
      guard small.columns == nil, small.total > 0, large.total % small.total == 0 else { return nil }
      total = large.total
      let ratio = large.total / small.total
      if let columns, columns != ratio { return nil }
      guard ratio <= PlanRoles.longestRow else { return nil }
      columns = ratio
    }
    let members = Set(p.nodes + q.nodes)
    for node in p.nodes + q.nodes {
      for place in roles.graph.nodes[node].inputs.indices {
        let (base, layout) = roles.operandLayout(node, place)
        if members.contains(base), !edgeFits(base, layout, total, columns) { return nil }
      }
    }
    return Group(nodes: p.nodes + q.nodes, total: total, columns: columns, isLoop: true)
  }

  /// Whether a reader finds the value of the same pass in place: the same element, or its row's.
  private func edgeFits(_ base: Int, _ layout: Layout, _ total: Int, _ columns: Int?) -> Bool {
    let source = roles.graph.nodes[base]
    if layout.isContiguous, layout.count == source.count { return true }
    guard let columns, source.count * columns == total else { return false }
    return layout.count == total && layout.repeatsRows(of: source.count, columns)
  }

  /// Whether some path from `p` to `q` passes through a third group.
  private mutating func leads(from p: Int, to q: Int) -> Bool {
    visit += 1
    visited[p] = visit
    var pending: [Int] = []
    push(p, except: q, &pending)
    while let group = pending.popLast() {
      if group == q { return true }
      push(group, except: -1, &pending)
    }
    return false
  }

  private mutating func push(_ group: Int, except target: Int, _ pending: inout [Int]) {
    for node in groups[group]?.nodes ?? [] {
      for user in roles.users[node] {
        let next = groupOf[user]
        if next != target, visited[next] != visit {
          visited[next] = visit
          pending.append(next)
        }
      }
    }
  }
}

extension Layout {
  /// Whether it is `rows` elements in order, each repeated `columns` times.
  func repeatsRows(of rows: Int, _ columns: Int) -> Bool {
    guard offset == 0 else { return false }
    let joined = Layout.collapse(shape, [strides])
    if rows == 1 { return joined.strides[0].allSatisfy { $0 == 0 } }
    return joined.shape == [rows, columns] && joined.strides[0] == [1, 0]
  }
}
