import Graphs
import Tensors

extension TensorOperations {
  /// `t[indexes] = value`; consumes `t`. In place where nobody else holds the tensor and its memory.
  func store(_ t: Value, _ indexes: [TensorHooks.Index], _ value: Value) throws -> Value {
    defer { machine.heap.release(t) }
    guard let x = operand(t) else { return .none }
    guard let new = operand(value) else {
      throw RuntimeError(
        "E0402", "an element of a tensor can only be a number, not \(machine.brief(value))",
        help: ["`tensor([…])` makes a tensor of a list"])
    }
    if !x.isTraced, !new.isTraced, case .tensor(let tensor) = x { return try storePlain(tensor, indexes, new) }
    return self.value(try storeTraced(x, indexes, new))
  }

  /// Positions, in row-major order, of the elements that the indexes name.
  private func positions(_ shape: Shape, _ indexes: [TensorHooks.Index]) throws -> Tensor {
    let count = shape.reduce(1, *)
    let all = try apply(.iota(shape: [count], axis: 0, type: .i64), [], isTensor: true)
    guard case .tensor(let tensor) = try index(try reshape(all, shape), indexes) else {
      throw RuntimeError.untraceable(
        "a compiled function cannot assign to elements whose indexes it does not know", help: ["build the tensor with `where`"])
    }
    return tensor
  }

  private func fitted(_ new: Operand, to type: ElementType, _ shape: Shape) throws -> Operand {
    let converted = try convert(new, to: type)
    if converted.shape == shape { return converted }
    do {
      return try apply(.broadcast(shape), [converted], isTensor: true)
    } catch is RuntimeError {
      throw RuntimeError(
        "E0401", "a value of shape \(describe(new.shape)) does not fill the shape \(describe(shape))",
        label: "\(describe(new.shape)) into \(describe(shape))")
    }
  }

  private func storePlain(_ tensor: Tensor, _ indexes: [TensorHooks.Index], _ new: Operand) throws -> Value {
    let block = try leadingBlock(tensor.shape, indexes)
    let copy = try translatingErrors { try tensor.copied() }
    let size = tensor.type.byteCount
    if let block {
      guard case .tensor(let source) = try fitted(new, to: tensor.type, block.shape) else { return .none }
      copy.pointer.advanced(by: block.offset * size).copyMemory(from: source.pointer, byteCount: source.byteCount)
      return value(.tensor(copy))
    }
    let places = try positions(tensor.shape, indexes)
    guard case .tensor(let source) = try fitted(new, to: tensor.type, places.shape) else { return .none }
    for i in 0..<places.count {
      copy.pointer.advanced(by: places.integer(i) * size).copyMemory(
        from: source.pointer + i * size, byteCount: size)
    }
    return value(.tensor(copy))
  }

  /// When the indexes are plain numbers for the first axes: the block of memory that they name.
  private func leadingBlock(_ shape: Shape, _ indexes: [TensorHooks.Index]) throws -> (offset: Int, shape: Shape)? {
    guard indexes.count <= shape.count else { return nil }
    var offset = 0
    for (axis, index) in indexes.enumerated() {
      guard case .value(let value) = index, value.tag == .int else { return nil }
      let extent = shape[axis]
      let position = value.asInt < 0 ? value.asInt &+ extent : value.asInt
      guard position >= 0, position < extent else { return nil }
      offset = offset * extent + position
    }
    let rest = Array(shape.dropFirst(indexes.count))
    return (offset * rest.reduce(1, *), rest)
  }

  /// Recorded: the updates, spread over a tensor of zeros, replace the elements where they fall.
  private func storeTraced(_ x: Operand, _ indexes: [TensorHooks.Index], _ new: Operand) throws -> Operand {
    if indexes.count == 1, case .value(let value) = indexes[0], let start = operand(value), start.isTraced,
      start.rank == 0, start.type == .i64
    {
      let row = try fitted(new, to: x.type, Array(x.shape.dropFirst()))
      let rows = try reshape(row, [1] + row.shape)
      return try apply(.dynamicUpdate, [x, try convert(start, to: .i64), rows], isTensor: true)
    }
    let places = try positions(x.shape, indexes)
    let updates = try fitted(new, to: x.type, places.shape)
    let count = x.shape.reduce(1, *)
    // Where a place is named twice the last update counts.
    var last: [Int: Int] = [:]
    for i in 0..<places.count { last[places.integer(i)] = i }
    let order = last.sorted { $0.key < $1.key }
    let ids = try translatingErrors { try Tensor(order.map(\.key)) }
    let sources = try translatingErrors { try Tensor(order.map(\.value)) }
    let flat = try reshape(updates, [places.count])
    let chosen = try apply(.gather, [flat, .tensor(sources)], isTensor: true)
    var truth = [Bool](repeating: false, count: count)
    for entry in order { truth[entry.key] = true }
    let mask = try translatingErrors { try Tensor(truth, shape: x.shape) }
    let numeric = x.type == .bool ? try convert(chosen, to: .i32) : chosen
    var spread = try apply(.scatterAdd(rows: count), [.tensor(ids), numeric], isTensor: true)
    if x.type == .bool { spread = try convert(spread, to: .bool) }
    return try apply(.select, [.tensor(mask), try reshape(spread, x.shape), x], isTensor: true)
  }
}

extension Tensor {
  /// A tensor of its own memory with the same contents.
  func copied() throws -> Tensor {
    let copy = try Tensor(uninitialized: shape, type: type)
    copy.pointer.copyMemory(from: pointer, byteCount: byteCount)
    return copy
  }

  /// Same type, shape and numbers, NaN being the same as NaN and 0 as -0.
  func hasSameContent(as other: Tensor) -> Bool {
    guard type == other.type, shape == other.shape else { return false }
    if hasSameBits(as: other) { return true }
    guard type.isFloat else { return false }
    for i in 0..<count {
      let x = element(i), y = other.element(i)
      if x != y, !(x.isNaN && y.isNaN) { return false }
    }
    return true
  }
}
