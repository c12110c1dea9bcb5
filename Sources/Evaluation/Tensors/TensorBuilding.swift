import Graphs
import Tensors

/// Tensors from lists, ranges and numbers.
struct TensorBuilding {
  let operations: TensorOperations
  private var machine: Machine { operations.machine }

  init(_ machine: Machine) { operations = TensorOperations(machine) }

  /// The tensor of a number, bool, nested list, range or tensor. Ints become f32 unless `integersStay` (then i64) or a
  /// type is given.
  func tensor(of value: Value, type: ElementType?, integersStay: Bool = false) throws -> TensorOperand {
    if let operand = operations.operand(value) {
      if value.tag == .tensor, !operand.isNumber {
        guard let type else { return operand }
        return try operations.convert(operand, to: type)
      }
      return try operations.convert(operand, to: type ?? standard(operand.type, integersStay))
    }
    if value.tag == .range { return try tensor(ofRange: value, type: type, integersStay: integersStay) }
    guard value.tag == .list else {
      throw RuntimeError(
        "E0402", "a tensor is made of numbers, not of \(machine.brief(value))",
        help: ["nested lists of numbers make a tensor"])
    }
    return try tensor(ofList: value, type: type, integersStay: integersStay)
  }

  private func standard(_ type: ElementType, _ integersStay: Bool) -> ElementType {
    switch type {
    case .bool: .bool
    case .i32, .i64: integersStay ? .i64 : .f32
    case .f32, .f64: .f32
    }
  }

  private func tensor(ofRange value: Value, type: ElementType?, integersStay: Bool) throws -> TensorOperand {
    let range = value.range.pointee
    if range.start.tag == .float || range.end.tag == .float || range.step.tag == .float {
      throw RuntimeError("E0402", "a range of floats makes no tensor", help: ["use `linspace`"])
    }
    let whole = try operations.wholeRange(value)
    if whole.count > 0, type == .i32 {
      try operations.requireRoom(for: .int(whole.start), .i32)
      try operations.requireRoom(for: .int(whole.start &+ (whole.count &- 1) &* whole.step), .i32)
    }
    guard whole.count <= 1 << 40 else { throw RuntimeError(TensorError.tooLarge([whole.count])) }
    let line = try operations.apply(.iota(shape: [whole.count], axis: 0, type: .i64), [], isTensor: true)
    let scaled = try operations.arithmetic(
      .add, try operations.arithmetic(.multiply, line, .int(whole.step)), .int(whole.start))
    return try operations.convert(scaled, to: type ?? (integersStay ? .i64 : .f32))
  }

  /// Leaves in order, with the shape that all sublists must share.
  private func tensor(ofList list: Value, type: ElementType?, integersStay: Bool) throws -> TensorOperand {
    var shape: Shape = []
    var probe = list
    while probe.tag == .list {
      shape.append(probe.list.count)
      guard shape.count <= 32 else { throw RuntimeError("E0405", "a tensor can have at most 32 axes") }
      guard probe.list.count > 0 else { break }
      probe = probe.list.elements[0]
    }
    var leaves: [TensorOperand] = []
    try collect(list, shape, 0, type, &leaves)
    if leaves.isEmpty {
      return .tensor(try translatingErrors { try Tensor(uninitialized: shape, type: type ?? .f32) })
    }
    return try assemble(leaves, shape, type, integersStay)
  }

  private func collect(
    _ list: Value, _ shape: Shape, _ depth: Int, _ type: ElementType?, _ leaves: inout [TensorOperand]
  ) throws {
    guard list.tag == .list, list.list.count == shape[depth] else { throw ragged(list, shape, depth) }
    for i in 0..<list.list.count {
      try machine.pollInterrupt(at: i)
      let element = list.list.elements[i]
      if depth + 1 < shape.count {
        try collect(element, shape, depth + 1, type, &leaves)
      } else if element.tag == .list {
        throw ragged(element, shape, depth + 1)
      } else if let operand = operations.operand(element) {
        leaves.append(operand)
      } else if element.tag == .range {
        leaves.append(try tensor(of: element, type: type, integersStay: true))
      } else {
        throw RuntimeError("E0402", "a tensor is made of numbers, not of \(machine.brief(element))")
      }
    }
  }

  private func ragged(_ value: Value, _ shape: Shape, _ depth: Int) -> RuntimeError {
    let found = value.tag == .list ? "a list of \(value.list.count)" : machine.brief(value)
    let wanted = depth < shape.count ? "a list of \(shape[depth])" : "a number"
    return RuntimeError(
      "E0405", "the rows of a tensor must all be alike: \(found) stands where the first had \(wanted)",
      label: "ragged list")
  }

  private func assemble(_ leaves: [TensorOperand], _ shape: Shape, _ type: ElementType?, _ integersStay: Bool) throws
    -> TensorOperand
  {
    let isPlain = leaves.allSatisfy { $0.isNumber && !$0.isTraced }
    var common = standard(leaves[0].type, true)
    if !leaves[0].isNumber { common = leaves[0].type }
    var hasTensor = !leaves[0].isNumber
    for (index, leaf) in leaves.dropFirst().enumerated() {
      try machine.pollInterrupt(at: index)
      if !leaf.isNumber {
        common = hasTensor ? TensorOperations.widest(common, leaf.type, numbers: false) : leaf.type
        hasTensor = true
      } else if !hasTensor {
        common = TensorOperations.widest(common, standard(leaf.type, true), numbers: true)
      }
    }
    if !hasTensor, !integersStay, common == .i64 { common = .f32 }
    let target = type ?? common
    if isPlain { return .tensor(try plain(leaves, shape, target)) }
    let parts = try leaves.map { leaf -> TensorOperand in
      let part = try operations.convert(leaf, to: target)
      return try operations.reshape(part, [1] + part.shape)
    }
    let joined = try operations.apply(.concat(axis: 0), parts, isTensor: true)
    return try operations.reshape(joined, shape + joined.shape.dropFirst())
  }

  private func plain(_ leaves: [TensorOperand], _ shape: Shape, _ type: ElementType) throws -> Tensor {
    if type == .i64 || type == .i32 {
      let values = try leaves.map { try operations.wholeNumber($0, type) }
      return try translatingErrors {
        let tensor = try Tensor(values, shape: shape)
        return type == .i64 ? tensor : try Graphs.evaluate(.convert(type), [tensor])
      }
    }
    return try translatingErrors {
      let values = leaves.map { leaf -> Double in
        switch leaf {
        case .int(let number): Double(number)
        case .float(let number): number
        case .bool(let truth): truth ? 1 : 0
        default: 0
        }
      }
      if type == .f32 { return try Tensor(values.map { Float($0) }, shape: shape) }
      let tensor = try Tensor(values, shape: shape)
      return type == .f64 ? tensor : try Graphs.evaluate(.convert(type), [tensor])
    }
  }
}
