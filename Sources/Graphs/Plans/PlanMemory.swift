import Tensors

/// Where the values of a plan lie: every node that lies in memory has a slot, and every slot is an input, a constant,
/// an output or a piece of the arena, which dead values leave to later ones.
struct PlanMemory {
  enum Kind: Equatable {
    case input(Int)
    case constant(Int)
    case output(Int)
    case arena(Int)
    /// In the memory that each lane has for the values of strips.
    case strip(Int)
  }

  /// Slot of each node that lies in memory.
  private(set) var slotOf: [Int: Int] = [:]
  /// What each slot is.
  private(set) var kinds: [Kind] = []
  /// For each output slot, the node it holds.
  private(set) var outputNodes: [Int] = []
  /// For each output, the input whose memory it may take over when nobody else holds that.
  private(set) var donors: [Int?] = []
  /// Scratch of the operation at a place of the schedule, in the arena.
  private(set) var scratch: [Int: Int] = [:]
  private(set) var arenaBytes = 0
  private(set) var stripBytes = 0
  /// What updates keep of the rows that they replace.
  private(set) var keptBytes = 0

  private let fusion: Fusion
  private let schedule: PlanSchedule
  private let updates: RowUpdates
  private var graph: Graph { fusion.roles.graph }
  private var roles: PlanRoles { fusion.roles }

  init(_ fusion: Fusion, _ schedule: PlanSchedule, scratchBytes: [Int: Int]) {
    self.fusion = fusion
    self.schedule = schedule
    updates = RowUpdates(fusion, schedule)
    var outputs: Set<Int> = []
    for output in graph.outputs {
      let base = roles.bases[output.index]
      if fusion.groupOf[base] >= 0, outputs.insert(base).inserted { outputNodes.append(base) }
    }
    var (pieces, strips): ([Piece], [Piece]) = ([], [])
    for index in graph.nodes.indices where roles.roles[index] != .view && updates.heirs[index] == nil {
      guard let kind = kind(of: index, outputs, &pieces, &strips) else { continue }
      slotOf[index] = kinds.count
      kinds.append(kind)
    }
    for index in updates.heirs.keys { slotOf[index] = slotOf[updates.last(of: index)] }
    for (place, bytes) in scratchBytes {
      pieces.append(Piece(slot: nil, place: place, bytes: (bytes + 63) & ~63, first: place, last: place))
    }
    arenaBytes = assign(pieces) { .arena($0) }
    stripBytes = assign(strips) { .strip($0) }
  }

  /// Throws a `GraphError` where one run would need more memory than may be used at all. It names the operation with
  /// the largest result.
  func checkRoom(in graph: Graph) throws {
    let made = outputNodes.reduce(arenaBytes) { $0 &+ graph.nodes[$1].byteCount }
    let limit = MemoryPool.limit
    guard made > limit else { return }
    let computed = slotOf.filter { index, slot in
      switch kinds[slot] {
      case .arena, .output, .strip: true
      case .input, .constant: false
      }
    }
    let largest = computed.keys.min {
      (-graph.nodes[$0].byteCount, $0) < (-graph.nodes[$1].byteCount, $1)
    }
    guard let largest else { return }
    let node = graph.nodes[largest]
    let operands = node.inputs.map { Words.tensor(graph.nodes[$0.index].shape, graph.nodes[$0.index].type) }
    throw GraphError(
      .tooMuchMemory(
        bytes: made, limit: limit, operation: node.primitive.name,
        operands: operands.isEmpty ? Words.tensor(node.shape, node.type) : operands.joined(separator: " and ")),
      origin: node.origin)
  }

  private struct Piece {
    let slot: Int?
    let place: Int
    let bytes: Int
    let first: Int
    let last: Int
  }

  /// nil for values that never leave their loop.
  private func kind(of index: Int, _ outputs: Set<Int>, _ pieces: inout [Piece], _ strips: inout [Piece]) -> Kind? {
    let node = graph.nodes[index]
    switch node.primitive {
    case .input(let input): return .input(input)
    case .constant(let constant): return .constant(constant)
    default: break
    }
    if outputs.contains(index) { return .output(outputNodes.firstIndex(of: index) ?? 0) }
    let group = fusion.groupOf[index]
    let readers = roles.users[index].filter { fusion.groupOf[$0] != group }
    let isInner = roles.roles[index] == .loop || (fusion.groups[group]?.nodes.count ?? 1) > 1
    if isInner, readers.isEmpty { return nil }
    var first = schedule.placeOf[fusion.groupOf[updates.line(to: index)[0]]] ?? 0
    // Single elements keep their place for the whole run: a number may be asked for by guards.
    var last =
      roles.roles[index] == .scalar
      ? Int.max : readers.map { schedule.placeOf[fusion.groupOf[$0]] ?? 0 }.max() ?? first
    if let region = schedule.region(at: first), region.places.contains(last) {
      let bytes = (node.byteCount / region.count * region.strip + 63) & ~63
      strips.append(Piece(slot: kinds.count, place: 0, bytes: bytes, first: first, last: last))
      return .strip(0)
    }
    // What lies whole is there for all strips.
    first = schedule.region(at: first)?.places.lowerBound ?? first
    last = schedule.region(at: last)?.places.upperBound ?? last
    let bytes = max((node.byteCount + 63) & ~63, 64)
    pieces.append(Piece(slot: kinds.count, place: 0, bytes: bytes, first: first, last: last))
    return .arena(0)
  }

  /// In the order of their first steps, each in the smallest gap that dead pieces have left.
  private mutating func assign(_ pieces: [Piece], as kind: (Int) -> Kind) -> Int {
    var gaps = ArenaGaps()
    var alive: [Int: [(offset: Int, bytes: Int)]] = [:]
    var step = -1
    for piece in pieces.sorted(by: { ($0.first, $1.bytes, $0.place) < ($1.first, $0.bytes, $1.place) }) {
      while step < piece.first {
        for dead in alive.removeValue(forKey: step) ?? [] { gaps.free(dead.offset, dead.bytes) }
        step += 1
      }
      let offset = gaps.take(piece.bytes)
      if piece.last != .max { alive[piece.last, default: []].append((offset, piece.bytes)) }
      if let slot = piece.slot { kinds[slot] = kind(offset) } else { scratch[piece.place] = offset }
    }
    return gaps.end
  }

  /// Finds for each output the input it may overwrite. `isSafe` says whether a step that both reads the input and
  /// writes the output reads each element before it writes there. Calls `keep` with the place of each update that must keep what
  /// it replaces, since a later step can fail; it gives the bytes.
  mutating func assignDonors(
    isSafe: (_ place: Int, _ input: Int, _ output: Int) -> Bool, keep: (_ place: Int, _ offset: Int) -> Int
  ) {
    donors = Array(repeating: nil, count: outputNodes.count)
    let lastFailure = schedule.canFail.lastIndex(of: true) ?? -1
    var taken: Set<Int> = []
    let returned = Set(graph.outputs.map { roles.bases[$0.index] })
    for (ordinal, node) in outputNodes.enumerated() {
      let line = updates.line(to: node)
      let places = line.map { schedule.placeOf[fusion.groupOf[$0]] ?? 0 }
      let write = places[0]
      // Strips read rows of their operands when other rows of their results are there.
      guard schedule.region(at: write) == nil else { continue }
      let replaced = roles.updatedBase(of: line[0])
      for candidate in candidates(for: node) where !taken.contains(candidate) && !returned.contains(candidate) {
        // What is overwritten before the last failure must be put back: rows can be.
        guard write > lastFailure || candidate == replaced else { continue }
        let reads = roles.users[candidate].map { schedule.placeOf[fusion.groupOf[$0]] ?? 0 }
        let last = reads.max() ?? -1
        guard last < write || (last == write && (candidate == replaced || isSafe(write, candidate, node))) else {
          continue
        }
        guard case .input(let input) = graph.nodes[candidate].primitive else { continue }
        donors[ordinal] = input
        taken.insert(candidate)
        for place in places where place < lastFailure { keptBytes += (keep(place, keptBytes) + 63) & ~63 }
        break
      }
    }
  }

  /// Whether an output is an input of which rows are replaced.
  func replacesRows(ofOutput ordinal: Int) -> Bool {
    donors[ordinal] != nil && roles.updatedBase(of: updates.line(to: outputNodes[ordinal])[0]) != nil
  }

  /// Inputs of a node's shape and type, the nearest ones up the graph first.
  private func candidates(for node: Int) -> [Int] {
    let (shape, type) = (graph.nodes[node].shape, graph.nodes[node].type)
    var (seen, layer, result): (Set<Int>, [Int], [Int]) = ([node], [node], [])
    while !layer.isEmpty {
      var next: [Int] = []
      for index in layer {
        for input in graph.nodes[index].inputs where seen.insert(input.index).inserted {
          let source = graph.nodes[input.index]
          if case .input = source.primitive, source.shape == shape, source.type == type { result.append(input.index) }
          next.append(input.index)
        }
      }
      layer = next
    }
    return result
  }
}

/// The free stretches of an arena that grows as needed.
private struct ArenaGaps {
  private var gaps: [(offset: Int, bytes: Int)] = []
  private(set) var end = 0

  mutating func take(_ bytes: Int) -> Int {
    let fitting = gaps.indices.filter { gaps[$0].bytes >= bytes }
    guard let best = fitting.min(by: { gaps[$0].bytes < gaps[$1].bytes }) else {
      // A gap at the end grows.
      if let last = gaps.last, last.offset + last.bytes == end {
        gaps.removeLast()
        end = last.offset + bytes
        return last.offset
      }
      defer { end += bytes }
      return end
    }
    let gap = gaps[best]
    if gap.bytes == bytes { gaps.remove(at: best) } else { gaps[best] = (gap.offset + bytes, gap.bytes - bytes) }
    return gap.offset
  }

  mutating func free(_ offset: Int, _ bytes: Int) {
    let place = gaps.firstIndex { $0.offset > offset } ?? gaps.count
    gaps.insert((offset, bytes), at: place)
    if place + 1 < gaps.count, gaps[place].offset + gaps[place].bytes == gaps[place + 1].offset {
      gaps[place].bytes += gaps.remove(at: place + 1).bytes
    }
    if place > 0, gaps[place - 1].offset + gaps[place - 1].bytes == gaps[place].offset {
      gaps[place - 1].bytes += gaps.remove(at: place).bytes
    }
  }
}
