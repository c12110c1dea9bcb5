import Tensors

/// Runs one operation now. Throws a `TensorError` where shapes or types do not fit, a `GraphError` for a bad index.
/// `input` and `constant` cannot be run.
public func evaluate(_ primitive: Primitive, _ inputs: [Tensor]) throws -> Tensor {
  if let result = try runPlain(primitive, inputs) { return result }
  let (shape, type) = try infer(primitive, shapes: inputs.map(\.shape), types: inputs.map(\.type))
  return try run(primitive, inputs, shape, type, isNumber: false, origin: 0)
}

/// Like `evaluate`, but an elementwise operation of two writes its result over `spare`, where that is one of the inputs
/// and has the result's form: memory that nobody else holds and whose elements nobody needs any more. Where it throws,
/// the elements of `spare` are lost.
public func evaluate(_ primitive: Primitive, _ inputs: [Tensor], over spare: Tensor?) throws -> Tensor {
  guard let spare, case .binary(let operation) = primitive, inputs.contains(where: { $0 === spare }) else {
    return try evaluate(primitive, inputs)
  }
  if inputs.count == 2, let result = try plainBinary(operation, inputs[0], inputs[1], over: spare) { return result }
  let (shape, type) = try infer(primitive, shapes: inputs.map(\.shape), types: inputs.map(\.type))
  guard shape == spare.shape, type == spare.type else { return try evaluate(primitive, inputs) }
  return try run(primitive, inputs, into: spare, origin: 0)
}

/// Runs one operation whose shapes have been checked. Numbers check integer overflow.
func run(
  _ primitive: Primitive, _ inputs: [Tensor], _ shape: Shape, _ type: ElementType, isNumber: Bool, origin: Int32
) throws -> Tensor {
  if isNumber, IntegerArithmetic.isChecked(primitive, type) {
    return try runChecked(primitive, inputs, origin)
  }
  if let result = try runPlain(primitive, inputs) { return result }
  if primitive == .stopGradient, let x = inputs.first { return x }
  if case .reshape = primitive, let x = inputs.first { return try x.reshaped(shape) }
  return try run(primitive, inputs, into: Tensor(uninitialized: shape, type: type), origin: origin)
}

/// Runs one operation into a tensor of its result's form.
private func run(_ primitive: Primitive, _ inputs: [Tensor], into out: Tensor, origin: Int32) throws -> Tensor {
  let operation = Operation.make(
    primitive, inputs.map { OperandInfo(shape: $0.shape, type: $0.type) },
    OperandInfo(shape: out.shape, type: out.type))
  let scratch = operation.scratchBytes > 0 ? try Storage(byteCount: operation.scratchBytes) : nil
  do {
    try withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer.self, capacity: inputs.count + 1) { pointers in
      for (i, input) in inputs.enumerated() { pointers.initializeElement(at: i, to: input.pointer) }
      pointers.initializeElement(at: inputs.count, to: out.pointer)
      guard let base = pointers.baseAddress else { return }
      try operation.run(UnsafePointer(base), out.pointer, scratch?.base ?? out.pointer)
    }
  } catch var error as GraphError {
    try stopIfAsked()
    error.origin = origin
    throw error
  } catch {
    try stopIfAsked()
    throw error
  }
  try stopIfAsked()
  return withExtendedLifetime((inputs, scratch)) { out }
}

/// The frequent case without ceremony: floats of one shape, or one of them a single number.
private func runPlain(_ primitive: Primitive, _ inputs: [Tensor]) throws -> Tensor? {
  switch primitive {
  case .unary(let operation): return inputs.count == 1 ? try plainUnary(operation, inputs[0]) : nil
  case .binary(let operation): return inputs.count == 2 ? try plainBinary(operation, inputs[0], inputs[1]) : nil
  default: return nil
  }
}

/// An elementwise function of floats that gives floats; nil for anything else. Throws as `evaluate` does.
public func plainUnary(_ operation: UnaryOperation, _ x: Tensor) throws -> Tensor? {
  guard x.type.isFloat, operation != .not, operation != .isNaN, operation != .isFinite else { return nil }
  let out = try Tensor(uninitializedLike: x)
  try inStretches(x.count, x.type) { _, from, count in
    Kernels.unary(operation, x.type, x.pointer + from, out.pointer + from, count: count)
  }
  return withExtendedLifetime(x) { out }
}

/// An elementwise function of floats of one type, of one shape or one of them a single number; nil for anything else.
/// `spare`, where it is one of the operands, is one whose memory the result may have. Throws as `evaluate` does.
public func plainBinary(
  _ operation: BinaryOperation, _ x: Tensor, _ y: Tensor, over spare: Tensor? = nil
) throws -> Tensor? {
  guard x.type.isFloat, y.type == x.type, operation.rawValue < BinaryOperation.and.rawValue else { return nil }
  let (strideX, strideY): (Int, Int)
  if x.shape == y.shape {
    (strideX, strideY) = (1, 1)
  } else if y.shape.isEmpty {
    (strideX, strideY) = (1, 0)
  } else if x.shape.isEmpty {
    (strideX, strideY) = (0, 1)
  } else {
    return nil
  }
  let larger = strideX == 0 ? y : x
  let taken = spare.flatMap { ($0 === x || $0 === y) && $0.shape == larger.shape ? $0 : nil }
  let out = try taken ?? Tensor(uninitializedLike: larger)
  try inStretches(larger.count, x.type) { _, from, count in
    Kernels.binary(
      operation, x.type, x.pointer + from * strideX, xStride: strideX, y.pointer + from * strideY, yStride: strideY,
      out.pointer + from, count: count)
  }
  return withExtendedLifetime((x, y)) { out }
}

private func runChecked(_ primitive: Primitive, _ inputs: [Tensor], _ origin: Int32) throws -> Tensor {
  let (x, y) = (inputs[0], inputs[inputs.count - 1])
  switch IntegerArithmetic.result(primitive, x.type, x.pointer, y.pointer) {
  case .success(let value): return Tensor(scalar: value)
  case .failure(var error):
    error.origin = origin
    throw error
  }
}

extension Tensor {
  /// A rank-0 tensor of any type; the value is converted as `convert` does it.
  static func scalar(_ value: Double, _ type: ElementType) -> Tensor {
    switch type {
    case .f64: return Tensor(scalar: value)
    case .f32: return Tensor(scalar: Float(value))
    case .i64:
      return Tensor(scalar: Int(exactly: value.rounded(.towardZero)) ?? (value > 0 ? .max : value < 0 ? .min : 0))
    case .bool: return Tensor(scalar: value != 0)
    case .i32:
      let wide = Tensor(scalar: value)
      return (try? evaluate(.convert(.i32), [wide])) ?? wide
    }
  }
}
