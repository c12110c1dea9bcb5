import Graphs
import Tensors

/// Jacobians and Hessians: one product with a direction is traced, and then batched over all directions, so that what
/// does not depend on the direction is computed once. The directions are those of the function's results where these are fewer numbers than
/// its arguments (reverse mode), and otherwise those of the arguments (forward mode), as where a loop has no reverse mode. Functions that can
/// only be followed with values at hand are differentiated row by row.
struct Jacobian {
  unowned(unsafe) let machine: Machine
  private let name: String
  private var operations: TensorOperations { TensorOperations(machine) }
  private var heap: Heap { machine.heap }

  init(_ machine: Machine, _ name: String) {
    self.machine = machine
    self.name = name
  }

  /// A product with one direction: its graph takes the direction and what it uses from outside.
  private struct Body {
    let recording: Recording
    let output: NodeID
    /// The shapes of the one tensor that the function takes and gives, where it is one.
    let from: Shape?
    let to: Shape?
    /// How many directions there are, and whether they are the results'.
    let count: Int
    let isReverse: Bool
    let type: ElementType
  }

  /// Of shape S + S for a tensor of shape S, otherwise over all leaves in order.
  func hessian(_ f: Value, _ x: Value, _ rest: [Value]) throws -> Value {
    try matrix(of: x) { gradient, recording, variables in
      let y = try machine.call(f, [variables.value] + rest)
      defer { heap.release(y) }
      let first = try gradient.gradients(try gradient.output(y, in: recording).node, variables, recording)
      return (first, operations.operand(x)?.shape)
    }
  }

  /// Of shape T + S for tensors of shapes S and T, otherwise over all leaves in order.
  func jacobian(_ f: Value, _ x: Value, _ rest: [Value]) throws -> Value {
    try matrix(of: x) { gradient, recording, variables in
      let y = try machine.call(f, [variables.value] + rest)
      defer { heap.release(y) }
      let outputs = try gradient.outputs(y, recording).operands.map { try operations.node($0, in: recording) }
      guard !outputs.isEmpty else {
        throw RuntimeError(
          "E0509", "`jacobian` needs a function that gives floating-point numbers, not \(machine.brief(y))")
      }
      return (outputs, operations.operand(y)?.shape)
    }
  }

  /// What is differentiated: its nodes, given the variables, and the shape of the one tensor that it is, where it is one.
  private typealias Values = (Gradient, Recording, Gradient.Variables) throws -> ([NodeID], Shape?)

  /// Derivatives of some nodes by all leaves of `x`.
  private func matrix(of x: Value, _ values: Values) throws -> Value {
    do { return try matrixAtOnce(of: x, values) } catch let error as RuntimeError
      where machine.tensors.mayFollowValues(after: error)
    { return try matrixByRows(of: x, values) }
  }

  private func matrixAtOnce(of x: Value, _ values: Values) throws -> Value {
    let isNumber = operations.operand(x)?.isNumber ?? false
    let body = try traced(x, values)
    guard body.count > 0 else { return operations.value(try operations.apply(.broadcast([0, 0]), [.float(0)])) }
    let eye = try identity(body.count, body.type)
    // Rows are directions: entry i is the derivative along leaf element i, or that of number i of the results.
    let rows = try batched(body, eye)
    var result = body.isReverse ? rows : try operations.apply(.transpose([1, 0]), [rows], isTensor: true)
    if let from = body.from, let to = body.to {
      result = try operations.reshape(result, to + from)
      if isNumber, to.isEmpty {
        result = try operations.apply(.reshape([]), [result], isTensor: true)
        if case .tensor(let tensor) = result { return operations.value(operations.number(tensor)) }
      }
    }
    return operations.value(result)
  }

  /// One gradient for each element of the values.
  private func matrixByRows(of x: Value, _ values: Values) throws -> Value {
    let isOutermost = machine.tensors.recording == nil
    let gradient = Gradient(machine, name)
    let operations = operations
    let result = try gradient.recording { recording -> TensorOperand in
      let variables = try gradient.variables(x, in: recording, isOutermost: isOutermost)
      defer { heap.release(variables.value) }
      let (outputs, to) = try values(gradient, recording, variables)
      let count = variables.nodes.reduce(0) { $0 + recording.trace.shape($1).reduce(1, *) }
      let flat = try outputs.isEmpty ? nil : gradient.flattened(outputs, recording)
      var rows: [TensorOperand] = []
      for i in 0..<(flat?.shape[0] ?? 0) {
        try machine.pollInterrupt()
        guard let flat, case .traced(let element) = try operations.row(flat, i) else { continue }
        let row = try gradient.flattened(try gradient.gradients(element.node, variables, recording), recording)
        rows.append(try operations.reshape(row, [1, count]))
      }
      var matrix =
        try rows.isEmpty
        ? operations.apply(.broadcast([0, count]), [.float(0)])
        : operations.apply(.concat(axis: 0), rows, isTensor: true)
      if let flat { matrix = try operations.convert(matrix, to: flat.type) }
      guard let from = operations.operand(x)?.shape, let to else { return matrix }
      return try operations.reshape(matrix, to + from)
    }
    let settled = gradient.settled(result)
    guard operations.operand(x)?.isNumber == true, case .tensor(let tensor) = settled, tensor.shape.isEmpty else {
      return operations.value(settled)
    }
    return operations.value(operations.number(tensor))
  }

  private func traced(_ x: Value, _ values: Values) throws -> Body {
    do { return try traced(x, values, mayReverse: true) } catch is NoReverse {
      return try traced(x, values, mayReverse: false)
    }
  }

  /// A function on whose way there is something without reverse mode.
  private struct NoReverse: Error {}

  private func traced(_ x: Value, _ values: Values, mayReverse: Bool) throws -> Body {
    let state = machine.tensors
    let outer = state.recording
    let wasTraining = state.isTraining
    let (count, scope) = (machine.drawScope, outer?.scope)
    let recording = try Recording.body(inside: outer, drawsOutside: true)
    state.recording = recording
    state.isTraining = false
    defer {
      state.recording = outer
      state.isTraining = wasTraining
    }
    do {
      let gradient = Gradient(machine, name)
      let variables = try gradient.variables(x, in: recording, isOutermost: false)
      defer { heap.release(variables.value) }
      let (outputs, to) = try values(gradient, recording, variables)
      if let failure = recording.failure { throw failure }
      let from = operations.operand(x)?.shape
      let total = variables.nodes.reduce(0) { $0 + recording.trace.shape($1).reduce(1, *) }
      let count = outputs.reduce(0) { $0 + recording.trace.shape($1).reduce(1, *) }
      if mayReverse, count > 0, count < total {
        let (output, type): (NodeID, ElementType)
        do {
          (output, type) = try reversed(outputs, count, gradient, variables, recording)
        } catch let error as RuntimeError where !error.isUncatchable { throw NoReverse() }
        recording.passGuardsOn()
        return Body(recording: recording, output: output, from: from, to: to, count: count, isReverse: true, type: type)
      }
      let type: ElementType = variables.nodes.contains { recording.trace.type($0) == .f64 } ? .f64 : .f32
      let direction = recording.trace.input(shape: [total], type: type)
      var start = 0
      let moves = try variables.nodes.map { node -> (variable: NodeID, direction: NodeID) in
        let shape = recording.trace.shape(node)
        let extent = shape.reduce(1, *)
        defer { start += extent }
        return (node, try part(direction, start, extent, like: node, recording))
      }
      let output = try translatingErrors(recording) { () -> NodeID in
        let found = try recording.trace.tangents(of: outputs, along: moves)
        let parts = try zip(found, outputs).map { try $0 ?? recording.trace.zeros(like: $1) }
        return try operations.node(try gradient.flattened(parts, recording), in: recording)
      }
      recording.passGuardsOn()
      return Body(recording: recording, output: output, from: from, to: to, count: total, isReverse: false, type: type)
    } catch {
      machine.drawScope = count
      if let scope { outer?.scope = scope }
      throw error
    }
  }

  /// The gradient of the results' product with a direction, for a new input: all leaves' numbers in one row, in the results' type.
  private func reversed(
    _ outputs: [NodeID], _ count: Int, _ gradient: Gradient, _ variables: Gradient.Variables, _ recording: Recording
  ) throws -> (NodeID, ElementType) {
    let results = try gradient.flattened(outputs, recording)
    let direction = recording.trace.input(shape: [count], type: results.type)
    let product = try operations.arithmetic(.multiply, results, .traced(TracedValue(direction, recording)))
    let sum = try operations.node(try operations.reduce(.sum, product, axes: [0], keep: false), in: recording)
    let row = try gradient.flattened(try gradient.gradients(sum, variables, recording), recording)
    return (try operations.node(try operations.convert(row, to: results.type), in: recording), results.type)
  }

  private func part(
    _ direction: NodeID, _ start: Int, _ count: Int, like node: NodeID, _ recording: Recording
  ) throws -> NodeID {
    let trace = recording.trace
    return try translatingErrors(recording) {
      var piece = try trace.apply(.slice(starts: [start], counts: [count], steps: [1]), [direction])
      let (type, isNumber) = (trace.type(node), trace.isNumber(node))
      if trace.type(piece) != type { piece = try trace.apply(.convert(type), [piece]) }
      return try trace.apply(.reshape(trace.shape(node)), [piece], isNumber: isNumber)
    }
  }

  private func identity(_ count: Int, _ type: ElementType) throws -> TensorOperand {
    guard count < 1 << 20 else {
      throw RuntimeError(
        "E0406", "a matrix over \(count) numbers is too large", label: "\(count) by \(count)",
        help: ["`hvp` and `jvp` give its products with vectors"])
    }
    let ids = try operations.apply(.iota(shape: [count], axis: 0, type: .i64), [], isTensor: true)
    return try operations.apply(.oneHot(count: count, type: type), [ids], isTensor: true)
  }

  /// The product for every row of `directions` at once.
  private func batched(_ body: Body, _ directions: TensorOperand) throws -> TensorOperand {
    let graph = body.recording.trace.recorded(outputs: [body.output])
    // The direction is the last input made: what was lifted before it comes first.
    func ordered(_ direction: NodeID) -> [BatchedNode] {
      var result: [BatchedNode] = []
      for input in graph.inputs.indices {
        let lifted = body.recording.lifted.first { place(of: $0.inner, in: body.recording) == input }
        result.append(
          lifted.map { BatchedNode($0.outer, isBatched: false) } ?? BatchedNode(direction, isBatched: true))
      }
      return result
    }
    guard let recording = machine.tensors.recording else {
      return try translatingErrors(body.recording) {
        let trace = Trace(.staged)
        let direction = trace.input(shape: directions.shape, type: body.type)
        let result = try graph.batched(into: trace, ordered(direction), size: body.count)[0]
        let wide = try widened(result, trace, body)
        return .tensor(try machine.runOnce(trace.finish(outputs: [wide]), [operations.tensor(directions)])[0])
      }
    }
    let direction = try operations.node(directions, in: recording)
    return try translatingErrors(recording) {
      let result = try graph.batched(into: recording.trace, ordered(direction), size: body.count)[0]
      return .traced(TracedValue(try widened(result, recording.trace, body), recording))
    }
  }

  private func place(of inner: NodeID, in recording: Recording) -> Int? {
    if case .input(let index) = recording.trace.nodes[inner.index].primitive { return index }
    return nil
  }

  private func widened(_ result: BatchedNode, _ trace: Trace, _ body: Body) throws -> NodeID {
    if result.isBatched { return result.node }
    return try trace.apply(.broadcast([body.count] + trace.shape(result.node)), [result.node])
  }
}
