import CKernels

extension Kernels {
  /// Elements firstIndex ..< firstIndex + count of the stream of `key`, a pure function of both: any tile may be drawn.
  /// Integers may be i32 or i64 (or a float type); uniform and normal f32 or f64.
  public static func random(
    _ distribution: Distribution, key: Int64, _ type: ElementType, firstIndex: Int, _ out: UnsafeMutableRawPointer,
    count: Int
  ) {
    var code: Int32 = 0
    var range: (low: Int64, high: Int64) = (0, 0)
    switch distribution {
    case .uniform: code = 0
    case .normal: code = 1
    case .integer(let low, let high):
      code = 2
      range = (Int64(low), Int64(high))
    }
    ck_current.pointee.random(
      code, Int32(type.rawValue), range.low, range.high, UInt64(bitPattern: key), UInt64(firstIndex), out, Int64(count))
  }

  /// Elements first ..< first + count of the permutation of 0 ..< n that `key` names. Throws without memory.
  public static func permutation(
    n: Int, key: Int64, first: Int = 0, count: Int, _ out: UnsafeMutablePointer<Int64>
  ) throws {
    if ck_permutation(Int64(n), UInt64(bitPattern: key), Int64(first), Int64(count), out) != 0 {
      throw TensorError.outOfMemory(bytes: n * 16)
    }
  }
}
