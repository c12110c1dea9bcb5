import Tensors
import Testing

@testable import Graphs

/// What depends on no input is computed once, with the bits of the whole.
@Suite struct KnownPartTests {
  /// A plan of a body whose last tensors are constants, and the inputs it takes.
  private func half(_ examples: [Tensor], numbers: Set<Int>, inputs: Int, _ body: (Trace, [NodeID]) throws -> [NodeID])
    throws -> (graph: Graph, inputs: [Tensor?])
  {
    let taken = Array(examples[..<inputs])
    let graph = try plan(taken, numbers: numbers) { trace, nodes in
      try body(trace, nodes + examples[inputs...].map { trace.constant($0, isNumber: false) })
    }.graph
    return (graph, taken)
  }

  /// The results of a graph split in two.
  private func runSplit(_ graph: Graph, _ known: KnownPart, _ inputs: [Tensor?]) throws -> [Tensor] {
    var (nothing, inputs): ([Tensor?], [Tensor?]) = ([], inputs)
    return try Plan(known.rest(with: try Plan(known.graph).run(&nothing))).run(&inputs)
  }

  @Test(arguments: FuzzTests.first..<FuzzTests.first + FuzzTests.count)
  func aSplitGraphHasTheBitsOfTheWhole(_ seed: Int) throws {
    let maker = RandomGraph(seed: seed)
    let examples = maker.examples()
    let (graph, inputs) = try half(examples, numbers: RandomGraph.numbers, inputs: 2 + seed % 5, maker.record)
    guard let known = KnownPart(of: graph) else { return }
    #expect(known.graph.nodes.allSatisfy { if case .input = $0.primitive { false } else { true } })
    var whole = inputs
    let expected = try Plan(graph).run(&whole)
    for (a, b) in zip(expected, try runSplit(graph, known, inputs)) {
      #expect(areSame(a, b), "seed \(seed)")
    }
  }

  @Test func aProductOfConstantsIsLeftOut() throws {
    let examples = [sample([4, 3], .f32), sample([8, 4], .f32, seed: 2), sample([4, 3], .f32, seed: 3)]
    // relu(x w) + x v for an input v: the first product is known.
    let (graph, inputs) = try half(examples, numbers: [], inputs: 1) { trace, nodes in
      let product = Primitive.matmul(transposeA: false, transposeB: false)
      let known = try trace.apply(product, [nodes[1], nodes[2]])
      let kept = try trace.apply(.binary(.maximum), [known, trace.scalar(0, .f32)])
      return [try trace.apply(.binary(.add), [kept, trace.apply(product, [nodes[1], nodes[0]])])]
    }
    let known = try #require(KnownPart(of: graph))
    let products: (Graph) -> Int = { graph in
      graph.nodes.count { if case .matmul = $0.primitive { true } else { false } }
    }
    var nothing: [Tensor?] = []
    let values = try Plan(known.graph).run(&nothing)
    #expect(values.map(\.shape) == [[8, 3]])
    #expect((products(graph), products(known.graph), products(known.rest(with: values))) == (2, 1, 1))
    var whole = inputs
    #expect(try runSplit(graph, known, inputs)[0].hasSameBits(as: try Plan(graph).run(&whole)[0]))
    #expect(KnownPart(of: graph, atMost: 8 * 3 * 4 - 1) == nil)
  }

  /// The derivative of relu(x w + b) along v: what lets elements through is decided when the product with v is stored.
  @Test func aKnownComparisonStaysWithWhatItChooses() throws {
    let examples = [sample([4, 3], .f32), sample([8, 4], .f32, seed: 2), sample([4, 3], .f32, seed: 3)]
    let (graph, inputs) = try half(examples, numbers: [], inputs: 1) { trace, nodes in
      let product = Primitive.matmul(transposeA: false, transposeB: false)
      let zero = trace.scalar(0, .f32)
      let shut = try trace.apply(.compare(.greaterEqual), [zero, trace.apply(product, [nodes[1], nodes[2]])])
      return [try trace.apply(.select, [shut, zero, trace.apply(product, [nodes[1], nodes[0]])])]
    }
    let known = try #require(KnownPart(of: graph))
    var nothing: [Tensor?] = []
    let values = try Plan(known.graph).run(&nothing)
    #expect(try Plan(known.rest(with: values)).steps.count == 1)
    var whole = inputs
    #expect(try runSplit(graph, known, inputs)[0].hasSameBits(as: try Plan(graph).run(&whole)[0]))
  }

  /// A mask that three choices share: behind a product read twice, behind a sum of two, behind one of what the second let through.
  /// The last two are decided when their products are stored, and weights that are parts of a vector are read where they lie.
  @Test func aSharedComparisonStaysWithEveryChoice() throws {
    let examples = [
      sample([24], .f32), sample([8, 4], .f32, seed: 2), sample([4, 3], .f32, seed: 3), sample([3, 3], .f32, seed: 4),
    ]
    let (graph, inputs) = try half(examples, numbers: [], inputs: 1) { trace, nodes in
      let product = Primitive.matmul(transposeA: false, transposeB: false)
      let zero = trace.scalar(0, .f32)
      let shut = try trace.apply(.compare(.greaterEqual), [zero, trace.apply(product, [nodes[1], nodes[2]])])
      let products = try [0, 12].map { start in
        let part = try trace.apply(.slice(starts: [start], counts: [12], steps: [1]), [nodes[0]])
        return try trace.apply(product, [nodes[1], trace.apply(.reshape([4, 3]), [part])])
      }
      let sum = try trace.apply(.binary(.add), [products[1], trace.apply(product, [products[0], nodes[3]])])
      let second = try trace.apply(.select, [shut, zero, sum])
      let third = try trace.apply(.select, [shut, zero, trace.apply(product, [second, nodes[3]])])
      return [try trace.apply(.select, [shut, zero, products[0]]), third]
    }
    let known = try #require(KnownPart(of: graph))
    var nothing: [Tensor?] = []
    let rest = try Plan(known.rest(with: try Plan(known.graph).run(&nothing)))
    let loops = rest.steps.count { if case .loop = $0 { true } else { false } }
    #expect((rest.steps.count, loops) == (5, 1))
    var whole = inputs
    let expected = try Plan(graph, fuse: false).run(&whole)
    for (a, b) in zip(expected, try runSplit(graph, known, inputs)) { #expect(a.hasSameBits(as: b)) }
  }

  /// Two masks, the second of what the first let through, each for two choices behind products.
  @Test func comparisonsOfSeveralLayersStayApart() throws {
    let examples = [sample([4, 3], .f32), sample([8, 4], .f32, seed: 2), sample([3, 3], .f32, seed: 3)]
    let (graph, inputs) = try half(examples, numbers: [], inputs: 1) { trace, nodes in
      let product = Primitive.matmul(transposeA: false, transposeB: false)
      let zero = trace.scalar(0, .f32)
      var last = try trace.apply(product, [nodes[1], nodes[0]])
      for _ in 0..<2 {
        let shut = try trace.apply(.compare(.greaterEqual), [zero, last])
        for _ in 0..<2 {
          last = try trace.apply(.select, [shut, zero, trace.apply(product, [last, nodes[2]])])
        }
      }
      return [last]
    }
    var (fused, whole) = (inputs, inputs)
    let expected = try Plan(graph, fuse: false).run(&whole)
    #expect(try Plan(graph).run(&fused)[0].hasSameBits(as: expected[0]))
    #expect(try Plan(graph).steps.count == 5)
  }

  @Test func whatOnlyMovesConstantsStays() throws {
    let examples = [sample([3, 4], .f32), sample([4, 3], .f32, seed: 2)]
    let (graph, _) = try half(examples, numbers: [], inputs: 1) { trace, nodes in
      [try trace.apply(.binary(.add), [nodes[0], trace.apply(.transpose([1, 0]), [nodes[1]])])]
    }
    #expect(KnownPart(of: graph) == nil)
  }
}
