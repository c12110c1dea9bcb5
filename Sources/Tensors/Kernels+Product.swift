import CKernels

extension Kernels {
  /// What happens to a finished element of a product after the bias was added.
  public enum Activation: Sendable, Hashable {
    /// Nothing.
    case none
    /// maximum(constant, x) with the bits of the binary operation: relu for 0.
    case maximum(constant: Double)
  }

  /// What decides at last which elements of a product stay: one becomes `replacement` where `threshold` is at least the
  /// element in its place, as the gradient behind a maximum does.
  public struct Gate: Sendable, Hashable {
    /// At least the elements in whose places `replacement` stands.
    public var threshold: Double
    /// What stands there.
    public var replacement: Double
    /// A gate.
    public init(threshold: Double, replacement: Double) {
      (self.threshold, self.replacement) = (threshold, replacement)
    }
  }

  /// What is added to a product's elements after the bias.
  public enum Addend {
    /// n elements, the same ones to every row.
    case row(UnsafeRawPointer)
    /// A matrix that lies as C does.
    case whole(UnsafeRawPointer)
  }

  /// C[m, n] = A[m, k] B[k, n] (+ bias[n] + `added`, then the activation, then the gate, whose elements lie as C's).
  /// Strides `lda` … count elements between stored rows; A is stored [k, m] if `transA`, B is stored [n, k] if `transB`. C must not overlap A or B. Whole numbers wrap
  /// and take no bias, addend, activation or gate; an element of f32 or f64 is the sum over blocks of 256 of k, in order, of fused multiply-add chains, so it depends on its own row
  /// and column only. With `places`, many such products, whose operands begin so many elements further on; a matrix that is
  /// added and the gate's elements begin as far on as C.
  public static func matmul(
    _ type: ElementType, transA: Bool = false, transB: Bool = false, m: Int, n: Int, k: Int, _ a: UnsafeRawPointer,
    lda: Int, _ b: UnsafeRawPointer, ldb: Int, _ c: UnsafeMutableRawPointer, ldc: Int, bias: UnsafeRawPointer? = nil,
    added: Addend? = nil, activation: Activation = .none, gate: (Gate, UnsafeRawPointer)? = nil,
    places: UnsafeBufferPointer<ck_place>? = nil
  ) {
    var product = ck_product(
      m: Int64(m), n: Int64(n), k: Int64(k), a: a, lda: Int64(lda), b: b, ldb: Int64(ldb), c: c, ldc: Int64(ldc),
      bias: bias, added: nil, added_whole: 0, constant: 0, activation: 0, gate: gate?.1,
      threshold: gate?.0.threshold ?? 0,
      replacement: gate?.0.replacement ?? 0, trans_a: transA ? 1 : 0, trans_b: transB ? 1 : 0)
    switch added {
    case .row(let row): product.added = row
    case .whole(let matrix): (product.added, product.added_whole) = (matrix, 1)
    case nil: break
    }
    if case .maximum(let constant) = activation {
      product.activation = 1
      product.constant = constant
    }
    guard type.isFloat else {
      assert(bias == nil && added == nil && activation == .none && gate == nil, "whole numbers have no last act")
      let one = [ck_place(a: 0, b: 0, c: 0)]
      one.withUnsafeBufferPointer {
        let places = places ?? $0
        ck_current.pointee.products_whole(Int32(type.rawValue), &product, Int64(places.count), places.baseAddress)
      }
      return
    }
    switch (type, places) {
    case (.f64, nil): ck_current.pointee.product_f64(&product)
    case (_, nil): ck_current.pointee.product_f32(&product)
    case (.f64, let places?): ck_current.pointee.products_f64(&product, Int64(places.count), places.baseAddress)
    case (_, let places?): ck_current.pointee.products_f32(&product, Int64(places.count), places.baseAddress)
    }
  }
}
