import Graphs
import Tensors

/// `custom_gradient(f, rule)`: f with the derivative that the rule gives.
enum CustomGradient {
  static let function = NativeFunction(
    "custom_gradient(f, rule)", ["x"], doc: "f of x, with a derivative of one's own."
  ) { call in try run(call) }

  private static func run(_ call: NativeCall) throws -> Value {
    let machine = call.machine
    let (f, rule) = (Natives.held(call, 0), Natives.held(call, 1))
    let state = machine.tensors
    guard let outer = state.recording else { return try machine.call(f, [call[0]]) }
    let (count, scope) = (machine.drawScope, outer.scope)
    do { return try CustomTrace(call, f, rule, outer, .staged).run() } catch let error as RuntimeError
      where state.mayFollowValues(after: error)
    {
      machine.drawScope = count
      outer.scope = scope
      return try CustomTrace(call, f, rule, outer, .eager).run()
    }
  }
}

/// Traces a function and its rule into one program: staged, or following the values that x has now. The cotangent has
/// none.
private struct CustomTrace {
  private let call: NativeCall
  private let f: Value
  private let rule: Value
  private let outer: Recording
  private let mode: Trace.Mode
  private var machine: Machine { call.machine }
  private var heap: Heap { call.heap }
  private var operations: TensorOperations { call.operations }

  init(_ call: NativeCall, _ f: Value, _ rule: Value, _ outer: Recording, _ mode: Trace.Mode) {
    self.call = call
    self.f = f
    self.rule = rule
    self.outer = outer
    self.mode = mode
  }

  /// What the rule gives; owned by the caller. Where x has its values only the cotangent's are missing.
  private func answer(_ x: Value, _ cotangent: Value) throws -> Value {
    do { return try machine.call(rule, [x, cotangent]) } catch let error as RuntimeError
      where mode == .eager && error.id == "E0501"
    {
      var refusal = RuntimeError(
        "E0501", "the rule of `custom_gradient` cannot see the content of its cotangent",
        label: "not known while the rule is read",
        help: ["a rule is linear in the cotangent: `where(condition, a, b)` chooses between values"])
      refusal.span = error.span
      throw refusal
    }
  }

  func run() throws -> Value {
    let leaves = LoopLeaves(machine)
    let x = try leaves.leaves(of: call[0])
    let isFollowed = mode == .eager
    let forward = try Recording.body(inside: outer, mode, drawsOutside: true)
    let backward = try Recording.body(inside: outer, mode, drawsOutside: true)
    func inputs(_ like: [TensorOperand], _ recording: Recording, known: Bool) -> [TensorOperand] {
      like.map { operand in
        let example = known ? operations.requireContent(operand) : nil
        let node = recording.trace.input(
          shape: operand.shape, type: operand.type, isNumber: operand.isNumber, example: example)
        return .traced(TracedValue(node, recording))
      }
    }
    defer { machine.tensors.recording = outer }
    machine.tensors.recording = forward
    let argument = try leaves.rebuilt(call[0], with: inputs(x, forward, known: isFollowed))
    defer { heap.release(argument) }
    let y = try machine.call(f, [argument])
    defer { heap.release(y) }
    let values = try leaves.leaves(of: y)
    let outputs = try values.map { try operations.node($0, in: forward) }

    machine.tensors.recording = backward
    let again = try leaves.rebuilt(call[0], with: inputs(x, backward, known: isFollowed))
    defer { heap.release(again) }
    // One param at two places of y has a cotangent at each.
    let cotangent = try leaves.rebuilt(
      y, with: inputs(values, backward, known: false), ties: LoopLeaves.Ties.none(values.count))
    defer { heap.release(cotangent) }
    let answer = try answer(again, cotangent)
    defer { heap.release(answer) }
    let given = try leaves.leaves(of: answer)
    guard given.count == x.count else {
      throw RuntimeError(
        "E0409",
        "the rule of `custom_gradient` must give a cotangent built like x: \(given.count) leaves stand against \(x.count)",
        label: "built otherwise")
    }
    let gradients = try zip(given, x).map { gradient, leaf -> NodeID in
      guard gradient.shape == leaf.shape || gradient.rank == 0 else {
        throw RuntimeError(
          "E0401",
          "the rule of `custom_gradient` gives \(describe(gradient.shape)) for x of shape \(describe(leaf.shape))",
          label: "\(describe(gradient.shape)) and \(describe(leaf.shape))")
      }
      var operand = try operations.convert(gradient, to: leaf.type, asNumber: leaf.isNumber && gradient.isNumber)
      if operand.shape != leaf.shape {
        operand = try operations.apply(.broadcast(leaf.shape), [operand], isTensor: true)
      }
      return try operations.node(operand, in: backward)
    }
    for recording in [forward, backward] {
      if let failure = recording.failure { throw failure }
    }
    // Both graphs take the same operands: x, and what either uses from outside.
    for (node, _) in forward.lifted { _ = backward.node(of: TracedValue(node, outer)) }
    for (node, _) in backward.lifted { _ = forward.node(of: TracedValue(node, outer)) }
    forward.passGuardsOn()
    backward.passGuardsOn()
    machine.tensors.recording = outer
    let order = forward.lifted.map(\.outer)
    let program = try translatingErrors {
      try CustomProgram(
        forward.trace.recorded(outputs: outputs), backward: backward.trace.recorded(outputs: gradients),
        variables: x.count, lifted: order.map { node in backward.lifted.first { $0.outer == node }?.inner ?? node })
    }
    let nodes = try x.map { try operations.node($0, in: outer) } + order
    let origin = outer.origin(of: machine.currentSpan)
    let results = try translatingErrors(outer) { try outer.trace.apply(program, nodes, origin: origin) }
    return try leaves.rebuilt(y, with: results.map { .traced(TracedValue($0, outer)) })
  }
}
