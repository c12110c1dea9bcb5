import Graphs
import Tensors

extension TensorOperations {
  /// `t[indexes] = value`, in place where nobody else holds the tensor and its memory.
  func store(at slot: UnsafeMutablePointer<Value>, _ indexes: [TensorHooks.Index], _ value: Value) throws {
    if let update = try plainUpdate(slot.pointee, indexes, value) { return try write(update, at: slot) }
    guard let x = operand(slot.pointee), let new = operand(value) else { return }
    let result = self.value(try storeTraced(x, indexes, new))
    machine.heap.release(slot.pointee)
    slot.pointee = result
  }

  /// What to write where; nil when a side is traced. Holds nothing of the target, which may have to be found unshared.
  private func plainUpdate(_ target: Value, _ indexes: [TensorHooks.Index], _ value: Value) throws -> Update? {
    guard let new = operand(value) else {
      throw RuntimeError(
        "E0402", "an element of a tensor can only be a number, not \(machine.brief(value))",
        help: ["`tensor([…])` makes a tensor of a list"])
    }
    guard let x = operand(target), !x.isTraced, !new.isTraced else { return nil }
    for case .value(let index) in indexes where operand(index)?.isTraced ?? false { return nil }
    return try update(x.shape, x.type, indexes, new)
  }

  /// Elements to be written, with their places.
  private struct Update {
    var source: Tensor
    /// A block from this element on; otherwise each element's place.
    var offset: Int
    var places: Tensor?
  }

  private func write(_ update: Update, at slot: UnsafeMutablePointer<Value>) throws {
    let box = slot.pointee.box
    if slot.pointee.isUnique, let held = box.pointee.object {
      // The one count of the object moves into `object`, so that the test for sole ownership sees no other.
      box.pointee.object = nil
      var object = held.takeRetainedValue()
      let isAlone = isKnownUniquelyReferenced(&object)
      if isAlone, let tensor = object as? Tensor, tensor.ownsStorageAlone {
        put(update, into: tensor)
        box.pointee.object = Unmanaged.passRetained(object)
        return
      }
      box.pointee.object = Unmanaged.passRetained(object)
    }
    guard let object = slot.pointee.boxedObject, case .tensor(let tensor) = operand(of: object) else { return }
    let copy = try translatingErrors { try tensor.copied() }
    put(update, into: copy)
    let result = value(.tensor(copy))
    machine.heap.release(slot.pointee)
    slot.pointee = result
  }

  private func put(_ update: Update, into target: Tensor) {
    let size = target.type.byteCount
    guard let places = update.places else {
      target.pointer.advanced(by: update.offset * size).copyMemory(
        from: update.source.pointer, byteCount: update.source.byteCount)
      return
    }
    for i in 0..<places.count {
      target.pointer.advanced(by: places.integer(i) * size).copyMemory(
        from: update.source.pointer + i * size, byteCount: size)
    }
  }

  /// Positions, in row-major order, of the elements that the indexes name.
  private func positions(_ shape: Shape, _ indexes: [TensorHooks.Index]) throws -> Tensor {
    let count = shape.reduce(1, *)
    let all = try apply(.iota(shape: [count], axis: 0, type: .i64), [], isTensor: true)
    guard case .tensor(let tensor) = try index(try reshape(all, shape), indexes) else {
      throw unknownPlace
    }
    return tensor
  }

  private func fitted(_ new: TensorOperand, to type: ElementType, _ shape: Shape) throws -> TensorOperand {
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

  private func update(
    _ shape: Shape, _ type: ElementType, _ indexes: [TensorHooks.Index], _ new: TensorOperand
  ) throws -> Update {
    if let block = try leadingBlock(shape, indexes) {
      guard case .tensor(let source) = try fitted(new, to: type, block.shape) else { throw unknownPlace }
      return Update(source: source, offset: block.offset, places: nil)
    }
    let places = try positions(shape, indexes)
    guard case .tensor(let source) = try fitted(new, to: type, places.shape) else { throw unknownPlace }
    return Update(source: source, offset: 0, places: places)
  }

  private var unknownPlace: RuntimeError {
    RuntimeError.untraceable(
      "a compiled function cannot assign to elements whose indexes it does not know",
      help: ["build the tensor with `where`"])
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

  /// Recorded: the updates, each taken to where it falls, replace the elements there.
  private func storeTraced(_ x: TensorOperand, _ indexes: [TensorHooks.Index], _ new: TensorOperand) throws
    -> TensorOperand
  {
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
    guard !order.isEmpty else { return x }
    var truth = [Bool](repeating: false, count: count)
    for entry in order { truth[entry.key] = true }
    let mask = try translatingErrors { try Tensor(truth, shape: x.shape) }
    // Taken rather than added to zeros: -0 stays -0.
    var spread = try reshape(updates, [places.count])
    if order.count == 1 {
      let place = Primitive.slice(starts: [order[0].value], counts: [1], steps: [1])
      spread = try apply(.broadcast([count]), [try apply(place, [spread], isTensor: true)], isTensor: true)
    } else {
      var sources = [Int](repeating: order[0].value, count: count)
      for entry in order { sources[entry.key] = entry.value }
      spread = try apply(.gather, [spread, .tensor(try translatingErrors { try Tensor(sources) })], isTensor: true)
    }
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
