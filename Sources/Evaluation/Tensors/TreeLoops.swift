import Graphs
import Tensors

/// Loops over the entries of tensors inside trees.
struct TreeLoops {
  let call: NativeCall
  private var machine: Machine { call.machine }
  private var heap: Heap { call.heap }
  private var operations: TensorOperations { call.operations }
  /// Trees deeper than this are refused, since stacking walks them recursively.
  private static let maximumDepth = 1000

  init(_ call: NativeCall) { self.call = call }

  /// The number of entries along an axis, the same for all tensors of the tree.
  private func extent(_ x: Value, axis: Int) throws -> Int {
    var result: Int?
    for operand in try LoopLeaves(machine).leaves(of: x) where operand.rank > 0 && !operand.isNumber {
      let axis = try call.axis(axis, of: operand.shape)
      if let known = result, known != operand.shape[axis] {
        throw RuntimeError(
          "E0401",
          "`\(call.function.name)` needs as many entries in each tensor, not \(known) and \(operand.shape[axis])")
      }
      result = operand.shape[axis]
    }
    guard let result else {
      throw RuntimeError(
        "E0203", "`\(call.function.name)` needs a tensor to go over, not \(machine.brief(x))",
        help: x.tag == .list || x.tag == .range ? [Machine.tensorOfList] : [])
    }
    return result
  }

  /// Entry `i` of every tensor in a tree.
  private func entry(_ x: Value, _ i: Int, axis: Int) throws -> Value {
    try TreeRebuild(machine).rebuild(x) { part, _ in
      guard part.tag == .tensor, let operand = operations.operand(part), operand.rank > 0 else { return nil }
      let axis = try call.axis(axis, of: operand.shape)
      if axis == 0 { return operations.value(try operations.row(operand, i)) }
      var indexes: [TensorHooks.Index] = Array(repeating: .whole, count: axis)
      indexes.append(.value(Value(i)))
      return operations.value(try operations.index(operand, indexes))
    }
  }

  /// The function for a whole batch where it can be traced, otherwise entry by entry.
  func map(_ f: Value) throws -> Value {
    let count = try extent(call[0], axis: 0)
    let list = call[1].list
    let rest = (0..<list.count).map { list.elements[$0] }
    let scope = try operations.freshKey()
    // Of no entries the trace knows the shapes of the results.
    do { return try TracedMap(call, f, count: count, scope: scope).batched(call[0], rest) } catch let error
      as RuntimeError
      where machine.tensors.mayFollowValues(after: error)
    {}
    var results: [Value] = []
    defer { for result in results { heap.release(result) } }
    for i in 0..<count {
      try machine.pollInterrupt()
      let x = try entry(call[0], i, axis: 0)
      defer { heap.release(x) }
      results.append(
        try operations.withKey(try operations.derive(scope, .int(i))) { try machine.call(f, [x] + rest) })
    }
    return try stacked(results, axis: 0, depth: 0)
  }

  /// The loop as one operation where its body can be traced, otherwise step by step.
  func scan() throws -> Value {
    let f = try call.function(0)
    let axis = try call.int(3, default: 0)
    let count = try extent(call[2], axis: axis)
    let scope = try operations.freshKey()
    let loop = TracedScan(call, f, count: count, axis: axis, scope: scope)
    do { return try loop.run() } catch let error as RuntimeError where machine.tensors.mayFollowValues(after: error) {}
    return try stepwise(f, count: count, axis: axis, scope)
  }

  private func stepwise(_ f: Value, count: Int, axis: Int, _ scope: TensorOperand) throws -> Value {
    var carry = heap.retained(call[1])
    var outs: [Value] = []
    defer {
      heap.release(carry)
      for out in outs { heap.release(out) }
    }
    for i in 0..<count {
      try machine.pollInterrupt()
      let x = try entry(call[2], i, axis: axis)
      defer { heap.release(x) }
      let step = try operations.withKey(try operations.derive(scope, .int(i))) { try machine.call(f, [carry, x]) }
      defer { heap.release(step) }
      let (next, out) = try TracedScan.parts(of: step, call)
      outs.append(heap.retained(out))
      heap.retain(next)
      heap.release(carry)
      carry = next
    }
    let out = try stacked(outs, axis: axis, depth: 0)
    return heap.record([("carry", heap.retained(carry)), ("out", out)])
  }

  /// f over the points of one or two axes: a loop whose steps run on all threads where f can be traced.
  func grid() throws -> Value {
    let list = call[1].list
    var parts = (0..<list.count).map { list.elements[$0] }
    let f = call.has(2) ? try call.function(2) : parts.popLast() ?? .none
    guard f.isFunction, parts.count <= 1 else {
      throw RuntimeError("E0210", "`grid` takes one or two axes and a function", label: "called here")
    }
    let axes = try ([call[0]] + parts).map { axis -> Tensor in
      let operand = try TensorBuilding(machine).tensor(of: axis, type: isWholeAxis(axis) ? .i64 : .f64)
      guard operand.rank == 1 else { throw RuntimeError("E0401", "an axis of `grid` is a list of numbers") }
      return try call.content(operand)
    }
    let shape = axes.map(\.count)
    let scope = try operations.freshKey()
    let flat = try points(f, axes, scope)
    if shape.count == 1 { return flat }
    defer { heap.release(flat) }
    return try TreeRebuild(machine).rebuild(flat) { part, _ in
      guard part.tag == .tensor, let operand = operations.operand(part), operand.rank > 0,
        let reshaped = try? operations.reshape(operand, shape + operand.shape.dropFirst())
      else { return nil }
      return operations.value(reshaped)
    }
  }

  /// The results at all points, those of the last axis next to each other.
  private func points(_ f: Value, _ axes: [Tensor], _ scope: TensorOperand) throws -> Value {
    let shape = axes.map(\.count)
    let (count, isLarge) = shape.dropFirst().reduce((shape[0], false)) { total, extent in
      let (product, overflow) = total.0.multipliedReportingOverflow(by: extent)
      return (product, total.1 || overflow)
    }
    guard !isLarge, count < 1 << 40 else {
      throw RuntimeError("E0302", "a grid of \(shape[0]) by \(shape[1]) points does not fit in memory")
    }
    if count > 0 {
      let operations = operations
      let stacks = try axes.enumerated().map { i, axis -> TensorOperand in
        guard axes.count == 2 else { return .tensor(axis) }
        let one = try operations.reshape(.tensor(axis), i == 0 ? [axis.count, 1] : [1, axis.count])
        let all = try operations.apply(.broadcast(shape), [one], isTensor: true)
        return try operations.reshape(all, [count])
      }
      do { return try TracedMap(call, f, count: count, scope: scope).looped(stacks) } catch let error as RuntimeError
        where machine.tensors.mayFollowValues(after: error)
      {}
    }
    var results: [Value] = []
    defer { for result in results { heap.release(result) } }
    for i in 0..<count {
      try machine.pollInterrupt()
      let place = shape.count == 1 ? [i] : [i / shape[1], i % shape[1]]
      let point = zip(axes, place).map { axis, index in
        axis.type == .i64 ? Value(axis.integer(index)) : Value(axis.element(index))
      }
      results.append(try operations.withKey(try operations.derive(scope, .int(i))) { try machine.call(f, point) })
    }
    return try stacked(results, axis: 0, depth: 0)
  }

  private func isWholeAxis(_ value: Value) -> Bool {
    switch value.tag {
    case .range: return value.range.pointee.start.tag == .int && value.range.pointee.step.tag != .float
    case .list: return (0..<value.list.count).allSatisfy { value.list.elements[$0].tag == .int }
    default: return operations.operand(value).map { !$0.type.isFloat } ?? false
    }
  }

  /// Values of one structure, their tensors and numbers stacked along a new axis. Borrows them.
  private func stacked(_ values: [Value], axis: Int, depth: Int) throws -> Value {
    guard let first = values.first else { return .none }
    guard depth < TreeLoops.maximumDepth else {
      throw RuntimeError("E0303", "`\(call.function.name)` cannot stack values nested so deep")
    }
    if first.isNone { return .none }
    if let operand = operations.operand(first) {
      let parts = try values.map { value -> TensorOperand in
        guard let part = operations.operand(value) else { throw unlike(operand, machine.brief(value)) }
        return part
      }
      return operations.value(try stackedTensors(parts, axis))
    }
    if first.tag == .closure { return try stackedModels(values, axis) }
    guard first.tag == .list || first.tag == .record, let node = TreeNode(first) else {
      throw RuntimeError("E0203", "`\(call.function.name)` cannot stack \(machine.brief(first))")
    }
    var children: [Value] = []
    do {
      for i in 0..<node.count {
        let column = try values.map { value -> Value in
          guard let other = TreeNode(value), other.value.tag == first.tag, other.count == node.count else {
            throw RuntimeError("E0409", "`\(call.function.name)` needs all results built alike")
          }
          return other[i]
        }
        children.append(try stacked(column, axis: axis, depth: depth + 1))
      }
    } catch {
      for child in children { heap.release(child) }
      throw error
    }
    return node.rebuilt(children, heap)
  }

  /// Functions that differ in their tensors only: one with all of them.
  private func stackedModels(_ values: [Value], _ axis: Int) throws -> Value {
    let leaves = LoopLeaves(machine, takesBools: true)
    let form = try leaves.structure(of: values[0])
    defer { heap.release(form) }
    var stacks: [[TensorOperand]] = []
    var ties = try leaves.ties(of: values[0])
    for value in values {
      let other = try leaves.structure(of: value)
      defer { heap.release(other) }
      guard machine.isSame(form, other) else {
        throw RuntimeError(
          "E0409",
          "`\(call.function.name)` needs all results built alike, not \(machine.brief(values[0])) and \(machine.brief(value))",
          help: ["functions are stacked where one definition made them, with the same numbers"])
      }
      stacks.append(try leaves.leaves(of: value))
      ties = ties.common(with: try leaves.ties(of: value))
    }
    let parts = try stacks[0].indices.map { leaf in try stackedTensors(stacks.map { $0[leaf] }, axis) }
    return try leaves.rebuilt(values[0], with: parts, ties: ties)
  }

  private func unlike(_ first: TensorOperand, _ other: String) -> RuntimeError {
    RuntimeError(
      "E0401", "`\(call.function.name)` needs results of one shape, not \(describe(first.shape)) and \(other)")
  }

  private func stackedTensors(_ operands: [TensorOperand], _ axis: Int) throws -> TensorOperand {
    let first = operands[0]
    let target: ElementType = first.isNumber && first.type == .f64 ? .f32 : first.type
    let position = max(0, min(first.rank, axis < 0 ? axis + first.rank + 1 : axis))
    let shape = Array(first.shape[..<position]) + [1] + Array(first.shape[position...])
    let parts = try operands.map { operand -> TensorOperand in
      guard operand.shape == first.shape else { throw unlike(first, describe(operand.shape)) }
      return try operations.reshape(try operations.convert(operand, to: target), shape)
    }
    return try operations.apply(.concat(axis: position), parts, isTensor: true)
  }
}
