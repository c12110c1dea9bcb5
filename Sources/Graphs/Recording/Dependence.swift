extension Graph {
  /// Which outputs can change where the inputs that are marked do.
  func dependence(on inputs: [Bool]) -> [Bool] {
    var depends: [Bool] = []
    var results: [Int: [Bool]] = [:]
    for (index, node) in nodes.enumerated() {
      let operands = node.inputs.map { depends[$0.index] }
      switch node.primitive {
      case .input(let input): depends.append(inputs[input])
      case .program(let program):
        results[index] = program.dependence(on: operands)
        depends.append(operands.contains(true))
      case .result(let k, _, _): depends.append(results[node.inputs[0].index]?[k] ?? operands[0])
      default: depends.append(operands.contains(true))
      }
    }
    return outputs.map { depends[$0.index] }
  }

  /// The same of a loop's body, whose first outputs are the first inputs of the next step.
  func loopDependence(on inputs: [Bool], carries: Int) -> [Bool] {
    var inputs = inputs
    while true {
      let outputs = dependence(on: inputs)
      let more = (0..<carries).filter { outputs[$0] && !inputs[$0] }
      if more.isEmpty { return zip(outputs, outputs.indices).map { $0 || $1 < carries && inputs[$1] } }
      for k in more { inputs[k] = true }
    }
  }
}

extension WhileProgram {
  /// Whether the carries before carry `index` can change where it does, or how often the body runs.
  public static func depends(condition: Graph, body: Graph, on index: Int) -> Bool {
    let marks = body.loopDependence(on: body.inputs.indices.map { $0 == index }, carries: body.outputs.count)
    let isOpen = condition.dependence(on: marks + body.inputs.dropFirst(marks.count).map { _ in false })[0]
    return isOpen || marks.prefix(index).contains(true)
  }
}
