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
    for case .value(let index) in indexes where isTraced(index) { return nil }
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

  /// Whether an index, or an element of a list of indexes, is known only when the function runs.
  private func isTraced(_ index: Value, depth: Int = 0) -> Bool {
    guard index.tag == .list else { return operand(index)?.isTraced ?? false }
    // Deeper lists are no tensors.
    return depth < 64 && (0..<index.list.count).contains { isTraced(index.list.elements[$0], depth: depth + 1) }
  }

  /// Positions, in row-major order, of the elements that the indexes name.
  private func positions(_ shape: Shape, _ indexes: [TensorHooks.Index]) throws -> TensorOperand {
    let count = shape.reduce(1, *)
    let all = try apply(.iota(shape: [count], axis: 0, type: .i64), [], isTensor: true)
    return try index(try reshape(all, shape), indexes)
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
    guard case .tensor(let places) = try positions(shape, indexes),
      case .tensor(let source) = try fitted(new, to: type, places.shape)
    else { throw unknownPlace }
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
    if let stored = try storeBlock(x, indexes, new) ?? storeMasked(x, indexes, new) { return stored }
    let found = try positions(x.shape, indexes)
    guard case .tensor(let places) = found else {
      let mayMeet = indexes.contains { if case .value(let value) = $0 { !isPlain(value) } else { false } }
      return try scatter(try fitted(new, to: x.type, found.shape), at: found, into: x, mayMeet: mayMeet)
    }
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
    // Placed or taken rather than added to zeros: -0 stays -0.
    let flat = try reshape(updates, [places.count])
    let first = order[0].key
    let spread: TensorOperand
    if order.count == places.count, order.enumerated().allSatisfy({ $1 == (first + $0, $0) }) {
      let zero = try scalar(0, exact: 0, x.type)
      func zeros(_ count: Int) throws -> [TensorOperand] {
        count == 0 ? [] : [try apply(.broadcast([count]), [.tensor(zero)], isTensor: true)]
      }
      let parts = try zeros(first) + [flat] + zeros(count - first - order.count)
      spread = parts.count == 1 ? flat : try apply(.concat(axis: 0), parts, isTensor: true)
    } else {
      var sources = [Int](repeating: order[0].value, count: count)
      for entry in order { sources[entry.key] = entry.value }
      spread = try apply(.gather, [flat, .tensor(try translatingErrors { try Tensor(sources) })], isTensor: true)
    }
    return try apply(.select, [.tensor(mask), try reshape(spread, x.shape), x], isTensor: true)
  }

  /// Where numbers name elements of the first axes, one of which is not known: only the row of the first axis is written.
  /// Nil for other indexes.
  private func storeBlock(_ x: TensorOperand, _ indexes: [TensorHooks.Index], _ new: TensorOperand) throws
    -> TensorOperand?
  {
    guard indexes.count <= x.rank else { return nil }
    var numbers: [TensorOperand] = []
    for case .value(let value) in indexes {
      guard let number = operand(value), number.rank == 0, !number.type.isFloat, number.type != .bool
      else { return nil }
      numbers.append(try convert(number, to: .i64))
    }
    guard numbers.count == indexes.count, numbers.contains(where: \.isTraced) else { return nil }
    if let empty = x.shape.prefix(numbers.count).firstIndex(of: 0) {
      throw RuntimeError(
        "E0404", "an index is out of range for axis \(empty) of a tensor of shape \(describe(x.shape))",
        help: ["the axis is empty"])
    }
    return try store(try fitted(new, to: x.type, Array(x.shape.dropFirst(numbers.count))), at: numbers[...], of: x)
  }

  private func store(_ new: TensorOperand, at numbers: ArraySlice<TensorOperand>, of x: TensorOperand) throws
    -> TensorOperand
  {
    guard let number = numbers.first else { return new }
    var row = new
    if numbers.count > 1 {
      let old = try apply(.dynamicSlice(count: 1), [x, number], isTensor: true)
      row = try store(new, at: numbers.dropFirst(), of: try reshape(old, Array(x.shape.dropFirst())))
    }
    return try apply(.dynamicUpdate, [x, number, try reshape(row, [1] + x.shape.dropFirst())], isTensor: true)
  }

  /// A value for all elements where a mask holds that is known only when the function runs. Nil for other indexes.
  private func storeMasked(_ x: TensorOperand, _ indexes: [TensorHooks.Index], _ new: TensorOperand) throws
    -> TensorOperand?
  {
    guard indexes.count == 1, case .value(let value) = indexes[0], let mask = operand(value), mask.type == .bool,
      mask.rank > 0, Array(x.shape.prefix(mask.rank)) == mask.shape, requireContent(mask) == nil
    else { return nil }
    let rest = Array(x.shape.dropFirst(mask.rank))
    guard new.rank <= rest.count else {
      throw RuntimeError.untraceable(
        "a compiled function cannot put values one by one where a mask holds: how many there are depends on its content",
        help: [
          "`where(mask, values, t)` takes them from a tensor of the same shape", "or do not compile this function",
        ])
    }
    let all = try apply(.broadcast(x.shape), [fitted(new, to: x.type, rest)], isTensor: true)
    return try apply(.select, [reshape(mask, mask.shape + rest.map { _ in 1 }), all, x], isTensor: true)
  }

  /// Whether an index is one number or a range.
  private func isPlain(_ index: Value) -> Bool { index.tag == .range || operand(index)?.rank == 0 }

  /// Updates at places that are known only when the function runs: each element looks for the last update that falls on it,
  /// if several may.
  private func scatter(_ updates: TensorOperand, at places: TensorOperand, into x: TensorOperand, mayMeet: Bool) throws
    -> TensorOperand
  {
    let (count, total) = (places.shape.reduce(1, *), x.shape.reduce(1, *))
    guard count > 0 else { return x }
    let (place, new) = (try reshape(places, [count]), try reshape(updates, [count]))
    if count == 1 {
      let parts = [try reshape(x, [total]), try reshape(place, []), new]
      return try reshape(try apply(.dynamicUpdate, parts, isTensor: true), x.shape)
    }
    // The update at each element, counted from 1, and 0 where there is none.
    let number = TensorOperand.tensor(try translatingErrors { try Tensor(Array(1...count)) })
    let hits =
      try mayMeet
      ? lastHits(place, number, total) : apply(.scatterAdd(rows: total), [place, number], isTensor: true)
    let source = try arithmetic(.maximum, try arithmetic(.subtract, hits, .int(1)), .int(0))
    let taken = try apply(.gather, [new, source], isTensor: true)
    let isHit = try compare(.greater, hits, .int(0))
    return try apply(.select, [try reshape(isHit, x.shape), try reshape(taken, x.shape), x], isTensor: true)
  }

  /// For each of `total` places the last of the numbers that fall on it, 0 where none does.
  private func lastHits(_ place: TensorOperand, _ number: TensorOperand, _ total: Int) throws -> TensorOperand {
    // In the order of their places, those of one place as they were.
    let order = try apply(.argSort(axis: 0), [place], isTensor: true)
    let sorted = try apply(.gather, [place, order], isTensor: true)
    let following = Primitive.slice(starts: [1], counts: [place.shape[0] - 1], steps: [1])
    let end = TensorOperand.tensor(try translatingErrors { try Tensor([-1]) })
    let next = try apply(.concat(axis: 0), [try apply(following, [sorted], isTensor: true), end], isTensor: true)
    let isLast = try convert(try compare(.notEqual, sorted, next), to: .i64)
    let last = try arithmetic(.multiply, try apply(.gather, [number, order], isTensor: true), isLast)
    return try apply(.scatterAdd(rows: total), [sorted, last], isTensor: true)
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
