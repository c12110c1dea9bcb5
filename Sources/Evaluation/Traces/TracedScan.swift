import Graphs
import Tensors

/// `scan` as one operation: the body is traced once, for one step, and the loop stays a loop.
struct TracedScan {
  private let call: NativeCall
  private let f: Value
  private let count: Int
  private let axis: Int
  private let scope: TensorOperand
  private var machine: Machine { call.machine }
  private var heap: Heap { call.heap }
  private var operations: TensorOperations { call.operations }

  init(_ call: NativeCall, _ f: Value, count: Int, axis: Int, scope: TensorOperand) {
    self.call = call
    self.f = f
    self.count = count
    self.axis = axis
    self.scope = scope
  }

  /// What the body gave: `carry` and `out`, borrowed from it.
  static func parts(of step: Value, _ call: NativeCall) throws -> (carry: Value, out: Value) {
    guard step.tag == .record, let next = call.heap.field(step, named: "carry") else {
      throw RuntimeError(
        "E0210", "`scan` needs a function that gives `{ carry, out }`, not \(call.machine.brief(step))",
        label: "no `carry`")
    }
    return (next, call.heap.field(step, named: "out") ?? .none)
  }

  /// A traced body: its graph's outputs are carries, states, outs.
  private struct Body {
    var recording: Recording
    var outputs: [NodeID]
    /// The form of the results.
    var out: Value
    var outLeaves: LoopLeaves
    /// First carries in the form in which the body takes them.
    var carries: [TensorOperand]
    var carryLeaves: LoopLeaves
    var carryTies: LoopLeaves.Ties
    var sequences: [TensorOperand]
  }

  func run() throws -> Value {
    let sequences = try entriesFirst()
    // The states that the body may assign while a model is trained.
    let cells = machine.tensors.isTraining ? try TreeStates(machine).cells(of: f) : []
    let before = cells.map(\.content)
    do {
      let body = try traced(sequences, cells)
      defer { heap.release(body.out) }
      return try looped(body, cells, before)
    } catch {
      for (cell, content) in zip(cells, before) { cell.content = content }
      throw error
    }
  }

  /// The tensors that the loop goes over, with their entries along the first axis.
  private func entriesFirst() throws -> [TensorOperand] {
    var result: [TensorOperand] = []
    for leaf in try LoopLeaves(machine).leaves(of: call[2]) where leaf.rank > 0 && !leaf.isNumber {
      let place = try call.axis(axis, of: leaf.shape)
      let order = [place] + leaf.shape.indices.filter { $0 != place }
      result.append(place == 0 ? leaf : try operations.apply(.transpose(order), [leaf], isTensor: true))
    }
    return result
  }

  // MARK: tracing

  private enum Attempt {
    case done(Body)
    /// The carry comes out in another form: take it in that form from the start.
    case again([CarryForm?])
    /// A param that is one at several places at the start becomes several.
    case untied(LoopLeaves.Ties)
    case withBools
  }

  private func traced(_ sequences: [TensorOperand], _ cells: [StateCell]) throws -> Body {
    let before = cells.map(\.content)
    var leaves = LoopLeaves(machine)
    var carries = try leaves.leaves(of: call[1])
    var ties = try leaves.ties(of: call[1])
    var attempts = 0, untyings = 0
    while attempts < 6 {
      attempts += 1
      for (cell, content) in zip(cells, before) { cell.content = content }
      switch try attempt(carries, leaves, ties, sequences, cells) {
      case .done(let body): return body
      case .again(let forms):
        for (i, form) in forms.enumerated() {
          if let form { carries[i] = try operations.convert(carries[i], to: form.type, asNumber: form.isNumber) }
        }
      case .untied(let common):
        untyings += 1
        ties = untyings > LoopLeaves.Ties.maximumUntyings ? ties.keepingWhole(in: common) : common
        attempts -= 1
      case .withBools:
        leaves = LoopLeaves(machine, takesBools: true)
        carries = try leaves.leaves(of: call[1])
        ties = try leaves.ties(of: call[1])
      }
    }
    throw RuntimeError("E0513", "`scan` finds no form in which its carry stays the same from step to step")
  }

  private func attempt(
    _ carries: [TensorOperand], _ leaves: LoopLeaves, _ ties: LoopLeaves.Ties, _ sequences: [TensorOperand],
    _ cells: [StateCell]
  ) throws -> Attempt {
    let state = machine.tensors
    let outer = state.recording
    let recording = try Recording.body(inside: outer)
    state.recording = recording
    defer { state.recording = outer }
    func input(_ like: TensorOperand, dropping: Int = 0) -> TensorOperand {
      let node = recording.trace.input(
        shape: Array(like.shape.dropFirst(dropping)), type: like.type, isNumber: like.isNumber)
      return .traced(TracedValue(node, recording))
    }
    let carryInputs = carries.map { input($0) }
    for cell in cells {
      if case .traced(let traced) = input(operations.operand(of: cell.content)) { cell.content = traced }
    }
    var entries = sequences.map { input($0, dropping: 1) }
    let index = TracedValue(recording.trace.input(shape: [], type: .i64, isNumber: true), recording)
    let carry = try leaves.rebuilt(call[1], with: carryInputs, ties: ties)
    defer { heap.release(carry) }
    let x = try entry(&entries)
    defer { heap.release(x) }
    let step = try operations.withKey(try operations.derive(scope, .traced(index))) {
      try machine.call(f, [carry, x])
    }
    defer { heap.release(step) }
    if let failure = recording.failure { throw failure }
    let (next, out) = try TracedScan.parts(of: step, call)
    guard try leaves.areAlike(call[1], next) else {
      if try leaves.differInFrozen(call[1], next) { throw CarryForm.frozenOtherwise(call) }
      if !leaves.takesBools { return .withBools }
      throw RuntimeError(
        "E0513",
        "`scan` needs a carry that is built alike at every step: it goes in as \(machine.brief(call[1])) and comes out as "
          + machine.brief(next),
        label: "another structure", help: ["give a carry with the same fields, elements and functions as `start`"])
    }
    var results: [TensorOperand] = []
    var promoted: [CarryForm?] = carries.map { _ in nil }
    let common = ties.common(with: try leaves.ties(of: next))
    guard common == ties else { return .untied(common) }
    for (i, pair) in try leaves.paired(leaves.leaves(of: next), carries).enumerated() {
      results.append(try CarryForm.matched(pair.0, to: pair.1, &promoted[i], call))
    }
    if promoted.contains(where: { $0 != nil }) { return .again(promoted) }
    var outputs = try results.map { try operations.node($0, in: recording) }
    for cell in cells { outputs.append(try operations.node(operations.operand(of: cell.content), in: recording)) }
    let outLeaves = LoopLeaves(machine, takesBools: true)
    try checkStackable(out, depth: 0)
    for leaf in try outLeaves.leaves(of: out) {
      let target: ElementType = leaf.isNumber && leaf.type == .f64 ? .f32 : leaf.type
      outputs.append(try operations.node(try operations.convert(leaf, to: target), in: recording))
    }
    recording.passGuardsOn()
    return .done(
      Body(
        recording: recording, outputs: outputs, out: heap.retained(out), outLeaves: outLeaves, carries: carries,
        carryLeaves: leaves, carryTies: ties, sequences: sequences))
  }

  /// `xs` with one entry in place of every tensor that the loop goes over.
  private func entry(_ entries: inout [TensorOperand]) throws -> Value {
    let leaves = LoopLeaves(machine)
    var position = 0
    let parts = try leaves.leaves(of: call[2]).map { leaf -> TensorOperand in
      guard leaf.rank > 0, !leaf.isNumber else { return leaf }
      defer { position += 1 }
      return entries[position]
    }
    return try leaves.rebuilt(call[2], with: parts)
  }

  private func checkStackable(_ out: Value, depth: Int) throws {
    guard depth < 1000 else { throw RuntimeError("E0303", "`scan` cannot stack values nested so deep") }
    if out.isNone || out.tag == .closure || operations.operand(out) != nil { return }
    guard out.tag == .list || out.tag == .record, let node = TreeNode(out) else {
      throw RuntimeError("E0203", "`scan` cannot stack \(machine.brief(out))")
    }
    try machine.pollInterrupt()
    for i in 0..<node.count { try checkStackable(node[i], depth: depth + 1) }
  }

  // MARK: running

  private func looped(_ body: Body, _ cells: [StateCell], _ before: [AnyObject]) throws -> Value {
    let trace = body.recording.trace
    let carryCount = body.carries.count + cells.count
    let program = try translatingErrors {
      try ScanProgram(
        body: trace.recorded(outputs: body.outputs), carries: carryCount, sequences: body.sequences.count + 1,
        length: count)
    }
    let counting = try operations.apply(.iota(shape: [count], axis: 0, type: .i64), [], isTensor: true)
    let operands =
      body.carries + before.map { operations.operand(of: $0) } + body.sequences + [counting]
    let results = try operations.apply(program, operands, lifted: body.recording)
    for (i, cell) in cells.enumerated() {
      switch results[body.carries.count + i] {
      case .tensor(let tensor): cell.content = tensor
      case .traced(let traced): cell.content = traced
      case .int, .float, .bool: break
      }
    }
    let carry = try body.carryLeaves.rebuilt(
      call[1], with: Array(results.prefix(body.carries.count)), ties: body.carryTies)
    do {
      let stacks = try results.dropFirst(carryCount).map { try placed($0) }
      return heap.record([("carry", carry), ("out", try body.outLeaves.rebuilt(body.out, with: stacks))])
    } catch {
      heap.release(carry)
      throw error
    }
  }

  /// Entries along the axis asked for.
  private func placed(_ stack: TensorOperand) throws -> TensorOperand {
    let place = max(0, min(stack.rank - 1, axis < 0 ? axis + stack.rank : axis))
    guard place > 0 else { return stack }
    var order = Array(1..<stack.rank)
    order.insert(0, at: place)
    return try operations.apply(.transpose(order), [stack], isTensor: true)
  }
}

extension Machine {
  /// Plans and runs a graph that is of no further use; operation by operation where each is watched for NaN.
  func runOnce(_ graph: Graph, _ inputs: [Tensor?]) throws -> [Tensor] {
    if tensors.checksNaN { return try graph.runCheckingNaN(inputs) }
    var inputs = inputs
    return try Plan(graph).run(&inputs, threads: planThreads)
  }
}

extension TensorOperations {
  /// Runs or records a program whose body was traced in `body`: its own operands, and then the values that the body
  /// uses from outside.
  func apply(_ program: GraphProgram, _ operands: [TensorOperand], lifted body: Recording) throws -> [TensorOperand] {
    guard let recording = machine.tensors.recording else {
      let inputs = operands.compactMap { tensor($0) }
      let checksNaN = machine.tensors.checksNaN
      let tensors = try translatingErrors(body) {
        checksNaN ? try program.runCheckingNaN(inputs) : try program.run(inputs, threads: machine.planThreads)
      }
      return zip(tensors, program.results).map { $1.isNumber ? number($0) : .tensor($0) }
    }
    let nodes = try operands.map { try node($0, in: recording) } + body.lifted.map(\.outer)
    let origin = recording.origin(of: machine.currentSpan)
    let results = try translatingErrors(recording) { try recording.trace.apply(program, nodes, origin: origin) }
    return results.map { .traced(TracedValue($0, recording)) }
  }
}
