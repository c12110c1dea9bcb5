import Tensors

/// Where rows of a value are replaced and nobody reads the old value afterwards, the new one takes its memory, and only the rows
/// are written: a buffer that goes round in a loop costs what is put into it, not its size.
struct RowUpdates {
  /// For a value that an update takes over, the update's node.
  private(set) var heirs: [Int: Int] = [:]
  private let roles: PlanRoles

  init(_ fusion: Fusion, _ schedule: PlanSchedule) {
    roles = fusion.roles
    let outputs = Set(roles.graph.outputs.map { fusion.roles.bases[$0.index] })
    func place(_ index: Int) -> Int { schedule.placeOf[fusion.groupOf[index]] ?? 0 }
    for index in roles.graph.nodes.indices {
      guard let base = roles.updatedBase(of: index), !outputs.contains(base),
        [.operation, .loop, .result].contains(roles.roles[base]), schedule.region(at: place(index)) == nil,
        schedule.region(at: place(base)) == nil,
        roles.users[base].allSatisfy({ $0 == index || place($0) < place(index) })
      else { continue }
      heirs[base] = index
    }
  }

  /// The node in whose memory a value lies in the end.
  func last(of index: Int) -> Int {
    var index = index
    while let heir = heirs[index] { index = heir }
    return index
  }

  /// The values that lie one after the other in the memory of `index`, the first one first.
  func line(to index: Int) -> [Int] {
    var line = [index]
    while let first = line.first, let base = roles.updatedBase(of: first), heirs[base] == first {
      line.insert(base, at: 0)
    }
    return line
  }
}

extension PlanRoles {
  /// The node whose memory holds all of what `index` replaces rows of, if it is an update, and reads nothing else there.
  func updatedBase(of index: Int) -> Int? {
    let node = graph.nodes[index]
    guard case .dynamicUpdate = node.primitive, roles[index] == .operation else { return nil }
    let (base, layout) = (bases[node.inputs[0].index], layouts[node.inputs[0].index])
    guard layout.isContiguous, layout.count == graph.nodes[base].count,
      node.inputs.dropFirst().allSatisfy({ bases[$0.index] != base })
    else { return nil }
    return base
  }
}

/// An update as a step. Where it writes over an input and a later step can fail, it keeps the rows that it replaces, so that a run
/// that fails leaves its inputs as they were.
final class UpdateStep: OperationStep {
  /// Where in the workspace the replaced rows are kept; nil where they need not be.
  var keptOffset: Int?
  private let update: DynamicUpdateOperation

  init(
    _ update: DynamicUpdateOperation, operands: [ScalarStep.Place], out: Int, scratch: Int, origin: Int32, node: Int
  ) {
    self.update = update
    super.init(update, operands: operands, out: out, scratch: scratch, origin: origin, node: node)
  }

  /// The first row, or -1, then the rows.
  var keptBytes: Int { UpdateStep.headBytes + update.replacedBytes }
  private static let headBytes = 64

  override func run(in workspace: Workspace, _ threads: Int) throws {
    if let keptOffset {
      let (slots, kept) = (workspace.slots, workspace.kept.base + keptOffset)
      let target = slots[out]
      let start = (slots[operands[1].slot] + operands[1].offset).load(as: Int.self)
      let isOver = slots[operands[0].slot] + operands[0].offset == target
      let first = isOver ? update.firstRow(from: start) : nil
      kept.storeBytes(of: first ?? -1, as: Int.self)
      if let first {
        (kept + UpdateStep.headBytes).copyMemory(
          from: target + first * update.rowBytes, byteCount: update.replacedBytes)
      }
    }
    try super.run(in: workspace, threads)
  }

  /// Puts the rows back that the last run replaced.
  func undo(in workspace: Workspace) {
    guard let keptOffset else { return }
    let kept = workspace.kept.base + keptOffset
    let start = kept.load(as: Int.self)
    guard start >= 0 else { return }
    (workspace.slots[out] + start * update.rowBytes).copyMemory(
      from: kept + UpdateStep.headBytes, byteCount: update.replacedBytes)
  }
}
