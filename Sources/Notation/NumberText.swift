/// How numbers are written in files: the fewest digits that read back to the same bits.
public enum NumberText {
  /// A double: `0.1`, `2.0`, `1e-300`, `-0.0`, `nan`, `inf`, `-inf`. Always has a point, an exponent or a word, so
  /// that it can be told from an integer; every NaN is written `nan`.
  public static func shortest(_ x: Double) -> String {
    if x.isNaN { return "nan" }
    if x.isInfinite { return x < 0 ? "-inf" : "inf" }
    return x.description
  }

  /// The double a text stands for in our files, or nil. Accepts what `shortest` writes and ordinary decimal forms; no
  /// hexadecimal. The nearest double, as everywhere.
  public static func double(_ text: some StringProtocol) -> Double? {
    var text = String(text)
    return text.withUTF8 { double(utf8: $0) }
  }

  /// The same of a text's bytes.
  public static func double(utf8 text: UnsafeBufferPointer<UInt8>) -> Double? {
    if let x = plainDouble(text) { return x }
    var sawDigit = false
    let isDecimal = text.allSatisfy { b in
      if isDigit(b) { sawDigit = true }
      return isDigit(b) || b == 0x2E || b == 0x2D || b == 0x2B || b == 0x65 || b == 0x45
    }
    let string = String(decoding: text, as: UTF8.self)
    if isDecimal { return sawDigit ? Double(string) : nil }
    switch string {
    case "nan", "NaN", "NAN": return .nan
    case "inf", "+inf", "Inf", "Infinity", "infinity": return .infinity
    case "-inf", "-Inf", "-Infinity", "-infinity": return -.infinity
    default: return nil
    }
  }

  /// The integer a text stands for, or nil: an optional sign and digits, within 64 bits.
  public static func integer(_ text: some StringProtocol) -> Int? {
    var text = String(text)
    return text.withUTF8 { integer(utf8: $0) }
  }

  /// The same of a text's bytes.
  public static func integer(utf8 text: UnsafeBufferPointer<UInt8>) -> Int? {
    let isNegative = text.first == 0x2D
    var place = isNegative || text.first == 0x2B ? 1 : 0
    guard place < text.count else { return nil }
    var value = 0
    while place < text.count {
      guard isDigit(text[place]) else { return nil }
      let digit = Int(text[place] &- 0x30)
      let (shifted, isTooLong) = value.multipliedReportingOverflow(by: 10)
      let (next, isTooLarge) =
        isNegative ? shifted.subtractingReportingOverflow(digit) : shifted.addingReportingOverflow(digit)
      if isTooLong || isTooLarge { return nil }
      value = next
      place += 1
    }
    return value
  }

  /// Whether a text's bytes are an optional sign and digits, however many.
  public static func isWhole(utf8 text: UnsafeBufferPointer<UInt8>) -> Bool {
    let digits = text.dropFirst(text.first == 0x2D || text.first == 0x2B ? 1 : 0)
    return !digits.isEmpty && digits.allSatisfy(isDigit)
  }

  @inline(__always) private static func isDigit(_ b: UInt8) -> Bool { b &- 0x30 < 10 }

  // MARK: numbers of ordinary size

  /// A number of at most 19 digits, whose last one stands no more than 19 places from the point, with digits before the
  /// point, and after it where there is one; nil for any other text. Whole numbers below 2^64 times or by a power of ten
  /// below 2^64: one multiplication or division in 128 bits, rounded once.
  private static func plainDouble(_ text: UnsafeBufferPointer<UInt8>) -> Double? {
    let isNegative = text.first == 0x2D
    var place = isNegative || text.first == 0x2B ? 1 : 0
    var (digits, exponent, whole) = (0, 0, UInt64(0))
    func takeDigits() -> Int {
      let first = place
      while place < text.count, isDigit(text[place]) {
        whole = whole &* 10 &+ UInt64(text[place] &- 0x30)
        if digits > 0 || whole > 0 { digits += 1 }
        place += 1
      }
      return place - first
    }
    guard takeDigits() > 0 else { return nil }
    if place < text.count, text[place] == 0x2E {
      place += 1
      exponent = -takeDigits()
      guard exponent < 0 else { return nil }
    }
    guard digits <= 19 else { return nil }
    if place < text.count, text[place] | 0x20 == 0x65 {
      guard let written = integer(utf8: UnsafeBufferPointer(rebasing: text[(place + 1)...])), abs(written) < 400
      else { return nil }
      exponent += written
      place = text.count
    }
    guard place == text.count, whole == 0 || abs(exponent) <= 19 else { return nil }
    let size = whole == 0 ? 0 : exponent < 0 ? quotient(whole, by: powers[-exponent]) : product(whole, powers[exponent])
    return isNegative ? -size : size
  }

  /// 10^0 to 10^19.
  private static let powers = (0..<20).map { (0..<$0).reduce(UInt64(1)) { power, _ in power * 10 } }

  /// a·b, rounded to the nearest: what is below the highest 64 bits matters only by being there.
  private static func product(_ a: UInt64, _ b: UInt64) -> Double {
    let (high, low) = a.multipliedFullWidth(by: b)
    if high == 0 { return Double(low) }
    let shift = high.leadingZeroBitCount
    let top = high << UInt64(shift) | low >> UInt64(64 - shift)
    let isExact = low << UInt64(shift) == 0
    return Double(isExact ? top : top | 1) * Double(sign: .plus, exponent: 64 - shift, significand: 1)
  }

  /// a/b of numbers above zero, rounded to the nearest: at least 63 bits of the quotient, and whether anything is left.
  private static func quotient(_ a: UInt64, by b: UInt64) -> Double {
    let (up, down) = (a.leadingZeroBitCount, b.leadingZeroBitCount)
    let (dividend, divisor) = (a << UInt64(up), b << UInt64(down))
    let (quotient, rest) = divisor.dividingFullWidth((dividend >> 1, dividend << 63))
    return Double(rest == 0 ? quotient : quotient | 1) * Double(sign: .plus, exponent: down - up - 63, significand: 1)
  }
}
