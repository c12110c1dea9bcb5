import Tensors

/// Derivatives of functions of matrices, after Giles (2008) and Townsend (2016); each is made of such functions and of
/// products, so they have derivatives in their turn. Bars over letters in the comments are cotangents: `ā` of `a`.
extension DerivativeStep {
  func linear(_ function: LinearFunction) throws -> [NodeID?] {
    switch function {
    case .cholesky: return [try cholesky()]
    case .solve(let transposed): return try solve(transposed)
    case .triangular(let upper, let transposed, let unit): return try triangular(upper, transposed, unit)
    case .leastSquares: return try leastSquares(function)
    case .qr(let pivoting): return [try qr(pivoting)]
    case .lu: return [try lu()]
    case .svd: return [try svd()]
    case .eigenSymmetric: return [try eigenSymmetric()]
    case .determinant: return [try inverseTransposed(times: build.multiply(cotangent, output))]
    case .logDeterminant: return [try inverseTransposed(times: build.part(cotangent, 1, 1, []))]
    case .quotient: return try quotient(function)
    case .rank: return [nil]
    case .eigenvalues: return [try eigenvalues()]
    case .eigen: return [try eigen()]
    }
  }

  var n: Int { shape(0)[shape(0).count - 1] }
  private var m: Int { shape(0)[shape(0).count - 2] }

  /// S = L⁻ᵀ P L⁻¹ with P the lower half of Lᵀ L̄.
  private func cholesky() throws -> NodeID {
    let b = build
    let half = try b.halfLower(b.product(output, cotangent, transposeX: true))
    let left = try b.triangular(output, half, upper: false, transposed: true)
    let both = try b.triangular(output, b.transposed(left), upper: false, transposed: true)
    return try b.lowerGradient(both)
  }

  /// b̄ = a⁻ᵀ x̄ and ā = -b̄ xᵀ.
  private func solve(_ transposed: Bool) throws -> [NodeID?] {
    let b = build
    let right = try b.apply(.linear(.solve(transposed: !transposed)), [inputs[0], cotangent])
    guard needed[0] else { return [nil, right] }
    let (x, y) = transposed ? (output, right) : (right, output)
    return [try b.negate(b.product(x, y, transposeY: true)), right]
  }

  private func triangular(_ upper: Bool, _ transposed: Bool, _ unit: Bool) throws -> [NodeID?] {
    let b = build
    let right = try b.triangular(inputs[0], cotangent, upper: upper, transposed: !transposed, unit: unit)
    guard needed[0] else { return [nil, right] }
    let (x, y) = transposed ? (output, right) : (right, output)
    let all = try b.negate(b.product(x, y, transposeY: true))
    return [try upper ? b.upper(all, offset: unit ? 1 : 0) : b.lower(all, offset: unit ? -1 : 0), right]
  }

  /// With z = a⁺ᵀ x̄: b̄ = z, ā = -z xᵀ + (b - a x) (a⁺ z)ᵀ + (a⁺ᵀ x) (x̄ - aᵀ z)ᵀ, as long as the rank stays.
  private func leastSquares(_ function: LinearFunction) throws -> [NodeID?] {
    let (b, a, x) = (build, inputs[0], output)
    let turned = try b.transposed(a)
    let z = try b.apply(.linear(function), [turned, cotangent])
    guard needed[0] else { return [nil, z] }
    let residual = try b.subtract(inputs[1], b.product(a, x))
    let back = try b.apply(.linear(function), [a, z])
    let lost = try b.subtract(cotangent, b.product(a, z, transposeX: true))
    let forth = try b.apply(.linear(function), [turned, x])
    let fit = try b.subtract(
      b.product(residual, back, transposeY: true), b.product(z, x, transposeY: true))
    return [try b.add(fit, b.product(forth, lost, transposeY: true)), z]
  }

  /// ā = (q̄ + q c) r⁻ᵀ with c the lower triangle of r r̄ᵀ - q̄ᵀ q, mirrored. Of a wide matrix this holds for its first
  /// columns; the others are q times those of r.
  private func qr(_ pivoting: Bool) throws -> NodeID {
    let b = build
    let k = Swift.min(m, n)
    let q = try b.part(output, 0, m * k, [m, k])
    let r = try b.part(output, m * k, k * n, [k, n])
    var qBar = try b.part(cotangent, 0, m * k, [m, k])
    let rBar = try b.upper(b.part(cotangent, m * k, k * n, [k, n]), offset: 0)
    let (head, headBar) = (try b.columns(r, 0, k), try b.columns(rBar, 0, k))
    var tail: NodeID?
    if n > k {
      let (rest, restBar) = (try b.columns(r, k, n - k), try b.columns(rBar, k, n - k))
      qBar = try b.add(qBar, b.product(b.product(q, rest), restBar, transposeY: true))
      tail = try b.product(q, restBar)
    }
    let all = try b.subtract(
      b.product(head, headBar, transposeY: true), b.product(qBar, q, transposeX: true))
    let mirrored = try b.add(b.lower(all, offset: 0), b.transposed(b.lower(all, offset: -1)))
    let full = try b.add(qBar, b.product(q, mirrored))
    var result = try b.transposed(
      b.triangular(head, b.transposed(full), upper: true, transposed: false))
    if let tail { result = try b.apply(.concat(axis: b.trace.shape(result).count - 1), [result, tail]) }
    guard pivoting else { return result }
    let order = try b.order(b.part(output, m * k + k * n, n, [n]))
    return try b.product(result, order)
  }

  /// ā = Pᵀ l⁻ᵀ (the strictly lower part of lᵀ l̄ + the upper part of ū uᵀ) u⁻ᵀ.
  private func lu() throws -> NodeID {
    let b = build
    let (factors, bar) = (try b.rows(output, 0, n), try b.rows(cotangent, 0, n))
    let lower = try b.add(b.lower(factors, offset: -1), b.identity(factors))
    let upper = try b.upper(factors, offset: 0)
    let middle = try b.add(
      b.lower(b.product(lower, b.lower(bar, offset: -1), transposeX: true), offset: -1),
      b.upper(b.product(b.upper(bar, offset: 0), upper, transposeY: true), offset: 0))
    let left = try b.triangular(factors, middle, upper: false, transposed: true, unit: true)
    let right = try b.transposed(
      b.triangular(factors, b.transposed(left), upper: true, transposed: false))
    let last = try b.reshape(b.rows(output, n, 1), b.lead(output) + [n])
    return try b.product(b.order(last), right, transposeX: true)
  }

  private func svd() throws -> NodeID {
    let (b, k) = (build, Swift.min(m, n))
    let (atS, atV) = (m * k, m * k + k)
    let u = try b.part(output, 0, m * k, [m, k])
    let vt = try b.part(output, atV, k * n, [k, n])
    let uBar = try b.part(cotangent, 0, m * k, [m, k])
    let vtBar = try b.part(cotangent, atV, k * n, [k, n])
    let across = try b.part(output, atS, k, [1, k])
    let down = try b.part(output, atS, k, [k, 1])
    let gaps = try b.multiply(b.subtract(across, down), b.add(across, down))
    func turned(_ x: NodeID) throws -> NodeID {
      try b.apply(.linear(.quotient(offDiagonal: true)), [b.subtract(x, b.transposed(x)), gaps])
    }
    let (inU, inV) = (try b.product(u, uBar, transposeX: true), try b.product(vt, vtBar, transposeY: true))
    let core = try b.add(
      b.add(b.multiply(turned(inU), across), b.multiply(down, turned(inV))),
      b.diagonal(b.part(cotangent, atS, k, [k, 1])))
    var result = try b.product(u, b.product(core, vt))
    if m > k {
      let outside = try b.subtract(uBar, b.product(u, inU))
      let scaled = try b.apply(.linear(.quotient(offDiagonal: false)), [outside, b.repeated(across, like: outside)])
      result = try b.add(result, b.product(scaled, vt))
    }
    if n > k {
      let outside = try b.subtract(vtBar, b.product(b.transposed(inV), vt))
      let scaled = try b.apply(.linear(.quotient(offDiagonal: false)), [outside, b.repeated(down, like: outside)])
      result = try b.add(result, b.product(u, scaled))
    }
    return result
  }

  /// v (λ̄ + (vᵀ v̄ - v̄ᵀ v) / 2 (λ_j - λ_i)) vᵀ.
  private func eigenSymmetric() throws -> NodeID {
    let b = build
    let v = try b.part(output, n, n * n, [n, n])
    let inside = try b.product(v, b.part(cotangent, n, n * n, [n, n]), transposeX: true)
    let half = try b.multiply(b.subtract(inside, b.transposed(inside)), b.scalar(0.5, like: inside))
    let gaps = try b.subtract(b.part(output, 0, n, [1, n]), b.part(output, 0, n, [n, 1]))
    let turned = try b.apply(.linear(.quotient(offDiagonal: true)), [half, gaps])
    let core = try b.add(turned, b.diagonal(b.part(cotangent, 0, n, [n, 1])))
    return try b.lowerGradient(b.product(v, b.product(core, v, transposeY: true)))
  }

  /// a⁻ᵀ times one number per matrix.
  private func inverseTransposed(times factor: NodeID) throws -> NodeID {
    let b = build
    let inverse = try b.apply(.linear(.solve(transposed: true)), [inputs[0], b.identity(inputs[0])])
    return try b.multiply(inverse, b.reshape(factor, b.lead(inputs[0]) + [1, 1]))
  }

  private func quotient(_ function: LinearFunction) throws -> [NodeID?] {
    let b = build
    return [
      try b.apply(.linear(function), [cotangent, inputs[1]]),
      needed[1] ? try b.negate(b.apply(.linear(function), [b.multiply(cotangent, output), inputs[1]])) : nil,
    ]
  }
}
