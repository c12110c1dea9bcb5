// Every elementary function of floats on all 2^32 floats, against the function of doubles (itself within 2 of its own units,
// by doubles.py beside this file, so exact here). Prints a line per function: `ok` or `not ok`, the worst error and where.
//
//   every-float [--step N] [NAME…]     only every N-th float; only these functions
import CKernels
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

let functions: [UnaryOperation] = [
  .sqrt, .exp, .expm1, .log, .log1p, .sin, .cos, .tan, .asin, .acos, .atan, .sinh, .cosh, .tanh, .sigmoid, .softplus,
  .erf, .gelu,
]
/// Made of several functions.
let compounds: Set<UnaryOperation> = [.sigmoid, .softplus, .gelu]

var step = 1
var names: [String] = []
var words = CommandLine.arguments.dropFirst().makeIterator()
while let word = words.next() {
  if word == "--step" { step = max(1, words.next().flatMap { Int($0) } ?? 1) } else { names.append(word) }
}

/// Floats are taken in runs of this many; one run is one piece of work.
let run = 1 << 16

/// What one thread found.
final class Search {
  let operation: UnaryOperation
  let step: Int
  /// Per piece: worst error and the bits of its argument.
  var worst: [(error: Double, bits: UInt32)]

  init(_ operation: UnaryOperation, step: Int) {
    self.operation = operation
    self.step = step
    worst = Array(repeating: (0, 0), count: (1 << 32) / run / step)
  }

  func search(_ piece: Int) -> (error: Double, bits: UInt32) {
    let first = UInt32(truncatingIfNeeded: piece * step * run)
    return withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * run) { narrow in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * run) { wide in
        guard let x = narrow.baseAddress, let wx = wide.baseAddress else { return (.infinity, 0) }
        for i in 0..<run { x[i] = Float(bitPattern: first &+ UInt32(truncatingIfNeeded: i * step)) }
        Kernels.convert(from: .f32, to: .f64, x, wx, count: run)
        Kernels.unary(operation, .f32, x, x + run, count: run)
        Kernels.unary(operation, .f64, wx, wx + run, count: run)
        var found = (error: 0.0, bits: UInt32(0))
        for i in 0..<run {
          let error = distance(x[run + i], wx[run + i])
          if error > found.error { found = (error, x[i].bitPattern) }
        }
        return found
      }
    }
  }

  @inline(__always) private func distance(_ value: Float, _ reference: Double) -> Double {
    let rounded = Float(reference)
    if value.isNaN && reference.isNaN { return 0 }
    if !value.isFinite || !rounded.isFinite { return value == rounded ? 0 : .infinity }
    return abs(Double(value) - reference) / Double(max(rounded.magnitude.ulp, .leastNonzeroMagnitude))
  }
}

// Each line as soon as it is known, into a file too: all floats take a quarter of an hour of one core.
setvbuf(stdout, nil, _IOLBF, 0)
var failed = false
let chosen = functions.filter { names.isEmpty || names.contains("\($0)") }
for operation in chosen {
  let search = Search(operation, step: step)
  search.worst.withUnsafeMutableBufferPointer { results in
    var context = (search: Unmanaged.passUnretained(search), results: results)
    ck_parallel(
      4, Int64(results.count),
      { context, _, piece in
        guard let context else { return }
        let job = context.assumingMemoryBound(
          to: (search: Unmanaged<Search>, results: UnsafeMutableBufferPointer<(error: Double, bits: UInt32)>).self
        ).pointee
        job.results[Int(piece)] = job.search.takeUnretainedValue().search(Int(piece))
      }, &context)
  }
  let worst = search.worst.max { $0.error < $1.error } ?? (0, 0)
  let bound = compounds.contains(operation) ? 4.0 : 2.0
  failed = failed || !(worst.error <= bound)
  let error = worst.error.isFinite ? "\((worst.error * 1000).rounded() / 1000)" : "\(worst.error)"
  print("\(worst.error <= bound ? "ok" : "not ok") \(operation): \(error) ulp at \(Float(bitPattern: worst.bits))")
}
exit(failed ? 1 : 0)
