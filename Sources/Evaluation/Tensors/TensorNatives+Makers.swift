import Graphs
import Tensors

extension Natives {
  static let tensorMakers: [NativeFunction] = [
    NativeFunction(
      "tensor", ["x", "dtype?"],
      doc:
        "A tensor of a number, a nested list of numbers, a range or a tensor. Numbers become f32 unless `dtype:` says otherwise.",
      example: "shape(tensor([[1, 2], [3, 4]])) # => [2, 2]"
    ) { call in
      call.result(try TensorBuilding(call.machine).tensor(of: call[0], type: try call.elementType(1)))
    },
    NativeFunction(
      "cast", ["x", "dtype"], doc: "The same numbers in another element type; maps over trees.",
      example: "dtype(cast(tensor([1, 2]), \"i64\")) # => \"i64\""
    ) { call in
      guard let type = try call.elementType(1) else { throw call.mismatch(1, "the name of an element type") }
      let operations = call.operations
      return try TreeArithmetic(call.machine).map(call[0], "cast") { try operations.convert($0, to: type) }
    },
    NativeFunction(
      "zeros", ["...shape", "dtype?"], doc: "A tensor of zeros; the shape as numbers or one list.",
      example: "zeros(2, 3)"
    ) { call in try filled(call, .int(0), try call.shape(rest: 0) ?? [], 1) },
    NativeFunction(
      "ones", ["...shape", "dtype?"], doc: "A tensor of ones; the shape as numbers or one list.", example: "ones([3])"
    ) { call in try filled(call, .int(1), try call.shape(rest: 0) ?? [], 1) },
    NativeFunction(
      "full", ["shape", "value", "dtype?"], doc: "A tensor with one number everywhere.", example: "full([2, 2], 0.5)"
    ) { call in
      let value = try call.operand(1)
      return try filled(call, value, try call.shape(0), 2)
    },
    NativeFunction(
      "eye", ["n", "dtype?"], doc: "The identity matrix of n rows.", example: "eye(3)"
    ) { call in
      let n = try call.int(0)
      let operations = call.operations
      guard n >= 0 else { throw RuntimeError(TensorError.badShape([n, n])) }
      let rows = try operations.apply(.iota(shape: [n, n], axis: 0, type: .i32), [])
      let columns = try operations.apply(.iota(shape: [n, n], axis: 1, type: .i32), [])
      let same = try operations.apply(.compare(.equal), [rows, columns])
      return call.result(try operations.convert(same, to: try call.elementType(1) ?? .f32))
    },
    NativeFunction(
      "zeros_like", ["x"],
      doc:
        "Zeros in the structure and shapes of any tree, for all its leaves. What is no leaf, as integers beside floats, stays as it is.",
      example: "zeros_like([1.0, 2.0]) # => [0.0, 0.0]"
    ) { call in try filledLike(call, 0) },
    NativeFunction(
      "ones_like", ["x"],
      doc:
        "Ones in the structure and shapes of any tree, for all its leaves. What is no leaf, as integers beside floats, stays as it is.",
      example: "ones_like([1.0, 2.0]) # => [1.0, 1.0]"
    ) { call in try filledLike(call, 1) },
    NativeFunction(
      "to_list", ["t", "..._"], kinds: [.tensor, .list, .range],
      doc: "Nested lists of a tensor's numbers; the elements of a range or list.",
      example: "to_list(tensor([1, 2])) # => [1.0, 2.0]"
    ) { call in try toList(call) },
    NativeFunction(
      "shape", ["t"], kinds: .tensorLike, doc: "The extents of a tensor, as a list.",
      example: "shape(zeros(2, 3)) # => [2, 3]"
    ) { call in call.heap.list(try call.operand(0).shape.map { Value($0) }) },
    NativeFunction(
      "rank", ["t"], kinds: .tensorLike, doc: "The number of axes.", example: "rank(zeros(2, 3)) # => 2"
    ) { call in Value(try call.operand(0).rank) },
    NativeFunction(
      "dtype", ["t"], kinds: .tensorLike, doc: "The element type, as a string.", example: "dtype(zeros(2)) # => \"f32\""
    ) { call in call.heap.string(try call.operand(0).type.name) },
    NativeFunction(
      "size", ["t"], kinds: .tensorLike, doc: "The number of elements.", example: "size(zeros(2, 3)) # => 6"
    ) { call in Value(try call.operand(0).shape.reduce(1, *)) },
  ]

  private static func filled(_ call: NativeCall, _ value: TensorOperand, _ shape: Shape, _ dtype: Int) throws -> Value {
    let operations = call.operations
    let type = try call.elementType(dtype) ?? (value.isNumber ? (value.type == .bool ? .bool : .f32) : value.type)
    try checkRoom(call, shape, type)
    let one = try operations.convert(value, to: type)
    guard !shape.isEmpty || one.rank > 0 else { return call.result(one) }
    return call.result(try operations.apply(.broadcast(shape), [one], isTensor: true))
  }

  /// Shapes are checked before memory is asked for.
  static func checkRoom(_ call: NativeCall, _ shape: Shape, _ type: ElementType) throws {
    let count = try translatingErrors { try elementCount(shape, type: type) }
    guard call.heap.hasRoom(for: count * type.byteCount) else {
      throw RuntimeError(TensorError.outOfMemory(bytes: count * type.byteCount))
    }
  }

  private static func filledLike(_ call: NativeCall, _ number: Int) throws -> Value {
    let operations = call.operations
    return try TreeArithmetic(call.machine).map(call[0], call.function.name) { leaf in
      if leaf.isNumber { return leaf.type == .i64 ? .int(number) : .float(Double(number)) }
      let one = try operations.convert(.int(number), to: leaf.type)
      return leaf.rank == 0 ? one : try operations.apply(.broadcast(leaf.shape), [one], isTensor: true)
    }
  }

  private static func toList(_ call: NativeCall) throws -> Value {
    let heap = call.heap
    let value = call[0]
    if value.tag == .list { return heap.retained(value) }
    if value.tag == .range {
      let counts = try call.machine.rangeCounts(value)
      return try call.machine.list(of: counts.count) { counts.value($0) }
    }
    let operand = try call.operand(0)
    guard operand.isTraced else {
      guard let tensor = call.operations.tensor(operand) else { return .none }
      return try nestedList(call.machine, tensor, 0, 0)
    }
    guard operand.rank > 0 else { return call.result(operand) }
    var elements: [Value] = []
    do {
      for i in 0..<operand.shape[0] { elements.append(try TensorHooks.element(call.machine, value, i)) }
    } catch {
      for element in elements { heap.release(element) }
      throw error
    }
    return heap.list(elements)
  }

  private static func nestedList(_ machine: Machine, _ tensor: Tensor, _ axis: Int, _ offset: Int) throws -> Value {
    guard axis < tensor.rank else {
      switch tensor.type {
      case .bool: return Value(tensor.integer(offset) != 0)
      case .i32, .i64: return Value(tensor.integer(offset))
      case .f32, .f64: return Value(tensor.element(offset))
      }
    }
    let inner = tensor.shape[(axis + 1)...].reduce(1, *)
    return try machine.list(of: tensor.shape[axis]) { try nestedList(machine, tensor, axis + 1, offset + $0 * inner) }
  }
}
