import Tensors

/// The shape and element type of an operation's result, from those of its inputs.
/// Throws a `TensorError` that names all operands when they do not fit.
public func infer(_ primitive: Primitive, shapes: [Shape], types: [ElementType]) throws -> (Shape, ElementType) {
  let operands = Operands(primitive: primitive, shapes: shapes, types: types)
  let arity = primitive.arity
  guard shapes.count == types.count, arity.contains(shapes.count) else {
    throw operands.error("takes \(arity.lowerBound) operands")
  }
  switch primitive {
  case .input, .constant: throw operands.error("has no shape of its own")
  case .unary(let operation): return try operands.unary(operation)
  case .binary(let operation): return try operands.binary(operation)
  case .compare: return (try operands.broadcast(), .bool)
  case .select: return try operands.select()
  case .convert(let type): return (shapes[0], type)
  case .stopGradient: return (shapes[0], types[0])
  case .broadcast(let shape): return try operands.broadcast(to: shape)
  case .reshape(let shape): return try operands.reshape(to: shape)
  case .transpose(let order): return try operands.transpose(order)
  case .reduce(let operation, let axes): return try operands.reduce(operation, axes)
  case .argReduce(_, let axis): return try operands.argReduce(axis)
  case .cumulativeSum(let axis): return try operands.alongAxis(axis)
  case .sort(let axis): return try operands.alongAxis(axis)
  case .argSort(let axis): return (try operands.alongAxis(axis).0, .i64)
  case .topOrder(let axis, let count): return try operands.topOrder(axis, count)
  case .matmul(let transposeA, let transposeB): return try operands.matmul(transposeA, transposeB)
  case .convolution(let windows, let groups): return try operands.convolution(windows, groups)
  case .convolutionInput(let windows, let groups, let rows, let columns):
    return try operands.convolutionInput(windows, groups, rows, columns)
  case .convolutionFilter(let windows, let groups): return try operands.convolutionFilter(windows, groups)
  case .pool(let pooling, let windows, let rows, let columns):
    return try operands.pool(pooling, windows, rows, columns)
  case .slice(let starts, let counts, let steps): return try operands.slice(starts, counts, steps)
  case .unslice(let starts, let steps, let shape): return try operands.unslice(starts, steps, shape)
  case .dynamicSlice(let count): return try operands.dynamicSlice(count)
  case .dynamicUpdate: return try operands.dynamicUpdate()
  case .concat(let axis): return try operands.concat(axis)
  case .gather: return try operands.gather()
  case .scatterAdd(let rows): return try operands.scatterAdd(rows)
  case .pick: return try operands.pick()
  case .unpick(let count): return try operands.unpick(count)
  case .oneHot(let count, let type): return try operands.oneHot(count, type)
  case .iota(let shape, let axis, let type): return try operands.iota(shape, axis, type)
  case .random(let distribution, let shape, let type): return try operands.random(distribution, shape, type)
  case .deriveKey: return try operands.deriveKey()
  case .permutation(let n, let count): return try operands.permutation(n, count)
  case .program(let program):
    try program.check(operands)
    return ([0], .f32)
  case .result(_, let shape, let type): return (shape, type)
  case .network(let outputs): return try operands.network(outputs)
  case .linear(let function): return try operands.linear(function)
  }
}

extension Primitive {
  /// How many inputs it takes.
  public var arity: ClosedRange<Int> {
    switch self {
    case .input, .constant, .iota: 0...0
    case .unary, .convert, .broadcast, .reshape, .transpose, .reduce, .argReduce, .cumulativeSum, .slice, .unslice,
      .oneHot, .sort, .argSort, .topOrder, .random, .stopGradient, .result:
      1...1
    case .pool(let pooling, _, _, _): pooling == .pick || pooling == .place ? 2...2 : 1...1
    case .convolution, .convolutionInput, .convolutionFilter: 2...2
    case .binary, .compare, .matmul, .dynamicSlice, .gather, .scatterAdd, .pick, .unpick, .deriveKey, .permutation:
      2...2
    case .select, .dynamicUpdate: 3...3
    case .network: 4...4
    case .concat: 1...Int.max
    case .program(let program): program.operands.count...program.operands.count
    case .linear(let function): function.operandCount...function.operandCount
    }
  }

  /// Its name in messages and descriptions.
  public var name: String {
    switch self {
    case .unary(let operation): "\(operation)"
    case .binary(let operation): "\(operation)"
    case .compare(let operation): "\(operation)"
    case .reduce(let operation, _): "\(operation)"
    case .argReduce(let isMax, _): isMax ? "argmax" : "argmin"
    case .convert(let type): "conversion to \(type.name)"
    case .matmul: "matrix product"
    case .convolutionInput: "gradient of a convolution's image"
    case .convolutionFilter: "gradient of a convolution's filter"
    case .pool(.max, _, _, _): "max pooling"
    case .pool(.sum, _, _, _): "sum over windows"
    case .pool: "gradient of a pooling"
    case .cumulativeSum: "cumulative sum"
    case .network: "network_values"
    case .scatterAdd: "scatter"
    case .program(let program): program.name
    case .linear(let function): function.name
    default: String("\(self)".prefix { $0 != "(" })
    }
  }
}

/// The operands of one operation, for its rule and its error messages.
struct Operands {
  let primitive: Primitive
  let shapes: [Shape]
  let types: [ElementType]

  /// A checked element count; a shape from a script may be negative or too large.
  func checked(_ shape: Shape) throws -> Shape {
    guard shape.count <= 32 else { throw error("cannot make a tensor of \(shape.count) axes: at most 32") }
    var count = 1
    for extent in shape {
      guard extent >= 0 else { throw error("cannot make the shape \(shape): an extent is negative") }
      let (product, overflow) = count.multipliedReportingOverflow(by: Swift.max(extent, 1))
      guard !overflow, product <= 1 << 44 else { throw error("cannot make the shape \(shape): it is too large") }
      count = product
    }
    return shape
  }

  /// An axis that exists in operand `operand`.
  func checkAxis(_ axis: Int, of operand: Int = 0) throws {
    guard shapes[operand].indices.contains(axis) else {
      throw error("has no axis \(axis): the operand has rank \(shapes[operand].count)")
    }
  }

  /// Both (or, from `first`, the rest) of one type.
  func checkSameType(from first: Int = 0) throws {
    guard types[first...].allSatisfy({ $0 == types[first] }) else {
      throw error("needs operands of one element type", help: "convert one of them")
    }
  }

  /// A rank-0 i64 operand.
  func checkScalarIndex(_ operand: Int, _ what: String) throws {
    guard shapes[operand].isEmpty, types[operand] == .i64 else { throw error("needs a rank-0 i64 \(what)") }
  }

  /// An i32 or i64 operand.
  func checkIndices(_ operand: Int) throws {
    guard types[operand] == .i32 || types[operand] == .i64 else {
      throw error("needs integer indices, not \(types[operand].name)")
    }
  }
}
