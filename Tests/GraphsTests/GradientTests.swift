import Tensors
import Testing

@testable import Graphs

@Suite struct GradientTests {
  private func gradient(_ x: [Double], _ body: (Trace, NodeID) throws -> NodeID) throws -> [Double] {
    let trace = Trace(.eager)
    let node = trace.input(shape: [x.count], type: .f64, example: tensor(x, [x.count]))
    let y = try body(trace, node)
    let total = try trace.apply(.reduce(.sum, axes: Array(trace.shape(y).indices)), [y])
    return values(trace.value(try trace.gradient(of: total, wrt: [node])[0])!)
  }

  @Test func conventionsAtKinks() throws {
    #expect(try gradient([-2, 0, 2]) { try $0.apply(.unary(.abs), [$1]) } == [-1, 0, 1])
    // relu is maximum(0, x): at 0 the constant, which is first, takes all.
    #expect(try gradient([-1, 0, 1]) { try $0.apply(.binary(.maximum), [$0.scalar(0, .f64), $1]) } == [0, 0, 1])
    #expect(try gradient([-1, 0, 1]) { try $0.apply(.binary(.minimum), [$1, $0.scalar(0, .f64)]) } == [1, 1, 0])
    #expect(try gradient([3, 5, 5, 1]) { try $0.apply(.reduce(.max, axes: [0]), [$1]) } == [0, 1, 0, 0])
    #expect(try gradient([3, 1, 5, 1]) { try $0.apply(.reduce(.min, axes: [0]), [$1]) } == [0, 1, 0, 0])
    #expect(try gradient([0, 2]) { try $0.apply(.binary(.power), [$1, $0.scalar(0, .f64)]) } == [0, 0])
  }

  @Test func selectPassesNoNaNFromTheBranchNotTaken() throws {
    let result = try gradient([-1, 4]) { trace, x in
      let positive = try trace.apply(.compare(.greater), [x, trace.scalar(0, .f64)])
      let inside = try trace.apply(.select, [positive, x, trace.scalar(1, .f64)])
      return try trace.apply(.select, [positive, trace.apply(.unary(.sqrt), [inside]), trace.scalar(0, .f64)])
    }
    #expect(result == [0, 0.25])
    let direct = try gradient([2, 3]) { trace, x in
      let never = try trace.apply(.compare(.less), [x, trace.scalar(0, .f64)])
      return try trace.apply(.select, [never, trace.scalar(.nan, .f64), x])
    }
    #expect(direct == [1, 1])
  }

  @Test func productsWithZeros() throws {
    let product = Primitive.reduce(.product, axes: [0])
    #expect(try gradient([2, 3, 4]) { try $0.apply(product, [$1]) } == [12, 8, 6])
    #expect(try gradient([2, 0, 4]) { try $0.apply(product, [$1]) } == [0, 8, 0])
    #expect(try gradient([0, 0, 4]) { try $0.apply(product, [$1]) } == [0, 0, 0])
  }

  @Test func stoppedAndIndependentGradientsAreZero() throws {
    #expect(
      try gradient([2]) { try $0.apply(.binary(.multiply), [$1, $0.apply(.stopGradient, [$1])]) } == [2])
    #expect(try gradient([2]) { trace, _ in trace.constant(tensor([1], [1])) } == [0])
  }

  @Test func capturedUsesOfTheSameTensorDoNotCount() throws {
    // d/dy (x y) at y = x, inside d/dx of x times that: x · x, so 2x.
    let trace = Trace(.eager)
    let x = trace.input(shape: [], type: .f64, isNumber: true, example: Tensor(scalar: 3.0))
    let y = try trace.fresh(x)
    let inner = try trace.gradient(of: trace.apply(.binary(.multiply), [x, y], isNumber: true), wrt: [y])[0]
    let outer = try trace.apply(.binary(.multiply), [x, inner], isNumber: true)
    let result = try trace.gradient(of: outer, wrt: [x])[0]
    #expect(trace.value(inner)?.scalar == 3 && trace.value(result)?.scalar == 6 && trace.isNumber(result))
  }

  @Test func numbersInTensorsHaveNumbersAsGradients() throws {
    let trace = Trace(.staged)
    let rate = trace.input(shape: [], type: .f64, isNumber: true, example: Tensor(scalar: 0.5))
    let x = trace.input(shape: [3], type: .f32)
    let product = try trace.apply(.binary(.multiply), [x, trace.apply(.convert(.f32), [rate])])
    let total = try trace.apply(.reduce(.sum, axes: [0]), [product])
    let g = try trace.gradient(of: total, wrt: [rate])[0]
    #expect(trace.isNumber(g) && trace.type(g) == .f64 && trace.shape(g) == [])
    var inputs: [Tensor?] = [Tensor(scalar: 0.5), tensor([1, 2, 4], [3], .f32)]
    #expect(try Plan(trace.finish(outputs: [g])).run(&inputs)[0].scalar == 7)
  }

  @Test func scalarsAreToldApartByTheirBits() {
    let trace = Trace(.eager)
    let (minus, plus) = (trace.scalar(-0.0, .f64), trace.scalar(0, .f64))
    #expect(minus != plus && trace.scalar(0, .f64) == plus && trace.scalar(0, .f32) != plus)
    #expect(trace.value(plus)?.scalar?.sign == .plus && trace.value(minus)?.scalar?.sign == .minus)
  }

  @Test func gradientsOfGradientsNest() throws {
    // x^4: 4x³, 12x², 24x.
    let trace = Trace(.eager)
    let x = trace.input(shape: [], type: .f64, isNumber: true, example: Tensor(scalar: 2.0))
    var y = x
    for _ in 0..<3 { y = try trace.apply(.binary(.multiply), [y, x], isNumber: true) }
    var found: [Double] = []
    for _ in 0..<3 {
      y = try trace.gradient(of: y, wrt: [x])[0]
      found.append(trace.value(y)!.scalar!)
    }
    #expect(found == [32, 48, 48])
  }

  /// Slices that are all of their source, in any order, twice, or with a gap: the derivative of Σ wᵢ xᵢ is w.
  @Test(arguments: [[0, 1, 2], [2, 0, 1], [1, 2], [0, 1, 1, 2]])
  func slicesHandBackWhatTheyTook(_ order: [Int]) throws {
    let x = sample([2, 6])
    let weights = sample([3, 2, 2], seed: 2)
    let gradient = try runEager([x]) { trace, nodes in
      var total: NodeID?
      for part in order {
        let slice = Primitive.slice(starts: [0, 2 * part], counts: [2, 2], steps: [1, 1])
        let w = trace.constant(tensor((0..<4).map { weights.element(4 * part + $0) }, [2, 2]))
        let product = try trace.apply(.binary(.multiply), [trace.apply(slice, [nodes[0]]), w])
        let sum = try trace.apply(.reduce(.sum, axes: [0, 1]), [product])
        total = try total.map { try trace.apply(.binary(.add), [$0, sum]) } ?? sum
      }
      return try trace.gradient(of: total!, wrt: [nodes[0]])
    }[0]
    for row in 0..<2 {
      for column in 0..<6 {
        let part = column / 2
        let times = Double(order.filter { $0 == part }.count)
        let expected = times * weights.element(4 * part + 2 * row + column % 2)
        #expect(abs(gradient.element(6 * row + column) - expected) < 1e-12)
      }
    }
  }
}
