import Graphs
import Tensors

/// A value as what a loop or a branch hands on: its tensors and numbers in a fixed order, and the structure around
/// them. Numbers that functions captured belong to the structure, as in the key of a compiled function. Every place is
/// a leaf of its own: one param may stand at two of them in one step, and two in the next.
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

  /// Which leaves are one param at several places.
  struct Ties: Equatable {
    /// For every leaf the first one that is the same param, itself where there is none.
    fileprivate(set) var first: [Int] = []

    /// What is one param in both.
    func common(with other: Ties) -> Ties {
      var known: [[Int]: Int] = [:]
      var result = Ties()
      for (i, pair) in zip(first, other.first).enumerated() {
        let place = known[[pair.0, pair.1]] ?? i
        known[[pair.0, pair.1]] = place
        result.first.append(place)
      }
      return result
    }

    /// What is one param here and stays one where only those of `common` do; each that comes apart anywhere comes apart everywhere.
    func keepingWhole(in common: Ties) -> Ties {
      var apart: Set<Int> = []
      for (place, other) in zip(first, common.first) where place != other { apart.insert(place) }
      return Ties(first: first.indices.map { apart.contains(first[$0]) ? $0 : first[$0] })
    }

    /// Where a step unties params, the loop begins again, which is a trace each time: after so many times with each of them apart at all its places.
    static let maximumUntyings = 8

    /// No param at more than one place.
    static func none(_ count: Int) -> Ties { Ties(first: Array(0..<count)) }
  }

  /// The leaves of a value, borrowed from it, in order.
  func leaves(of value: Value) throws -> [TensorOperand] {
    var result: [TensorOperand] = []
    let operations = TensorOperations(machine)
    machine.heap.release(
      try replacing(value) { leaf, _ in
        guard let operand = operations.operand(leaf) else { throw mismatch("a leaf without content") }
        result.append(operand)
        return machine.heap.retained(leaf)
      })
    return result
  }

  /// Which of them are one param.
  func ties(of value: Value) throws -> Ties {
    var result = Ties()
    var params: [UInt64: Int] = [:]
    machine.heap.release(
      try replacing(value) { leaf, isParam in
        let place = result.first.count
        result.first.append(isParam ? params[leaf.bits] ?? place : place)
        if isParam { params[leaf.bits] = result.first[place] }
        return Value(0)
      })
    return result
  }

  /// The structure alone, with marks in place of leaves that no value of a program is: two values are built alike if these are the same.
  func structure(of value: Value, marksFrozen: Bool = true) throws -> Value {
    try replacing(value) { leaf, isParam in
      Value(tag: .unset, bits: marksFrozen && isParam && TreeScan.isFrozen(leaf) ? 1 : 0)
    }
  }

  /// Whether two values are built alike, with the same params frozen.
  func areAlike(_ a: Value, _ b: Value) throws -> Bool { try haveOneStructure(a, b, marksFrozen: true) }

  /// Whether two values that are not built alike would be if the same params were frozen in them.
  func differInFrozen(_ a: Value, _ b: Value) throws -> Bool { try haveOneStructure(a, b, marksFrozen: false) }

  private func haveOneStructure(_ a: Value, _ b: Value, marksFrozen: Bool) throws -> Bool {
    let form = try structure(of: a, marksFrozen: marksFrozen)
    defer { machine.heap.release(form) }
    let other = try structure(of: b, marksFrozen: marksFrozen)
    defer { machine.heap.release(other) }
    return machine.isSame(form, other)
  }

  /// The value with its leaves replaced, in order, by operands; owned by the caller. Params that are tied become one,
  /// those that are one in `value` unless told.
  func rebuilt(_ value: Value, with leaves: [TensorOperand], ties: Ties? = nil) throws -> Value {
    let operations = TensorOperations(machine)
    let ties = try ties ?? self.ties(of: value)
    guard ties.first.count == leaves.count else { throw mismatch("\(ties.first.count) leaves and \(leaves.count)") }
    var made: [Value] = []
    return try replacing(value) { leaf, _ in
      let place = made.count
      guard place < leaves.count else { throw mismatch("more leaves than \(leaves.count)") }
      if ties.first[place] < place {
        let known = machine.heap.retained(made[ties.first[place]])
        made.append(known)
        return known
      }
      let box = operations.value(leaves[place])
      if leaf.tag == .tensor, box.tag == .tensor {
        box.header.pointee.flags |= leaf.header.pointee.flags & TensorFlags.isFrozen
      }
      made.append(box)
      return box
    }
  }

  /// Leaves of two values paired; they are as many where the values are built alike.
  func paired<A, B>(_ a: [A], _ b: [B]) throws -> [(A, B)] {
    guard a.count == b.count else { throw mismatch("\(a.count) leaves and \(b.count)") }
    return Array(zip(a, b))
  }

  private func mismatch(_ what: String) -> RuntimeError {
    RuntimeError(
      "E0299", "values that are handed on do not meet: \(what); this is a fault of Exp: please report it",
      label: "handed on here")
  }

  /// `body` borrows a leaf, learns whether it is a param, and gives an owned value.
  private func replacing(_ value: Value, _ body: @escaping (Value, _ isParam: Bool) throws -> Value) throws -> Value {
    var walk = Walk(leaves: self, body: body)
    return try walk.visit(value, isParam: false, inFunction: false, depth: 0)
  }

  private struct Walk {
    let leaves: LoopLeaves
    let body: (Value, _ isParam: Bool) throws -> Value
    var count = 0

    mutating func visit(_ value: Value, isParam: Bool, inFunction: Bool, depth: Int) throws -> Value {
      count += 1
      try leaves.machine.pollInterrupt()
      guard depth < LoopLeaves.maximumDepth, count < LoopLeaves.maximumParts else {
        throw RuntimeError(
          "E0303", "a value handed from step to step of a loop is nested too deep or has too many parts")
      }
      switch value.tag {
      case .tensor: return try body(value, isParam)
      case .int, .float: return inFunction ? value : try body(value, false)
      case .bool: return inFunction || !leaves.takesBools ? value : try body(value, false)
      default: break
      }
      let heap = leaves.machine.heap
      guard let node = TreeNode(value), node.count > 0 else { return heap.retained(value) }
      var children = Array(repeating: Value.none, count: node.count)
      do {
        for i in order(node) {
          let isFunction = inFunction || (value.tag != .list && value.tag != .record)
          children[i] = try visit(
            node[i], isParam: node.role(i) == .param, inFunction: isFunction, depth: depth + 1)
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
