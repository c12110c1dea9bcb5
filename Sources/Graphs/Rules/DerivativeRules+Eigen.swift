import Tensors

/// Two nodes that are the real and imaginary parts of one thing.
private struct ComplexNode {
  let re: NodeID
  let im: NodeID
}

/// Eigenvalues and vectors of general matrices, after Boeddeker, Hanebrink, Drude, Heymann & Haeb-Umbach (2017), with
/// vectors made definite by their length and the phase of their largest element. Eigenvalues have derivatives where
/// they are apart, and sums over equal ones where these have as many vectors; where they have not, they move infinitely
/// fast. Vectors where their values are apart.
extension DerivativeStep {
  func eigenvalues() throws -> NodeID {
    let b = build
    let all = try b.apply(.linear(.eigen), [inputs[0]])
    func row(_ i: Int) throws -> NodeID { try b.transposed(b.rows(cotangent, i, 1)) }
    let slopes = ComplexNode(re: try b.diagonal(row(0)), im: try b.diagonal(row(1)))
    return try eigen(inner: slopes, vectors(all))
  }

  func eigen() throws -> NodeID {
    let b = build
    let (v, bar) = (try vectors(output), try vectors(cotangent))
    let values = (
      across: ComplexNode(re: try b.part(output, 0, n, [1, n]), im: try b.part(output, n, n, [1, n])),
      down: ComplexNode(re: try b.part(output, 0, n, [n, 1]), im: try b.part(output, n, n, [n, 1]))
    )
    let free = try withoutScaling(bar, v)
    // vᴴ times that, over the conjugates of λ_j - λ_i.
    let inside = ComplexNode(
      re: try b.add(b.product(v.re, free.re, transposeX: true), b.product(v.im, free.im, transposeX: true)),
      im: try b.subtract(b.product(v.re, free.im, transposeX: true), b.product(v.im, free.re, transposeX: true)))
    let gap = ComplexNode(
      re: try b.subtract(values.across.re, values.down.re), im: try b.subtract(values.across.im, values.down.im))
    let size = try b.unary(
      .sqrt,
      b.add(b.add(b.multiply(gap.re, gap.re), b.multiply(gap.im, gap.im)), b.identity(gap.re)))
    func over(_ x: NodeID) throws -> NodeID { try b.apply(.linear(.quotient(offDiagonal: true)), [x, size]) }
    let once = ComplexNode(re: try over(inside.re), im: try over(inside.im))
    let turned = ComplexNode(
      re: try over(b.subtract(b.multiply(once.re, gap.re), b.multiply(once.im, gap.im))),
      im: try over(b.add(b.multiply(once.re, gap.im), b.multiply(once.im, gap.re))))
    let inner = ComplexNode(
      re: try b.add(turned.re, b.diagonal(b.part(cotangent, 0, n, [n, 1]))),
      im: try b.add(turned.im, b.diagonal(b.part(cotangent, n, n, [n, 1]))))
    return try eigen(inner: inner, v)
  }

  private func vectors(_ all: NodeID) throws -> ComplexNode {
    ComplexNode(
      re: try build.part(all, 2 * n, n * n, [n, n]), im: try build.part(all, 2 * n + n * n, n * n, [n, n]))
  }

  /// The real part of v⁻ᴴ p vᴴ. With m = [[re v, -im v], [im v, re v]], mᵀ stands for vᴴ.
  private func eigen(inner p: ComplexNode, _ v: ComplexNode) throws -> NodeID {
    let b = build
    let axis = b.trace.shape(v.re).count - 1
    let re = try b.add(b.product(p.re, v.re, transposeY: true), b.product(p.im, v.im, transposeY: true))
    let im = try b.subtract(b.product(p.im, v.re, transposeY: true), b.product(p.re, v.im, transposeY: true))
    let whole = try b.apply(
      .concat(axis: axis - 1),
      [
        b.apply(.concat(axis: axis), [v.re, b.negate(v.im)]), b.apply(.concat(axis: axis), [v.im, v.re]),
      ])
    let right = try b.apply(.concat(axis: axis - 1), [re, im])
    return try b.rows(b.apply(.linear(.solve(transposed: true)), [whole, right]), 0, n)
  }

  /// What is left of the vectors' cotangent when their lengths are 1 and their largest elements real: with z = v̄ᴴ v of
  /// each, v̄ - v re z, and i im z / v_k added to the largest element.
  private func withoutScaling(_ bar: ComplexNode, _ v: ComplexNode) throws -> ComplexNode {
    let b = build
    let shape = b.trace.shape(v.re)
    let row = b.lead(v.re) + [1, n]
    func columnSums(_ x: NodeID) throws -> NodeID { try b.reshape(b.sum(x, [shape.count - 2]), row) }
    let along = try columnSums(b.add(b.multiply(bar.re, v.re), b.multiply(bar.im, v.im)))
    let around = try columnSums(b.subtract(b.multiply(bar.re, v.im), b.multiply(bar.im, v.re)))
    let zero = b.scalar(0, like: v.re)
    let real = try b.select(b.compare(.equal, v.im, zero), v.re, zero)
    let places = try b.apply(.argReduce(isMax: true, axis: shape.count - 2), [real])
    let largest = try b.transposed(b.apply(.oneHot(count: n, type: b.trace.type(v.re)), [places]))
    let phase = try b.divide(around, columnSums(b.multiply(largest, v.re)))
    return ComplexNode(
      re: try b.subtract(bar.re, b.multiply(v.re, along)),
      im: try b.add(b.subtract(bar.im, b.multiply(v.im, along)), b.multiply(largest, phase)))
  }
}
