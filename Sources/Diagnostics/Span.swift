/// A half-open range of UTF-8 bytes in one source file.
public struct Span: Hashable, Sendable {
  /// Which file, as numbered by `SourceStore`; 0 is "no file" (synthetic code).
  public var file: UInt32
  /// Offset of the first byte.
  public var lower: UInt32
  /// Offset past the last byte.
  public var upper: UInt32

  /// Makes a span of bytes `lower..<upper` of `file`.
  public init(file: UInt32, lower: Int, upper: Int) {
    self.file = file
    self.lower = UInt32(clamping: lower)
    self.upper = UInt32(clamping: max(lower, upper))
  }

  /// The place of code that no file holds.
  public static let none = Span(file: 0, lower: 0, upper: 0)

  /// The smallest span that covers both; `other` must be in the same file.
  public func joined(_ other: Span) -> Span {
    Span(file: file, lower: Int(min(lower, other.lower)), upper: Int(max(upper, other.upper)))
  }
}
