import Tensors
import Testing

@testable import Graphs

@Suite struct LinearTests {
  /// A plan on any number of threads has the bits of the eager run, in both types.
  @Test(arguments: [ElementType.f64, .f32]) func threadsAgree(_ type: ElementType) throws {
    let a = sample([9, 24, 24], type, seed: 3), b = sample([9, 24, 5], type, seed: 4)
    func body(_ trace: Trace, _ x: [NodeID]) throws -> [NodeID] {
      let solution = try trace.apply(.linear(.solve(transposed: false)), x)
      let singular = try trace.apply(.linear(.svd), [x[0]])
      let total = try trace.apply(.reduce(.sum, axes: [0, 1, 2]), [solution])
      return [solution, singular] + (try trace.gradient(of: total, wrt: x))
    }
    let eager = try runEager([a, b], body)
    let plan = try plan([a, b], body)
    for threads in 1...4 {
      var inputs: [Tensor?] = [a, b]
      let results = try plan.run(&inputs, threads: threads)
      for (x, y) in zip(results, eager) { #expect(x.hasSameBits(as: y), "\(threads) threads") }
    }
  }

  /// The error is that of the first matrix, on every number of threads, and names it.
  @Test func firstBadMatrixIsNamed() throws {
    var elements = values(sample([6, 20, 20], seed: 5))
    for place in [2, 4] { for i in 0..<20 { elements[place * 400 + i * 20 + 7] = 0 } }
    let a = tensor(elements, [6, 20, 20]), b = sample([6, 20, 1], seed: 6)
    let plan = try plan([a, b]) { trace, x in [try trace.apply(.linear(.solve(transposed: false)), x)] }
    for threads in 1...4 {
      var inputs: [Tensor?] = [a, b]
      do {
        _ = try plan.run(&inputs, threads: threads)
        Issue.record("a singular matrix was solved")
      } catch let error as GraphError {
        #expect(error.message.contains("matrix 2 of 6"), "\(error.message)")
      }
    }
  }

  /// Where two eigenvalues are equal their vectors have no derivative, but sums over both do.
  @Test func equalEigenvalues() throws {
    let one = tensor([2, 0, 0, 0, 2, 0, 0, 0, 5], [3, 3])
    let trace = Trace(.eager)
    let x = trace.input(shape: [3, 3], type: .f64, example: one)
    let all = try trace.apply(.linear(.eigenSymmetric), [x])
    func total(of start: Int, _ count: Int, weights: Tensor?) throws -> NodeID {
      var part = try trace.apply(.slice(starts: [start], counts: [count], steps: [1]), [all])
      if let weights { part = try trace.apply(.binary(.multiply), [part, trace.constant(weights)]) }
      return try trace.apply(.reduce(.sum, axes: [0]), [part])
    }
    let sum = try total(of: 0, 3, weights: nil)
    let slope = try trace.gradient(of: sum, wrt: [x])[0]
    #expect(values(trace.value(slope)!) == [1, 0, 0, 0, 1, 0, 0, 0, 1])
    let vectors = try total(of: 3, 9, weights: sample([9], seed: 7))
    #expect(throws: GraphError.self) { try trace.gradient(of: vectors, wrt: [x]) }
  }
}
