import CKernels
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Any view copied out: broadcast, transposition, slice, or the tensor itself.
final class CopyOperation: PiecewiseOperation {
  private let layout: Layout
  private let type: ElementType
  /// Stretches of the first axis, or of the second where the first is short.
  private let axis: Int
  private let bytes: Int

  init(_ layout: Layout, _ type: ElementType) {
    self.layout = layout
    self.type = type
    axis = layout.shape.count > 1 && (layout.shape.first ?? 1) < 8 ? 1 : 0
    bytes = layout.count * type.byteCount
  }

  override var pieces: Int { layout.shape.isEmpty ? 1 : layout.shape[...axis].reduce(1, *) }
  override var work: Double { Double(bytes) / 8 }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {
    layout.copy(from: x[0], to: out, type)
  }

  override func run(
    _ range: Range<Int>, _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer,
    _ scratch: UnsafeMutableRawPointer
  ) {
    guard bytes > 0 else { return }
    let extent = layout.shape[axis]
    let each = bytes / pieces
    var first = range.lowerBound
    while first < range.upperBound {
      // As far as the axis goes, under one index of the axis before it.
      let last = Swift.min(range.upperBound, (first / extent + 1) * extent)
      var part = layout
      part.offset += first % extent * layout.strides[axis] + (axis == 1 ? first / extent * layout.strides[0] : 0)
      part.shape[axis] = last - first
      if axis == 1 { part.shape[0] = 1 }
      part.copy(from: x[0], to: out + first * each, type)
      first = last
    }
  }
}

extension Layout {
  /// Copies what the layout sees of the tensor at `x` into contiguous memory.
  func copy(from x: UnsafeRawPointer, to out: UnsafeMutableRawPointer, _ type: ElementType) {
    if isContiguous { return out.copyMemory(from: x, byteCount: count * type.byteCount) }
    Kernels.stridedCopy(
      type, shape: shape, strides: strides.map(Int64.init), x + offset * type.byteCount, out)
  }
}

/// Places the input into zeros.
final class UnsliceOperation: Operation {
  private let target: Layout
  private let out: OperandInfo

  init(_ target: Layout, _ out: OperandInfo) {
    let joined = Layout.collapse(target.shape, [target.strides])
    self.target = Layout(shape: joined.shape, strides: joined.strides[0], offset: target.offset)
    self.out = out
  }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {
    memset(out, 0, self.out.byteCount)
    guard target.count > 0 else { return }
    let size = self.out.type.byteCount
    place(x[0], out + target.offset * size, axis: 0, size)
  }

  /// Returns the first element not yet placed.
  @discardableResult
  private func place(
    _ x: UnsafeMutableRawPointer, _ out: UnsafeMutableRawPointer, axis: Int, _ size: Int
  ) -> UnsafeMutableRawPointer {
    guard axis < target.shape.count else {
      out.copyMemory(from: x, byteCount: size)
      return x + size
    }
    let (extent, stride) = (target.shape[axis], target.strides[axis])
    if axis == target.shape.count - 1, stride == 1 {
      out.copyMemory(from: x, byteCount: extent * size)
      return x + extent * size
    }
    var next = x
    for i in 0..<extent { next = place(next, out + i * stride * size, axis: axis + 1, size) }
    return next
  }
}

/// Inputs one after the other along an axis.
final class ConcatOperation: Operation {
  private let outer: Int
  private let widths: [Int]
  private let rowBytes: Int

  init(_ axis: Int, _ inputs: [OperandInfo], _ out: OperandInfo) {
    outer = out.shape[..<axis].reduce(1, *)
    widths = inputs.map { $0.shape[axis...].reduce($0.type.byteCount, *) }
    rowBytes = widths.reduce(0, +)
  }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {
    var place = 0
    for (i, width) in widths.enumerated() {
      ck_copy_rows(Int64(outer), Int64(width), x[i], Int64(width), out + place, Int64(rowBytes))
      place += width
    }
    try stopIfAsked()
  }
}

/// Rows from a start known only when it runs.
final class DynamicSliceOperation: Operation {
  private let count: Int
  private let rows: Int
  private let rowBytes: Int

  init(_ count: Int, _ x: OperandInfo) {
    self.count = count
    rows = x.shape[0]
    rowBytes = x.shape.dropFirst().reduce(x.type.byteCount, *)
  }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {
    let start = try checkedStart(x[1], count, rows)
    Kernels.copy(from: x[0] + start * rowBytes, to: out, byteCount: count * rowBytes)
  }

  override func copyNext(_ x: UnsafePointer<UnsafeMutableRawPointer>, to next: UnsafeMutableRawPointer) -> Bool {
    guard let start = firstRow(x[1].load(as: Int.self), count, of: rows), start + count <= rows - count else {
      return false
    }
    let following = start + count
    next.copyMemory(from: x[0] + following * rowBytes, byteCount: count * rowBytes)
    return true
  }
}

/// A copy with some rows replaced; where the result lies where the operand does, only the rows. Looks at the place before it writes.
final class DynamicUpdateOperation: Operation {
  private let count: Int
  private let rows: Int
  let rowBytes: Int

  init(_ inputs: [OperandInfo]) {
    count = inputs[2].shape[0]
    rows = inputs[0].shape[0]
    rowBytes = inputs[0].shape.dropFirst().reduce(inputs[0].type.byteCount, *)
  }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {
    let start = try checkedStart(x[1], count, rows)
    if out != x[0] { Kernels.copy(from: x[0], to: out, byteCount: rows * rowBytes) }
    Kernels.copy(from: x[2], to: out + start * rowBytes, byteCount: count * rowBytes)
  }

  var replacedBytes: Int { count * rowBytes }

  /// The row from which on rows are replaced; nil where there is no room for them.
  func firstRow(from start: Int) -> Int? { Graphs.firstRow(start, count, of: rows) }
}

private func checkedStart(_ x: UnsafeMutableRawPointer, _ count: Int, _ rows: Int) throws -> Int {
  let start = x.load(as: Int.self)
  guard let first = firstRow(start, count, of: rows) else {
    throw badStart(start, count, of: rows)
  }
  return first
}

/// The error of a block that has no room; of one entry, that of its index.
func badStart(_ start: Int, _ count: Int, of rows: Int) -> GraphError {
  GraphError(
    count == 1 ? .badIndex(value: start, bound: rows) : .badStart(value: start, count: count, extent: rows))
}

/// Where `count` of so many rows begin, below 0 counted from the end; nil where there is no room for them.
func firstRow(_ start: Int, _ count: Int, of rows: Int) -> Int? {
  let first = start < 0 ? start &+ rows : start
  return first >= 0 && first <= rows - count ? first : nil
}
