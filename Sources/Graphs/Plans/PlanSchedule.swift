import Tensors

/// The groups of a fusion in the order in which they run: what can fail comes as early as it can, so that nothing is
/// overwritten in place before the last check.
struct PlanSchedule {
  /// Groups in order.
  private(set) var order: [Int] = []
  /// For each group, its place in the order.
  private(set) var placeOf: [Int: Int] = [:]
  /// Whether every group found a place: a fusion without cycles.
  private(set) var isComplete = false
  /// For each place, whether the group can fail when it runs.
  private(set) var canFail: [Bool] = []
  /// Stretches of the order that run strip by strip.
  private(set) var regions: [StripRegion] = []

  init(_ fusion: Fusion) {
    let groups = fusion.groups.indices.filter { fusion.groups[$0] != nil }
    var successors: [Int: Set<Int>] = [:]
    var waiting: [Int: Int] = [:]
    for group in groups {
      var next: Set<Int> = []
      for node in fusion.groups[group]?.nodes ?? [] {
        for user in fusion.roles.users[node] where fusion.groupOf[user] != group { next.insert(fusion.groupOf[user]) }
      }
      successors[group] = next
      for target in next { waiting[target, default: 0] += 1 }
    }
    PlanSchedule.delayUpdates(fusion, &successors, &waiting)
    let fails = Dictionary(uniqueKeysWithValues: groups.map { ($0, PlanSchedule.canFail($0, fusion)) })
    let urgent = PlanSchedule.leadingToFailure(groups, successors, fails)
    func rank(_ group: Int) -> (Int, Int, Int) {
      let nodes = fusion.groups[group]?.nodes ?? []
      let isScalar = nodes.first.map { fusion.roles.roles[$0] == .scalar } ?? false
      return (urgent.contains(group) ? 0 : 1, isScalar ? 0 : 1, nodes.max() ?? 0)
    }
    var ready = Heap(groups.filter { waiting[$0, default: 0] == 0 }.map { (rank($0), $0) })
    while let group = ready.pop() {
      placeOf[group] = order.count
      order.append(group)
      canFail.append(fails[group] ?? false)
      for target in successors[group] ?? [] {
        waiting[target, default: 1] -= 1
        if waiting[target] == 0 { ready.push((rank(target), target)) }
      }
    }
    isComplete = order.count == groups.count
  }

  /// What replaces rows of a value waits for the other readers of that value, where none of them waits for it.
  private static func delayUpdates(
    _ fusion: Fusion, _ successors: inout [Int: Set<Int>], _ waiting: inout [Int: Int]
  ) {
    for index in fusion.roles.graph.nodes.indices {
      guard let base = fusion.roles.updatedBase(of: index), fusion.roles.users[base].count > 1 else { continue }
      let update = fusion.groupOf[index]
      var (after, pending): (Set<Int>, [Int]) = ([update], [update])
      while let group = pending.popLast() {
        for next in successors[group] ?? [] where after.insert(next).inserted { pending.append(next) }
      }
      for reader in fusion.roles.users[base].map({ fusion.groupOf[$0] }) where !after.contains(reader) {
        if successors[reader, default: []].insert(update).inserted { waiting[update, default: 0] += 1 }
      }
    }
  }

  private static func canFail(_ group: Int, _ fusion: Fusion) -> Bool {
    (fusion.groups[group]?.nodes ?? []).contains { canFail(fusion.roles.graph.nodes[$0]) }
  }

  /// Whether running a node can raise an error.
  static func canFail(_ node: Node) -> Bool {
    switch node.primitive {
    case .gather, .scatterAdd, .pick, .unpick, .oneHot, .dynamicSlice, .dynamicUpdate, .permutation, .sort,
      .argSort, .topOrder, .linear, .network:
      return true
    case .program(let program): return program.canFail
    default: return node.isNumber && IntegerArithmetic.isChecked(node.primitive, node.type)
    }
  }

  private static func leadingToFailure(
    _ groups: [Int], _ successors: [Int: Set<Int>], _ fails: [Int: Bool]
  ) -> Set<Int> {
    var predecessors: [Int: [Int]] = [:]
    for (group, next) in successors { for target in next { predecessors[target, default: []].append(group) } }
    var result = Set(groups.filter { fails[$0] ?? false })
    var pending = Array(result)
    while let group = pending.popLast() {
      for source in predecessors[group] ?? [] where result.insert(source).inserted { pending.append(source) }
    }
    return result
  }
}

extension PlanSchedule {
  /// Puts steps together that are worth going through strip by strip.
  mutating func formStrips(_ fusion: Fusion, _ operations: [Int: Operation], _ limits: StripLimits) {
    let segments = StripSearch(fusion: fusion, operations: operations, limits: limits).segments(order)
    guard segments.contains(where: \.isRegion) else { return }
    let failing = Dictionary(uniqueKeysWithValues: zip(order, canFail))
    (order, canFail) = ([], [])
    for segment in segments {
      let first = order.count
      order += segment.groups
      // All of a region fails where one of its steps does: later ones have begun then.
      let fails = segment.groups.contains { failing[$0] ?? false }
      canFail += segment.groups.map { segment.isRegion ? fails : failing[$0] ?? false }
      guard segment.isRegion else { continue }
      regions.append(StripRegion(places: first...order.count - 1, count: segment.count, strip: segment.strip))
    }
    for (place, group) in order.enumerated() { placeOf[group] = place }
  }

  /// The region that a place is part of.
  func region(at place: Int) -> StripRegion? { regions.first { $0.places.contains(place) } }
}

/// A binary heap of ranked groups, least first.
private struct Heap {
  typealias Entry = (rank: (Int, Int, Int), group: Int)
  private var entries: [Entry] = []

  init(_ entries: [Entry]) { for entry in entries { push(entry) } }

  mutating func push(_ entry: Entry) {
    entries.append(entry)
    var child = entries.count - 1
    while child > 0, entries[child].rank < entries[(child - 1) / 2].rank {
      entries.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func pop() -> Int? {
    guard let first = entries.first else { return nil }
    let last = entries.removeLast()
    if !entries.isEmpty {
      entries[0] = last
      var parent = 0
      while true {
        var least = parent
        for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
          if entries[child].rank < entries[least].rank { least = child }
        }
        if least == parent { break }
        entries.swapAt(parent, least)
        parent = least
      }
    }
    return first.group
  }
}
