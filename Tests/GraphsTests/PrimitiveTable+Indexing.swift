import Tensors

@testable import Graphs

extension PrimitiveTable {
  static let products: [PrimitiveCase] = {
    var result: [PrimitiveCase] = []
    for (a, b) in [(false, false), (true, false), (false, true), (true, true)] {
      for (lead, leadB): (Shape, Shape) in [([], []), ([2], [2]), ([3], []), ([2, 1], [3])] {
        let out = (lead.isEmpty ? leadB : lead == [2, 1] ? [2, 3] : lead) + [3, 5]
        result.append(
          PrimitiveCase(
            primitive: .matmul(transposeA: a, transposeB: b),
            inputs: [sample(lead + (a ? [4, 3] : [3, 4])), sample(leadB + (b ? [5, 4] : [4, 5]), seed: 2)],
            reference: { product($0[0], $0[1], a, b, out) }, shape: out, smooth: [0, 1],
            refused: [[[3], [3]], [[2, 3, 4], [3, 4, 4]], [[7, 7], [6, 6]]]))
      }
    }
    return result
  }()

  /// Element by element; leading axes repeat.
  static func product(_ x: Tensor, _ y: Tensor, _ a: Bool, _ b: Bool, _ out: Shape) -> [Double] {
    let (m, n, k) = (3, 5, 4)
    let lead = Array(out.dropLast(2))
    let places = tensor((0..<x.count / (m * k)).map(Double.init), Array(x.shape.dropLast(2)))
    let placesB = tensor((0..<y.count / (n * k)).map(Double.init), Array(y.shape.dropLast(2)))
    return zip(spread(places, lead), spread(placesB, lead)).flatMap { p, q -> [Double] in
      (0..<m * n).map { at in
        let (i, j) = (at / n, at % n)
        return (0..<k).reduce(0) { sum, l in
          sum + x.element(Int(p) * m * k + (a ? l * m + i : i * k + l))
            * y.element(Int(q) * n * k + (b ? j * k + l : l * n + j))
        }
      }
    }
  }

  static let slices: [PrimitiveCase] = [
    PrimitiveCase(
      primitive: .slice(starts: [1, 4], counts: [2, 3], steps: [1, -2]), inputs: [sample([4, 5])],
      reference: { x in indexes([2, 3]).map { x[0].element((1 + $0[0]) * 5 + 4 - 2 * $0[1]) } }, shape: [2, 3],
      smooth: [0], refused: [[[2, 5]], [[4, 4]], [[4]]]),
    PrimitiveCase(
      primitive: .unslice(starts: [1, 4], steps: [1, -2], shape: [4, 5]), inputs: [sample([2, 3])],
      reference: { x in
        var out = Array(repeating: 0.0, count: 20)
        for (i, p) in indexes([2, 3]).enumerated() { out[(1 + p[0]) * 5 + 4 - 2 * p[1]] = x[0].element(i) }
        return out
      }, shape: [4, 5], smooth: [0], refused: [[[4, 3]], [[2, 4]]]),
    PrimitiveCase(
      primitive: .dynamicSlice(count: 2), inputs: [sample([5, 3]), Tensor(scalar: 3)],
      reference: { Array(values($0[0])[9..<15]) }, shape: [2, 3], smooth: [0],
      refused: [[[1, 3], []], [[5, 3], [1]]]),
    PrimitiveCase(
      primitive: .dynamicUpdate, inputs: [sample([5, 3]), Tensor(scalar: 2), sample([2, 3], seed: 2)],
      reference: { Array(values($0[0])[..<6]) + values($0[2]) + Array(values($0[0])[12...]) }, shape: [5, 3],
      smooth: [0, 2], refused: [[[5, 3], [], [2, 4]], [[1, 3], [], [2, 3]]]),
  ]

  private static func ids(_ list: [Double], _ shape: Shape, _ type: ElementType = .i64) -> Tensor {
    tensor(list, shape, type)
  }

  static let indexing: [PrimitiveCase] = [
    PrimitiveCase(
      primitive: .gather, inputs: [sample([4, 3]), ids([0, 3, -1, 1, 0, -4], [2, 3])],
      reference: { x in [0, 3, 3, 1, 0, 0].flatMap { row in (0..<3).map { x[0].element(row * 3 + $0) } } },
      shape: [2, 3, 3], smooth: [0], refused: [[[], [2]]]),
    PrimitiveCase(
      primitive: .gather, inputs: [sample([6]), ids([5, 2, 2], [3], .i32)],
      reference: { x in [5, 2, 2].map { x[0].element($0) } }, shape: [3], smooth: [0]),
    PrimitiveCase(
      primitive: .scatterAdd(rows: 4), inputs: [ids([0, 3, -1, 1], [4]), sample([4, 2])],
      reference: { x in
        var out = Array(repeating: 0.0, count: 8)
        for (i, row) in [0, 3, 3, 1].enumerated() { for c in 0..<2 { out[row * 2 + c] += x[1].element(i * 2 + c) } }
        return out
      }, shape: [4, 2], smooth: [1], refused: [[[4], [3, 2]], [[4, 2], [4]]]),
    PrimitiveCase(
      primitive: .pick, inputs: [sample([3, 4]), ids([1, -1, 0], [3])],
      reference: { [$0[0].element(1), $0[0].element(7), $0[0].element(8)] }, shape: [3], smooth: [0],
      refused: [[[3, 4], [4]], [[], []]]),
    PrimitiveCase(
      primitive: .unpick(count: 4), inputs: [ids([1, -1, 0], [3]), sample([3])],
      reference: { [0, $0[1].element(0), 0, 0, 0, 0, 0, $0[1].element(1), $0[1].element(2), 0, 0, 0] }, shape: [3, 4],
      smooth: [1], refused: [[[3], [4]]]),
    PrimitiveCase(
      primitive: .oneHot(count: 3, type: .f32), inputs: [ids([2, 0], [2])],
      reference: { _ in [0, 0, 1, 1, 0, 0] }, shape: [2, 3]),
  ]

  static let sources: [PrimitiveCase] = [
    PrimitiveCase(
      primitive: .iota(shape: [2, 3], axis: 1, type: .f32), inputs: [], reference: { _ in [0, 1, 2, 0, 1, 2] },
      shape: [2, 3]),
    PrimitiveCase(
      primitive: .iota(shape: [2, 3], axis: 0, type: .i64), inputs: [], reference: { _ in [0, 0, 0, 1, 1, 1] },
      shape: [2, 3]),
    PrimitiveCase(
      primitive: .random(.uniform, shape: [3, 5], type: .f64), inputs: [Tensor(scalar: 9)],
      reference: { x in draws(.uniform, x[0], 15) }, shape: [3, 5]),
    PrimitiveCase(
      primitive: .random(.integer(low: -3, high: 4), shape: [6], type: .i64), inputs: [Tensor(scalar: 9)],
      reference: { x in draws(.integer(low: -3, high: 4), x[0], 6, .i64) }, shape: [6]),
    PrimitiveCase(
      primitive: .deriveKey, inputs: [Tensor(scalar: 3), Tensor(scalar: 4)],
      reference: { _ in [Double(RandomKey.derive(3, 4))] }, shape: [], refused: [[[2], [3]]]),
    PrimitiveCase(
      primitive: .permutation(n: 10, count: 4), inputs: [Tensor(scalar: 3), Tensor(scalar: 6)],
      reference: { _ in
        let all = try! Tensor(uninitialized: [10], type: .i64)
        try! Kernels.permutation(n: 10, key: 3, count: 10, all.pointer.assumingMemoryBound(to: Int64.self))
        return Array(values(all)[6...])
      }, shape: [4], refused: [[[2], [3]]]),
  ]

  /// Draws one at a time.
  private static func draws(_ distribution: Distribution, _ key: Tensor, _ count: Int, _ type: ElementType = .f64)
    -> [Double]
  {
    let out = try! Tensor(uninitialized: [count], type: type)
    for i in 0..<count {
      Kernels.random(
        distribution, key: Int64(key.integer(0)), type, firstIndex: i, out.pointer + i * type.byteCount, count: 1)
    }
    return values(out)
  }
}
