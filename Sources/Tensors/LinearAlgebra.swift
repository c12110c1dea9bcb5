import CKernels

/// One function on matrices of one shape: doubles in, doubles out. Extents must make sense (`LinearFunction` says which
/// do); at most 2^44 elements each.
public struct LinearAlgebra {
  private let function: LinearFunction
  private let (m, n, k): (Int, Int, Int)
  /// The default of `rcond` is this times the larger extent.
  private let epsilon: Double

  /// A function of an [m, n] matrix (and one with k columns); `type` is that of the elements before they were doubles.
  public init(_ function: LinearFunction, m: Int, n: Int, k: Int, type: ElementType) {
    self.function = function
    (self.m, self.n, self.k) = (m, n, k)
    epsilon = type == .f64 ? Double.ulpOfOne : Double(Float.ulpOfOne)
  }

  /// Row-major elements of both operands, and of the result as `resultShape` says. Throws `notSolvable` for a matrix
  /// without the property needed, and `outOfMemory`.
  public func run(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>
  ) throws {
    switch function {
    case .cholesky: try cholesky(a, out)
    case .solve(let transposed): try solve(a, b, transposed, out)
    case .triangular(let upper, let transposed, let unit): try triangular(a, b, upper, transposed, unit, out)
    case .leastSquares(let rcond): try leastSquares(a, b, rcond, out)
    case .qr(let pivoting): try qr(a, pivoting, out)
    case .lu: try lu(a, out)
    case .svd: try svd(a, out, out + m * min(m, n), out + (m + 1) * min(m, n))
    case .eigenSymmetric: try eigenSymmetric(a, out)
    case .eigenvalues: try eigenvalues(a, out)
    case .eigen: try eigenvalues(a, out, vectors: out + 2 * n)
    case .determinant: out[0] = try determinant(a)
    case .logDeterminant: (out[0], out[1]) = try logDeterminant(a)
    case .rank(let rcond): out[0] = try rank(a, rcond)
    case .quotient(let offDiagonal): try quotient(a, b, offDiagonal, out)
    }
  }

  // MARK: Square systems

  private func cholesky(_ a: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>) throws {
    copy(a, to: out, n * n)
    let status = ck_current.pointee.cholesky(Int64(n), out)
    try memory(status)
    if status > 0 { throw unsolvable("the matrix is not positive definite (leading minor \(status))") }
  }

  private func solve(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ transposed: Bool, _ x: UnsafeMutablePointer<Double>
  ) throws {
    let (factors, pivots, singular) = try factor(a)
    if singular > 0 { throw unsolvable("the matrix is singular (pivot \(singular) is zero)") }
    copy(b, to: x, n * k)
    try memory(ck_current.pointee.lu_solve(transposed ? 1 : 0, Int64(n), factors, pivots, Int64(k), x))
  }

  private func triangular(
    _ t: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ upper: Bool, _ transposed: Bool, _ unit: Bool,
    _ x: UnsafeMutablePointer<Double>
  ) throws {
    if !unit {
      for i in 0..<n where t[i * n + i] == 0 {
        throw unsolvable("the matrix is singular (its diagonal is zero at \(i))")
      }
    }
    copy(b, to: x, n * k)
    try memory(
      ck_current.pointee.triangular(
        upper ? 1 : 0, transposed ? 1 : 0, unit ? 1 : 0, Int64(n), t, Int64(n), Int64(k), x))
  }

  private func factor(_ a: UnsafePointer<Double>) throws -> (factors: [Double], pivots: [Int64], singular: Int) {
    var (pivots, singular) = ([Int64](), 0)
    let factors = try [Double](unsafeUninitializedCapacity: n * n) { factors, count in
      guard let base = factors.baseAddress else { return }
      (pivots, singular) = try factor(a, into: base)
      count = n * n
    }
    return (factors, pivots, singular)
  }

  private func factor(
    _ a: UnsafePointer<Double>, into factors: UnsafeMutablePointer<Double>
  ) throws -> (pivots: [Int64], singular: Int) {
    copy(a, to: factors, n * n)
    var pivots = [Int64](repeating: 0, count: n)
    let status = ck_current.pointee.lu(Int64(n), factors, &pivots)
    try memory(status)
    return (pivots, Int(status))
  }

  private func lu(_ a: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>) throws {
    let (pivots, _) = try factor(a, into: out)
    let order = out + n * n
    for i in 0..<n { order[i] = Double(i) }
    for i in 0..<n {
      let other = Int(pivots[i])
      (order[i], order[other]) = (order[other], order[i])
    }
  }

  private func determinant(_ a: UnsafePointer<Double>) throws -> Double {
    let (factors, pivots, _) = try factor(a)
    var product = 1.0
    for i in 0..<n { product *= pivots[i] == Int64(i) ? factors[i * n + i] : -factors[i * n + i] }
    if product != 0, product.isFinite { return product }
    let (sign, logarithm) = try logDeterminant(a)
    return sign * ScalarMath.exp(logarithm)
  }

  private func logDeterminant(_ a: UnsafePointer<Double>) throws -> (sign: Double, logarithm: Double) {
    let (factors, pivots, singular) = try factor(a)
    if singular > 0 { return (0, -.infinity) }
    var (sign, logarithm) = (1.0, 0.0)
    for i in 0..<n {
      let pivot = factors[i * n + i]
      if (pivot < 0) != (pivots[i] != Int64(i)) { sign = -sign }
      logarithm += ScalarMath.log(abs(pivot))
    }
    return (sign, logarithm)
  }

  // MARK: Orthogonal factors

  private func qr(_ a: UnsafePointer<Double>, _ pivoting: Bool, _ out: UnsafeMutablePointer<Double>) throws {
    let least = min(m, n)
    let (q, r) = (out, out + m * least)
    var order = [Int64](0..<Int64(n))
    let status = order.withUnsafeMutableBufferPointer {
      ck_current.pointee.qr(Int64(m), Int64(n), a, q, r, pivoting ? $0.baseAddress : nil)
    }
    try memory(status)
    if pivoting { for i in 0..<n { r[least * n + i] = Double(order[i]) } }
  }

  private func svd(
    _ a: UnsafePointer<Double>, _ u: UnsafeMutablePointer<Double>, _ s: UnsafeMutablePointer<Double>,
    _ vt: UnsafeMutablePointer<Double>
  ) throws {
    try finite(a, m * n)
    let status = ck_current.pointee.svd(Int64(m), Int64(n), a, u, s, vt)
    try memory(status)
    if status > 0 { throw unsolvable("the iteration did not converge") }
  }

  private func leastSquares(
    _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ rcond: Double?, _ x: UnsafeMutablePointer<Double>
  ) throws {
    try finite(a, m * n)
    try finite(b, m * k)
    var rank: Int64 = 0
    try memory(
      ck_current.pointee.least_squares(
        Int64(m), Int64(n), Int64(k), a, b, rcond ?? epsilon * Double(max(m, n)), x, &rank))
  }

  private func rank(_ a: UnsafePointer<Double>, _ rcond: Double?) throws -> Double {
    let least = min(m, n)
    if least == 0 { return 0 }
    let parts = UnsafeMutablePointer<Double>.allocate(capacity: (m + 1 + n) * least)
    defer { parts.deallocate() }
    let s = parts + m * least
    try svd(a, parts, s, s + least)
    let bound = (rcond ?? epsilon * Double(max(m, n))) * s[0]
    return Double((0..<least).filter { s[$0] > bound }.count)
  }

  // MARK: Eigenvalues

  private func eigenSymmetric(_ a: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>) throws {
    try finite(a, n * n)
    let status = ck_current.pointee.eigen(Int64(n), a, out, out + n)
    try memory(status)
    if status > 0 { throw unsolvable("the iteration did not converge") }
  }

  private func eigenvalues(
    _ a: UnsafePointer<Double>, _ out: UnsafeMutablePointer<Double>, vectors: UnsafeMutablePointer<Double>? = nil
  ) throws {
    try finite(a, n * n)
    let status = ck_current.pointee.eigenvalues(Int64(n), a, out, out + n, vectors)
    try memory(status)
    if status > 0 { throw unsolvable("the iteration did not converge") }
    let order = (0..<n).sorted { (out[$0], out[n + $0]) < (out[$1], out[n + $1]) }
    let (re, im) = (order.map { out[$0] }, order.map { out[n + $0] })
    for i in 0..<n { (out[i], out[n + i]) = (re[i], im[i]) }
    guard let vectors else { return }
    for row in 0..<2 * n where ck_stopped() == 0 {
      let elements = order.map { vectors[row * n + $0] }
      (vectors + row * n).update(from: elements, count: n)
    }
  }

  // MARK: Parts

  private func quotient(
    _ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ offDiagonal: Bool, _ out: UnsafeMutablePointer<Double>
  ) throws {
    let count = m * n
    func isLeftOut(_ i: Int) -> Bool { offDiagonal && i / n == i % n }
    var (largestX, largestY) = (0.0, 0.0)
    for i in 0..<count where !isLeftOut(i) {
      if isLeft(i) { return }
      largestX = max(largestX, abs(x[i]))
      largestY = max(largestY, abs(y[i]))
    }
    let (smallX, smallY) = (largestX * 1e-10, largestY * 8 * epsilon)
    for i in 0..<count {
      if isLeft(i) { return }
      if isLeftOut(i) {
        out[i] = 0
      } else if abs(y[i]) > smallY || y[i].isNaN || x[i].isNaN {
        out[i] = x[i] / y[i]
      } else if abs(x[i]) <= smallX {
        out[i] = 0
      } else {
        throw unsolvable("vectors that belong to equal or vanishing values have no derivative")
      }
    }
  }

  private func finite(_ x: UnsafePointer<Double>, _ count: Int) throws {
    // A sum of zeros, unless an element is not finite.
    var sum = 0.0
    for i in 0..<count {
      if isLeft(i) { return }
      sum += x[i] * 0
    }
    if sum != 0 { throw unsolvable("the matrix holds NaN or infinity") }
  }

  private func copy(_ x: UnsafePointer<Double>, to out: UnsafeMutablePointer<Double>, _ count: Int) {
    Kernels.copy(from: x, to: out, byteCount: count * 8)
  }

  /// Whether a loop over elements is to stop at this one: what it has made until then is not used.
  private func isLeft(_ i: Int) -> Bool { i & 0xFFFFF == 0 && ck_stopped() != 0 }

  private func memory(_ status: Int64) throws {
    if status < 0 { throw TensorError.outOfMemory(bytes: m * n * 8) }
  }

  private func unsolvable(_ reason: String) -> TensorError { TensorError.notSolvable(function.name, reason) }
}
