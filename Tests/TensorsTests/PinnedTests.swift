import CKernels
import Tensors
import Testing

/// FNV-1a over the bits of results, every NaN the same.
private struct Digest {
  var value: UInt64 = 0xcbf2_9ce4_8422_2325
  mutating func add(_ word: UInt64) { value = (value ^ word) &* 0x100_0000_01b3 }
  mutating func add(_ values: [Double]) { for v in values { add(canonical(v)) } }
  mutating func add(_ values: [Float]) { for v in values { add(UInt64(canonical(v))) } }
}

/// The bits of this numerics version: the same in every variant, on x86-64 and arm64, in every year. Whoever changes
/// one of them on purpose raises `numericsVersion` and pins the new value, which the failing test prints.
@Suite struct PinnedTests {
  static let pinned: [String: UInt64] = [
    "unary f64": pinnedUnary64, "unary f32": pinnedUnary32, "binary f64": pinnedBinary64, "binary f32": pinnedBinary32,
    "reductions": pinnedReductions, "products": pinnedProducts, "draws": pinnedDraws, "factorisations": pinnedFactors,
  ]

  private static func inputs() -> ([Double], [Double]) {
    var source = Source(2026)
    var x: [Double] = [0, -0.0, .infinity, -.infinity, .nan, 1e300, -1e200, 0x1p-1040, 1, -1, 0.5, 4e7, 3e9]
    while x.count < 600 {
      let exponent = Double(Int(source.next() % 50)) - 30
      x.append(source.unit() * (x.count % 3 == 0 ? 4 : ScalarMath.pow(2, exponent)))
    }
    return (x, source.doubles(600, scale: 8))
  }

  private static func digests(_ table: ck_table) -> [String: UInt64] {
    let (x, y) = inputs()
    let (xs, ys) = (x.map { Float($0) }, y.map { Float($0) })
    let n = Int64(x.count)
    var wide = [Double](repeating: 0, count: 1200), narrow = [Float](repeating: 0, count: 1200)
    var found: [String: Digest] = [:]
    for operation in Int32(0)...23 {
      table.unary(operation, 1, x, &wide, n)
      found["unary f64", default: Digest()].add(wide)
      table.unary(operation, 0, xs, &narrow, n)
      found["unary f32", default: Digest()].add(narrow)
    }
    for operation in Int32(0)...9 {
      table.binary(operation, 1, x, 1, y, 1, &wide, n)
      found["binary f64", default: Digest()].add(wide)
      table.binary(operation, 0, xs, 1, ys, 1, &narrow, n)
      found["binary f32", default: Digest()].add(narrow)
    }
    let long = (0..<20).flatMap { _ in ys }
    for operation in Int32(0)...3 {
      for (outer, length, inner) in [(1, 12_000, 1), (1, 599, 1), (60, 10, 1), (1, 100, 6), (2, 5, 60)]
        as [(Int64, Int64, Int64)]
      {
        table.reduce(operation, 0, outer, length, inner, 0, inner, long, &narrow)
        found["reductions", default: Digest()].add(narrow)
        if length < 600 {
          table.reduce(operation, 1, outer, length, inner, 0, inner, y, &wide)
          found["reductions", default: Digest()].add(wide)
        }
      }
    }
    for (m, n, k) in [(7, 9, 33), (20, 30, 12), (3, 70, 8), (40, 1, 14), (1, 1, 590), (15, 17, 20)]
      as [(Int64, Int64, Int64)]
    {
      var p = ck_product(
        m: m, n: n, k: k, a: nil, lda: k, b: nil, ldb: n, c: nil, ldc: n, bias: nil, added: nil,
        added_whole: 0, constant: -1, activation: 1,
        gate: nil, threshold: 0, replacement: 0, trans_a: 0, trans_b: 0)
      ys.withUnsafeBytes { a in
        narrow.withUnsafeMutableBytes { c in
          (p.a, p.b, p.c, p.bias) = (a.baseAddress, a.baseAddress, c.baseAddress, a.baseAddress)
          table.product_f32(&p)
        }
      }
      found["products", default: Digest()].add(Array(narrow.prefix(Int(m * n))))
      y.withUnsafeBytes { a in
        wide.withUnsafeMutableBytes { c in
          (p.a, p.b, p.c, p.bias) = (a.baseAddress, a.baseAddress, c.baseAddress, nil)
          table.product_f64(&p)
        }
      }
      found["products", default: Digest()].add(Array(wide.prefix(Int(m * n))))
    }
    for distribution in Int32(0)...2 {
      table.random(distribution, 1, -5, 100, 5, 3, &wide, 600)
      found["draws", default: Digest()].add(wide)
      table.random(distribution, 0, -5, 100, 5, 3, &narrow, 600)
      found["draws", default: Digest()].add(narrow)
    }
    var rank: Int64 = 0
    var pivots = [Int64](repeating: 0, count: 12)
    var (u, s) = ([Double](repeating: 0, count: 400), [Double](repeating: 0, count: 20))
    wide = [Double](repeating: 0, count: 1200)
    _ = table.least_squares(12, 30, 1, y, y, 1e-14, &wide, &rank)
    found["factorisations", default: Digest()].add(wide)
    _ = table.svd(12, 20, y, &u, &s, &wide)
    found["factorisations", default: Digest()].add(u + s + wide)
    var symmetric = [Double](repeating: 0, count: 144)
    for i in 0..<12 { for j in 0..<12 { symmetric[i * 12 + j] = y[i * 12 + j] + y[j * 12 + i] } }
    _ = table.eigen(12, symmetric, &s, &u)
    _ = table.lu(12, &symmetric, &pivots)
    found["factorisations", default: Digest()].add(u + s + symmetric)
    var (order, im) = ((0..<30).map(Int64.init), s)
    _ = table.qr(12, 30, y, &u, &wide, &order)
    _ = table.eigenvalues(12, y, &s, &im, nil)
    found["factorisations", default: Digest()].add(u + wide + s + im)
    u = [Double](repeating: 0, count: 3600)
    _ = table.eigen(60, y + y + y + y + y + y, &wide, &u)
    _ = table.triangular(1, 1, 1, 60, u, 60, 3, &wide)
    found["factorisations", default: Digest()].add(u + wide)
    return found.mapValues(\.value)
  }

  @Test func bitsAreThoseOfThisNumericsVersion() {
    for table in variants {
      for (group, value) in Self.digests(table) {
        #expect(
          Self.pinned[group] == value,
          "\(group) in \(name(table)): 0x\(String(value, radix: 16)) is not the pinned value")
      }
    }
  }

  @Test func permutationsAndKeys() throws {
    var order = [Int64](repeating: 0, count: 20)
    try Kernels.permutation(n: 20, key: 1, count: 20, &order)
    #expect(order == pinnedOrder)
    try Kernels.permutation(n: 1_000_000, key: 1, count: 20, &order)
    #expect(order == pinnedLongOrder)
  }
}
