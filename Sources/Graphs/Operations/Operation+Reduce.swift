import Tensors

/// Reductions over any axes: those that are not neighbours are first brought together, in their order.
final class ReduceOperation: PiecewiseOperation {
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

  /// A stretch of neighbouring columns, or of rows, is a piece.
  private static let stretch = 64
  private var across: Int { (split.inner + ReduceOperation.stretch - 1) / ReduceOperation.stretch }
  override var pieces: Int {
    split.inner == 1 ? (split.outer + ReduceOperation.stretch - 1) / ReduceOperation.stretch : split.outer * across
  }
  override var work: Double { Double(split.outer) * Double(split.length) * Double(split.inner) / 16 }

  override func prepare(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) {
    gathered?.copy(from: x[0], to: scratch, type)
  }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {
    prepare(x, out, scratch)
    Kernels.reduce(
      operation, type, outer: split.outer, length: split.length, inner: split.inner,
      gathered == nil ? x[0] : scratch, out)
  }

  override func run(
    _ range: Range<Int>, _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer,
    _ scratch: UnsafeMutableRawPointer
  ) {
    let source = gathered == nil ? x[0] : scratch
    let (length, inner, size) = (split.length, split.inner, type.byteCount)
    let stretch = ReduceOperation.stretch
    if inner == 1 {
      let rows = (range.lowerBound * stretch)..<Swift.min(split.outer, range.upperBound * stretch)
      return Kernels.reduce(
        operation, type, outer: rows.count, length: length, inner: 1, source + rows.lowerBound * length * size,
        out + rows.lowerBound * size)
    }
    for piece in range {
      let (row, column) = (piece / across, piece % across * stretch)
      Kernels.reduce(
        operation, type, outer: 1, length: length, inner: inner,
        columns: column..<Swift.min(inner, column + stretch), source + row * length * inner * size,
        out + row * inner * size)
    }
  }
}

/// Operations along one axis.
final class AxisOperation: Operation {
  enum Code { case argReduce(Bool), cumulativeSum }
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
    }
  }
}

/// Sorting along one axis; stretches of rows are pieces. Each notes in the scratch memory whether it had memory to sort in.
final class SortOperation: PiecewiseOperation {
  enum Code { case sort, order, top(Int) }
  private let code: Code
  private let split: AxisSplit
  private let type: ElementType
  /// Rows per piece.
  private let stretch: Int

  init(_ code: Code, _ axis: Int, _ x: OperandInfo) {
    self.code = code
    split = AxisSplit(x.shape, axis)
    type = x.type
    stretch = Swift.max(1, SortOperation.elementsPerPiece / Swift.max(1, split.length))
  }

  private static let elementsPerPiece = 4096

  private var rows: Int { split.outer * split.inner }
  override var pieces: Int { (rows + stretch - 1) / stretch }
  override var work: Double { Double(rows) * Double(split.length) * 8 }
  override var scratchBytes: Int { pieces }

  override func prepare(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) {
    scratch.initializeMemory(as: UInt8.self, repeating: 0, count: pieces)
  }

  override func run(
    _ range: Range<Int>, _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer,
    _ scratch: UnsafeMutableRawPointer
  ) {
    let rows = (range.lowerBound * stretch)..<Swift.min(self.rows, range.upperBound * stretch)
    do {
      try sort(rows, x[0], out)
    } catch {
      scratch.storeBytes(of: 1, toByteOffset: range.lowerBound, as: UInt8.self)
    }
  }

  private func sort(_ rows: Range<Int>, _ x: UnsafeMutableRawPointer, _ out: UnsafeMutableRawPointer) throws {
    let (outer, length, inner) = (split.outer, split.length, split.inner)
    let positions = out.assumingMemoryBound(to: Int64.self)
    switch code {
    case .sort: try Kernels.sort(type, outer: outer, length: length, inner: inner, rows: rows, x, out)
    case .order: try Kernels.argSort(type, outer: outer, length: length, inner: inner, rows: rows, x, positions)
    case .top(let count):
      try Kernels.topOrder(type, outer: outer, length: length, inner: inner, count: count, rows: rows, x, positions)
    }
  }

  override func finish(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {
    for piece in 0..<pieces where scratch.load(fromByteOffset: piece, as: UInt8.self) != 0 {
      throw TensorError.outOfMemory(bytes: split.length * 32)
    }
  }
}
