/// The few operations on files that recording needs, so that tests can put a disk in their place that is full,
/// forgetful or slow. Every operation throws `FileError`.
public protocol FileSystem: AnyObject, Sendable {
  /// Makes one folder; its parent must exist. False when something of that name exists already.
  func makeFolder(_ path: String) throws -> Bool
  /// Creates a file that must not exist and opens it for writing.
  func create(_ path: String) throws -> FileDescriptor
  /// Opens a file for appending, creating it when absent.
  func append(_ path: String) throws -> FileDescriptor
  /// Writes all bytes.
  func write(_ bytes: [UInt8], to file: FileDescriptor) throws
  /// Returns when what was written will survive a loss of power.
  func sync(_ file: FileDescriptor) throws
  /// Gives the descriptor back.
  func close(_ file: FileDescriptor) throws
  /// Returns when the names in a folder will survive a loss of power.
  func syncFolder(_ path: String) throws
  /// Moves a file to a name in the same folder, replacing what was there at one stroke.
  func rename(_ from: String, to: String) throws
  /// Gives a file a second name. False when that name is taken.
  func link(_ from: String, to: String) throws -> Bool
  /// Removes a file.
  func remove(_ path: String) throws
  /// Removes an empty folder.
  func removeFolder(_ path: String) throws
  /// The contents of a file, from a place in bytes on; empty when it is not that long.
  func read(_ path: String, from start: Int) throws -> [UInt8]
  /// The names in a folder, sorted, folders with a `/` at the end.
  func list(_ path: String) throws -> [String]
  /// True when something of that name exists.
  func exists(_ path: String) -> Bool
}

extension FileSystem {
  /// The contents of a file.
  public func read(_ path: String) throws -> [UInt8] { try read(path, from: 0) }

  /// Removes a folder with all that is in it, as far as that is possible.
  public func removeAll(_ path: String) {
    for name in (try? list(path)) ?? [] {
      if name.hasSuffix("/") { removeAll(path + "/" + name.dropLast()) } else { try? remove(path + "/" + name) }
    }
    try? removeFolder(path)
  }
}

/// An open file of a `FileSystem`.
public struct FileDescriptor: Hashable, Sendable {
  /// The number the file system knows it by.
  public var number: Int32
  /// Where the file lies, for errors.
  public var path: String
  /// Makes a descriptor.
  public init(_ number: Int32, path: String) {
    self.number = number
    self.path = path
  }
}

/// A file operation that failed.
public struct FileError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was tried, as a verb: `write`, `rename`.
  public var operation: String
  /// On which path.
  public var path: String
  /// The system's number for the reason (`errno`).
  public var code: Int32
  /// The system's words for the reason.
  public var reason: String
  /// Makes an error.
  public init(operation: String, path: String, code: Int32, reason: String) {
    self.operation = operation
    self.path = path
    self.code = code
    self.reason = reason
  }
  /// One line, such as `could not write runs/a/run.json: No space left on device`.
  public var description: String { "could not \(operation) \(path): \(reason)" }
}
