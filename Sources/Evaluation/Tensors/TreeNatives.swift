import Graphs
import Tensors

extension Natives {
  static let treeNatives: [NativeFunction] = [
    NativeFunction(
      "tree_map", ["f", "tree", "...trees"],
      doc:
        "f of each leaf of a tree, and of the leaves at the same places of further trees; f may take the path as one more argument, if that has no default.",
      example: "tree_map(x -> x * 2, { a: 1, b: 2 }) # => { a: 2, b: 4 }"
    ) { call in try treeMap(call) },
    NativeFunction(
      "state_map", ["f", "m", "...others"],
      doc:
        "The model with f of each of its states, and of the states at the same places of further models. Weights, and a model without states, stay as they are.",
      example: "state_map(s -> s + 1, batch_norm(2)).running_mean  # => tensor([1, 1])"
    ) { call in try stateMap(call) },
    NativeFunction(
      "with_params", ["m", "from"],
      doc:
        "The model with the weights, frozen ones too, and the states of another that is built alike; all else, as activations, stays as it is.",
      example: "let [a, b] = [dense(2, 1), dense(2, 1)]; same(with_params(a, b).weight, b.weight)  # => true"
    ) { call in try withWeights(call) },
    NativeFunction(
      "leaves", ["x"], doc: "The leaves of a tree with their paths: a model's params, or float tensors, or numbers.",
      example: "leaves({ a: 1 }) # => [{ path: \"a\", value: 1 }]"
    ) { call in
      let heap = call.heap
      let scan = try checkedScan(call, 0, wantsPaths: true)
      return heap.list(
        zip(scan.paths, scan.values).map { path, value in
          heap.record([("path", heap.string(path)), ("value", heap.retained(value))])
        })
    },
    NativeFunction(
      "params", ["m"],
      doc:
        "The tree of a model's weights: records named as in the model, without its functions. A tree that is to meet the model in `tree_map` or `*`, such as a mask, is made from the model: `tree_map(ones_like, m)`.",
      example: "params(dense(2, 1))"
    ) { call in
      _ = try checkedScan(call, 0, wantsPaths: false)
      return try TreeParamsRecord(call.machine).record(of: call[0]) ?? call.heap.record([])
    },
    NativeFunction(
      "freeze", ["m", "...paths"],
      doc:
        "The same model, the weights under the paths (all, when none is named) no longer trainable. Arithmetic leaves them as they are, so a model that has frozen weights cannot be the second operand beside one in which they are not.",
      example: "count(freeze(dense(2, 3), \"weight\"))  # => 3"
    ) { call in try freeze(call) },
    NativeFunction(
      "untied", ["m"], doc: "A copy in which no two places share a param.",
      example: "let net = dense(1, 1); length(leaves(untied({ online: net, target: net })))  # => 4"
    ) { call in
      let heap = call.heap
      return try untied(call.machine, call[0]) ?? heap.retained(call[0])
    },
  ]

  private static func checkedScan(_ call: NativeCall, _ index: Int, wantsPaths: Bool) throws -> TreeScan {
    let plain = try TreeScan(call[index], machine: call.machine)
    // A model that is frozen as a whole has no leaves.
    if plain.isFrozen { return plain }
    let checked = try TreeMap(call.machine).scan(call[index], call.function.name)
    return wantsPaths ? try TreeScan(call[index], wantsPaths: true, machine: call.machine) : checked
  }

  private static func treeMap(_ call: NativeCall) throws -> Value {
    let machine = call.machine
    let f = try call.function(0)
    let list = call[2].list
    let others = (0..<list.count).map { list.elements[$0] }
    let tree = call[1]
    let takesPath = requiredCount(machine, f).map { $0 == others.count + 2 } ?? false
    let scan = try TreeMap(machine).scan(tree, "tree_map")
    let paths = takesPath ? try TreeScan(tree, wantsPaths: true, machine: machine).paths : []
    var position = 0
    return try TreeMap(machine).map(tree, scan.leaves, with: others, what: "tree_map") { leaf, partners in
      var arguments = [leaf] + partners
      if takesPath {
        arguments.append(machine.heap.string(position < paths.count ? paths[position] : ""))
        position += 1
      }
      defer { if takesPath, let path = arguments.last { machine.heap.release(path) } }
      let result = try machine.call(f, arguments)
      return scan.leaves == .params ? try TreeParams.slot(machine, result) : result
    }
  }

  private static func stateMap(_ call: NativeCall) throws -> Value {
    let (machine, f, list) = (call.machine, try call.function(0), call[2].list)
    let others = (0..<list.count).map { list.elements[$0] }
    return try TreeMap(machine).map(call[1], .states, with: others, what: "state_map") { state, partners in
      var arguments: [Value] = []
      defer { for argument in arguments { machine.heap.release(argument) } }
      for slot in [state] + partners { arguments.append(try TensorHooks.readState(machine, slot)) }
      let result = try machine.call(f, arguments)
      defer { machine.heap.release(result) }
      return try TensorHooks.state(machine, result, like: state)
    }
  }

  private static func withWeights(_ call: NativeCall) throws -> Value {
    let machine = call.machine, operations = call.operations
    return try TreeMap(machine).map(call[0], .stored, with: [call[1]], what: "with_params") { slot, partners in
      let new = try TensorHooks.readState(machine, partners[0]), old = try TensorHooks.readState(machine, slot)
      defer {
        machine.heap.release(new)
        machine.heap.release(old)
      }
      guard let held = operations.operand(old) else { return machine.heap.retained(new) }
      guard let given = operations.operand(new), given.shape == held.shape, given.type == held.type else {
        throw RuntimeError(
          "E0409",
          "`with_params` needs models of the same weights: \(machine.brief(new)) cannot replace \(machine.brief(old))")
      }
      let box = operations.value(given)
      if box.tag == .tensor, slot.tag == .tensor {
        box.header.pointee.flags |= slot.header.pointee.flags & TensorFlags.isFrozen
      }
      return box
    }
  }

  /// How many parameters of a function have no default; nil when it takes any number.
  private static func requiredCount(_ machine: Machine, _ f: Value) -> Int? {
    guard f.tag == .closure else { return nil }
    let parameters = f.closure.prototype.parameters
    return parameters.contains { $0.isRest } ? nil : parameters.count { !$0.hasDefault }
  }

  private static func freeze(_ call: NativeCall) throws -> Value {
    let heap = call.heap
    let list = call[1].list
    var paths: [String] = []
    for i in 0..<list.count {
      guard list.elements[i].tag == .string else { throw call.mismatch(1, "paths such as \"inner\"") }
      paths.append(list.elements[i].swiftString)
    }
    let scan = try TreeScan(call[0], wantsPaths: true, machine: call.machine)
    var unused = Set(paths)
    var frozen: [UInt64: Bool] = [:]
    func isUnder(_ path: String, _ tensor: TreeScan.ModelTensor) -> Bool {
      tensor.path == path || tensor.path.hasPrefix(path + ".") || tensor.path.hasPrefix(path + "[")
    }
    for tensor in scan.modelTensors where tensor.isTrainable {
      let matching = paths.filter { isUnder($0, tensor) }
      unused.subtract(matching)
      if paths.isEmpty || !matching.isEmpty { frozen[tensor.value.bits] = true }
    }
    if let missing = paths.first(where: unused.contains) {
      if scan.modelTensors.contains(where: { isUnder(missing, $0) && TreeScan.isFrozen($0.value) }) {
        throw RuntimeError("E0508", "the weights under `\(missing)` are frozen already", label: "`\(missing)`")
      }
      throw RuntimeError(
        "E0508", "the model has no weights under `\(missing)`", label: "`\(missing)`",
        help: ["its weights are \(scan.paramPaths.prefix(8).map { "`\($0)`" }.joined(separator: ", "))"])
    }
    let operations = call.operations
    return try TreeRebuild(call.machine).rebuild(call[0]) { part, role in
      guard role == .param, frozen[part.bits] == true, let operand = operations.operand(part) else { return nil }
      let box = operations.value(operand)
      guard box.tag == .tensor else { return heap.retained(part) }
      box.header.pointee.flags |= TensorFlags.isFrozen
      return box
    }
  }

  /// The value with every param in a box of its own; nil where it holds none.
  private static func untied(_ machine: Machine, _ value: Value) throws -> Value? {
    guard let node = TreeNode(value) else { return nil }
    try machine.checkNativeStack()
    try machine.pollInterrupt()
    let operations = TensorOperations(machine)
    var children: [Value] = []
    var isChanged = false
    do {
      for i in 0..<node.count {
        let child = node[i]
        if node.role(i) == .param, child.tag == .tensor, let operand = operations.operand(child) {
          let fresh = operations.value(operand)
          if fresh.tag == .tensor { fresh.header.pointee.flags |= child.header.pointee.flags & TensorFlags.isFrozen }
          children.append(fresh)
          isChanged = true
        } else if let copy = try untied(machine, child) {
          children.append(copy)
          isChanged = true
        } else {
          children.append(machine.heap.retained(child))
        }
      }
    } catch {
      for child in children { machine.heap.release(child) }
      throw error
    }
    if isChanged { return node.rebuilt(children, machine.heap) }
    for child in children { machine.heap.release(child) }
    return nil
  }
}

/// The weights of a model as nested records and lists.
struct TreeParamsRecord {
  unowned(unsafe) let machine: Machine
  init(_ machine: Machine) { self.machine = machine }

  /// Nil where there are none.
  func record(of value: Value) throws -> Value? {
    guard let node = TreeNode(value) else { return nil }
    try machine.checkNativeStack()
    try machine.pollInterrupt()
    let heap = machine.heap
    if value.tag == .overload || value.tag == .bound { return try record(of: node[0]) }
    var parts: [Value?] = []
    do {
      for i in 0..<node.count { parts.append(try part(node, i)) }
    } catch {
      for case let part? in parts { heap.release(part) }
      throw error
    }
    guard parts.contains(where: { $0 != nil }) else { return nil }
    if value.tag == .list { return heap.list(parts.map { $0 ?? .none }) }
    var fields: [(String, Value)] = []
    for case (let i, let part?) in parts.enumerated() { fields.append((name(node, i), part)) }
    return heap.record(fields)
  }

  private func part(_ node: TreeNode, _ i: Int) throws -> Value? {
    if TreeScan.Leaves.params.contains(node[i], node.role(i)) {
      let operations = TensorOperations(machine)
      return operations.operand(node[i]).map(operations.value)
    }
    return node.role(i) == .plain ? try record(of: node[i]) : nil
  }

  private func name(_ node: TreeNode, _ i: Int) -> String {
    node.value.tag == .record ? node.value.record.name(i) : node.path(i, under: "")
  }
}
