import Tensors
import Testing

@testable import Graphs

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension PrimitiveTable {
  /// Two networks with two inputs: one node of each activation in a row, each fed by all before it; and two outputs right behind the
  /// inputs, with words and weights left over.
  private static let codes: [[Int]] = {
    var chain = [11]
    for node in 0..<11 { chain += [node + 1, node + 3] + Array(0..<node + 3) }
    let small = [2, 5, 2, 1, 0, 1, 1, 2]
    return [chain, small + Array(repeating: 0, count: chain.count - small.count)]
  }()
  private static let weights = 88

  static let networks: [PrimitiveCase] = [(3, 2), (21, 2), (40, 1), (600, 2)].flatMap { lanes, outputs in
    let code = tensor(codes.flatMap { $0.map(Double.init) }, [2, codes[0].count], .i64)
    let own = sample([2, weights], seed: 5) { 0.6 * $0 - 0.3 }
    let shared = sample([lanes], seed: 7)
    let refused: [[Shape]] = [
      [[2, 2], code.shape, own.shape, [3]], [[3, 2, 4], code.shape, own.shape, [4]],
      [[2, 4], code.shape, [1, weights], [4]],
    ]
    return [[2, lanes], [2, 2, lanes]].map { shape in
      PrimitiveCase(
        primitive: .network(outputs: outputs), inputs: [sample(shape), code, own, shared],
        reference: { t in (0..<2).flatMap { values(of: $0, t, outputs) } }, shape: [2, outputs, lanes], refused: refused
      )
    }
  }

  /// The outputs of network `place` by the definition, [outputs, lanes].
  private static func values(of place: Int, _ t: [Tensor], _ outputs: Int) -> [Double] {
    let lanes = t[3].count
    let base = t[0].shape.count == 2 ? 0 : place * 2 * lanes
    let columns = (0..<lanes).map { lane -> [Double] in
      var nodes = [1, t[0].element(base + lane), t[0].element(base + lanes + lane)]
      var (at, weight) = (1, place * weights)
      for _ in 0..<codes[place][0] {
        let (kind, incoming) = (codes[place][at], codes[place][at + 1])
        var sum = 0.0
        for source in codes[place][(at + 2)..<(at + 2 + incoming)] {
          sum += nodes[source] * t[2].element(weight)
          weight += 1
        }
        nodes.append(activation(kind, sum * t[3].element(lane)))
        at += 2 + incoming
      }
      return nodes.suffix(outputs)
    }
    return (0..<outputs).flatMap { output in columns.map { $0[output] } }
  }

  private static func activation(_ kind: Int, _ x: Double) -> Double {
    switch kind {
    case 2: x > 0 ? 1 : 0
    case 3: sin(.pi * x)
    case 4: exp(-x * x / 2)
    case 5: tanh(x)
    case 6: 1 / (1 + exp(-x))
    case 7: -x
    case 8: abs(x)
    case 9: max(x, 0)
    case 10: cos(.pi * x)
    case 11: x * x
    default: x
    }
  }
}

/// Codes that come from a program.
@Suite struct NetworkCodeTests {
  /// What is not there is an error and is never read.
  @Test(arguments: [
    [], [-1], [1 << 40], [1], [1, 1], [1, 12, 0], [1, 0, 0], [1, 1, -1], [1, 1, 1 << 62], [1, 1, 1, 3], [1, 1, 1, -1],
    [1, 1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0], [2, 1, 1, 0, 1, 1, 4], [0], [1, 1, 5, 0, 0],
  ])
  func senselessCodes(_ code: [Int]) throws {
    let inputs = [
      sample([2, 4]), tensor(code.map(Double.init), [1, code.count], .i64), sample([1, 8]), sample([4]),
    ]
    #expect(throws: GraphError.self) { try evaluate(.network(outputs: 1), inputs) }
  }
}
