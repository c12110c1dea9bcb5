import CKernels
import Tensors

/// Matrix products over broadcast leading axes, of operands that need not lie in order. Where one matrix serves all leading axes of
/// the other and these lie in rows, it is a single product; an element's bits do not depend on it.
final class ProductOperation: PiecewiseOperation {
  let type: ElementType
  private let a: Factor
  private let b: Factor
  let m: Int
  let n: Int
  let k: Int
  /// A plan's epilogue: the operand after the factors is added to each row, then the next one, then the activation, then the
  /// gate, whose elements are the last operand.
  var hasBias = false
  var added: Epilogue.Added?
  var activation = Kernels.Activation.none
  var gate: Kernels.Gate?
  /// Where each product's A, B and C begin, and how far apart C's rows are.
  private let places: [ck_place]
  private let leadC: Int
  /// Whether the results lie turned: then the second operand is A and the first one B.
  private let isTurned: Bool
  private let grid: ProductGrid

  /// How a factor lies: whether its matrices are turned, and how far apart its rows then are.
  private struct Factor {
    let isTurned: Bool
    var lead: Int
    let layout: Layout

    /// Of an operand whose `matrices` exist.
    init(_ operand: OperandInfo, transposed: Bool) {
      layout = operand.layout
      let (lead, isTurned) = layout.matrices ?? (operand.shape.last ?? 1, false)
      (self.lead, self.isTurned) = (lead, isTurned != transposed)
    }

    /// The matrices over `batch`.
    func over(_ batch: Shape) -> Layout {
      Layout(shape: layout.shape.dropLast(2), strides: layout.strides.dropLast(2), offset: 0).broadcast(to: batch)
    }

    /// Elements before a row.
    func skip(_ row: Int) -> Int { isTurned ? row : row * lead }
    /// Elements before a column.
    func skip(column: Int) -> Int { isTurned ? column * lead : column }
  }

  override var pieces: Int { places.count * grid.rowBlocks * grid.columnBlocks }
  /// About 50 multiply-adds per nanosecond, and ten nanoseconds for a product however small.
  override var work: Double { (Double(m) * Double(n) * Double(k) / 50 + 10) * Double(places.count) }

  /// `lying` is how the results lie in memory, in order where nothing is said; it must be one that `canLie` allows. Where its matrices are
  /// turned, so is the product: elements are sums of the same terms in the same order.
  init(
    _ transposeA: Bool, _ transposeB: Bool, _ inputs: [OperandInfo], _ out: OperandInfo, lying: Layout? = nil
  ) {
    type = out.type
    k = inputs[0].shape[inputs[0].shape.count - (transposeA ? 2 : 1)]
    let batch = Array(out.shape.dropLast(2))
    let (lead, isLyingTurned) = lying?.matrices ?? (out.shape[out.shape.count - 1], false)
    var (a, b) = (Factor(inputs[0], transposed: transposeA), Factor(inputs[1], transposed: transposeB))
    var (rows, columns) = (out.shape[out.shape.count - 2], out.shape[out.shape.count - 1])
    if lying == nil || !batch.isEmpty,
      let lead = ProductOperation.leadOfAll(transposeA, inputs[0].layout, inputs[1].shape, batch)
    {
      a.lead = lead
      (self.a, self.b, isTurned) = (a, b, false)
      (m, n) = (batch.reduce(rows, *), columns)
      leadC = lying?.leadOfRows ?? n
      places = m == 0 ? [] : [ck_place(a: 0, b: 0, c: 0)]
      grid = ProductGrid(m: m, n: n, k: k, batch: 1)
      return
    }
    isTurned = isLyingTurned
    if isTurned {
      (rows, columns) = (columns, rows)
      (a, b) = (Factor(inputs[1], transposed: !transposeB), Factor(inputs[0], transposed: !transposeA))
    }
    (self.a, self.b, m, n, leadC) = (a, b, rows, columns, lead)
    let (layoutA, layoutB, layoutC) = (a.over(batch), b.over(batch), lying ?? Layout(out.shape))
    var found: [ck_place] = []
    let total = batch.reduce(1, *)
    found.reserveCapacity(total)
    for place in 0..<total {
      var (rest, offsetA, offsetB, offsetC) = (place, 0, 0, 0)
      for axis in batch.indices.reversed() {
        let i = rest % batch[axis]
        rest /= batch[axis]
        offsetA += i * layoutA.strides[axis]
        offsetB += i * layoutB.strides[axis]
        offsetC += i * layoutC.strides[axis]
      }
      found.append(ck_place(a: Int64(offsetA), b: Int64(offsetB), c: Int64(offsetC)))
    }
    places = found
    grid = ProductGrid(m: m, n: n, k: k, batch: total)
  }

  /// How far apart the rows of all of A's matrices are where they are taken as one matrix, because they follow each other and B is the
  /// same for all of them.
  private static func leadOfAll(_ transposeA: Bool, _ a: Layout, _ b: Shape, _ batch: Shape) -> Int? {
    guard !transposeA, b.dropLast(2).allSatisfy({ $0 == 1 }), Array(a.shape.dropLast(2)) == batch else { return nil }
    return a.leadOfRows
  }

  /// Whether the results may lie in memory like that: their rows or columns do, and one product of many rows stays one.
  static func canLie(_ lying: Layout, _ transposeA: Bool, _ a: Layout, _ b: Shape) -> Bool {
    let batch = Array(lying.shape.dropLast(2))
    if batch.isEmpty || leadOfAll(transposeA, a, b, batch) == nil { return lying.matrices != nil }
    return lying.leadOfRows != nil
  }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {
    run(x, out, places.indices, rows: 0..<m, columns: 0..<n)
  }

  override func run(
    _ range: Range<Int>, _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer,
    _ scratch: UnsafeMutableRawPointer
  ) {
    let each = grid.rowBlocks * grid.columnBlocks
    if each == 1 { return run(x, out, range, rows: 0..<m, columns: 0..<n) }
    for piece in range {
      // Neighbours share columns: a thread that has all rows of some columns packs these columns alone.
      let (row, column) = (piece % grid.rowBlocks * grid.rows, piece % each / grid.rowBlocks * grid.columns)
      run(
        x, out, piece / each..<piece / each + 1, rows: row..<Swift.min(m, row + grid.rows),
        columns: column..<Swift.min(n, column + grid.columns))
    }
  }

  override func strideOfParts(_ count: Int) -> (out: Int, operands: [Int?])? {
    if places.count == 1, m % count == 0, !isTurned {
      return (m / count * leadC, [a.isTurned ? nil : m / count * a.lead, 0])
    }
    guard !places.isEmpty, places.count % count == 0 else { return nil }
    let each = places.count / count
    func stride(_ at: (ck_place) -> Int64) -> Int? {
      let step = each < places.count ? at(places[each]) - at(places[0]) : 0
      let isEven = places.indices.dropFirst(each).allSatisfy { at(places[$0]) - at(places[$0 - each]) == step }
      return isEven ? Int(step) : nil
    }
    guard let out = stride(\.c) else { return nil }
    let (strideA, strideB) = (stride(\.a), stride(\.b))
    return (out, isTurned ? [strideB, strideA] : [strideA, strideB])
  }

  override func run(
    _ parts: Range<Int>, of count: Int, _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer
  ) throws {
    if places.count == 1 {
      run(x, out, 0..<1, rows: parts.lowerBound * (m / count)..<parts.upperBound * (m / count), columns: 0..<n)
    } else {
      let each = places.count / count
      run(x, out, parts.lowerBound * each..<parts.upperBound * each, rows: 0..<m, columns: 0..<n)
    }
  }

  /// Some rows and columns of some of the products.
  private func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ products: Range<Int>,
    rows: Range<Int>, columns: Range<Int>
  ) {
    guard !rows.isEmpty, !columns.isEmpty else { return }
    let size = type.byteCount
    let (skipA, skipB) = (a.skip(rows.lowerBound), b.skip(column: columns.lowerBound))
    let (atA, atB) = isTurned ? (x[1], x[0]) : (x[0], x[1])
    let bias = hasBias ? UnsafeRawPointer(x[2] + columns.lowerBound * size) : nil
    let skipC = (rows.lowerBound * leadC + columns.lowerBound) * size
    let next = hasBias ? 3 : 2
    let added = added.map { kind -> Kernels.Addend in
      switch kind {
      case .row: .row(x[next] + columns.lowerBound * size)
      case .whole: .whole(x[next] + skipC)
      }
    }
    let gate = gate.map { ($0, UnsafeRawPointer(x[added == nil ? next : next + 1] + skipC)) }
    places.withUnsafeBufferPointer { places in
      Kernels.matmul(
        type, transA: a.isTurned, transB: b.isTurned, m: rows.count, n: columns.count, k: k, atA + skipA * size,
        lda: a.lead, atB + skipB * size, ldb: b.lead, out + skipC, ldc: leadC, bias: bias,
        added: added, activation: activation, gate: gate, places: UnsafeBufferPointer(rebasing: places[products]))
    }
  }
}

/// How a product is cut into pieces for threads: by its shape alone.
struct ProductGrid {
  private(set) var rows: Int
  private(set) var columns: Int
  private(set) var rowBlocks = 1
  private(set) var columnBlocks = 1

  /// Enough blocks for a few threads to share them evenly, each of some million multiply-adds; among these the cut that
  /// packs least: B once for each block of rows, A once for each block of columns.
  init(m: Int, n: Int, k: Int, batch: Int) {
    (rows, columns) = (m, n)
    let steps = Double(m) * Double(n) * Double(k)
    guard steps > 2e6, batch < ProductGrid.most else { return }
    let wanted = Swift.min(Int(steps / 1e6), (ProductGrid.most + batch - 1) / batch)
    var best = Double.infinity
    for across in 1...Swift.min(wanted, Swift.max(1, n / ProductGrid.leastColumns)) {
      let down = Swift.min((wanted + across - 1) / across, Swift.max(1, m / (3 * ProductGrid.tileRows)))
      let r = ProductGrid.even(m, down, ProductGrid.tileRows)
      let c = ProductGrid.even(n, across, ProductGrid.tileColumns)
      let (rowBlocks, columnBlocks) = ((m + r - 1) / r, (n + c - 1) / c)
      let blocks = rowBlocks * columnBlocks
      // The work of the largest block times their number, and what is packed, in multiply-adds.
      let cost =
        Double(r * c) * Double(k) * Double(blocks) + 8 * Double(rowBlocks) * Double(n) * Double(k)
        + 4 * Double(columnBlocks) * Double(m) * Double(k)
        + (blocks < wanted ? steps * Double(wanted - blocks) / Double(wanted) : 0)
      guard cost < best else { continue }
      best = cost
      (rows, columns, self.rowBlocks, self.columnBlocks) = (r, c, rowBlocks, columnBlocks)
    }
  }

  /// Blocks at most.
  private static let most = 32
  private static let leastColumns = 64
  /// The largest register tile of any instruction set: blocks are whole tiles, but for the last.
  private static let tileRows = 14
  private static let tileColumns = 32

  /// Elements of each of `parts` blocks, in whole tiles.
  private static func even(_ extent: Int, _ parts: Int, _ tile: Int) -> Int {
    ((extent + parts - 1) / parts + tile - 1) / tile * tile
  }
}
