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

  /// Layouts of every kind over 300 elements: rows apart, turned, repeated along any axis, backwards, with axes that continue
  /// each other or have one element, of nothing but one element.
  static let layouts: [(shape: Shape, strides: [Int], offset: Int)] = [
    ([3, 4, 5], [100, 10, 1], 7), ([3, 4, 5], [20, 1, 4], 2), ([4, 3, 5], [3, 1, 0], 1), ([4, 3, 5], [5, 0, 1], 0),
    ([4, 5], [7, 0], 3), ([2, 3, 17], [0, 17, 1], 3), ([3, 1, 20], [-40, 5, -2], 290), ([6, 7], [2, 13], 0),
    ([5, 2, 3, 2], [12, 6, 2, 1], 9), ([7, 9], [1, 0], 5), ([60], [0], 4), ([2, 20], [1, 2], 0), ([], [], 8),
    ([1, 1], [3, 0], 6),
    ([2, 3, 2, 4], [90, 20, 9, 2], 11), ([2, 3, 2, 4], [100, 30, 12, 1], 5),
  ]

  /// Ranges of a view that begin and end anywhere hold its elements in order, also from one matrix of it into the next.
  @Test(arguments: layouts, [ElementType.i64, .f32, .bool])
  func rangesOfViews(_ parts: (shape: Shape, strides: [Int], offset: Int), type: ElementType) {
    let layout = Layout(shape: parts.shape, strides: parts.strides, offset: parts.offset)
    let bytes = type.byteCount
    let base = (0..<300 * bytes).map { UInt8(truncatingIfNeeded: $0 &* 37 ^ $0 >> 4) }
    let places = (0..<layout.count).map { i in
      var (rest, place) = (i, layout.offset)
      for axis in layout.shape.indices.reversed() {
        place += rest % layout.shape[axis] * layout.strides[axis]
        rest /= layout.shape[axis]
      }
      return place
    }
    let view = LoopView(layout, type, slot: 0, perRow: false)
    defer { view.deallocate() }
    for first in places.indices {
      for count in 1...places.count - first {
        var out = [UInt8](repeating: 0, count: (count + 1) * bytes)
        base.withUnsafeBytes { x in
          out.withUnsafeMutableBytes { target in
            guard let x = x.baseAddress, let target = target.baseAddress else { return }
            view.copy(from: x, to: target, first: first, count: count)
          }
        }
        let expected = places[first..<first + count].flatMap { base[$0 * bytes..<($0 + 1) * bytes] }
        #expect(out == expected + Array(repeating: 0, count: bytes))
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
