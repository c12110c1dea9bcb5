import Testing

@testable import Graphs
@testable import Tensors

/// Rows that a training loop will pick in its next step come nearer while this one runs; they are never part of a result.
@Suite struct PickedTableTests {
  private let order = tensor((0..<40).map { Double(($0 * 1237) % 3000) }, [5, 8], .i64)

  /// The rows expected after a run of a plan that picks rows of a table by ids made of the inputs after it.
  private func expected(
    afterPicking table: Tensor, by inputs: [Tensor], numbers: Set<Int>, _ ids: (Trace, [NodeID]) throws -> NodeID
  ) throws -> [Int] {
    let plan = try plan([table] + inputs, numbers: numbers) { trace, nodes in
      [try trace.apply(.gather, [nodes[0], ids(trace, Array(nodes.dropFirst()))])]
    }
    Kernels.expectRows(rows: 1, rowBytes: 64, table.pointer, idType: .i64, order.pointer, count: 0)
    var taken: [Tensor?] = [table] + inputs
    _ = try plan.run(&taken)
    let rowBytes = table.byteCount / table.shape[0]
    var rows: [Int] = []
    while let row = Kernels.expectedRow(rows.count) { rows.append((row - UnsafeRawPointer(table.pointer)) / rowBytes) }
    return rows
  }

  private func elements(_ tensor: Tensor, _ range: Range<Int>) -> [Int] { range.map(tensor.integer) }

  @Test func rowsOfTheNextBatchAreExpected() throws {
    let table = sample([3000, 64], .f32)
    // A row of ids per step; from the end too; none behind the last.
    for (index, next) in [(1, 16..<24), (-2, 32..<40), (4, 0..<0), (-1, 0..<0)] {
      let rows = try expected(afterPicking: table, by: [order, Tensor(scalar: index)], numbers: [2]) {
        try $0.apply(.gather, [$1[0], $1[1]])
      }
      #expect(rows == elements(order, next), "row \(index)")
    }
    // A stretch of one long row.
    let line = try order.reshaped([40])
    for (start, next) in [(3, 11..<19), (24, 32..<40), (25, 0..<0)] {
      let rows = try expected(afterPicking: table, by: [line, Tensor(scalar: start)], numbers: [2]) {
        try $0.apply(.dynamicSlice(count: 8), [$1[0], $1[1]])
      }
      #expect(rows == elements(line, next), "from \(start)")
    }
    // A permutation, part by part.
    let all = try evaluate(.permutation(n: 3000, count: 3000), [Tensor(scalar: 7), Tensor(scalar: 0)])
    for (start, next) in [(16, 24..<32), (2992, 0..<0)] {
      let rows = try expected(
        afterPicking: table, by: [Tensor(scalar: 7), Tensor(scalar: start)], numbers: [1, 2]
      ) { try $0.apply(.permutation(n: 3000, count: 8), [$1[0], $1[1]]) }
      #expect(rows == elements(all, next), "permutation from \(start)")
    }
  }

  @Test func nearTablesAndGreatBatchesAreLeftAlone() throws {
    for (shape, width) in [([3000, 40], 8), ([3000, 64], 300), ([3000, 600], 250)] as [(Shape, Int)] {
      let order = tensor((0..<(3 * width)).map { Double($0) }, [3, width], .i64)
      let table = try Tensor(repeating: 0.5, shape: shape, type: .f32)
      let rows = try expected(afterPicking: table, by: [order, Tensor(scalar: 0)], numbers: [2]) {
        try $0.apply(.gather, [$1[0], $1[1]])
      }
      #expect(rows == [])
    }
  }

  @Test func longProductsBringWhatIsExpected() throws {
    let (a, b, c) = (sample([40, 256], .f32), sample([256, 40], .f32), sample([40, 40], .f32))
    func product(_ k: Int) {
      Kernels.matmul(
        .f32, m: 40, n: 40, k: k, a.pointer, lda: 256, b.pointer, ldb: 40, c.pointer, ldc: 40)
    }
    // An id out of range is nobody's.
    let ids = tensor([2, -1, 3000, 5], [4], .i64)
    let table = sample([3000, 64], .f32)
    func expect() { Kernels.expectRows(rows: 3000, rowBytes: 256, table.pointer, idType: .i64, ids.pointer, count: 4) }
    expect()
    for (i, id) in [2, 2999, 5].enumerated() {
      #expect(Kernels.expectedRow(i) == UnsafeRawPointer(table.pointer) + 256 * id)
    }
    #expect(Kernels.expectedRow(3) == nil)
    product(32)
    #expect(Kernels.expectedRow(2) != nil)
    product(256)
    #expect(Kernels.expectedRow(0) == nil)
    let alone = copy(c)
    expect()
    product(256)
    #expect(c.hasSameBits(as: alone))
  }

  /// What a far loop reads and writes at its next step is expected: entries of its sequence, of its outs.
  @Test(arguments: [false, true]) func loopsExpectTheirNextEntries(isReversed: Bool) throws {
    let rows = sample([2, 65_536], .f32)
    let body = Trace(.staged)
    let (carry, entry) = (body.input(shape: [2], type: .f32), body.input(shape: [65_536], type: .f32))
    let outputs = [try body.apply(.binary(.add), [carry, carry]), try body.apply(.unary(.exp), [entry])]
    let scan = try ScanProgram(
      body: body.recorded(outputs: outputs), carries: 1, sequences: 1, length: 2, isReversed: isReversed)
    let inputs = [sample([2], .f32), rows]
    let plan = try plan(inputs) { trace, x in try trace.apply(scan, x) }
    var taken: [Tensor?] = inputs
    _ = try plan.run(&taken)
    // No product has brought them.
    let next = UnsafeRawPointer(rows.pointer) + (isReversed ? 0 : rows.byteCount / 2)
    #expect(Kernels.expectedRow(0) == next)
    let none = tensor([], [0], .i64)
    Kernels.expectRows(rows: 1, rowBytes: 64, rows.pointer, idType: .i64, none.pointer, count: 0)
  }
}
