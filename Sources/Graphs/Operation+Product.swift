import Tensors

/// Matrix products over broadcast leading axes. Where one matrix serves all leading axes of the other and these lie in
/// rows, it is a single product; an element's bits do not depend on it.
final class ProductOperation: Operation {
  let type: ElementType
  let transposeA: Bool
  let transposeB: Bool
  let m: Int
  let n: Int
  let k: Int
  /// A plan's epilogue: the operand after the factors is added to each row, then the activation.
  var hasBias = false
  var activation = Kernels.Activation.none
  /// Element offsets of each product's A, B and C; one product needs none.
  private let offsets: [(a: Int, b: Int, c: Int)]

  /// Products it makes.
  var batch: Int { offsets.count }

  init(_ transposeA: Bool, _ transposeB: Bool, _ inputs: [OperandInfo], _ out: OperandInfo) {
    type = out.type
    self.transposeA = transposeA
    self.transposeB = transposeB
    let (a, b) = (inputs[0].shape, inputs[1].shape)
    k = a[a.count - (transposeA ? 2 : 1)]
    n = out.shape[out.shape.count - 1]
    let rows = out.shape[out.shape.count - 2]
    let batch = Array(out.shape.dropLast(2))
    let single = !transposeA && b.dropLast(2).allSatisfy { $0 == 1 } && Array(a.dropLast(2)) == batch
    if single {
      m = batch.reduce(rows, *)
      offsets = m == 0 ? [] : [(0, 0, 0)]
      return
    }
    m = rows
    let layoutA = Layout(Array(a.dropLast(2))).broadcast(to: batch)
    let layoutB = Layout(Array(b.dropLast(2))).broadcast(to: batch)
    let (sizeA, sizeB, sizeC) = (m * k, k * n, m * n)
    var found: [(a: Int, b: Int, c: Int)] = []
    let total = batch.reduce(1, *)
    found.reserveCapacity(total)
    for place in 0..<total {
      var (rest, offsetA, offsetB) = (place, 0, 0)
      for axis in batch.indices.reversed() {
        let i = rest % batch[axis]
        rest /= batch[axis]
        offsetA += i * layoutA.strides[axis]
        offsetB += i * layoutB.strides[axis]
      }
      found.append((offsetA * sizeA, offsetB * sizeB, place * sizeC))
    }
    offsets = found
  }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {
    run(x, out, products: 0..<offsets.count, rows: 0..<m)
  }

  /// Some rows of some of the products: how the work is shared between threads.
  func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, products: Range<Int>, rows: Range<Int>
  ) {
    guard m > 0, n > 0, !rows.isEmpty else { return }
    let size = type.byteCount
    let skipA = (transposeA ? rows.lowerBound : rows.lowerBound * k) * size
    let bias = hasBias ? UnsafeRawPointer(x[2]) : nil
    let skipC = rows.lowerBound * n * size
    for index in products {
      let at = offsets[index]
      Kernels.matmul(
        type, transA: transposeA, transB: transposeB, m: rows.count, n: n, k: k, x[0] + (at.a * size + skipA),
        lda: transposeA ? m : k, x[1] + at.b * size, ldb: transposeB ? k : n, out + (at.c * size + skipC), ldc: n,
        bias: bias, activation: activation)
    }
  }
}
