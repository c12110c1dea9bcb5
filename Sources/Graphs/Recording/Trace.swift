import Tensors

/// A computation being recorded, operation by operation, each with its shape and type checked as it is added.
///
/// In `eager` mode every operation also runs when it is recorded, so its value is known (unless it follows from an input
/// without an example); in `staged` mode only numbers that follow from numbers have a value (the one they had while tracing). A trace never simplifies what it
/// records: derivatives add up in the order of the recording, and that order must be the same in both modes. `finish`
/// simplifies.
public final class Trace {
  /// Whether operations run when they are recorded.
  public enum Mode: Sendable { case eager, staged }

  /// The mode.
  public let mode: Mode
  /// Eager traces: whether an operation that makes a NaN is an error.
  public var checksNaN = false
  /// Whether programs are recorded with what their derivatives need: in eager traces, which cannot run them again, and in
  /// the recordings of whole steps, whose derivatives of derivatives then add up in the same order. What nobody reads `finish` leaves out.
  public var preparesPrograms: Bool
  /// Everything recorded so far.
  public internal(set) var nodes = NodeList()
  /// Tensors named by `Primitive.constant`.
  public internal(set) var constants: [Tensor] = []
  /// What `Primitive.input` names.
  public private(set) var inputs: [GraphInput] = []
  /// Numbers whose value was required, with the value; see `requireValue`.
  public private(set) var guards: [(NodeID, Tensor)] = []

  var values: [Tensor?] = []
  var variable: [Bool] = []
  var constantNodes: [ConstantKey: NodeID] = [:]
  var scalarNodes: [ScalarKey: NodeID] = [:]
  var recentConstants: [(key: ConstantKey, node: NodeID)?] = Array(repeating: nil, count: 8)
  private var guarded: Set<NodeID> = []

  struct ConstantKey: Hashable {
    let tensor: ObjectIdentifier
    let isNumber: Bool
  }
  struct ScalarKey: Hashable {
    let bits: UInt64
    let type: ElementType
    let isNumber: Bool
  }

  /// An empty recording.
  public init(_ mode: Mode) {
    self.mode = mode
    preparesPrograms = mode == .eager
  }

  /// The next argument of the graph. `example` is its value now: wanted in eager mode, and for numbers in staged mode.
  public func input(shape: Shape, type: ElementType, isNumber: Bool = false, example: Tensor? = nil) -> NodeID {
    inputs.append(GraphInput(shape: shape, type: type, isNumber: isNumber))
    let known = mode == .eager || isNumber ? example : nil
    return append(.input(index: inputs.count - 1), [], shape, type, isNumber, 0, known, isVariable: true)
  }

  /// A tensor known now. The same object twice gives the same node.
  public func constant(_ tensor: Tensor, isNumber: Bool = false) -> NodeID {
    let key = ConstantKey(tensor: ObjectIdentifier(tensor), isNumber: isNumber)
    // Loops use the same few constants again and again: those are found without hashing.
    let place = (Int(bitPattern: key.tensor) >> 6) & 7
    if let recent = recentConstants[place], recent.key == key { return recent.node }
    if let known = constantNodes[key] {
      recentConstants[place] = (key, known)
      return known
    }
    constants.append(tensor)
    let node = append(
      .constant(index: constants.count - 1), [], tensor.shape, tensor.type, isNumber, 0, tensor, isVariable: false)
    constantNodes[key] = node
    return node
  }

  /// A rank-0 constant; the same value twice gives the same node.
  public func scalar(_ value: Double, _ type: ElementType, isNumber: Bool = false) -> NodeID {
    let key = ScalarKey(bits: value.bitPattern, type: type, isNumber: isNumber)
    if let known = scalarNodes[key] { return known }
    let node = constant(Tensor.scalar(value, type), isNumber: isNumber)
    scalarNodes[key] = node
    return node
  }

  /// Records an operation. Throws a `TensorError` where shapes or types do not fit, and in eager mode a `GraphError`
  /// with `origin` where running fails. Numbers (`isNumber`) take numbers or rank-0 tensors, and check integer
  /// overflow.
  public func apply(
    _ primitive: Primitive, _ inputs: [NodeID], isNumber: Bool = false, origin: Int32 = 0
  ) throws -> NodeID {
    if mode == .eager, !isNumber, let node = try applyPlain(primitive, inputs, origin) { return node }
    let (shape, type) = try infer(
      primitive, shapes: inputs.map { nodes.shape($0.index) }, types: inputs.map { nodes.type($0.index) })
    // A number repeated is a tensor.
    let isNumber = isNumber && shape.isEmpty
    let known = try value(of: primitive, inputs, shape, type, isNumber, origin)
    return append(
      primitive, inputs, shape, type, isNumber, origin, known, isVariable: inputs.contains { variable[$0.index] })
  }

  /// The same value under a new node, so that a derivative with respect to it sees only the uses of the new node: what
  /// `grad` binds its function's argument to.
  public func fresh(_ node: NodeID) throws -> NodeID {
    try apply(.reshape(shape(node)), [node], isNumber: isNumber(node))
  }

  /// Extents of a node's value.
  public func shape(_ node: NodeID) -> Shape { nodes.shape(node.index) }
  /// Element type of a node's value.
  public func type(_ node: NodeID) -> ElementType { nodes.type(node.index) }
  /// Whether the node depends on an input.
  func isVariable(_ node: NodeID) -> Bool { variable[node.index] }
  /// Whether the node is a number of the language.
  public func isNumber(_ node: NodeID) -> Bool { nodes.isNumber(node.index) }

  /// The node's value where it is known: always in eager mode; in staged mode for constants and for numbers that
  /// follow from numbers, where it is the value while tracing.
  public func value(_ node: NodeID) -> Tensor? { values[node.index] }

  /// Like `value`; in staged mode a value that depends on the inputs also joins the guards of the trace: the graph then
  /// holds only for inputs that give the same value.
  public func requireValue(_ node: NodeID) -> Tensor? {
    guard let value = values[node.index] else { return nil }
    if mode == .staged, variable[node.index], guarded.insert(node).inserted { guards.append((node, value)) }
    return value
  }

  /// The finished graph: dead code dropped, equal nodes merged, numbers and scalars that depend on no input computed.
  public func finish(outputs: [NodeID]) -> Graph {
    let graph = Graph(
      nodes: Array(nodes), constants: constants, inputs: inputs, outputs: outputs,
      guards: guards.map { (node: $0.0, value: $0.1) })
    return graph.simplified()
  }

  /// The frequent case of eager recording without ceremony: an elementwise function of floats of one shape, or of one
  /// tensor and a single number.
  private func applyPlain(_ primitive: Primitive, _ inputs: [NodeID], _ origin: Int32) throws -> NodeID? {
    switch primitive {
    case .unary(let operation) where inputs.count == 1: return try applyPlain(operation, inputs[0], origin)
    case .binary(let operation) where inputs.count == 2:
      return try applyPlain(operation, inputs[0], inputs[1], origin)
    default: return nil
    }
  }

  /// An elementwise function recorded as one of tensors, where that is the frequent case; nil where it is not.
  public func applyPlain(_ operation: UnaryOperation, _ x: NodeID, _ origin: Int32) throws -> NodeID? {
    guard mode == .eager, let known = values[x.index], let result = try plainUnary(operation, known) else { return nil }
    if checksNaN { try checkNaN(.unary(operation), [known], result, origin: origin) }
    nodes.append(.unary(operation), x, nil, result.shape, result.type, origin)
    values.append(result)
    variable.append(variable[x.index])
    return NodeID(nodes.count - 1)
  }

  /// Likewise of two.
  public func applyPlain(_ operation: BinaryOperation, _ x: NodeID, _ y: NodeID, _ origin: Int32) throws -> NodeID? {
    guard mode == .eager, let a = values[x.index], let b = values[y.index],
      let result = try plainBinary(operation, a, b)
    else { return nil }
    if checksNaN { try checkNaN(.binary(operation), [a, b], result, origin: origin) }
    nodes.append(.binary(operation), x, y, result.shape, result.type, origin)
    values.append(result)
    variable.append(variable[x.index] || variable[y.index])
    return NodeID(nodes.count - 1)
  }

  func append(
    _ primitive: Primitive, _ inputs: [NodeID], _ shape: Shape, _ type: ElementType, _ isNumber: Bool, _ origin: Int32,
    _ value: Tensor?, isVariable: Bool
  ) -> NodeID {
    nodes.append(
      Node(primitive: primitive, inputs: inputs, shape: shape, type: type, isNumber: isNumber, origin: origin))
    values.append(value)
    variable.append(isVariable)
    return NodeID(nodes.count - 1)
  }

  /// The value of an operation about to be recorded, where this mode knows it.
  private func value(
    of primitive: Primitive, _ inputs: [NodeID], _ shape: Shape, _ type: ElementType, _ isNumber: Bool, _ origin: Int32
  ) throws -> Tensor? {
    guard mode == .eager || isNumber else { return nil }
    var operands: [Tensor] = []
    operands.reserveCapacity(inputs.count)
    for input in inputs {
      guard let operand = values[input.index] else { return nil }
      operands.append(operand)
    }
    if mode == .staged, !operands.allSatisfy({ $0.count <= 1 }) { return nil }
    let result = try run(primitive, operands, shape, type, isNumber: isNumber, origin: origin)
    if checksNaN { try checkNaN(primitive, operands, result, origin: origin) }
    return result
  }
}
