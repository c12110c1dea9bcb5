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
    /// Of a product that is the first of the nodes.
    var epilogue: Epilogue?
  }

  let roles: PlanRoles
  var groups: [Group?] = []
  var groupOf: [Int]
  /// Groups in an order in which they could run (joined ones keep a place of no meaning), and the place of each.
  private var order: [Int] = []
  private var place: [Int] = []
  /// The search that last came by each group.
  private var visited: [Int] = []
  private var visit = 0

  init(_ roles: PlanRoles) {
    self.roles = roles
    groupOf = Array(repeating: -1, count: roles.graph.nodes.count)
    for (index, role) in roles.roles.enumerated() where role != .view && role != .input && role != .constant {
      if role == .result {
        // Part of its program, which comes before it.
        let program = groupOf[roles.graph.nodes[index].inputs[0].index]
        groupOf[index] = program
        if program >= 0 { groups[program]?.nodes.append(index) }
        continue
      }
      groupOf[index] = groups.count
      groups.append(initialGroup(index, role))
    }
    visited = Array(repeating: 0, count: groups.count)
    order = Array(groups.indices)
    place = order
    for reader in roles.graph.nodes.indices.reversed() where roles.roles[reader] == .loop {
      for input in roles.graph.nodes[reader].inputs.reversed() {
        let source = roles.bases[input.index]
        if roles.roles[source] == .loop { join(source, reader) }
      }
    }
    attachEpilogues()
    attachTranspositions()
    attachColumnSums()
  }

  /// Makes a product and the loop or transposition behind it one group, unless something else has to run in between.
  mutating func attach(_ epilogue: Epilogue, product: Int, group q: Int) {
    let p = groupOf[product]
    guard let members = groups[q]?.nodes, let later = between(p, q) else { return }
    reorder(p, q, moving: later)
    groupOf[product] = q
    groups[q] = Group(nodes: [product] + members, total: 0, columns: nil, isLoop: false, epilogue: epilogue)
    groups[p] = nil
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
      let merged = merged(first, second, reader: q), let later = between(p, q)
    else { return }
    reorder(p, q, moving: later)
    for node in first.nodes { groupOf[node] = q }
    groups[q] = merged
    groups[p] = nil
  }

  /// The joined group, if one pass can compute both; `reader` is q's number.
  private func merged(_ p: Group, _ q: Group, reader: Int) -> Group? {
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
    // What p hands to q must lie where one pass finds it; inside each of the two that is known.
    for node in p.nodes {
      for user in roles.users[node] where groupOf[user] == reader {
        for operand in roles.graph.nodes[user].inputs.indices {
          let (base, layout) = roles.operandLayout(user, operand)
          if base == node, case .unslice = roles.graph.nodes[user].primitive { return nil }
          if base == node, !edgeFits(base, layout, total, columns) { return nil }
        }
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

  /// Groups that `p` leads to and that run before `q`, or nil if one of them leads on to `q`: then the two cannot be
  /// one.
  private mutating func between(_ p: Int, _ q: Int) -> [Int]? {
    visit += 1
    var found: [Int] = []
    var pending = [p]
    while let group = pending.popLast() {
      for node in groups[group]?.nodes ?? [] {
        for user in roles.users[node] {
          let next = groupOf[user]
          if next == q, group != p { return nil }
          guard next != group, next != q, visited[next] != visit, place[next] < place[q] else { continue }
          visited[next] = visit
          found.append(next)
          pending.append(next)
        }
      }
    }
    return found
  }

  /// `p` becomes part of `q`: groups between them that need `p` move behind `q`, so that `order` stays an order.
  private mutating func reorder(_ p: Int, _ q: Int, moving later: [Int]) {
    let range = place[p]...place[q]
    var moved = order[range].filter { $0 != p && $0 != q && visited[$0] != visit }
    moved.append(q)
    moved += later.sorted { place[$0] < place[$1] }
    moved.append(p)
    for (offset, group) in moved.enumerated() {
      order[range.lowerBound + offset] = group
      place[group] = range.lowerBound + offset
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
