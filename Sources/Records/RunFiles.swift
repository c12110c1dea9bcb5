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

  /// Writes a file, replacing an older one at one stroke. Throws `FileError`; then the older one still stands.
  public func write(_ bytes: [UInt8], to path: String) throws {
    _ = try place(bytes, at: path) { temporary in
      try fileSystem.rename(temporary, to: path)
      return true
    }
  }

  /// Writes a text as UTF-8, replacing an older file at one stroke.
  public func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

  /// Writes a file that must be new: the first wins. False when the name is taken; then what stands there is untouched.
  /// It is made in `folder`, of the same disk, when one is given.
  public func commit(_ bytes: [UInt8], to path: String, by folder: String? = nil) throws -> Bool {
    try place(bytes, at: path, by: folder) { temporary in
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
      throw error
    }
  }

  private func place(
    _ bytes: [UInt8], at path: String, by folder: String? = nil, finish: (String) throws -> Bool
  ) throws -> Bool {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let (temporary, file) = try createTemporary(beside: folder.map { $0 + "/" + name } ?? path)
    do {
      do {
        try fileSystem.write(bytes, to: file)
        try fileSystem.sync(file)
      } catch {
        try? fileSystem.close(file)
        throw error
      }
      try fileSystem.close(file)
      let result = try finish(temporary)
      try fileSystem.syncFolder(RunFiles.parent(of: path))
      return result
    } catch {
      try? fileSystem.remove(temporary)
      if var named = error as? FileError {
        if named.path != path { named.path = path }
        throw named
      }
      throw error
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
