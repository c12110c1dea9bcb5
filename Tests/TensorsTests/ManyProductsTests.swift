import CKernels
import Tensors
import Testing

/// Many products of one shape at once, against each of them alone.
@Suite struct ManyProductsTests {
  /// More products than are gone through together; operands that serve several of them; rows with something between them.
  @Test(arguments: [1, 2, 3, 4, 5, 8, 16, 33]) func eachIsThatProductAlone(m: Int) {
    for n in [1, 2, 3, 4, 5, 8, 16, 17, 32, 33] {
      for k in [0, 1, 3, 8, 16, 31, 70] {
        var source = Source(UInt64(m * 10_000 + n * 100 + k))
        let count = m * n * k > 700 ? 3 : 37
        check(Products<Float>(m: m, n: n, k: k, count: count) { source.floats($0) })
        if (m + n + k) % 3 == 0 { check(Products<Double>(m: m, n: n, k: k, count: count) { source.doubles($0) }) }
      }
    }
  }

  /// Sums longer than a block are no small products, however few there are of them.
  @Test func longSumsAreBlocks() {
    var source = Source(3)
    for k in [256, 257, 300] { check(Products<Float>(m: 1, n: 2, k: k, count: 3) { source.floats($0) }) }
  }

  private func check<T>(_ products: Products<T>) {
    for table in variants {
      for transposed in 0..<4 {
        for epilogue in 0..<5 where epilogue == 0 || (products.m + products.n + epilogue) % 2 == 0 {
          let areSame = products.areSame(table, transA: transposed & 1 != 0, transB: transposed & 2 != 0, epilogue)
          #expect(
            areSame,
            "\(name(table)) \(T.self) \(products.m) \(products.n) \(products.k) \(transposed) \(epilogue)")
        }
      }
    }
  }
}

private struct Products<T: TensorElement & BinaryFloatingPoint> {
  let m: Int
  let n: Int
  let k: Int
  let count: Int
  private let a: [T]
  private let b: [T]
  /// What is added, or decides which elements stay.
  private let more: [T]
  /// Elements between stored rows beyond a row.
  private let gap = 2

  init(m: Int, n: Int, k: Int, count: Int, _ draw: (Int) -> [T]) {
    (self.m, self.n, self.k, self.count) = (m, n, k, count)
    a = draw(3 * (m + 2) * (k + 2))
    b = draw(count * (k + 2) * (n + 2))
    more = draw(count * m * (n + 2))
  }

  /// Whether all products' memory has the same bits, made together and one by one.
  func areSame(_ table: ck_table, transA: Bool, transB: Bool, _ epilogue: Int) -> Bool {
    var many = [T](repeating: -99, count: count * m * (n + gap)), alone = many
    let places = (0..<count).map { i in
      // Three of A in turn; those of B backwards.
      ck_place(
        a: Int64(i % 3 * (m + gap) * (k + gap)), b: Int64((count - 1 - i) * (k + gap) * (n + gap)),
        c: Int64(i * m * (n + gap)))
    }
    a.withUnsafeBytes { a in
      b.withUnsafeBytes { b in
        more.withUnsafeBytes { more in
          let isWhole: Int32 = epilogue == 2 ? 1 : 0
          var p = ck_product(
            m: Int64(m), n: Int64(n), k: Int64(k), a: a.baseAddress, lda: Int64((transA ? m : k) + gap),
            b: b.baseAddress, ldb: Int64((transB ? k : n) + gap), c: nil, ldc: Int64(n + gap),
            bias: epilogue == 1 ? more.baseAddress : nil,
            added: epilogue == 2 || epilogue == 3 ? more.baseAddress : nil, added_whole: isWhole, constant: 0,
            activation: epilogue > 2 ? 1 : 0, gate: epilogue == 4 ? more.baseAddress : nil, threshold: 0.25,
            replacement: -7, trans_a: transA ? 1 : 0, trans_b: transB ? 1 : 0)
          many.withUnsafeMutableBytes { c in
            p.c = c.baseAddress
            let run = T.elementType == .f32 ? table.products_f32 : table.products_f64
            run?(&p, Int64(count), places)
          }
          alone.withUnsafeMutableBytes { c in
            let size = MemoryLayout<T>.stride
            for place in places {
              var one = p
              one.a = a.baseAddress?.advanced(by: Int(place.a) * size)
              one.b = b.baseAddress?.advanced(by: Int(place.b) * size)
              one.c = c.baseAddress?.advanced(by: Int(place.c) * size)
              if isWhole == 1 { one.added = more.baseAddress?.advanced(by: Int(place.c) * size) }
              if epilogue == 4 { one.gate = more.baseAddress?.advanced(by: Int(place.c) * size) }
              if T.elementType == .f32 { table.product_f32(&one) } else { table.product_f64(&one) }
            }
          }
        }
      }
    }
    return many.withUnsafeBytes { many in alone.withUnsafeBytes { many.elementsEqual($0) } }
  }
}
