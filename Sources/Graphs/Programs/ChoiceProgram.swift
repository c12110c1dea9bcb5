import Tensors

/// One of two graphs, by a condition: only the one taken runs. Operands: the condition (a rank-0 bool), then what both
/// branches take; results are those of the branches, which are alike.
public final class ChoiceProgram: GraphProgram, @unchecked Sendable {
  /// What runs where the condition holds, and where not. Not simplified; both have the same inputs.
  let branches: [Graph]
  private let plans = Once<[PlanBody]>()

  /// Throws a `TensorError` where the branches give other forms.
  public init(_ holds: Graph, otherwise: Graph) throws {
    func forms(_ graph: Graph) -> [GraphInput] {
      graph.outputs.map { id in
        let node = graph.nodes[id.index]
        return GraphInput(shape: node.shape, type: node.type, isNumber: node.isNumber)
      }
    }
    let (a, b) = (forms(holds), forms(otherwise))
    guard holds.inputs == otherwise.inputs else {
      throw TensorError(.other(operation: "cond"), "cond needs branches that take the same values")
    }
    guard a.count == b.count else {
      throw TensorError(.other(operation: "cond"), "cond needs branches that are built alike")
    }
    for (x, y) in zip(a, b) where x.shape != y.shape || x.type != y.type {
      throw TensorError(
        .shapeMismatch(operation: "cond", left: x.shape, right: y.shape),
        "cond needs branches that give the same forms, not \(Words.tensor(x.shape, x.type)) and "
          + Words.tensor(y.shape, y.type))
    }
    branches = [holds, otherwise]
    let results = zip(a, b).map { GraphInput(shape: $0.shape, type: $0.type, isNumber: $0.isNumber && $1.isNumber) }
    super.init(operands: [GraphInput(shape: [], type: .bool, isNumber: true)] + holds.inputs, results: results)
  }

  override public var bodies: [Graph] { branches }
  override var name: String { "cond" }
  override var canFail: Bool { branches.contains { $0.nodes.contains { PlanSchedule.canFail($0) } } }

  override func operation() throws -> ProgramOperation {
    ChoiceOperation(try plans.get { try branches.map { try PlanBody($0) } })
  }

  /// Only the branch taken.
  override public func runCheckingNaN(_ operands: [Tensor]) throws -> [Tensor] {
    try branches[operands[0].integer(0) != 0 ? 0 : 1].simplified().runCheckingNaN(Array(operands.dropFirst()))
  }

  /// Each branch with its derivative: it runs again, and only what was taken.
  override func contributions(_ step: ProgramDerivative) throws -> [NodeID?] {
    let wanted = operands.indices.dropFirst().filter { step.needed[$0] && operands[$0].type.isFloat }
    let given = results.indices.filter { results[$0].type.isFloat && step.cotangents[$0] != nil }
    guard !wanted.isEmpty, !given.isEmpty else { return operands.map { _ in nil } }
    let ways = try branches.map { graph -> Graph in
      let trace = Trace(.staged)
      func input(_ like: GraphInput) -> NodeID {
        trace.input(shape: like.shape, type: like.type, isNumber: like.isNumber)
      }
      let arguments = graph.inputs.map(input)
      let outputs = try graph.inlined(into: trace, arguments)
      let weighted = given.map { (outputs[$0], input(results[$0]) as NodeID?) }
      let found = try trace.gradients(of: weighted, wrt: wanted.map { arguments[$0 - 1] })
      let build = Builder(trace: trace, origin: 0)
      return trace.recorded(
        outputs: try zip(found, wanted).map { gradient, operand in
          let like = operands[operand]
          return try gradient ?? build.filled(0, like.shape, like.type, isNumber: like.isNumber)
        })
    }
    let back = try ChoiceProgram(ways[0], otherwise: ways[1])
    let gradients = try step.trace.apply(
      back, step.operands + given.compactMap { step.cotangents[$0] }, origin: step.build.origin)
    var result: [NodeID?] = operands.map { _ in nil }
    for (operand, gradient) in zip(wanted, gradients) { result[operand] = gradient }
    return result
  }

  override func tangents(_ step: ProgramTangents) throws -> [NodeID?] {
    let moving = operands.indices.dropFirst().filter { step.tangents[$0] != nil }
    let floats = results.indices.filter { results[$0].type.isFloat }
    let ways = try branches.map { graph -> Graph in
      let trace = Trace(.staged)
      func input(_ like: GraphInput) -> NodeID {
        trace.input(shape: like.shape, type: like.type, isNumber: like.isNumber)
      }
      let arguments = graph.inputs.map(input)
      let outputs = try graph.inlined(into: trace, arguments)
      let moves = moving.map { (variable: arguments[$0 - 1], direction: input(operands[$0])) }
      let found = try trace.tangents(of: floats.map { outputs[$0] }, along: moves)
      let build = Builder(trace: trace, origin: 0)
      return trace.recorded(
        outputs: try zip(found, floats).map { tangent, result in
          let like = results[result]
          return try tangent ?? build.filled(0, like.shape, like.type, isNumber: like.isNumber)
        })
    }
    let forth = try ChoiceProgram(ways[0], otherwise: ways[1])
    let tangents = try step.build.trace.apply(
      forth, step.operands + moving.compactMap { step.tangents[$0] }, origin: step.build.origin)
    var result: [NodeID?] = results.map { _ in nil }
    for (place, tangent) in zip(floats, tangents) { result[place] = tangent }
    return result
  }

  /// With one condition for all, each branch for the batch; with one for each entry, both branches and a selection.
  override func batched(_ step: ProgramBatch) throws -> [BatchedNode] {
    let condition = step.operands[0]
    let rest = Array(step.operands.dropFirst())
    if condition.isBatched {
      let both = try branches.enumerated().map { index, graph in
        let takers =
          graph.canFail
          ? try ActiveEntries(condition.node, holds: index == 0, among: step.active, step.build) : nil
        return try graph.batched(into: step.build.trace, rest, size: step.size, active: takers)
      }
      return try zip(both[0], both[1]).enumerated().map { index, pair in
        let rank = results[index].shape.count
        let mask = try step.build.reshape(condition.node, [step.size] + Array(repeating: 1, count: rank))
        return BatchedNode(try step.build.select(mask, pair.0.node, pair.1.node), isBatched: true)
      }
    }
    let active = canFail ? step.active : nil
    var kinds = results.map { _ in false }
    var graphs: [Graph] = []
    for isFirst in [true, false] {
      graphs = try branches.map { graph in
        let trace = Trace(.staged)
        let arguments = zip(graph.inputs, rest).map { input, operand -> BatchedNode in
          let wide = operand.isBatched
          let node = trace.input(
            shape: wide ? [step.size] + input.shape : input.shape, type: input.type, isNumber: input.isNumber && !wide)
          return BatchedNode(node, isBatched: wide)
        }
        let inside = active.map { $0.asInput(of: trace, size: step.size) }
        let outputs = try graph.batched(into: trace, arguments, size: step.size, active: inside)
        if isFirst { for (i, output) in outputs.enumerated() where output.isBatched { kinds[i] = true } }
        let build = Builder(trace: trace, origin: 0)
        return trace.recorded(
          outputs: try outputs.enumerated().map { index, output in
            guard kinds[index], !output.isBatched else { return output.node }
            return try build.apply(.broadcast([step.size] + results[index].shape), [output.node])
          })
      }
    }
    let program = try ChoiceProgram(graphs[0], otherwise: graphs[1])
    let found = try step.build.trace.apply(
      program, step.operands.map(\.node) + (active.map { [$0.mask] } ?? []), origin: step.build.origin)
    return zip(found, kinds).map { BatchedNode($0, isBatched: $1) }
  }

  override func dependence(on operands: [Bool]) -> [Bool] {
    let rest = Array(operands.dropFirst())
    return zip(branches[0].dependence(on: rest), branches[1].dependence(on: rest)).map { operands[0] || $0 || $1 }
  }

  override func pruned(_ isUsed: [Bool]) -> (program: GraphProgram, operands: [Int], places: [Int])? {
    guard isUsed.contains(false) else { return nil }
    let kept = isUsed.indices.filter { isUsed[$0] }
    let graphs = branches.map { $0.selecting(outputs: kept, inputs: Array($0.inputs.indices)) }
    guard let smaller = try? ChoiceProgram(graphs[0], otherwise: graphs[1]) else { return nil }
    var places = isUsed.map { _ in 0 }
    for (new, old) in kept.enumerated() { places[old] = new }
    return (smaller, Array(operands.indices), places)
  }
}

/// Runs the branch that the condition names.
private final class ChoiceOperation: ProgramOperation {
  private let branches: [PlanBody]
  private let total: Int

  init(_ branches: [PlanBody]) {
    self.branches = branches
    total = branches.flatMap(\.outputBytes).reduce(64) { $0 + (($1 + 63) & ~63) }
  }

  override var scratchBytes: Int { total }
  override var parts: [PlanBody] { branches }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, results: UnsafePointer<UnsafeMutableRawPointer?>,
    _ scratch: UnsafeMutableRawPointer, threads: Int
  ) throws {
    let body = branches[x[0].load(as: UInt8.self) != 0 ? 0 : 1]
    let workspace = try body.begin(threads: threads)
    defer { body.end(workspace) }
    // Results that nobody reads have places of their own, since others may be copies of them.
    var unread = scratch
    let outputs = body.outputBytes.enumerated().map { index, bytes -> UnsafeMutableRawPointer in
      if let result = results[index] { return result }
      defer { unread += (bytes + 63) & ~63 }
      return unread
    }
    try body.run(workspace, inputs: x + 1, outputs: outputs, threads: threads)
  }
}
