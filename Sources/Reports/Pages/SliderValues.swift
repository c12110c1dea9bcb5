import Foundation
import Notation

/// The values that a slider goes through between two bounds: round ones, the bounds, and the one it began with.
enum SliderValues {
  /// Ascending. Positive bounds, of which one is a hundred times the other, are gone through by their order of magnitude. With `isOpen`
  /// the upper one is left out. Nil where the bounds are too near or too far for steps between them.
  static func between(_ lower: Double, _ upper: Double, isOpen: Bool, initial: Double?) -> [Double]? {
    let width = upper - lower
    guard width.isFinite, width > 1e-300, width > 1e-9 * max(abs(lower), abs(upper)) else { return nil }
    let round = lower > 0 && upper / lower >= 100 ? magnitudes(lower, upper) : steps(lower, upper)
    let all = round + [lower, upper] + (initial.map { [$0] } ?? [])
    return Set(all.filter { $0 >= lower && (isOpen ? $0 < upper : $0 <= upper) }).sorted()
  }

  /// A hundred to 250 multiples of 1, 2 or 5 times a power of ten.
  private static func steps(_ lower: Double, _ upper: Double) -> [Double] {
    let least = (upper - lower) / 250
    var power = Int(log10(least).rounded(.down))
    let digits = [1, 2, 5].first { Double("\($0)e\(power)") ?? 0 >= least } ?? 10
    let digit = digits == 10 ? 1 : digits
    if digits == 10 { power += 1 }
    let step = Double("\(digit)e\(power)") ?? 1
    let first = (lower / step).rounded(.down), last = (upper / step).rounded(.up)
    guard abs(first) < 1e15, abs(last) < 1e15 else { return [] }
    return (Int(first)...Int(last)).compactMap { Double("\($0 * digit)e\(power)") }
  }

  /// About 23 numbers of two digits for each power of ten; of many powers three.
  private static func magnitudes(_ lower: Double, _ upper: Double) -> [Double] {
    let powers = Int(log10(lower).rounded(.down))...Int(log10(upper).rounded(.up))
    let fine = [10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 25, 28, 30, 35, 40, 45, 50, 55, 60, 65, 70, 80, 90]
    let digits = powers.count > 12 ? [10, 20, 50] : fine
    return powers.flatMap { power in digits.compactMap { Double("\($0)e\(power - 1)") } }
  }
}
