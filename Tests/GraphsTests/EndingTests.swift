import Tensors
import Testing

@testable import Graphs

/// Derivatives of a trace that ends with them: the same bits as those that are recorded.
@Suite struct EndingTests {
  @Test(arguments: 0..<60)
  func endingGradientsHaveTheBitsOfRecordedOnes(_ seed: Int) throws {
    let maker = RandomGraph(seed: seed)
    let recorded = try derivatives(maker) { trace, y, wrt in
      try trace.gradient(of: y, wrt: wrt).map { trace.value($0)! }
    }
    let ending = try derivatives(maker) { try $0.endingGradient(of: $1, wrt: $2) }
    #expect(recorded.count == ending.count)
    for (a, b) in zip(recorded, ending) { #expect(areSame(a, b)) }
  }

  /// The sum of everything that a random graph gives, differentiated by its floating-point inputs.
  private func derivatives(_ maker: RandomGraph, _ differentiate: (Trace, NodeID, [NodeID]) throws -> [Tensor]) throws
    -> [Tensor]
  {
    let trace = Trace(.eager)
    let nodes = maker.examples().enumerated().map { i, x in
      trace.input(shape: x.shape, type: x.type, isNumber: RandomGraph.numbers.contains(i), example: x)
    }
    var total: NodeID?
    for output in try maker.record(trace, nodes) where trace.type(output).isFloat {
      let sum = try trace.apply(.reduce(.sum, axes: Array(trace.shape(output).indices)), [output])
      let wide = trace.type(sum) == .f64 ? sum : try trace.apply(.convert(.f64), [sum])
      total = try total.map { try trace.apply(.binary(.add), [$0, wide]) } ?? wide
    }
    return try differentiate(trace, #require(total), nodes.filter { trace.type($0).isFloat })
  }

  @Test(arguments: [false, true])
  func constantsOfTheFunctionServeItsDerivative(_ checksNaN: Bool) throws {
    // The walk passes the 1 of `1 + …` before the rule of tanh asks for a 1 of its own, which it records where NaNs are
    // looked for.
    let trace = Trace(.eager)
    trace.checksNaN = checksNaN
    let x = trace.input(shape: [2], type: .f64, example: tensor([0.25, -1], [2]))
    let squashed = try trace.apply(.unary(.tanh), [x])
    let y = try trace.apply(.binary(.add), [trace.scalar(1, .f64), squashed])
    let total = try trace.apply(.reduce(.sum, axes: [0]), [trace.apply(.unary(.tanh), [y])])
    let expected = try trace.gradient(of: total, wrt: [x]).map { values(trace.value($0)!) }
    #expect(try trace.endingGradient(of: total, wrt: [x]).map(values) == expected)
  }

  @Test func whatWasPassedIsGivenBack() throws {
    let trace = Trace(.eager)
    let x = trace.input(shape: [8], type: .f32, example: try Tensor(repeating: 0.5, shape: [8], type: .f32))
    var passed: [NodeID] = []
    for _ in 0..<40 { passed.append(try trace.apply(.unary(.sin), [passed.last ?? x])) }
    let total = try trace.apply(.reduce(.sum, axes: [0]), [#require(passed.last)])
    let recorded = trace.nodes.count
    #expect(try trace.endingGradient(of: total, wrt: [x])[0].count == 8)
    #expect(passed.allSatisfy { trace.value($0) == nil })
    // A constant or two stay; the steps of the walk do not.
    #expect(trace.nodes.count < recorded + 4)
  }
}
