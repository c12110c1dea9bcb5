import Tensors

extension Plan {
  /// Runs the plan. Inputs that nobody else holds may be taken over for outputs of the same shape (their place in
  /// `inputs` is then nil); the others stay. Throws a `GraphError` for a bad index or an overflow: all inputs are
  /// then as they were. Any number of `threads` gives the same bits. `isChecked` says that the caller knows that the
  /// inputs have the forms of the graph's.
  public func run(_ inputs: inout [Tensor?], threads: Int = 1, isChecked: Bool = false) throws -> [Tensor] {
    if !isChecked || inputs.count != graph.inputs.count { try check(inputs) }
    let workspace = try workspaces.take(for: self)
    var (reused, made, ended) = (0, 0, false)
    defer { workspaces.giveBack(workspace, reused: reused, made: made, runs: ended ? 1 : 0) }
    try workspace.prepareLanes(Swift.max(threads, 1))
    for (index, slot) in inputSlots.enumerated() {
      if let slot, let input = inputs[index] { workspace.slots[slot] = input.pointer }
    }
    var results: [Tensor] = []
    results.reserveCapacity(outputSlots.count)
    for ordinal in outputSlots.indices {
      let result: Tensor
      if let donor = memory.donors[ordinal], isKnownUniquelyReferenced(&inputs[donor]), let input = inputs[donor],
        input.ownsStorageAlone
      {
        result = input
        reused += 1
      } else {
        let (shape, type) = outputForms[ordinal]
        result = try Tensor(uninitialized: shape, type: type)
        made += 1
      }
      workspace.slots[outputSlots[ordinal]] = result.pointer
      results.append(result)
    }
    try runSteps(workspace, threads)
    // Mostly each output is one of the results.
    let values = isPlain ? results : try outputs.map { try value($0, results, inputs) }
    for ordinal in outputSlots.indices {
      if let donor = memory.donors[ordinal], inputs[donor] === results[ordinal] { inputs[donor] = nil }
    }
    ended = true
    return values
  }

  /// Runs all steps.
  func runSteps(_ workspace: Workspace, _ threads: Int) throws {
    var ended = 0
    do {
      if let moment = Probe.moment {
        for step in steps {
          if case .strips(let strips) = step {
            try strips.run(in: workspace) { Probe.enter($0, of: self, moment) }
          } else {
            Probe.enter(step, of: self, moment)
            try step.running.run(in: workspace, threads)
          }
          ended += 1
        }
      } else {
        for step in running {
          try step._withUnsafeGuaranteedRef { try $0.run(in: workspace, threads) }
          ended += 1
        }
      }
    } catch {
      for update in undoable.reversed() where update.place < ended { update.step.undo(in: workspace) }
      throw error
    }
    try stopIfAsked()
  }

  private func check(_ inputs: [Tensor?]) throws {
    guard inputs.count == graph.inputs.count else {
      throw GraphError(
        .wrongInput(index: inputs.count, expected: "\(graph.inputs.count) inputs", actual: "\(inputs.count)"))
    }
    for (index, expected) in graph.inputs.enumerated() {
      guard let input = inputs[index] else {
        if inputSlots[index] == nil { continue }
        throw GraphError(
          .wrongInput(index: index, expected: Words.tensor(expected.shape, expected.type), actual: "missing"))
      }
      guard input.type == expected.type, input.shape == expected.shape else {
        throw GraphError(
          .wrongInput(
            index: index, expected: Words.tensor(expected.shape, expected.type),
            actual: Words.tensor(input.shape, input.type)))
      }
    }
  }

  private func value(_ output: PlanOutput, _ results: [Tensor], _ inputs: [Tensor?]) throws -> Tensor {
    let (tensor, shape): (Tensor?, Shape)
    switch output {
    case .input(let index, let s): (tensor, shape) = (inputs[index], s)
    case .constant(let index, let s): (tensor, shape) = (graph.constants[index], s)
    case .slot(let ordinal, let s): (tensor, shape) = (results[ordinal], s)
    }
    guard let tensor else { throw GraphError(.wrongInput(index: 0, expected: "an input", actual: "missing")) }
    return tensor.shape == shape ? tensor : try tensor.reshaped(shape)
  }
}
