import Graphs
import Syntax
import Tensors

/// Trees as vectors: maps over the leaves of one or several values of the same structure, and everything else carried
/// along from the first. Iterative, so that depth costs no native stack; parts without leaves are shared, not copied.
struct TreeMap {
  unowned(unsafe) let machine: Machine
  private var heap: Heap { machine.heap }

  init(_ machine: Machine) { self.machine = machine }

  /// A level of the walk: a node with the nodes at the same place of the other trees.
  private struct Level {
    var node: TreeNode
    var others: [TreeNode?]
    var next = 0
    var children: [Value] = []
    var isChanged = false
  }

  /// The leaves of a value, checked to be usable as coordinates.
  func scan(_ value: Value, _ what: String) throws -> TreeScan {
    let scan = try TreeScan(value, machine: machine)
    guard scan.holdsFunction else { return scan }
    if scan.isFrozen {
      throw RuntimeError(
        "E0504", "all weights of \(machine.brief(value)) are frozen, so `\(what)` has nothing to work on",
        label: "no params", help: ["`freeze(net, paths)` freezes the weights under some paths only"])
    }
    guard !scan.params.isEmpty else {
      throw RuntimeError(
        "E0504",
        "\(machine.brief(value)) holds a function but no trainable `param`, so `\(what)` has nothing to work on",
        label: "no params",
        help: [
          uncalled(value) ?? "declare a weight as `param w = …` inside the function that makes the model"
        ])
    }
    try checkUntied(value, scan)
    return scan
  }

  /// What to say of a function that makes a model and was not called.
  private func uncalled(_ value: Value) -> String? {
    guard value.tag == .closure else { return nil }
    let prototype = value.closure.prototype
    guard prototype.code.contains(where: { $0.op == .makeParam }) else { return nil }
    return
      "its call makes the model that has the weights: `\(prototype.name)(\(prototype.parameters.isEmpty ? "" : "…"))`"
  }

  /// One param reached by two paths cannot be moved in two ways.
  private func checkUntied(_ value: Value, _ scan: TreeScan) throws {
    var seen: [UInt64: Int] = [:]
    for (i, param) in scan.params.enumerated() {
      guard let first = seen.updateValue(i, forKey: param.bits) else { continue }
      let paths = try TreeScan(value, wantsPaths: true, machine: machine).paramPaths
      throw RuntimeError(
        "E0505", "`\(paths[first])` and `\(paths[i])` are one param reached by two paths", label: "tied params",
        help: ["hold it in one place and pass it in", "`untied(x)` makes independent copies"])
    }
  }

  /// Replaces each leaf. `body` borrows the leaf and the values at its place in the other trees (a number or tensor
  /// as a whole stands at every place), and gives an owned value.
  func map(
    _ tree: Value, _ leaves: TreeScan.Leaves, with others: [Value] = [], what: String,
    _ body: (Value, [Value]) throws -> Value
  ) throws -> Value {
    if leaves.contains(tree, .plain) { return try body(tree, others) }
    guard let root = TreeNode(tree) else { return heap.retained(tree) }
    var levels: [Level] = []
    var watch = WalkWatch()
    // Children that wait for their node to be rebuilt.
    var waiting = root.count
    do {
      try watch.step(machine, parts: root.count, holding: waiting * MemoryLayout<Value>.stride)
      levels.append(try level(root, others, what))
      while true {
        try watch.step(machine, holding: waiting * MemoryLayout<Value>.stride)
        let top = levels.count - 1
        let index = levels[top].next
        if index == levels[top].node.count {
          let done = levels.removeLast()
          waiting -= done.node.count
          let value = finish(done)
          guard var parent = levels.popLast() else { return value }
          parent.isChanged = parent.isChanged || done.isChanged
          parent.children.append(value)
          levels.append(parent)
          continue
        }
        levels[top].next = index + 1
        let child = levels[top].node[index]
        if leaves.contains(child, levels[top].node.role(index)) {
          let partners = partners(levels[top], index, others)
          let value = try body(child, partners)
          levels[top].children.append(value)
          levels[top].isChanged = true
        } else if levels[top].node.role(index) == .plain, let node = TreeNode(child) {
          do {
            let inner = try level(node, partners(levels[top], index, others), what)
            levels.append(inner)
            waiting += node.count
          } catch let error as RuntimeError where error.id == "E0409" {
            // Parts that hold no leaves are carried along and need not be alike.
            guard try TreeScan(child, machine: machine).isEmpty(of: leaves) else { throw error }
            levels[top].children.append(heap.retained(child))
          }
        } else {
          levels[top].children.append(heap.retained(child))
        }
      }
    } catch {
      for level in levels { for child in level.children { heap.release(child) } }
      throw error
    }
  }

  private func finish(_ level: Level) -> Value {
    if level.isChanged { return level.node.rebuilt(level.children, heap) }
    for child in level.children { heap.release(child) }
    return heap.retained(level.node.value)
  }

  private func partners(_ level: Level, _ index: Int, _ others: [Value]) -> [Value] {
    if others.isEmpty { return others }
    var result: [Value] = []
    result.reserveCapacity(others.count)
    for (i, other) in others.enumerated() {
      if let node = level.others[i] {
        result.append(node[matching(index, in: level.node, node)])
      } else {
        result.append(other)
      }
    }
    return result
  }

  /// Records match by name, everything else by place.
  private func matching(_ index: Int, in node: TreeNode, _ other: TreeNode) -> Int {
    guard node.value.tag == .record, node.value.record.shape != other.value.record.shape else { return index }
    let found = other.value.record.shape.index(of: node.value.record.key(index).string)
    return found < 0 ? index : found
  }

  /// Opens a level; the others must be built alike, or be a number or a tensor that stands for every leaf.
  private func level(_ node: TreeNode, _ others: [Value], _ what: String) throws -> Level {
    var nodes: [TreeNode?] = []
    for other in others {
      guard let partner = TreeNode(other) else {
        guard TensorOperations(machine).operand(other) != nil else {
          throw mismatch(node.value, other, what, machine.brief(other))
        }
        nodes.append(nil)
        continue
      }
      try check(node, partner, what)
      nodes.append(partner)
    }
    var level = Level(node: node, others: nodes)
    level.children.reserveCapacity(node.count)
    return level
  }

  private func check(_ a: TreeNode, _ b: TreeNode, _ what: String) throws {
    guard a.value.tag == b.value.tag else { throw mismatch(a.value, b.value, what, "of another kind") }
    guard a.count == b.count else {
      let word = a.value.tag == .list ? "elements" : "parts"
      throw mismatch(a.value, b.value, what, "\(a.count) and \(b.count) \(word)")
    }
    switch a.value.tag {
    case .closure:
      if a.value.closure.pointee.prototype != b.value.closure.pointee.prototype {
        throw mismatch(
          a.value, b.value, what,
          "made by `\(a.value.closure.prototype.name)` and `\(b.value.closure.prototype.name)`")
      }
    case .record:
      let shape = a.value.record.shape, other = b.value.record.shape
      if shape == other { return }
      for i in 0..<a.count where other.index(of: a.value.record.key(i).string) < 0 {
        throw mismatch(a.value, b.value, what, "only one has the field `\(a.value.record.name(i))`")
      }
    default: break
    }
  }

  private func mismatch(_ a: Value, _ b: Value, _ what: String, _ detail: String) -> RuntimeError {
    var help: [String] = []
    switch (a.tag, b.tag) {
    case (.list, .list): help = ["`++` joins lists"]
    case (.closure, .record), (.record, .closure):
      help = [
        "`params(net)` is a record without the model's functions: make the other tree from the model, as in `tree_map(ones_like, net)`"
      ]
    default: break
    }
    return RuntimeError(
      "E0409", "`\(what)` of trees needs both built alike, not \(machine.brief(a)) and \(machine.brief(b))",
      label: detail, help: help)
  }
}

/// Arithmetic and functions over trees.
struct TreeArithmetic {
  unowned(unsafe) let machine: Machine
  init(_ machine: Machine) { self.machine = machine }

  private var operations: TensorOperations { TensorOperations(machine) }

  private func isTree(_ value: Value) -> Bool { TreeNode(value) != nil || value.tag == .native }

  /// Whether it is a list of numbers, or of lists of them.
  private func holdsNumbers(_ value: Value) -> Bool {
    var part = value
    while part.tag == .list, part.list.count > 0 { part = part.list.elements[0] }
    return value.tag == .list && part.isNumber
  }

  func binary(_ op: BinaryOperator, _ a: Value, _ b: Value) throws -> Value {
    let scalar = isTree(a) ? b : a
    if !isTree(a) || !isTree(b), operations.operand(scalar) == nil {
      throw RuntimeError("E0203", "`\(op.rawValue)` cannot combine \(machine.brief(a)) and \(machine.brief(b))")
    }
    if op == .matmul, holdsNumbers(a) || holdsNumbers(b) {
      throw RuntimeError(
        "E0402", "`@` multiplies tensors, not \(machine.brief(a)) and \(machine.brief(b))",
        help: ["`tensor([1, 2])` makes a tensor of the numbers in a list"])
    }
    return try combine(a, b, op.rawValue, { try self.operations.binary(op, $0, $1) })
  }

  /// An operation of two arguments of which at least one is a tree.
  func combine(_ a: Value, _ b: Value, _ what: String, _ body: (TensorOperand, TensorOperand) throws -> TensorOperand)
    throws -> Value
  {
    let tree = TreeMap(machine)
    let operations = operations
    let (main, other) = isTree(a) ? (a, b) : (b, a)
    let swapped = !isTree(a)
    let scan = try tree.scan(main, what)
    try checkHasLeaves(scan, main, what)
    return try tree.map(main, scan.leaves, with: [other], what: what) { leaf, partners in
      if scan.leaves == .params, isTree(other), TreeScan.isFrozen(partners[0]) {
        throw RuntimeError(
          "E0409", "`\(what)` of models needs the same weights frozen in both, and some are in the second one only",
          label: "frozen here", help: ["`freeze` both alike, or make both from one model"])
      }
      guard let x = operations.operand(leaf), let y = operations.operand(partners[0]) else {
        throw RuntimeError(
          "E0409",
          "`\(what)` of trees needs both built alike: \(machine.brief(leaf)) meets \(machine.brief(partners[0]))")
      }
      let result = operations.value(swapped ? try body(y, x) : try body(x, y))
      return try self.kept(result, like: leaf, scan.leaves)
    }
  }

  /// A function of one argument, leaf by leaf.
  func map(_ value: Value, _ what: String, _ body: (TensorOperand) throws -> TensorOperand) throws -> Value {
    let operations = operations
    if let x = operations.operand(value) { return operations.value(try body(x)) }
    guard isTree(value) else {
      throw RuntimeError("E0203", "`\(what)` needs numbers, tensors or trees of them, not \(machine.brief(value))")
    }
    let tree = TreeMap(machine)
    let scan = try tree.scan(value, what)
    try checkHasLeaves(scan, value, what)
    return try tree.map(value, scan.leaves, what: what) { leaf, _ in
      guard let x = operations.operand(leaf) else { return machine.heap.retained(leaf) }
      return try self.kept(operations.value(try body(x)), like: leaf, scan.leaves)
    }
  }

  private func checkHasLeaves(_ scan: TreeScan, _ value: Value, _ what: String) throws {
    guard scan.values.isEmpty, TreeNode(value).map({ $0.count > 0 }) ?? true else { return }
    throw RuntimeError(
      "E0203", "`\(what)` works number by number, and \(machine.brief(value)) holds none",
      help: value.tag == .list && what == "+" ? ["`++` joins lists"] : [])
  }

  /// A param's slot must hold a tensor of its own.
  private func kept(_ value: Value, like leaf: Value, _ leaves: TreeScan.Leaves) throws -> Value {
    guard leaves == .params else { return value }
    return try TreeParams.slot(machine, value)
  }
}

/// What may stand in the slot of a `param`.
enum TreeParams {
  /// Consumes a value and gives a tensor box that nobody else holds.
  static func slot(_ machine: Machine, _ value: Value) throws -> Value {
    if value.tag == .tensor, value.isUnique, value.header.pointee.flags & TensorFlags.isNumber == 0 { return value }
    defer { machine.heap.release(value) }
    return try fresh(machine, value)
  }

  /// Borrows a value and gives a new box of it.
  static func fresh(_ machine: Machine, _ value: Value) throws -> Value {
    let operations = TensorOperations(machine)
    let found = operations.operand(value)
    guard let operand = found, operand.type.isFloat || operand.isNumber else {
      throw RuntimeError(
        "E0506", "a param holds a tensor of floating-point numbers, not \(machine.brief(value))",
        help: [
          found == nil
            ? "`tensor(0.0)` makes a tensor of a number" : "`cast(t, \"f32\")` makes them floating-point numbers"
        ])
    }
    if operand.isNumber { return operations.value(try operations.convert(operand, to: .f32)) }
    return operations.value(operand)
  }
}
