import Graphs
import Tensors

/// A value as what a loop or a branch hands on: its tensors and numbers in a fixed order, and the structure around
/// them. Numbers that functions captured belong to the structure, as in the key of a compiled function.
struct LoopLeaves {
  unowned(unsafe) let machine: Machine
  /// Whether plain true and false are handed on too, or are part of the structure.
  let takesBools: Bool

  init(_ machine: Machine, takesBools: Bool = false) {
    self.machine = machine
    self.takesBools = takesBools
  }

  private static let maximumDepth = 1000
  private static let maximumParts = 1_000_000

  /// The leaves of a value, borrowed from it, in order.
  func leaves(of value: Value) throws -> [TensorOperand] {
    var result: [TensorOperand] = []
    let operations = TensorOperations(machine)
    machine.heap.release(
      try replacing(value) { leaf in
        if let operand = operations.operand(leaf) { result.append(operand) }
        return machine.heap.retained(leaf)
      })
    return result
  }

  /// The structure alone, with 0 for every leaf: two values are built alike if these are the same.
  func structure(of value: Value) throws -> Value { try replacing(value) { _ in Value(0) } }

  /// The value with its leaves replaced, in order, by operands; owned by the caller.
  func rebuilt(_ value: Value, with leaves: [TensorOperand]) throws -> Value {
    var position = 0
    let operations = TensorOperations(machine)
    return try replacing(value) { leaf in
      defer { position += 1 }
      guard position < leaves.count else { return machine.heap.retained(leaf) }
      let box = operations.value(leaves[position])
      if leaf.tag == .tensor, box.tag == .tensor {
        box.header.pointee.flags |= leaf.header.pointee.flags & TensorFlags.isFrozen
      }
      return box
    }
  }

  /// `body` borrows a leaf and gives an owned value.
  private func replacing(_ value: Value, _ body: @escaping (Value) throws -> Value) throws -> Value {
    var walk = Walk(leaves: self, body: body)
    return try walk.visit(value, inFunction: false, depth: 0)
  }

  private struct Walk {
    let leaves: LoopLeaves
    let body: (Value) throws -> Value
    var count = 0
    /// Params that were met: one box at two places stays one.
    var params: [UInt64: Value] = [:]

    mutating func visit(_ value: Value, inFunction: Bool, depth: Int) throws -> Value {
      count += 1
      guard depth < LoopLeaves.maximumDepth, count < LoopLeaves.maximumParts else {
        throw RuntimeError(
          "E0303", "a value handed from step to step of a loop is nested too deep or has too many parts")
      }
      switch value.tag {
      case .tensor: return try body(value)
      case .int, .float: return inFunction ? value : try body(value)
      case .bool: return inFunction || !leaves.takesBools ? value : try body(value)
      default: break
      }
      let heap = leaves.machine.heap
      guard let node = TreeNode(value), node.count > 0 else { return heap.retained(value) }
      var children = Array(repeating: Value.none, count: node.count)
      do {
        for i in order(node) {
          let child = node[i]
          let isParam = node.role(i) == .param
          if isParam, let known = params[child.bits] {
            children[i] = heap.retained(known)
            continue
          }
          let isFunction = inFunction || (value.tag != .list && value.tag != .record)
          children[i] = try visit(child, inFunction: isFunction, depth: depth + 1)
          if isParam { params[child.bits] = children[i] }
        }
      } catch {
        for child in children { heap.release(child) }
        throw error
      }
      return node.rebuilt(children, heap)
    }

    /// Records in the order of their names, since two records are alike whatever the order of their fields.
    private func order(_ node: TreeNode) -> [Int] {
      guard node.value.tag == .record else { return Array(0..<node.count) }
      return (0..<node.count).sorted { node.value.record.name($0) < node.value.record.name($1) }
    }
  }
}
