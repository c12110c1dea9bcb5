import CKernels

/// The kernels at the level of pointers: shapes are already resolved, nothing is allocated, any tile may be given.
/// Strides of elementwise operands are 0 (one element repeated) or 1. `out` may be exactly an operand.
public enum Kernels {
  /// Name of the variant in use: "avx512", "avx2" or "base".
  public static var variant: String { String(cString: ck_current.pointee.name) }

  /// Whether the variant in use multiplies and adds by one instruction: all but the base of x86-64 do, which computes the
  /// same bits without and takes 50 to 200 times as long.
  public static var hasHardwareFMA: Bool { ck_current.pointee.flags & 1 != 0 }

  /// What is wrong with `EXP_KERNELS`, which then chose nothing: it names no variant, or one that this processor cannot
  /// run; nil where nothing is.
  public static var complaint: String? {
    guard let refused = ck_refused_variant() else { return nil }
    let name = String(cString: refused)
    let known = ["avx512", "avx2", "base"]
    let here = (0..<ck_variant_count()).compactMap { ck_variant($0).map { String(cString: $0.pointee.name) } }
    return known.contains(name)
      ? "EXP_KERNELS is \(name), which this processor does not have; it has \(here.joined(separator: ", "))"
      : "EXP_KERNELS is `\(name)`, which is none of \(known.joined(separator: ", "))"
  }

  @inline(__always) static var table: ck_table { ck_current.pointee }

  /// out[i] = operation(x[i]); isNaN and isFinite write bools, everything else the argument's type.
  public static func unary(
    _ operation: UnaryOperation, _ type: ElementType, _ x: UnsafeRawPointer, _ out: UnsafeMutableRawPointer, count: Int
  ) {
    ck_current.pointee.unary(Int32(operation.rawValue), Int32(type.rawValue), x, out, Int64(count))
  }

  /// Sines and cosines of the same elements of f32 or f64, with the bits of each alone.
  public static func sineCosine(
    _ type: ElementType, _ x: UnsafeRawPointer, sine: UnsafeMutableRawPointer, cosine: UnsafeMutableRawPointer,
    count: Int
  ) {
    ck_current.pointee.sine_cosine(Int32(type.rawValue), x, sine, cosine, Int64(count))
  }

  /// out[i] = operation(x[i], y[i]).
  public static func binary(
    _ operation: BinaryOperation, _ type: ElementType, _ x: UnsafeRawPointer, xStride: Int, _ y: UnsafeRawPointer,
    yStride: Int, _ out: UnsafeMutableRawPointer, count: Int
  ) {
    ck_current.pointee.binary(
      Int32(operation.rawValue), Int32(type.rawValue), x, Int64(xStride), y, Int64(yStride), out, Int64(count))
  }

  /// out[i] = 1 if the comparison holds, else 0.
  public static func compare(
    _ comparison: Comparison, _ type: ElementType, _ x: UnsafeRawPointer, xStride: Int, _ y: UnsafeRawPointer,
    yStride: Int, _ out: UnsafeMutableRawPointer, count: Int
  ) {
    ck_current.pointee.compare(
      Int32(comparison.rawValue), Int32(type.rawValue), x, Int64(xStride), y, Int64(yStride),
      out.assumingMemoryBound(to: UInt8.self), Int64(count))
  }

  /// out[i] = condition[i] ? x[i] : y[i], for elements of any type.
  public static func select(
    _ type: ElementType, condition: UnsafeRawPointer, conditionStride: Int, _ x: UnsafeRawPointer, xStride: Int,
    _ y: UnsafeRawPointer, yStride: Int, _ out: UnsafeMutableRawPointer, count: Int
  ) {
    ck_current.pointee.select(
      Int32(type.byteCount), condition.assumingMemoryBound(to: UInt8.self), Int64(conditionStride), x, Int64(xStride),
      y, Int64(yStride), out, Int64(count))
  }

  /// Float to integer truncates, saturates out of range, NaN gives 0; anything to bool is `!= 0`. `out` must not be
  /// `x`.
  public static func convert(
    from: ElementType, to: ElementType, _ x: UnsafeRawPointer, _ out: UnsafeMutableRawPointer, count: Int
  ) {
    ck_current.pointee.convert(Int32(from.rawValue), Int32(to.rawValue), x, out, Int64(count))
  }

  /// x is [outer, length, inner], out [outer, inner]: reduces the middle axis in the fixed order. An empty sum is 0, an
  /// empty product 1, an empty max -inf (or the least integer), an empty min +inf (or the greatest).
  public static func reduce(
    _ reduction: Reduction, _ type: ElementType, outer: Int, length: Int, inner: Int, columns: Range<Int>? = nil,
    _ x: UnsafeRawPointer, _ out: UnsafeMutableRawPointer
  ) {
    let columns = columns ?? 0..<inner
    ck_current.pointee.reduce(
      Int32(reduction.rawValue), Int32(type.rawValue), Int64(outer), Int64(length), Int64(inner),
      Int64(columns.lowerBound), Int64(columns.upperBound), x, out)
  }

  /// Position (i64) of the first largest or smallest element of the middle axis; the first NaN wins; 0 if empty.
  public static func argReduce(
    isMax: Bool, _ type: ElementType, outer: Int, length: Int, inner: Int, _ x: UnsafeRawPointer,
    _ out: UnsafeMutablePointer<Int64>
  ) {
    ck_current.pointee.arg_reduce(
      isMax ? 1 : 0, Int32(type.rawValue), Int64(outer), Int64(length), Int64(inner), x, out)
  }

  /// Running sum along the middle axis, in index order.
  public static func cumulativeSum(
    _ type: ElementType, outer: Int, length: Int, inner: Int, _ x: UnsafeRawPointer, _ out: UnsafeMutableRawPointer
  ) {
    ck_current.pointee.cumulative_sum(Int32(type.rawValue), Int64(outer), Int64(length), Int64(inner), x, out)
  }

  /// count copies of one element.
  public static func fill(
    _ type: ElementType, _ value: UnsafeRawPointer, _ out: UnsafeMutableRawPointer, count: Int
  ) { ck_fill(Int32(type.byteCount), value, out, Int64(count)) }
}
