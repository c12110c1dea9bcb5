#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
import Records

/// Maps the numbers of one axis to 0…1, with the limits it chose and its ticks.
struct AxisScale {
  /// A place on the axis that is marked.
  struct Tick: Hashable {
    var value: Double
    /// Empty for a minor tick.
    var label: String
    /// Set small and raised behind `label`: the exponent of a power of ten.
    var exponent = ""
    var isMajor: Bool { !label.isEmpty }
  }

  let kind: Figure.Scale
  let lower: Double
  let upper: Double
  let ticks: [Tick]
  /// A power of ten that all labels are to be multiplied by; nil for 1.
  let factorExponent: Int?

  /// Where a number lies, 0 at the lower end and 1 at the upper; nil for what cannot be shown (NaN, or not positive
  /// on a log axis).
  func place(_ x: Double) -> Double? {
    guard !x.isNaN else { return nil }
    if kind == .linear {
      return (AxisScale.finite(x) / 2 - lower / 2) / (upper / 2 - lower / 2)
    }
    guard x > 0 else { return nil }
    return (log10(AxisScale.finite(x)) - log10(lower)) / (log10(upper) - log10(lower))
  }

  /// Whether a number lies between the limits.
  func holds(_ x: Double) -> Bool {
    guard x.isFinite, let place = place(x) else { return false }
    return place >= -0.001 && place <= 1.001
  }

  /// The number at a place; the inverse of `place`.
  func value(at place: Double) -> Double {
    if kind == .linear { return lower + (upper / 2 - lower / 2) * 2 * place }
    return pow(10, log10(lower) + (log10(upper) - log10(lower)) * place)
  }

  /// Chooses limits around the data (`range`, if valid, fixes them) and ticks at most `tickCount` of them labelled.
  ///
  /// - Parameters:
  ///   - padding: share of the span added at each end.
  ///   - zeroBased: let a linear axis begin at zero when the data are positive and come near it.
  init(
    _ kind: Figure.Scale, data: [Double], range: [Double]? = nil, tickCount: Int, padding: Double = 0.04,
    zeroBased: Bool = false
  ) {
    self.kind = kind
    let usable = data.filter { $0.isFinite && (kind == .linear || $0 > 0) }
    if let range, range.count == 2, range[0].isFinite, range[1].isFinite, range[0] != range[1],
      kind == .linear || (range[0] > 0 && range[1] > 0)
    {
      lower = min(range[0], range[1])
      upper = max(range[0], range[1])
    } else {
      let limits = AxisScale.limits(kind, usable, padding: padding, zeroBased: zeroBased)
      lower = limits.0
      upper = limits.1
    }
    if kind == .log {
      ticks = LogTicks.make(lower: lower, upper: upper, count: tickCount, data: usable)
      factorExponent = nil
    } else {
      let made = LinearTicks.make(lower: lower, upper: upper, count: tickCount)
      ticks = made.ticks
      factorExponent = made.factor
    }
  }

  /// An axis of names at 0, 1, 2 ….
  init(categories: [String]) {
    kind = .linear
    lower = -0.5
    upper = Double(max(1, categories.count)) - 0.5
    ticks = categories.enumerated().map { Tick(value: Double($0), label: $1) }
    factorExponent = nil
  }

  private static func limits(_ kind: Figure.Scale, _ data: [Double], padding: Double, zeroBased: Bool) -> (
    Double, Double
  ) {
    guard let low = data.min(), let high = data.max() else { return kind == .linear ? (0, 1) : (1, 10) }
    if kind == .log {
      let a = log10(low), b = log10(high)
      let space = b - a < 1e-9 ? 0.35 : (b - a) * padding
      return (max(pow(10, a - space), .leastNonzeroMagnitude), finite(pow(10, b + space)))
    }
    let (a, b) = (low, high)
    let largest = max(abs(a), abs(b))
    if b / 2 - a / 2 <= largest * 1e-12 {
      let space = largest == 0 ? 1 : max(largest * 0.1, .leastNormalMagnitude)
      return (finite(a - space), finite(b + space))
    }
    let space = (b / 2 - a / 2) * (2 * padding)
    let startsAtZero = zeroBased && a >= 0 && a < 0.35 * b
    let endsAtZero = zeroBased && b <= 0 && b > 0.35 * a
    return (startsAtZero ? 0 : finite(a - space), endsAtZero ? 0 : finite(b + space))
  }

  private static func finite(_ x: Double) -> Double { min(max(x, -.greatestFiniteMagnitude), .greatestFiniteMagnitude) }
}

/// Ticks at steps of 1, 2 or 5 times a power of ten.
enum LinearTicks {
  static func make(lower: Double, upper: Double, count: Int) -> (ticks: [AxisScale.Tick], factor: Int?) {
    let half = upper / 2 - lower / 2
    let rough = half / Double(max(1, count)) * 2
    guard rough > 0, rough.isFinite else { return ([], nil) }
    let exponent = Int(saturating: log10(rough).rounded(.down))
    guard exponent > -306 else { return ([], nil) }
    // In units of the power of ten below the step, so that nothing overflows and labels come out exactly.
    let unit = power(exponent)
    let mantissa = rough / unit
    let step: Double = mantissa <= 1.0000001 ? 1 : mantissa <= 2.0000001 ? 2 : mantissa <= 5.0000001 ? 5 : 10
    let first = (lower / unit / step - 1e-9).rounded(.up), last = (upper / unit / step + 1e-9).rounded(.down)
    guard first.isFinite, last.isFinite, last - first < 200, abs(first) < 1e15, abs(last) < 1e15 else {
      return ([], nil)
    }
    let largest = max(abs(first), abs(last)) * step
    let digits = largest > 0 ? Int(saturating: log10(largest).rounded(.down)) : 0
    let top = digits + exponent
    // Exponents are factored out when plain labels would be long.
    let factor: Int? = top >= 6 || top <= -4 ? Int(saturating: (Double(top) / 3).rounded(.down)) * 3 : nil
    let decimals = max(0, (factor ?? 0) - (step == 10 ? exponent + 1 : exponent))
    var ticks: [AxisScale.Tick] = []
    for i in Int(saturating: first)...max(Int(saturating: first), Int(saturating: last)) {
      let scaled = Double(i) * step
      let value = scaled * unit
      let shown = factor.map { scaled / power($0 - exponent) } ?? value
      var label = NumberFormat.fixed(shown, min(decimals, 15))
      if decimals == 0, abs(shown) < 1e15 { label = NumberFormat.grouped(Int(saturating: shown)) }
      ticks.append(AxisScale.Tick(value: value, label: label.replacingMinus))
    }
    return (ticks.filter { $0.value >= lower - half * 1e-9 && $0.value <= upper + half * 1e-9 }, factor)
  }

  /// Ten to a power, exact where doubles are.
  static func power(_ exponent: Int) -> Double { Double("1e\(exponent)") ?? (exponent < 0 ? 0 : .infinity) }
}

/// Ticks of a logarithmic axis: powers of ten with minor ticks, 1-2-5 inside a few decades, powers of two when the
/// data are.
enum LogTicks {
  static func make(lower: Double, upper: Double, count: Int, data: [Double]) -> [AxisScale.Tick] {
    let decades = log10(upper) - log10(lower)
    if decades < 0.5 { return within(lower, upper, count) }
    if isBinary(data), decades < 6 { return binary(lower, upper, count) }
    let low = Int(saturating: log10(lower).rounded(.down)), high = Int(saturating: log10(upper).rounded(.up))
    let whole = (low...high).filter { inside(LinearTicks.power($0), lower, upper) }
    if whole.count < 3 {
      let mantissas = decades < 1.1 ? [1, 2, 3, 4, 5, 6, 8] : Double(count) / decades >= 2.9 ? [1, 2, 5] : [1, 3]
      return decimal(lower, upper, low...high, mantissas: mantissas)
    }
    let every = [1, 2, 5, 10, 20, 50, 100, 200].first { whole.count <= $0 * max(1, count) } ?? 500
    let usesPowers = high > 5 || low < -4
    var ticks: [AxisScale.Tick] = []
    for exponent in low...high {
      let value = LinearTicks.power(exponent)
      if inside(value, lower, upper) {
        let isMajor = (exponent % every + every) % every == 0
        if isMajor || every <= 5 {
          ticks.append(isMajor ? label(exponent, usesPowers) : AxisScale.Tick(value: value, label: ""))
        }
      }
      guard every == 1, decades < 8 else { continue }
      for m in 2...9 where inside(value * Double(m), lower, upper) {
        ticks.append(AxisScale.Tick(value: value * Double(m), label: ""))
      }
    }
    return ticks
  }

  private static func inside(_ x: Double, _ lower: Double, _ upper: Double) -> Bool {
    x > 0 && x.isFinite && x >= lower * 0.999999 && x <= upper * 1.000001
  }

  private static func label(_ exponent: Int, _ usesPowers: Bool) -> AxisScale.Tick {
    let value = LinearTicks.power(exponent)
    if usesPowers { return AxisScale.Tick(value: value, label: "10", exponent: String(exponent).replacingMinus) }
    return AxisScale.Tick(value: value, label: plain(value))
  }

  private static func plain(_ x: Double) -> String {
    if x >= 1 && x < 1e9 && x == x.rounded() { return NumberFormat.grouped(Int(saturating: x)) }
    return NumberFormat.short(x, digits: 6).replacingMinus
  }

  private static func decimal(_ lower: Double, _ upper: Double, _ exponents: ClosedRange<Int>, mantissas: [Int])
    -> [AxisScale.Tick]
  {
    var ticks: [AxisScale.Tick] = []
    for exponent in exponents {
      for m in 1...9 {
        let value = LinearTicks.power(exponent) * Double(m)
        guard inside(value, lower, upper) else { continue }
        let text = Double("\(m)e\(exponent)").map(plain) ?? ""
        ticks.append(AxisScale.Tick(value: value, label: mantissas.contains(m) ? text : ""))
      }
    }
    return ticks
  }

  private static func within(_ lower: Double, _ upper: Double, _ count: Int) -> [AxisScale.Tick] {
    let made = LinearTicks.make(lower: lower, upper: upper, count: count)
    return made.ticks.filter { $0.value > 0 }.map { tick in
      guard let factor = made.factor else { return tick }
      return AxisScale.Tick(value: tick.value, label: tick.label + "e" + String(factor).replacingMinus)
    }
  }

  /// True when most of the distinct places are powers of two beyond the trivial ones.
  private static func isBinary(_ data: [Double]) -> Bool {
    var places: Set<Double> = []
    for place in data where places.insert(place).inserted && places.count == 200 { return false }
    guard places.count >= 4 else { return false }
    let powers = places.filter { $0.significand == 1 && $0 != 1 }.count
    let tens = places.contains { $0 == 10 || $0 == 100 || $0 == 1000 || $0 == 0.1 || $0 == 0.01 }
    return powers >= 4 && !tens && Double(powers) >= 0.4 * Double(places.count)
  }

  private static func binary(_ lower: Double, _ upper: Double, _ count: Int) -> [AxisScale.Tick] {
    let low = Int(saturating: log2(lower).rounded(.down)), high = Int(saturating: log2(upper).rounded(.up))
    let all = (low...high).filter { inside(exp2(Double($0)), lower, upper) }
    let every = max(1, (all.count + count - 1) / max(1, count))
    return all.enumerated().map { i, exponent in
      let value = exp2(Double(exponent))
      return AxisScale.Tick(value: value, label: i % every == 0 ? plain(value) : "")
    }
  }
}

extension String {
  /// With a true minus sign.
  var replacingMinus: String { String(map { $0 == "-" ? "−" : $0 }) }
}
