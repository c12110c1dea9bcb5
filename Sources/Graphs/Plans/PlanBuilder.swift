import Tensors

/// Turns scheduled groups into steps.
struct PlanBuilder {
  private let fusion: Fusion
  private var schedule: PlanSchedule
  private(set) var memory: PlanMemory
  private var operations: [Int: Operation] = [:]
  private var loops: [Int: LoopStep] = [:]
  private var roles: PlanRoles { fusion.roles }
  private var graph: Graph { fusion.roles.graph }

  /// `strips` says where steps run strip by strip; nowhere without it.
  init(_ fusion: Fusion, _ schedule: PlanSchedule, strips: StripLimits?) throws {
    self.fusion = fusion
    for group in schedule.order {
      guard let index = fusion.groups[group]?.nodes.first, fusion.roles.roles[index] == .operation else { continue }
      operations[index] = try PlanBuilder.operation(index, fusion.roles, fusion.groups[group]?.epilogue?.lying)
    }
    var schedule = schedule
    if let strips { schedule.formStrips(fusion, operations, strips) }
    self.schedule = schedule
    var scratch: [Int: Int] = [:]
    for (place, group) in schedule.order.enumerated() where schedule.region(at: place) == nil {
      guard let index = fusion.groups[group]?.nodes.first, let operation = operations[index] else { continue }
      if operation.scratchBytes > 0 { scratch[place] = operation.scratchBytes }
    }
    memory = PlanMemory(fusion, schedule, scratchBytes: scratch)
  }

  private static func operation(_ index: Int, _ roles: PlanRoles, _ lying: Layout?) throws -> Operation {
    let node = roles.graph.nodes[index]
    if case .program(let program) = node.primitive { return try program.operation() }
    let inputs = node.inputs.map { OperandInfo(roles.layouts[$0.index], type: roles.graph.nodes[$0.index].type) }
    let out = OperandInfo(shape: node.shape, type: node.type)
    if let lying, case .matmul(let transposeA, let transposeB) = node.primitive {
      return ProductOperation(transposeA, transposeB, inputs, out, lying: lying)
    }
    return Operation.make(node.primitive, inputs, out)
  }

  mutating func steps() -> [PlanStep] {
    var result: [PlanStep] = []
    var scalars: [ScalarStep.Instruction] = []
    var alone: [Int: OperationStep] = [:]
    // The steps of a region, until it is whole.
    var together: [PlanStep] = []
    func flush() {
      if !scalars.isEmpty { result.append(.scalars(ScalarStep(scalars))) }
      scalars = []
    }
    for (place, group) in schedule.order.enumerated() {
      guard let members = fusion.groups[group], let index = members.nodes.first else { continue }
      if roles.roles[index] == .scalar {
        scalars.append(scalar(index))
        continue
      }
      flush()
      if members.isLoop {
        var builder = LoopBuilder(roles, members, slots: memory.slotOf)
        let isFar = memory.arenaBytes > LoopStep.farBytes
        let step = LoopStep(builder.build(), graph: graph, isFar: isFar)
        loops[place] = step
        together.append(.loop(step))
      } else {
        let step = operationStep(index, place, members.epilogue)
        alone[index] = step
        if let (ids, table) = pickedTable(index) { alone[ids]?.picked = table }
        together.append(.operation(step))
      }
      if let region = schedule.region(at: place) {
        guard place == region.places.upperBound else { continue }
        result.append(.strips(StripStep(together, region, inner: handedOn(region))))
      } else {
        result += together
      }
      together = []
    }
    flush()
    let (loops, slots, order, fusion) = (self.loops, memory.slotOf, schedule.order, self.fusion)
    memory.assignDonors { place, input, output in
      guard let program = loops[place]?.program, let read = slots[input], let written = slots[output] else {
        return false
      }
      return program.readsBeforeWriting(read: read, written: written)
    } keep: { place, offset in
      guard let node = fusion.groups[order[place]]?.nodes.first, let update = alone[node] as? UpdateStep else {
        return 0
      }
      update.keptOffset = offset
      return update.keptBytes
    }
    return result
  }

  /// What the steps of a region hand on among themselves.
  private func handedOn(_ region: StripRegion) -> [(slot: Int, offset: Int, rowBytes: Int)] {
    memory.slotOf.sorted { $0.value < $1.value }.compactMap { node, slot in
      guard case .strip(let offset) = memory.kinds[slot],
        region.places.contains(schedule.placeOf[fusion.groupOf[node]] ?? -1)
      else { return nil }
      return (slot, offset, graph.nodes[node].byteCount / region.count)
    }
  }

  /// Where a gather takes rows of a far table that is there from the start: the node of its ids, and the table.
  private func pickedTable(_ index: Int) -> (ids: Int, table: PickedTable)? {
    guard case .gather = graph.nodes[index].primitive else { return nil }
    let (table, ids) = (graph.nodes[index].inputs[0], graph.nodes[index].inputs[1])
    switch graph.nodes[roles.bases[table.index]].primitive {
    case .input, .constant: break
    default: return nil
    }
    let source = graph.nodes[roles.bases[ids.index]]
    guard source.count == graph.nodes[ids.index].count else { return nil }
    return PickedTable(graph.nodes[table.index], at: place(table), ids: source).map { (roles.bases[ids.index], $0) }
  }

  /// The memory of an operand from its first element on.
  private func place(_ node: NodeID) -> ScalarStep.Place {
    place(roles.bases[node.index], offset: roles.layouts[node.index].offset)
  }

  /// The memory of a node from its element `offset` on.
  private func place(_ base: Int, offset: Int) -> ScalarStep.Place {
    ScalarStep.Place(slot: memory.slotOf[base] ?? 0, offset: offset * graph.nodes[base].type.byteCount)
  }

  private func operationStep(_ index: Int, _ place: Int, _ epilogue: Epilogue?) -> OperationStep {
    let node = graph.nodes[index]
    var operands = node.inputs.map { self.place($0) }
    if let bias = epilogue?.bias { operands.append(self.place(bias.node, offset: bias.offset)) }
    if let added = epilogue?.added { operands.append(self.place(added.node, offset: added.offset)) }
    if let gate = epilogue?.gate { operands.append(self.place(gate.elements, offset: 0)) }
    if let epilogue, let product = operations[index] as? ProductOperation {
      product.hasBias = epilogue.bias != nil
      product.added = epilogue.added?.kind
      product.activation = epilogue.activation
      product.gate = epilogue.gate?.gate
    }
    if let epilogue, let convolution = operations[index] as? ConvolutionOperation {
      convolution.attach(hasBias: epilogue.bias != nil, activation: epilogue.activation)
    }
    var results: [Int?] = []
    if case .program(let program) = node.primitive {
      results = Array(repeating: nil, count: program.results.count)
      for user in roles.users[index] {
        if case .result(let result, _, _) = graph.nodes[user].primitive { results[result] = memory.slotOf[user] }
      }
    }
    if let update = operations[index] as? DynamicUpdateOperation {
      return UpdateStep(
        update, operands: operands, out: memory.slotOf[index] ?? 0, scratch: memory.scratch[place] ?? 0,
        origin: node.origin, node: index)
    }
    return OperationStep(
      operations[index] ?? Operation(), operands: operands,
      out: memory.slotOf[epilogue?.result ?? index] ?? 0, results: results, scratch: memory.scratch[place] ?? 0,
      origin: node.origin, node: index)
  }

  private func scalar(_ index: Int) -> ScalarStep.Instruction {
    let node = graph.nodes[index]
    var places = node.inputs.map { place($0) }
    if let view = roles.copied[index] {
      // One element of a tensor: where it lies is known.
      places[0] = place(view.base, offset: view.layout.offset)
    }
    let out = ScalarStep.Place(slot: memory.slotOf[index] ?? 0, offset: 0)
    let first = places.first ?? out
    let code: ScalarStep.Instruction.Code
    switch node.primitive {
    case .deriveKey: code = .deriveKey
    case .unary(let operation) where node.isNumber && IntegerArithmetic.isChecked(node.primitive, node.type):
      code = .checkedUnary(operation)
    case .binary(let operation) where node.isNumber && IntegerArithmetic.isChecked(node.primitive, node.type):
      code = .checkedBinary(operation)
    case .convert where node.isNumber && IntegerArithmetic.isChecked(node.primitive, node.type):
      code = .checkedConvert(graph.nodes[node.inputs[0].index].type)
    default:
      let input = node.inputs.last.map { graph.nodes[$0.index].type } ?? node.type
      code = .elementwise(ElementwiseCode(node.primitive, input: input, out: node.type))
    }
    return ScalarStep.Instruction(
      code: code, out: out, x: first, y: places.count > 1 ? places[1] : first,
      z: places.count > 2 ? places[2] : first, origin: node.origin)
  }
}

extension LoopProgram {
  /// Whether slot `written` may be the same memory as slot `read`: the loop reads it element by element, and each
  /// element before it is written.
  func readsBeforeWriting(read: Int, written: Int) -> Bool {
    if views.contains(where: { $0.slot == read }) || placements.contains(where: { $0.slot == read }) { return false }
    guard let target = references.firstIndex(where: { $0.slot == written }),
      let write = body.firstIndex(where: { $0.out == target }),
      prologue.allSatisfy({ references[$0.operands.0].slot != read })
    else { return false }
    for (time, instruction) in body.enumerated() {
      for operand in instruction.operandReferences where references[operand].slot == read {
        let (a, b) = (references[operand], references[target])
        guard a.offset == 0, b.offset == 0, a.rowBytes == b.rowBytes, a.columnBytes == b.columnBytes, time <= write
        else { return false }
        if time == write {
          guard instruction.isElementwise else { return false }
        }
      }
    }
    return true
  }
}

extension LoopInstruction {
  /// Whether each element depends on the operands' elements in the same place only.
  var isElementwise: Bool {
    switch code {
    case .elementwise, .pair, .gate: true
    default: false
    }
  }

  /// The references it reads.
  var operandReferences: [Int] {
    let all = [operands.0, operands.1, operands.2]
    switch code {
    case .elementwise(.binary), .elementwise(.compare), .pick, .unpick: return Array(all.prefix(2))
    case .elementwise(.select), .pair, .gate: return all
    case .strided, .placed: return []
    default: return Array(all.prefix(1))
    }
  }
}
