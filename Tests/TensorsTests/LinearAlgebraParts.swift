import Tensors

/// The functions of matrices by name, with their parts as tensors of their own.
extension LinearAlgebra {
  static func cholesky(_ a: Tensor) throws -> Tensor { try apply(.cholesky, [a]) }

  static func solve(_ a: Tensor, _ b: Tensor, transposed: Bool = false) throws -> Tensor {
    try columns(.solve(transposed: transposed), a, b)
  }

  static func solveTriangular(_ t: Tensor, _ b: Tensor, upper: Bool, transposed: Bool = false) throws -> Tensor {
    try columns(.triangular(upper: upper, transposed: transposed, unit: false), t, b)
  }

  static func leastSquares(_ a: Tensor, _ b: Tensor, rcond: Double? = nil) throws -> Tensor {
    try columns(.leastSquares(rcond: rcond), a, b)
  }

  static func inverse(_ a: Tensor) throws -> Tensor { try solve(a, identity(a.shape[0], a.type)) }

  static func pseudoInverse(_ a: Tensor) throws -> Tensor { try leastSquares(a, identity(a.shape[0], a.type)) }

  static func qr(_ a: Tensor) throws -> (q: Tensor, r: Tensor) {
    let (m, n, k) = (a.shape[0], a.shape[1], a.shape.min() ?? 0)
    let all = try apply(.qr(pivoting: false), [a])
    return (try part(all, 0, [m, k]), try part(all, m * k, [k, n]))
  }

  static func qrPivoted(_ a: Tensor) throws -> (q: Tensor, r: Tensor, order: [Int]) {
    let (m, n, k) = (a.shape[0], a.shape[1], a.shape.min() ?? 0)
    let all = try apply(.qr(pivoting: true), [a])
    return (
      try part(all, 0, [m, k]), try part(all, m * k, [k, n]), (0..<n).map { Int(all.element((m + n) * k + $0)) }
    )
  }

  static func svd(_ a: Tensor) throws -> (u: Tensor, s: Tensor, vt: Tensor) {
    let (m, n, k) = (a.shape[0], a.shape[1], a.shape.min() ?? 0)
    let all = try apply(.svd, [a])
    return (try part(all, 0, [m, k]), try part(all, m * k, [k]), try part(all, m * k + k, [k, n]))
  }

  static func eigenSymmetric(_ a: Tensor) throws -> (values: Tensor, vectors: Tensor) {
    let n = a.shape[0]
    let all = try apply(.eigenSymmetric, [a])
    return (try part(all, 0, [n]), try part(all, n, [n, n]))
  }

  private static func columns(_ function: LinearFunction, _ a: Tensor, _ b: Tensor) throws -> Tensor {
    if b.rank != 1 { return try apply(function, [a, b]) }
    let x = try apply(function, [a, b.reshaped([b.count, 1])])
    return try x.reshaped([x.count])
  }

  private static func identity(_ n: Int, _ type: ElementType) throws -> Tensor {
    let values = (0..<n * n).map { $0 % (n + 1) == 0 ? 1.0 : 0 }
    return type == .f64 ? try Tensor(values, shape: [n, n]) : try Tensor(values.map { Float($0) }, shape: [n, n])
  }

  private static func part(_ x: Tensor, _ start: Int, _ shape: Shape) throws -> Tensor {
    try Tensor(storage: x.storage, byteOffset: x.byteOffset + start * x.type.byteCount, shape: shape, type: x.type)
  }
}
