import Tensors

/// A function with a derivative of its own. Operands: the variables, then what either graph uses besides. Results are
/// the function's.
public final class CustomProgram: GraphProgram, @unchecked Sendable {
  private let forward: Graph
  private let backward: Graph
  private let variables: Int
  /// For each operand after the variables, the input of `backward` that takes it.
  private let lifted: [NodeID]
  private let plan = Once<PlanBody>()

  /// `forward` takes the variables and `lifted.count` further operands; `backward` takes the variables, a cotangent per
  /// output of `forward` and, at the inputs `lifted`, the same further operands; it gives a cotangent per variable.
  public init(_ forward: Graph, backward: Graph, variables: Int, lifted: [NodeID]) throws {
    guard forward.inputs.count == variables + lifted.count, backward.outputs.count == variables,
      !forward.outputs.isEmpty
    else {
      throw TensorError(.other(operation: "custom_gradient"), "custom_gradient needs a function that gives tensors")
    }
    self.forward = forward
    self.backward = backward
    self.variables = variables
    self.lifted = lifted
    let results = forward.outputs.map { id -> GraphInput in
      let node = forward.nodes[id.index]
      return GraphInput(shape: node.shape, type: node.type, isNumber: node.isNumber)
    }
    super.init(operands: forward.inputs, results: results)
  }

  override public var bodies: [Graph] { [forward] }
  override var name: String { "custom_gradient" }
  override var canFail: Bool { forward.nodes.contains { PlanSchedule.canFail($0) } }
  override func operation() throws -> ProgramOperation { CustomOperation(try plan.get { try PlanBody(forward) }) }

  override public func runCheckingNaN(_ operands: [Tensor]) throws -> [Tensor] {
    try forward.simplified().runCheckingNaN(operands)
  }

  /// The backward graph with its inputs bound.
  private func pulled(_ operands: [NodeID], _ cotangents: [NodeID], in trace: Trace) throws -> [NodeID] {
    var arguments = Array(operands.prefix(variables)) + cotangents
    var places: [Int: NodeID] = [:]
    for (i, input) in lifted.enumerated() {
      if case .input(let place) = backward.nodes[input.index].primitive { places[place] = operands[variables + i] }
    }
    for place in arguments.count..<Swift.max(backward.inputs.count, arguments.count) {
      arguments.append(places[place] ?? operands[0])
    }
    return try backward.inlined(into: trace, arguments)
  }

  override func contributions(_ step: ProgramDerivative) throws -> [NodeID?] {
    let cotangents = try results.indices.map { index in
      let like = results[index]
      return try step.cotangents[index] ?? step.build.filled(0, like.shape, like.type, isNumber: like.isNumber)
    }
    let found = try pulled(step.operands, cotangents, in: step.trace)
    return operands.indices.map { i in i < variables && operands[i].type.isFloat ? found[i] : nil }
  }

  /// The rule is linear in the cotangent: its transpose is how results move.
  override func tangents(_ step: ProgramTangents) throws -> [NodeID?] {
    let (build, trace) = (step.build, step.build.trace)
    let probes = try results.map { like in
      try trace.apply(
        .reshape(like.shape), [build.filled(0, like.shape, like.type, isNumber: like.isNumber)],
        isNumber: like.isNumber)
    }
    let found = try pulled(step.operands, probes, in: trace)
    let pairs = (0..<variables).compactMap { i -> (NodeID, NodeID?)? in
      step.tangents[i].map { (found[i], $0) }
    }
    return try trace.gradients(of: pairs, wrt: probes)
  }

  /// For a batch the function is what it computes; its own rule holds for each entry.
  override func batched(_ step: ProgramBatch) throws -> [BatchedNode] {
    let types = operands
    let isBatched = step.operands.map(\.isBatched)
    func inputs(_ trace: Trace) -> [BatchedNode] {
      types.enumerated().map { i, like in
        let wide = isBatched[i]
        let node = trace.input(
          shape: wide ? [step.size] + like.shape : like.shape, type: like.type, isNumber: like.isNumber && !wide)
        return BatchedNode(node, isBatched: wide)
      }
    }
    func widened(_ x: BatchedNode, _ trace: Trace) throws -> NodeID {
      x.isBatched ? x.node : try trace.apply(.broadcast([step.size] + trace.shape(x.node)), [x.node])
    }
    let active = forward.canFail || backward.canFail ? step.active : nil
    let there = Trace(.staged)
    let given = inputs(there)
    let outputs = try forward.batched(
      into: there, given, size: step.size, active: active.map { $0.asInput(of: there, size: step.size) }
    ).map { try widened($0, there) }
    let back = Trace(.staged)
    let own = inputs(back)
    let inside = active.map { $0.asInput(of: back, size: step.size) }
    let cotangents = results.map { like in
      BatchedNode(back.input(shape: [step.size] + like.shape, type: like.type), isBatched: true)
    }
    var arguments = Array(own.prefix(variables)) + cotangents
    var places: [Int: BatchedNode] = [:]
    for (i, input) in lifted.enumerated() {
      if case .input(let place) = backward.nodes[input.index].primitive { places[place] = own[variables + i] }
    }
    for place in arguments.count..<Swift.max(backward.inputs.count, arguments.count) {
      arguments.append(places[place] ?? own[0])
    }
    let found = try backward.batched(into: back, arguments, size: step.size, active: inside)
    let build = Builder(trace: back, origin: 0)
    let gradients = try found.enumerated().map { i, gradient -> NodeID in
      let wide = try widened(gradient, back)
      return isBatched[i] ? wide : try build.sum(wide, [0])
    }
    // The inputs behind the variables and before the cotangents are those of the further operands.
    let program = try CustomProgram(
      there.recorded(outputs: outputs), reordered: back.recorded(outputs: gradients), variables: variables,
      others: own.dropFirst(variables).map(\.node) + (inside.map { [$0.mask] } ?? []),
      cotangents: cotangents.map(\.node))
    return try step.build.trace.apply(
      program, step.operands.map(\.node) + (active.map { [$0.mask] } ?? []), origin: step.build.origin
    )
    .map { BatchedNode($0, isBatched: true) }
  }

  /// From a backward graph whose inputs stand in the order variables, others, cotangents.
  private convenience init(
    _ forward: Graph, reordered backward: Graph, variables: Int, others: [NodeID], cotangents: [NodeID]
  ) throws {
    let order =
      Array(0..<variables) + Array((variables + others.count)..<backward.inputs.count)
      + Array(variables..<(variables + others.count))
    var graph = backward
    graph.inputs = order.map { backward.inputs[$0] }
    for index in graph.nodes.indices {
      if case .input(let old) = graph.nodes[index].primitive {
        graph.nodes[index].primitive = .input(index: order.firstIndex(of: old) ?? old)
      }
    }
    try self.init(forward, backward: graph, variables: variables, lifted: others)
  }
}

/// Runs the function.
private final class CustomOperation: ProgramOperation {
  private let body: PlanBody
  private let total: Int

  init(_ body: PlanBody) {
    self.body = body
    total = body.outputBytes.reduce(64) { $0 + (($1 + 63) & ~63) }
  }

  override var scratchBytes: Int { total }
  override var parts: [PlanBody] { [body] }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, results: UnsafePointer<UnsafeMutableRawPointer?>,
    _ scratch: UnsafeMutableRawPointer, threads: Int
  ) throws {
    let workspace = try body.begin(threads: threads)
    defer { body.end(workspace) }
    // Results that nobody reads have places of their own, since others may be copies of them.
    var unread = scratch
    let outputs = body.outputBytes.enumerated().map { index, bytes -> UnsafeMutableRawPointer in
      if let result = results[index] { return result }
      defer { unread += (bytes + 63) & ~63 }
      return unread
    }
    try body.run(workspace, inputs: x, outputs: outputs, threads: threads)
  }
}
