import CKernels
import Tensors
import Testing

/// The order of additions as the design states it, element by element.
private func definedSum(_ x: [Float]) -> Float {
  func block(_ x: ArraySlice<Float>) -> Float {
    var lanes = [Float](repeating: 0, count: 64)
    for (i, value) in x.enumerated() { lanes[i % 64] += value }
    var distance = 32
    while distance > 0 {
      for lane in 0..<distance { lanes[lane] += lanes[lane + distance] }
      distance /= 2
    }
    return lanes[0]
  }
  func tree(_ sums: ArraySlice<Float>) -> Float {
    if sums.count == 1 { return sums.first ?? 0 }
    var half = 1
    while half * 2 < sums.count { half *= 2 }
    let middle = sums.startIndex + half
    return tree(sums[..<middle]) + tree(sums[middle...])
  }
  if x.isEmpty { return 0 }
  let sums = stride(from: 0, to: x.count, by: 4096).map { block(x[$0..<min($0 + 4096, x.count)]) }
  return tree(sums[...])
}

private func reduce(
  _ table: ck_table, _ reduction: Reduction, _ x: [Float], outer: Int, length: Int, inner: Int
) -> [Float] {
  var out = [Float](repeating: -7, count: outer * inner)
  table.reduce(
    Int32(reduction.rawValue), 0, Int64(outer), Int64(length), Int64(inner), 0, Int64(inner), x, &out)
  return out
}

@Suite struct ReductionTests {
  @Test(arguments: [0, 1, 2, 3, 15, 16, 17, 63, 64, 65, 100, 127, 128, 129, 1000, 4095, 4096, 4097, 8192, 12289, 20481])
  func sumsFollowTheDefinition(length: Int) {
    var source = Source(UInt64(length + 1))
    let x = source.floats(length, scale: 10)
    let expected = definedSum(x)
    for table in variants {
      #expect(
        reduce(table, .sum, x, outer: 1, length: length, inner: 1)[0].bitPattern == expected.bitPattern,
        "\(name(table))")
    }
  }

  /// A column has the same bits whether it lies along the inner, a middle or the outer axis, alone or among others.
  @Test(arguments: [1, 5, 64, 70, 130, 300, 4100]) func layoutsAgree(length: Int) {
    var source = Source(77)
    for inner in [1, 2, 3, 10, 16, 33, 64, 65, 130] where length * inner < 300_000 {
      let columns = (0..<inner).map { _ in source.floats(length, scale: 5) }
      var across = [Float](repeating: 0, count: length * inner)
      for (j, column) in columns.enumerated() { for i in 0..<length { across[i * inner + j] = column[i] } }
      for reduction in [Reduction.sum, .max, .min, .product] {
        let alone = columns.map { reduce(variants[0], reduction, $0, outer: 1, length: length, inner: 1)[0] }
        for table in variants {
          #expect(reduce(table, reduction, across, outer: 1, length: length, inner: inner) == alone)
          #expect(reduce(table, reduction, columns.flatMap { $0 }, outer: inner, length: length, inner: 1) == alone)
          #expect(
            reduce(table, reduction, across + across, outer: 2, length: length, inner: inner) == alone + alone)
        }
      }
    }
  }

  /// Rows are folded as many at once as a vector has lanes: each as if it were alone, zeros' signs, infinities and NaN included.
  @Test(arguments: [1, 2, 3, 4, 5, 7, 8, 9, 10, 15, 16, 17, 31, 33, 63, 65, 100, 4096, 4097])
  func rowsTogetherAreRowsAlone(length: Int) {
    var source = Source(UInt64(length) + 5)
    func value() -> Double {
      switch source.next() >> 40 % 40 {
      case 0...3: 0
      case 4...7: -0.0
      case 8: .infinity
      case 9: -.infinity
      case 10: .nan
      default: source.unit() * 100
      }
    }
    let outer = length > 100 ? 17 : 37
    let wide = (0..<outer * length).map { _ in value() }, x = wide.map { Float($0) }
    for table in variants {
      for reduction in [Reduction.sum, .product, .max, .min] {
        let op = Int32(reduction.rawValue)
        var together = [Double](repeating: 7, count: outer), alone = together
        table.reduce(op, 1, Int64(outer), Int64(length), 1, 0, 1, wide, &together)
        let rows = reduce(table, reduction, x, outer: outer, length: length, inner: 1)
        for row in 0..<outer {
          table.reduce(op, 1, 1, Int64(length), 1, 0, 1, Array(wide[(row * length)...]), &alone[row])
          let one = reduce(table, reduction, Array(x[(row * length)...]), outer: 1, length: length, inner: 1)[0]
          #expect(canonical(rows[row]) == canonical(one), "\(name(table)) \(reduction) row \(row)")
        }
        #expect(together.map(canonical) == alone.map(canonical), "\(name(table)) \(reduction)")
      }
    }
  }

  @Test func emptyAndSpecial() {
    #expect(reduce(variants[0], .sum, [], outer: 2, length: 0, inner: 1) == [0, 0])
    #expect(reduce(variants[0], .max, [], outer: 1, length: 0, inner: 2) == [-.infinity, -.infinity])
    #expect(reduce(variants[0], .product, [], outer: 1, length: 0, inner: 1) == [1])
    for table in variants {
      for inner in [1, 3] {
        let zeros = [Float](repeating: -0.0, count: 70 * inner)
        #expect(reduce(table, .sum, zeros, outer: 1, length: 70, inner: inner)[0].sign == .plus)
        for position in [0, 1, 63, 64, 69] {
          var x = [Float](repeating: 1, count: 70 * inner)
          x[position * inner] = .nan
          #expect(reduce(table, .max, x, outer: 1, length: 70, inner: inner)[0].isNaN)
          #expect(reduce(table, .min, x, outer: 1, length: 70, inner: inner)[0].isNaN)
        }
      }
    }
  }

  @Test func typesAndBools() {
    var wide: Int64 = 0
    Kernels.reduce(.sum, .i64, outer: 1, length: 3, inner: 1, [Int64.max, 1, 5] as [Int64], &wide)
    #expect(wide == Int64.min + 5)
    var narrow: Int32 = 0
    Kernels.reduce(.max, .i32, outer: 1, length: 3, inner: 1, [-4, -2, -9] as [Int32], &narrow)
    #expect(narrow == -2)
    var flags: [UInt8] = [9, 9]
    Kernels.reduce(.any, .bool, outer: 2, length: 3, inner: 1, [0, 0, 1, 0, 0, 0] as [UInt8], &flags)
    #expect(flags == [1, 0])
    Kernels.reduce(.all, .bool, outer: 2, length: 3, inner: 1, [1, 1, 1, 1, 0, 1] as [UInt8], &flags)
    #expect(flags == [1, 0])
    var source = Source(3)
    let x = source.doubles(5000)
    var sums = [Double](repeating: 0, count: variants.count)
    for (i, table) in variants.enumerated() { table.reduce(0, 1, 1, 5000, 1, 0, 1, x, &sums[i]) }
    #expect(Set(sums).count == 1 && abs(sums[0] - x.reduce(0, +)) < 1e-10)
  }

  @Test func positionsOfExtremes() {
    let x: [Float] = [1, 5, 5, -2, .nan, 3, 7, 7]
    var at: [Int64] = [9, 9]
    Kernels.argReduce(isMax: true, .f32, outer: 2, length: 4, inner: 1, x, &at)
    #expect(at == [1, 0])
    Kernels.argReduce(isMax: false, .f32, outer: 1, length: 4, inner: 2, x, &at)
    #expect(at == [2, 1])
    var columns: [Int64] = [9, 9, 9, 9]
    Kernels.argReduce(isMax: true, .f32, outer: 1, length: 2, inner: 4, x, &columns)
    #expect(columns == [1, 0, 1, 1])
  }

  @Test func runningSums() {
    var out = [Float](repeating: 0, count: 6)
    Kernels.cumulativeSum(.f32, outer: 1, length: 3, inner: 2, [1, 2, 3, 4, 5, 6] as [Float], &out)
    #expect(out == [1, 2, 4, 6, 9, 12])
    Kernels.cumulativeSum(.f32, outer: 2, length: 3, inner: 1, [1, 2, 3, 4, 5, 6] as [Float], &out)
    #expect(out == [1, 3, 6, 4, 9, 15])
  }
}
