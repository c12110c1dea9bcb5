#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What tells two states of a file apart without reading it. `FileManager` would look up its owner's name as well, in
/// files of the system, each time.
public struct FileFacts: Hashable, Sendable {
  /// Bytes.
  public let size: Int
  /// When its content was last changed: seconds since 1970, and nanoseconds of that second.
  public let seconds: Int
  /// See `seconds`.
  public let nanoseconds: Int
  /// The number of the file in its file system: another one where a file was replaced.
  public let number: UInt64

  /// What a path leads to.
  public enum Kind: Hashable, Sendable {
    /// Bytes that lie there.
    case file
    /// A folder.
    case folder
    /// A pipe, socket or device, whose reading may never end.
    case other
  }
  /// See `Kind`.
  public let kind: Kind

  /// Of the file that a path leads to, through links; nil when there is none (`stat(2)`).
  public init?(_ path: String) {
    var facts = stat()
    guard stat(path, &facts) == 0 else { return nil }
    size = Int(facts.st_size)
    #if canImport(Darwin)
      let changed = facts.st_mtimespec
    #else
      let changed = facts.st_mtim
    #endif
    (seconds, nanoseconds) = (Int(changed.tv_sec), Int(changed.tv_nsec))
    number = UInt64(facts.st_ino)
    kind =
      switch facts.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .folder
      default: .other
      }
  }

  /// Whether the last change was so long ago that a further one has another time: clocks of file systems go by steps, and a
  /// file that is replaced may get the number of the one before it.
  public var isSettled: Bool { Int(time(nil)) - seconds > 2 }
}
