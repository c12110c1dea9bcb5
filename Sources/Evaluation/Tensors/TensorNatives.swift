import Graphs
import Tensors

/// Natives on tensors, trees, gradients and randomness.
extension Natives {
  static let tensors: [NativeFunction] =
    tensorMakers + tensorElementwise + tensorReductions + tensorShapes + tensorIndexes + randomNatives + treeNatives
    + gradientNatives + compiledNatives + stepFolds + linearAlgebra + linearPrograms + rigidBodies
    + tensorFiles + windows + nodeNetworks
}

extension KindSet {
  /// Tensors and everything that can be a tree of them.
  static let tensorOrTree: KindSet = [.tensor, .list, .record, .function]
  /// Tensors and what counts as one.
  static let tensorLike: KindSet = [.tensor, .number, .bool, .list, .range]
}

/// Conversions of arguments that concern tensors.
extension NativeCall {
  var operations: TensorOperations { TensorOperations(machine) }

  /// A tensor, number or bool; lists and ranges are made into a tensor.
  func operand(_ index: Int) throws -> TensorOperand {
    if let operand = operations.operand(self[index]) { return operand }
    if self[index].tag == .list || self[index].tag == .range {
      return try TensorBuilding(machine).tensor(of: self[index], type: nil, integersStay: true)
    }
    throw mismatch(index, "a tensor")
  }

  /// A tensor; numbers become rank-0 tensors of the type that `tensor(x)` gives.
  func tensor(_ index: Int) throws -> TensorOperand {
    let operand = try operand(index)
    guard operand.isNumber else { return operand }
    return try operations.convert(operand, to: operand.type == .f64 ? .f32 : operand.type)
  }

  /// A tensor whose content is known now and through which no gradient can pass.
  func content(_ index: Int) throws -> Tensor { try content(try tensor(index)) }

  func content(_ operand: TensorOperand) throws -> Tensor {
    if case .traced(let traced) = operand {
      if traced.recording.isStaged {
        throw RuntimeError.untraceable(
          "`\(function.name)` cannot be compiled: it works on the content of its tensors",
          help: ["call it outside of the compiled function"])
      }
      let node = traced.recording.trace.nodes[traced.node.index]
      if traced.type.isFloat, node.primitive != .stopGradient {
        throw RuntimeError(
          "E0507", "`\(function.name)` has no derivative", label: "inside `grad`",
          help: ["`stop_gradient(x)` passes a value on without its gradient"])
      }
    }
    guard let tensor = operations.requireContent(operand) else {
      throw RuntimeError("E0502", "a value of a compiled function is used outside of it")
    }
    return tensor
  }

  /// `dtype:`; nil when left out.
  func elementType(_ index: Int) throws -> ElementType? {
    guard has(index) else { return nil }
    let name = try text(index)
    if let type = ElementType.allCases.first(where: { $0.name == name }) { return type }
    throw RuntimeError(
      "E0402", "`\(name)` is no element type", label: "dtype",
      help: ["the types are \"f32\", \"f64\", \"i32\", \"i64\" and \"bool\""])
  }

  /// Extents given as numbers or as one list (a rest parameter); nil when none was given.
  func shape(rest index: Int) throws -> Shape? {
    guard self[index].tag == .list, self[index].list.count > 0 else { return nil }
    let list = self[index].list
    if list.count == 1, list.elements[0].tag == .list || list.elements[0].tag == .tensor {
      let inner = list.elements[0]
      if inner.tag == .list { return try extents(inner.list) }
      let operand = operations.operand(inner)
      if let operand, operand.rank == 1, let tensor = operations.requireContent(operand), !tensor.type.isFloat {
        return (0..<tensor.count).map(tensor.integer)
      }
    }
    return try extents(list)
  }

  /// A shape as one value: a number or a list of them.
  func shape(_ index: Int) throws -> Shape {
    if self[index].tag == .list { return try extents(self[index].list) }
    return [try int(index)]
  }

  private func extents(_ list: UnsafeMutablePointer<ListObject>) throws -> Shape {
    var shape: Shape = []
    for i in 0..<list.count { shape.append(try whole(list.elements[i], "an extent of a shape")) }
    return shape
  }

  /// An int, or a rank-0 tensor of one. `help` is that of what is none.
  func whole(_ value: Value, _ what: String, help: [String] = []) throws -> Int {
    let plain = value.tag == .tensor ? try TensorHooks.scalar(machine, value) ?? value : value
    if plain.tag == .int { return plain.asInt }
    if plain.tag == .float, let exact = Int(exactly: plain.asDouble) { return exact }
    throw RuntimeError(
      "E0210", "`\(function.name)` needs whole numbers: \(what) cannot be \(machine.brief(value))", help: help)
  }

  /// One axis, counted from the end when negative.
  func axis(_ axis: Int, of shape: Shape, help: [String] = []) throws -> Int {
    let position = axis < 0 ? axis &+ shape.count : axis
    guard shape.indices.contains(position) else {
      throw RuntimeError(
        "E0403", "`\(function.name)`: a tensor of shape \(describe(shape)) has no axis \(axis)", label: "axis \(axis)",
        help: help)
    }
    return position
  }

  /// `axes:` as a number, list or range; all axes when left out. Sorted.
  func axes(_ value: Value, of shape: Shape, help: [String] = []) throws -> [Int] {
    if value.isUnset || value.isNone { return Array(shape.indices) }
    var axes: [Int] = []
    switch value.tag {
    case .list:
      for i in 0..<value.list.count { axes.append(try whole(value.list.elements[i], "an axis", help: help)) }
    case .range:
      let range = try operations.wholeRange(value)
      guard range.count <= 64 else { throw RuntimeError("E0403", "a tensor does not have so many axes") }
      for i in 0..<range.count { axes.append(range.start &+ i &* range.step) }
    default: axes.append(try whole(value, "an axis", help: help))
    }
    let result = try axes.map { try axis($0, of: shape, help: help) }.sorted()
    for (a, b) in zip(result, result.dropFirst()) where a == b {
      throw RuntimeError("E0403", "`\(function.name)`: axis \(a) is named twice", label: "axes")
    }
    return result
  }

  /// A native that several functions share.
  func result(_ operand: TensorOperand) -> Value { operations.value(operand) }
}
