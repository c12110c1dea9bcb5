import Tensors

/// A sum over all rows of a loop, one result per column: what a sum over leading axes is. Rows are added in the order of
/// the reduction kernels, which does not depend on tiles: row i of a block of 4096 goes to lane i mod 64, a block's lanes
/// are folded 32, 16, 8, 4, 2, 1 apart, and the blocks' sums by the tree that splits at the largest power of two.
struct ColumnSum {
  /// Where the result goes.
  let slot: Int
  let type: ElementType
  /// Bytes into a lane's registers: 64 rows of columns.
  let lanes: Int
  /// Bytes into the memory that all threads share: one row of columns per block.
  let blocks: Int

  static let lanesPerBlock = 64
  static let rowsPerBlock = 4096
  /// Longer rows would not stay in the cache 64 at a time.
  static let mostColumns = 256
}

extension Fusion {
  /// Lets loops add up what they compute: a sum over leading axes joins the loop that makes its operand, if that runs
  /// over rows as long as the sum's result, or could.
  mutating func attachColumnSums() {
    for index in roles.graph.nodes.indices {
      guard roles.roles[index] == .operation, let columns = columnsOfSum(index) else { continue }
      let input = roles.graph.nodes[index].inputs[0].index
      let (base, layout) = (roles.bases[input], roles.layouts[input])
      guard roles.roles[base] == .loop, layout.isContiguous, layout.count == roles.graph.nodes[base].count,
        let loop = groups[groupOf[base]], loop.isLoop, loop.nodes.count < 256, loop.total == layout.count,
        loop.columns == nil || loop.columns == columns, mayHaveRows(of: columns, loop)
      else { continue }
      groups[groupOf[index]] = nil
      groupOf[index] = groupOf[base]
      groups[groupOf[base]] = Group(
        nodes: loop.nodes + [index], total: loop.total, columns: columns, isLoop: true, epilogue: nil)
    }
  }

  private func columnsOfSum(_ index: Int) -> Int? {
    let node = roles.graph.nodes[index]
    guard case .reduce(.sum, let axes) = node.primitive, node.type.isFloat, axes == Array(axes.indices), !axes.isEmpty,
      (2...ColumnSum.mostColumns).contains(node.count)
    else { return nil }
    return node.count
  }

  /// Rows of this length suit the loop's other operands; and there are enough blocks for threads to share, or so little
  /// work that they would not.
  private func mayHaveRows(of columns: Int, _ loop: Group) -> Bool {
    let rows = loop.total / columns
    guard rows >= 2 * ColumnSum.rowsPerBlock || loop.total <= 65_536 else { return false }
    // Few long rows: writing them to the lanes costs more than reading them again.
    guard columns <= 64 || rows >= 16 * ColumnSum.lanesPerBlock else { return false }
    guard loop.columns == nil else { return true }
    return [1, columns].contains(LoopBuilder.columns(roles, loop.nodes, Set(loop.nodes), loop.total))
  }
}

extension LoopProgram {
  /// Tiles that have to stay on one lane: a block of every column sum.
  var tilesPerBlock: Int { sums.isEmpty ? 1 : ColumnSum.rowsPerBlock / tileRows }

  /// Bytes that all threads share during a run.
  var sharedBytes: Int {
    let count = (rows + ColumnSum.rowsPerBlock - 1) / ColumnSum.rowsPerBlock
    return sums.reduce(0) { $0 + count * columns * $1.type.byteCount }
  }
}

extension LoopStep {
  /// Adds a tile's rows, which begin at `row`, to a sum's lanes; tiles have a power of two of rows.
  func add(
    _ sum: ColumnSum, _ x: UnsafeMutableRawPointer, row: Int, rows: Int, registers: UnsafeMutableRawPointer,
    shared: UnsafeMutableRawPointer
  ) {
    let (type, columns) = (sum.type, program.columns)
    let bytes = columns * type.byteCount
    let within = row % ColumnSum.rowsPerBlock
    let isLast = row + rows == program.rows || (row + rows) % ColumnSum.rowsPerBlock == 0
    let block = shared + sum.blocks + row / ColumnSum.rowsPerBlock * bytes
    if within == 0, isLast {
      // The tile is the whole block.
      return Kernels.reduce(.sum, type, outer: 1, length: rows, inner: columns, x, block)
    }
    let lanes = registers + sum.lanes
    for first in stride(from: 0, to: rows, by: ColumnSum.lanesPerBlock) {
      let count = Swift.min(ColumnSum.lanesPerBlock, rows - first)
      let lane = lanes + (within + first) % ColumnSum.lanesPerBlock * bytes
      let part = x + first * bytes
      if within + first < ColumnSum.lanesPerBlock {
        lane.copyMemory(from: part, byteCount: count * bytes)
      } else {
        Kernels.binary(.add, type, lane, xStride: 1, part, yStride: 1, lane, count: count * columns)
      }
    }
    guard isLast else { return }
    let used = Swift.min(ColumnSum.lanesPerBlock, within + rows)
    var distance = ColumnSum.lanesPerBlock / 2
    while distance > 0 {
      if used > distance {
        Kernels.binary(
          .add, type, lanes, xStride: 1, lanes + distance * bytes, yStride: 1, lanes,
          count: Swift.min(distance, used - distance) * columns)
      }
      distance /= 2
    }
    block.copyMemory(from: lanes, byteCount: bytes)
  }

  /// Adds the blocks of every sum, when all tiles have run.
  func finish(slots: UnsafeMutablePointer<UnsafeMutableRawPointer>, shared: UnsafeMutableRawPointer) {
    for sum in program.sums {
      let count = (program.rows + ColumnSum.rowsPerBlock - 1) / ColumnSum.rowsPerBlock
      ColumnSum.fold(shared + sum.blocks, count, sum.type, program.columns)
      var zero = 0.0
      // A sum of nothing but -0 is +0.
      Kernels.binary(
        .add, sum.type, shared + sum.blocks, xStride: 1, &zero, yStride: 0, slots[sum.slot], count: program.columns)
    }
  }
}

extension ColumnSum {
  /// The sum of `count` rows into the first, by the tree that splits at the largest power of two below the count.
  static func fold(_ x: UnsafeMutableRawPointer, _ count: Int, _ type: ElementType, _ columns: Int) {
    guard count > 1 else { return }
    let half = 1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount)
    let second = x + half * columns * type.byteCount
    fold(x, half, type, columns)
    fold(second, count - half, type, columns)
    Kernels.binary(.add, type, x, xStride: 1, second, yStride: 1, x, count: columns)
  }
}

/// A sum of many rows that runs alone, block by block.
final class BlockSumOperation: PiecewiseOperation {
  private let type: ElementType
  private let rows: Int
  private let columns: Int

  override var pieces: Int { (rows + ColumnSum.rowsPerBlock - 1) / ColumnSum.rowsPerBlock }
  override var work: Double { Double(rows * columns) / 8 }
  override var scratchBytes: Int { pieces * columns * type.byteCount }

  init(_ type: ElementType, rows: Int, columns: Int) {
    self.type = type
    self.rows = rows
    self.columns = columns
  }

  override func run(
    _ range: Range<Int>, _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer,
    _ scratch: UnsafeMutableRawPointer
  ) {
    let row = columns * type.byteCount
    for block in range {
      let first = block * ColumnSum.rowsPerBlock
      Kernels.reduce(
        .sum, type, outer: 1, length: Swift.min(ColumnSum.rowsPerBlock, rows - first), inner: columns,
        x[0] + first * row, scratch + block * row)
    }
  }

  override func finish(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) {
    ColumnSum.fold(scratch, pieces, type, columns)
    out.copyMemory(from: scratch, byteCount: columns * type.byteCount)
  }
}
