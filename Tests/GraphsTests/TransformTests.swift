import Tensors
import Testing

@testable import Graphs

/// Batches and forward mode, for every row of the table of primitives and for loops of them.
@Suite struct TransformTests {
  /// Each entry of a batch has the bits that it has alone, whichever operands differ from entry to entry.
  @Test(arguments: PrimitiveTable.all.indices)
  func anEntryHasTheBitsItHasAlone(_ index: Int) throws {
    let row = PrimitiveTable.all[index]
    guard !row.inputs.isEmpty else { return }
    let record: (Trace, [NodeID]) throws -> [NodeID] = { trace, nodes in [try trace.apply(row.primitive, nodes)] }
    for mask in 1..<(1 << min(row.inputs.count, 3)) {
      var isLinear = false
      if case .linear = row.primitive { isLinear = true }
      // A code with other numbers is none.
      if case .network = row.primitive, mask & 2 != 0 { continue }
      try check(row.inputs, mask: mask, isLinear: isLinear, "\(row.primitive), mask \(mask)", record)
    }
  }

  @Test(arguments: 1..<8) func loopsAreBatched(_ mask: Int) throws {
    let program = try ScanTests.recurrent(length: 3)
    try check(ScanTests.inputs(length: 3), mask: mask, "mask \(mask)") { t, n in try t.apply(program, n) }
  }

  @Test(arguments: 1..<8) func derivativesOfLoopsAreBatched(_ mask: Int) throws {
    let program = try ScanTests.recurrent(length: 3)
    try check(ScanTests.inputs(length: 3), mask: mask, "mask \(mask)", tolerance: 1e-12) { t, n in
      try t.gradient(of: ScanTests.loss(t, t.apply(program, n)), wrt: n)
    }
  }

  /// Other values of the same kind: entries of a batch.
  private func varied(_ x: Tensor, _ entry: Int, _ isLinear: Bool) throws -> Tensor {
    // Matrices keep their form: positive definite, triangular, of full rank.
    if isLinear { return tensor(values(x).map { $0 * (1 + 0.25 * Double(entry)) }, x.shape, x.type) }
    guard entry > 0, x.count > 1 else {
      return x.type == .i64 && x.shape.isEmpty && entry > 0 ? Tensor(scalar: x.integer(0) % 2) : x
    }
    let list = values(x)
    return tensor(list.indices.map { list[($0 + entry * 3) % list.count] }, x.shape, x.type)
  }

  private func check(
    _ inputs: [Tensor], mask: Int, isLinear: Bool = false, _ what: String, tolerance: Double = 0,
    _ record: (Trace, [NodeID]) throws -> [NodeID]
  ) throws {
    let size = 3
    let entries = try (0..<size).map { entry in
      try inputs.enumerated().map { i, x in mask >> i & 1 == 1 ? try varied(x, entry, isLinear) : x }
    }
    let alone = try entries.map { try runEager($0, record) }
    let body = Trace(.staged)
    let arguments = inputs.map { body.input(shape: $0.shape, type: $0.type) }
    let graph = body.recorded(outputs: try record(body, arguments))
    let stacks = try inputs.indices.map { i -> Tensor in
      guard mask >> i & 1 == 1 else { return inputs[i] }
      let parts = try entries.map { try evaluate(.reshape([1] + inputs[i].shape), [$0[i]]) }
      return try evaluate(.concat(axis: 0), parts)
    }
    let isBatched = { (i: Int) in mask >> i & 1 == 1 }
    let batched: (Trace, [NodeID]) throws -> [NodeID] = { trace, nodes in
      let results = try graph.batched(
        into: trace, nodes.enumerated().map { BatchedNode($1, isBatched: isBatched($0)) }, size: size)
      return try results.map { result in
        if result.isBatched { return result.node }
        return try trace.apply(.broadcast([size] + trace.shape(result.node)), [result.node])
      }
    }
    let eager = try runEager(stacks, batched)
    let planned = try plan(stacks, batched)
    var given: [Tensor?] = stacks.map(copy)
    for (place, (a, b)) in zip(eager, try planned.run(&given)).enumerated() {
      #expect(a.hasSameBits(as: b), "\(what): planned result \(place)")
    }
    for (place, all) in eager.enumerated() {
      let each = all.count / size
      for (entry, result) in alone.enumerated() {
        #expect(Array(all.shape.dropFirst()) == result[place].shape, "\(what): result \(place)")
        let mine = values(all)[(entry * each)..<((entry + 1) * each)]
        for (x, y) in zip(mine, values(result[place])) {
          let same = x == y || (x.isNaN && y.isNaN) || abs(x - y) <= tolerance * max(1, abs(y))
          #expect(same, "\(what): entry \(entry) of result \(place): \(x), alone \(y)")
          if !same { return }
        }
      }
    }
  }

  /// ⟨u, Jv⟩ = ⟨Jᵀu, v⟩ for every primitive with a derivative.
  @Test(arguments: PrimitiveTable.all.indices)
  func forwardModeIsTheTransposeOfReverseMode(_ index: Int) throws {
    let row = PrimitiveTable.all[index]
    guard !row.smooth.isEmpty else { return }
    for moving in row.smooth.map({ [$0] }) + [row.smooth] {
      try agree(row.inputs, moving, "\(row.primitive), inputs \(moving)") { t, n in [try t.apply(row.primitive, n)] }
    }
  }

  @Test(arguments: [[0], [1], [2], [0, 1, 2]]) func loopsMoveForward(_ moving: [Int]) throws {
    let program = try ScanTests.recurrent(length: 4)
    try agree(ScanTests.inputs(length: 4), moving, "scan, \(moving)") { t, n in try t.apply(program, n) }
  }

  private func agree(
    _ inputs: [Tensor], _ moving: [Int], _ what: String, _ record: @escaping (Trace, [NodeID]) throws -> [NodeID]
  ) throws {
    func both(_ t: Trace, _ n: [NodeID]) throws -> [NodeID] {
      let results = try record(t, n)
      func dot(_ a: NodeID, _ b: NodeID) throws -> NodeID {
        let product = try t.apply(.binary(.multiply), [a, b])
        return try t.apply(.reduce(.sum, axes: Array(t.shape(a).indices)), [product])
      }
      func total(_ parts: [NodeID]) throws -> NodeID {
        try parts.dropFirst().reduce(parts[0]) { try t.apply(.binary(.add), [$0, $1]) }
      }
      let u = results.enumerated().map { t.constant(sample(t.shape($1), t.type($1), seed: 40 + $0)) }
      let v = moving.map { t.constant(sample(t.shape(n[$0]), t.type(n[$0]), seed: 50 + $0)) }
      let y = try total(zip(results, u).map { try dot($0, $1) })
      let back = try t.gradient(of: y, wrt: moving.map { n[$0] })
      let forth = try t.tangents(of: results, along: zip(moving, v).map { (variable: n[$0], direction: $1) })
      let left = try total(zip(forth, u).compactMap { t, u in try t.map { try dot($0, u) } })
      return [left, try total(zip(back, v).map { try dot($0, $1) })]
    }
    let pair = try runEager(inputs, both)
    let (a, b) = (pair[0].element(0), pair[1].element(0))
    #expect(abs(a - b) <= 1e-10 * max(1, abs(b)), "\(what): forward \(a), reverse \(b)")
    var given: [Tensor?] = inputs.map(copy)
    let planned = try plan(inputs, both).run(&given)
    #expect(planned[0].hasSameBits(as: pair[0]) && planned[1].hasSameBits(as: pair[1]), "\(what): planned")
  }
}
