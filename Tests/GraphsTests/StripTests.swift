import Tensors
import Testing

@testable import Graphs

/// Steps that run for some rows, then for the next ones: the bits, errors and memory of a plan.
@Suite struct StripTests {
  private static let (rows, width, heads) = (37, 12, 3)

  /// Attention of one query over three gathered rows, a hidden layer, a loss per row, and all gradients.
  private static func record(_ trace: Trace, _ inputs: [NodeID]) throws -> [NodeID] {
    func product(_ a: NodeID, _ b: NodeID, turned: Bool = false) throws -> NodeID {
      try trace.apply(.matmul(transposeA: false, transposeB: turned), [a, b])
    }
    func inHeads(_ x: NodeID) throws -> NodeID {
      let parts = try trace.apply(.reshape([rows, 3, heads, width / heads]), [x])
      return try trace.apply(.transpose([0, 2, 1, 3]), [parts])
    }
    let (table, position, query, hidden, bias, ids, labels) = (
      inputs[0], inputs[1], inputs[2], inputs[3], inputs[4], inputs[5], inputs[6]
    )
    let x = try trace.apply(.binary(.add), [trace.apply(.gather, [table, ids]), position])
    let parts = try inHeads(x)
    let scores = try product(query, parts, turned: true)
    let least = try trace.apply(.reduce(.max, axes: [3]), [scores])
    let moved = try trace.apply(
      .binary(.subtract), [scores, trace.apply(.reshape([rows, heads, 1, 1]), [least])])
    let weights = try trace.apply(.unary(.exp), [moved])
    let seen = try product(weights, parts)
    let joined = try trace.apply(
      .reshape([rows, width]), [trace.apply(.transpose([0, 2, 1, 3]), [seen])])
    let made = try trace.apply(.binary(.add), [product(joined, hidden), bias])
    let active = try trace.apply(.binary(.maximum), [trace.scalar(0, .f32), made])
    let picked = try trace.apply(.pick, [active, labels])
    let loss = try trace.apply(.reduce(.sum, axes: [0]), [trace.apply(.unary(.tanh), [picked])])
    return [loss, active] + (try trace.gradient(of: loss, wrt: Array(inputs[..<5])))
  }

  private static func examples() -> [Tensor] {
    let ids = (0..<rows * 3).map { Double($0 * 7 % 10) }
    let labels = (0..<rows).map { Double($0 % 5) }
    return [
      sample([10, width], .f32), sample([3, width], .f32, seed: 2), sample([heads, 1, width / heads], .f32, seed: 3),
      sample([width, width], .f32, seed: 4), sample([width], .f32, seed: 5), tensor(ids, [rows, 3], .i64),
      tensor(labels, [rows], .i64),
    ]
  }

  private static func limits(_ bytes: Int) -> StripLimits {
    StripLimits(leastBytes: 1, stripBytes: bytes, mostFixedBytes: 1 << 17, leastStrips: 2)
  }

  private func steps(_ plan: Plan) -> [StripStep] {
    plan.steps.compactMap { if case .strips(let step) = $0 { step } else { nil } }
  }

  /// Strips of one row, of some, and of nearly half of them, which leave rows over.
  @Test(arguments: [1, 3_000, 8_000]) func bitsAreThoseOfWholeSteps(bytes: Int) throws {
    let examples = Self.examples()
    let expected = try runEager(examples, Self.record)
    let plan = try plan(examples, strips: Self.limits(bytes), Self.record)
    #expect(steps(plan).reduce(0) { $0 + $1.members.count } >= 12)
    for threads in [1, 2, 4] {
      for _ in 0..<2 {
        var inputs: [Tensor?] = examples.map(copy)
        let found = try plan.run(&inputs, threads: threads)
        for (a, b) in zip(expected, found) { #expect(areSame(a, b), "threads \(threads)") }
      }
    }
  }

  /// What is handed on among the steps has room for a strip, and no more.
  @Test func whatIsHandedOnIsSmall() throws {
    let examples = Self.examples()
    let (strips, whole) = (
      try plan(examples, strips: Self.limits(1), Self.record), try plan(examples, Self.record)
    )
    #expect(steps(strips).map(\.region.strip) == [1, 1])
    #expect(strips.memory.stripBytes > 0)
    #expect(strips.memory.arenaBytes + strips.memory.stripBytes < whole.memory.arenaBytes)
    #expect(whole.memory.stripBytes == 0, "so little lies in the cache anyway")
  }

  /// An early step that fails in a late strip is what fails, as if the steps had run whole; the inputs stay as they were.
  @Test(arguments: [1, 3]) func theFirstStepsErrorComesFirst(threads: Int) throws {
    let body: (Trace, [NodeID]) throws -> [NodeID] = { trace, x in
      let rows = try trace.apply(.gather, [x[0], x[2]])
      let made = try trace.apply(.matmul(transposeA: false, transposeB: false), [rows, x[1]])
      return [try trace.apply(.pick, [made, x[3]])]
    }
    for (badRow, badLabel, value) in [(36, 0, 99), (0, 36, 99), (nil, 36, 77)] as [(Int?, Int?, Int)] {
      let ids = (0..<37).map { $0 == badRow ? 99 : Double($0 * 7 % 10) }
      let labels = (0..<37).map { $0 == badLabel ? 77 : Double($0 % 5) }
      let examples = [
        sample([10, 12], .f32), sample([12, 12], .f32, seed: 2), tensor(ids, [37], .i64), tensor(labels, [37], .i64),
      ]
      let plan = try plan(examples, strips: Self.limits(1), body)
      #expect(steps(plan).map(\.members.count) == [3])
      var inputs: [Tensor?] = examples.map(copy)
      let error = #expect(throws: GraphError.self) { try plan.run(&inputs, threads: threads) }
      guard case .badIndex(let found, _) = error?.kind else {
        Issue.record("another error: \(String(describing: error))")
        return
      }
      #expect(found == value)
      for (a, b) in zip(examples, inputs) { #expect(try areSame(a, #require(b))) }
    }
  }

  /// A result does not take over an input that later strips read whole.
  @Test func inputsStayForLaterStrips() throws {
    let examples = (1...3).map { sample([40, 40], .f32, seed: $0) }
    let body: (Trace, [NodeID]) throws -> [NodeID] = { trace, x in
      var made = x[0]
      for factor in [x[1], x[2], x[2]] {
        made = try trace.apply(.matmul(transposeA: false, transposeB: false), [made, factor])
      }
      return [try trace.apply(.unary(.sin), [made])]
    }
    let plan = try plan(examples, strips: Self.limits(1), body)
    #expect(steps(plan).map(\.members.count) == [4])
    var inputs: [Tensor?] = examples.map(copy)
    let (expected, found) = (try runEager(examples, body), try plan.run(&inputs))
    #expect(areSame(expected[0], found[0]))
  }

  /// The second half of a value has its rows elsewhere than the first.
  @Test func whatIsAddedMayLieElsewhere() throws {
    let examples = [sample([80, 8], .f32), sample([40, 8], .f32, seed: 2), sample([8, 8], .f32, seed: 3)]
    let body: (Trace, [NodeID]) throws -> [NodeID] = { trace, x in
      let both = try trace.apply(.unary(.tanh), [x[0]])
      var made = try trace.apply(.unary(.sin), [x[1]])
      for _ in 0..<3 { made = try trace.apply(.matmul(transposeA: false, transposeB: false), [made, x[2]]) }
      let half = try trace.apply(.slice(starts: [40, 0], counts: [40, 8], steps: [1, 1]), [both])
      return [try trace.apply(.binary(.add), [made, half])]
    }
    let limits = StripLimits(leastBytes: 1, stripBytes: 1, mostFixedBytes: .max, leastStrips: 2)
    let plan = try plan(examples, strips: limits, body)
    #expect(plan.stepLines.contains { $0.contains("strips of 1 of 40 rows") })
    var inputs: [Tensor?] = examples.map(copy)
    let (expected, found) = (try runEager(examples, body), try plan.run(&inputs))
    #expect(areSame(expected[0], found[0]))
  }

  /// Few rows are left to the threads of each step; more of them are cut so often that threads share them evenly.
  @Test(arguments: [2, 16, 38]) func threadsShareStripsEvenly(least: Int) throws {
    for count in [2, 3, 16, 37, 64] {
      let limits = StripLimits(leastBytes: 1, stripBytes: 1 << 20, mostFixedBytes: .max, leastStrips: least)
      let examples = [sample([count, 50], .f32), sample([50, 50], .f32, seed: 2)]
      let plan = try plan(examples, strips: limits) { trace, x in
        let made = try trace.apply(.matmul(transposeA: false, transposeB: false), [x[0], x[1]])
        return [try trace.apply(.matmul(transposeA: false, transposeB: false), [made, x[1]])]
      }
      let strips = steps(plan).map { ($0.region.count + $0.region.strip - 1) / $0.region.strip }
      #expect(strips.allSatisfy { $0 >= least }, "\(count)")
      #expect(strips.isEmpty == (count < least), "\(count)")
    }
  }

  /// A large operand that is the same for all rows would be brought nearer for every strip again.
  @Test func largeFactorsAreNotReadForEveryStrip() throws {
    let examples = [sample([40, 8], .f32), sample([8, 64], .f32, seed: 2)]
    let body: (Trace, [NodeID]) throws -> [NodeID] = { trace, x in
      let bent = try trace.apply(.unary(.tanh), [x[0]])
      let made = try trace.apply(.matmul(transposeA: false, transposeB: false), [bent, x[1]])
      return [try trace.apply(.unary(.exp), [trace.apply(.unary(.sin), [made])])]
    }
    for (bytes, isStrip) in [(4096, true), (64, false)] {
      let limits = StripLimits(leastBytes: 1, stripBytes: 1, mostFixedBytes: bytes, leastStrips: 2)
      let plan = try plan(examples, strips: limits, body)
      #expect(plan.stepLines.contains { $0.contains("strips of") } == isStrip)
    }
  }
}
