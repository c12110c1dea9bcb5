import ArgumentParser

/// Sizes of memory as people type them.
enum MemorySize {
  private static let units: [Character: Int] = ["k": 10, "m": 20, "g": 30, "t": 40]

  /// `500M`, `4G`, `4GiB`, `1.5g` or a number of bytes; nil for anything else, and for less than 16 MiB, with which
  /// nothing runs.
  static func bytes(_ text: String) -> Int? {
    var rest = Substring(text.lowercased())
    if rest.hasSuffix("ib") { rest = rest.dropLast(2) } else if rest.hasSuffix("b") { rest = rest.dropLast() }
    var shift = 0
    if let last = rest.last, let unit = units[last] {
      shift = unit
      rest = rest.dropLast()
    }
    guard let number = Double(rest), number.isFinite, number > 0 else { return nil }
    let bytes = number * Double(1 << shift)
    guard bytes >= Double(16 << 20), bytes < Double(1 << 50) else { return nil }
    return Int(bytes)
  }

  /// Complains about a size that cannot be meant.
  static func validate(_ text: String?) throws {
    guard let text, bytes(text) == nil else { return }
    throw ValidationError(
      "--max-memory takes a size of at least 16 MiB such as 500M, 4G or a number of bytes, not '\(text)'")
  }
}
