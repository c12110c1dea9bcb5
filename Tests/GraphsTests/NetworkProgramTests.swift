import Tensors
import Testing

@testable import Graphs

/// Networks of many sizes, whose nodes are computed in another order than they stand: to the bit what the code says.
@Suite struct NetworkProgramTests {
  /// Some networks with weights of their own.
  private struct Population {
    let inputs: Int
    let codes: [[Int]]
    let weights: [[Double]]

    /// Random ones with up to `most` nodes.
    init(_ count: Int, inputs: Int, most: Int, seed: UInt64) {
      var source = SplitMix(state: seed)
      self.inputs = inputs
      var (codes, weights): ([[Int]], [[Double]]) = ([], [])
      for _ in 0..<count {
        let nodes = 1 + source.next(most)
        var (code, own): ([Int], [Double]) = ([nodes], [])
        for node in 0..<nodes {
          let incoming = source.next(5)
          code += [1 + source.next(11), incoming] + (0..<incoming).map { _ in source.next(1 + inputs + node) }
          own += (0..<incoming).map { _ in Double(source.next(4001) - 2000) / 1000 }
        }
        codes.append(code)
        weights.append(own)
      }
      self.codes = codes
      self.weights = weights
    }

    var words: Int { codes.map(\.count).max() ?? 1 }
    var connections: Int { max(1, weights.map(\.count).max() ?? 1) }

    func code(_ places: Range<Int>) -> Tensor {
      let flat = places.flatMap { codes[$0].map(Double.init) + Array(repeating: 0, count: words - codes[$0].count) }
      return tensor(flat, [places.count, words], .i64)
    }

    func own(_ places: Range<Int>) -> Tensor {
      let flat = places.flatMap { weights[$0] + Array(repeating: 0, count: connections - weights[$0].count) }
      return tensor(flat, [places.count, connections])
    }

    /// The last node of network `place` by the code, node after node.
    func output(_ place: Int, _ x: [[Double]], _ shared: [Double]) throws -> [Double] {
      var nodes = [Array(repeating: 1.0, count: shared.count)] + x
      var (at, weight) = (1, 0)
      for _ in 0..<codes[place][0] {
        let (kind, incoming) = (codes[place][at], codes[place][at + 1])
        var sums = Array(repeating: 0.0, count: shared.count)
        for source in codes[place][(at + 2)..<(at + 2 + incoming)] {
          for lane in sums.indices { sums[lane].addProduct(nodes[source][lane], weights[place][weight]) }
          weight += 1
        }
        nodes.append(try activated(kind, zip(sums, shared).map { $0 * $1 }))
        at += 2 + incoming
      }
      return nodes[nodes.count - 1]
    }

    private func activated(_ kind: Int, _ x: [Double]) throws -> [Double] {
      func each(_ operation: UnaryOperation, _ x: [Double]) throws -> [Double] {
        let result = try evaluate(.unary(operation), [tensor(x, [x.count])])
        return x.indices.map { result.element($0) }
      }
      switch kind {
      case 2: return x.map { $0 > 0 ? 1 : 0 }
      case 3: return try each(.sin, x.map { $0 * .pi })
      case 4: return try each(.exp, x.map { -0.5 * ($0 * $0) })
      case 5: return try each(.tanh, x)
      case 6: return try each(.tanh, x.map { 0.5 * $0 }).map { ($0 + 1) * 0.5 }
      case 7: return x.map { -$0 }
      case 8: return x.map { abs($0) }
      case 9: return x.map { 0 >= $0 ? 0 : $0 }
      case 10: return try each(.cos, x.map { $0 * .pi })
      case 11: return x.map { $0 * $0 }
      default: return x
      }
    }
  }

  private func outputs(
    _ population: Population, _ places: Range<Int>, _ x: Tensor, _ shared: Tensor
  ) throws -> [UInt64] {
    let result = try evaluate(.network(outputs: 1), [x, population.code(places), population.own(places), shared])
    return (0..<result.count).map { result.element($0).bitPattern }
  }

  private func column(_ count: Int, _ seed: UInt64) -> [Double] {
    var source = SplitMix(state: seed)
    return (0..<count).map { _ in Double(source.next(8001) - 4000) / 2000 }
  }

  @Test(arguments: [1, 7, 18, 33, 70, 530])
  func everyNodeIsWhatTheCodeSays(_ lanes: Int) throws {
    let population = Population(21, inputs: 3, most: 30, seed: UInt64(lanes))
    let x = (0..<3).map { column(lanes, UInt64($0)) }
    let shared = column(lanes, 9)
    let (seen, factor) = (tensor(x.flatMap { $0 }, [3, lanes]), tensor(shared, [lanes]))
    let all = try outputs(population, 0..<21, seen, factor)
    for place in 0..<21 {
      let row = Array(all[(place * lanes)..<((place + 1) * lanes)])
      #expect(try row == population.output(place, x, shared).map(\.bitPattern))
      #expect(try row == outputs(population, place..<place + 1, seen, factor))
    }
  }

  /// What is kept of earlier codes is not taken for others.
  @Test func othersInTheSamePlace() throws {
    let (seen, factor) = (tensor(column(18, 1) + column(18, 2), [2, 18]), tensor(column(18, 3), [18]))
    let x = [column(18, 1), column(18, 2)]
    for seed: UInt64 in [1, 2, 1, 3, 1] {
      let population = Population(3, inputs: 2, most: 9, seed: seed)
      let all = try outputs(population, 0..<3, seen, factor)
      let expected = try (0..<3).flatMap { try population.output($0, x, column(18, 3)).map(\.bitPattern) }
      #expect(all == expected)
    }
  }

  /// The same codes with one input fewer mean other nodes.
  @Test func otherInputs() throws {
    let code = tensor([2, 1, 1, 1, 5, 2, 1, 2], [1, 8], .i64)
    let (own, factor) = (tensor([1, 1, 1], [1, 3]), tensor([1], [1]))
    let one = try evaluate(.network(outputs: 1), [tensor([3], [1, 1]), code, own, factor])
    let two = try evaluate(.network(outputs: 1), [tensor([0.25, 0.5], [2, 1]), code, own, factor])
    #expect(one.element(0) == 0.9999877116507956)  // tanh(3 + 3)
    #expect(two.element(0) == 0.6351489523872873)  // tanh(0.25 + 0.5)
  }

  /// One that makes no sense is named, wherever it stands.
  @Test(arguments: [0, 7, 8, 20]) func oneThatMakesNoSense(_ place: Int) throws {
    let code = tensor((0..<21).flatMap { [1.0, 1, 1, $0 == place ? 2 : 1] }, [21, 4], .i64)
    let inputs = [tensor([1], [1, 1]), code, tensor(Array(repeating: 1, count: 21), [21, 1]), tensor([1], [1])]
    do {
      _ = try evaluate(.network(outputs: 1), inputs)
      Issue.record("nobody noticed")
    } catch let error as GraphError {
      #expect("\(error)".contains("network \(place) "))
    }
  }
}

/// Numbers for tests.
private struct SplitMix {
  var state: UInt64

  /// A number below `bound`.
  mutating func next(_ bound: Int) -> Int {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return Int((z ^ (z >> 31)) % UInt64(bound))
  }
}
