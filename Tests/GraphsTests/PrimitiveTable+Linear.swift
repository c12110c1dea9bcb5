import Tensors

@testable import Graphs

extension PrimitiveTable {
  /// Functions of matrices: alone and in batches; the kernels themselves are compared with NumPy in `TensorsTests`.
  static let linear: [PrimitiveCase] = {
    var result: [PrimitiveCase] = []
    for lead in [[], [2]] as [Shape] {
      let square = sample(lead + [4, 4], seed: 11), other = sample(lead + [4, 3], seed: 12)
      let positive = definite(lead, 4)
      for transposed in [false, true] {
        result.append(linear(.solve(transposed: transposed), [square, other]))
        for (upper, unit) in [(false, false), (true, false), (true, true)] {
          let function = LinearFunction.triangular(upper: upper, transposed: transposed, unit: unit)
          result.append(linear(function, [positive, other]))
        }
      }
      for function in [LinearFunction.cholesky, .eigenSymmetric] { result.append(linear(function, [positive])) }
      for function in [LinearFunction.lu, .determinant, .logDeterminant] { result.append(linear(function, [square])) }
      for function in [LinearFunction.eigenvalues, .eigen] { result.append(linear(function, [square])) }
      for shape in [[4, 4], [5, 3], [3, 5]] as [Shape] {
        let a = sample(lead + shape, seed: 13), b = sample(lead + [shape[0], 2], seed: 14)
        result.append(linear(.svd, [a]))
        result.append(linear(.qr(pivoting: false), [a]))
        result.append(linear(.qr(pivoting: true), [a]))
        result.append(linear(.leastSquares(rcond: 1e-12), [a, b]))
        result.append(linear(.rank(rcond: nil), [a], smooth: false))
      }
      for offDiagonal in [false, true] {
        let below = sample(lead + [4, 4], seed: 15) { $0 < 0.5 ? $0 - 1 : $0 + 0.5 }
        result.append(linear(.quotient(offDiagonal: offDiagonal), [square, below]))
      }
    }
    return result
  }()

  private static func linear(_ function: LinearFunction, _ inputs: [Tensor], smooth: Bool = true) -> PrimitiveCase {
    let (a, b) = (inputs[0].shape, inputs[inputs.count - 1].shape)
    let k = inputs.count == 2 ? b[b.count - 1] : 0
    let lead = Array(a.dropLast(2))
    var refused: [[Shape]] = [inputs.map { _ in [4] }]
    if function.needsSquare { refused.append([[3, 4]] + inputs.dropFirst().map { _ in [3, 2] }) }
    if inputs.count == 2 { refused += [[[4, 4], [5, 2]], [[2, 4, 4], [3, 4, 4]]] }
    return PrimitiveCase(
      primitive: .linear(function), inputs: inputs, reference: { one($0, function, lead) },
      shape: lead + function.resultShape(a[a.count - 2], a[a.count - 1], k),
      smooth: smooth ? Array(inputs.indices) : [], refused: refused)
  }

  /// Each matrix alone.
  private static func one(_ x: [Tensor], _ function: LinearFunction, _ lead: Shape) -> [Double] {
    (0..<lead.reduce(1, *)).flatMap { place -> [Double] in
      let parts = x.map { t in
        let shape = Array(t.shape.suffix(2))
        let count = shape.reduce(1, *)
        return tensor(Array(values(t)[place * count..<(place + 1) * count]), shape)
      }
      return values(try! LinearAlgebra.apply(function, parts))
    }
  }

  /// Symmetric, with eigenvalues well above 0.
  private static func definite(_ lead: Shape, _ n: Int) -> Tensor {
    let g = sample(lead + [n, n], seed: 16)
    let square = try! evaluate(.matmul(transposeA: false, transposeB: true), [g, g])
    let one = tensor((0..<n * n).map { $0 % (n + 1) == 0 ? 1.0 : 0 }, [n, n])
    return try! evaluate(.binary(.add), [square, one])
  }
}
