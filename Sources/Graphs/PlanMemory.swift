import Tensors

/// Where the values of a plan lie: every node that lies in memory has a slot, and every slot is an input, a constant, an
/// output or a piece of the arena, which dead values leave to later ones.
struct PlanMemory {
  enum Kind: Equatable {
    case input(Int)
    case constant(Int)
    case output(Int)
    case arena(Int)
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

  private let fusion: Fusion
  private let schedule: PlanSchedule
  private var graph: Graph { fusion.roles.graph }
  private var roles: PlanRoles { fusion.roles }

  init(_ fusion: Fusion, _ schedule: PlanSchedule, scratchBytes: [Int: Int]) {
    self.fusion = fusion
    self.schedule = schedule
    var outputs: Set<Int> = []
    for output in graph.outputs {
      let base = roles.bases[output.index]
      if fusion.groupOf[base] >= 0, outputs.insert(base).inserted { outputNodes.append(base) }
    }
    var pieces: [Piece] = []
    for index in graph.nodes.indices where roles.roles[index] != .view {
      guard let kind = kind(of: index, outputs, &pieces) else { continue }
      slotOf[index] = kinds.count
      kinds.append(kind)
    }
    for (place, bytes) in scratchBytes {
      pieces.append(Piece(slot: nil, place: place, bytes: (bytes + 63) & ~63, first: place, last: place))
    }
    assign(pieces)
  }

  private struct Piece {
    let slot: Int?
    let place: Int
    let bytes: Int
    let first: Int
    let last: Int
  }

  /// nil for values that never leave their loop.
  private func kind(of index: Int, _ outputs: Set<Int>, _ pieces: inout [Piece]) -> Kind? {
    let node = graph.nodes[index]
    switch node.primitive {
    case .input(let input): return .input(input)
    case .constant(let constant): return .constant(constant)
    default: break
    }
    if outputs.contains(index) { return .output(outputNodes.firstIndex(of: index) ?? 0) }
    let group = fusion.groupOf[index]
    let readers = roles.users[index].filter { fusion.groupOf[$0] != group }
    if roles.roles[index] == .loop, readers.isEmpty { return nil }
    let first = schedule.placeOf[group] ?? 0
    // Single elements keep their place for the whole run: a number may be asked for by guards.
    let last =
      roles.roles[index] == .scalar
      ? Int.max : readers.map { schedule.placeOf[fusion.groupOf[$0]] ?? 0 }.max() ?? first
    let bytes = max((node.byteCount + 63) & ~63, 64)
    pieces.append(Piece(slot: kinds.count, place: 0, bytes: bytes, first: first, last: last))
    return .arena(0)
  }

  /// Large pieces first, each at the lowest offset where no piece alive at the same time lies.
  private mutating func assign(_ pieces: [Piece]) {
    var placed: [(piece: Piece, offset: Int)] = []
    for piece in pieces.sorted(by: { ($0.bytes, $1.first) > ($1.bytes, $0.first) }) {
      var offset = 0
      let rivals = placed.filter { $0.piece.first <= piece.last && piece.first <= $0.piece.last }
      for rival in rivals.sorted(by: { $0.offset < $1.offset }) {
        if offset + piece.bytes <= rival.offset { break }
        offset = max(offset, rival.offset + rival.piece.bytes)
      }
      placed.append((piece, offset))
      arenaBytes = max(arenaBytes, offset + piece.bytes)
      if let slot = piece.slot { kinds[slot] = .arena(offset) } else { scratch[piece.place] = offset }
    }
  }

  /// Finds for each output the input it may overwrite. `isSafe` says whether a step that both reads the input and writes
  /// the output reads each element before it writes there.
  mutating func assignDonors(isSafe: (_ place: Int, _ input: Int, _ output: Int) -> Bool) {
    donors = Array(repeating: nil, count: outputNodes.count)
    let lastFailure = schedule.canFail.lastIndex(of: true) ?? -1
    var taken: Set<Int> = []
    let returned = Set(graph.outputs.map { roles.bases[$0.index] })
    for (ordinal, node) in outputNodes.enumerated() {
      guard let write = schedule.placeOf[fusion.groupOf[node]], write > lastFailure else { continue }
      for candidate in candidates(for: node) where !taken.contains(candidate) && !returned.contains(candidate) {
        let reads = roles.users[candidate].map { schedule.placeOf[fusion.groupOf[$0]] ?? 0 }
        let last = reads.max() ?? -1
        guard last < write || (last == write && isSafe(write, candidate, node)) else { continue }
        guard case .input(let input) = graph.nodes[candidate].primitive else { continue }
        donors[ordinal] = input
        taken.insert(candidate)
        break
      }
    }
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
