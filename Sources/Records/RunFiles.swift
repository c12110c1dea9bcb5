#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes files so that after a crash or a loss of power each is there whole or not at all: into a fresh file beside
/// the final name, sync, rename (or link), sync of the folder. When a call returns, its file is safe; when it throws,
/// the old contents still stand.
public final class RunFiles: Sendable {
  /// Where the files lie.
  public let fileSystem: any FileSystem

  /// Writes through a file system.
  public init(_ fileSystem: any FileSystem = DiskFileSystem.shared) { self.fileSystem = fileSystem }

  /// Makes a folder and those above it that are missing, durably. Throws `FileError`.
  public func makeFolders(_ path: String) throws {
    guard !path.isEmpty, !fileSystem.exists(path) else { return }
    let parent = RunFiles.parent(of: path)
    if parent != path { try makeFolders(parent) }
    if try fileSystem.makeFolder(path) { try fileSystem.syncFolder(parent) }
  }

  /// Makes a folder that must be new, durably; false when the name is taken. The folder above must exist.
  public func makeNewFolder(_ path: String) throws -> Bool {
    guard try fileSystem.makeFolder(path) else { return false }
    try fileSystem.syncFolder(RunFiles.parent(of: path))
    return true
  }

  /// A file that is to be: where, and what stands in it.
  public struct Content: Sendable {
    /// Where it shall lie.
    public var path: String
    /// All of it.
    public var bytes: [UInt8]

    /// Of bytes.
    public init(_ path: String, _ bytes: [UInt8]) {
      self.path = path
      self.bytes = bytes
    }

    /// Of a text, as UTF-8.
    public init(_ path: String, _ text: String) { self.init(path, Array(text.utf8)) }
  }

  /// Writes a file, replacing an older one at one stroke. Throws `FileError`; then the older one still stands.
  public func write(_ bytes: [UInt8], to path: String) throws { try write([Content(path, bytes)]) }

  /// Writes several files, each as if it were written alone, in less time: none takes its name before the contents of all are
  /// safe, they take their names in order, and a folder of many is synced once. Throws `FileError`; then each is the old one
  /// or the new one, whole.
  public func write(_ contents: [Content]) throws {
    _ = try place(contents) { temporary, path in
      try fileSystem.rename(temporary, to: path)
      return true
    }
  }

  /// Writes a text as UTF-8, replacing an older file at one stroke.
  public func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

  /// Writes a file that must be new: the first wins. False when the name is taken; then what stands there is untouched.
  /// It is made in `folder`, of the same disk, when one is given.
  public func commit(_ bytes: [UInt8], to path: String, by folder: String? = nil) throws -> Bool {
    try place([Content(path, bytes)], by: folder) { temporary, path in
      let isFirst = try fileSystem.link(temporary, to: path)
      try fileSystem.remove(temporary)
      return isFirst
    }
  }

  /// Folder part of a path; `.` for a bare name.
  public static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Writes a file at one stroke without waiting for the disk: whole or absent for other processes, not after a loss of
  /// power. For what matters only while processes live. When it must be new and is not, false.
  @discardableResult public func leave(_ bytes: [UInt8], at path: String, mustBeNew: Bool = false) throws -> Bool {
    let (temporary, file) = try createTemporary(beside: path)
    do {
      do { try fileSystem.write(bytes, to: file) } catch {
        try? fileSystem.close(file)
        throw error
      }
      try fileSystem.close(file)
      guard mustBeNew else {
        try fileSystem.rename(temporary, to: path)
        return true
      }
      let isFirst = try fileSystem.link(temporary, to: path)
      try fileSystem.remove(temporary)
      return isFirst
    } catch {
      try? fileSystem.remove(temporary)
      throw RunFiles.named(error, path)
    }
  }

  /// An error that names the file that was to be, not the one in which it was made.
  private static func named(_ error: any Error, _ path: String) -> any Error {
    guard var named = error as? FileError else { return error }
    named.path = path
    return named
  }

  /// Files under names of their own, synced; then `finish` gives each its place, in order; then their folders are synced. True
  /// when `finish` says so of all.
  private func place(
    _ contents: [Content], by folder: String? = nil, finish: (_ temporary: String, _ path: String) throws -> Bool
  ) throws -> Bool {
    var written: [(temporary: String, file: FileDescriptor?)] = []
    var at = ""
    do {
      for content in contents {
        at = content.path
        let name = at.split(separator: "/").last.map(String.init) ?? at
        let new = try createTemporary(beside: folder.map { $0 + "/" + name } ?? at)
        written.append((new.path, new.file))
        try fileSystem.write(content.bytes, to: new.file)
      }
      // What the first sync brings to the disk with it, the others need not wait for.
      for (index, content) in contents.enumerated() {
        guard let file = written[index].file else { continue }
        at = content.path
        try fileSystem.sync(file)
        written[index].file = nil
        try fileSystem.close(file)
      }
      var result = true, folders: [String] = []
      for (index, content) in contents.enumerated() {
        at = content.path
        if try !finish(written[index].temporary, at) { result = false }
        let parent = RunFiles.parent(of: at)
        if !folders.contains(parent) { folders.append(parent) }
      }
      for folder in folders { try fileSystem.syncFolder(folder) }
      return result
    } catch {
      for rest in written {
        if let file = rest.file { try? fileSystem.close(file) }
        try? fileSystem.remove(rest.temporary)
      }
      throw RunFiles.named(error, at)
    }
  }

  /// A new file beside a path. Its name carries the process and a counter, so attempts never share one.
  private func createTemporary(beside path: String) throws -> (path: String, file: FileDescriptor) {
    var lastError: Error?
    for attempt in 0..<100 {
      let suffix = ".\(getpid())-\(RunFiles.nextNumber())\(attempt == 0 ? "" : "-\(attempt)").part"
      do {
        let temporary = path + suffix
        return (temporary, try fileSystem.create(temporary))
      } catch let error as FileError where error.code == EEXIST {
        lastError = error
      }
    }
    throw lastError ?? FileError(operation: "create", path: path, code: EEXIST, reason: "no free name")
  }

  private static func nextNumber() -> UInt64 { SystemRandomNumberGenerator.next32() }
}

extension SystemRandomNumberGenerator {
  /// A number for temporary names; nothing that is recorded depends on it.
  fileprivate static func next32() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next() >> 32
  }
}
