import CKernels
import Tensors
import Testing

/// The definition: chains of fused multiply-adds over blocks of 256 of k, the blocks' sums added in order.
private func defined<T: BinaryFloatingPoint>(_ a: [T], _ b: [T], m: Int, n: Int, k: Int, bias: [T]?, floor: T?) -> [T] {
  var c = [T](repeating: 0, count: m * n)
  for i in 0..<m {
    for j in 0..<n {
      var sum: T = 0
      for start in stride(from: 0, to: k, by: 256) {
        var chain: T = 0
        for q in start..<min(start + 256, k) { chain = chain.addingProduct(a[i * k + q], b[q * n + j]) }
        sum = start == 0 ? chain : sum + chain
      }
      if let bias { sum += bias[j] }
      if let floor, !(sum > floor || sum.isNaN) { sum = floor }
      c[i * n + j] = sum
    }
  }
  return c
}

private func withUnsafeBytes<T>(
  of x: [T], and y: [T], _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
) { x.withUnsafeBytes { first in y.withUnsafeBytes { body(first, $0) } } }

private func turned<T>(_ x: [T], _ rows: Int, _ columns: Int) -> [T] {
  (0..<columns).flatMap { c in (0..<rows).map { r in x[r * columns + c] } }
}

private func product<T: TensorElement & BinaryFloatingPoint>(
  _ table: ck_table, _ a: [T], _ b: [T], m: Int, n: Int, k: Int, transA: Bool, transB: Bool, bias: [T]?, floor: T?,
  ldc: Int, gate: [T]? = nil, added: [T]? = nil
) -> [T] {
  var c = [T](repeating: -99, count: max(m * ldc, 1))
  let left = transA ? turned(a, m, k) : a, right = transB ? turned(b, k, n) : b
  left.withUnsafeBytes { l in
    right.withUnsafeBytes { r in
      c.withUnsafeMutableBytes { out in
        withUnsafeBytes(of: bias ?? [], and: gate ?? added ?? []) { shift, gates in
          var p = ck_product(
            m: Int64(m), n: Int64(n), k: Int64(k), a: l.baseAddress, lda: Int64(transA ? m : k), b: r.baseAddress,
            ldb: Int64(transB ? k : n), c: out.baseAddress, ldc: Int64(ldc),
            bias: bias == nil ? nil : shift.baseAddress,
            added: gate == nil && added != nil ? gates.baseAddress : nil, added_whole: added?.count == n ? 0 : 1,
            constant: Double(floor ?? 0), activation: floor == nil ? 0 : 1,
            gate: gate == nil ? nil : gates.baseAddress, threshold: 0.25, replacement: -7, trans_a: transA ? 1 : 0,
            trans_b: transB ? 1 : 0)
          if T.elementType == .f32 { table.product_f32(&p) } else { table.product_f64(&p) }
        }
      }
    }
  }
  return c
}

private func gateElements<T: BinaryFloatingPoint>(_ count: Int) -> [T] {
  var result: [T] = []
  for i in 0..<count { result.append(i % 7 == 0 ? T(0.25) : i % 11 == 0 ? T.nan : T(i % 5 - 2)) }
  return result
}

@Suite struct ProductTests {
  static let shapes: [(Int, Int, Int)] = [
    (1, 1, 1), (1, 5, 3), (3, 1, 40), (40, 1, 9), (70, 2, 20), (33, 4, 11), (2, 3, 0), (5, 7, 300), (13, 17, 33),
    (14, 32, 16),
    (15, 33, 17), (28, 31, 5), (6, 100, 20), (1, 130, 70), (43, 10, 64), (16, 16, 257), (29, 65, 12), (100, 40, 8),
    (150, 9, 40), (530, 11, 33), (230, 300, 70),
    // Near products of several strips, whose rows of B lie 1024 bytes apart in f32 or f64.
    (115, 256, 20), (113, 128, 9), (100, 48, 50), (50, 24, 101),
    // Several blocks of k: panel by panel where all of B is near, also with a short last block, and block by block where it is far.
    (230, 70, 600), (226, 40, 560), (100, 150, 900), (40, 150, 900),
    // Long sums of a few columns, each of which takes a whole panel where it is packed.
    (1, 1, 9000), (3, 1, 131_072), (9, 2, 20_000),
  ]

  @Test(arguments: shapes) func everyVariantFollowsTheDefinition(m: Int, n: Int, k: Int) {
    var source = Source(UInt64(m * 1000 + n * 10 + k))
    check(source.floats(m * k), source.floats(k * n), source.floats(n), m: m, n: n, k: k)
    check(source.doubles(m * k), source.doubles(k * n), source.doubles(n), m: m, n: n, k: k)
  }

  private func check<T: TensorElement & BinaryFloatingPoint>(
    _ a: [T], _ b: [T], _ bias: [T], m: Int, n: Int, k: Int
  ) {
    let plain = defined(a, b, m: m, n: n, k: k, bias: nil, floor: nil)
    let finished = defined(a, b, m: m, n: n, k: k, bias: bias, floor: 0)
    let shifted = defined(a, b, m: m, n: n, k: k, bias: bias, floor: nil)
    for table in variants {
      for (transA, transB) in [(false, false), (true, false), (false, true), (true, true)] {
        let c = product(
          table, a, b, m: m, n: n, k: k, transA: transA, transB: transB, bias: nil, floor: nil, ldc: n)
        #expect(c.prefix(m * n).elementsEqual(plain), "\(name(table)) \(T.self) \(m) \(n) \(k) \(transA) \(transB)")
        let wide = product(
          table, a, b, m: m, n: n, k: k, transA: transA, transB: transB, bias: bias, floor: 0, ldc: n + 3)
        for i in 0..<m {
          #expect(wide[i * (n + 3)..<i * (n + 3) + n].elementsEqual(finished[i * n..<i * n + n]))
          #expect(wide[i * (n + 3) + n..<(i + 1) * (n + 3)].allSatisfy { $0 == -99 }, "written past a row")
        }
        // A row and a matrix that are added behind the bias.
        for count in [n, m * (n + 3)] {
          let more = (0..<count).map { T($0 % 17 - 8) / 9 }
          let c = product(
            table, a, b, m: m, n: n, k: k, transA: transA, transB: transB, bias: bias, floor: 0, ldc: n + 3, added: more
          )
          for i in 0..<m {
            let expected = (0..<n).map { max(0, shifted[i * n + $0] + more[count == n ? $0 : i * (n + 3) + $0]) }
            #expect(c[i * (n + 3)..<i * (n + 3) + n].elementsEqual(expected), "added")
          }
        }
        // Some elements at the threshold, some not numbers.
        let gates: [T] = gateElements(m * (n + 3))
        let gated = product(
          table, a, b, m: m, n: n, k: k, transA: transA, transB: transB, bias: bias, floor: 0, ldc: n + 3, gate: gates)
        for i in 0..<m {
          var expected: [T] = []
          for j in 0..<n { expected.append(gates[i * (n + 3) + j] <= 0.25 ? -7 : finished[i * n + j]) }
          #expect(gated[i * (n + 3)..<i * (n + 3) + n].elementsEqual(expected), "gated")
          #expect(gated[i * (n + 3) + n..<(i + 1) * (n + 3)].allSatisfy { $0 == -99 }, "written past a gated row")
        }
      }
    }
  }

  /// Rows that share sets of the first cache are packed, or taken fewer at a time.
  @Test(arguments: [(23, 70, 512), (30, 10, 512), (512, 40, 33), (37, 33, 1024)])
  func rowsAPowerOfTwoApart(m: Int, n: Int, k: Int) {
    var source = Source(UInt64(m + n + k))
    let a = source.floats(m * k), b = source.floats(k * n)
    let expected = defined(a, b, m: m, n: n, k: k, bias: nil, floor: nil)
    for table in variants.prefix(2) {
      for (transA, transB) in [(false, false), (true, false), (false, true), (true, true)] {
        let c = product(
          table, a, b, m: m, n: n, k: k, transA: transA, transB: transB, bias: nil, floor: nil, ldc: n)
        #expect(c == expected, "\(name(table)) \(transA) \(transB)")
      }
    }
  }

  /// The packed ways that only larger products take, and rows computed alone.
  @Test func largeProductsAgreeWithTheirRows() {
    let (m, n, k) = (150, 530, 300)
    var source = Source(4)
    let a = source.floats(m * k), b = source.floats(k * n)
    let whole = product(
      variants[0], a, b, m: m, n: n, k: k, transA: false, transB: false, bias: nil, floor: nil, ldc: n)
    for table in variants.prefix(2) {
      for (transA, transB) in [(true, false), (false, true), (true, true), (false, false)] {
        #expect(
          product(table, a, b, m: m, n: n, k: k, transA: transA, transB: transB, bias: nil, floor: nil, ldc: n) == whole
        )
      }
    }
    for row in [0, 77, 149] {
      let alone = product(
        variants[0], Array(a[row * k..<(row + 1) * k]), b, m: 1, n: n, k: k, transA: false, transB: false, bias: nil,
        floor: nil, ldc: n)
      #expect(alone.elementsEqual(whole[row * n..<(row + 1) * n]))
    }
    #expect(
      Array(whole[0..<1])
        == defined(
          Array(a[0..<k]), turned(turned(b, k, n).prefix(k).map { $0 }, 1, k), m: 1, n: 1, k: k, bias: nil, floor: nil))
  }

  @Test func stretchesAreExpectedInPieces() {
    let memory = [Float](repeating: 0, count: 200_000)
    memory.withUnsafeBytes { bytes in
      guard let a = bytes.baseAddress else { return }
      let b = a + 4096
      ck_expect_stretches(2, [a, b], [2800, 1024])
      for (i, place) in [a, a + 1024, a + 2048, b].enumerated() { #expect(ck_expected_row(Int64(i)) == place) }
      #expect(ck_expected_row(4) == nil)
      ck_expect_stretches(2, [a, b], [2800, 400_000])
      #expect(ck_expected_row(0) == a)
      #expect(ck_expected_row(255) == b + 252 * 1024)
      #expect(ck_expected_row(256) == nil)
      ck_expect_stretches(0, [], [])
      #expect(ck_expected_row(0) == nil)
    }
  }

  /// (1 + 2⁻²³) + 2⁻²⁴ (1 − 2⁻⁴⁶) lies just below a tie of f32 that rounding to f64 first would make exact; and just
  /// above with the other sign of the last part.
  @Test func multiplyAddsRoundOnce() {
    let odd = Float(1).nextUp, factor = Float(0x1p-24) * odd
    for table in variants {
      for sign in [Float(1), -1] {
        for (last, expected) in [(Float(1) - 0x1p-23, odd), (1 + 0x1p-23, odd.nextUp)] {
          let c = product(
            table, [sign * odd, factor], [1, sign * last], m: 1, n: 1, k: 2, transA: false, transB: false, bias: nil,
            floor: nil, ldc: 1)
          #expect(c[0] == sign * expected, "\(name(table)) \(sign) \(last)")
        }
      }
    }
  }

  @Test func nanAndZeroInTheEpilogue() {
    for table in variants {
      let c = product(
        table, [1, .nan, -0.0, -1] as [Float], [1] as [Float], m: 4, n: 1, k: 1, transA: false, transB: false,
        bias: nil,
        floor: 0, ldc: 1)
      #expect(c[0] == 1 && c[1].isNaN && c[2].bitPattern == 0 && c[3].bitPattern == 0)
      // A product that underflows to -0 loses the tie against +0.
      let tiny = product(
        table, [-1e-30] as [Float], [1e-30] as [Float], m: 1, n: 1, k: 1, transA: false, transB: false, bias: nil,
        floor: 0, ldc: 1)
      #expect(tiny[0].bitPattern == 0)
    }
  }
}
