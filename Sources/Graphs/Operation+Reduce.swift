import Tensors

/// Reductions over any axes: those that are not neighbours are first brought together, in their order.
final class ReduceOperation: Operation {
  private let operation: Reduction
  private let type: ElementType
  private let split: (outer: Int, length: Int, inner: Int)
  private let gathered: Layout?

  override var scratchBytes: Int { (gathered?.count ?? 0) * type.byteCount }

  init(_ operation: Reduction, _ axes: [Int], _ x: OperandInfo) {
    self.operation = operation
    type = x.type
    let shape = x.shape
    // Axes of extent 1 do not separate others.
    let real = axes.filter { shape[$0] != 1 }
    let first = real.first ?? 0
    let last = real.last ?? -1
    let between = shape.indices.filter { $0 > first && $0 < last && shape[$0] != 1 && !real.contains($0) }
    let length = real.reduce(1) { $0 * shape[$1] }
    if between.isEmpty {
      gathered = nil
      split = (
        shape[..<Swift.min(first, shape.count)].reduce(1, *), length,
        last < 0 ? shape.reduce(1, *) : shape[(last + 1)...].reduce(1, *)
      )
    } else {
      let kept = shape.indices.filter { !axes.contains($0) }
      gathered = Layout(shape).transposed(kept + axes)
      split = (kept.reduce(1) { $0 * shape[$1] }, length, 1)
    }
  }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {
    var source = x[0]
    if let gathered {
      gathered.copy(from: source, to: scratch, type)
      source = scratch
    }
    Kernels.reduce(operation, type, outer: split.outer, length: split.length, inner: split.inner, source, out)
  }
}

/// Operations along one axis.
final class AxisOperation: Operation {
  enum Code { case argReduce(Bool), cumulativeSum, sort, argSort }
  private let code: Code
  private let split: AxisSplit
  private let type: ElementType

  init(_ code: Code, _ axis: Int, _ x: OperandInfo) {
    self.code = code
    split = AxisSplit(x.shape, axis)
    type = x.type
  }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {
    let (outer, length, inner) = (split.outer, split.length, split.inner)
    guard outer * inner > 0 else { return }
    switch code {
    case .argReduce(let isMax):
      Kernels.argReduce(
        isMax: isMax, type, outer: outer, length: length, inner: inner, x[0],
        out.assumingMemoryBound(to: Int64.self))
    case .cumulativeSum: Kernels.cumulativeSum(type, outer: outer, length: length, inner: inner, x[0], out)
    case .sort: try Kernels.sort(type, outer: outer, length: length, inner: inner, x[0], out)
    case .argSort:
      try Kernels.argSort(
        type, outer: outer, length: length, inner: inner, x[0], out.assumingMemoryBound(to: Int64.self))
    }
  }
}
