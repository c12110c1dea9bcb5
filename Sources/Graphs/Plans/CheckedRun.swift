import Tensors

extension Graph {
  /// Runs every operation by itself and looks for the first NaN: what `--check-nan` does in the place of a plan. The
  /// results have the plan's bits.
  public func runCheckingNaN(_ inputs: [Tensor?]) throws -> [Tensor] {
    let trace = Trace(.eager)
    trace.checksNaN = true
    let arguments = zip(self.inputs, inputs).map { expected, input in
      trace.input(shape: expected.shape, type: expected.type, isNumber: expected.isNumber, example: input)
    }
    return try inlined(into: trace, arguments).map { node in
      guard let value = trace.value(node) else {
        throw GraphError(.wrongInput(index: 0, expected: "an input", actual: "missing"))
      }
      return value
    }
  }
}

extension Trace {
  /// Runs a program's operations one by one, as an eager trace that checks does. What has no origin inside has the
  /// program's.
  func checkedValues(_ program: GraphProgram, _ operands: [Tensor], origin: Int32) throws -> [Tensor] {
    do {
      return try program.runCheckingNaN(operands)
    } catch var error as GraphError where error.origin == 0 {
      error.origin = origin
      throw error
    }
  }
}

extension ScanProgram {
  /// Step after step, each looked at.
  func checkedSteps(_ operands: [Tensor]) throws -> [Tensor] {
    let step = try plannedBody().plan.graph
    let stacks = try results[carries...].map { try Tensor(uninitialized: $0.shape, type: $0.type) }
    var state = Array(operands.prefix(carries))
    for count in 0..<length {
      try stopIfAsked()
      let place = isReversed ? length - 1 - count : count
      let entries = try operands[carries..<(carries + sequences)].map { try $0.entry(place) }
      let given = try namingStep(place) {
        try step.runCheckingNaN(state + entries + operands[(carries + sequences)...])
      }
      state = Array(given.prefix(carries))
      for (out, stack) in zip(given[carries...], stacks) where out.byteCount > 0 {
        (stack.pointer + place * out.byteCount).copyMemory(from: out.pointer, byteCount: out.byteCount)
      }
    }
    return state + stacks
  }
}

extension WhileProgram {
  /// Where the results hold a NaN and the operands none, the step that made it is looked for. What entries of a batch
  /// compute after their own end, and nobody sees, is nobody's fault.
  func checkedSteps(_ operands: [Tensor]) throws -> [Tensor] {
    let results = try run(operands)
    guard results.contains(where: { $0.firstNaN != nil }), !operands.contains(where: { $0.firstNaN != nil }) else {
      return results
    }
    let (condition, body) = (condition.simplified(), body.simplified())
    var inputs = operands
    var count = 0
    while true {
      try stopIfAsked()
      let next = try namingStep(count) { () -> [Tensor]? in
        guard try condition.runCheckingNaN(inputs)[0].integer(0) != 0 else { return nil }
        return try body.runCheckingNaN(inputs)
      }
      guard let next else { return results }
      inputs.replaceSubrange(..<next.count, with: next)
      count += 1
    }
  }
}

/// Says in which step of a loop a NaN was made.
private func namingStep<Result>(_ step: Int, _ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch var error as GraphError {
    if case .madeNaN(let operation, let operands, let place, let steps) = error.kind {
      error.kind = .madeNaN(operation: operation, operands: operands, place: place, steps: steps + [step])
    }
    throw error
  }
}

/// Throws where an operation made a NaN out of operands that hold none.
public func checkNaN(_ primitive: Primitive, _ operands: [Tensor], _ result: Tensor, origin: Int32 = 0) throws {
  guard let place = result.firstNaN, !operands.contains(where: { $0.firstNaN != nil }) else { return }
  let operandsText = operands.map { Words.tensor($0.shape, $0.type) }.joined(separator: " and ")
  throw GraphError(
    .madeNaN(
      operation: primitive.name, operands: operandsText.isEmpty ? "nothing" : operandsText,
      place: primitive.describePlace(place, operands, result)), origin: origin)
}

extension Primitive {
  /// Where the NaN is, and for elementwise functions of what numbers.
  fileprivate func describePlace(_ place: Int, _ operands: [Tensor], _ result: Tensor) -> String {
    var text = result.rank == 0 ? "" : " at \(result.indices(of: place))"
    switch self {
    case .unary, .binary:
      let values = operands.compactMap { x -> String? in
        x.count == result.count ? "\(x.element(place))" : x.count == 1 ? "\(x.element(0))" : nil
      }
      if values.count == operands.count { text += " (of \(values.joined(separator: " and ")))" }
    default: break
    }
    return text
  }
}

extension Tensor {
  /// An entry along the first axis, in the same memory.
  fileprivate func entry(_ index: Int) throws -> Tensor {
    let shape = Array(shape.dropFirst())
    let bytes = shape.reduce(1, *) * type.byteCount
    return try Tensor(storage: storage, byteOffset: byteOffset + index * bytes, shape: shape, type: type)
  }

  /// The place of the first NaN, counted through all elements.
  var firstNaN: Int? {
    switch type {
    case .f32:
      let x = pointer.assumingMemoryBound(to: Float.self)
      for i in 0..<count where x[i].isNaN { return i }
    case .f64:
      let x = pointer.assumingMemoryBound(to: Double.self)
      for i in 0..<count where x[i].isNaN { return i }
    default: break
    }
    return nil
  }

  /// The indices of an element given by its place.
  fileprivate func indices(of place: Int) -> [Int] {
    var rest = place
    var result = shape
    for axis in shape.indices.reversed() {
      result[axis] = rest % max(shape[axis], 1)
      rest /= max(shape[axis], 1)
    }
    return result
  }
}
