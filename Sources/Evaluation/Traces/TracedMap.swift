import Graphs
import Tensors

/// `vmap` and `grid`: a function traced once, for one entry. `vmap` turns the trace into one for the whole batch,
/// operation by operation; `grid` makes it the body of a loop whose steps do not depend on each other.
struct TracedMap {
  private let call: NativeCall
  private let f: Value
  private let count: Int
  private let scope: TensorOperand
  private var machine: Machine { call.machine }
  private var heap: Heap { call.heap }
  private var operations: TensorOperations { call.operations }

  init(_ call: NativeCall, _ f: Value, count: Int, scope: TensorOperand) {
    self.call = call
    self.f = f
    self.count = count
    self.scope = scope
  }

  /// A traced function: its graph takes the entries, the index, and what it uses from outside.
  private struct Body {
    let recording: Recording
    /// The form of the result; owned.
    let result: Value
    let outputs: [NodeID]
    /// States that the function assigned; their new content stands behind the result's leaves.
    let cells: [StateCell]
  }

  /// Traces `f` on what `arguments` makes of one entry of each stack.
  private func traced(
    _ stacks: [TensorOperand], areNumbers: Bool, _ arguments: ([TensorOperand]) throws -> [Value]
  ) throws -> Body {
    let state = machine.tensors
    let outer = state.recording
    let recording = try Recording.body(inside: outer)
    let cells = state.isTraining ? try TreeStates(machine).cells(of: f) : []
    let before = cells.map(\.content)
    state.recording = recording
    defer {
      state.recording = outer
      for (cell, content) in zip(cells, before) { cell.content = content }
    }
    let entries = stacks.map { stack -> TensorOperand in
      let node = recording.trace.input(
        shape: Array(stack.shape.dropFirst()), type: stack.type, isNumber: areNumbers)
      return .traced(TracedValue(node, recording))
    }
    let index = TracedValue(recording.trace.input(shape: [], type: .i64, isNumber: true), recording)
    let values = try arguments(entries)
    defer { for value in values { heap.release(value) } }
    let result = try operations.withKey(try operations.derive(scope, .traced(index))) { try machine.call(f, values) }
    do {
      if let failure = recording.failure { throw failure }
      var outputs = try LoopLeaves(machine, takesBools: true).leaves(of: result).map { leaf -> NodeID in
        let target: ElementType = leaf.isNumber && leaf.type == .f64 ? .f32 : leaf.type
        return try operations.node(try operations.convert(leaf, to: target), in: recording)
      }
      let assigned = zip(cells, before).filter { $0.content !== $1 }.map(\.0)
      for cell in assigned { outputs.append(try operations.node(operations.operand(of: cell.content), in: recording)) }
      recording.passGuardsOn()
      return Body(recording: recording, result: result, outputs: outputs, cells: assigned)
    } catch {
      heap.release(result)
      throw error
    }
  }

  /// The result with its leaves stacked.
  private func assembled(_ body: Body, _ stacks: [TensorOperand]) throws -> Value {
    try LoopLeaves(machine, takesBools: true).rebuilt(body.result, with: stacks)
  }

  private func counting() throws -> TensorOperand {
    try operations.apply(.iota(shape: [count], axis: 0, type: .i64), [], isTensor: true)
  }

  // MARK: vmap

  /// `f` of every entry of the tensors in `x`, and of `rest` as it is.
  func batched(_ x: Value, _ rest: [Value]) throws -> Value {
    let leaves = LoopLeaves(machine)
    let all = try leaves.leaves(of: x)
    let stacks = all.filter { $0.rank > 0 && !$0.isNumber }
    let body = try traced(stacks, areNumbers: false) { entries in
      var position = 0
      let parts = all.map { leaf -> TensorOperand in
        guard leaf.rank > 0, !leaf.isNumber else { return leaf }
        defer { position += 1 }
        return entries[position]
      }
      return [try leaves.rebuilt(x, with: parts)] + rest.map { heap.retained($0) }
    }
    defer { heap.release(body.result) }
    let graph = body.recording.trace.recorded(outputs: body.outputs)
    let operands = stacks + [try counting()]
    let results: [TensorOperand]
    let isBatched: [Bool]
    if let recording = machine.tensors.recording {
      let nodes = try operands.map { try operations.node($0, in: recording) }
      let found = try translatingErrors(recording) {
        try graph.batched(into: recording.trace, arguments(nodes, body.recording.lifted.map(\.outer)), size: count)
      }
      results = found.map { .traced(TracedValue($0.node, recording)) }
      isBatched = found.map(\.isBatched)
    } else {
      (results, isBatched) = try run(graph, operands, body.recording)
    }
    for (i, cell) in body.cells.enumerated() {
      let place = results.count - body.cells.count + i
      guard !isBatched[place] else {
        throw RuntimeError(
          "E0514", "a state cannot be assigned inside `\(call.function.name)`: each entry would leave another value",
          label: "assigned by an entry",
          help: ["assign it outside, to something of all entries such as their mean, or use `scan`"])
      }
      switch results[place] {
      case .tensor(let tensor): cell.content = tensor
      case .traced(let traced): cell.content = traced
      case .int, .float, .bool: break
      }
    }
    let wide = try zip(results, isBatched).prefix(results.count - body.cells.count).map { result, isBatched in
      isBatched ? result : try operations.apply(.broadcast([count] + result.shape), [result], isTensor: true)
    }
    return try assembled(body, wide)
  }

  private func arguments(_ own: [NodeID], _ lifted: [NodeID]) -> [BatchedNode] {
    own.map { BatchedNode($0, isBatched: true) } + lifted.map { BatchedNode($0, isBatched: false) }
  }

  /// Outside of any trace the batch is planned and run at once.
  private func run(
    _ graph: Graph, _ operands: [TensorOperand], _ body: Recording
  ) throws -> ([TensorOperand], [Bool]) {
    let tensors = operands.compactMap { operations.tensor($0) }
    return try translatingErrors(body) {
      let trace = Trace(.staged)
      let nodes = tensors.map { trace.input(shape: $0.shape, type: $0.type) }
      let results = try graph.batched(into: trace, arguments(nodes, []), size: count)
      let values = try machine.runOnce(trace.finish(outputs: results.map(\.node)), tensors)
      return (values.map { .tensor($0) }, results.map(\.isBatched))
    }
  }

  // MARK: grid

  /// `f` of the numbers of several axes at each point, as a loop.
  func looped(_ axes: [TensorOperand]) throws -> Value {
    let body = try traced(axes, areNumbers: true) { entries in entries.map { operations.value($0) } }
    defer { heap.release(body.result) }
    guard body.cells.isEmpty else {
      throw RuntimeError("E0514", "a state cannot be assigned inside `\(call.function.name)`")
    }
    let program = try translatingErrors(body.recording) {
      try ScanProgram(
        body: body.recording.trace.recorded(outputs: body.outputs), carries: 0, sequences: axes.count + 1, length: count
      )
    }
    return try assembled(body, try operations.apply(program, axes + [try counting()], lifted: body.recording))
  }
}
