import Tensors

/// Records operations for derivative rules: one method per word of the rules, numbers kept numbers.
struct Builder: DerivativeWords {
  let trace: Trace
  let origin: Int32

  /// Any operation; the result is a number where all inputs are and its rank is 0.
  func apply(_ primitive: Primitive, _ inputs: [NodeID]) throws -> NodeID {
    let numbers = !inputs.isEmpty && inputs.allSatisfy { trace.isNumber($0) }
    return try trace.apply(primitive, inputs, isNumber: numbers, origin: origin)
  }

  func unary(_ operation: UnaryOperation, _ x: NodeID) throws -> NodeID { try apply(.unary(operation), [x]) }
  func binary(_ operation: BinaryOperation, _ x: NodeID, _ y: NodeID) throws -> NodeID {
    if !(trace.isNumber(x) && trace.isNumber(y)), let node = try trace.applyPlain(operation, x, y, origin) {
      return node
    }
    return try apply(.binary(operation), [x, y])
  }
  func compare(_ operation: Comparison, _ x: NodeID, _ y: NodeID) throws -> NodeID {
    try apply(.compare(operation), [x, y])
  }
  func select(_ condition: NodeID, _ x: NodeID, _ y: NodeID) throws -> NodeID {
    try apply(.select, [condition, x, y])
  }

  /// A rank-0 constant of the type of `like`, a number where `like` is one.
  func scalar(_ value: Double, like node: NodeID) -> NodeID {
    trace.scalar(value, trace.type(node), isNumber: trace.isNumber(node))
  }

  /// A constant repeated into a shape.
  func filled(_ value: Double, _ shape: Shape, _ type: ElementType, isNumber: Bool = false) throws -> NodeID {
    let one = trace.scalar(value, type, isNumber: isNumber)
    return shape.isEmpty ? one : try apply(.broadcast(shape), [one])
  }

  func reshape(_ x: NodeID, _ shape: Shape, isNumber: Bool = false) throws -> NodeID {
    if trace.shape(x) == shape, trace.isNumber(x) == isNumber { return x }
    return try trace.apply(.reshape(shape), [x], isNumber: isNumber, origin: origin)
  }

  func transpose(_ x: NodeID, _ order: [Int]) throws -> NodeID {
    order == Array(order.indices) ? x : try apply(.transpose(order), [x])
  }

  func sum(_ x: NodeID, _ axes: [Int]) throws -> NodeID {
    axes.isEmpty ? x : try apply(.reduce(.sum, axes: axes), [x])
  }

  /// `x`, whose axes `axes` were dropped from `shape`, repeated along them again.
  func restore(_ x: NodeID, axes: [Int], of shape: Shape) throws -> NodeID {
    var kept = shape
    for axis in axes { kept[axis] = 1 }
    let spread = try reshape(x, kept)
    return kept == shape ? spread : try apply(.broadcast(shape), [spread])
  }

  func shape(_ x: NodeID) -> Shape { trace.shape(x) }

  /// `x` in the shape of `target`, a number where that is one of the same type.
  func reshaped(_ x: NodeID, like target: NodeID) throws -> NodeID {
    try reshape(
      x, trace.shape(target), isNumber: trace.isNumber(target) && trace.type(target) == trace.type(x))
  }
}
