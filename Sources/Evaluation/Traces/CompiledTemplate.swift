import Graphs
import Tensors

/// How the result of a compiled function is put together from the outputs of its plan: what a trace gave, with a
/// place for each traced value. One object that the result holds twice stays one.
final class CompiledTemplate {
  private enum Step {
    /// A part without traced values; the template owns a count.
    case constant(Value)
    /// A tensor or number that the plan computed.
    case output(Int, isNumber: Bool, flags: UInt8)
    /// A node like this one (the template owns a count) with the last parts as its children.
    case node(Value, count: Int)
    /// Remembers the last part under a number, or gives it again.
    case save(Int)
    case load(Int)
  }

  private let heap: Heap
  private var steps: [Step] = []
  private var savedCount = 0
  /// What the plan must compute, in order.
  private(set) var outputs: [NodeID] = []
  private var parts: [Value] = []
  private var saved: [Value] = []

  /// Reads a result (borrowed) that was computed in `recording`.
  init(_ result: Value, _ recording: Recording, _ machine: Machine) throws {
    heap = machine.heap
    var builder = Builder(template: self, recording: recording, operations: TensorOperations(machine))
    try builder.build(result)
  }

  deinit {
    for step in steps {
      switch step {
      case .constant(let value), .node(let value, _): heap.release(value)
      case .output, .save, .load: break
      }
    }
  }

  /// A value (owned by the caller) with these tensors at its places; where `keepsNumbers`, also at those of numbers.
  func instantiate(_ tensors: [Tensor], keepsNumbers: Bool = false) -> Value {
    parts.removeAll(keepingCapacity: true)
    saved.removeAll(keepingCapacity: true)
    for step in steps {
      switch step {
      case .constant(let value): parts.append(heap.retained(value))
      case .output(let index, let isNumber, let flags):
        let tensor = tensors[index]
        if isNumber, !keepsNumbers {
          parts.append(CompiledTemplate.number(tensor))
        } else {
          let box = heap.tensor(holding: tensor, bytes: tensor.byteCount)
          box.header.pointee.flags = flags
          parts.append(box)
        }
      case .node(let exemplar, let count): finish(exemplar, count)
      case .save: if let last = parts.last { saved.append(last) }
      case .load(let index): parts.append(heap.retained(saved[index]))
      }
    }
    return parts.popLast() ?? .none
  }

  private static func number(_ tensor: Tensor) -> Value {
    switch tensor.type {
    case .f32, .f64: Value(tensor.element(0))
    case .i32, .i64: Value(tensor.integer(0))
    case .bool: Value(tensor.integer(0) != 0)
    }
  }

  private func finish(_ exemplar: Value, _ count: Int) {
    let first = parts.count - count
    switch exemplar.tag {
    case .closure:
      let closure = heap.closure(exemplar.closure.pointee.prototype, captures: count)
      let captures = closure.closure.captures
      for i in 0..<count { captures[i] = parts[first + i] }
      parts.removeLast(count)
      parts.append(closure)
    case .record:
      let shape = exemplar.record.shape
      shape.pointee.references += 1
      let record = heap.record(shape: shape, capacity: max(1, count))
      let values = record.record.values
      for i in 0..<count { values[i] = parts[first + i] }
      parts.removeLast(count)
      parts.append(record)
    case .list:
      let list = heap.emptyList(capacity: count)
      let elements = list.list.elements
      for i in 0..<count { elements[i] = parts[first + i] }
      list.list.pointee.count = count
      parts.removeLast(count)
      parts.append(list)
    default:
      let children = Array(parts[first...])
      parts.removeLast(count)
      guard let node = TreeNode(exemplar) else { return }
      parts.append(node.rebuilt(children, heap))
    }
  }

  /// Walks a result, depth first.
  private struct Builder {
    let template: CompiledTemplate
    let recording: Recording
    let operations: TensorOperations
    var outputs: [NodeID: Int] = [:]
    /// Shared objects that hold traced values: the number under which they are saved.
    var shared: [UInt64: Int] = [:]
    /// Objects known to hold none.
    var constant: Set<UInt64> = []

    private struct Level {
      var node: TreeNode
      var next = 0
      /// Where the node's steps begin; everything from there on is dropped if it turns out constant.
      var firstStep: Int
      var isTraced = false
    }

    mutating func build(_ result: Value) throws {
      guard var level = try open(result) else { return }
      var levels: [Level] = []
      var watch = WalkWatch()
      while true {
        try watch.step(operations.machine, holding: template.steps.capacity * MemoryLayout<Step>.stride)
        if level.next == level.node.count {
          close(level)
          guard var parent = levels.popLast() else { return }
          parent.isTraced = parent.isTraced || level.isTraced
          level = parent
          continue
        }
        let child = level.node[level.next]
        level.next += 1
        let before = template.steps.count
        if let inner = try open(child) {
          levels.append(level)
          level = inner
        } else if isTraced(from: before) {
          level.isTraced = true
        }
      }
    }

    private func isTraced(from first: Int) -> Bool {
      guard first < template.steps.count, case .constant = template.steps[first] else { return true }
      return false
    }

    /// Writes the steps of a leaf; a node is to be walked.
    private mutating func open(_ value: Value) throws -> Level? {
      if value.isHeap, let index = shared[value.bits] {
        template.steps.append(.load(index))
        return nil
      }
      if value.isHeap, constant.contains(value.bits) {
        appendConstant(value)
        return nil
      }
      if value.tag == .tensor {
        try leaf(value)
        return nil
      }
      guard let node = TreeNode(value) else {
        appendConstant(value)
        return nil
      }
      return Level(node: node, firstStep: template.steps.count)
    }

    private func appendConstant(_ value: Value) { template.steps.append(.constant(template.heap.retained(value))) }

    private mutating func leaf(_ value: Value) throws {
      guard let operand = operations.operand(value), case .traced(let traced) = operand else {
        appendConstant(value)
        return
      }
      let node = try operations.node(operand, in: recording)
      let index = outputs[node] ?? template.outputs.count
      if outputs.updateValue(index, forKey: node) == nil { template.outputs.append(node) }
      let flags = value.header.pointee.flags & TensorFlags.isFrozen
      template.steps.append(.output(index, isNumber: traced.isNumber, flags: flags))
      save(value)
    }

    private mutating func close(_ level: Level) {
      let value = level.node.value
      if level.isTraced {
        template.steps.append(.node(template.heap.retained(value), count: level.node.count))
        save(value)
        return
      }
      // Nothing traced inside: the whole is one constant.
      while template.steps.count > level.firstStep {
        if case .constant(let part) = template.steps.removeLast() { template.heap.release(part) }
      }
      appendConstant(value)
      if !value.isUnique { constant.insert(value.bits) }
    }

    private mutating func save(_ value: Value) {
      // The walk itself holds no counts; a node step holds one.
      guard value.header.pointee.references > (value.tag == .tensor ? 1 : 2) else { return }
      shared[value.bits] = template.savedCount
      template.steps.append(.save(template.savedCount))
      template.savedCount += 1
    }
  }
}
