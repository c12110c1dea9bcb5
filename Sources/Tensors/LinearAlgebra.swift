import CKernels

/// Dense linear algebra on tensors: computed in f64, given back in the operands' type (f32 or f64), the same bits on
/// every machine. Errors name the shapes; a matrix without the property needed throws `notSolvable`.
public enum LinearAlgebra {
  /// The lower factor L of a positive definite matrix, a = L Lᵀ; only the lower triangle is read.
  public static func cholesky(_ a: Tensor) throws -> Tensor {
    let n = try square("cholesky", a)
    var work = try Matrix(a)
    let status = ck_current.pointee.cholesky(Int64(n), &work.values)
    try memory(status, n * n)
    if status > 0 {
      throw TensorError.notSolvable("cholesky", "the matrix is not positive definite (leading minor \(status))")
    }
    return try tensor(work.values, [n, n], a.type)
  }

  /// x with a x = b for a square matrix; b is [n] or [n, k].
  public static func solve(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    let n = try square("solve", a)
    let columns = try rightSide("solve", a, b, rows: n)
    let (factors, pivots, singular) = try factor(a, n)
    if singular > 0 { throw TensorError.notSolvable("solve", "the matrix is singular (pivot \(singular) is zero)") }
    var x = try Matrix(b)
    ck_current.pointee.lu_solve(Int64(n), factors, pivots, Int64(columns), &x.values)
    return try tensor(x.values, b.shape, a.type)
  }

  /// x with T x = b for a triangular matrix T; `transposed` solves Tᵀ x = b.
  public static func solveTriangular(_ t: Tensor, _ b: Tensor, upper: Bool, transposed: Bool = false) throws -> Tensor {
    let n = try square("solve_triangular", t)
    let columns = try rightSide("solve_triangular", t, b, rows: n)
    let triangle = try Matrix(t)
    for i in 0..<n where triangle.values[i * n + i] == 0 {
      throw TensorError.notSolvable("solve_triangular", "the matrix is singular (its diagonal is zero at \(i))")
    }
    var x = try Matrix(b)
    ck_current.pointee.triangular(
      upper ? 1 : 0, transposed ? 1 : 0, 0, Int64(n), triangle.values, Int64(n), Int64(columns), &x.values)
    return try tensor(x.values, b.shape, t.type)
  }

  /// The inverse of a square matrix.
  public static func inverse(_ a: Tensor) throws -> Tensor {
    let n = try square("inverse", a)
    let (factors, pivots, singular) = try factor(a, n)
    if singular > 0 { throw TensorError.notSolvable("inverse", "the matrix is singular (pivot \(singular) is zero)") }
    var x = [Double](repeating: 0, count: n * n)
    for i in 0..<n { x[i * n + i] = 1 }
    ck_current.pointee.lu_solve(Int64(n), factors, pivots, Int64(n), &x)
    return try tensor(x, [n, n], a.type)
  }

  /// The determinant, as a rank-0 tensor.
  public static func determinant(_ a: Tensor) throws -> Tensor {
    let (sign, logarithm) = try signAndLogDeterminant(a)
    let n = try square("determinant", a)
    let (factors, pivots, _) = try factor(a, n)
    var product = 1.0
    for i in 0..<n { product *= pivots[i] == Int64(i) ? factors[i * n + i] : -factors[i * n + i] }
    if product == 0 || !product.isFinite { product = sign * ScalarMath.exp(logarithm) }
    return try tensor([product], [], a.type)
  }

  /// Sign and logarithm of the magnitude of the determinant; (0, -inf) for a singular matrix.
  public static func signAndLogDeterminant(_ a: Tensor) throws -> (sign: Double, logarithm: Double) {
    let n = try square("determinant", a)
    let (factors, pivots, singular) = try factor(a, n)
    if singular > 0 { return (0, -.infinity) }
    var sign = 1.0
    var logarithm = 0.0
    for i in 0..<n {
      let pivot = factors[i * n + i]
      if (pivot < 0) != (pivots[i] != Int64(i)) { sign = -sign }
      logarithm += ScalarMath.log(abs(pivot))
    }
    return (sign, logarithm)
  }

  /// a = q r with q [m, k] orthonormal, r [k, n] upper triangular, k = min(m, n).
  public static func qr(_ a: Tensor) throws -> (q: Tensor, r: Tensor) {
    let (q, r, _) = try qr(a, pivoting: false)
    return (q, r)
  }

  /// The same with the columns of a in the order given back (i64), largest remaining norm first.
  public static func qrPivoted(_ a: Tensor) throws -> (q: Tensor, r: Tensor, order: Tensor) {
    try qr(a, pivoting: true)
  }

  private static func qr(_ a: Tensor, pivoting: Bool) throws -> (q: Tensor, r: Tensor, order: Tensor) {
    let (m, n) = try matrix("qr", a)
    let k = min(m, n)
    let work = try Matrix(a)
    var q = [Double](repeating: 0, count: m * k)
    var r = [Double](repeating: 0, count: k * n)
    var order = [Int64](0..<Int64(n))
    let status = order.withUnsafeMutableBufferPointer {
      ck_current.pointee.qr(Int64(m), Int64(n), work.values, &q, &r, pivoting ? $0.baseAddress : nil)
    }
    try memory(status, m * n)
    return (try tensor(q, [m, k], a.type), try tensor(r, [k, n], a.type), try Tensor(order))
  }

  /// a = u diag(s) vt with u [m, k], s [k] descending, vt [k, n], k = min(m, n). Fails on NaN or infinity.
  public static func svd(_ a: Tensor) throws -> (u: Tensor, s: Tensor, vt: Tensor) {
    let parts = try singularValues("svd", a)
    return (
      try tensor(parts.u, [parts.m, parts.k], a.type), try tensor(parts.s, [parts.k], a.type),
      try tensor(parts.vt, [parts.k, parts.n], a.type)
    )
  }

  /// Eigenvalues [n], ascending, and orthonormal eigenvectors in the columns of [n, n], of a symmetric matrix (its
  /// lower triangle is read).
  public static func eigenSymmetric(_ a: Tensor) throws -> (values: Tensor, vectors: Tensor) {
    let n = try square("eigh", a)
    let work = try finite("eigh", a)
    var values = [Double](repeating: 0, count: n)
    var vectors = [Double](repeating: 0, count: n * n)
    let status = ck_current.pointee.eigen(Int64(n), work.values, &values, &vectors)
    try memory(status, n * n)
    if status > 0 { throw TensorError.notSolvable("eigh", "the iteration did not converge") }
    return (try tensor(values, [n], a.type), try tensor(vectors, [n, n], a.type))
  }

  /// The x of least ‖a x − b‖ and among those of least norm; b is [m] or [m, k]. Singular values at or below `rcond`
  /// times the largest count as zero; the default is the type's epsilon times the larger extent, as in NumPy.
  public static func leastSquares(_ a: Tensor, _ b: Tensor, rcond: Double? = nil) throws -> (x: Tensor, rank: Int) {
    let (m, n) = try matrix("least_squares", a)
    let columns = try rightSide("least_squares", a, b, rows: m)
    let left = try finite("least_squares", a)
    let right = try finite("least_squares", b)
    var x = [Double](repeating: 0, count: n * columns)
    var rank: Int64 = 0
    let status = ck_current.pointee.least_squares(
      Int64(m), Int64(n), Int64(columns), left.values, right.values, rcond ?? tolerance(a), &x, &rank)
    try memory(status, m * n)
    return (try tensor(x, b.rank == 1 ? [n] : [n, columns], a.type), Int(rank))
  }

  /// The pseudo-inverse [n, m]; `rcond` as in `leastSquares`.
  public static func pseudoInverse(_ a: Tensor, rcond: Double? = nil) throws -> Tensor {
    let parts = try singularValues("pinv", a)
    let (m, n, k) = (parts.m, parts.n, parts.k)
    let bound = (rcond ?? tolerance(a)) * (parts.s.first ?? 0)
    var scaled = parts.vt
    for i in 0..<k {
      let factor = parts.s[i] > bound ? 1 / parts.s[i] : 0
      for j in 0..<n { scaled[i * n + j] *= factor }
    }
    var result = [Double](repeating: 0, count: n * m)
    Kernels.matmul(
      .f64, transA: true, transB: true, m: n, n: m, k: k, scaled, lda: n, parts.u, ldb: k, &result, ldc: m)
    return try tensor(result, [n, m], a.type)
  }

  /// Number of singular values above `rcond` times the largest.
  public static func rank(_ a: Tensor, rcond: Double? = nil) throws -> Int {
    let parts = try singularValues("matrix_rank", a)
    let bound = (rcond ?? tolerance(a)) * (parts.s.first ?? 0)
    return parts.s.filter { $0 > bound }.count
  }
}

// MARK: - Operands and results

/// A float tensor's elements as doubles.
private struct Matrix {
  var values: [Double]

  init(_ tensor: Tensor) throws {
    values = [Double](repeating: 0, count: tensor.count)
    values.withUnsafeMutableBytes { bytes in
      guard let base = bytes.baseAddress, tensor.count > 0 else { return }
      Kernels.convert(from: tensor.type, to: .f64, tensor.pointer, base, count: tensor.count)
    }
  }
}

private func tensor(_ values: [Double], _ shape: Shape, _ type: ElementType) throws -> Tensor {
  let wide = try Tensor(values, shape: shape)
  if type == .f64 { return wide }
  let narrow = try Tensor(uninitialized: shape, type: .f32)
  Kernels.convert(from: .f64, to: .f32, wide.pointer, narrow.pointer, count: wide.count)
  return narrow
}

private func tolerance(_ a: Tensor) -> Double {
  let epsilon = a.type == .f64 ? Double.ulpOfOne : Double(Float.ulpOfOne)
  return epsilon * Double(max(a.shape[0], a.shape[1]))
}

private func matrix(_ operation: String, _ a: Tensor) throws -> (Int, Int) {
  if !a.type.isFloat { throw TensorError.type(operation, a.type, help: "cast it to f32 or f64") }
  if a.rank != 2 {
    throw TensorError(
      .badAxis(operation: operation, axis: 2, shape: a.shape),
      "\(operation) takes a matrix, and \(describe(a.shape)) has \(a.rank) axes")
  }
  return (a.shape[0], a.shape[1])
}

private func square(_ operation: String, _ a: Tensor) throws -> Int {
  let (m, n) = try matrix(operation, a)
  if m != n {
    throw TensorError(
      .shapeMismatch(operation: operation, left: [m], right: [n]),
      "\(operation) takes a square matrix, and the shape is \(describe(a.shape))")
  }
  return n
}

private func rightSide(_ operation: String, _ a: Tensor, _ b: Tensor, rows: Int) throws -> Int {
  if a.type != b.type { throw TensorError.types(operation, a.type, b.type) }
  guard b.rank == 1 || b.rank == 2, b.shape[0] == rows else { throw TensorError.shapes(operation, a.shape, b.shape) }
  return b.rank == 1 ? 1 : b.shape[1]
}

private func finite(_ operation: String, _ a: Tensor) throws -> Matrix {
  let result = try Matrix(a)
  var flags = [UInt8](repeating: 1, count: a.count)
  var all: UInt8 = 1
  if a.count > 0 {
    Kernels.unary(.isFinite, .f64, result.values, &flags, count: a.count)
    Kernels.reduce(.all, .bool, outer: 1, length: a.count, inner: 1, flags, &all)
  }
  if all == 0 { throw TensorError.notSolvable(operation, "the matrix holds NaN or infinity") }
  return result
}

private func memory(_ status: Int64, _ elements: Int) throws {
  if status < 0 { throw TensorError.outOfMemory(bytes: elements * 8) }
}

private func factor(_ a: Tensor, _ n: Int) throws -> (factors: [Double], pivots: [Int64], singular: Int) {
  var work = try Matrix(a)
  var pivots = [Int64](repeating: 0, count: n)
  let status = ck_current.pointee.lu(Int64(n), &work.values, &pivots)
  try memory(status, n * n)
  return (work.values, pivots, Int(status))
}

private func singularValues(
  _ operation: String, _ a: Tensor
) throws -> (m: Int, n: Int, k: Int, u: [Double], s: [Double], vt: [Double]) {
  let (m, n) = try matrix(operation, a)
  let k = min(m, n)
  let work = try finite(operation, a)
  var u = [Double](repeating: 0, count: m * k)
  var s = [Double](repeating: 0, count: k)
  var vt = [Double](repeating: 0, count: k * n)
  try memory(ck_current.pointee.svd(Int64(m), Int64(n), work.values, &u, &s, &vt), m * n)
  return (m, n, k, u, s, vt)
}
