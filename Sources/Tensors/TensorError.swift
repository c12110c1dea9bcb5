/// What is wrong with an operation on tensors: data for programs, words for the user.
public struct TensorError: Error, Sendable, Equatable {
  /// The mistake and the operands it is about.
  public enum Kind: Sendable, Equatable {
    /// Shapes that do not broadcast, multiply, join … in `operation`.
    case shapeMismatch(operation: String, left: Shape, right: Shape)
    /// Types that do not go together in `operation`.
    case typeMismatch(operation: String, left: ElementType, right: ElementType)
    /// A type that `operation` does not take.
    case badType(operation: String, type: ElementType)
    /// Counts differ.
    case reshape(from: Shape, to: Shape)
    /// An extent is negative.
    case badShape(Shape)
    /// More than 2^47 bytes.
    case tooLarge(Shape)
    /// The pool's limit or the system's memory.
    case outOfMemory(bytes: Int)
    /// An axis that a shape does not have.
    case badAxis(operation: String, axis: Int, shape: Shape)
    /// An index outside 0 ..< count (or -count ..< 0).
    case badIndex(operation: String, index: Int, count: Int)
    /// Number of values and shape disagree.
    case wrongCount(Int, shape: Shape)
    /// A tensor that reaches past its storage.
    case outOfBounds(bytes: Int, shape: Shape)
    /// A matrix without the property that `operation` needs (positive definite, non-singular …).
    case notSolvable(operation: String, reason: String)
    /// A library that `operation` needs is not installed.
    case missingLibrary(operation: String, library: String)
    /// A file that is not what it should be.
    case badFile(path: String, reason: String)
    /// Anything else.
    case other(operation: String)
  }
  /// The mistake as data.
  public let kind: Kind
  /// One sentence without a full stop: what is wrong, naming both operands.
  public let message: String
  /// How to mend it, if that is known.
  public let help: String?

  /// What is wrong, without the path of the file that it is about.
  public var reason: String { if case .badFile(_, let reason) = kind { reason } else { message } }

  /// An error with its own words.
  public init(_ kind: Kind, _ message: String, help: String? = nil) {
    self.kind = kind
    self.message = message
    self.help = help
  }
}

/// A shape as the language writes it: `[2, 3]`, and `[]` for a number.
public func describe(_ shape: Shape) -> String { "[" + shape.map(String.init).joined(separator: ", ") + "]" }

extension TensorError {
  /// Two shapes that do not fit in `operation`.
  public static func shapes(_ operation: String, _ left: Shape, _ right: Shape, help: String? = nil) -> TensorError {
    TensorError(
      .shapeMismatch(operation: operation, left: left, right: right),
      "\(operation): shapes \(describe(left)) and \(describe(right)) do not fit", help: help)
  }
  /// Two types that do not fit in `operation`.
  public static func types(_ operation: String, _ left: ElementType, _ right: ElementType) -> TensorError {
    TensorError(
      .typeMismatch(operation: operation, left: left, right: right),
      "\(operation): types \(left.name) and \(right.name) do not go together", help: "convert one of them with `cast`")
  }
  /// A type that `operation` does not take.
  public static func type(_ operation: String, _ type: ElementType, help: String? = nil) -> TensorError {
    TensorError(
      .badType(operation: operation, type: type), "\(operation) does not take \(type.name) tensors", help: help)
  }
  /// Reshape between different counts.
  public static func reshape(from: Shape, to: Shape) -> TensorError {
    let count = (try? elementCount(from)) ?? 0
    return TensorError(
      .reshape(from: from, to: to),
      "a tensor of shape \(describe(from)) with \(count) elements cannot take the shape \(describe(to))")
  }
  /// A negative extent.
  public static func badShape(_ shape: Shape) -> TensorError {
    TensorError(.badShape(shape), "\(describe(shape)) is no shape: an extent is negative")
  }
  /// More elements than can be addressed.
  public static func tooLarge(_ shape: Shape) -> TensorError {
    TensorError(.tooLarge(shape), "a tensor of shape \(describe(shape)) is too large")
  }
  /// No memory. The message is the same whenever the program runs with this limit; what others hold is not.
  public static func outOfMemory(bytes: Int) -> TensorError {
    TensorError(
      .outOfMemory(bytes: bytes), "there is no memory for \(bytes) more bytes",
      help: "\(MemoryPool.liveBytes) bytes are in use; make the tensors smaller, or raise --max-memory")
  }
  /// An axis outside the rank.
  public static func axis(_ operation: String, _ axis: Int, _ shape: Shape) -> TensorError {
    TensorError(
      .badAxis(operation: operation, axis: axis, shape: shape),
      "\(operation): a tensor of shape \(describe(shape)) has no axis \(axis)")
  }
  /// An index outside its range.
  public static func index(_ operation: String, _ index: Int, count: Int) -> TensorError {
    TensorError(
      .badIndex(operation: operation, index: index, count: count), "\(operation): index \(index) is out of range",
      help: count == 0 ? "there are no elements" : "indexes go from 0 to \(count - 1), or from -\(count) to -1")
  }
  /// A count of values that does not fill a shape.
  public static func wrongCount(_ count: Int, shape: Shape) -> TensorError {
    TensorError(.wrongCount(count, shape: shape), "\(count) values do not fill the shape \(describe(shape))")
  }
  /// A tensor that reaches past its storage.
  public static func outOfBounds(bytes: Int, shape: Shape) -> TensorError {
    TensorError(
      .outOfBounds(bytes: bytes, shape: shape), "a tensor of shape \(describe(shape)) does not fit into \(bytes) bytes")
  }
  /// A matrix without the property needed.
  public static func notSolvable(_ operation: String, _ reason: String) -> TensorError {
    TensorError(.notSolvable(operation: operation, reason: reason), "\(operation): \(reason)")
  }
  /// A library that is not installed; how Debian's and Homebrew's packages of it are called.
  public static func missingLibrary(_ operation: String, _ library: String, debian: String, brew: String) -> TensorError
  {
    TensorError(
      .missingLibrary(operation: operation, library: library), "\(operation) needs \(library), which is not installed",
      help: "`sudo apt-get install \(debian)`, or `brew install \(brew)`; nothing else of Exp needs it")
  }
  /// A file that is not what it should be.
  public static func file(_ path: String, _ reason: String, help: String? = nil) -> TensorError {
    TensorError(.badFile(path: path, reason: reason), "\(path): \(reason)", help: help)
  }
}
