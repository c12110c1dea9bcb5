#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Numbers for reading (files use `NumberText`, which loses nothing).
public enum NumberFormat {
  /// A double with a fixed number of decimals (0…17), a point whatever the locale, and never `-0.00`.
  public static func fixed(_ x: Double, _ decimals: Int) -> String {
    guard x.isFinite else { return special(x) }
    let text = formatted("%.*f", max(0, min(17, decimals)), x)
    return text.hasPrefix("-") && !text.contains { ("1"..."9").contains($0) } ? String(text.dropFirst()) : text
  }

  /// A double with at most some significant digits, no trailing zeros; `1.2e-5` below a thousandth and from a million
  /// on.
  public static func short(_ x: Double, digits: Int = 4) -> String {
    guard x.isFinite else { return special(x) }
    guard x != 0 else { return "0" }
    let digits = max(1, min(17, digits))
    let parts = formatted("%.*e", digits - 1, x).split(separator: "e")
    guard parts.count == 2, let exponent = Int(parts[1]) else { return x.description }
    if exponent < -3 || exponent >= max(6, digits) {
      return trimmed(String(parts[0])) + "e" + String(exponent)
    }
    return trimmed(fixed(x, max(0, digits - 1 - exponent)))
  }

  /// Numbers as `short` gives them, with as many more digits as tell different ones apart: what rounding takes is little beside
  /// the distance of any two.
  public static func distinct(_ numbers: [Double], digits: Int) -> [String] {
    let places = Set(numbers.filter(\.isFinite)).sorted()
    let gap = zip(places, places.dropFirst()).map { $1 - $0 }.min() ?? .infinity
    for count in digits..<17 {
      let texts = numbers.map { short($0, digits: count) }
      let isClose = zip(numbers, texts).allSatisfy { !$0.isFinite || abs((Double($1) ?? $0) - $0) <= gap / 20 }
      if isClose { return texts }
    }
    return numbers.map { short($0, digits: 17) }
  }

  /// An integer in groups of three from 10 000 on, with a narrow no-break space.
  public static func grouped(_ n: Int) -> String {
    let digits = Array(String(n.magnitude))
    guard digits.count >= 5 else { return String(n) }
    var out: [Character] = []
    for (i, d) in digits.enumerated() {
      if i > 0 && (digits.count - i) % 3 == 0 { out.append("\u{202F}") }
      out.append(d)
    }
    return (n < 0 ? "-" : "") + String(out)
  }

  /// A mean and its error, both to the decimals that the error deserves: `0.54 ± .01`, `12.3 ± 1.4`.
  public static func withError(_ mean: Double, _ error: Double) -> String {
    guard error.isFinite, error > 0, mean.isFinite else { return short(mean) }
    return withError(mean, error, decimals: decimals(forError: error))
  }

  /// The same with given decimals; an error that would read as zero is left out.
  public static func withError(_ mean: Double, _ error: Double, decimals: Int) -> String {
    let middle = fixed(mean, decimals)
    guard error.isFinite, mean.isFinite else { return middle }
    var spread = fixed(error, decimals)
    guard spread.contains(where: { ("1"..."9").contains($0) }) else { return middle }
    if spread.hasPrefix("0.") { spread.removeFirst() }
    return middle + " ± " + spread
  }

  /// Decimals that show an error to one significant digit, or two when it starts with a 1.
  public static func decimals(forError error: Double) -> Int {
    guard error.isFinite, error > 0 else { return 2 }
    let parts = formatted("%.*e", 1, error).split(separator: "e")
    guard parts.count == 2, let exponent = Int(parts[1]) else { return 2 }
    return max(0, min(12, -exponent + (parts[0].hasPrefix("1") ? 1 : 0)))
  }

  /// A duration: `4.1 s`, `2 min 5 s`, `3 h 12 min`.
  public static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0 else { return "?" }
    if seconds < 0.0095 { return short(seconds * 1000, digits: 2) + " ms" }
    if seconds < 9.95 { return fixed(seconds, seconds < 0.995 ? 2 : 1) + " s" }
    if seconds < 119.5 { return fixed(seconds, 0) + " s" }
    guard seconds < 1e9 else { return "\(short(seconds)) s" }
    let whole = Int(saturating: seconds.rounded())
    if whole < 7200 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole / 60 % 60) min"
  }

  /// `nan`, `inf`, `-inf`.
  static func special(_ x: Double) -> String { x.isNaN ? "nan" : x < 0 ? "-inf" : "inf" }

  /// Without the zeros after a point's last digit, and without a bare point.
  static func trimmed(_ text: String) -> String {
    guard text.contains(".") else { return text }
    var out = Substring(text)
    while out.hasSuffix("0") { out.removeLast() }
    if out.hasSuffix(".") { out.removeLast() }
    return out == "-0" ? "0" : String(out)
  }

  static func formatted(_ format: String, _ precision: Int, _ x: Double) -> String {
    var buffer = [CChar](repeating: 0, count: 400)
    let count = withVaList([Int32(precision), x]) { vsnprintf(&buffer, buffer.count, format, $0) }
    let bytes = buffer.prefix(max(0, min(Int(count), buffer.count - 1))).map { UInt8(bitPattern: $0) }
    return String(decoding: bytes.map { $0 == UInt8(ascii: ",") ? UInt8(ascii: ".") : $0 }, as: UTF8.self)
  }
}

extension Int {
  /// The integer part of a double; the nearest integer there is for what is too large, 0 for NaN. Never traps.
  init(saturating x: Double) {
    self = x.isNaN ? 0 : x >= 9.2e18 ? .max : x <= -9.2e18 ? .min : Int(x)
  }
}
