import Tensors
import Testing

@testable import Graphs

/// Products take their factors as they lie: no bit changes, and nothing is copied that need not be.
@Suite struct ProductLayoutTests {
  struct Case: CustomTestStringConvertible {
    let testDescription: String
    let shapes: [Shape]
    /// Transpositions that the plan still carries out.
    let transpositions: Int
    let body: @Sendable (Trace, [NodeID]) throws -> [NodeID]
  }

  private static func heads(_ trace: Trace, _ x: NodeID) throws -> NodeID {
    let shape = trace.shape(x)
    return try trace.apply(
      .transpose([0, 2, 1, 3]), [trace.apply(.reshape([shape[0], shape[1], 2, shape[2] / 2]), [x])])
  }

  private static func part(_ trace: Trace, _ x: NodeID, from start: Int, count: Int) throws -> NodeID {
    let shape = trace.shape(x)
    return try trace.apply(
      .slice(starts: [0, 0, start], counts: [shape[0], shape[1], count], steps: [1, 1, 1]), [x])
  }

  private static func product(_ trace: Trace, _ x: NodeID, _ y: NodeID, _ turnX: Bool = false, _ turnY: Bool = false)
    throws
    -> NodeID
  { try trace.apply(.matmul(transposeA: turnX, transposeB: turnY), [x, y]) }

  static let cases = factors + results

  private static let factors = [
    Case(testDescription: "heads, and keys turned", shapes: [[5, 3, 32], [5, 4, 32]], transpositions: 0) { trace, x in
      let keys = try trace.apply(.transpose([0, 1, 3, 2]), [heads(trace, x[1])])
      return [try product(trace, heads(trace, x[0]), keys)]
    },
    Case(testDescription: "turned twice by the product", shapes: [[5, 3, 32], [5, 4, 32]], transpositions: 0) {
      trace, x in
      let keys = try trace.apply(.transpose([0, 1, 3, 2]), [heads(trace, x[1])])
      let queries = try trace.apply(.transpose([0, 1, 3, 2]), [heads(trace, x[0])])
      let scores = try product(trace, keys, queries, true)
      return [try product(trace, queries, keys, true), try product(trace, scores, queries, false, true)]
    },
    Case(testDescription: "parts of one projection", shapes: [[4, 7, 48], [16, 9]], transpositions: 0) { trace, x in
      let parts = try (0..<3).map { try part(trace, x[0], from: 16 * $0, count: 16) }
      return [
        try product(trace, product(trace, parts[0], parts[1], false, true), parts[2]),
        try product(trace, parts[1], x[1]),
      ]
    },
    Case(testDescription: "matrices", shapes: [[37, 70], [37, 41], [70, 70]], transpositions: 0) { trace, x in
      let turned = try trace.apply(.transpose([1, 0]), [x[0]])
      return [
        try product(trace, turned, x[1]), try product(trace, x[2], turned), try product(trace, turned, turned, true),
      ]
    },
    Case(testDescription: "one row, one column", shapes: [[5, 1, 8], [5, 8, 1], [8, 6]], transpositions: 0) {
      trace, x in
      let row = try trace.apply(.transpose([0, 2, 1]), [x[1]])
      let column = try trace.apply(.transpose([0, 2, 1]), [x[0]])
      return [
        try product(trace, row, x[2]), try product(trace, column, row), try product(trace, row, column),
        try product(trace, x[0], column),
      ]
    },
    Case(testDescription: "places before examples", shapes: [[3, 5, 8], [8, 6]], transpositions: 1) { trace, x in
      [try product(trace, trace.apply(.transpose([1, 0, 2]), [x[0]]), x[1])]
    },
    Case(testDescription: "neither rows nor columns", shapes: [[8, 3, 5], [4, 3, 5]], transpositions: 2) { trace, x in
      let turned = try trace.apply(.transpose([2, 1, 0]), [x[0]])
      let around = try trace.apply(.transpose([2, 0, 1]), [x[0]])
      return [
        try product(
          trace, x[1], trace.apply(.slice(starts: [0, 0, 0], counts: [4, 3, 3], steps: [1, 1, 2]), [x[1]]), true),
        try product(trace, turned, turned, false, true),
        try product(trace, around, around, false, true),
      ]
    },
    Case(testDescription: "read by others too", shapes: [[4, 6], [4, 5]], transpositions: 2) { trace, x in
      let turned = try x.map { try trace.apply(.transpose([1, 0]), [$0]) }
      return [
        try product(trace, turned[0], x[1]), try trace.apply(.unary(.exp), [turned[0]]),
        try product(trace, turned[1], x[0]),
        turned[1],
      ]
    },
    Case(testDescription: "copied once", shapes: [[4, 3, 6, 2]], transpositions: 1) { trace, x in
      let turned = try trace.apply(.transpose([0, 2, 1, 3]), [trace.apply(.transpose([0, 1, 3, 2]), [x[0]])])
      return [try trace.apply(.unary(.exp), [trace.apply(.reshape([4, 2, 18]), [turned])])]
    },
    Case(testDescription: "one matrix for many", shapes: [[1, 3, 8], [5, 8, 4], [8]], transpositions: 0) { trace, x in
      let many = try trace.apply(.broadcast([5, 3, 8]), [x[0]])
      let rows = try trace.apply(.broadcast([6, 8]), [x[2]])
      return [
        try product(trace, many, x[1]), try product(trace, rows, x[1]), try product(trace, x[1], rows, true, true),
      ]
    },
  ]

  /// Products that only a transposition reads write where it would.
  private static let results = [
    Case(testDescription: "joined heads", shapes: [[5, 2, 3, 4], [5, 2, 4, 8]], transpositions: 0) { trace, x in
      let joined = try trace.apply(.transpose([0, 2, 1, 3]), [product(trace, x[0], x[1])])
      return [joined, try trace.apply(.unary(.exp), [trace.apply(.reshape([15, 16]), [joined])])]
    },
    Case(testDescription: "turned heads joined", shapes: [[5, 2, 3, 4], [5, 2, 4, 8]], transpositions: 0) { trace, x in
      let turned = try trace.apply(.transpose([0, 1, 3, 2]), [product(trace, x[0], x[1])])
      return [try trace.apply(.unary(.exp), [trace.apply(.transpose([0, 2, 1, 3]), [turned])])]
    },
    // Large enough to be cut into blocks of rows for several threads.
    Case(testDescription: "large heads joined", shapes: [[2, 301, 128], [2, 128, 70]], transpositions: 0) { trace, x in
      let turned = try trace.apply(.transpose([2, 0, 1]), [product(trace, x[1], x[0], true, true)])
      return [try trace.apply(.transpose([1, 0, 2]), [product(trace, x[0], x[1])]), turned]
    },
    Case(testDescription: "turned matrix", shapes: [[70, 41], [41, 93]], transpositions: 0) { trace, x in
      [try trace.apply(.transpose([1, 0]), [product(trace, x[0], x[1])])]
    },
    Case(testDescription: "rows change places", shapes: [[6, 30], [30, 8]], transpositions: 1) { trace, x in
      let parts = try trace.apply(.reshape([2, 3, 8]), [product(trace, x[0], x[1])])
      return [try trace.apply(.transpose([1, 0, 2]), [parts])]
    },
    Case(testDescription: "columns are split, and one part leads", shapes: [[6, 30], [30, 8]], transpositions: 1) {
      trace, x in
      let parts = try trace.apply(.reshape([6, 2, 4]), [product(trace, x[0], x[1])])
      return [try trace.apply(.transpose([1, 0, 2]), [parts])]
    },
    Case(testDescription: "many rows of one stay one", shapes: [[3, 5, 8], [8, 6]], transpositions: 1) { trace, x in
      [try trace.apply(.transpose([1, 0, 2]), [product(trace, x[0], x[1])])]
    },
    Case(testDescription: "many rows of one, evenly apart", shapes: [[3, 5, 8], [8, 6]], transpositions: 0) {
      trace, x in
      let split = try trace.apply(.reshape([3, 5, 1, 6]), [product(trace, x[0], x[1])])
      return [try trace.apply(.unary(.exp), [trace.apply(.transpose([2, 0, 1, 3]), [split])])]
    },
    Case(testDescription: "neither rows nor columns stay", shapes: [[4, 3, 5], [4, 5, 7]], transpositions: 1) {
      trace, x in
      [try trace.apply(.transpose([1, 2, 0]), [product(trace, x[0], x[1])])]
    },
    Case(testDescription: "what others read too", shapes: [[4, 3, 5], [4, 5, 7]], transpositions: 1) { trace, x in
      let y = try product(trace, x[0], x[1])
      return [try trace.apply(.transpose([0, 2, 1]), [y]), y]
    },
  ]

  /// Random products, turned anyhow and cut anyhow before that.
  @Test(arguments: 0..<120) func anyTurnOfAnyProduct(seed: Int) throws {
    var random = Draws(state: UInt64(seed))
    func one(of extents: [Int]) -> Int { extents[Int(random.next() % UInt64(extents.count))] }
    let batch = (0..<one(of: [0, 1, 2])).map { _ in one(of: [1, 2, 3, 5]) }
    let (m, n, k) = (one(of: [1, 2, 3, 16, 29]), one(of: [1, 3, 8, 16, 40]), one(of: [1, 2, 17, 64]))
    let (turnX, turnY, isShared) = (one(of: [0, 1]) == 1, one(of: [0, 1]) == 1, one(of: [0, 1, 1]) == 0)
    let x = sample(batch + (turnX ? [k, m] : [m, k]), .f32, seed: 2 * seed + 1)
    let y = sample((isShared ? [] : batch) + (turnY ? [n, k] : [k, n]), .f32, seed: 2 * seed + 2)
    var shape = batch + [m, n]
    if n % 8 == 0, one(of: [0, 1]) == 1 { shape = batch + [m, n / 8, 8] }
    let order = shape.indices.shuffled(using: &random)
    let body: (Trace, [NodeID]) throws -> [NodeID] = { trace, x in
      let cut = try trace.apply(
        .reshape(shape), [trace.apply(.matmul(transposeA: turnX, transposeB: turnY), [x[0], x[1]])])
      return [try trace.apply(.transpose(order), [cut])]
    }
    let expected = try runEager([x, y], body)
    for threads in [1, 3] {
      var taken: [Tensor?] = [copy(x), copy(y)]
      let found = try plan([x, y], body).run(&taken, threads: threads)
      #expect(found[0].hasSameBits(as: expected[0]), "\(x.shape) \(y.shape) \(shape) \(order)")
    }
  }

  @Test(arguments: cases, [ElementType.f32, .f64]) func factorsAsTheyLie(_ part: Case, type: ElementType) throws {
    let inputs = part.shapes.enumerated().map { sample($1, type, seed: $0 + 1) }
    let expected = try runEager(inputs, part.body)
    let fused = try plan(inputs, part.body)
    for plan in try [fused, plan(inputs, fuse: false, part.body)] {
      for threads in [1, 2, 3] {
        var taken: [Tensor?] = inputs.map(copy)
        for (a, b) in zip(try plan.run(&taken, threads: threads), expected) { #expect(a.hasSameBits(as: b)) }
      }
    }
    let lines = fused.description.split(separator: "\n")
    #expect(lines.count { $0.contains(": transpose(") } == part.transpositions, "\(fused.description)")
  }

  /// Gradients through heads, whose turned results are turned back in one pass.
  @Test(arguments: cases) func gradientsAreTheSame(_ part: Case) throws {
    let inputs = part.shapes.enumerated().map { sample($1, .f32, seed: $0 + 1) }
    let body: (Trace, [NodeID]) throws -> [NodeID] = { trace, x in
      let sums = try part.body(trace, x).map { y in
        let squares = try trace.apply(.binary(.multiply), [y, y])
        return try trace.apply(.reduce(.sum, axes: Array(trace.shape(y).indices)), [squares])
      }
      let total = try sums.dropFirst().reduce(sums[0]) { try trace.apply(.binary(.add), [$0, $1]) }
      return try [total] + trace.gradient(of: total, wrt: x)
    }
    var taken: [Tensor?] = inputs.map(copy)
    for (a, b) in zip(try plan(inputs, body).run(&taken, threads: 2), try runEager(inputs, body)) {
      #expect(a.hasSameBits(as: b))
    }
  }
}

private struct Draws: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ (state >> 33)
  }
}
