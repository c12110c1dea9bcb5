import Graphs
import Tensors

extension Natives {
  static let tensorReductions: [NativeFunction] = [
    reduction("sum", .sum, "The sum"), reduction("product", .product, "The product"),
    extremum("max", .max, "The largest element"), extremum("min", .min, "The smallest element"),
    reduction("any", .any, "Whether any element is true"), reduction("all", .all, "Whether all elements are true"),
    argument("argmax", isMax: true, "The index of the first largest element"),
    argument("argmin", isMax: false, "The index of the first smallest element"),
    alongAxis("cumsum", "Running sums along an axis") { .cumulativeSum(axis: $0) },
    alongAxis("sort", "The elements in ascending order along an axis, NaN last") { .sort(axis: $0) },
    alongAxis("order", "The indices that sort along an axis, stable, NaN last") { .argSort(axis: $0) },
    topOrder,
  ]

  private static func reduction(_ name: String, _ operation: Reduction, _ meaning: String) -> NativeFunction {
    NativeFunction(
      name, ["t", "axes?", "keep?"], kinds: .tensor,
      doc:
        "\(meaning) over `axes:`, the second argument (one axis or several, all when left out), which are dropped unless `keep: true`.",
      example: "\(name)(tensor([[1, 2], [3, 4]])\(operation == .any || operation == .all ? " > 2" : ""), axes: 0)"
    ) { call in try reduce(call, operation, axes: call[1], keep: 2) }
  }

  /// `max(t, axes: 0)` or `max(t, 0)`, and `max(a, b, c)` of numbers and rank-0 tensors.
  private static func extremum(_ name: String, _ operation: Reduction, _ meaning: String) -> NativeFunction {
    let pairwise = operation == .max ? "maximum" : "minimum"
    let help = [
      "`\(pairwise)(a, b)` compares element by element; a second argument of `\(name)` is its axes, as in `\(name)(t, 0)`"
    ]
    return NativeFunction(
      name, ["t", "...rest", "axes?", "keep?"], kinds: .tensor,
      doc:
        "\(meaning) over `axes:` (one axis or several, all when left out), which are dropped unless `keep: true`; `\(name)(t, 0)` is over axis 0 too. Of several numbers, the one; `\(pairwise)(t, 0)` compares each element.",
      example: "\(name)(tensor([[1, 2], [3, 4]]), axes: 0)"
    ) { call in
      let rest = call[1].list
      if rest.count == 0 { return try reduce(call, operation, axes: call[2], keep: 3) }
      let operations = call.operations
      guard try call.operand(0).rank == 0 else {
        guard rest.count == 1, !call.has(2) else {
          throw RuntimeError(
            "E0210", "`\(name)` of a tensor takes `axes:` and `keep:`", help: help)
        }
        return try reduce(call, operation, axes: rest.elements[0], keep: 3, help: help)
      }
      var result = try call.operand(0)
      for i in 0..<rest.count {
        guard let next = operations.operand(rest.elements[i]) else { throw call.mismatch(1, "numbers") }
        result = try operations.arithmetic(operation == .max ? .maximum : .minimum, result, next)
      }
      return call.result(result)
    }
  }

  private static func reduce(
    _ call: NativeCall, _ operation: Reduction, axes: Value, keep: Int, help: [String] = []
  ) throws -> Value {
    let x = try call.operand(0)
    let axes = try call.axes(axes, of: x.shape, help: help)
    return call.result(try call.operations.reduce(operation, x, axes: axes, keep: try call.bool(keep, default: false)))
  }

  private static func argument(_ name: String, isMax: Bool, _ meaning: String) -> NativeFunction {
    NativeFunction(
      name, ["t", "axis?"], kinds: .tensor, doc: "\(meaning) along an axis (the last), which is dropped.",
      example: "\(name)(tensor([3, 1, 2]))"
    ) { call in
      let x = try call.operand(0)
      let axis = try call.axis(try call.int(1, default: -1), of: x.shape)
      let numeric = x.type == .bool ? try call.operations.convert(x, to: .i32) : x
      return call.result(try call.operations.apply(.argReduce(isMax: isMax, axis: axis), [numeric], isTensor: true))
    }
  }

  private static func alongAxis(
    _ name: String, _ meaning: String, _ primitive: @escaping @Sendable (Int) -> Primitive
  ) -> NativeFunction {
    NativeFunction(
      name, ["t", "axis?"], kinds: .tensor, doc: "\(meaning) (the last).", example: "\(name)(tensor([3, 1, 2]))"
    ) { call in
      let x = try call.operand(0)
      let axis = try call.axis(try call.int(1, default: -1), of: x.shape)
      let numeric = x.type == .bool ? try call.operations.convert(x, to: .i64) : x
      return call.result(try call.operations.apply(primitive(axis), [numeric], isTensor: true))
    }
  }
}

extension Natives {
  /// `top_order(t, k, axis: 0)`.
  private static let topOrder = NativeFunction(
    "top_order", ["t", "k", "axis?"], kinds: .tensor,
    doc:
      "The indices of the k largest elements along an axis (the last), the largest first; NaN before all, of equal ones the first first.",
    example: "top_order(tensor([3, 1, 5]), 2)"
  ) { call in
    let x = try call.operand(0)
    let axis = try call.axis(try call.int(2, default: -1), of: x.shape)
    let count = try call.whole(call[1], "a count")
    guard count >= 0, count <= x.shape[axis] else {
      throw RuntimeError(
        "E0403",
        "the \(count) largest cannot be taken of the \(x.shape[axis]) elements along axis \(axis) of \(describe(x.shape))",
        label: "k \(count)")
    }
    let numeric = x.type == .bool ? try call.operations.convert(x, to: .i32) : x
    return call.result(try call.operations.apply(.topOrder(axis: axis, count: count), [numeric], isTensor: true))
  }
}

extension TensorOperations {
  func reduce(_ operation: Reduction, _ x: TensorOperand, axes: [Int], keep: Bool) throws -> TensorOperand {
    if x.rank == 0 { return x }
    var source = x
    switch operation {
    case .any, .all:
      guard x.type == .bool else {
        throw RuntimeError(
          "E0402", "`\(operation)` needs booleans, not \(x.type.name)\(describe(x.shape))",
          help: ["compare first, as in `\(operation)(x > 0)`"])
      }
    case .max, .min:
      if x.type == .bool { source = try convert(x, to: .i32) }
      for axis in axes where x.shape[axis] == 0 {
        throw RuntimeError(
          "E0401",
          "no elements have no \(operation == .max ? "largest" : "smallest"): axis \(axis) of \(describe(x.shape)) is empty"
        )
      }
    case .sum, .product: if x.type == .bool { source = try convert(x, to: .i64) }
    }
    var result = try apply(.reduce(operation, axes: axes), [source], isTensor: true)
    if x.type == .bool, operation == .max || operation == .min { result = try convert(result, to: .bool) }
    guard keep else { return result }
    var shape = x.shape
    for axis in axes { shape[axis] = 1 }
    return try reshape(result, shape)
  }
}

extension TensorHooks {
  /// The sum, product, largest or smallest of a list that holds tensors, so that they are combined as `+` or
  /// `maximum` combine them, with their gradients; nil for a list without tensors.
  static func folded(_ call: NativeCall, _ operation: BinaryOperation) throws -> Value? {
    guard call[0].tag == .list else { return nil }
    let list = call[0].list
    for i in 0..<list.count {
      try call.machine.pollInterrupt(at: i)
      guard list.elements[i].tag == .tensor else { continue }
      return try folded(call.machine, (0..<list.count).map { list.elements[$0] }, operation)
    }
    return nil
  }

  static func folded(_ m: Machine, _ values: [Value], _ operation: BinaryOperation) throws -> Value? {
    guard values.contains(where: { $0.tag == .tensor }) else { return nil }
    let operations = TensorOperations(m)
    var total: TensorOperand?
    for value in values {
      guard let next = operations.operand(value) else {
        throw RuntimeError("E0210", "numbers and tensors cannot be combined with \(m.brief(value))")
      }
      total = try total.map { try operations.arithmetic(operation, $0, next) } ?? next
    }
    return total.map(operations.value)
  }
}
