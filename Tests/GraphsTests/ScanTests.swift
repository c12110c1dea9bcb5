import Tensors
import Testing

@testable import Graphs

/// Loops as one node of a graph: against the same steps written out, in all modes and through derivatives.
@Suite struct ScanTests {
  /// h ← tanh(h W + x), out h²: with the operands h, x, W.
  static func recurrent(length: Int, reversed: Bool = false) throws -> ScanProgram {
    let body = Trace(.staged)
    let h = body.input(shape: [3, 4], type: .f64)
    let x = body.input(shape: [3, 4], type: .f64)
    let w = body.input(shape: [4, 4], type: .f64)
    let (next, out) = try step(body, h, x, w)
    return try ScanProgram(
      body: body.recorded(outputs: [next, out]), carries: 1, sequences: 1, length: length, isReversed: reversed)
  }

  static func step(_ t: Trace, _ h: NodeID, _ x: NodeID, _ w: NodeID) throws -> (NodeID, NodeID) {
    let product = try t.apply(.matmul(transposeA: false, transposeB: false), [h, w])
    let next = try t.apply(.unary(.tanh), [t.apply(.binary(.add), [product, x])])
    return (next, try t.apply(.binary(.multiply), [next, next]))
  }

  static func inputs(length: Int) -> [Tensor] {
    [sample([3, 4], seed: 1), sample([length, 3, 4], seed: 2), sample([4, 4], seed: 3)]
  }

  /// Last carry and outs by the loop written out.
  static func unrolled(_ t: Trace, _ n: [NodeID], length: Int, reversed: Bool) throws -> [NodeID] {
    var h = n[0]
    var outs: [Int: NodeID] = [:]
    for i in 0..<length {
      let entry = reversed ? length - 1 - i : i
      let row = try t.apply(.slice(starts: [entry, 0, 0], counts: [1, 3, 4], steps: [1, 1, 1]), [n[1]])
      let (next, out) = try step(t, h, t.apply(.reshape([3, 4]), [row]), n[2])
      h = next
      outs[entry] = try t.apply(.reshape([1, 3, 4]), [out])
    }
    return [h, try t.apply(.concat(axis: 0), (0..<length).compactMap { outs[$0] })]
  }

  /// A number that depends on both results, and its derivatives.
  static func loss(_ t: Trace, _ results: [NodeID]) throws -> NodeID {
    let parts = try results.enumerated().map { i, r in
      let weights = t.constant(sample(t.shape(r), seed: 20 + i))
      let product = try t.apply(.binary(.multiply), [r, weights])
      return try t.apply(.reduce(.sum, axes: Array(t.shape(r).indices)), [product])
    }
    return try t.apply(.binary(.add), parts)
  }

  @Test(arguments: [1, 2, 5], [false, true]) func agreesWithTheStepsWrittenOut(_ length: Int, _ reversed: Bool) throws {
    let program = try ScanTests.recurrent(length: length, reversed: reversed)
    func all(_ t: Trace, _ n: [NodeID], _ results: [NodeID]) throws -> [NodeID] {
      let y = try ScanTests.loss(t, results)
      let first = try t.gradient(of: y, wrt: n)
      let norm = try first.map { g -> NodeID in
        let square = try t.apply(.binary(.multiply), [g, g])
        return try t.apply(.reduce(.sum, axes: Array(t.shape(g).indices)), [square])
      }
      let total = try t.apply(.binary(.add), [t.apply(.binary(.add), [norm[0], norm[1]]), norm[2]])
      return try results + [y] + first + t.gradient(of: total, wrt: n)
    }
    let inputs = ScanTests.inputs(length: length)
    let looped = try runEager(inputs) { t, n in try all(t, n, t.apply(program, n)) }
    let plain = try runEager(inputs) { t, n in
      try all(t, n, ScanTests.unrolled(t, n, length: length, reversed: reversed))
    }
    for (place, (a, b)) in zip(looped, plain).enumerated() {
      #expect(a.shape == b.shape)
      for (x, y) in zip(values(a), values(b)) { #expect(abs(x - y) <= 1e-10 * max(1, abs(y)), "result \(place)") }
    }
    // The last carry and the outs have the very bits of the steps.
    #expect(looped[0].hasSameBits(as: plain[0]) && looped[1].hasSameBits(as: plain[1]))
    for fuse in [false, true] {
      let planned = try plan(inputs, fuse: fuse) { t, n in try all(t, n, t.apply(program, n)) }
      for threads in [1, 3] {
        var given: [Tensor?] = inputs.map(copy)
        let results = try planned.run(&given, threads: threads)
        for (place, (a, b)) in zip(looped, results).enumerated() {
          #expect(a.hasSameBits(as: b), "result \(place), fuse \(fuse), threads \(threads)")
        }
      }
    }
  }

  /// A loop and the loop that its derivative extends hold each other only while somebody else holds one of them.
  @Test func aLoopWithADerivativeIsGivenBack() throws {
    weak var kept: ScanProgram?
    do {
      let program = try ScanTests.recurrent(length: 3)
      kept = program
      _ = try runEager(ScanTests.inputs(length: 3)) { t, n in
        try t.gradient(of: ScanTests.loss(t, t.apply(program, n)), wrt: n)
      }
    }
    #expect(kept == nil)
  }

  @Test func noStepsGiveTheFirstCarry() throws {
    let program = try ScanTests.recurrent(length: 0)
    let inputs = ScanTests.inputs(length: 0)
    let results = try runEager(inputs) { t, n in
      let results = try t.apply(program, n)
      return try results + t.gradient(of: ScanTests.loss(t, results), wrt: n)
    }
    #expect(results[0].hasSameBits(as: inputs[0]))
    #expect(results[1].shape == [0, 3, 4] && results[3].shape == [0, 3, 4])
    #expect(values(results[4]).allSatisfy { $0 == 0 })
  }

  @Test func aLoopAndItsDerivativeRunOnce() throws {
    let program = try ScanTests.recurrent(length: 4)
    let planned = try plan(ScanTests.inputs(length: 4)) { t, n in
      let y = try ScanTests.loss(t, t.apply(program, n))
      return try [y] + t.gradient(of: y, wrt: n)
    }
    let loops = planned.graph.nodes.filter { if case .program = $0.primitive { true } else { false } }
    #expect(loops.count == 2, "the way there and the way back")
  }

  /// How many results each loop of a plan has.
  private func resultCounts(_ plan: Plan) -> [Int] {
    plan.graph.nodes.compactMap { if case .program(let program) = $0.primitive { program.results.count } else { nil } }
  }

  @Test func whatNobodyReadsIsNotComputed() throws {
    let program = try ScanTests.recurrent(length: 4)
    let planned = try plan(ScanTests.inputs(length: 4)) { t, n in [try t.apply(program, n)[0]] }
    #expect(resultCounts(planned) == [1])
  }

  /// Outs recorded twice are kept once; a carry of the same value is its last one only.
  @Test func equalOutsAreOne() throws {
    let body = Trace(.staged)
    let (h, x) = (body.input(shape: [3, 4], type: .f64), body.input(shape: [3, 4], type: .f64))
    let sums = try (0..<3).map { _ in try body.apply(.binary(.add), [h, x]) }
    let program = try ScanProgram(body: body.recorded(outputs: sums), carries: 1, sequences: 1, length: 4)
    let inputs = Array(ScanTests.inputs(length: 4)[..<2])
    let planned = try plan(inputs) { t, n in try t.apply(program, n) }
    #expect(resultCounts(planned) == [2])
    var taken: [Tensor?] = inputs
    let expected = try runEager(inputs) { t, n in try t.apply(program, n) }
    for (a, b) in try zip(expected, planned.run(&taken)) { #expect(a.hasSameBits(as: b)) }
  }

  @Test func aCarryThatChangesItsFormIsRefused() throws {
    let body = Trace(.staged)
    let h = body.input(shape: [3], type: .f64)
    let wide = try body.apply(.broadcast([2, 3]), [h])
    #expect(throws: TensorError.self) {
      try ScanProgram(body: body.recorded(outputs: [wide]), carries: 1, sequences: 0, length: 3)
    }
    let program = try ScanTests.recurrent(length: 4)
    #expect(throws: TensorError.self) {
      try runEager([sample([3, 4]), sample([5, 3, 4]), sample([4, 4])]) { t, n in try t.apply(program, n) }
    }
  }
}
