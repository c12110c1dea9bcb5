import Tensors

extension Plan: CustomStringConvertible {
  /// The plan as text: counts, then one line per step.
  public var description: String {
    let computed = fusion.roles.roles.filter { $0 != .view && $0 != .input && $0 != .constant }.count
    var lines = [
      "\(graph.nodes.count) nodes, \(computed) computed, in \(steps.count) steps; arena \(memory.arenaBytes) bytes, "
        + "\(laneBytes) bytes of tiles, about \(bytesMoved) bytes moved",
      "outputs in place: \(memory.donors.compactMap { $0 }.count) of \(memory.donors.count)",
    ]
    for (place, step) in steps.enumerated() {
      if case .strips(let step) = step {
        lines.append("\(place): strips of \(step.region.strip) of \(step.region.count) rows")
        lines += step.members.map { "  " + describe($0) }
      } else {
        lines.append("\(place): " + describe(step))
      }
    }
    return lines.joined(separator: "\n")
  }

  /// Bytes that the steps read from and write to slots in one run.
  public var bytesMoved: Int {
    var total = 0
    for step in steps.flatMap(\.members) {
      switch step {
      case .scalars, .strips: continue
      case .operation(let step):
        let node = graph.nodes[step.node]
        total += node.byteCount + node.inputs.reduce(0) { $0 + bytesRead($1, by: node) }
      case .loop(let loop):
        let program = loop.program
        for reference in program.references where reference.slot != nil {
          total +=
            reference.rowBytes > 0 ? program.rows * reference.rowBytes : program.columns * reference.columnBytes
        }
        for placement in program.placements { total += placement.byteCount }
        for view in program.views { total += view.layout.count * view.type.byteCount }
      }
    }
    return total
  }

  private func bytesRead(_ input: NodeID, by node: Node) -> Int {
    if case .gather = node.primitive, node.inputs.first == input { return node.byteCount }
    return graph.nodes[input.index].byteCount
  }

  private func indented(_ part: PlanBody) -> String {
    part.plan.description.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n")
  }

  private func describe(_ step: PlanStep) -> String {
    switch step {
    case .scalars(let scalars): return "scalars, \(scalars.instructions.count) operations"
    case .strips(let step): return step.members.map(describe).joined(separator: "\n")
    case .operation(let step):
      let node = graph.nodes[step.node]
      let inputs = node.inputs.map { Words.tensor(graph.nodes[$0.index].shape, graph.nodes[$0.index].type) }
      let own = "\(node.primitive.name)(\(inputs.joined(separator: ", "))) -> \(Words.tensor(node.shape, node.type))"
      if let program = step.program { return ([own] + program.parts.map(indented)).joined(separator: "\n") }
      let after = (fusion.groups[fusion.groupOf[step.node]]?.nodes ?? []).filter { $0 != step.node }
      return ([own] + after.map { graph.nodes[$0].primitive.name }).joined(separator: " ")
    case .loop(let loop):
      let program = loop.program
      let names = program.body.map { instruction -> String in
        switch instruction.code {
        case .expand: return "expand"
        case .strided: return "view"
        case .gate: return "gate"
        case .sineCosine: return "sin-cos"
        case .pair(let first, _, _): return "\(first)-" + graph.nodes[instruction.node].primitive.name
        default: return graph.nodes[instruction.node].primitive.name + (instruction.perRow ? "'" : "")
        }
      }
      let tile = "\(program.tileRows) x \(program.tileColumns)"
      return "loop \(program.rows) x \(program.columns), tile \(tile): " + names.joined(separator: " ")
    }
  }
}
