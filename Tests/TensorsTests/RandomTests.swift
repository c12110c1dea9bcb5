import CKernels
import Tensors
import Testing

@Suite struct RandomTests {
  /// The known answers of the Random123 distribution (kat_vectors).
  @Test func philoxKnownAnswers() {
    let cases: [([UInt32], [UInt32], [UInt32])] = [
      ([0, 0, 0, 0], [0, 0], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
      (
        [.max, .max, .max, .max], [.max, .max], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
      ),
      (
        [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0],
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
      ),
    ]
    for (counter, key, expected) in cases {
      var out: [UInt32] = [0, 0, 0, 0]
      ck_philox(counter, key, &out)
      #expect(out == expected)
    }
    var words: [Float] = [0]
    Kernels.random(.uniform, key: 0, .f32, firstIndex: 0, &words, count: 1)
    var block: [UInt32] = [0, 0, 0, 0]
    ck_philox([0, 0, 0, 1], [0, 0], &block)
    #expect(words[0] == Float(block[0] >> 8) * 0x1p-24)
  }

  @Test func tilesAndVariantsAgree() {
    for distribution in [Distribution.uniform, .normal] {
      let code: Int32 = distribution == .uniform ? 0 : 1
      var whole = [Float](repeating: 0, count: 1000), wholeWide = [Double](repeating: 0, count: 1000)
      Kernels.random(distribution, key: 42, .f32, firstIndex: 0, &whole, count: 1000)
      Kernels.random(distribution, key: 42, .f64, firstIndex: 0, &wholeWide, count: 1000)
      for table in variants {
        for (first, count) in [(0, 1000), (1, 7), (255, 3), (256, 300), (517, 0), (999, 1), (3, 997)] {
          var part = [Float](repeating: 0, count: count), wide = [Double](repeating: 0, count: count)
          table.random(code, 0, 0, 0, 42, UInt64(first), &part, Int64(count))
          table.random(code, 1, 0, 0, 42, UInt64(first), &wide, Int64(count))
          #expect(part == Array(whole[first..<first + count]), "\(name(table)) \(first)")
          #expect(wide == Array(wholeWide[first..<first + count]), "\(name(table)) \(first) f64")
        }
      }
    }
  }

  @Test func momentsAndTails() {
    let n = 200_000
    let tensor = [Float](unsafeUninitializedCapacity: n) { buffer, count in
      Kernels.random(.normal, key: 7, .f32, firstIndex: 0, UnsafeMutableRawPointer(buffer.baseAddress!), count: n)
      count = n
    }
    var moments = [Double](repeating: 0, count: 5)
    var beyond = 0
    for value in tensor {
      let x = Double(value)
      moments[1] += x
      moments[2] += x * x
      moments[3] += x * x * x
      moments[4] += x * x * x * x
      if abs(x) > 3 { beyond += 1 }
    }
    let scale = 1 / Double(n)
    #expect(abs(moments[1] * scale) < 0.01)
    #expect(abs(moments[2] * scale - 1) < 0.015)
    #expect(abs(moments[3] * scale) < 0.03)
    #expect(abs(moments[4] * scale - 3) < 0.1)
    #expect(abs(Double(beyond) - 540) < 100)
    var neighbours = 0.0
    for i in 1..<n { neighbours += Double(tensor[i] * tensor[i - 1]) }
    #expect(abs(neighbours * scale) < 0.01)
  }

  @Test func integersAreUnbiased() {
    for (low, high) in [(0, 10), (-3, 4), (5, 6)] {
      let n = 20_000
      var draws = [Int64](repeating: 0, count: n)
      Kernels.random(.integer(low: low, high: high), key: 3, .i64, firstIndex: 0, &draws, count: n)
      var counts = [Int](repeating: 0, count: high - low)
      for draw in draws where draw >= low && draw < high { counts[Int(draw) - low] += 1 }
      #expect(counts.reduce(0, +) == n)
      let expected = Double(n) / Double(high - low)
      let chi = counts.reduce(0.0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
      #expect(chi < 35)
    }
    var huge: [Int64] = [0, 0]
    Kernels.random(.integer(low: .min, high: .max), key: 3, .i64, firstIndex: 0, &huge, count: 2)
    #expect(huge[0] != huge[1])
  }

  @Test(arguments: [1, 2, 5, 1000, 65536, 65537, 100_003]) func permutationsAreBijections(n: Int) throws {
    var order = [Int64](repeating: -1, count: n)
    try Kernels.permutation(n: n, key: 9, count: n, &order)
    var seen = [Bool](repeating: false, count: n)
    for index in order { seen[Int(index)] = true }
    #expect(seen.allSatisfy { $0 })
    var part = [Int64](repeating: 0, count: min(n, 10))
    try Kernels.permutation(n: n, key: 9, first: n - part.count, count: part.count, &part)
    #expect(part == Array(order.suffix(part.count)))
    if n > 100 {
      var other = order
      try Kernels.permutation(n: n, key: 10, count: n, &other)
      #expect(zip(order, other).filter { $0 == $1 }.count < 20)
      let displaced = order.enumerated().reduce(0.0) { $0 + abs(Double($1.element) - Double($1.offset)) }
      #expect(abs(displaced / Double(n) / Double(n) - 1.0 / 3) < 0.03)
    }
  }

  @Test func keys() {
    #expect(RandomKey.derive(1, 2) != RandomKey.derive(2, 1))
    #expect(RandomKey.derive(1, 2) == RandomKey.derive(key: 1, number: 2))
    let texts = ["", "a", "b", "ab", "abcdefgh", "abcdefghi", "abcdefgh\0"]
    #expect(Set(texts.map(RandomKey.hash)).count == texts.count)
    // The values are part of the numerics version.
    #expect(RandomKey.derive(0, 0) == pinnedDerived)
    #expect(RandomKey.hash("weights") == pinnedHash)
  }
}
