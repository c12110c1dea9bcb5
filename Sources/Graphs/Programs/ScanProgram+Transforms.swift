import Tensors

extension ScanProgram {
  /// Drops outs that nobody reads, and the carries that neither the caller nor what is left needs.
  func scanPruned(_ isUsed: [Bool]) -> (program: GraphProgram, operands: [Int], places: [Int])? {
    guard let found = variants.pruned(isUsed, { scanWithout(isUsed) }) else { return nil }
    return (found.program, found.operands, found.places)
  }

  private func scanWithout(_ isUsed: [Bool]) -> ScanVariants.Pruned? {
    var keep = isUsed
    var live: [Bool] = []
    var isInputLive = Array(repeating: false, count: body.inputs.count)
    while true {
      live = body.liveNodes(body.outputs.indices.filter { keep[$0] }.map { body.outputs[$0] })
      for (index, node) in body.nodes.enumerated() where live[index] {
        if case .input(let input) = node.primitive { isInputLive[input] = true }
      }
      let more = (0..<carries).filter { isInputLive[$0] && !keep[$0] }
      if more.isEmpty { break }
      for k in more { keep[k] = true }
    }
    for k in 0..<carries { isInputLive[k] = keep[k] }
    guard keep.contains(false) || isInputLive.contains(false) else { return nil }
    let operands = isInputLive.indices.filter { isInputLive[$0] }
    let outputs = keep.indices.filter { keep[$0] }
    var places = Array(repeating: 0, count: keep.count)
    for (new, old) in outputs.enumerated() { places[old] = new }
    let smaller = try? ScanProgram(
      body: body.selecting(outputs: outputs, inputs: operands), carries: keep[..<carries].filter { $0 }.count,
      sequences: isInputLive[carries..<(carries + sequences)].filter { $0 }.count, length: length,
      isReversed: isReversed)
    return smaller.map { ScanVariants.Pruned(program: $0, operands: operands, places: places) }
  }

  /// Forward mode: the loop with the tangents of its carries carried along.
  func scanTangents(_ step: ProgramTangents) throws -> [NodeID?] {
    var moving = step.tangents.map { $0 != nil }
    while true {
      let body = try MovingBody(self, moving)
      let more = (0..<carries).filter { body.tangents[$0] != nil && !moving[$0] }
      guard more.isEmpty else {
        for k in more { moving[k] = true }
        continue
      }
      let moved = try body.program(self, moving)
      return try moved.tangents(self, step, moving)
    }
  }

  /// The loop for a batch: what differs from entry to entry has the batch as the first axis of each step.
  func scanBatch(_ step: ProgramBatch) throws -> [BatchedNode] {
    var isBatched = step.operands.map(\.isBatched)
    let active = canFail ? step.active : nil
    while true {
      let trace = Trace(.staged)
      let arguments = body.inputs.enumerated().map { index, input -> BatchedNode in
        let wide = isBatched[index]
        let node = trace.input(
          shape: wide ? [step.size] + input.shape : input.shape, type: input.type, isNumber: input.isNumber && !wide)
        return BatchedNode(node, isBatched: wide)
      }
      let inside = active.map { $0.asInput(of: trace, size: step.size) }
      var outputs = try body.batched(into: trace, arguments, size: step.size, active: inside)
      let more = (0..<carries).filter { outputs[$0].isBatched && !isBatched[$0] }
      guard more.isEmpty else {
        for k in more { isBatched[k] = true }
        continue
      }
      for k in 0..<carries where isBatched[k] && !outputs[k].isBatched {
        let wide = Primitive.broadcast([step.size] + body.inputs[k].shape)
        outputs[k] = BatchedNode(try trace.apply(wide, [outputs[k].node]), isBatched: true)
      }
      let program = try ScanProgram(
        body: trace.recorded(outputs: outputs.map(\.node)), carries: carries, sequences: sequences, length: length,
        isReversed: isReversed)
      let operands = try step.operands.indices.map { try batchOperand($0, step, isBatched[$0]) }
      let results = try step.build.trace.apply(
        program, operands + (active.map { [$0.mask] } ?? []), origin: step.build.origin)
      return try results.enumerated().map { index, result in
        guard index >= carries, outputs[index].isBatched else {
          return BatchedNode(result, isBatched: outputs[index].isBatched)
        }
        return BatchedNode(try swapped(result, step.build), isBatched: true)
      }
    }
  }

  private func batchOperand(_ index: Int, _ step: ProgramBatch, _ isBatched: Bool) throws -> NodeID {
    let operand = step.operands[index]
    if index < carries, isBatched, !operand.isBatched {
      return try step.build.apply(.broadcast([step.size] + operands[index].shape), [operand.node])
    }
    // The steps are the first axis of a sequence, its batch the second.
    if index >= carries, index < carries + sequences, isBatched { return try swapped(operand.node, step.build) }
    return operand.node
  }

  private func swapped(_ x: NodeID, _ build: Builder) throws -> NodeID {
    let rank = build.trace.shape(x).count
    return try build.transpose(x, [1, 0] + Array(2..<rank))
  }
}

/// One step of a loop with the tangents of what moves.
private struct MovingBody {
  let trace: Trace
  let inputs: [NodeID]
  let directions: [NodeID?]
  let outputs: [NodeID]
  /// Per output.
  let tangents: [NodeID?]

  init(_ program: ScanProgram, _ moving: [Bool]) throws {
    let trace = Trace(.staged)
    let body = program.body
    func input(_ like: GraphInput) -> NodeID {
      trace.input(shape: like.shape, type: like.type, isNumber: like.isNumber)
    }
    // In the order of a loop's operands: carries and their tangents, sequences and theirs, invariants and theirs.
    var inputs = Array(repeating: NodeID(0), count: body.inputs.count)
    var directions: [NodeID?] = Array(repeating: nil, count: body.inputs.count)
    let kinds = [
      0..<program.carries, program.carries..<(program.carries + program.sequences),
      (program.carries + program.sequences)..<body.inputs.count,
    ]
    for kind in kinds {
      for i in kind { inputs[i] = input(body.inputs[i]) }
      for i in kind where moving[i] { directions[i] = input(body.inputs[i]) }
    }
    self.trace = trace
    self.inputs = inputs
    self.directions = directions
    outputs = try body.inlined(into: trace, inputs)
    tangents = try trace.tangents(
      of: outputs,
      along: inputs.indices.compactMap { i in directions[i].map { (variable: inputs[i], direction: $0) } })
  }

  struct Loop {
    let program: ScanProgram
    /// Per result of the loop, the result that is its tangent.
    let places: [Int?]

    func tangents(_ plain: ScanProgram, _ step: ProgramTangents, _ moving: [Bool]) throws -> [NodeID?] {
      let (carries, sequences) = (plain.carries, plain.sequences)
      var operands: [NodeID] = []
      let kinds = [0..<carries, carries..<(carries + sequences), (carries + sequences)..<step.operands.count]
      for kind in kinds {
        operands += kind.map { step.operands[$0] }
        for i in kind where moving[i] {
          let like = plain.operands[i]
          operands.append(
            try step.tangents[i] ?? step.build.filled(0, like.shape, like.type, isNumber: like.isNumber))
        }
      }
      let results = try step.build.trace.apply(program, operands, origin: step.build.origin)
      return places.map { $0.map { results[$0] } }
    }
  }

  func program(_ plain: ScanProgram, _ moving: [Bool]) throws -> Loop {
    let build = Builder(trace: trace, origin: 0)
    var ends: [NodeID] = Array(outputs.prefix(plain.carries))
    var places: [Int?] = Array(repeating: nil, count: outputs.count)
    for k in 0..<plain.carries where moving[k] {
      places[k] = ends.count
      let like = plain.body.inputs[k]
      ends.append(try tangents[k] ?? build.filled(0, like.shape, like.type, isNumber: like.isNumber))
    }
    let carries = ends.count
    for y in plain.carries..<outputs.count {
      guard let tangent = tangents[y] else { continue }
      places[y] = ends.count
      ends.append(tangent)
    }
    let sequences = (plain.carries..<(plain.carries + plain.sequences)).reduce(0) { $0 + (moving[$1] ? 2 : 1) }
    let program = try ScanProgram(
      body: trace.recorded(outputs: ends), carries: carries, sequences: sequences, length: plain.length,
      isReversed: plain.isReversed)
    return Loop(program: program, places: places)
  }
}
