import Graphs
import Tensors

/// Params and states of models.
extension TensorHooks {
  /// `param name = value` in a function: the value of the slot, which no other slot shares, so that two params made
  /// of one tensor are two params.
  static func makeParam(_ m: Machine, _ value: Value) throws -> Value { try TreeParams.fresh(m, value) }

  /// `state name = value` in a function: the value of the slot.
  static func makeState(_ m: Machine, _ value: Value) throws -> Value {
    let operations = TensorOperations(m)
    guard let operand = operations.operand(value) else {
      throw RuntimeError("E0506", "a state holds a tensor or a number, not \(m.brief(value))")
    }
    if operand.isNumber { return operations.value(try operations.convert(operand, to: standardState(operand.type))) }
    return operations.value(operand)
  }

  private static func standardState(_ type: ElementType) -> ElementType {
    switch type {
    case .f64, .f32: .f32
    default: type
    }
  }

  /// Reading a captured `state` (the slot's value is borrowed): its current value.
  static func readState(_ m: Machine, _ slot: Value) throws -> Value {
    guard slot.tag == .tensor, let cell = slot.boxedObject as? StateCell else { return m.heap.retained(slot) }
    let operations = TensorOperations(m)
    return operations.value(operations.operand(of: cell.content))
  }

  /// `name = value` inside the closure that captured `state name`: allowed only in training. Consumes the value.
  static func assignState(_ m: Machine, _ slot: Value, _ value: Value) throws {
    defer { m.heap.release(value) }
    guard m.tensors.isTraining, slot.tag == .tensor, let cell = slot.boxedObject as? StateCell else {
      throw notInTraining(m, slot)
    }
    let operations = TensorOperations(m)
    switch try kept(operations, value, like: operations.operand(of: cell.content)) {
    case .tensor(let tensor): cell.content = tensor
    case .traced(let traced): cell.content = traced
    case .int, .float, .bool: break
    }
  }

  /// Why a state cannot be assigned, and what to write.
  private static func notInTraining(_ m: Machine, _ slot: Value) -> RuntimeError {
    guard m.tensors.isTraining else {
      return RuntimeError(
        "E0510", "a state can only be assigned while its model is trained", label: "not in training",
        help: [
          "`value_and_grad(f, training: true)(model)` trains, and gives the model with its new states as `next`",
          "assign it under `if training() { … }`",
        ])
    }
    if slot.tag == .tensor, slot.boxedObject is TracedValue {
      return RuntimeError(
        "E0514", "a state cannot be assigned by a model that `vmap` takes apart or a loop hands on",
        label: "assigned by an entry or a step",
        help: ["`vmap(value_and_grad(f, training: true))(models)` trains each model of a stack"])
    }
    return RuntimeError(
      "E0510", "this state is of another model than the one that is being trained", label: "not of the trained model",
      help: [
        "`evaluating(() -> model(x))` uses a model as it is, within the training of another",
        "to train both, give them to `value_and_grad` as one value, such as `{ first, second }`",
      ])
  }

  /// Another value for the slot of a state: both are borrowed, the result is owned.
  static func state(_ m: Machine, _ value: Value, like slot: Value) throws -> Value {
    let operations = TensorOperations(m)
    let old = try readState(m, slot)
    defer { m.heap.release(old) }
    guard let held = operations.operand(old) else { return m.heap.retained(slot) }
    return operations.value(try kept(operations, value, like: held))
  }

  /// A value in the shape and type of a state, which it keeps.
  private static func kept(_ operations: TensorOperations, _ value: Value, like old: TensorOperand) throws
    -> TensorOperand
  {
    guard let new = operations.operand(value), new.shape == old.shape else {
      let machine = operations.machine
      let shape = operations.operand(value).map { describe($0.shape) } ?? machine.brief(value)
      throw RuntimeError("E0511", "a state keeps its shape: \(shape) cannot replace \(describe(old.shape))")
    }
    return try operations.convert(new, to: old.type)
  }
}

/// States of a value under training.
struct TreeStates {
  unowned(unsafe) let machine: Machine
  init(_ machine: Machine) { self.machine = machine }

  /// The value with a fresh cell in each slot of a state; the cells in order.
  func withCells(_ value: Value) throws -> (value: Value, hasCells: Bool) {
    var hasCells = false
    let result = try replaceStates(value) { slot in
      guard slot.tag == .tensor, let object = slot.boxedObject else { return nil }
      hasCells = true
      let content = (object as? StateCell)?.content ?? object
      return machine.heap.tensor(holding: StateCell(content), bytes: 0)
    }
    return (result, hasCells)
  }

  /// The cells in a value's slots of states, each once.
  func cells(of value: Value) throws -> [StateCell] {
    var result: [StateCell] = []
    let walked = try replaceStates(value) { slot in
      if slot.tag == .tensor, let cell = slot.boxedObject as? StateCell, !result.contains(where: { $0 === cell }) {
        result.append(cell)
      }
      return nil
    }
    machine.heap.release(walked)
    return result
  }

  /// The value with what its cells hold now in place of the cells.
  func settled(_ value: Value) throws -> Value {
    let operations = TensorOperations(machine)
    return try replaceStates(value) { slot in
      guard slot.tag == .tensor, let cell = slot.boxedObject as? StateCell else { return nil }
      return operations.value(operations.operand(of: cell.content))
    }
  }

  /// Rebuilds a value with some slots of states replaced; `replace` gives an owned value or nil to keep.
  private func replaceStates(_ value: Value, _ replace: (Value) -> Value?) throws -> Value {
    try TreeRebuild(machine).rebuild(value) { child, role in
      role == .state ? replace(child) : nil
    }
  }
}

/// Rebuilds a value of any depth with parts replaced; parts without replacements are shared. One object reached twice
/// stays one.
struct TreeRebuild {
  unowned(unsafe) let machine: Machine
  init(_ machine: Machine) { self.machine = machine }

  private struct Level {
    var node: TreeNode
    var next = 0
    var children: [Value] = []
    var isChanged = false
  }

  /// `replace` borrows a part with its role and gives what stands in its stead, owned, or nil to look inside it.
  func rebuild(_ value: Value, _ replace: (Value, TreeNode.Role) throws -> Value?) throws -> Value {
    var levels: [Level] = []
    do { return try rebuild(value, &levels, replace) } catch {
      for level in levels { for child in level.children { machine.heap.release(child) } }
      throw error
    }
  }

  private func rebuild(
    _ value: Value, _ levels: inout [Level], _ replace: (Value, TreeNode.Role) throws -> Value?
  ) throws -> Value {
    let heap = machine.heap
    if let whole = try replace(value, .plain) { return whole }
    guard let root = TreeNode(value) else { return heap.retained(value) }
    levels = [Level(node: root)]
    var done: [UInt64: (value: Value, isChanged: Bool)] = [:]
    var watch = WalkWatch()
    while let top = levels.indices.last {
      try watch.step(machine, holding: done.capacity * MemoryLayout<(UInt64, Value, Bool)>.stride)
      let index = levels[top].next
      guard index < levels[top].node.count else {
        let level = levels.removeLast()
        let result: Value
        if level.isChanged {
          result = level.node.rebuilt(level.children, heap)
        } else {
          for child in level.children { heap.release(child) }
          result = heap.retained(level.node.value)
        }
        if !level.node.value.isUnique { done[level.node.value.bits] = (result, level.isChanged) }
        guard let parent = levels.indices.last else { return result }
        levels[parent].children.append(result)
        levels[parent].isChanged = levels[parent].isChanged || level.isChanged
        continue
      }
      let child = levels[top].node[index]
      levels[top].next = index + 1
      if child.isHeap, let known = done[child.bits] {
        levels[top].children.append(heap.retained(known.value))
        levels[top].isChanged = levels[top].isChanged || known.isChanged
      } else if let new = try replace(child, levels[top].node.role(index)) {
        if child.isHeap, !child.isUnique { done[child.bits] = (new, true) }
        levels[top].children.append(new)
        levels[top].isChanged = true
      } else if let node = TreeNode(child) {
        levels.append(Level(node: node))
      } else {
        levels[top].children.append(heap.retained(child))
      }
    }
    return heap.retained(value)
  }
}
