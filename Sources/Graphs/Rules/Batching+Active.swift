import Tensors

/// Which entries of a batch take part in what is recorded: the others are done with their loop, or take another branch.
/// What is computed for those nobody reads, it raises no error (but for NaNs where all are looked for), and no loop goes on for it.
struct ActiveEntries {
  /// A bool per entry: [size].
  let mask: NodeID
  /// Whether it may be that none takes part. A loop goes on only while one does.
  let mayBeNone: Bool

  /// Whether any takes part.
  func any(_ build: Builder) throws -> NodeID { try build.apply(.reduce(.any, axes: [0]), [mask]) }

  /// The mask for values of entries of `rank` axes.
  func mask(rank: Int, _ build: Builder) throws -> NodeID {
    try build.reshape(mask, build.trace.shape(mask) + Array(repeating: 1, count: rank))
  }

  /// The same in a graph of its own, whose next input is the mask.
  func asInput(of trace: Trace, size: Int) -> ActiveEntries {
    ActiveEntries(mask: trace.input(shape: [size], type: .bool), mayBeNone: mayBeNone)
  }
}

extension ActiveEntries {
  /// The entries for which a condition, [size], holds, or does not, among those that take part.
  init(_ condition: NodeID, holds: Bool, among active: ActiveEntries?, _ build: Builder) throws {
    let these = holds ? condition : try build.unary(.not, condition)
    self.init(mask: try active.map { try build.binary(.and, $0.mask, these) } ?? these, mayBeNone: true)
  }
}

extension Graph {
  /// Whether running it can raise an error or go on without an end: then it matters which entries of a batch take part.
  var canFail: Bool {
    let live = liveNodes(outputs)
    return nodes.indices.contains { live[$0] && PlanSchedule.canFail(nodes[$0]) }
  }
}

extension BatchStep {
  /// The step with operands that raise no error for entries that take no part.
  func shielded() throws -> BatchStep {
    guard active != nil else { return self }
    var step = self
    switch node.primitive {
    // Row 0 is always there.
    case .gather, .pick, .dynamicSlice, .dynamicUpdate, .permutation: try step.shield(1) { build.scalar(0, like: $0) }
    case .scatterAdd, .unpick, .oneHot: try step.shield(0) { build.scalar(0, like: $0) }
    case .network(let outputs): try step.shield(1) { _ in try code(outputs) }
    case .linear(let function):
      try step.shield(0, withOthers: true) { try build.diagonalCount(like: $0) }
      if case .quotient = function { try step.shield(1, withOthers: true) { build.scalar(1, like: $0) } }
      if case .leastSquares = function { try step.shield(1, withOthers: true) { build.scalar(1, like: $0) } }
    default:
      guard isCheckedNumber else { return self }
      for i in operands.indices { try step.shield(i, withOthers: true) { build.scalar(1, like: $0) } }
    }
    return step
  }

  /// Whether it is arithmetic of integers that must not leave their range.
  var isCheckedNumber: Bool { node.isNumber && IntegerArithmetic.isChecked(node.primitive, node.type) }

  /// Replaces an operand, where entries take no part, by one that is harmless. `withOthers`: whether it is harmful depends
  /// on the other operands, too, which may differ from entry to entry where it does not.
  private mutating func shield(
    _ i: Int, withOthers: Bool = false, _ harmless: (NodeID) throws -> NodeID
  ) throws {
    guard let active else { return }
    let x = operands[i]
    if x.isBatched || withOthers && isBatched {
      let mask = try active.mask(rank: shapes[i].count, build)
      operands[i] = BatchedNode(try build.select(mask, spread(i), harmless(x.node)), isBatched: true)
    } else if active.mayBeNone {
      operands[i].node = try build.trace.apply(
        .select, [active.any(build), x.node, harmless(x.node)], isNumber: build.trace.isNumber(x.node),
        origin: node.origin)
    }
  }

  /// The code of networks whose outputs are linear nodes without connections.
  private func code(_ outputs: Int) throws -> NodeID {
    let words = shapes[1][1]
    let list = (0..<words).map { $0 == 0 ? outputs : $0 & 1 }
    return try build.trace.constant(Tensor(list, shape: [words]))
  }

  /// Arithmetic of integers for all entries, checked for each.
  func integers() throws -> NodeID {
    let program = IntegersProgram(node.primitive, [size], operands.map { build.trace.type($0.node) })
    return try build.trace.apply(program, operands.indices.map { try spread($0) }, origin: node.origin)[0]
  }

  /// What a program gives. One that is the same for all entries does not run where none takes part.
  func results(of program: GraphProgram) throws -> [BatchedNode] {
    if isBatched {
      return try program.batched(ProgramBatch(operands: operands, size: size, active: active, build: build))
    }
    var (program, nodes) = (program, operands.map(\.node))
    if let active, active.mayBeNone, program.canFail {
      nodes.insert(try active.any(build), at: 0)
      program = try ChoiceProgram(of: program, origin: node.origin)
    }
    return try build.trace.applyAsIs(program, nodes, origin: node.origin).map { BatchedNode($0, isBatched: false) }
  }
}

extension ChoiceProgram {
  /// A program that runs where the first operand holds; otherwise its results are zeros.
  fileprivate convenience init(of program: GraphProgram, origin: Int32) throws {
    func branch(_ record: (Trace, [NodeID]) throws -> [NodeID]) throws -> Graph {
      let trace = Trace(.staged)
      let inputs = program.operands.map { trace.input(shape: $0.shape, type: $0.type, isNumber: $0.isNumber) }
      return try trace.recorded(outputs: record(trace, inputs))
    }
    try self.init(
      branch { try $0.applyAsIs(program, $1, origin: origin) },
      otherwise: branch { trace, _ in
        let build = Builder(trace: trace, origin: origin)
        return try program.results.map { try build.filled(0, $0.shape, $0.type, isNumber: $0.isNumber) }
      })
  }
}
