import Tensors

/// What this binary is.
enum Version {
  /// Version of Exp.
  static let exp = "0.1.0"
  /// One line for `exp --version`.
  static var line: String { "Exp \(exp), numerics \(numericsVersion)" }
}
