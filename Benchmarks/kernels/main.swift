// Speed of the kernels on one thread: products in GFLOP/s and as a share of the measured multiply-add peak, elementwise
// functions and reductions in nanoseconds per element. `swift run -c release kernels-benchmark`, and beside it
// `OPENBLAS_NUM_THREADS=1 python3 Benchmarks/kernels/numpy_products.py` for NumPy on the same shapes.
import CKernels
import Tensors

let clock = ContinuousClock()

/// Seconds of one call: the best of several batches.
func seconds(_ calls: Int, _ body: () -> Void) -> Double {
  var best = Double.infinity
  for _ in 0..<7 {
    let start = clock.now
    for _ in 0..<calls { body() }
    let parts = (clock.now - start).components
    best = min(best, (Double(parts.seconds) + Double(parts.attoseconds) * 1e-18) / Double(calls))
  }
  return best
}

func padded(_ value: Double, _ digits: Int, width: Int) -> String {
  let scale = ScalarMath.pow(10, Double(digits))
  let text = "\((value * scale).rounded() / scale)"
  return String(repeating: " ", count: max(0, width - text.count)) + text
}

let shapes: [(m: Int, n: Int, k: Int)] = [
  (32, 32, 784), (32, 784, 32), (784, 32, 32), (128, 128, 784), (128, 784, 128), (784, 128, 128), (128, 10, 128),
  (128, 128, 10), (32, 10, 32), (8, 8, 8), (16, 16, 16), (32, 32, 32), (64, 64, 64), (100, 1, 50), (100, 4, 50),
  (100, 16, 50),
  (100, 64, 50), (100, 256, 50), (1, 256, 256), (256, 1, 256), (256, 256, 256), (512, 512, 512), (1024, 256, 256),
  (1024, 1024, 1024),
]

func products(_ type: ElementType) throws {
  let table = ck_current.pointee
  let measure = type == .f32 ? table.peak_f32 : table.peak_f64
  guard let measure else { return }
  var operations = 0.0
  let time = seconds(1) { operations = measure(2_000_000) }
  let peak = operations / time / 1e9
  print("\(type.name) products, \(Kernels.variant), peak \(padded(peak, 1, width: 6)) GFLOP/s; A·B, A·Bᵀ, Aᵀ·B:")
  for (m, n, k) in shapes {
    let a = try Tensor(repeating: 0.5, shape: [m, k], type: type),
      b = try Tensor(repeating: 2, shape: [k, n], type: type)
    let c = try Tensor(uninitialized: [m, n], type: type)
    var line = "  \(m) × \(k) × \(n)"
    line += String(repeating: " ", count: max(1, 22 - line.count))
    for (transA, transB) in [(false, false), (false, true), (true, false)] {
      let calls = max(1, 3_000_000 / (m * n * k / 16 + 500))
      let one = seconds(calls) {
        Kernels.matmul(
          type, transA: transA, transB: transB, m: m, n: n, k: k, a.pointer, lda: transA ? m : k, b.pointer,
          ldb: transB ? k : n, c.pointer, ldc: n)
      }
      let speed = 2 * Double(m * n * k) / one / 1e9
      line += padded(speed, 1, width: 8) + " (\(Int(100 * speed / peak)) %)"
    }
    print(line)
  }
}

func elementwise(_ type: ElementType) throws {
  let n = 4096
  let x = try Tensor(uninitialized: [n], type: type), out = try Tensor(uninitialized: [n], type: type)
  Kernels.random(.uniform, key: 1, type, firstIndex: 0, x.pointer, count: n)
  var words: [String] = []
  for operation in UnaryOperation.allCases.prefix(through: 23) {
    let one = seconds(100) { Kernels.unary(operation, type, x.pointer, out.pointer, count: n) }
    words.append("\(operation) \(padded(one * 1e9 / Double(n), 2, width: 0))")
  }
  for operation in [BinaryOperation.add, .divide, .power, .maximum, .atan2] {
    let one = seconds(50) {
      Kernels.binary(operation, type, x.pointer, xStride: 1, x.pointer, yStride: 1, out.pointer, count: n)
    }
    words.append("\(operation) \(padded(one * 1e9 / Double(n), 2, width: 0))")
  }
  for distribution in [Distribution.uniform, .normal] {
    let one = seconds(20) { Kernels.random(distribution, key: 1, type, firstIndex: 0, out.pointer, count: n) }
    words.append("\(distribution) \(padded(one * 1e9 / Double(n), 2, width: 0))")
  }
  print("\(type.name) ns per element of \(n): " + words.joined(separator: ", "))
}

func reductions(_ type: ElementType) throws {
  var words: [String] = []
  for (outer, length, inner) in [(1, 4096, 1), (128, 10, 1), (128, 128, 1), (1, 128, 32), (1, 128, 128), (8, 64, 64)] {
    let x = try Tensor(repeating: 1, shape: [outer, length, inner], type: type)
    let out = try Tensor(uninitialized: [outer, inner], type: type)
    for reduction in [Reduction.sum, .max] {
      let one = seconds(100) {
        Kernels.reduce(reduction, type, outer: outer, length: length, inner: inner, x.pointer, out.pointer)
      }
      words.append("\(reduction) [\(outer), \(length), \(inner)] \(padded(one * 1e9 / Double(x.count), 3, width: 0))")
    }
  }
  print("\(type.name) reductions, ns per element: " + words.joined(separator: ", "))
}

func linearAlgebra() throws {
  func matrix(_ m: Int, _ n: Int, key: Int64) throws -> Tensor {
    let a = try Tensor(uninitialized: [m, n], type: .f64)
    Kernels.random(.normal, key: key, .f64, firstIndex: 0, a.pointer, count: a.count)
    return a
  }
  func time(_ function: LinearFunction, _ operands: [Tensor]) {
    var failed = false
    let one = seconds(3) { if (try? LinearAlgebra.apply(function, operands)) == nil { failed = true } }
    let shapes = operands.map { "\($0.shape)" }.joined(separator: " ")
    print("\(function.name) \(shapes): \(padded(one * 1e3, 2, width: 0)) ms\(failed ? " (failed)" : "")")
  }
  for (m, n) in [(100, 20), (100, 100), (100, 1000), (200, 200), (200, 2000)] {
    time(.leastSquares(rcond: nil), [try matrix(m, n, key: 2), try matrix(m, 1, key: 3)])
  }
  for n in [50, 200, 500] {
    let a = try matrix(n, n, key: 2)
    for function in [LinearFunction.svd, .eigenSymmetric, .eigenvalues, .qr(pivoting: false), .qr(pivoting: true), .lu]
    {
      time(function, [a])
    }
    time(.solve(transposed: false), [a, try matrix(n, n, key: 3)])
  }
}

for type in [ElementType.f32, .f64] {
  try products(type)
  try elementwise(type)
  try reductions(type)
}
try linearAlgebra()
