import Testing

@testable import Notation

@Suite struct NumberTextTests {
  /// Numbers whose bits come from a generator, of all sizes and of ordinary ones.
  private static func numbers(_ count: Int) -> [Double] {
    var state: UInt64 = 5
    func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 29)
    }
    return (0..<count).map { i in
      let bits = next()
      switch i % 4 {
      case 0: return Double(bitPattern: bits)
      case 1: return Double(Int64(bitPattern: bits)) / 0x1p63
      case 2: return Double(Int64(bitPattern: bits) >> Int64(next() & 63)) * 1e-3
      default: return Double(bits >> 11)
      }
    }
  }

  @Test func readsBackToTheBit() {
    for x in Self.numbers(40_000) where !x.isNaN {
      #expect(NumberText.double(NumberText.shortest(x))?.bitPattern == x.bitPattern)
    }
  }

  /// The system's own reading is the oracle, also for digits that no shortest form has.
  @Test func agreesWithTheSystem() {
    var checked = 0
    for (i, x) in Self.numbers(40_000).enumerated() {
      let digits = String(x.bitPattern % (i % 2 == 0 ? 10_000_000_000_000_000_000 : 100_000_000_000_000_000))
      let point = digits.index(digits.startIndex, offsetBy: 1 + i % digits.count)
      let exponent = ["", "e\(i % 41 - 20)", "E+\(i % 23)", "e-0\(i % 9)"][i / 2 % 4]
      let isWhole = point == digits.endIndex
      let text = digits[..<point] + (isWhole ? "" : ".") + digits[point...] + exponent
      #expect(NumberText.double(text)?.bitPattern == Double(text)?.bitPattern, "\(text)")
      checked += 1
    }
    #expect(checked == 40_000)
  }

  @Test(
    arguments: [
      "0", "-0", "-0.0", "0e999", "1e400", "-1e400", "1e-400", "5e-324", "2.4703282292062327e-324",
      "2.4703282292062328e-324", "2.2250738585072014e-308", "1.7976931348623157e308", "1.7976931348623159e308",
      "9007199254740993", "9007199254740993.0", "9007199254740992.999", "9007199254740993.0000000000000000001",
      "18446744073709551615", "18446744073709551616", "9999999999999999999", "0.30000000000000004",
      "1234567890123456789e19", "1e19", "1e20", "1e22", "1e23", "1e-19", "1e-20", "8.5e-5", "+2.5", "1.", ".5", "-.5e1",
      "1e5", "1e", "e5", "1e+", "--1", "1-", "+-1", "1.2.3", "1e2e3", "1e2.5", "", "+", ".", "00012.50",
    ]) func decimalForms(_ text: String)
  {
    #expect(NumberText.double(text)?.bitPattern == Double(text)?.bitPattern)
  }

  @Test func words() {
    #expect(NumberText.double("nan")?.isNaN == true)
    #expect(NumberText.double("-Infinity") == -.infinity)
    #expect(NumberText.double("+inf") == .infinity)
    for text in ["NAn", "0x10", "1_000", "1f", "٣", "1 ", " 1", "infinit", "-nan", "1\u{0}"] {
      #expect(NumberText.double(text) == nil, "\(text)")
    }
  }

  @Test func integers() {
    #expect(NumberText.integer("9223372036854775807") == .max)
    #expect(NumberText.integer("-9223372036854775808") == .min)
    #expect(NumberText.integer("+007") == 7)
    #expect(NumberText.integer("-0") == 0)
    for text in [
      "9223372036854775808", "-9223372036854775809", "99999999999999999999", "", "-", "+", "1.0", "1e3", "٣",
    ] {
      #expect(NumberText.integer(text) == nil, "\(text)")
    }
  }
}
