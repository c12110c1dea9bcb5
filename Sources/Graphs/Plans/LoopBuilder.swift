import Tensors

/// Makes the program of one fused group.
struct LoopBuilder {
  private let roles: PlanRoles
  private let nodes: [Int]
  private let members: Set<Int>
  /// Slot of each node that lies in memory.
  private let slots: [Int: Int]
  private var program: LoopProgram
  private var hasRowWork = false
  /// Reference of each member's tile.
  private var places: [Int: Int] = [:]
  private var registers = RegisterFile()
  private var prepared: [Prepared: Int] = [:]

  private struct Prepared: Hashable {
    let base: Int
    let strides: [Int]
    let offset: Int
    let shape: [Int]
  }

  /// Elements per tile that the builder aims at.
  static let tileElements = 1024

  init(_ roles: PlanRoles, _ group: Fusion.Group, slots: [Int: Int]) {
    self.roles = roles
    nodes = LoopOrder.nodes(roles, group.nodes.sorted()) { slots[$0] != nil }
    members = Set(group.nodes)
    self.slots = slots
    let columns = group.columns ?? LoopBuilder.columns(roles, nodes, Set(nodes), group.total)
    program = LoopProgram(
      rows: group.total / columns, columns: columns, tileRows: 1, tileColumns: columns)
    hasRowWork = group.columns != nil
    chooseTile()
    if nodes.contains(where: isColumnSum) {
      // Tiles keep to the sums' lanes and blocks: a power of two, somewhat more than asked for where that is near.
      let most = min(program.tileRows + program.tileRows / 3, ColumnSum.rowsPerBlock)
      program.tileRows = 1 << (Int.bitWidth - 1 - most.leadingZeroBitCount)
    }
  }

  /// The row length at which most operands repeat, or 1.
  static func columns(_ roles: PlanRoles, _ nodes: [Int], _ members: Set<Int>, _ total: Int) -> Int {
    var votes: [Int: Int] = [:]
    for node in nodes {
      for place in roles.graph.nodes[node].inputs.indices {
        let (base, layout) = roles.operandLayout(node, place)
        guard !members.contains(base) else { continue }
        let joined = Layout.collapse(layout.shape, [layout.strides])
        guard joined.shape.count >= 2, let last = joined.shape.last else { continue }
        let (inner, outer) = (joined.strides[0][joined.shape.count - 1], joined.strides[0][joined.shape.count - 2])
        if (inner == 1 && outer == 0) || inner == 0 { votes[last, default: 0] += 1 }
      }
    }
    let best = votes.max { ($0.value, $0.key) < ($1.value, $1.key) }
    return best?.key ?? 1
  }

  private mutating func chooseTile() {
    let columns = program.columns
    if columns > 2 * LoopBuilder.tileElements, !hasRowWork {
      program.tileColumns = LoopBuilder.tileElements
    } else {
      program.tileRows = max(1, min(program.rows, LoopBuilder.tileElements / columns))
    }
  }

  private var tileElements: Int { program.tileRows * program.tileColumns }

  mutating func build() -> LoopProgram {
    let lastUse = lastUses()
    for (time, node) in nodes.enumerated() {
      emit(node)
      registers.release { lastUse[$0].map { $0 <= time } ?? false }
    }
    program.registerBytes = registers.bytes
    let users = roles.users
    program.joinPairs { users[$0].count }
    return program
  }

  /// For each member, the position of its last reader in the group.
  private func lastUses() -> [Int: Int] {
    var result: [Int: Int] = [:]
    for (time, node) in nodes.enumerated() {
      result[node] = max(result[node] ?? 0, time)
      for place in roles.graph.nodes[node].inputs.indices {
        let base = roles.operandLayout(node, place).base
        if members.contains(base) { result[base] = time }
      }
    }
    return result
  }

  /// Whether a node has one element per row.
  private func isRow(_ node: Int) -> Bool { roles.graph.nodes[node].count == program.rows && program.columns > 1 }

  private func isColumnSum(_ index: Int) -> Bool { roles.roles[index] == .operation }

  private mutating func emit(_ index: Int) {
    if isColumnSum(index) { return emitColumnSum(index) }
    if places[index] != nil || emitSineCosine(index) { return }
    let node = roles.graph.nodes[index]
    let perRow = isRow(index)
    var instruction = LoopInstruction(code: .strided(view: 0), out: 0, perRow: perRow, node: index)
    let types = node.inputs.map { roles.graph.nodes[$0.index].type }
    switch node.primitive {
    case .reduce(let operation, _): instruction.code = .reduce(operation, types[0])
    case .argReduce(let isMax, _): instruction.code = .argReduce(isMax: isMax, types[0])
    case .pick: instruction.code = .pick(types[0], ids: types[1])
    case .unpick: instruction.code = .unpick(types[1], ids: types[0])
    case .oneHot(_, let type): instruction.code = .oneHot(type, ids: types[0])
    case .unslice(let starts, let steps, let shape):
      return emitPlaced(index, node.inputs[0], starts, steps, shape)
    case .random(let distribution, _, let type): instruction.code = .random(distribution, type)
    default:
      instruction.code = .elementwise(ElementwiseCode(node.primitive, input: types.last ?? node.type, out: node.type))
    }
    var operands = [0, 0, 0]
    var strides = [1, 1, 1]
    for place in node.inputs.indices.prefix(3) {
      let space = operandIsRow(node.primitive, place, perRow)
      (operands[place], strides[place]) = operand(index, place, perRow: space, elementwise: isElementwise(node))
    }
    instruction.operands = (operands[0], operands[1], operands[2])
    instruction.strides = (strides[0], strides[1], strides[2])
    instruction.out = destination(index, perRow)
    program.body.append(instruction)
  }

  /// A sine and a cosine of the same elements are one instruction, which is where the first of them stands.
  private mutating func emitSineCosine(_ index: Int) -> Bool {
    let node = roles.graph.nodes[index]
    let wanted: UnaryOperation
    switch node.primitive {
    case .unary(.sin): wanted = .cos
    case .unary(.cos): wanted = .sin
    default: return false
    }
    let argument = node.inputs[0]
    let other = roles.users[roles.bases[argument.index]].first { user in
      guard members.contains(user), case .unary(wanted) = roles.graph.nodes[user].primitive else { return false }
      return roles.graph.nodes[user].inputs[0] == argument && places[user] == nil
    }
    guard let other, node.type.isFloat else { return false }
    let perRow = isRow(index)
    let (x, stride) = operand(index, 0, perRow: perRow, elementwise: false)
    guard stride == 1 else { return false }
    let (sine, cosine) = wanted == .cos ? (index, other) : (other, index)
    let (first, second) = (destination(sine, perRow), destination(cosine, perRow))
    program.body.append(
      LoopInstruction(
        code: .sineCosine(node.type), out: first, operands: (x, second, 0), perRow: perRow, node: sine))
    return true
  }

  private mutating func emitColumnSum(_ index: Int) {
    guard let slot = slots[index] else { return }
    let type = roles.graph.nodes[index].type
    let (x, _) = operand(index, 0, perRow: false, elementwise: false)
    let lanes = registers.keep(ColumnSum.lanesPerBlock * program.columns * type.byteCount)
    program.sums.append(ColumnSum(slot: slot, type: type, lanes: lanes, blocks: program.sharedBytes))
    program.body.append(
      LoopInstruction(code: .columnSum(program.sums.count - 1), out: x, operands: (x, 0, 0), node: index))
  }

  private mutating func emitPlaced(_ index: Int, _ input: NodeID, _ starts: [Int], _ steps: [Int], _ shape: Shape) {
    let (base, layout) = (roles.bases[input.index], roles.layouts[input.index])
    let type = roles.graph.nodes[index].type
    program.placements.append(
      Placement(
        slot: slots[base] ?? 0, offset: layout.offset * type.byteCount, type, starts: starts,
        counts: roles.graph.nodes[input.index].shape, steps: steps, shape: shape))
    program.body.append(
      LoopInstruction(
        code: .placed(program.placements.count - 1), out: destination(index, isRow(index)), perRow: isRow(index),
        node: index))
  }

  private func isElementwise(_ node: Node) -> Bool {
    switch node.primitive {
    case .binary, .compare, .select: true
    default: false
    }
  }

  private func operandIsRow(_ primitive: Primitive, _ place: Int, _ perRow: Bool) -> Bool {
    switch primitive {
    case .reduce, .argReduce: false
    case .pick: place == 1
    case .unpick, .oneHot: true
    default: perRow
    }
  }

  /// Where a member's tile goes: its slot if others read it, else a register.
  private mutating func destination(_ node: Int, _ perRow: Bool) -> Int {
    let size = roles.graph.nodes[node].type.byteCount
    let reference: LoopReference
    if let slot = slots[node] {
      reference = memory(slot, 0, size, perRow)
    } else {
      let bytes = (perRow ? program.tileRows : tileElements) * size
      reference = LoopReference(slot: nil, offset: registers.take(bytes, for: node))
    }
    let place = add(reference)
    places[node] = place
    return place
  }

  private func memory(_ slot: Int, _ offset: Int, _ size: Int, _ perRow: Bool) -> LoopReference {
    perRow
      ? LoopReference(slot: slot, offset: offset, rowBytes: size)
      : LoopReference(slot: slot, offset: offset, rowBytes: size * program.columns, columnBytes: size)
  }

  private mutating func add(_ reference: LoopReference) -> Int {
    program.references.append(reference)
    return program.references.count - 1
  }

  /// The reference and stride by which an instruction reads operand `place` of a node; `elementwise` kernels take a
  /// repeated element by stride 0, others need it spread out.
  private mutating func operand(_ index: Int, _ place: Int, perRow: Bool, elementwise: Bool) -> (Int, Int) {
    let (base, layout) = roles.operandLayout(index, place)
    let source = roles.graph.nodes[base]
    let size = source.type.byteCount
    if let here = places[base] {
      let same = layout.isContiguous && layout.count == source.count
      if same && isRow(base) == perRow { return (here, 1) }
      return spread(base, layout, from: here, source.type, perRow, elementwise)
    }
    guard let slot = slots[base] else { return (0, 0) }
    if case .random = roles.graph.nodes[index].primitive { return (scalar(slot, layout, size), 0) }
    let joined = Layout.collapse(layout.shape, [layout.strides])
    if joined.strides[0].allSatisfy({ $0 == 0 }) {
      let one = scalar(slot, layout, size)
      return elementwise || layout.count == 1 ? (one, 0) : spread(base, layout, from: one, source.type, perRow, false)
    }
    let isWhole = layout.count == (perRow ? program.rows : program.rows * program.columns)
    if joined.strides[0] == [1], isWhole {
      return (add(memory(slot, layout.offset * size, size, perRow)), 1)
    }
    if !perRow, joined.shape == [program.rows, program.columns], joined.strides[0] == [1, 0] {
      let row = add(memory(slot, layout.offset * size, size, true))
      return spread(base, layout, from: row, source.type, false, elementwise)
    }
    if !perRow, joined.shape == [program.rows, program.columns], joined.strides[0] == [0, 1] {
      return columnOperand(base, slot, layout, source.type)
    }
    return strided(base, slot, layout, source.type, perRow)
  }

  private mutating func scalar(_ slot: Int, _ layout: Layout, _ size: Int) -> Int {
    add(LoopReference(slot: slot, offset: layout.offset * size))
  }

  /// One element per row, or one for all, spread over the tile. A tile of one row needs no copy.
  private mutating func spread(
    _ base: Int, _ layout: Layout, from source: Int, _ type: ElementType, _ perRow: Bool, _ elementwise: Bool
  ) -> (Int, Int) {
    if elementwise, program.tileRows == 1 { return (source, 0) }
    let bytes = (perRow ? program.tileRows : tileElements) * type.byteCount
    let isScalar = Layout.collapse(layout.shape, [layout.strides]).strides[0].allSatisfy { $0 == 0 }
    let register = add(LoopReference(slot: nil, offset: registers.take(bytes, for: nil)))
    program.body.append(
      LoopInstruction(
        code: .expand(type), out: register, operands: (source, 0, 0), strides: (isScalar ? 0 : 1, 1, 1),
        perRow: perRow, node: base))
    return (register, 1)
  }

  /// A row of columns: in place where a tile is one row, else repeated once before the first tile.
  private mutating func columnOperand(_ base: Int, _ slot: Int, _ layout: Layout, _ type: ElementType) -> (Int, Int) {
    let size = type.byteCount
    let key = Prepared(base: base, strides: layout.strides, offset: layout.offset, shape: layout.shape)
    if let known = prepared[key] { return (known, 1) }
    var reference = LoopReference(slot: slot, offset: layout.offset * size)
    reference.columnBytes = size
    let row = add(reference)
    if program.tileRows == 1 {
      prepared[key] = row
      return (row, 1)
    }
    let register = add(LoopReference(slot: nil, offset: registers.keep(tileElements * size)))
    program.prologue.append(
      LoopInstruction(code: .repeatColumns(type), out: register, operands: (row, 0, 0), node: base))
    prepared[key] = register
    return (register, 1)
  }

  private mutating func strided(
    _ base: Int, _ slot: Int, _ layout: Layout, _ type: ElementType, _ perRow: Bool
  ) -> (Int, Int) {
    let joined = Layout.collapse(layout.shape, [layout.strides])
    program.views.append(
      (Layout(shape: joined.shape, strides: joined.strides[0], offset: layout.offset), type, slot, perRow))
    let bytes = (perRow ? program.tileRows : tileElements) * type.byteCount
    let register = add(LoopReference(slot: nil, offset: registers.take(bytes, for: nil)))
    program.body.append(
      LoopInstruction(
        code: .strided(view: program.views.count - 1), out: register, perRow: perRow, node: base))
    return (register, 1)
  }
}

/// Registers of a tile: memory that is used again when its value is dead.
struct RegisterFile {
  private var free: [Int: [Int]] = [:]
  private var taken: [(offset: Int, bytes: Int, node: Int?)] = []
  private(set) var bytes = 0

  /// A register for a node's value, or, without one, for the instruction that follows.
  mutating func take(_ size: Int, for node: Int?) -> Int {
    let rounded = (size + 63) & ~63
    let offset: Int
    if let known = free[rounded]?.popLast() {
      offset = known
    } else {
      offset = keep(rounded)
    }
    taken.append((offset, rounded, node))
    return offset
  }

  /// A register for the whole loop.
  mutating func keep(_ size: Int) -> Int {
    defer { bytes += (size + 63) & ~63 }
    return bytes
  }

  /// Frees the registers of dead nodes and those without a node.
  mutating func release(_ isDead: (Int) -> Bool) {
    var rest: [(offset: Int, bytes: Int, node: Int?)] = []
    for register in taken {
      if let node = register.node, !isDead(node) {
        rest.append(register)
      } else {
        free[register.bytes, default: []].append(register.offset)
      }
    }
    taken = rest
  }
}
