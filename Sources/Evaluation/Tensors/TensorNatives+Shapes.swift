import Graphs
import Tensors

extension Natives {
  static let tensorShapes: [NativeFunction] = [
    NativeFunction(
      "reshape", ["t", "...shape"], kinds: .tensorLike,
      doc: "The same elements in another shape; one extent may be -1.",
      example: "reshape(tensor([1, 2, 3, 4]), 2, -1)"
    ) { call in
      let x = try call.tensor(0)
      let shape = try inferred(try call.shape(rest: 1) ?? [], from: x.shape)
      return call.result(try call.operations.reshape(x, shape))
    },
    NativeFunction(
      "transpose", ["t", "axes?"], kinds: .tensor, doc: "The last two axes exchanged, or all in the order given.",
      example: "transpose(tensor([[1, 2], [3, 4]]))"
    ) { call in
      let x = try call.operand(0)
      return call.result(try call.operations.apply(.transpose(try transposition(call, x.shape)), [x], isTensor: true))
    },
    NativeFunction(
      "broadcast", ["t", "shape"], kinds: .tensorLike, doc: "Repeated into a larger shape.",
      example: "broadcast(tensor([1, 2]), [3, 2])"
    ) { call in
      let x = try call.tensor(0)
      return call.result(try call.operations.apply(.broadcast(try call.shape(1)), [x], isTensor: true))
    },
    NativeFunction(
      "concat", ["ts", "axis?"], kinds: .list, doc: "Tensors joined along an axis (the first).",
      example: "concat([tensor([1, 2]), tensor([3])])"
    ) { call in
      let parts = try commonParts(call)
      if parts.allSatisfy({ $0.rank == 0 }) {
        let lines = try parts.map { try call.operations.reshape($0, [1]) }
        return call.result(try call.operations.apply(.concat(axis: 0), lines, isTensor: true))
      }
      let axis = try call.axis(try call.int(1, default: 0), of: parts[0].shape)
      for part in parts where part.rank != parts[0].rank {
        throw RuntimeError(
          "E0401", "`concat` cannot join shapes \(describe(parts[0].shape)) and \(describe(part.shape))",
          label: "different numbers of axes")
      }
      return call.result(try call.operations.apply(.concat(axis: axis), parts, isTensor: true))
    },
    NativeFunction(
      "stack", ["ts", "axis?"], kinds: .list, doc: "Tensors of one shape along a new axis (the first).",
      example: "stack([tensor([1, 2]), tensor([3, 4])], axis: 1)"
    ) { call in
      let parts = try commonParts(call)
      let shape = parts[0].shape
      for part in parts where part.shape != shape {
        throw RuntimeError(
          "E0401", "`stack` needs equal shapes, not \(describe(shape)) and \(describe(part.shape))",
          label: "\(describe(shape)) and \(describe(part.shape))")
      }
      let axis = try call.axis(try call.int(1, default: 0), of: shape + [1])
      let spread = Array(shape[..<axis]) + [1] + Array(shape[axis...])
      let lines = try parts.map { try call.operations.reshape($0, spread) }
      return call.result(try call.operations.apply(.concat(axis: axis), lines, isTensor: true))
    },
    NativeFunction(
      "slice", ["t", "start", "count", "axis?", "step?"], kinds: .tensor,
      doc:
        "`count` elements along an axis from `start`, below 0 counted from the end; inside compiled functions the start may change from call to call.",
      example: "slice(tensor([1, 2, 3, 4]), 1, 2)"
    ) { call in try slice(call) },
  ]

  private static func inferred(_ shape: Shape, from old: Shape) throws -> Shape {
    guard let open = shape.firstIndex(of: -1) else { return shape }
    let known = shape.enumerated().filter { $0.offset != open }.map(\.element)
    var product = 1
    for extent in known {
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      guard !overflow, extent >= 0 else { throw RuntimeError(TensorError.badShape(shape)) }
      product = next
    }
    let count = old.reduce(1, *)
    guard product > 0, count % product == 0 else { throw RuntimeError(TensorError.reshape(from: old, to: shape)) }
    var result = shape
    result[open] = count / product
    return result
  }

  private static func transposition(_ call: NativeCall, _ shape: Shape) throws -> [Int] {
    guard call.has(1) else {
      var order = Array(shape.indices)
      if order.count >= 2 { order.swapAt(order.count - 1, order.count - 2) }
      return order
    }
    let list = try call.list(1)
    var order: [Int] = []
    for i in 0..<list.count { order.append(try call.axis(try call.whole(list.elements[i], "an axis"), of: shape)) }
    guard order.sorted() == Array(shape.indices) else {
      throw RuntimeError(
        "E0403", "`transpose` needs each of the \(shape.count) axes of \(describe(shape)) once", label: "axes \(order)")
    }
    return order
  }

  /// The elements of a list as tensors of one type.
  private static func commonParts(_ call: NativeCall) throws -> [TensorOperand] {
    let list = try call.list(0)
    guard list.count > 0 else { throw RuntimeError("E0401", "`\(call.function.name)` needs at least one tensor") }
    let building = TensorBuilding(call.machine)
    var parts: [TensorOperand] = []
    for i in 0..<list.count {
      let element = list.elements[i]
      if let operand = call.operations.operand(element) {
        parts.append(operand)
      } else {
        parts.append(try building.tensor(of: element, type: nil))
      }
    }
    var type: ElementType?
    for part in parts where !part.isNumber {
      type = type.map { TensorOperations.widest($0, part.type, numbers: false) } ?? part.type
    }
    let common =
      type
      ?? parts.dropFirst().reduce(parts[0].type) {
        TensorOperations.widest($0, $1.type, numbers: true)
      }
    let target: ElementType = type == nil && common != .bool ? .f32 : common
    return try parts.map { try call.operations.convert($0, to: target) }
  }

  private static func slice(_ call: NativeCall) throws -> Value {
    let operations = call.operations
    let x = try call.operand(0)
    let axis = try call.axis(try call.int(3, default: 0), of: x.shape)
    let step = try call.int(4, default: 1)
    let count = try call.int(2)
    guard count >= 0, count <= x.shape[axis] else {
      throw RuntimeError("E0404", "`slice` cannot take \(count) of the \(x.shape[axis]) elements of axis \(axis)")
    }
    var given = 0
    if let start = operations.operand(call[1]), start.isTraced, start.rank == 0, !start.type.isFloat {
      if count > 0 { return call.result(try slice(call, x, from: start, count, axis, step)) }
    } else {
      given = try call.int(1)
    }
    var starts = x.shape.map { _ in 0 }, counts = x.shape, steps = x.shape.map { _ in 1 }
    starts[axis] = given < 0 ? given &+ x.shape[axis] : given
    counts[axis] = count
    steps[axis] = step
    if count == 0 {
      starts[axis] = 0
    } else {
      let (travel, isLong) = (count - 1).multipliedReportingOverflow(by: step)
      let (last, isFar) = starts[axis].addingReportingOverflow(travel)
      let places = 0..<x.shape[axis]
      guard step != 0, !isLong, !isFar, places.contains(starts[axis]), places.contains(last) else {
        throw outside(given, count, step, of: x.shape[axis], axis)
      }
    }
    return call.result(
      try operations.apply(.slice(starts: starts, counts: counts, steps: steps), [x], isTensor: true))
  }

  /// From a start that is known when it runs, below 0 counted from the end: the block of whole rows in which the elements
  /// lie, and those of it that are wanted.
  private static func slice(
    _ call: NativeCall, _ x: TensorOperand, from start: TensorOperand, _ count: Int, _ axis: Int, _ step: Int
  ) throws -> TensorOperand {
    let operations = call.operations
    let (travel, isLong) = (count - 1).multipliedReportingOverflow(by: step)
    guard step != 0, !isLong, travel.magnitude < UInt(x.shape[axis]) else {
      throw RuntimeError(
        "E0404", "`slice` cannot take \(count) elements by step \(step): axis \(axis) has \(x.shape[axis])",
        label: "leaves axis \(axis)", help: step == 0 ? ["a step is not 0"] : [])
    }
    func every(_ step: Int, _ count: Int, of rows: TensorOperand) throws -> TensorOperand {
      let rest = rows.shape.dropFirst()
      let primitive = Primitive.slice(
        starts: [step < 0 ? rows.shape[0] - 1 : 0] + rest.map { _ in 0 }, counts: [count] + rest,
        steps: [step] + rest.map { _ in 1 })
      return try operations.apply(primitive, [rows], isTensor: true)
    }
    let order = [axis] + x.shape.indices.filter { $0 != axis }
    var rows = axis == 0 ? x : try operations.apply(.transpose(order), [x], isTensor: true)
    var first = try operations.convert(start, to: .i64)
    if travel < 0 {
      // Backwards from i is forwards from -1 - i with the last row first.
      rows = try every(-1, rows.shape[0], of: rows)
      first = try operations.arithmetic(.subtract, .int(-1), first)
    }
    rows = try operations.apply(.dynamicSlice(count: abs(travel) + 1), [rows, first], isTensor: true)
    if count > 1, abs(step) > 1 { rows = try every(abs(step), count, of: rows) }
    if axis == 0 { return rows }
    let back = Array(1..<axis + 1) + [0] + Array(axis + 1..<x.rank)
    return try operations.apply(.transpose(back), [rows], isTensor: true)
  }

  private static func outside(_ start: Int, _ count: Int, _ step: Int, of extent: Int, _ axis: Int) -> RuntimeError {
    let steps = step == 1 ? "" : " by step \(step)"
    var help: [String] = []
    if step == 0 {
      help = ["a step is not 0"]
    } else if step == 1 {
      help = [
        "\(count) elements start at 0"
          + (count < extent ? " to \(extent - count), or at -\(extent) to \(-count), counted from the end" : "")
      ]
    } else {
      help = ["the first and the last that are taken must be among 0 to \(extent - 1)"]
    }
    return RuntimeError(
      "E0404", "`slice` cannot take \(count) elements from \(start)\(steps): axis \(axis) has \(extent)",
      label: "leaves axis \(axis)", help: help)
  }

  static let tensorIndexes: [NativeFunction] = [
    NativeFunction(
      "pick", ["t", "ids"], kinds: .tensor, doc: "One element of each row: `t[..., ids[...]]` along the last axis.",
      example: "pick(tensor([[1, 2], [3, 4]]), [1, 0])"
    ) { call in
      let x = try call.operand(0)
      guard let width = x.shape.last else {
        throw RuntimeError("E0401", "`pick` needs a tensor with at least one axis")
      }
      let ids = try wholeIDs(call, 1, bound: width)
      guard ids.shape == Array(x.shape.dropLast()) else {
        throw RuntimeError(
          "E0401", "`pick` takes one id per row: ids of shape \(describe(ids.shape)) do not fit \(describe(x.shape))",
          label: "ids \(describe(ids.shape))")
      }
      return call.result(try call.operations.apply(.pick, [x, ids], isTensor: true))
    },
    NativeFunction(
      "one_hot", ["ids", "classes", "dtype?"], kinds: .tensorLike,
      doc: "A row of zeros with a one at each id, along a new last axis.", example: "one_hot([0, 2], 3)"
    ) { call in
      let classes = try call.int(1)
      let given = try call.operand(0)
      // One class is no choice: these are a regression's targets without the axis that its outputs have.
      if classes == 1, given.type.isFloat, given.rank > 0 {
        let (targets, outputs) = (describe(given.shape), describe(given.shape + [1]))
        throw RuntimeError(
          "E0401", "targets of shape \(targets) do not fit outputs of shape \(outputs)", label: "targets \(targets)",
          help: ["`reshape(y, \(given.rank == 1 ? "[-1, 1]" : outputs))` gives them the shape of the outputs"])
      }
      let ids = try wholeIDs(call, 0, bound: classes)
      let type = try call.elementType(2) ?? .f32
      return call.result(try call.operations.apply(.oneHot(count: classes, type: type), [ids], isTensor: true))
    },
    NativeFunction(
      "scatter_add", ["ids", "updates", "rows"], kinds: .tensorLike,
      doc: "Zeros of `rows` rows, to which each update has been added at its id.",
      example: "scatter_add([0, 0, 1], tensor([1, 2, 3]), 2)"
    ) { call in
      let rows = try call.int(2)
      guard rows >= 0 else { throw RuntimeError(TensorError.badShape([rows])) }
      let ids = try wholeIDs(call, 0, bound: rows)
      return call.result(
        try call.operations.apply(.scatterAdd(rows: rows), [ids, try call.tensor(1)], isTensor: true))
    },
  ]

  /// Integer ids; those that are known are checked here, so that the error can name one.
  private static func wholeIDs(_ call: NativeCall, _ index: Int, bound: Int) throws -> TensorOperand {
    let ids = try call.operand(index)
    guard !ids.type.isFloat, ids.type != .bool else {
      throw RuntimeError(
        "E0402", "`\(call.function.name)` needs whole ids, not \(ids.type.name)",
        help: ["`cast(ids, \"i64\")` makes them whole, and `tensor([1, 2], dtype: \"i64\")` begins so"])
    }
    if let tensor = ids.isTraced ? nil : call.operations.tensor(ids) {
      for i in 0..<tensor.count {
        let id = tensor.integer(i)
        guard id < bound, id >= -bound else {
          throw RuntimeError(
            "E0404", "`\(call.function.name)`: id \(id) is out of range for \(bound) entries", label: "id \(id)")
        }
      }
    }
    return try call.operations.convert(ids, to: ids.type == .i32 ? .i32 : .i64)
  }
}
