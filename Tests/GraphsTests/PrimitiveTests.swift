import Tensors
import Testing

@testable import Graphs

@Suite struct PrimitiveTests {
  @Test func everyPrimitiveHasARow() {
    let present = PrimitiveTable.all.compactMap { PrimitiveKind($0.primitive) }
    for kind in PrimitiveKind.allCases { #expect(present.contains(kind), "\(kind) has no row in PrimitiveTable") }
  }

  @Test(arguments: PrimitiveTable.all.indices)
  func shapeRule(_ index: Int) throws {
    let row = PrimitiveTable.all[index]
    let (shape, _) = try infer(row.primitive, shapes: row.inputs.map(\.shape), types: row.inputs.map(\.type))
    #expect(shape == row.shape)
    for shapes in row.refused {
      #expect(throws: TensorError.self, "\(row.primitive) of \(shapes)") {
        try infer(row.primitive, shapes: shapes, types: row.inputs.map(\.type))
      }
    }
  }

  @Test(arguments: PrimitiveTable.all.indices)
  func kernelAgreesWithReference(_ index: Int) throws {
    let row = PrimitiveTable.all[index]
    let result = try evaluate(row.primitive, row.inputs)
    let (_, type) = try infer(row.primitive, shapes: row.inputs.map(\.shape), types: row.inputs.map(\.type))
    #expect(result.type == type && result.shape == row.shape)
    let expected = row.reference(row.inputs)
    #expect(expected.count == result.count)
    for (i, (a, b)) in zip(values(result), expected).enumerated() {
      #expect(near(a, b, 1e-13), "\(row.primitive), element \(i): \(a), reference \(b)")
    }
  }

  @Test(arguments: PrimitiveTable.all.indices)
  func singlePrecisionAgreesWithDouble(_ index: Int) throws {
    let row = PrimitiveTable.all[index]
    guard row.inputs.contains(where: { $0.type == .f64 }) else { return }
    let narrow = try row.inputs.map { $0.type == .f64 ? try evaluate(.convert(.f32), [$0]) : $0 }
    let wide = try narrow.map { $0.type == .f32 ? try evaluate(.convert(.f64), [$0]) : $0 }
    let (a, b) = (try evaluate(row.primitive, narrow), try evaluate(row.primitive, wide))
    for (x, y) in zip(values(a), values(b)) { #expect(near(x, y, 2e-6), "\(row.primitive): \(x), f64 \(y)") }
  }

  @Test(arguments: PrimitiveTable.all.indices)
  func derivativesAgreeWithDifferences(_ index: Int) throws {
    let row = PrimitiveTable.all[index]
    for input in row.smooth {
      let first = try derivative(row, input, row.inputs, order: 1)
      let differences = try centralDifferences(row, input, order: 0)
      for (a, b) in zip(values(first), differences) {
        #expect(near(a, b, 1e-7), "\(row.primitive), input \(input): derivative \(a), difference \(b)")
      }
      for other in row.smooth {
        let second = try derivative(row, input, row.inputs, order: 2, other: other)
        let changes = try centralDifferences(row, other, order: 1, of: input)
        for (a, b) in zip(values(second), changes) {
          #expect(near(a, b, 1e-6), "\(row.primitive), inputs \(input), \(other): second \(a), difference \(b)")
        }
      }
    }
  }

  @Test func integersAndOthersWithoutDerivativeGiveZeros() throws {
    for row in PrimitiveTable.all where row.smooth.isEmpty {
      if case .network = row.primitive {
        #expect(throws: TensorError.self) { try derivative(row, 0, row.inputs, order: 1) }
        continue
      }
      for input in row.inputs.indices where row.inputs[input].type.isFloat {
        let (_, type) = try infer(row.primitive, shapes: row.inputs.map(\.shape), types: row.inputs.map(\.type))
        guard type.isFloat, type == row.inputs[input].type else { continue }
        #expect(values(try derivative(row, input, row.inputs, order: 1)).allSatisfy { $0 == 0 }, "\(row.primitive)")
      }
    }
  }

  private func near(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool {
    if a.isNaN || b.isNaN { return a.isNaN && b.isNaN }
    return a == b || abs(a - b) <= tolerance * max(1, abs(b))
  }

  /// The derivative of sum(w p(x)) with respect to one input, or (order 2) that of sum(w' derivative) with respect to
  /// `other`.
  private func derivative(
    _ row: PrimitiveCase, _ input: Int, _ inputs: [Tensor], order: Int, other: Int = 0
  ) throws -> Tensor {
    let trace = Trace(.eager)
    let nodes = inputs.map { trace.input(shape: $0.shape, type: $0.type, example: $0) }
    let y = try trace.apply(row.primitive, nodes)
    var g = try trace.gradient(of: weighted(trace, y, 5), wrt: [nodes[input]])[0]
    if order == 2 { g = try trace.gradient(of: weighted(trace, g, 6), wrt: [nodes[other]])[0] }
    return trace.value(g)!
  }

  private func weighted(_ trace: Trace, _ y: NodeID, _ seed: Int) throws -> NodeID {
    let shape = trace.shape(y)
    let weights = trace.constant(sample(shape, trace.type(y), seed: seed))
    let product = try trace.apply(.binary(.multiply), [y, weights])
    return try trace.apply(.reduce(.sum, axes: Array(shape.indices)), [product])
  }

  /// Differences of the weighted value (order 0), or of the weighted derivative with respect to `of` (order 1).
  private func centralDifferences(_ row: PrimitiveCase, _ input: Int, order: Int, of: Int = 0) throws -> [Double] {
    let step = 1e-5
    func value(_ inputs: [Tensor]) throws -> Double {
      let (result, seed) =
        order == 0
        ? (try evaluate(row.primitive, inputs), 5) : (try derivative(row, of, inputs, order: 1), 6)
      return zip(values(result), values(sample(result.shape, result.type, seed: seed))).reduce(0) { $0 + $1.0 * $1.1 }
    }
    return try (0..<row.inputs[input].count).map { place in
      func moved(_ by: Double) -> [Tensor] {
        var inputs = row.inputs
        var list = values(inputs[input])
        list[place] += by
        inputs[input] = tensor(list, inputs[input].shape)
        return inputs
      }
      return (try value(moved(step)) - value(moved(-step))) / (2 * step)
    }
  }
}
