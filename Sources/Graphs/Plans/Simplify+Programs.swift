import Tensors

extension Graph {
  /// For each live program, by its first form and its operands, the form that gives the most results: a loop that was
  /// recorded again with more to give, for a derivative, is one with the loop itself.
  func widestPrograms(_ live: [Bool]) -> [ProgramPlace: GraphProgram] {
    var result: [ProgramPlace: GraphProgram] = [:]
    for (index, node) in nodes.enumerated() where live[index] {
      guard case .program(let program) = node.primitive else { continue }
      let place = ProgramPlace(program, node.inputs)
      if let known = result[place], known.results.count >= program.results.count { continue }
      result[place] = program
    }
    return result
  }

  /// Takes from every program the results that nobody reads, and what only they needed.
  mutating func prunePrograms() {
    guard nodes.contains(where: { if case .program = $0.primitive { true } else { false } }) else { return }
    var live = Array(repeating: false, count: nodes.count)
    for node in outputs + guards.map(\.node) { live[node.index] = true }
    var readers: [Int: [Int]] = [:]
    for index in nodes.indices.reversed() where live[index] {
      switch nodes[index].primitive {
      case .result: readers[nodes[index].inputs[0].index, default: []].append(index)
      case .program(let program): prune(index, program, readers[index] ?? [])
      default: break
      }
      for input in nodes[index].inputs { live[input.index] = true }
    }
  }

  private mutating func prune(_ index: Int, _ program: GraphProgram, _ readers: [Int]) {
    var isUsed = Array(repeating: false, count: program.results.count)
    for reader in readers { if case .result(let k, _, _) = nodes[reader].primitive { isUsed[k] = true } }
    guard let (pruned, operands, places) = program.pruned(isUsed) else { return }
    nodes[index].primitive = .program(pruned)
    nodes[index].inputs = operands.map { nodes[index].inputs[$0] }
    for reader in readers {
      if case .result(let k, let shape, let type) = nodes[reader].primitive {
        nodes[reader].primitive = .result(index: places[k], shape: shape, type: type)
      }
    }
  }

  /// The graph with some of its outputs and inputs only; inputs left out must be dead.
  func selecting(outputs kept: [Int], inputs: [Int]) -> Graph {
    var result = self
    result.outputs = kept.map { outputs[$0] }
    result.inputs = inputs.map { self.inputs[$0] }
    var place: [Int: Int] = [:]
    for (new, old) in inputs.enumerated() { place[old] = new }
    result.nodes = []
    var moved = Array(repeating: NodeID(0), count: nodes.count)
    let live = liveNodes(result.outputs)
    for (index, node) in nodes.enumerated() {
      var node = node
      if case .input(let input) = node.primitive {
        guard let new = place[input] else { continue }
        node.primitive = .input(index: new)
      } else if !live[index] {
        continue
      }
      node.inputs = node.inputs.map { moved[$0.index] }
      moved[index] = NodeID(result.nodes.count)
      result.nodes.append(node)
    }
    result.outputs = result.outputs.map { moved[$0.index] }
    return result
  }

  /// The graph without an input that nothing reads.
  public func dropping(input: Int) -> Graph {
    selecting(outputs: Array(outputs.indices), inputs: inputs.indices.filter { $0 != input })
  }

  /// Which nodes some nodes need.
  func liveNodes(_ wanted: [NodeID]) -> [Bool] {
    var live = Array(repeating: false, count: nodes.count)
    for node in wanted { live[node.index] = true }
    for index in nodes.indices.reversed() where live[index] {
      for input in nodes[index].inputs { live[input.index] = true }
    }
    return live
  }
}

/// A program by its first form and what it is applied to.
struct ProgramPlace: Hashable {
  let first: ObjectIdentifier
  let inputs: [NodeID]

  init(_ program: GraphProgram, _ inputs: [NodeID]) {
    var first = program
    while let base = first.base { first = base }
    self.first = ObjectIdentifier(first)
    self.inputs = inputs
  }
}
