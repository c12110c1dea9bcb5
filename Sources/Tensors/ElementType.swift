/// What a tensor's elements are.
public enum ElementType: UInt8, Sendable, CaseIterable, Hashable {
  case f32, f64, i32, i64, bool

  /// Bytes per element; a bool takes one byte, 0 or 1.
  public var byteCount: Int {
    switch self {
    case .f32, .i32: 4
    case .f64, .i64: 8
    case .bool: 1
    }
  }
  /// Whether it is f32 or f64.
  public var isFloat: Bool { self == .f32 || self == .f64 }
  /// The name in the language.
  public var name: String {
    switch self {
    case .f32: "f32"
    case .f64: "f64"
    case .i32: "i32"
    case .i64: "i64"
    case .bool: "bool"
    }
  }
}

/// Extents of a tensor, outermost axis first; `[]` is rank 0. Memory is always contiguous and row-major.
public typealias Shape = [Int]
