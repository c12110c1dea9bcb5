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
