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
  /// hexadecimal.
  public static func double(_ text: some StringProtocol) -> Double? {
    switch text {
    case "nan", "NaN", "NAN": return .nan
    case "inf", "+inf", "Inf", "Infinity", "infinity": return .infinity
    case "-inf", "-Inf", "-Infinity", "-infinity": return -.infinity
    default:
      guard isDecimal(text) else { return nil }
      return Double(text)
    }
  }

  /// The integer a text stands for, or nil: an optional sign and digits, within 64 bits.
  public static func integer(_ text: some StringProtocol) -> Int? {
    guard let last = text.unicodeScalars.last, ("0"..."9").contains(last) else { return nil }
    for (i, b) in text.utf8.enumerated() where !isDigit(b) {
      if i > 0 || (b != 0x2D && b != 0x2B) { return nil }
    }
    return Int(text)
  }

  private static func isDigit(_ b: UInt8) -> Bool { b >= 0x30 && b <= 0x39 }

  private static func isDecimal(_ text: some StringProtocol) -> Bool {
    var sawDigit = false
    for b in text.utf8 {
      if isDigit(b) {
        sawDigit = true
      } else if b != 0x2E && b != 0x2D && b != 0x2B && b != 0x65 && b != 0x45 {
        return false
      }
    }
    return sawDigit
  }
}
