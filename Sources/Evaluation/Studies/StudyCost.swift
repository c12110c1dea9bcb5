import Foundation
import Graphs
import Tensors

/// What a part of a study computes, counted.
public struct StudyWork: Sendable {
  /// Floating-point operations of products and convolutions; functions of matrices count as many as take their time.
  public var products = 0.0
  /// Elements that everything else reads or writes; one that is drawn or sorted counts as many as take its time.
  public var elements = 0.0
  /// Operations on tensors.
  public var operations = 0.0

  /// The time it takes on one thread, from the speed of products in seconds per operation.
  public func seconds(perProduct: Double = 2e-11) -> Double {
    products * perProduct + elements * 0.25e-9 + operations * 0.4e-6
  }

  static func + (a: StudyWork, b: StudyWork) -> StudyWork {
    StudyWork(
      products: a.products + b.products, elements: a.elements + b.elements, operations: a.operations + b.operations)
  }
  static func - (a: StudyWork, b: StudyWork) -> StudyWork { a + b * -1 }
  static func * (a: StudyWork, times: Double) -> StudyWork {
    StudyWork(products: a.products * times, elements: a.elements * times, operations: a.operations * times)
  }
}

/// What every part of a study's walk would cost if it ran.
struct StudyCost {
  /// What stands before each node of the trace, and last all of it; operations count as often as they would run.
  private var before: [StudyWork] = [StudyWork()]

  init(_ walk: StudyWalk) {
    let nodes = walk.recording.trace.nodes
    var times = [Double](repeating: 1, count: nodes.count)
    for range in walk.alternatives { for i in range { times[i] = 0 } }
    for (range, count) in walk.repeated { for i in range { times[i] *= count } }
    for (i, node) in nodes.enumerated() {
      let work = times[i] > 0 ? Self.work(node.primitive, node.inputs.map { nodes[$0.index].shape }, node.shape) : nil
      before.append(before[i] + (work ?? StudyWork()) * times[i])
    }
  }

  /// All of the study's work.
  var whole: StudyWork { before[before.count - 1] }

  /// The work of a part of the trace.
  func work(_ nodes: Range<Int>) -> StudyWork { before[nodes.upperBound] - before[nodes.lowerBound] }

  private static func size(_ shape: some Sequence<Int>) -> Double { shape.reduce(1.0) { $0 * Double($1) } }

  /// The work of one operation; nil for what only names or moves nothing.
  private static func work(_ primitive: Primitive, _ inputs: [Shape], _ output: Shape) -> StudyWork? {
    let out = size(output)
    switch primitive {
    case .input, .constant, .stopGradient, .reshape, .result: return nil
    case .matmul(let transposeA, _):
      let a = inputs.first ?? []
      let inner = a.count >= 2 ? Double(a[a.count - (transposeA ? 2 : 1)]) : 1
      return StudyWork(products: 2 * out * inner, operations: 1)
    // Every element of the result meets the filter that makes its channel; of the gradients, every element of the cotangent.
    case .convolution:
      return StudyWork(products: 2 * out * size(inputs[1].dropLast()), operations: 1)
    case .convolutionInput:
      return StudyWork(products: 2 * size(inputs[0]) * size(inputs[1].dropLast()), operations: 1)
    case .convolutionFilter:
      return StudyWork(products: 2 * size(inputs[1]) * size(output.dropLast()), operations: 1)
    case .linear(let function): return StudyWork(products: products(function, inputs), operations: 1)
    case .random: return StudyWork(elements: 40 * out, operations: 1)
    case .topOrder: return StudyWork(elements: 20 * (inputs.map { size($0) }.max() ?? 0), operations: 1)
    case .sort, .argSort, .permutation: return StudyWork(elements: 20 * out * log2(max(out, 2)), operations: 1)
    default: return StudyWork(elements: max(out, inputs.map { size($0) }.max() ?? 0), operations: 1)
    }
  }

  /// The operations of a product that take about as long as a function of matrices: operations of matrices of some
  /// hundred rows, as measured on one thread.
  private static func products(_ function: LinearFunction, _ inputs: [Shape]) -> Double {
    guard let shape = inputs.first, shape.count >= 2 else { return 0 }
    let (m, n) = (Double(shape[shape.count - 2]), Double(shape[shape.count - 1]))
    let count = shape.dropLast(2).reduce(1.0) { $0 * Double($1) }
    let cube = max(m, n) * min(m, n) * min(m, n)
    let second = inputs.count > 1 ? inputs[1] : []
    let columns = second.count >= 2 ? Double(second[second.count - 1]) : 1
    switch function {
    case .svd, .rank: return count * 90 * cube
    case .eigenSymmetric: return count * 60 * cube
    case .eigenvalues: return count * 150 * cube
    case .eigen: return count * 300 * cube
    case .qr: return count * 20 * cube
    case .leastSquares: return count * (12 * cube + 8 * m * n * columns)
    case .cholesky, .lu, .determinant, .logDeterminant: return count * 4 * cube
    case .solve: return count * (4 * cube + 6 * n * n * columns)
    case .triangular: return count * 6 * n * n * columns
    case .quotient: return 0
    }
  }
}
