import Graphs
import Tensors

/// Runs functions of trees with their leaves traced, and differentiates what comes out. Outside of any trace a new
/// eager one is made for the call; inside one everything is recorded there, so that derivatives nest.
struct Gradient {
  unowned(unsafe) let machine: Machine
  let name: String
  private var operations: TensorOperations { TensorOperations(machine) }
  private var heap: Heap { machine.heap }

  init(_ machine: Machine, _ name: String) {
    self.machine = machine
    self.name = name
  }

  /// Runs `body` in the trace in progress, or in an eager one of its own.
  func recording<Result>(training: Bool = false, _ body: (Recording) throws -> Result) throws -> Result {
    let state = machine.tensors
    let outer = state.recording
    let wasTraining = state.isTraining
    let recording = outer ?? Recording(.eager)
    if outer == nil { recording.trace.checksNaN = state.checksNaN }
    state.recording = recording
    state.isTraining = training
    defer {
      state.recording = outer
      state.isTraining = wasTraining
    }
    return try body(recording)
  }

  /// A tree with its leaves bound to fresh nodes.
  struct Variables {
    /// Owned.
    var value: Value
    var leaves: TreeScan.Leaves
    var nodes: [NodeID]
  }

  /// Binds the leaves of `x` to nodes of their own. The result owns `value`.
  func variables(_ x: Value, in recording: Recording, isOutermost: Bool) throws -> Variables {
    let scan = try TreeMap(machine).scan(x, name)
    let leaves = scan.leaves
    guard !scan.values.isEmpty else {
      throw RuntimeError(
        "E0509", "`\(name)` needs something to differentiate by: \(machine.brief(x)) holds no floating-point numbers",
        label: "no numbers", help: ["`cast(x, \"f32\")` makes floating-point numbers of whole ones"])
    }
    var nodes: [NodeID] = []
    let operations = operations
    let value = try TreeMap(machine).map(x, leaves, what: name) { leaf, _ in
      guard var operand = operations.operand(leaf) else { return heap.retained(leaf) }
      if operand.isNumber, operand.type != .f64 { operand = try operations.convert(operand, to: .f64, asNumber: true) }
      let node = try variable(operand, recording, isOutermost)
      nodes.append(node)
      return operations.value(.traced(TracedValue(node, recording)))
    }
    if let walk = machine.tensors.walk {
      let trace = recording.trace
      walk.parameters = max(walk.parameters, nodes.reduce(0) { $0 + trace.shape($1).reduce(1, *) })
    }
    return Variables(value: value, leaves: leaves, nodes: nodes)
  }

  private func variable(_ operand: TensorOperand, _ recording: Recording, _ isOutermost: Bool) throws -> NodeID {
    if isOutermost, let tensor = operations.tensor(operand) {
      return recording.trace.input(
        shape: operand.shape, type: operand.type, isNumber: operand.isNumber, example: tensor)
    }
    let node = try operations.node(operand, in: recording)
    return try translatingErrors(recording) { try recording.trace.fresh(node) }
  }

  /// The one number that a function to be differentiated gives; nil when it does not depend on anything traced.
  func output(_ y: Value, in recording: Recording) throws -> (operand: TensorOperand, node: NodeID?) {
    guard let operand = operations.operand(y) else {
      throw RuntimeError(
        "E0509", "`\(name)` needs a function that gives one number, not \(machine.brief(y))",
        help: y.tag == .list ? ["reduce it with `mean` or `sum`"] : [])
    }
    guard operand.rank == 0 || operand.shape.reduce(1, *) == 1 else {
      throw RuntimeError(
        "E0509", "`\(name)` needs a function that gives one number, not a tensor of shape \(describe(operand.shape))",
        label: "result \(describe(operand.shape))", help: ["reduce it with `mean` or `sum`, or use `vjp`"])
    }
    guard case .traced(let traced) = operand, traced.type.isFloat else { return (operand, nil) }
    return (operand, try operations.node(operand, in: recording))
  }

  /// The gradient of a node as the tree `x`, whose leaves the nodes replace.
  func tree(_ nodes: [NodeID], like x: Value, _ leaves: TreeScan.Leaves, _ recording: Recording) throws -> Value {
    try tree(nodes.map { .traced(TracedValue($0, recording)) }, like: x, leaves)
  }

  private func tree(_ parts: [TensorOperand], like x: Value, _ leaves: TreeScan.Leaves) throws -> Value {
    var position = 0
    let operations = operations
    return try TreeMap(machine).map(x, leaves, what: name) { _, _ in
      let part = parts[position]
      position += 1
      let value = operations.value(settled(part))
      return leaves == .params ? try TreeParams.slot(machine, value) : value
    }
  }

  /// `f(x, …)` and its gradient by x.
  func valueAndGradient(
    _ f: Value, _ x: Value, _ rest: [Value], named: [(String, Value)], training: Bool
  ) throws -> (value: Value, gradient: Value, next: Value) {
    let isOutermost = machine.tensors.recording == nil
    let (start, _) = training ? try TreeStates(machine).withCells(x) : (heap.retained(x), false)
    defer { heap.release(start) }
    let (gradients, leaves, output) = try self.recording(training: training) {
      recording -> ([TensorOperand], TreeScan.Leaves, TensorOperand) in
      let variables = try self.variables(start, in: recording, isOutermost: isOutermost)
      defer { heap.release(variables.value) }
      let first = recording.trace.nodes.count
      let y = try machine.call(f, [variables.value] + rest, named: named)
      defer { heap.release(y) }
      if let walk = machine.tensors.walk, walk.recording === recording { walk.differentiates(from: first) }
      let output = try narrowed(self.output(y, in: recording), variables, recording)
      let gradients =
        isOutermost
        ? try endingGradients(output.node, variables, recording)
        : try self.gradients(output.node, variables, recording).map { .traced(TracedValue($0, recording)) }
      return (gradients, variables.leaves, output.operand)
    }
    let gradient = try tree(gradients, like: x, leaves)
    let value = operations.value(settled(output))
    return (value, gradient, training ? try TreeStates(machine).settled(start) : heap.retained(x))
  }

  /// The result without what it never reads.
  private func narrowed(
    _ output: (operand: TensorOperand, node: NodeID?), _ variables: Variables, _ recording: Recording
  ) throws -> (operand: TensorOperand, node: NodeID?) {
    guard let node = output.node else { return output }
    let result = try translatingErrors(recording) { try recording.trace.narrowed(node, wrt: variables.nodes) }
    return result == node ? output : (.traced(TracedValue(result, recording)), result)
  }

  /// A value of an eager trace that has just ended is a tensor again.
  func settled(_ operand: TensorOperand) -> TensorOperand {
    if case .traced(let traced) = operand { return operations.operand(of: traced) }
    return operand
  }

  func gradients(_ y: NodeID?, _ variables: Variables, _ recording: Recording) throws -> [NodeID] {
    try translatingErrors(recording) {
      if let y { return try recording.trace.gradient(of: y, wrt: variables.nodes) }
      let zero = recording.trace.scalar(0, .f32)
      return try recording.trace.gradient(of: zero, wrt: variables.nodes)
    }
  }

  /// The same for a trace that ends here, as tensors and plain numbers.
  private func endingGradients(_ y: NodeID?, _ variables: Variables, _ recording: Recording) throws -> [TensorOperand] {
    let trace = recording.trace
    let y = y ?? trace.scalar(0, .f32)
    let values = try translatingErrors(recording) { try trace.endingGradient(of: y, wrt: variables.nodes) }
    return zip(values, variables.nodes).map { trace.isNumber($1) ? operations.number($0) : .tensor($0) }
  }

  // MARK: products with Jacobians

  /// Leaves of a function's result that can be differentiated.
  func outputs(_ y: Value, _ recording: Recording) throws -> (
    leaves: TreeScan.Leaves, operands: [TensorOperand]
  ) {
    let scan = try TreeMap(machine).scan(y, name)
    return (scan.leaves, scan.values.compactMap { operations.operand($0) })
  }

  /// Σ⟨aᵢ, bᵢ⟩ as a rank-0 node.
  private func inner(_ a: [TensorOperand], _ b: [TensorOperand]) throws -> TensorOperand {
    var total: TensorOperand?
    let operations = operations
    for (x, y) in zip(a, b) {
      guard x.shape == y.shape || y.rank == 0 else {
        throw RuntimeError(
          "E0401", "`\(name)`: shapes \(describe(x.shape)) and \(describe(y.shape)) do not fit",
          label: "\(describe(x.shape)) and \(describe(y.shape))")
      }
      let product = try operations.arithmetic(.multiply, x, y)
      let sum = try operations.reduce(.sum, product, axes: Array(0..<product.rank), keep: false)
      total = try total.map { try operations.arithmetic(.add, $0, sum) } ?? sum
    }
    return total ?? .float(0)
  }

  private func operands(_ v: Value, like count: Int, _ what: String) throws -> [TensorOperand] {
    let scan = try TreeScan(v, machine: machine)
    let operands = scan.values.compactMap { operations.operand($0) }
    guard operands.count == count else {
      throw RuntimeError(
        "E0409", "`\(name)` needs \(what) built like its counterpart: \(operands.count) leaves stand against \(count)")
    }
    return operands
  }

  /// uᵀJ: the gradient of ⟨f(x), u⟩.
  func vjp(_ f: Value, _ x: Value, _ u: Value) throws -> Value {
    let isOutermost = machine.tensors.recording == nil
    let (nodes, leaves, recording) = try self.recording {
      recording -> ([NodeID], TreeScan.Leaves, Recording) in
      let variables = try self.variables(x, in: recording, isOutermost: isOutermost)
      defer { heap.release(variables.value) }
      let y = try machine.call(f, [variables.value])
      defer { heap.release(y) }
      let outputs = try self.outputs(y, recording).operands
      let total = try inner(outputs, try operands(u, like: outputs.count, "the vector u"))
      var node: NodeID?
      if case .traced(let traced) = total { node = traced.node }
      return (try gradients(node, variables, recording), variables.leaves, recording)
    }
    return try tree(nodes, like: x, leaves, recording)
  }

  /// Jv by forward mode: how f(x) moves when x moves along v.
  func jvp(_ f: Value, _ x: Value, _ v: Value) throws -> Value {
    let isOutermost = machine.tensors.recording == nil
    let (nodes, leaves, recording, y) = try self.recording {
      recording -> ([NodeID], TreeScan.Leaves, Recording, Value) in
      let variables = try self.variables(x, in: recording, isOutermost: isOutermost)
      defer { heap.release(variables.value) }
      let y = try machine.call(f, [variables.value])
      do {
        let (leaves, outputs) = try self.outputs(y, recording)
        let moves = try zip(variables.nodes, operands(v, like: variables.nodes.count, "the direction v")).map {
          (variable: $0, direction: try direction($1, like: $0, in: recording))
        }
        let results = try outputs.map { try operations.node($0, in: recording) }
        let found = try translatingErrors(recording) {
          try zip(recording.trace.tangents(of: results, along: moves), results).map { tangent, result in
            try tangent ?? recording.trace.zeros(like: result)
          }
        }
        return (found, leaves, recording, y)
      } catch {
        heap.release(y)
        throw error
      }
    }
    defer { heap.release(y) }
    return try tree(nodes, like: y, leaves, recording)
  }

  /// A direction in the form of what moves along it.
  private func direction(_ v: TensorOperand, like variable: NodeID, in recording: Recording) throws -> NodeID {
    let trace = recording.trace
    let (shape, type, isNumber) = (trace.shape(variable), trace.type(variable), trace.isNumber(variable))
    guard v.shape == shape || v.rank == 0 else {
      throw RuntimeError(
        "E0401", "`\(name)`: the direction of shape \(describe(v.shape)) does not fit \(describe(shape))",
        label: "\(describe(v.shape)) and \(describe(shape))")
    }
    var operand = try operations.convert(v, to: type, asNumber: isNumber && v.isNumber)
    if operand.shape != shape { operand = try operations.apply(.broadcast(shape), [operand], isTensor: true) }
    return try operations.node(operand, in: recording)
  }

  /// The values of some nodes one after the other.
  func flattened(_ nodes: [NodeID], _ recording: Recording) throws -> TensorOperand {
    let operations = operations
    var type: ElementType = .f32
    for node in nodes where recording.trace.type(node) == .f64 { type = .f64 }
    let parts = try nodes.map { node -> TensorOperand in
      let operand = try operations.convert(.traced(TracedValue(node, recording)), to: type)
      return try operations.reshape(operand, [operand.shape.reduce(1, *)])
    }
    return parts.count == 1 ? parts[0] : try operations.apply(.concat(axis: 0), parts, isTensor: true)
  }
}
