import Graphs
import Tensors

/// `cond` and `while_loop` as operations of the trace in progress.
struct TracedChoice {
  private let call: NativeCall
  private var machine: Machine { call.machine }
  private var heap: Heap { call.heap }
  private var operations: TensorOperations { call.operations }

  init(_ call: NativeCall) { self.call = call }

  /// A function traced for itself: its leaves, and the value that holds them (owned).
  private struct Body {
    let recording: Recording
    let result: Value
    let leaves: [TensorOperand]
  }

  private func traced(
    in recording: Recording, key: TensorOperand? = nil, takesBools: Bool, _ body: () throws -> Value
  ) throws -> Body {
    let state = machine.tensors
    let outer = state.recording
    let cells =
      state.isTraining ? try TreeStates(machine).cells(of: call[1]) + TreeStates(machine).cells(of: call[2]) : []
    let before = cells.map(\.content)
    state.recording = recording
    defer {
      state.recording = outer
      for (cell, content) in zip(cells, before) { cell.content = content }
    }
    let result = try key.map { try operations.withKey($0, body) } ?? body()
    do {
      if let failure = recording.failure { throw failure }
      if zip(cells, before).contains(where: { $0.content !== $1 }) {
        throw RuntimeError(
          "E0514",
          "a state cannot be assigned inside `\(call.function.name)` while its condition is a tensor's content",
          label: "assigned by a branch", help: ["give the new value as a result and assign it outside"])
      }
      let leaves = try LoopLeaves(machine, takesBools: takesBools).leaves(of: result)
      // A result that is a value from outside is an input too: bodies are aligned by what they take.
      for leaf in leaves where leaf.isTraced { _ = try operations.node(leaf, in: recording) }
      return Body(recording: recording, result: result, leaves: leaves)
    } catch {
      heap.release(result)
      throw error
    }
  }

  /// A graph whose inputs are its own and what any of several bodies of one trace uses from outside, in one order.
  private func graph(_ body: Body, _ outputs: [TensorOperand]) throws -> Graph {
    body.recording.passGuardsOn()
    return body.recording.trace.recorded(outputs: try outputs.map { try operations.node($0, in: body.recording) })
  }

  /// What two bodies take from outside: the same, in the same order, after as many inputs of their own.
  private func lifted(_ a: Recording, _ b: Recording, own: Int) throws -> [NodeID] {
    let nodes = a.lifted.map(\.outer)
    let count = own + nodes.count
    guard nodes == b.lifted.map(\.outer), a.trace.inputs.count == count, b.trace.inputs.count == count else {
      throw RuntimeError(
        "E0401", "the functions of `\(call.function.name)` take other values from outside than were found",
        label: "cannot be traced")
    }
    return nodes
  }

  // MARK: cond

  /// `f()` or `g()`, each under a key of its own, as one operation that runs only the branch taken.
  func choice(_ condition: TensorOperand, _ scope: TensorOperand) throws -> Value {
    guard let outer = machine.tensors.recording else { return .none }
    let first = try Recording.body(inside: outer)
    let a = try branch(1, in: first, scope)
    defer { heap.release(a.result) }
    // The second branch has an input for all that the first one takes, and the other way round.
    let second = try Recording.body(inside: outer)
    for (node, _) in first.lifted { _ = second.node(of: TracedValue(node, outer)) }
    let b = try branch(2, in: second, scope)
    defer { heap.release(b.result) }
    for (node, _) in second.lifted { _ = first.node(of: TracedValue(node, outer)) }
    let leaves = LoopLeaves(machine, takesBools: true)
    guard try leaves.areAlike(a.result, b.result) else {
      if try leaves.differInFrozen(a.result, b.result) {
        throw RuntimeError(
          "E0409", "`cond` needs branches that freeze the same weights", label: "frozen in one of them",
          help: ["freeze them in both branches, or outside of `cond`"])
      }
      throw RuntimeError(
        "E0409",
        "`cond` needs branches whose results are built alike, not \(machine.brief(a.result)) and "
          + machine.brief(b.result), label: "another structure")
    }
    var types: [(ElementType, isNumber: Bool)] = []
    for (x, y) in try leaves.paired(a.leaves, b.leaves) {
      guard x.shape == y.shape else {
        throw RuntimeError(
          "E0401",
          "`cond` needs branches that give one shape, not \(describe(x.shape)) and \(describe(y.shape))",
          label: "\(describe(x.shape)) and \(describe(y.shape))")
      }
      guard x.type == y.type || x.isNumber || y.isNumber else {
        throw RuntimeError(
          "E0409", "`cond` needs branches that give one type, not \(x.type.name) and \(y.type.name)",
          label: "\(x.type.name) and \(y.type.name)", help: ["`cast(t, \"\(x.type.name)\")` makes them alike"])
      }
      types.append((operations.commonType(x, y), isNumber: x.isNumber && y.isNumber))
    }
    func outputs(_ body: Body) throws -> Graph {
      let state = machine.tensors
      state.recording = body.recording
      defer { state.recording = outer }
      return try graph(
        body, try leaves.paired(body.leaves, types).map { try operations.convert($0, to: $1.0, asNumber: $1.isNumber) })
    }
    let program = try translatingErrors { try ChoiceProgram(outputs(a), otherwise: outputs(b)) }
    let nodes = [try operations.node(condition, in: outer)] + (try lifted(first, second, own: 0))
    let origin = outer.origin(of: machine.currentSpan)
    let results = try translatingErrors(outer) { try outer.trace.apply(program, nodes, origin: origin) }
    // What is one param in one branch may be two in the other.
    return try leaves.rebuilt(
      a.result, with: results.map { .traced(TracedValue($0, outer)) },
      ties: try leaves.ties(of: a.result).common(with: try leaves.ties(of: b.result)))
  }

  private func branch(_ index: Int, in recording: Recording, _ scope: TensorOperand) throws -> Body {
    let f = try call.function(index)
    return try traced(in: recording, key: try operations.derive(scope, .int(index)), takesBools: true) {
      try machine.call(f, [])
    }
  }

  // MARK: while_loop

  /// `body(carry)` again and again while `condition(carry)` holds, as one operation.
  func loop(from start: Value, _ condition: Value, _ body: Value, _ outer: Recording) throws -> Value {
    var leaves = LoopLeaves(machine)
    var carries = try leaves.leaves(of: start)
    var ties = try leaves.ties(of: start)
    var attempts = 0, untyings = 0
    while attempts < 6 {
      attempts += 1
      let test = try Recording.body(inside: outer)
      let step = try Recording.body(inside: outer)
      func begun(_ recording: Recording) throws -> Value {
        let inputs = carries.map { like -> TensorOperand in
          let node = recording.trace.input(shape: like.shape, type: like.type, isNumber: like.isNumber)
          return .traced(TracedValue(node, recording))
        }
        // Draws count on from step to step, as they do in a loop of the interpreter.
        recording.scope = DrawSource(.around)
        recording.scope.count = recording.trace.input(shape: [], type: .i64, isNumber: true)
        return try leaves.rebuilt(start, with: inputs, ties: ties)
      }
      let (first, second) = (try begun(test), try begun(step))
      let begins = (test.scope.count, step.scope.count)
      defer {
        heap.release(first)
        heap.release(second)
      }
      let holds = try traced(in: test, takesBools: true) { try machine.call(condition, [first]) }
      defer { heap.release(holds.result) }
      guard holds.leaves.count == 1, holds.leaves[0].rank == 0, holds.leaves[0].type == .bool,
        operations.operand(holds.result) != nil
      else {
        throw RuntimeError(
          "E0202", "`while_loop` needs a condition that gives true or false, not \(machine.brief(holds.result))")
      }
      for (node, _) in test.lifted { _ = step.node(of: TracedValue(node, outer)) }
      guard test.scope.count == begins.0 else {
        throw RuntimeError(
          "E0503", "the condition of `while_loop` draws in a loop of its own", label: "cannot be compiled",
          help: ["draw in the body", "give the draws keys: `key: …`"])
      }
      // A step draws behind its condition.
      let tested = test.scope.offset
      step.scope.offset = tested
      let next = try traced(in: step, takesBools: leaves.takesBools) { try machine.call(body, [second]) }
      defer { heap.release(next.result) }
      for (node, _) in step.lifted { _ = test.node(of: TracedValue(node, outer)) }
      guard try leaves.areAlike(start, next.result) else {
        if try leaves.differInFrozen(start, next.result) { throw CarryForm.frozenOtherwise(call) }
        if !leaves.takesBools {
          leaves = LoopLeaves(machine, takesBools: true)
          carries = try leaves.leaves(of: start)
          ties = try leaves.ties(of: start)
          continue
        }
        throw RuntimeError(
          "E0513",
          "`while_loop` needs a carry that is built alike at every step: it goes in as \(machine.brief(start)) and "
            + "comes out as \(machine.brief(next.result))", label: "another structure")
      }
      // One param at two places at the start may be two after a step: then they are two from the start.
      let common = ties.common(with: try leaves.ties(of: next.result))
      guard common == ties else {
        untyings += 1
        ties = untyings > LoopLeaves.Ties.maximumUntyings ? ties.keepingWhole(in: common) : common
        attempts -= 1
        continue
      }
      var forms2: [CarryForm?] = carries.map { _ in nil }
      machine.tensors.recording = step
      defer { machine.tensors.recording = outer }
      var results = try leaves.paired(next.leaves, carries).enumerated().map { i, pair in
        try CarryForm.matched(pair.0, to: pair.1, &forms2[i], call)
      }
      let draws = step.scope.offset > 0 || step.scope.count != begins.1
      if draws { results.append(try operations.drawCount(step)) }
      var ends = try graph(next, results)
      machine.tensors.recording = test
      var end = try graph(holds, holds.leaves)
      machine.tensors.recording = outer
      if forms2.contains(where: { $0 != nil }) {
        for (i, form) in forms2.enumerated() {
          if let form { carries[i] = try operations.convert(carries[i], to: form.type, asNumber: form.isNumber) }
        }
        continue
      }
      let outside = try lifted(test, step, own: carries.count + 1)
      // A derivative that is traced draws where it stands, and no number of steps gets there. What takes keys and draws
      // nothing, such as `vmap`, needs no count.
      var isUncounted = false
      if case .call = outer.scope.key { isUncounted = outer.drawsOutside }
      var starts = carries
      if draws {
        if isUncounted {
          guard !WhileProgram.depends(condition: end, body: ends, on: carries.count) else {
            throw RuntimeError(
              "E0503", "`while_loop` cannot draw inside a derivative that is traced: how often is not known",
              label: "cannot be compiled", help: ["give the draws keys: `key: …`"])
          }
          starts.append(.int(0))
        } else {
          starts.append(try operations.drawCount(outer))
        }
      } else {
        (end, ends) = (end.dropping(input: carries.count), ends.dropping(input: carries.count))
      }
      let program = try translatingErrors { try WhileProgram(condition: end, body: ends) }
      let nodes = try starts.map { try operations.node($0, in: outer) } + outside
      let origin = outer.origin(of: machine.currentSpan)
      let found = try translatingErrors(outer) { try outer.trace.apply(program, nodes, origin: origin) }
      if draws, !isUncounted { (outer.scope.count, outer.scope.offset) = (found.last, tested) }
      return try leaves.rebuilt(
        start, with: found.prefix(carries.count).map { .traced(TracedValue($0, outer)) }, ties: ties)
    }
    throw RuntimeError("E0513", "`while_loop` finds no form in which its carry stays the same from step to step")
  }
}
