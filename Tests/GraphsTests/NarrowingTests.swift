import Tensors
import Testing

@testable import Graphs

/// Values of which only parts are read are made in part; `Trace.narrowed`.
@Suite struct NarrowingTests {
  private typealias Body = (Trace, [NodeID]) throws -> NodeID

  /// The value and the gradients of the sum of `body`'s squares, narrowed or not.
  private func valueAndGradients(_ narrow: Bool, _ body: @escaping Body) -> (Trace, [NodeID]) throws -> [NodeID] {
    { trace, inputs in
      let fresh = try inputs.map { try trace.fresh($0) }
      let parts = try body(trace, fresh)
      let squares = try trace.apply(.binary(.multiply), [parts, parts])
      var y = try trace.apply(.reduce(.sum, axes: Array(trace.shape(parts).indices)), [squares])
      if narrow { y = try trace.narrowed(y, wrt: fresh) }
      return [y] + (try trace.gradient(of: y, wrt: fresh))
    }
  }

  /// Narrowed and plain agree, eagerly and planned with the same bits. Returns the narrowed plan.
  @discardableResult private func check(_ inputs: [Tensor], _ body: @escaping Body) throws -> Plan {
    let plain = try runEager(inputs, valueAndGradients(false, body))
    let narrowed = try runEager(inputs, valueAndGradients(true, body))
    for (a, b) in zip(plain, narrowed) {
      for (x, y) in zip(values(a), values(b)) { #expect(abs(x - y) <= 1e-11 * max(1, abs(x))) }
    }
    #expect(plain[0].scalarBits == narrowed[0].scalarBits, "the value itself has the same bits")
    let plan = try plan(inputs, valueAndGradients(true, body))
    var copies: [Tensor?] = inputs.map(copy)
    let planned = try plan.run(&copies)
    for (a, b) in zip(narrowed, planned) { #expect(values(a).map(\.bitPattern) == values(b).map(\.bitPattern)) }
    return plan
  }

  private func product(_ trace: Trace, _ x: NodeID, _ y: NodeID) throws -> NodeID {
    try trace.apply(.matmul(transposeA: false, transposeB: false), [x, y])
  }

  private func last(_ trace: Trace, _ x: NodeID) throws -> NodeID {
    let shape = trace.shape(x)
    let row = try trace.apply(
      .slice(starts: [0, shape[1] - 1, 0], counts: [shape[0], 1, shape[2]], steps: [1, 1, 1]), [x])
    return try trace.apply(.reshape([shape[0], shape[2]]), [row])
  }

  private let network = [sample([6, 4, 8], seed: 1), sample([8, 10], seed: 2), sample([10, 8], seed: 3)]

  @Test func onlyTheLastPositionIsComputed() throws {
    let plan = try check(network) { trace, p in
      let hidden = try trace.apply(.unary(.tanh), [product(trace, p[0], p[1])])
      let h = try trace.apply(.binary(.add), [p[0], product(trace, hidden, p[2])])
      return try last(trace, h)
    }
    for node in plan.graph.nodes {
      guard case .matmul = node.primitive else { continue }
      for input in node.inputs { #expect(!plan.graph.nodes[input.index].shape.contains(4)) }
    }
  }

  @Test func attentionOfTheLastPositionLooksAtAll() throws {
    let plan = try check(network) { trace, p in
      let scores = try trace.apply(.matmul(transposeA: false, transposeB: true), [p[0], p[0]])
      let top = try trace.apply(.stopGradient, [trace.apply(.reduce(.max, axes: [2]), [scores])])
      let shifted = try trace.apply(.binary(.subtract), [scores, trace.apply(.reshape([6, 4, 1]), [top])])
      let weights = try trace.apply(.unary(.exp), [shifted])
      let mixed = try product(trace, product(trace, weights, p[0]), p[1])
      return try last(trace, mixed)
    }
    let shapes = plan.graph.nodes.filter { if case .matmul = $0.primitive { true } else { false } }.map(\.shape)
    #expect(shapes.contains([6, 1, 4]) && !shapes.contains([6, 4, 4]))
  }

  /// Of several results each finds its own part, and what one of them needs whole stays whole.
  @Test func partsOfSeveralResults() throws {
    let inputs = [sample([6, 4, 5], seed: 6), sample([5, 5], seed: 7)]
    for isWhole in [false, true] {
      func body(_ narrow: Bool) -> (Trace, [NodeID]) throws -> [NodeID] {
        { trace, p in
          let h = try trace.apply(.unary(.tanh), [self.product(trace, p[0], p[1])])
          let first = try trace.apply(.slice(starts: [0, 0, 0], counts: [6, 1, 5], steps: [1, 1, 1]), [h])
          let total = try trace.apply(.reduce(.sum, axes: [0, 1, 2]), [isWhole ? h : p[0]])
          let results = [first, total, try trace.apply(.unary(.exp), [first])]
          return narrow ? try trace.narrowed(results) : results
        }
      }
      let plan = try plan(inputs, body(true))
      var copies: [Tensor?] = inputs.map(copy)
      for (x, y) in zip(try runEager(inputs, body(false)), try plan.run(&copies)) { #expect(x.hasSameBits(as: y)) }
      let shapes = plan.graph.nodes.filter { if case .matmul = $0.primitive { true } else { false } }.map(\.shape)
      #expect(shapes == [isWhole ? [6, 4, 5] : [6, 1, 5]])
    }
  }

  @Test func whatIsReadAsAWholeStays() throws {
    for isWhole in [true, false] {
      let trace = Trace(.staged)
      let (x, w) = (trace.input(shape: [4, 3, 5], type: .f32), trace.input(shape: [5, 5], type: .f32))
      let h = try product(trace, x, w)
      let part = try trace.apply(.reduce(.sum, axes: [0, 1]), [last(trace, h)])
      let whole = try trace.apply(.reduce(.sum, axes: [0, 1, 2]), [isWhole ? h : x])
      let y = try trace.apply(.binary(.add), [part, whole])
      #expect(try (trace.narrowed(y, wrt: [w]) == y) == isWhole)
    }
  }

  @Test func everyPositionByItselfIsOneProduct() throws {
    let trace = Trace(.staged)
    let (x, w) = (trace.input(shape: [4, 3, 5], type: .f32), trace.input(shape: [5, 5], type: .f32))
    let h = try product(trace, x, w)
    var total: NodeID?
    for place in 0..<3 {
      let row = try trace.apply(.slice(starts: [0, place, 0], counts: [4, 1, 5], steps: [1, 1, 1]), [h])
      let sum = try trace.apply(.reduce(.sum, axes: [0, 1, 2]), [row])
      total = try total.map { try trace.apply(.binary(.add), [$0, sum]) } ?? sum
    }
    let y = try #require(total)
    #expect(try trace.narrowed(y, wrt: [w]) == y)
  }

  @Test func variablesStay() throws {
    let trace = Trace(.eager)
    let x = trace.input(shape: [6, 5], type: .f64, example: sample([6, 5]))
    let w = trace.input(shape: [5, 5], type: .f64, example: sample([5, 5]))
    let h = try trace.fresh(product(trace, x, w))
    let row = try trace.apply(.slice(starts: [1, 0], counts: [1, 5], steps: [1, 1]), [product(trace, h, w)])
    let y = try trace.apply(.reduce(.sum, axes: [0, 1]), [row])
    let narrowed = try trace.narrowed(y, wrt: [h])
    #expect(narrowed != y)
    let gradient = try #require(trace.value(trace.gradient(of: narrowed, wrt: [h])[0]))
    let plain = try #require(trace.value(trace.gradient(of: y, wrt: [h])[0]))
    #expect(gradient.shape == [6, 5] && values(gradient) == values(plain))
    #expect(values(gradient).prefix(5).allSatisfy { $0 == 0 } && values(gradient)[5] != 0)
  }

  @Test func readersOfDifferentPartsFindTheirOwn() throws {
    let inputs = [sample([8, 3, 6], seed: 4), sample([6, 5], seed: 5)]
    let plan = try check(inputs) { trace, p in
      let h = try trace.apply(.unary(.tanh), [product(trace, p[0], p[1])])
      let rows = { (start: Int) in
        try trace.apply(.slice(starts: [start, 0, 0], counts: [2, 3, 5], steps: [1, 1, 1]), [h])
      }
      return try trace.apply(.binary(.subtract), [rows(5), trace.apply(.unary(.exp), [rows(4)])])
    }
    let shapes = plan.graph.nodes.filter { if case .matmul = $0.primitive { true } else { false } }.map(\.shape)
    #expect(shapes.contains([3, 3, 5]) && !shapes.contains([8, 3, 5]))
  }

  @Test func boxesThroughReshapes() {
    let last = Region(starts: [0, 2, 0], counts: [5, 1, 8])
    #expect(last.reshaped(from: [5, 3, 2, 4], to: [5, 3, 8]) == Region(starts: [0, 2, 0, 0], counts: [5, 1, 2, 4]))
    #expect(last.reshaped(from: [5, 1, 3, 8], to: [5, 3, 8]) == Region(starts: [0, 0, 2, 0], counts: [5, 1, 1, 8]))
    #expect(last.reshaped(from: [15, 8], to: [5, 3, 8]) == nil)
    let first = Region(starts: [1, 0, 0], counts: [2, 3, 8])
    #expect(first.reshaped(from: [15, 8], to: [5, 3, 8]) == Region(starts: [3, 0], counts: [6, 8]))
    #expect(Region(starts: [3], counts: [6]).reshaped(from: [5, 3], to: [15]) == nil)
  }

  /// Random chains on [a, b, c] with a part taken at random places.
  @Test(arguments: 0..<60) func fuzzedChains(seed: Int) throws {
    let inputs = [sample([4, 3, 6], seed: seed), sample([6, 6], seed: seed + 1), sample([4, 3, 6], seed: seed + 2)]
    try check(inputs) { trace, p in
      var dice = Dice(seed)
      var x = p[0]
      for _ in 0..<(3 + dice.below(6)) {
        let shape = trace.shape(x)
        switch dice.below(8) {
        case 0: x = try trace.apply(.unary(.tanh), [x])
        case 1, 2: x = try product(trace, x, p[1])
        case 3 where shape == [4, 3, 6]: x = try trace.apply(.binary(.multiply), [x, p[2]])
        case 4:
          let flat = try trace.apply(.reshape([shape[0] * shape[1], 6]), [x])
          x = try trace.apply(.reshape(shape), [product(trace, flat, p[1])])
        case 5:
          let turned = try trace.apply(.transpose([1, 0, 2]), [x])
          x = try trace.apply(.transpose([1, 0, 2]), [product(trace, turned, p[1])])
        case 6:
          let sums = try trace.apply(.reshape([shape[0], shape[1], 1]), [trace.apply(.reduce(.sum, axes: [2]), [x])])
          x = try trace.apply(.binary(.subtract), [x, sums])
        default:
          let axis = dice.below(2)
          var (starts, counts) = ([0, 0, 0], shape)
          counts[axis] = 1 + dice.below(shape[axis])
          starts[axis] = dice.below(shape[axis] - counts[axis] + 1)
          let part = try trace.apply(.slice(starts: starts, counts: counts, steps: [1, 1, 1]), [x])
          let sums = try trace.apply(.reduce(.sum, axes: [0, 1]), [part])
          x = dice.below(3) > 0 ? part : try trace.apply(.binary(.add), [x, sums])
        }
      }
      return x
    }
  }
}
