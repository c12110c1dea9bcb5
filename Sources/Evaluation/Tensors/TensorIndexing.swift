import Graphs
import Tensors

/// How one axis is indexed once all indexes are understood.
private enum AxisIndex {
  /// All of the axis.
  case whole
  /// `count` elements from `start`; the axis is dropped when `isDropped` (then `count` is 1).
  case slice(start: Int, count: Int, step: Int, isDropped: Bool)
  /// A traced number: the axis is dropped.
  case traced(TensorOperand)
  /// Rows by an integer tensor, whose axes take the place of the axis.
  case ids(TensorOperand)
  /// So many axes by a boolean tensor: the elements where it is true.
  case mask(Tensor, axes: Int)
}

extension TensorOperations {
  /// `x[indexes]`: plain numbers and ranges first, as one slice, then ids, masks and traced numbers. Few rows of many come first of
  /// all, so that a part of all the others is not looked at.
  func index(_ x: TensorOperand, _ indexes: [TensorHooks.Index]) throws -> TensorOperand {
    let parsed = try parse(indexes, shape: x.shape)
    if let ids = try fewRows(of: x, parsed) {
      let rows = try gather(x, ids, axis: 0)
      return try sliced(rows, Array(repeating: .whole, count: ids.rank) + parsed.dropFirst())
    }
    var result = try sliced(x, parsed)
    var axis = 0
    var idAxes: [(axis: Int, ids: TensorOperand)] = []
    for index in parsed {
      switch index {
      case .whole: axis += 1
      case .slice(_, _, _, let isDropped): if !isDropped { axis += 1 }
      case .traced(let number):
        idAxes.append((axis, try convert(number, to: .i64)))
        axis += 1
      case .ids(let ids):
        idAxes.append((axis, ids))
        axis += 1
      case .mask(let mask, let axes):
        result = try masked(result, mask, axis: axis, axes: axes)
        axis += 1
      }
    }
    if idAxes.count == 1 { return try gather(result, idAxes[0].ids, axis: idAxes[0].axis) }
    return idAxes.isEmpty ? result : try gatherPoints(result, idAxes)
  }

  /// The ids of the first axis, where the other indexes are plain and these rows have far fewer elements than what those leave.
  private func fewRows(of x: TensorOperand, _ indexes: [AxisIndex]) throws -> TensorOperand? {
    let ids: TensorOperand
    switch indexes.first {
    case .traced(let number): ids = try convert(number, to: .i64)
    case .ids(let found): ids = found
    default: return nil
    }
    var left = x.shape.reduce(1, *)
    for (axis, index) in indexes.enumerated().dropFirst() {
      switch index {
      case .whole: continue
      case .slice(_, let count, _, _): left = left / max(x.shape[axis], 1) * count
      case .traced, .ids, .mask: return nil
      }
    }
    let rows = ids.shape.reduce(1, *) * x.shape.dropFirst().reduce(1, *)
    return rows <= left / 8 ? ids : nil
  }

  /// `x[i]` for a plain, valid `i`.
  func row(_ x: TensorOperand, _ i: Int) throws -> TensorOperand {
    guard let extent = x.shape.first, i >= 0, i < extent else {
      throw RuntimeError(TensorError.index("index", i, count: x.shape.first ?? 0))
    }
    if case .tensor(let tensor) = x {
      let shape = Array(tensor.shape.dropFirst())
      let bytes = tensor.byteCount / extent
      return try translatingErrors {
        .tensor(
          try Tensor(
            storage: tensor.storage, byteOffset: tensor.byteOffset + i * bytes, shape: shape, type: tensor.type))
      }
    }
    return try sliced(x, [.slice(start: i, count: 1, step: 1, isDropped: true)])
  }

  // MARK: understanding

  private func parse(_ indexes: [TensorHooks.Index], shape: Shape) throws -> [AxisIndex] {
    var result: [AxisIndex] = []
    var axis = 0
    for index in indexes {
      switch index {
      case .whole:
        try checkAxis(axis, indexes.count, shape)
        result.append(.whole)
        axis += 1
      case .value(let value):
        let parsed = try parse(value, axis: axis, shape, indexes.count)
        result.append(parsed)
        if case .mask(_, let axes) = parsed { axis += axes } else { axis += 1 }
      }
    }
    return result
  }

  private func checkAxis(_ axis: Int, _ count: Int, _ shape: Shape) throws {
    if axis < shape.count { return }
    throw RuntimeError(
      "E0404", "\(count) indexes are too many for a tensor of shape \(describe(shape))",
      label: shape.isEmpty ? "rank 0 has no elements to index" : "it has \(shape.count) axes")
  }

  private func parse(_ value: Value, axis: Int, _ shape: Shape, _ count: Int) throws -> AxisIndex {
    try checkAxis(axis, count, shape)
    let extent = shape[axis]
    switch value.tag {
    case .int: return .slice(start: try position(value.asInt, extent, axis, shape), count: 1, step: 1, isDropped: true)
    case .range: return try parseRange(value, extent, axis, shape)
    case .list: return try parseList(value, axis, shape, count)
    case .tensor:
      guard let operand = operand(value) else { break }
      return try parse(operand, axis, shape)
    default: break
    }
    throw RuntimeError(
      "E0404", "an index of a tensor is a number, a range, `..`, a list or a tensor, not \(machine.brief(value))",
      help: value.tag == .float ? ["`//` divides whole numbers, and `to_int` cuts off a fraction"] : [])
  }

  private func parse(_ operand: TensorOperand, _ axis: Int, _ shape: Shape) throws -> AxisIndex {
    if operand.type == .bool {
      guard operand.rank > 0, Array(shape.dropFirst(axis).prefix(operand.rank)) == operand.shape else {
        throw RuntimeError(
          "E0404", "a mask of shape \(describe(operand.shape)) does not fit a tensor of shape \(describe(shape))",
          label: "mask \(describe(operand.shape))")
      }
      guard let mask = requireContent(operand) else {
        throw RuntimeError.untraceable(
          "a compiled function cannot select by a mask: how many elements it keeps depends on its content",
          help: ["`where(mask, x, 0)` keeps the shape", "or do not compile this function"])
      }
      return .mask(mask, axes: operand.rank)
    }
    guard !operand.type.isFloat else {
      throw RuntimeError(
        "E0404", "indexes must be whole numbers, not \(operand.type.name)",
        help: ["`cast(ids, \"i64\")` makes whole numbers of them"])
    }
    if case .traced = operand { return operand.rank == 0 ? .traced(operand) : .ids(operand) }
    if operand.rank == 0, case .tensor(let tensor) = operand {
      return .slice(
        start: try position(tensor.integer(0), shape[axis], axis, shape), count: 1, step: 1, isDropped: true)
    }
    return .ids(operand)
  }

  private func parseList(_ value: Value, _ axis: Int, _ shape: Shape, _ count: Int) throws -> AxisIndex {
    let operand = try TensorBuilding(machine).tensor(of: value, type: nil, integersStay: true)
    // What holds nothing has no type of its own.
    return try parse(operand.shape.contains(0) ? try convert(operand, to: .i64) : operand, axis, shape)
  }

  private func parseRange(_ value: Value, _ extent: Int, _ axis: Int, _ shape: Shape) throws -> AxisIndex {
    let range = try wholeRange(value)
    guard range.count > 0 else { return .slice(start: 0, count: 0, step: 1, isDropped: false) }
    let first = try position(range.start, extent, axis, shape)
    let last = range.start &+ (range.count &- 1) &* range.step
    _ = try position(last, extent, axis, shape)
    if range.start < 0, last >= 0 {
      throw RuntimeError(
        "E0404", "a range of indexes cannot run from before the first element into the tensor",
        help: ["use two indexes and `concat`"])
    }
    if range.start >= 0, last < 0 {
      throw RuntimeError(
        "E0404", "a range of indexes cannot run from the tensor to before its first element",
        help: [
          range.step == -1 ? "`\(range.start)..0 by -1` ends at the first element" : "use two indexes and `concat`"
        ])
    }
    return .slice(start: first, count: range.count, step: range.step, isDropped: false)
  }

  /// A range of ints as start, count and step. What it holds fits into ints, whatever wraps around on the way there.
  func wholeRange(_ value: Value) throws -> (start: Int, count: Int, step: Int) {
    let range = value.range
    let start = try whole(range.pointee.start), end = try whole(range.pointee.end)
    let step = range.pointee.step.isNone || range.pointee.step.isUnset ? 1 : try whole(range.pointee.step)
    guard step != 0 else { throw RuntimeError("E0404", "a range by 0 never ends") }
    let isInclusive = range.pointee.header.flags & RangeObject.isInclusive != 0
    if step > 0 ? end < start : end > start { return (start, 0, step) }
    let span = step > 0 ? UInt(bitPattern: end &- start) : UInt(bitPattern: start &- end)
    let (steps, rest) = span.quotientAndRemainder(dividingBy: step.magnitude)
    guard steps < UInt(Int.max) else {
      throw RuntimeError(
        "E0404", "the range is too long", label: "more values than can be counted",
        help: ["a tensor or an axis has no room for so many"])
    }
    return (start, Int(steps) + (isInclusive || rest > 0 ? 1 : 0), step)
  }

  private func whole(_ value: Value) throws -> Int {
    let plain = value.tag == .tensor ? try TensorHooks.scalar(machine, value) ?? value : value
    if plain.tag == .int { return plain.asInt }
    throw RuntimeError(
      "E0404", "a range of indexes goes from whole number to whole number, not \(machine.brief(value))")
  }

  private func position(_ index: Int, _ extent: Int, _ axis: Int, _ shape: Shape) throws -> Int {
    let position = index < 0 ? index &+ extent : index
    guard position >= 0, position < extent else {
      throw RuntimeError(
        "E0404", "index \(index) is out of range for axis \(axis) of a tensor of shape \(describe(shape))",
        label: "index \(index)",
        help: [extent == 0 ? "the axis is empty" : "indexes go from 0 to \(extent - 1), or from -\(extent) to -1"])
    }
    return position
  }

  // MARK: taking

  /// Applies plain numbers and ranges; other axes stay whole.
  private func sliced(_ x: TensorOperand, _ indexes: [AxisIndex]) throws -> TensorOperand {
    var starts: [Int] = [], counts: [Int] = [], steps: [Int] = [], dropped: [Int] = []
    var isTrivial = true
    for index in indexes {
      switch index {
      case .slice(let start, let count, let step, let isDropped):
        if isDropped { dropped.append(starts.count) }
        starts.append(start)
        counts.append(count)
        steps.append(step)
        isTrivial = false
      case .mask(_, let axes):
        for _ in 0..<axes { appendWhole(x, &starts, &counts, &steps) }
      case .whole, .traced, .ids: appendWhole(x, &starts, &counts, &steps)
      }
    }
    if isTrivial { return x }
    while starts.count < x.rank { appendWhole(x, &starts, &counts, &steps) }
    var result = x
    if counts != x.shape || steps.contains(where: { $0 != 1 }) {
      result = try apply(.slice(starts: starts, counts: counts, steps: steps), [x], isTensor: true)
    }
    if dropped.isEmpty { return result }
    return try reshape(result, counts.indices.filter { !dropped.contains($0) }.map { counts[$0] })
  }

  private func appendWhole(_ x: TensorOperand, _ starts: inout [Int], _ counts: inout [Int], _ steps: inout [Int]) {
    counts.append(x.shape[starts.count])
    starts.append(0)
    steps.append(1)
  }

  /// Rows of an axis by an integer tensor, whose axes take the axis's place.
  func gather(_ x: TensorOperand, _ ids: TensorOperand, axis: Int) throws -> TensorOperand {
    if case .tensor(let tensor) = ids { try checkIDs(tensor, extent: x.shape[axis], x.shape) }
    if axis == 0 { return try apply(.gather, [x, ids], isTensor: true) }
    let toFront = [axis] + (0..<x.rank).filter { $0 != axis }
    let taken = try apply(.gather, [try apply(.transpose(toFront), [x], isTensor: true), ids], isTensor: true)
    // Now [ids..., before..., after...]; bring `before` to the front again.
    let k = ids.rank
    let order = Array(k..<k + axis) + Array(0..<k) + Array(k + axis..<taken.rank)
    return try apply(.transpose(order), [taken], isTensor: true)
  }

  /// An error at once, with the index, where the ids are known.
  private func checkIDs(_ ids: Tensor, extent: Int, _ shape: Shape) throws {
    for i in 0..<ids.count {
      try machine.pollInterrupt(at: i)
      let id = ids.integer(i)
      if id >= extent || id < -extent {
        throw RuntimeError(
          "E0404", "index \(id) is out of range for a tensor of shape \(describe(shape))", label: "index \(id)",
          help: [extent == 0 ? "the axis is empty" : "indexes go from 0 to \(extent - 1), or from -\(extent) to -1"])
      }
    }
  }

  /// Several integer tensors pick points: they broadcast against each other, and stand where the first of them stood.
  private func gatherPoints(_ x: TensorOperand, _ indexes: [(axis: Int, ids: TensorOperand)]) throws -> TensorOperand {
    let axes = indexes.map(\.axis)
    let others = (0..<x.rank).filter { !axes.contains($0) }
    let front = try apply(.transpose(axes + others), [x], isTensor: true)
    let extents = axes.map { x.shape[$0] }
    let merged = try reshape(front, [extents.reduce(1, *)] + others.map { x.shape[$0] })
    var flat: TensorOperand?
    for (index, extent) in zip(indexes, extents) {
      // Gathering from 0, 1, 2 … counts negative ids from the end and notices those out of range.
      let line = try apply(.iota(shape: [extent], axis: 0, type: .i64), [], isTensor: true)
      let ids = try gather(line, index.ids, axis: 0)
      if let sum = flat {
        flat = try arithmetic(.add, try arithmetic(.multiply, sum, .int(extent)), ids)
      } else {
        flat = ids
      }
    }
    guard let flat else { return x }
    let taken = try apply(.gather, [merged, flat], isTensor: true)
    let before = axes.first ?? 0
    if before == 0 { return taken }
    let k = flat.rank
    let order = Array(k..<k + before) + Array(0..<k) + Array(k + before..<taken.rank)
    return try apply(.transpose(order), [taken], isTensor: true)
  }

  /// The elements where a mask over `axes` axes from `axis` is true; those axes become one.
  private func masked(_ x: TensorOperand, _ mask: Tensor, axis: Int, axes: Int) throws -> TensorOperand {
    let shape = x.shape
    let merged = try reshape(
      x, Array(shape[..<axis]) + [shape[axis..<axis + axes].reduce(1, *)] + Array(shape[(axis + axes)...]))
    var positions: [Int] = []
    for i in 0..<mask.count {
      try machine.pollInterrupt(at: i)
      if mask.integer(i) != 0 { positions.append(i) }
    }
    let ids = try translatingErrors { try Tensor(positions) }
    return try gather(merged, .tensor(ids), axis: axis)
  }
}
