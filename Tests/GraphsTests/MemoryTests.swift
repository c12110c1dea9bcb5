import Tensors
import Testing

@testable import Graphs

/// What plans do to need less memory changes no bit.
@Suite struct MemoryTests {
  /// Layers of a product, a normalisation by a row and a column's scale, and a rectifier, with their derivative.
  private static func layers(_ count: Int) -> (Trace, [NodeID]) throws -> [NodeID] {
    { trace, x in
      var y = x[0]
      for _ in 0..<count {
        let sum = try trace.apply(.matmul(transposeA: false, transposeB: false), [y, x[1]])
        let scaled = try trace.apply(.binary(.multiply), [trace.apply(.binary(.subtract), [sum, x[2]]), x[3]])
        y = try trace.apply(.binary(.maximum), [trace.scalar(0, .f32), scaled])
      }
      let total = try trace.apply(.reduce(.sum, axes: [0, 1]), [trace.apply(.binary(.multiply), [y, y])])
      return try [total] + trace.gradient(of: total, wrt: Array(x[1...]))
    }
  }

  private static func sizes(_ rows: Int) -> [Tensor] {
    [
      sample([rows, 64], .f32, seed: 1), sample([64, 64], .f32, seed: 2) { $0 / 2 - 0.25 },
      sample([64], .f32, seed: 3), sample([64], .f32, seed: 4),
    ]
  }

  /// Ranges of a view that begin and end anywhere hold its elements in order, also from one matrix of it into the next.
  @Test func rangesOfViews() {
    let view = Layout(shape: [3, 4, 5], strides: [100, 10, 1], offset: 7)
    let base = (0..<300).map { Int64($0) }
    let elements: [Int64] = (0..<60).map { i in
      let (matrix, row, column) = (i / 20, i / 5 % 4, i % 5)
      return Int64(7 + 100 * matrix + 10 * row + column)
    }
    for first in 0..<60 {
      for count in 1...60 - first {
        var out = [Int64](repeating: -1, count: count)
        base.withUnsafeBytes { x in
          out.withUnsafeMutableBytes { target in
            guard let x = x.baseAddress, let target = target.baseAddress else { return }
            view.copyRange(from: x, to: target, .i64, first: first, count: count)
          }
        }
        #expect(out == Array(elements[first..<first + count]))
      }
    }
  }

  @Test(arguments: [3, 6]) func valuesMadeAgainHaveTheirBits(count: Int) throws {
    let inputs = Self.sizes(16_411)
    let body = Self.layers(count)
    let plain = try plan(inputs, fuse: false, body)
    let plan = try plan(inputs, body)
    let expected = try runEager(inputs, body)
    for threads in [1, 3] {
      var taken: [Tensor?] = inputs.map(copy)
      for (a, b) in zip(try plan.run(&taken, threads: threads), expected) { #expect(a.hasSameBits(as: b)) }
    }
    // Of a layer the sum is kept and what is left of it is made again.
    let layer = 16_411 * 64 * 4
    #expect(plan.memory.arenaBytes < (count + 5) * layer, "\(plan.memory.arenaBytes / layer) layers")
    #expect(plain.memory.arenaBytes > (2 * count + 1) * layer)
  }

  @Test func littleMemoryIsLeftAlone() throws {
    let inputs = Self.sizes(64)
    let trace = Trace(.staged)
    let nodes = inputs.map { trace.input(shape: $0.shape, type: $0.type) }
    let graph = try trace.finish(outputs: Self.layers(4)(trace, nodes))
    #expect(try Plan(graph).graph.nodes.count == graph.nodes.count)
  }

  /// Starts, counts and steps in a shape, short and long, at edges and in the middle.
  static let parts: [(starts: [Int], counts: [Int], steps: [Int], shape: Shape)] = [
    ([0, 0], [4, 20], [1, 1], [4, 50]), ([1, 7], [3, 40], [1, 1], [6, 50]),
    ([0, 2, 0], [5, 1, 17], [1, 1, 1], [5, 3, 17]),
    ([2, 0, 0], [2, 9, 33], [3, 1, 1], [7, 9, 33]), ([1, 0, 16], [1, 70, 16], [1, 1, 1], [3, 70, 32]),
    ([0, 5], [3, 4], [1, 9], [3, 50]), ([1999], [1], [1], [2000]), ([500], [1500], [1], [4000]),
  ]

  @Test(arguments: parts.indices) func partsAmongZerosHaveTheirBits(index: Int) throws {
    let part = Self.parts[index]
    for type in [ElementType.f32, .f64, .i32] {
      let inputs = [
        sample(part.counts, type, seed: 1) { 40 * $0 - 20 }, sample(part.counts, type, seed: 2) { 40 * $0 - 20 },
        sample(part.shape, type, seed: 3) { 40 * $0 - 20 },
      ]
      func body(_ trace: Trace, _ x: [NodeID]) throws -> [NodeID] {
        let unslice = Primitive.unslice(starts: part.starts, steps: part.steps, shape: part.shape)
        let own = try trace.apply(.binary(.add), [x[0], x[1]])
        let both = try trace.apply(.binary(.add), [trace.apply(unslice, [own]), trace.apply(unslice, [x[1]])])
        return [try trace.apply(.binary(.subtract), [both, x[2]]), both, try trace.apply(unslice, [x[0]])]
      }
      let expected = try runEager(inputs, body)
      let plan = try plan(inputs, body)
      let isLong = part.steps.last == 1 && part.starts != [1999]
      let placements = plan.steps.reduce(0) { total, step in
        if case .loop(let loop) = step { return total + loop.program.placements.count }
        return total
      }
      #expect(placements == (isLong ? 3 : 0))
      for threads in [1, 2] {
        var taken: [Tensor?] = inputs.map(copy)
        for (a, b) in zip(try plan.run(&taken, threads: threads), expected) { #expect(a.hasSameBits(as: b)) }
      }
    }
  }

  @Test func aResultMayLieOverAnOperandThatNobodyNeeds() throws {
    let (x, row, number) = (sample([300, 40], .f32), sample([40], .f32, seed: 2), sample([], .f32, seed: 3))
    for other in [x, row, number, sample([300, 40], .f32, seed: 4)] {
      for isFirst in [true, false] {
        let spare = copy(x)
        let operands = isFirst ? [spare, other] : [other, spare]
        let expected = try evaluate(.binary(.subtract), isFirst ? [x, other] : [other, x])
        let result = try evaluate(.binary(.subtract), operands, over: spare)
        #expect(result === spare && result.hasSameBits(as: expected))
      }
    }
    // Not where the form differs, nor where it is no operand.
    let small = copy(row)
    #expect(try evaluate(.binary(.add), [x, small], over: small) !== small)
    #expect(small.hasSameBits(as: row))
    #expect(try evaluate(.binary(.add), [x, row], over: small) !== small)
    #expect(try evaluate(.compare(.less), [copy(x), row], over: x).type == .bool)
  }
}
