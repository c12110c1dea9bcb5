import ArgumentParser

/// A whole number on the command line, told with its range where it is none.
enum NumberArgument {
  /// How a number of a range is read from the text after an option. Throws `ValidationError`.
  static func within(_ range: ClosedRange<Int>) -> (String) throws -> Int {
    { text in
      guard let number = Int(text), range.contains(number) else {
        throw ValidationError("a whole number from \(range.lowerBound) to \(range.upperBound) is wanted")
      }
      return number
    }
  }
}
