import Tensors

extension WhileProgram {
  /// The loop for a batch: it goes on while it does for one of the entries that take part. The body is for those that
  /// still run, and for these a carry that does not differ from entry to entry is the same; the others keep what they had
  /// when they were done.
  func whileBatch(_ step: ProgramBatch) throws -> [BatchedNode] {
    let own = step.operands.map(\.isBatched)
    let isWide = Array(body.loopDependence(on: own, carries: carries)) + own[carries...]
    return try condition.dependence(on: isWide)[0] ? endingOneByOne(step, isWide) : endingTogether(step, isWide)
  }

  /// A graph's inputs of the forms of the body's.
  private func inputs(_ range: Range<Int>, _ isWide: [Bool], _ size: Int, _ trace: Trace) -> [BatchedNode] {
    range.map { index in
      let (like, wide) = (body.inputs[index], isWide[index])
      let node = trace.input(
        shape: wide ? [size] + like.shape : like.shape, type: like.type, isNumber: like.isNumber && !wide)
      return BatchedNode(node, isBatched: wide)
    }
  }

  /// A value with the batch as its first axis.
  private func spread(_ x: BatchedNode, _ size: Int, _ build: Builder) throws -> NodeID {
    x.isBatched ? x.node : try build.apply(.broadcast([size] + build.trace.shape(x.node)), [x.node])
  }

  /// The condition is the same for all entries.
  private func endingTogether(_ step: ProgramBatch, _ isWide: [Bool]) throws -> [BatchedNode] {
    func record(_ graph: Graph, isCondition: Bool) throws -> Graph {
      let trace = Trace(.staged)
      let build = Builder(trace: trace, origin: 0)
      let arguments = inputs(body.inputs.indices, isWide, step.size, trace)
      var active = step.active.map { $0.asInput(of: trace, size: step.size) }
      // No step is made where no entry takes part.
      if !isCondition { active = active.map { ActiveEntries(mask: $0.mask, mayBeNone: false) } }
      var outputs = try graph.batched(into: trace, arguments, size: step.size, active: active)
      if isCondition, let active, active.mayBeNone {
        outputs[0].node = try build.binary(.and, active.any(build), outputs[0].node)
      }
      return trace.recorded(
        outputs: try outputs.enumerated().map { index, output in
          isCondition || !isWide[index] ? output.node : try spread(output, step.size, build)
        })
    }
    let program = try WhileProgram(
      condition: record(condition, isCondition: true), body: record(body, isCondition: false))
    let operands = try step.operands.enumerated().map { index, operand in
      isWide[index] ? try spread(operand, step.size, step.build) : operand.node
    }
    return zip(
      try step.build.trace.apply(
        program, operands + (step.active.map { [$0.mask] } ?? []), origin: step.build.origin), isWide
    ).map { BatchedNode($0, isBatched: $1) }
  }

  /// Each entry ends by itself. Carries: those of the loop; for each that is the same for all that run what it was at each
  /// entry's end; which entries run.
  private func endingOneByOne(_ step: ProgramBatch, _ isWide: [Bool]) throws -> [BatchedNode] {
    let narrow = (0..<carries).filter { !isWide[$0] }
    let trace = Trace(.staged)
    let build = Builder(trace: trace, origin: 0)
    let before = inputs(0..<carries, isWide, step.size, trace)
    let kept = narrow.map { trace.input(shape: [step.size] + body.inputs[$0].shape, type: body.inputs[$0].type) }
    // While the body runs, an entry does.
    let running = ActiveEntries(mask: trace.input(shape: [step.size], type: .bool), mayBeNone: false)
    let invariants = inputs(carries..<body.inputs.count, isWide, step.size, trace)
    let next = try body.batched(into: trace, before + invariants, size: step.size, active: running)
    func ended(_ k: Int, _ old: NodeID) throws -> NodeID {
      try build.select(running.mask(rank: body.inputs[k].shape.count, build), next[k].node, old)
    }
    let after = try (0..<carries).map { k in
      isWide[k] ? BatchedNode(try ended(k, before[k].node), isBatched: true) : next[k]
    }
    let goesOn = try condition.batched(into: trace, after + invariants, size: step.size, active: running)[0]
    let ends = try zip(narrow, kept).map { try ended($0, $1) }
    let still = try build.binary(.and, running.mask, spread(goesOn, step.size, build))
    let test = Trace(.staged)
    let same = trace.inputs.map { test.input(shape: $0.shape, type: $0.type, isNumber: $0.isNumber) }
    let any = try test.apply(.reduce(.any, axes: [0]), [same[carries + narrow.count]])
    let program = try WhileProgram(
      condition: test.recorded(outputs: [any]),
      body: trace.recorded(outputs: after.map(\.node) + ends + [still]))

    let outer = step.build
    let begins = try condition.batched(into: outer.trace, step.operands, size: step.size, active: step.active)[0]
    let first = try spread(begins, step.size, outer)
    let start = try step.operands.prefix(carries).enumerated().map { k, operand in
      isWide[k] ? try spread(operand, step.size, outer) : operand.node
    }
    let results = try outer.trace.apply(
      program,
      start + narrow.map { try spread(step.operands[$0], step.size, outer) }
        + [step.active.map { try outer.binary(.and, $0.mask, first) } ?? first]
        + step.operands.dropFirst(carries).map(\.node), origin: outer.origin)
    var place = carries
    return (0..<carries).map { k in
      guard !isWide[k] else { return BatchedNode(results[k], isBatched: true) }
      defer { place += 1 }
      return BatchedNode(results[place], isBatched: true)
    }
  }
}
