import Tensors

/// Values out of nothing but a key: counting, draws, permutations.
final class SourceOperation: Operation {
  private let primitive: Primitive
  private let out: OperandInfo

  init(_ primitive: Primitive, _ out: OperandInfo) {
    self.primitive = primitive
    self.out = out
  }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {
    switch primitive {
    case .iota(let shape, let axis, let type):
      let split = AxisSplit(shape, axis)
      Kernels.iota(type, outer: split.outer, length: split.length, inner: split.inner, out)
    case .random(let distribution, _, let type):
      Kernels.random(
        distribution, key: x[0].load(as: Int64.self), type, firstIndex: 0, out, count: self.out.count)
    case .deriveKey:
      out.storeBytes(of: RandomKey.derive(x[0].load(as: Int64.self), x[1].load(as: Int64.self)), as: Int64.self)
    case .permutation(let n, let count):
      let start = x[1].load(as: Int.self)
      guard start >= 0, start <= n - count else { throw GraphError(.badIndex(value: start, bound: n - count + 1)) }
      try PermutationCache.shared.copy(
        n: n, key: x[0].load(as: Int64.self), first: start, count: count, out.assumingMemoryBound(to: Int64.self))
    default: break
    }
  }
}
