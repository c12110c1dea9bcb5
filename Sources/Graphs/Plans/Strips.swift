import Tensors

/// Steps that follow each other and that are gone through strip by strip: each for some rows of a common leading axis before the next
/// strip begins, so that what they hand on stays in the cache.
struct StripRegion {
  /// In the schedule.
  let places: ClosedRange<Int>
  /// Extent of the leading axis, which the rows of all values that they make share out evenly.
  let count: Int
  /// How much of it is a strip, but for the last.
  let strip: Int
}

/// What decides where strips pay. It changes no bits.
struct StripLimits: Sendable {
  /// Bytes that steps hand on, below which they find them in the cache anyway.
  var leastBytes = 1 << 20
  /// Bytes of a strip in all values that its steps read and write.
  var stripBytes = 1 << 19
  /// Bytes of an operand that every strip reads whole, above which the strips would bring it nearer again and again.
  var mostFixedBytes = 1 << 17
  /// Strips there are at least, so that threads share them evenly.
  var leastStrips = 16
}

extension Layout {
  /// Elements of memory between two of `count` even parts of the elements in order, if it is the same between all of them.
  func stride(ofParts count: Int) -> Int? {
    guard count > 0, self.count > 0, self.count % count == 0 else { return nil }
    let joined = Layout.collapse(shape, [strides])
    guard let first = joined.shape.first else { return count == 1 ? 0 : nil }
    return first % count == 0 ? joined.strides[0][0] * (first / count) : nil
  }
}

/// Finds the strips of a schedule.
struct StripSearch {
  let fusion: Fusion
  let operations: [Int: Operation]
  let limits: StripLimits

  private var roles: PlanRoles { fusion.roles }
  private var graph: Graph { fusion.roles.graph }

  /// Groups in an order that keeps to what needs what; the count of a strip's leading axis and its rows where they are one region.
  struct Segment {
    var groups: [Int]
    var count = 1
    var strip = 1
    var isRegion: Bool { count > 1 }
  }

  /// Takes the groups that are most worth it out of an order, what must come before and after them around them, and goes on there.
  func segments(_ order: [Int]) -> [Segment] {
    var best: (bytes: Int, before: [Int], region: Segment, after: [Int])?
    for count in extents(order) where count >= limits.leastStrips {
      let split = split(order, count)
      let region = Set(split.region)
      let bytes = split.region.reduce(0) { $0 + handedOn($1, region) }
      guard split.region.count > 1, bytes >= limits.leastBytes, bytes > best?.bytes ?? 0 else { continue }
      let rows = max(1, limits.stripBytes / max(1, touched(split.region, count)))
      let strips = max((count + rows - 1) / rows, limits.leastStrips)
      let strip = count / strips
      best = (bytes, split.before, Segment(groups: split.region, count: count, strip: strip), split.after)
    }
    guard let best else { return [Segment(groups: order)] }
    return segments(best.before) + [best.region] + segments(best.after)
  }

  /// The leading axes of most bytes.
  private func extents(_ order: [Int]) -> [Int] {
    var bytes: [Int: Int] = [:]
    for group in order {
      for node in fusion.groups[group]?.nodes ?? [] {
        if let extent = graph.nodes[node].shape.first, extent > 1 {
          bytes[extent, default: 0] += graph.nodes[node].byteCount
        }
      }
    }
    let found = bytes.filter { $0.value >= limits.leastBytes }
    return found.keys.sorted { (-(found[$0] ?? 0), $0) < (-(found[$1] ?? 0), $1) }.prefix(3).map { $0 }
  }

  /// The groups that can run strip by strip, what they do not need and what needs them.
  private func split(_ order: [Int], _ count: Int) -> (before: [Int], region: [Int], after: [Int]) {
    var result: (before: [Int], region: [Int], after: [Int]) = ([], [], [])
    var (region, after): (Set<Int>, Set<Int>) = ([], [])
    for group in order {
      let sources = Set(
        (fusion.groups[group]?.nodes ?? []).flatMap { graph.nodes[$0].inputs }.map {
          fusion.groupOf[roles.bases[$0.index]]
        })
      if sources.isDisjoint(with: after), let reads = reads(of: group, count),
        reads.allSatisfy({ $0.access == .rows || !region.contains(fusion.groupOf[$0.base]) })
      {
        region.insert(group)
        result.region.append(group)
      } else if sources.isDisjoint(with: after), sources.isDisjoint(with: region) {
        result.before.append(group)
      } else {
        after.insert(group)
        result.after.append(group)
      }
    }
    return result
  }

  /// Bytes of what a group makes that nobody outside its region reads.
  private func handedOn(_ group: Int, _ region: Set<Int>) -> Int {
    written(group).reduce(0) { total, node in
      let readers = roles.users[node].filter { fusion.groupOf[$0] != group }
      let isInner = !readers.isEmpty && readers.allSatisfy { region.contains(fusion.groupOf[$0]) }
      return total + (isInner ? graph.nodes[node].byteCount : 0)
    }
  }

  /// Bytes per row of all values that the groups of a region read and write.
  private func touched(_ groups: [Int], _ count: Int) -> Int {
    var bases: Set<Int> = []
    for group in groups {
      bases.formUnion(written(group))
      for read in reads(of: group, count) ?? [] where read.access == .rows { bases.insert(read.base) }
    }
    return bases.reduce(0) { $0 + graph.nodes[$1].byteCount } / count
  }

  /// Nodes whose values others may read.
  private func written(_ group: Int) -> [Int] {
    guard let members = fusion.groups[group] else { return [] }
    if !members.isLoop { return members.nodes.first.map { [members.epilogue?.result ?? $0] } ?? [] }
    return members.nodes.filter { node in roles.users[node].contains { fusion.groupOf[$0] != group } }
  }

  /// How a step reads a value when it runs for some rows only.
  private enum Access {
    /// These rows of it.
    case rows
    /// All of it, whichever rows these are.
    case whole
  }

  private func access(_ base: Int, offset: Int, stride: Int?, _ count: Int) -> Access {
    guard let stride, stride > 0, stride * count == graph.nodes[base].count, offset < stride else { return .whole }
    return .rows
  }

  /// What a group reads, if it can run for some rows only and what it makes lies in rows.
  private func reads(of group: Int, _ count: Int) -> [(base: Int, access: Access)]? {
    guard let members = fusion.groups[group], let index = members.nodes.first else { return nil }
    return members.isLoop ? readsOfLoop(members, count) : readsOfOperation(index, members.epilogue, count)
  }

  private func readsOfLoop(_ group: Fusion.Group, _ count: Int) -> [(base: Int, access: Access)]? {
    let nodes = group.nodes.sorted()
    let members = Set(nodes)
    let columns = group.columns ?? LoopBuilder.columns(roles, nodes, members, group.total)
    guard group.total % count == 0, (group.total / count) % columns == 0 else { return nil }
    var result: [(base: Int, access: Access)] = []
    for index in nodes {
      let node = graph.nodes[index]
      guard roles.roles[index] == .loop, node.count == group.total || node.count * columns == group.total else {
        return nil
      }
      for place in node.inputs.indices {
        let (base, layout) = roles.operandLayout(index, place)
        if members.contains(base) { continue }
        if case .unslice = node.primitive {
          result.append((base, .whole))
        } else {
          result.append(
            (base, access(base, offset: layout.offset, stride: layout.stride(ofParts: count), count)))
        }
      }
    }
    return result
  }

  private func readsOfOperation(_ index: Int, _ epilogue: Epilogue?, _ count: Int) -> [(base: Int, access: Access)]? {
    guard let strides = operations[index]?.strideOfParts(count) else { return nil }
    let made = epilogue?.result ?? index
    guard graph.nodes[made].count % count == 0, strides.out * count == graph.nodes[made].count else { return nil }
    var result: [(base: Int, access: Access)] = []
    for (input, stride) in zip(graph.nodes[index].inputs, strides.operands) {
      let (base, layout) = (roles.bases[input.index], roles.layouts[input.index])
      let access = access(base, offset: layout.offset, stride: stride, count)
      if access == .whole, graph.nodes[input.index].byteCount > limits.mostFixedBytes { return nil }
      result.append((base, access))
    }
    if let bias = epilogue?.bias { result.append((bias.node, .whole)) }
    if let added = epilogue?.added {
      let stride = added.kind == .whole ? strides.out : 0
      result.append((added.node, access(added.node, offset: added.offset, stride: stride, count)))
    }
    if let gate = epilogue?.gate {
      result.append((gate.elements, access(gate.elements, offset: 0, stride: strides.out, count)))
    }
    return result
  }
}
