import Tensors
import Testing

private func permuted(_ shape: [Int], _ value: (Int, Int, Int) -> Int) -> [Int32] {
  var result: [Int32] = []
  for a in 0..<shape[0] { for b in 0..<shape[1] { for c in 0..<shape[2] { result.append(Int32(value(a, b, c))) } } }
  return result
}

private func turned(_ x: [Double], _ rows: Int, _ columns: Int) -> [Double] {
  var result: [Double] = []
  for c in 0..<columns { for r in 0..<rows { result.append(x[r * columns + c]) } }
  return result
}

@Suite struct MovementTests {
  @Test func broadcastAndTranspose() {
    var out = [Int32](repeating: 0, count: 24)
    let x: [Int32] = [1, 2, 3]
    Kernels.stridedCopy(.i32, shape: [2, 3], strides: [0, 1], x, &out)
    #expect(Array(out[..<6]) == [1, 2, 3, 1, 2, 3])
    Kernels.stridedCopy(.i32, shape: [2, 3, 2], strides: [0, 1, 0], x, &out)
    #expect(Array(out[..<12]) == [1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3])
    Kernels.stridedCopy(.i32, shape: [4], strides: [0], x, &out)
    #expect(Array(out[..<4]) == [1, 1, 1, 1])
    let y = [Int32](0..<24)
    Kernels.transpose(.i32, shape: [2, 3, 4], permutation: [2, 0, 1], y, &out)
    #expect(out == permuted([4, 2, 3]) { k, i, j in i * 12 + j * 4 + k })
    Kernels.transpose(.i32, shape: [2, 3, 4], permutation: [0, 2, 1], y, &out)
    #expect(out == permuted([2, 4, 3]) { i, k, j in i * 12 + j * 4 + k })
    for (rows, columns) in [(1, 5), (8, 8), (9, 17), (16, 16), (33, 40)] {
      let z = [Double]((0..<rows * columns).map(Double.init))
      var result = [Double](repeating: 0, count: z.count)
      Kernels.transpose(.f64, shape: [rows, columns], permutation: [1, 0], z, &result)
      #expect(result == turned(z, rows, columns))
    }
  }

  /// Planes of every kind, alone and within wider ones: each element in its place, whatever its bits, and nothing beside them.
  @Test func turnedPlanes() {
    let extents = [1, 2, 3, 4, 5, 8, 15, 16, 17, 24, 40]
    for table in variants {
      for (bytes, rows, columns) in [1, 4, 8].flatMap({ b in extents.flatMap { r in extents.map { (b, r, $0) } } }) {
        for (ldx, ldo) in [(columns, rows), (columns + 3, rows), (columns, rows + 3), (columns + 8, rows + 8)] {
          var source = Source(UInt64(bytes * 10_000 + rows * 100 + columns))
          let x = (0..<rows * ldx * bytes).map { _ in UInt8(truncatingIfNeeded: source.next() >> 20) }
          var out = [UInt8](repeating: 99, count: columns * ldo * bytes), expected = out
          for (r, c) in (0..<rows).flatMap({ r in (0..<columns).map { (r, $0) } }) {
            for b in 0..<bytes { expected[(c * ldo + r) * bytes + b] = x[(r * ldx + c) * bytes + b] }
          }
          table.transpose2(Int32(bytes), Int64(rows), Int64(columns), x, Int64(ldx), &out, Int64(ldo))
          let areSame = out == expected
          #expect(areSame, "\(name(table)) \(bytes) \(rows) \(columns) \(ldx) \(ldo)")
        }
      }
    }
  }

  @Test func negativeStridesReverse() {
    var out = [Float](repeating: 0, count: 4)
    let x: [Float] = [1, 2, 3, 4]
    x.withUnsafeBufferPointer { Kernels.stridedCopy(.f32, shape: [4], strides: [-1], $0.baseAddress! + 3, &out) }
    #expect(out == [4, 3, 2, 1])
  }

  @Test func gatherAndScatter() {
    let table: [Float] = [0, 1, 10, 11, 20, 21]
    var rows = [Float](repeating: -1, count: 8)
    #expect(
      Kernels.gatherRows(.f32, rows: 3, width: 2, table, idType: .i64, [2, -3, 1, 0] as [Int64], count: 4, &rows) == nil
    )
    #expect(rows == [20, 21, 0, 1, 10, 11, 0, 1])
    #expect(
      Kernels.gatherRows(.f32, rows: 3, width: 2, table, idType: .i32, [2, 3, 1, -4] as [Int32], count: 4, &rows) == 1)
    var sums = [Float](repeating: -1, count: 6)
    // Equal ids add in index order: (1e8 + 1) - 1e8 loses the one, the other order would not.
    let updates: [Float] = [1e8, 0, 1, 2, -1e8, 3]
    #expect(
      Kernels.scatterAddRows(
        .f32, rows: 3, width: 2, idType: .i64, [1, 1, 1] as [Int64], count: 3, updates: updates, &sums) == nil)
    #expect(sums == [0, 0, 0, 5, 0, 0])
  }

  /// Many ids are looked through some at a time; the first bad one of all is told, and its row is zeros.
  @Test(arguments: [-1, 0, 1023, 1024, 2999]) func oneBadIdAmongMany(bad: Int) {
    let table: [Double] = [3, 5, 7]
    var ids = (0..<3000).map { Int64($0 % 6 - 3) }
    if bad >= 0 { (ids[bad], ids[2999]) = (3, 3) }
    let expected = ids.map { $0 == 3 ? 0 : table[Int($0 < 0 ? $0 + 3 : $0)] }
    var rows = [Double](repeating: -1, count: 3000)
    let found = Kernels.gatherRows(.f64, rows: 3, width: 1, table, idType: .i64, ids, count: 3000, &rows)
    #expect(found == (bad < 0 ? nil : bad))
    #expect(rows == expected)
  }

  @Test func picksAndOneHots() {
    let x: [Double] = [1, 2, 3, 4, 5, 6]
    var picked = [Double](repeating: 0, count: 2)
    #expect(Kernels.pick(.f64, rows: 2, width: 3, x, idType: .i64, [2, -3] as [Int64], &picked) == nil)
    #expect(picked == [3, 4])
    #expect(Kernels.pick(.f64, rows: 2, width: 3, x, idType: .i64, [0, 3] as [Int64], &picked) == 1)
    #expect(Kernels.pick(.f64, rows: 2, width: 3, x, idType: .i32, [0, 3] as [Int32], &picked) == 1)
    #expect(Kernels.pick(.f64, rows: 2, width: 3, x, idType: .i64, [-4, 2] as [Int64], &picked) == 0)
    #expect(picked == [0, 6])
    var back = [Double](repeating: 9, count: 6)
    #expect(
      Kernels.unpick(.f64, rows: 2, width: 3, idType: .i64, [2, 0] as [Int64], updates: [7, 8] as [Double], &back)
        == nil)
    #expect(back == [0, 0, 7, 8, 0, 0])
    var hot = [Float](repeating: 9, count: 6)
    #expect(Kernels.oneHot(.f32, rows: 2, width: 3, idType: .i32, [1, -1] as [Int32], &hot) == nil)
    #expect(hot == [0, 1, 0, 0, 0, 1])
    #expect(Kernels.oneHot(.f32, rows: 2, width: 3, idType: .i32, [1, 3] as [Int32], &hot) == 1)
  }

  @Test func selectAndCompare() {
    for strides in [(1, 1), (1, 0), (0, 1), (0, 0)] {
      var out = [Float](repeating: 0, count: 3)
      Kernels.select(
        .f32, condition: [1, 0, 1] as [UInt8], conditionStride: 1, [1, 2, 3] as [Float], xStride: strides.0,
        [.nan, 20, 30] as [Float], yStride: strides.1, &out, count: 3)
      #expect(out[0] == 1 && out[2] == (strides.0 == 0 ? 1 : 3))
      #expect(strides.1 == 0 ? out[1].isNaN : out[1] == 20)
    }
    var flags = [UInt8](repeating: 9, count: 3)
    let x: [Double] = [1, .nan, -0.0], y: [Double] = [2, .nan, 0]
    for (comparison, expected) in [
      (Comparison.less, [1, 0, 0]), (.lessEqual, [1, 0, 1]), (.equal, [0, 0, 1]), (.notEqual, [1, 1, 0]),
      (.greater, [0, 0, 0]), (.greaterEqual, [0, 0, 1]),
    ] as [(Comparison, [UInt8])] {
      Kernels.compare(comparison, .f64, x, xStride: 1, y, yStride: 1, &flags, count: 3)
      #expect(flags == expected, "\(comparison)")
    }
  }

  @Test func sortsAreStable() throws {
    let x: [Float] = [3, .nan, -1, 3, -0.0, 0, -.infinity, .infinity, 2]
    var sorted = [Float](repeating: 0, count: 9), order = [Int64](repeating: 0, count: 9)
    try Kernels.sort(.f32, outer: 1, length: 9, inner: 1, x, &sorted)
    try Kernels.argSort(.f32, outer: 1, length: 9, inner: 1, x, &order)
    #expect(order == [6, 2, 4, 5, 8, 0, 3, 7, 1])
    #expect(sorted.dropLast().elementsEqual([-.infinity, -1, -0.0, 0, 2, 3, 3, .infinity]) && sorted[8].isNaN)
    var columns = [Int32](repeating: 0, count: 6)
    try Kernels.sort(.i32, outer: 1, length: 3, inner: 2, [3, -1, 2, 5, 1, 0] as [Int32], &columns)
    #expect(columns == [1, -1, 2, 0, 3, 5])
    var source = Source(8)
    for n in [20, 100, 5000, 40_000] {
      let long = source.doubles(n).map { ($0 * 50).rounded() }
      var at = [Int64](repeating: 0, count: n)
      try Kernels.argSort(.f64, outer: 1, length: n, inner: 1, long, &at)
      let ordered = zip(at, at.dropFirst()).allSatisfy { (long[Int($0)], $0) < (long[Int($1)], $1) }
      #expect(ordered && Set(at).count == n)
    }
  }

  /// Every type, run length and way of sorting beside a stable sort of Swift's, in rows and in columns.
  @Test func sortsAreThoseOfEveryType() throws {
    var source = Source(9)
    for n in [1, 2, 25, 97, 193, 700, 17_000] {
      for scale in n < 1000 ? [3.0, 1e6] : [1e6] {
        let numbers = source.doubles(2 * n).map { ($0 * scale).rounded() }
        try expectSorted(.f32, numbers.map { $0 > 0.9 * scale ? Float.nan : Float($0) }, n) {
          ($0.isNaN ? 1 : 0, Double($0))
        }
        try expectSorted(.f64, numbers.map { $0 > 0.9 * scale ? Double.nan : $0 / 3 }, n) { ($0.isNaN ? 1 : 0, $0) }
        try expectSorted(.i32, numbers.map { Int32($0) &- (scale == 3 ? .min : 0) }, n) { (0, Double($0)) }
        try expectSorted(.i64, numbers.map { Int64($0) * (scale == 3 ? 1 : 1 << 40) }, n) { (0, Double($0)) }
        try expectSorted(.bool, numbers.map { $0 > 0 ? 1 : 0 as UInt8 }, n) { (0, Double($0)) }
      }
    }
  }

  private func expectSorted<T: BitwiseCopyable>(_ type: ElementType, _ x: [T], _ n: Int, _ key: (T) -> (Int, Double))
    throws
  {
    func comes(_ a: (Int, Double), _ b: (Int, Double)) -> Bool { a.0 != b.0 ? a.0 < b.0 : a.0 == 0 && a.1 < b.1 }
    for inner in [1, 2] {
      // Rows [2, n], or columns [n, 2].
      let place = { (row: Int, i: Int) in inner == 1 ? row * n + i : i * 2 + row }
      var order = [Int64](repeating: -1, count: 2 * n)
      try Kernels.argSort(type, outer: 2 / inner, length: n, inner: inner, x, &order)
      for row in 0..<2 {
        let keys = (0..<n).map { key(x[place(row, $0)]) }
        let ascending = (0..<n).sorted { comes(keys[$0], keys[$1]) || !comes(keys[$1], keys[$0]) && $0 < $1 }
        #expect((0..<n).map { Int(order[place(row, $0)]) } == ascending, "\(type) \(n) \(inner)")
        let descending = (0..<n).sorted { comes(keys[$1], keys[$0]) || !comes(keys[$0], keys[$1]) && $0 < $1 }
        for count in Set([1, 3, n / 5, n / 2, n]) where count > 0 && count <= n {
          var top = [Int64](repeating: -1, count: 2 * count)
          try Kernels.topOrder(
            type, outer: 2 / inner, length: n, inner: inner, count: count, rows: row..<row + 1, x, &top)
          let found = (0..<count).map { Int(top[inner == 1 ? row * count + $0 : $0 * 2 + row]) }
          #expect(found == Array(descending.prefix(count)), "\(type) \(n) \(inner) \(count)")
        }
      }
    }
  }

  @Test func iota() {
    var out = [Int64](repeating: 9, count: 12)
    Kernels.iota(.i64, outer: 2, length: 3, inner: 2, &out)
    #expect(out == [0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2])
  }
}
