import Tensors

/// Values out of nothing but a key: counting, draws, permutations.
final class SourceOperation: Operation {
  private let primitive: Primitive
  /// Number of keys, of draws per key, and whether key and number change from one to the next.
  private let keys: Int
  private let perKey: Int
  private let keyStride: Int
  private let numberStride: Int

  init(_ primitive: Primitive, _ inputs: [OperandInfo], _ out: OperandInfo) {
    self.primitive = primitive
    keys = inputs.map(\.count).max() ?? 1
    perKey = keys > 0 ? out.count / keys : 0
    keyStride = (inputs.first?.shape.isEmpty ?? true) ? 0 : 1
    numberStride = (inputs.last?.shape.isEmpty ?? true) ? 0 : 1
  }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {
    if case .iota(let shape, let axis, let type) = primitive {
      let split = AxisSplit(shape, axis)
      return Kernels.iota(type, outer: split.outer, length: split.length, inner: split.inner, out)
    }
    for place in 0..<keys {
      let key = x[0].load(fromByteOffset: 8 * place * keyStride, as: Int64.self)
      switch primitive {
      case .random(let distribution, _, let type):
        let target = out + place * perKey * type.byteCount
        try inStretches(perKey, type) { first, bytes, count in
          Kernels.random(distribution, key: key, type, firstIndex: first, target + bytes, count: count)
        }
      case .deriveKey:
        let number = x[1].load(fromByteOffset: 8 * place * numberStride, as: Int64.self)
        out.storeBytes(of: RandomKey.derive(key, number), toByteOffset: 8 * place, as: Int64.self)
      case .permutation(let n, let count):
        let start = x[1].load(fromByteOffset: 8 * place * numberStride, as: Int.self)
        guard start >= 0, start <= n - count else { throw badStart(start, count, of: n) }
        try PermutationCache.shared.copy(
          n: n, key: key, first: start, count: count, (out + 8 * place * count).assumingMemoryBound(to: Int64.self))
      default: break
      }
    }
  }

  override func copyNext(_ x: UnsafePointer<UnsafeMutableRawPointer>, to next: UnsafeMutableRawPointer) -> Bool {
    guard case .permutation(let n, let count) = primitive, keys == 1 else { return false }
    let following = x[1].load(as: Int.self) + count
    guard following <= n - count else { return false }
    return PermutationCache.shared.copyKnown(
      n: n, key: x[0].load(as: Int64.self), first: following, count: count, next.assumingMemoryBound(to: Int64.self))
  }
}
