import CKernels
import Testing

/// Products of i32 and i64: every element is the wrapped sum of wrapped products, in every instruction set.
@Suite struct WholeProductTests {
  @Test(arguments: [
    (1, 1, 1), (1, 70, 7), (3, 65, 300), (9, 33, 17), (4, 5, 513), (70, 130, 3), (5, 64, 256), (6, 32, 257), (2, 3, 0),
  ])
  func sumsOfProductsThatWrap(m: Int, n: Int, k: Int) {
    check(Int32.self, 2, m, n, k)
    check(Int64.self, 3, m, n, k)
  }

  private func check<T: FixedWidthInteger>(_ type: T.Type, _ code: Int32, _ m: Int, _ n: Int, _ k: Int) {
    var source = Source(UInt64(m * 1000 + n * 10 + k))
    let a = (0..<m * k).map { _ in T(truncatingIfNeeded: source.next()) }
    let b = (0..<k * n).map { _ in T(truncatingIfNeeded: source.next()) }
    // Columns behind C's own, and two products in the same memory.
    let lead = n + 3, untouched = T(truncatingIfNeeded: -99)
    var expected = [T](repeating: untouched, count: 2 * m * lead)
    for i in 0..<m {
      for j in 0..<n {
        let sum = (0..<k).reduce(T(0)) { $0 &+ a[i * k + $1] &* b[$1 * n + j] }
        (expected[i * lead + j], expected[(m + i) * lead + j]) = (sum, sum)
      }
    }
    for table in variants {
      for (transA, transB) in [(false, false), (true, false), (false, true), (true, true)] {
        let left = transA ? turned(a, m, k) : a, right = transB ? turned(b, k, n) : b
        var c = [T](repeating: untouched, count: 2 * m * lead)
        left.withUnsafeBytes { l in
          right.withUnsafeBytes { r in
            c.withUnsafeMutableBytes { out in
              var p = ck_product()
              (p.m, p.n, p.k) = (Int64(m), Int64(n), Int64(k))
              (p.a, p.lda, p.trans_a) = (l.baseAddress, Int64(transA ? m : k), transA ? 1 : 0)
              (p.b, p.ldb, p.trans_b) = (r.baseAddress, Int64(transB ? k : n), transB ? 1 : 0)
              (p.c, p.ldc) = (out.baseAddress, Int64(lead))
              let places = [ck_place(a: 0, b: 0, c: 0), ck_place(a: 0, b: 0, c: Int64(m * lead))]
              table.products_whole(code, &p, 2, places)
            }
          }
        }
        #expect(c == expected, "\(name(table)) \(type) \(m) \(n) \(k) \(transA) \(transB)")
      }
    }
  }

  private func turned<T>(_ x: [T], _ rows: Int, _ columns: Int) -> [T] {
    (0..<columns).flatMap { c in (0..<rows).map { r in x[r * columns + c] } }
  }
}
