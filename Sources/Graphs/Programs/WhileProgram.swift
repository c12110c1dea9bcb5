import Tensors

/// A loop whose length is not known beforehand: while the condition holds of the carries, the body gives the next ones.
/// Operands: the first carries, then the invariants; results: the last carries. It has forward mode only: reverse mode
/// would need to keep every step.
public final class WhileProgram: GraphProgram, @unchecked Sendable {
  /// Of carries and invariants: a rank-0 bool.
  let condition: Graph
  /// Of carries and invariants: the next carries.
  let body: Graph
  let carries: Int
  private let plans = Once<(condition: PlanBody, body: PlanBody)>()

  /// Throws a `TensorError` where the condition is none or the carries change their form.
  public init(condition: Graph, body: Graph) throws {
    self.condition = condition
    self.body = body
    carries = body.outputs.count
    guard condition.inputs == body.inputs, carries <= body.inputs.count else {
      throw TensorError(
        .other(operation: "while_loop"), "while_loop needs a condition and a body that take the same values")
    }
    guard condition.outputs.count == 1,
      let test = condition.outputs.first.map({ condition.nodes[$0.index] }), test.type == .bool, test.shape.isEmpty
    else { throw TensorError(.other(operation: "while_loop"), "while_loop needs a condition that gives true or false") }
    for k in 0..<carries {
      let (input, output) = (body.inputs[k], body.nodes[body.outputs[k].index])
      guard input.shape == output.shape, input.type == output.type else {
        throw TensorError(
          .shapeMismatch(operation: "while_loop", left: input.shape, right: output.shape),
          "while_loop needs a carry that keeps its form: it goes in as \(Words.tensor(input.shape, input.type)) and "
            + "comes out as \(Words.tensor(output.shape, output.type))")
      }
    }
    super.init(operands: body.inputs, results: Array(body.inputs.prefix(carries)))
  }

  override public var bodies: [Graph] { [condition, body] }
  override var name: String { "while_loop" }

  override func operation() throws -> ProgramOperation {
    let bodies = try plans.get { (try PlanBody(condition), try PlanBody(body)) }
    return WhileOperation(bodies.condition, bodies.body)
  }

  override func dependence(on operands: [Bool]) -> [Bool] {
    let ends = body.loopDependence(on: operands, carries: carries)
    let isOpen = condition.dependence(on: Array(ends.prefix(carries) + operands[carries...]))[0]
    return ends.map { $0 || isOpen }
  }

  override public func runCheckingNaN(_ operands: [Tensor]) throws -> [Tensor] { try checkedSteps(operands) }

  override func contributions(_ step: ProgramDerivative) throws -> [NodeID?] {
    throw TensorError(
      .other(operation: "while_loop"),
      "reverse mode cannot go through while_loop, whose number of steps is not known",
      help: "use `scan` over a fixed number of steps, with `where` to stand still, or forward mode: `jvp`")
  }

  override func tangents(_ step: ProgramTangents) throws -> [NodeID?] {
    var moving = step.tangents.map { $0 != nil }
    while true {
      let trace = Trace(.staged)
      func input(_ like: GraphInput) -> NodeID {
        trace.input(shape: like.shape, type: like.type, isNumber: like.isNumber)
      }
      // Carries, their tangents, invariants, their tangents.
      var arguments = (0..<carries).map { input(body.inputs[$0]) }
      var moves = (0..<carries).filter { moving[$0] }.map { (variable: arguments[$0], direction: input(operands[$0])) }
      arguments += (carries..<body.inputs.count).map { input(body.inputs[$0]) }
      moves += (carries..<body.inputs.count).filter { moving[$0] }
        .map { (variable: arguments[$0], direction: input(operands[$0])) }
      let outputs = try body.inlined(into: trace, arguments)
      let found = try trace.tangents(of: outputs, along: moves)
      let more = (0..<carries).filter { found[$0] != nil && !moving[$0] }
      guard more.isEmpty else {
        for k in more { moving[k] = true }
        continue
      }
      let build = Builder(trace: trace, origin: 0)
      let carried = (0..<carries).filter { moving[$0] }
      let ends = try carried.map { k in
        try found[k] ?? build.filled(0, operands[k].shape, operands[k].type, isNumber: operands[k].isNumber)
      }
      let test = Trace(.staged)
      let same = trace.inputs.map { test.input(shape: $0.shape, type: $0.type, isNumber: $0.isNumber) }
      let plain =
        Array(same[..<carries]) + Array(same[(carries + carried.count)...].prefix(body.inputs.count - carries))
      let program = try WhileProgram(
        condition: test.recorded(outputs: condition.inlined(into: test, plain)),
        body: trace.recorded(outputs: outputs + ends))
      func tangent(_ i: Int) throws -> NodeID {
        let like = operands[i]
        return try step.tangents[i] ?? step.build.filled(0, like.shape, like.type, isNumber: like.isNumber)
      }
      let rest = (carries..<operands.count)
      let inputs =
        try step.operands[..<carries] + carried.map(tangent) + step.operands[carries...]
        + rest.filter { moving[$0] }.map(tangent)
      let results = try step.build.trace.apply(program, Array(inputs), origin: step.build.origin)
      var given: [NodeID?] = (0..<carries).map { _ in nil }
      for (place, k) in carried.enumerated() { given[k] = results[carries + place] }
      return given
    }
  }

  override func batched(_ step: ProgramBatch) throws -> [BatchedNode] { try whileBatch(step) }
}

/// Runs the loop; carries go back and forth between two buffers, or stay in one.
private final class WhileOperation: ProgramOperation {
  private let condition: PlanBody
  private let body: PlanBody
  private let buffers: [(first: Int, second: Int)]
  private let total: Int

  init(_ condition: PlanBody, _ body: PlanBody) {
    self.condition = condition
    self.body = body
    var total = 64
    func take(_ bytes: Int) -> Int {
      defer { total += (bytes + 63) & ~63 }
      return total
    }
    buffers = body.outputBytes.enumerated().map { k, bytes in
      let first = take(bytes)
      return (first, body.replacesRows(k) ? first : take(bytes))
    }
    self.total = total
  }

  override var scratchBytes: Int { total }
  override var parts: [PlanBody] { [condition, body] }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, results: UnsafePointer<UnsafeMutableRawPointer?>,
    _ scratch: UnsafeMutableRawPointer, threads: Int
  ) throws {
    var inputs = body.inputBytes.indices.map { x[$0] }
    if inputs.isEmpty { inputs.append(scratch) }
    // What is replaced row by row stays in one place.
    for (k, buffer) in buffers.enumerated() where buffer.first == buffer.second {
      inputs[k] = scratch + buffer.first
      Kernels.copy(from: x[k], to: inputs[k], byteCount: body.outputBytes[k])
    }
    let test = try condition.begin(threads: threads)
    defer { condition.end(test) }
    let workspace = try body.begin(threads: threads)
    defer { body.end(workspace) }
    var step = 0
    while true {
      try stopIfAsked()
      try condition.run(test, inputs: inputs, outputs: [scratch], threads: threads)
      guard scratch.load(as: UInt8.self) != 0 else { break }
      let outputs = buffers.map { scratch + (step & 1 == 0 ? $0.first : $0.second) }
      try body.run(workspace, inputs: inputs, outputs: outputs, threads: threads)
      for k in outputs.indices { inputs[k] = outputs[k] }
      step &+= 1
    }
    for k in buffers.indices {
      if let result = results[k] { result.copyMemory(from: inputs[k], byteCount: body.outputBytes[k]) }
    }
  }
}
