import Tensors
import Testing

@testable import Graphs

/// Sums over leading axes inside the loops that make what they add up: the bits of the sum alone.
@Suite struct ColumnSumTests {
  static let shapes: [(rows: Int, columns: Int)] = [
    (1, 2), (3, 16), (63, 10), (64, 5), (65, 256), (100, 10), (200, 33), (1100, 57), (4096, 4), (4100, 2), (8192, 16),
    (8193, 3),
    (3 * 4096 + 77, 64), (5 * 4096 - 1, 10), (9 * 4096 + 1, 2),
  ]

  @Test(arguments: shapes) func sumsHaveTheBitsOfTheReduction(rows: Int, columns: Int) throws {
    for type in [ElementType.f32, .f64] {
      let inputs = [
        sample([rows, columns], type, seed: 3), sample([rows, columns], type, seed: 4),
        sample([columns], type, seed: 5),
      ]
      func body(_ trace: Trace, _ x: [NodeID]) throws -> [NodeID] {
        let centred = try trace.apply(.binary(.subtract), [x[0], x[2]])
        let square = try trace.apply(.binary(.multiply), [centred, centred])
        let product = try trace.apply(.binary(.multiply), [centred, x[1]])
        let sums = try [square, product].map { try trace.apply(.reduce(.sum, axes: [0]), [$0]) }
        let after = try trace.apply(.binary(.divide), [centred, sums[0]])
        return sums + [try trace.apply(.reduce(.sum, axes: [0]), [after]), after]
      }
      let expected = try runEager(inputs, body)
      let plan = try plan(inputs, body)
      let loops = plan.steps.compactMap { step -> LoopProgram? in
        if case .loop(let loop) = step { return loop.program }
        return nil
      }
      if rows >= 8192 || rows * columns <= 65_536, columns <= 64 || rows >= 1024 {
        // A sum of one row adds nothing up.
        #expect(loops.reduce(0) { $0 + $1.sums.count } == (rows == 1 ? 0 : 3), "\(rows) x \(columns)")
      }
      for threads in 1...4 {
        var taken: [Tensor?] = inputs.map(copy)
        for (a, b) in zip(try plan.run(&taken, threads: threads), expected) {
          #expect(values(a) == values(b), "\(rows) x \(columns), \(threads) threads")
        }
      }
    }
  }

  /// Alone and by several threads: the bits of the kernel on the whole.
  @Test(arguments: shapes) func blocksHaveTheBitsOfTheWhole(rows: Int, columns: Int) throws {
    let x = sample([rows, columns], .f32, seed: 8)
    let whole = try Tensor(uninitialized: [columns], type: .f32)
    Kernels.reduce(.sum, .f32, outer: 1, length: rows, inner: columns, x.pointer, whole.pointer)
    #expect(values(try evaluate(.reduce(.sum, axes: [0]), [x])) == values(whole))
    let flat = try evaluate(.reshape([rows * columns]), [x])
    let total = try Tensor(uninitialized: [], type: .f32)
    Kernels.reduce(.sum, .f32, outer: 1, length: rows * columns, inner: 1, x.pointer, total.pointer)
    #expect(values(try evaluate(.reduce(.sum, axes: [0]), [flat])) == values(total))
    let plan = try plan([x]) { trace, x in [try trace.apply(.reduce(.sum, axes: [0]), [x[0]])] }
    var inputs: [Tensor?] = [x]
    #expect(values(try plan.run(&inputs, threads: 3)[0]) == values(whole))
  }

  @Test func aSumOfNegativeZerosIsPositive() throws {
    let x = sample([100, 4]) { _ in 1 }
    func body(_ trace: Trace, _ x: [NodeID]) throws -> [NodeID] {
      let zeros = try trace.apply(.binary(.multiply), [x[0], trace.scalar(-0.0, .f64)])
      return [try trace.apply(.reduce(.sum, axes: [0]), [zeros])]
    }
    var inputs: [Tensor?] = [x]
    #expect(values(try plan([x], body).run(&inputs)[0]).allSatisfy { $0.sign == .plus })
  }

  @Test func imagesAreSummedOverAllTheirPlaces() throws {
    let x = sample([20, 21, 20, 8], .f32)
    func body(_ trace: Trace, _ x: [NodeID]) throws -> [NodeID] {
      let y = try trace.apply(.unary(.tanh), [x[0]])
      return [try trace.apply(.reduce(.sum, axes: [0, 1, 2]), [y])]
    }
    let plan = try plan([x], body)
    #expect(plan.steps.count == 1)
    var inputs: [Tensor?] = [copy(x)]
    #expect(values(try plan.run(&inputs, threads: 3)[0]) == values(try runEager([x], body)[0]))
  }
}
