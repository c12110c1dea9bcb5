import CKernels
import Tensors

/// Runs a loop's program over some of its tiles.
final class LoopStep: RunningStep {
  let program: LoopProgram
  private let body: UnsafeMutableBufferPointer<LoopInstruction>
  private let prologue: UnsafeMutableBufferPointer<LoopInstruction>
  private let references: UnsafeMutableBufferPointer<LoopReference>
  private let views: UnsafeMutableBufferPointer<LoopView>
  private let origins: [Int: Int32]
  private let columnTiles: Int
  /// What is brought nearer for the next tile while this one is computed, a share before each instruction: the processor
  /// itself does not look past the end of a page, and many tiles are one.
  private let streams: [Stream]
  let tileCount: Int
  /// Rough nanoseconds on one thread.
  let work: Int

  private struct Stream {
    let reference: Int
    /// How far on the next tile lies, in bytes.
    let step: Int
    /// Bytes before each instruction, whole cache lines.
    let share: Int
  }

  /// A plan that works on more than this finds little of what it wrote in a cache, but for loops over less than `nearBytes`.
  static let farBytes = 1 << 24
  private static let nearBytes = 1 << 20

  /// `isFar` says that the plan works on much memory.
  init(_ program: LoopProgram, graph: Graph, isFar: Bool) {
    self.program = program
    body = LoopStep.copy(program.body)
    prologue = LoopStep.copy(program.prologue)
    references = LoopStep.copy(program.references)
    views = LoopStep.copy(program.views.map { LoopView($0.layout, $0.type, slot: $0.slot, perRow: $0.perRow) })
    tileCount = program.tileCount
    work = program.work
    columnTiles = (program.columns + program.tileColumns - 1) / program.tileColumns
    var origins: [Int: Int32] = [:]
    for instruction in program.body { origins[instruction.node] = graph.nodes[instruction.node].origin }
    self.origins = origins
    streams = isFar ? LoopStep.streams(program, hasOneColumn: columnTiles == 1) : []
  }

  /// The memory that a long loop goes through, element by element.
  private static func streams(_ program: LoopProgram, hasOneColumn: Bool) -> [Stream] {
    var seen: Set<[Int]> = []
    let streams = program.references.indices.filter { index in
      let reference = program.references[index]
      guard let slot = reference.slot, reference.rowBytes > 0 || reference.columnBytes > 0 else { return false }
      return seen.insert([slot, reference.offset, reference.rowBytes, reference.columnBytes]).inserted
    }.map { index -> (reference: Int, step: Int) in
      let reference = program.references[index]
      return (
        index, hasOneColumn ? program.tileRows * reference.rowBytes : program.tileColumns * reference.columnBytes
      )
    }
    let total = streams.reduce(0) { $0 + $1.step } * program.tileCount
    guard total > nearBytes, !program.body.isEmpty else { return [] }
    return streams.filter { $0.step >= 256 }.map {
      let lines = ($0.step + 63) / 64
      return Stream(
        reference: $0.reference, step: $0.step, share: (lines + program.body.count - 1) / program.body.count * 64)
    }
  }

  deinit {
    body.deallocate()
    prologue.deallocate()
    references.deallocate()
    for view in views { view.deallocate() }
    views.deallocate()
  }

  private static func copy<Element>(_ array: [Element]) -> UnsafeMutableBufferPointer<Element> {
    let buffer = UnsafeMutableBufferPointer<Element>.allocate(capacity: array.count)
    _ = buffer.initialize(from: array)
    return buffer
  }

  override func run(in workspace: Workspace, _ threads: Int) throws {
    if threads > 1, work > 20_000 { return try runParallel(workspace, threads) }
    let shared = workspace.sharedBase
    try run(
      0..<tileCount, slots: workspace.slots, registers: workspace.registers, current: workspace.current, shared: shared)
    if !program.sums.isEmpty { finish(slots: workspace.slots, shared: shared) }
  }

  /// Runs tiles `tiles` with registers at `registers` and pointers to slots at `slots`; `current` holds one pointer per
  /// reference. Throws a `GraphError` for a bad index.
  func run(
    _ tiles: Range<Int>, slots: UnsafeMutablePointer<UnsafeMutableRawPointer>, registers: UnsafeMutableRawPointer,
    current: UnsafeMutablePointer<UnsafeMutableRawPointer>, shared: UnsafeMutableRawPointer
  ) throws {
    guard !tiles.isEmpty else { return }
    begin(slots, registers, current)
    var (row, column) = (0, 0)
    for tile in tiles {
      let (nextRow, nextColumn) =
        columnTiles == 1
        ? (tile * program.tileRows, 0)
        : (tile / columnTiles * program.tileRows, tile % columnTiles * program.tileColumns)
      move(current, nextRow - row, nextColumn - column)
      (row, column) = (nextRow, nextColumn)
      try runTile(row, column, rows: program.rows, slots, registers, current, shared)
    }
  }

  /// Runs some rows, of a program without sums over all of them.
  func run(
    rows range: Range<Int>, slots: UnsafeMutablePointer<UnsafeMutableRawPointer>, registers: UnsafeMutableRawPointer,
    current: UnsafeMutablePointer<UnsafeMutableRawPointer>, shared: UnsafeMutableRawPointer
  ) throws {
    begin(slots, registers, current)
    var (row, column) = (0, 0)
    for nextRow in stride(from: range.lowerBound, to: range.upperBound, by: program.tileRows) {
      for tile in 0..<columnTiles {
        let nextColumn = tile * program.tileColumns
        move(current, nextRow - row, nextColumn - column)
        (row, column) = (nextRow, nextColumn)
        try runTile(row, column, rows: range.upperBound, slots, registers, current, shared)
      }
    }
  }

  /// Points to the first tile, and does what is done once.
  @inline(__always)
  private func begin(
    _ slots: UnsafeMutablePointer<UnsafeMutableRawPointer>, _ registers: UnsafeMutableRawPointer,
    _ current: UnsafeMutablePointer<UnsafeMutableRawPointer>
  ) {
    for i in 0..<references.count {
      let reference = references[i]
      current[i] = (reference.slot.map { slots[$0] } ?? registers) + reference.offset
    }
    for instruction in prologue { repeatColumns(instruction, current) }
  }

  @inline(__always)
  private func move(_ current: UnsafeMutablePointer<UnsafeMutableRawPointer>, _ rows: Int, _ columns: Int) {
    if rows == 0, columns == 0 { return }
    for i in 0..<references.count {
      let reference = references[i]
      current[i] += rows * reference.rowBytes + columns * reference.columnBytes
    }
  }

  /// The tile at a row and column, of rows below `end`.
  @inline(__always)
  private func runTile(
    _ row: Int, _ column: Int, rows end: Int, _ slots: UnsafeMutablePointer<UnsafeMutableRawPointer>,
    _ registers: UnsafeMutableRawPointer, _ current: UnsafeMutablePointer<UnsafeMutableRawPointer>,
    _ shared: UnsafeMutableRawPointer
  ) throws {
    if ck_stopped() != 0 { throw GraphError(.interrupted) }
    let tile = Tile(
      row: row, column: column, rows: min(program.tileRows, end - row),
      columns: min(program.tileColumns, program.columns - column))
    for i in 0..<body.count {
      if !streams.isEmpty {
        for stream in streams {
          ck_bring(current[stream.reference] + stream.step + i * stream.share, Int64(stream.share))
        }
      }
      if case .columnSum(let index) = body[i].code {
        add(
          program.sums[index], current[body[i].operands.0], row: row, rows: tile.rows, registers: registers,
          shared: shared)
      } else {
        try run(body[i], tile, slots, current)
      }
    }
  }

  private struct Tile {
    let row: Int
    let column: Int
    let rows: Int
    let columns: Int
  }

  @inline(__always)
  private func run(
    _ instruction: LoopInstruction, _ tile: Tile, _ slots: UnsafeMutablePointer<UnsafeMutableRawPointer>,
    _ at: UnsafeMutablePointer<UnsafeMutableRawPointer>
  ) throws {
    let count = instruction.perRow ? tile.rows : tile.rows * tile.columns
    let (x, y, z) = (at[instruction.operands.0], at[instruction.operands.1], at[instruction.operands.2])
    let out = at[instruction.out]
    let strides = instruction.strides
    switch instruction.code {
    case .elementwise(.unary(let operation, let type)): Kernels.unary(operation, type, x, out, count: count)
    case .sineCosine(let type): Kernels.sineCosine(type, x, sine: out, cosine: y, count: count)
    case .elementwise(.binary(let operation, let type)):
      Kernels.binary(operation, type, x, xStride: strides.0, y, yStride: strides.1, out, count: count)
    case .pair(let first, let then, let type):
      ck_pair(
        first.rawValue, then.rawValue, type == .f64 ? 1 : 0, x, Int64(strides.0), y, Int64(strides.1), z,
        Int64(strides.2), out, Int64(count))
    case .gate(let orEqual, let type): ck_gate(orEqual ? 1 : 0, type == .f64 ? 1 : 0, x, y, z, out, Int64(count))
    case .elementwise(.compare(let operation, let type)):
      Kernels.compare(operation, type, x, xStride: strides.0, y, yStride: strides.1, out, count: count)
    case .elementwise(.select(let type)):
      Kernels.select(
        type, condition: x, conditionStride: strides.0, y, xStride: strides.1, z, yStride: strides.2, out,
        count: count)
    case .elementwise(.convert(let from, let to)): Kernels.convert(from: from, to: to, x, out, count: count)
    case .elementwise(.copy(let type)): out.copyMemory(from: x, byteCount: count * type.byteCount)
    case .reduce(let operation, let type):
      Kernels.reduce(operation, type, outer: tile.rows, length: tile.columns, inner: 1, x, out)
    case .argReduce(let isMax, let type):
      Kernels.argReduce(
        isMax: isMax, type, outer: tile.rows, length: tile.columns, inner: 1, x,
        out.assumingMemoryBound(to: Int64.self))
    case .expand(let type):
      if strides.0 == 0 { return Kernels.fill(type, x, out, count: count) }
      ck_repeat_columns(Int32(type.byteCount), Int64(tile.rows), Int64(tile.columns), x, out)
    case .repeatColumns, .columnSum: break
    case .strided(let view):
      let first = views[view].perRow ? tile.row : tile.row * program.columns + tile.column
      views[view].copy(from: slots[views[view].slot], to: out, first: first, count: count)
    case .placed(let index):
      let placement = program.placements[index]
      let first = instruction.perRow ? tile.row : tile.row * program.columns + tile.column
      placement.copy(from: slots[placement.slot], to: out, first: first, count: count)
    case .random(let distribution, let type):
      let first = instruction.perRow ? tile.row : tile.row * program.columns + tile.column
      Kernels.random(distribution, key: x.load(as: Int64.self), type, firstIndex: first, out, count: count)
    case .pick, .unpick, .oneHot: try runIndexed(instruction, tile, x, y, out)
    }
  }

  private func runIndexed(
    _ instruction: LoopInstruction, _ tile: Tile, _ x: UnsafeMutableRawPointer, _ y: UnsafeMutableRawPointer,
    _ out: UnsafeMutableRawPointer
  ) throws {
    let (rows, columns) = (tile.rows, tile.columns)
    let bad: Int?
    var (ids, idType) = (x, ElementType.i64)
    switch instruction.code {
    case .pick(let type, let integers):
      (ids, idType) = (y, integers)
      bad = Kernels.pick(type, rows: rows, width: columns, x, idType: integers, y, out)
    case .unpick(let type, let integers):
      idType = integers
      bad = Kernels.unpick(type, rows: rows, width: columns, idType: integers, x, updates: y, out)
    case .oneHot(let type, let integers):
      idType = integers
      bad = Kernels.oneHot(type, rows: rows, width: columns, idType: integers, x, out)
    default: bad = nil
    }
    guard let bad else { return }
    var error = badIndex(ids, idType, bad, columns)
    error.origin = origins[instruction.node] ?? 0
    throw error
  }

  private func repeatColumns(
    _ instruction: LoopInstruction, _ at: UnsafeMutablePointer<UnsafeMutableRawPointer>
  ) {
    guard case .repeatColumns(let type) = instruction.code else { return }
    // As many rows as there are so far once more, until there are as many as any tile has.
    let (row, out) = (program.tileColumns * type.byteCount, at[instruction.out])
    let bytes = min(program.tileRows, program.rows) * row
    out.copyMemory(from: at[instruction.operands.0], byteCount: row)
    var done = row
    while done < bytes {
      let more = min(done, bytes - done)
      (out + done).copyMemory(from: out, byteCount: more)
      done += more
    }
  }
}

/// A view that a tile takes its elements from, without arrays: to count their holders costs more than to copy a short row.
struct LoopView {
  /// In memory of its own: several threads read it at once, and to hand it on from a variable would be an access that may change it.
  private let view: UnsafeMutablePointer<ck_view>
  private let offset: Int
  private let size: Int32
  let slot: Int
  let perRow: Bool

  init(_ layout: Layout, _ type: ElementType, slot: Int, perRow: Bool) {
    let (extents, strides) = (layout.shape.map(Int64.init), layout.strides.map(Int64.init))
    view = .allocate(capacity: 1)
    view.initialize(to: ck_view())
    let isMade = ck_make_view(Int32(extents.count), extents, strides, view) != 0
    precondition(isMade, "so many axes of two or more have more elements than can be counted")
    offset = layout.offset * type.byteCount
    size = Int32(type.byteCount)
    (self.slot, self.perRow) = (slot, perRow)
  }

  /// Whoever made it calls this last.
  func deallocate() { view.deallocate() }

  /// Copies elements first ..< first + count, in row-major order of the layout.
  func copy(from x: UnsafeRawPointer, to out: UnsafeMutableRawPointer, first: Int, count: Int) {
    ck_copy_view(view, size, x + offset, Int64(first), Int64(count), out)
  }
}
