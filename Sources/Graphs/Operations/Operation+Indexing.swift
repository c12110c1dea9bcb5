import Tensors

/// Scatter and its kin: rows or elements named by integers, which are checked as they are read.
final class IndexOperation: Operation {
  private let primitive: Primitive
  private let type: ElementType
  private let idType: ElementType
  private let idOperand: Int
  /// Number of ids; rows they may name; elements per row.
  private let (count, bound, width): (Int, Int, Int)

  init(_ primitive: Primitive, _ inputs: [OperandInfo], _ out: OperandInfo) {
    self.primitive = primitive
    type = out.type
    let first = inputs[0]
    switch primitive {
    case .scatterAdd(let rows):
      idOperand = 0
      (count, bound, width) = (first.count, rows, inputs[1].shape.dropFirst(first.shape.count).reduce(1, *))
    case .pick:
      idOperand = 1
      (count, bound, width) = (inputs[1].count, first.shape.last ?? 0, 1)
    case .unpick(let classes), .oneHot(let classes, _):
      idOperand = 0
      (count, bound, width) = (first.count, classes, 1)
    default:
      idOperand = 0
      (count, bound, width) = (0, 0, 0)
    }
    idType = inputs[idOperand].type
  }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {
    let ids = x[idOperand]
    let bad: Int?
    switch primitive {
    case .scatterAdd:
      bad = Kernels.scatterAddRows(
        type, rows: bound, width: width, idType: idType, ids, count: count, updates: x[1], out)
    case .pick: bad = Kernels.pick(type, rows: count, width: bound, x[0], idType: idType, ids, out)
    case .unpick: bad = Kernels.unpick(type, rows: count, width: bound, idType: idType, ids, updates: x[1], out)
    case .oneHot: bad = Kernels.oneHot(type, rows: count, width: bound, idType: idType, ids, out)
    default: bad = nil
    }
    if let bad { throw badIndex(ids, idType, bad, bound) }
  }
}

/// Rows of a table, named by integers; stretches of rows are pieces. Where there are several, each notes in the scratch memory
/// the first id that names no row.
final class GatherOperation: PiecewiseOperation {
  private let type: ElementType
  private let idType: ElementType
  /// Number of ids; rows they may name; elements per row.
  private let (count, bound, width): (Int, Int, Int)
  /// Ids per piece.
  private let stretch: Int

  init(_ inputs: [OperandInfo]) {
    (type, idType) = (inputs[0].type, inputs[1].type)
    (count, bound, width) = (inputs[1].count, inputs[0].shape[0], inputs[0].shape.dropFirst().reduce(1, *))
    stretch = Swift.max(1, GatherOperation.bytesPerPiece / Swift.max(1, width * type.byteCount))
  }

  private static let bytesPerPiece = 32_768

  override var pieces: Int { (count + stretch - 1) / stretch }
  /// About 8 bytes per nanosecond, as rows lie anywhere.
  override var work: Double { Double(count) * Double(width * type.byteCount) / 8 }
  override var scratchBytes: Int { pieces > 1 ? pieces * MemoryLayout<Int>.stride : 0 }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {
    if let bad = gather(0..<count, x, out) { throw badIndex(x[1], idType, bad, bound) }
  }

  override func prepare(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) {
    for piece in 0..<pieces { scratch.storeBytes(of: -1, toByteOffset: piece * MemoryLayout<Int>.stride, as: Int.self) }
  }

  override func run(
    _ range: Range<Int>, _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer,
    _ scratch: UnsafeMutableRawPointer
  ) {
    let rows = (range.lowerBound * stretch)..<Swift.min(count, range.upperBound * stretch)
    guard let bad = gather(rows, x, out) else { return }
    scratch.storeBytes(of: bad, toByteOffset: range.lowerBound * MemoryLayout<Int>.stride, as: Int.self)
  }

  override func finish(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {
    for piece in 0..<pieces {
      let bad = scratch.load(fromByteOffset: piece * MemoryLayout<Int>.stride, as: Int.self)
      if bad >= 0 { throw badIndex(x[1], idType, bad, bound) }
    }
  }

  override func strideOfParts(_ count: Int) -> (out: Int, operands: [Int?])? {
    guard self.count > 0, self.count % count == 0 else { return nil }
    return (self.count / count * width, [0, self.count / count])
  }

  override func run(
    _ parts: Range<Int>, of count: Int, _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer
  ) throws {
    let each = self.count / count
    if let bad = gather(parts.lowerBound * each..<parts.upperBound * each, x, out) {
      throw badIndex(x[1], idType, bad, bound)
    }
  }

  /// A row of a table of ids, read from the first to the last.
  override func copyNext(_ x: UnsafePointer<UnsafeMutableRawPointer>, to next: UnsafeMutableRawPointer) -> Bool {
    guard count == 1 else { return false }
    let id = idType == .i32 ? Int(x[1].load(as: Int32.self)) : x[1].load(as: Int.self)
    let following = (id < 0 ? id + bound : id) + 1
    guard following < bound else { return false }
    let rowBytes = width * type.byteCount
    next.copyMemory(from: x[0] + following * rowBytes, byteCount: rowBytes)
    return true
  }

  /// The place of the first bad id.
  private func gather(
    _ rows: Range<Int>, _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer
  ) -> Int? {
    Kernels.gatherRows(
      type, rows: bound, width: width, x[0], idType: idType, x[1] + rows.lowerBound * idType.byteCount,
      count: rows.count, out + rows.lowerBound * width * type.byteCount
    ).map { $0 + rows.lowerBound }
  }
}

/// The error for the id at a place.
func badIndex(_ ids: UnsafeRawPointer, _ type: ElementType, _ place: Int, _ bound: Int) -> GraphError {
  let value =
    type == .i32
    ? Int(ids.load(fromByteOffset: place * 4, as: Int32.self)) : ids.load(fromByteOffset: place * 8, as: Int.self)
  return GraphError(.badIndex(value: value, bound: bound))
}
