import Tensors

/// A function of each matrix of a batch. It computes in doubles: other elements are converted on the way in and out.
final class LinearOperation: Operation {
  private let function: LinearFunction
  private let kernel: LinearAlgebra
  private let batch: Int
  private let type: ElementType
  private let outType: ElementType
  /// Elements of one matrix of each operand, and of one result.
  private let counts: [Int]
  private let outCount: Int
  /// Rough nanoseconds of one matrix.
  private let work: Double

  override var scratchBytes: Int { (counts.reduce(outCount, +) + 1) * 8 }

  init(_ function: LinearFunction, _ inputs: [OperandInfo], _ out: OperandInfo) {
    self.function = function
    let (a, b) = (inputs[0].shape, inputs[inputs.count - 1].shape)
    let (m, n) = (a[a.count - 2], a[a.count - 1])
    type = inputs[0].type
    outType = out.type
    kernel = LinearAlgebra(function, m: m, n: n, k: inputs.count == 2 ? b[b.count - 1] : 0, type: type)
    batch = a.dropLast(2).reduce(1, *)
    counts = inputs.map { $0.shape.suffix(2).reduce(1, *) }
    outCount = batch == 0 ? 0 : out.count / batch
    work = Double(counts.max() ?? 0) * Double(Swift.min(m, n)) / 2
  }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {
    guard outCount > 0 else { return }
    for place in 0..<batch { try run(place, x, out, scratch.assumingMemoryBound(to: Double.self)) }
  }

  /// Runs the matrices on several threads where that pays. Returns whether it did. The error of the first matrix that has one is
  /// thrown, whichever thread met it first.
  func runParallel(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ threads: Int
  ) throws -> Bool {
    // A few additions per nanosecond.
    guard batch > 1, outCount > 0, Double(batch) * work > 20_000 else { return false }
    let (failure, room) = (Failure(), scratchBytes / 8)
    parallel(threads, batch) { _, place in
      let own = UnsafeMutablePointer<Double>.allocate(capacity: room)
      defer { own.deallocate() }
      do { try run(place, x, out, own) } catch { failure.record(error, place) }
    }
    if let error = failure.error { throw error }
    return true
  }

  /// One matrix.
  private func run(
    _ place: Int, _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer,
    _ scratch: UnsafeMutablePointer<Double>
  ) throws {
    var free = scratch
    func doubles(_ operand: Int) throws -> UnsafePointer<Double> {
      let source = x[operand] + place * counts[operand] * type.byteCount
      if type == .f64 { return UnsafePointer(source.assumingMemoryBound(to: Double.self)) }
      defer { free += counts[operand] }
      try inStretches(counts[operand], type) { first, bytes, count in
        Kernels.convert(from: type, to: .f64, source + bytes, free + first, count: count)
      }
      return UnsafePointer(free)
    }
    let a = try doubles(0)
    let b = counts.count == 2 ? try doubles(1) : a
    let target = out + place * outCount * outType.byteCount
    let result = outType == .f64 ? target.assumingMemoryBound(to: Double.self) : free
    do { try kernel.run(a, b, result) } catch let error as TensorError {
      // Kernels that were stopped early leave what looks like a bad matrix.
      try stopIfAsked()
      throw placed(error, place)
    }
    try stopIfAsked()
    if outType == .f64 { return }
    try inStretches(outCount, outType) { first, bytes, count in
      Kernels.convert(from: .f64, to: outType, result + first, target + bytes, count: count)
    }
  }

  private func placed(_ error: TensorError, _ place: Int) -> Error {
    guard case .notSolvable(let operation, let reason) = error.kind else { return error }
    if batch == 1 { return GraphError(.notSolvable(error)) }
    return GraphError(.notSolvable(.notSolvable(operation, "\(reason) in matrix \(place) of \(batch)")))
  }
}
