import Tensors

extension Plan {
  /// Runs the plan. Inputs that nobody else holds may be taken over for outputs of the same shape (their place in
  /// `inputs` is then nil); the others stay. Throws a `GraphError` for a bad index or an overflow: all inputs are
  /// then as they were. Any number of `threads` gives the same bits.
  public func run(_ inputs: inout [Tensor?], threads: Int = 1) throws -> [Tensor] {
    try check(inputs)
    let workspace = try workspaces.take(for: self)
    var (reused, made, ended) = (0, 0, false)
    defer { workspaces.giveBack(workspace, reused: reused, made: made, ended: ended) }
    try workspace.prepareLanes(Swift.max(threads, 1))
    for (index, slot) in inputSlots.enumerated() {
      if let slot, let input = inputs[index] { workspace.slots[slot] = input.pointer }
    }
    var results: [Tensor] = []
    results.reserveCapacity(outputSlots.count)
    for (ordinal, slot) in outputSlots.enumerated() {
      if let donor = memory.donors[ordinal], isKnownUniquelyReferenced(&inputs[donor]), let input = inputs[donor],
        input.ownsStorageAlone
      {
        results.append(input)
        reused += 1
      } else {
        let node = graph.nodes[memory.outputNodes[ordinal]]
        results.append(try Tensor(uninitialized: node.shape, type: node.type))
        made += 1
      }
      workspace.slots[slot] = results[ordinal].pointer
    }
    for step in steps { try run(step, workspace, threads) }
    try stopIfAsked()
    let values = try outputs.map { try value($0, results, inputs) }
    for (ordinal, donor) in memory.donors.enumerated() {
      if let donor, inputs[donor] === results[ordinal] { inputs[donor] = nil }
    }
    ended = true
    return values
  }

  private func check(_ inputs: [Tensor?]) throws {
    guard inputs.count == graph.inputs.count else {
      throw GraphError(
        .wrongInput(index: inputs.count, expected: "\(graph.inputs.count) inputs", actual: "\(inputs.count)"))
    }
    for (index, expected) in graph.inputs.enumerated() {
      guard let input = inputs[index] else {
        if inputSlots[index] == nil { continue }
        throw GraphError(
          .wrongInput(index: index, expected: Words.tensor(expected.shape, expected.type), actual: "missing"))
      }
      guard input.type == expected.type, input.shape == expected.shape else {
        throw GraphError(
          .wrongInput(
            index: index, expected: Words.tensor(expected.shape, expected.type),
            actual: Words.tensor(input.shape, input.type)))
      }
    }
  }

  private func value(_ output: PlanOutput, _ results: [Tensor], _ inputs: [Tensor?]) throws -> Tensor {
    let (tensor, shape): (Tensor?, Shape)
    switch output {
    case .input(let index, let s): (tensor, shape) = (inputs[index], s)
    case .constant(let index, let s): (tensor, shape) = (graph.constants[index], s)
    case .slot(let ordinal, let s): (tensor, shape) = (results[ordinal], s)
    }
    guard let tensor else { throw GraphError(.wrongInput(index: 0, expected: "an input", actual: "missing")) }
    return tensor.shape == shape ? tensor : try tensor.reshaped(shape)
  }

  func run(_ step: PlanStep, _ workspace: Workspace, _ threads: Int) throws {
    try stopIfAsked()
    if let moment = Probe.moment { Probe.enter(step, of: self, moment) }
    switch step {
    case .scalars(let scalars): try scalars.run(slots: workspace.slots)
    case .operation(let step):
      for (i, place) in step.operands.enumerated() {
        workspace.operands[i] = workspace.slots[place.slot] + place.offset
      }
      let out = workspace.slots[step.out]
      do {
        if let program = step.program {
          for (i, slot) in step.results.enumerated() { workspace.results[i] = slot.map { workspace.slots[$0] } }
          try program.run(
            UnsafePointer(workspace.operands), results: UnsafePointer(workspace.results),
            workspace.arena.base + step.scratch, threads: threads)
          return
        }
        let (operands, scratch) = (UnsafePointer(workspace.operands), workspace.arena.base + step.scratch)
        if threads > 1, try step.operation.runParallel(operands, out, scratch, threads) { return }
        try step.operation.run(operands, out, scratch)
      } catch var error as GraphError {
        try stopIfAsked()
        // An error inside a program knows better where it came from.
        if step.program == nil || error.origin == 0 { error.origin = step.origin }
        throw error
      }
    case .loop(let loop):
      if threads > 1, loop.program.work > 20_000 {
        try loop.runParallel(workspace, threads)
      } else {
        let lane = workspace.lanes[0]
        try loop.run(
          0..<loop.program.tileCount, slots: workspace.slots, registers: lane.registers.base, current: lane.current,
          shared: workspace.shared.base)
        loop.finish(slots: workspace.slots, shared: workspace.shared.base)
      }
    }
  }
}
