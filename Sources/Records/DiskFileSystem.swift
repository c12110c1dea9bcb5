#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The machine's own files, through POSIX calls. Interrupted calls are repeated. Safe to use from any thread.
public final class DiskFileSystem: FileSystem {
  /// The one file system of the process.
  public static let shared = DiskFileSystem()

  /// Makes a file system.
  public init() {}

  /// `mkdir(2)`.
  public func makeFolder(_ path: String) throws -> Bool {
    if mkdir(path, 0o777) == 0 { return true }
    let code = errno
    if code == EEXIST { return false }
    throw DiskFileSystem.error("make the folder", path, code)
  }

  /// `open(2)` of a new file.
  public func create(_ path: String) throws -> FileDescriptor {
    try open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, "create")
  }

  /// `open(2)` for appending.
  public func append(_ path: String) throws -> FileDescriptor {
    try open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, "open")
  }

  /// `write(2)` until all is written.
  public func write(_ bytes: [UInt8], to file: FileDescriptor) throws {
    try bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        guard let start = buffer.baseAddress else { return }
        #if canImport(Darwin)
          let n = Darwin.write(file.number, start + done, buffer.count - done)
        #elseif canImport(Musl)
          let n = Musl.write(file.number, start + done, buffer.count - done)
        #else
          let n = Glibc.write(file.number, start + done, buffer.count - done)
        #endif
        if n < 0 {
          let code = errno
          if code == EINTR { continue }
          throw DiskFileSystem.error("write", file.path, code)
        }
        done += n
      }
    }
  }

  /// `fsync(2)`.
  public func sync(_ file: FileDescriptor) throws {
    while fsync(file.number) != 0 {
      let code = errno
      // Pipes and some network folders cannot be synced; what cannot be promised there is not an error of the run.
      if code == EINVAL || code == EROFS || code == ENOTSUP { return }
      if code != EINTR { throw DiskFileSystem.error("secure", file.path, code) }
    }
  }

  /// `close(2)`.
  public func close(_ file: FileDescriptor) throws {
    #if canImport(Darwin)
      let status = Darwin.close(file.number)
    #elseif canImport(Musl)
      let status = Musl.close(file.number)
    #else
      let status = Glibc.close(file.number)
    #endif
    let code = errno
    if status != 0 && code != EINTR { throw DiskFileSystem.error("close", file.path, code) }
  }

  /// `fsync(2)` of the folder.
  public func syncFolder(_ path: String) throws {
    let folder = try open(path, O_RDONLY | O_CLOEXEC, "open")
    defer { try? close(folder) }
    try sync(folder)
  }

  /// `rename(2)`.
  public func rename(_ from: String, to: String) throws {
    #if canImport(Darwin)
      let status = Darwin.rename(from, to)
    #elseif canImport(Musl)
      let status = Musl.rename(from, to)
    #else
      let status = Glibc.rename(from, to)
    #endif
    if status != 0 { throw DiskFileSystem.error("rename", from, errno) }
  }

  /// `link(2)`.
  public func link(_ from: String, to: String) throws -> Bool {
    #if canImport(Darwin)
      let status = Darwin.link(from, to)
    #elseif canImport(Musl)
      let status = Musl.link(from, to)
    #else
      let status = Glibc.link(from, to)
    #endif
    if status == 0 { return true }
    let code = errno
    if code == EEXIST { return false }
    throw DiskFileSystem.error("link", to, code)
  }

  /// `unlink(2)`.
  public func remove(_ path: String) throws {
    if unlink(path) != 0 { throw DiskFileSystem.error("remove", path, errno) }
  }

  /// `rmdir(2)`.
  public func removeFolder(_ path: String) throws {
    if rmdir(path) != 0 { throw DiskFileSystem.error("remove", path, errno) }
  }

  /// The file from a place on.
  public func read(_ path: String, from start: Int) throws -> [UInt8] {
    let file = try open(path, O_RDONLY | O_CLOEXEC, "open")
    defer { try? close(file) }
    if start > 0, lseek(file.number, off_t(start), SEEK_SET) < 0 { throw DiskFileSystem.error("read", path, errno) }
    var bytes: [UInt8] = []
    var facts = stat()
    let size = fstat(file.number, &facts) == 0 ? Int(facts.st_size) : 0
    var chunk = [UInt8](repeating: 0, count: max(256, min(size + 1, 1 << 20)))
    while true {
      let n = readSome(file.number, &chunk)
      if n < 0 {
        let code = errno
        if code == EINTR { continue }
        throw DiskFileSystem.error("read", path, code)
      }
      if n == 0 { return bytes }
      bytes += chunk[0..<n]
    }
  }

  /// Pieces of the file by their places in bytes; one that the file no longer has is shorter.
  public func read(_ path: String, pieces: [(start: Int, count: Int)]) throws -> [[UInt8]] {
    let file = try open(path, O_RDONLY | O_CLOEXEC, "open")
    defer { try? close(file) }
    return try pieces.map { piece in
      var bytes = [UInt8](repeating: 0, count: piece.count)
      var done = 0
      while done < piece.count {
        let n = bytes.withUnsafeMutableBytes { buffer in
          pread(file.number, buffer.baseAddress.map { $0 + done }, piece.count - done, off_t(piece.start + done))
        }
        if n < 0 {
          let code = errno
          if code == EINTR { continue }
          throw DiskFileSystem.error("read", path, code)
        }
        if n == 0 { break }
        done += n
      }
      return done < piece.count ? Array(bytes[..<done]) : bytes
    }
  }

  /// `readdir(3)`.
  public func list(_ path: String) throws -> [String] {
    guard let folder = opendir(path) else { throw DiskFileSystem.error("open", path, errno) }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
        field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name == "." || name == ".." { continue }
      var isFolder = entry.pointee.d_type == DT_DIR
      if entry.pointee.d_type == DT_UNKNOWN {
        var facts = stat()
        isFolder = stat(path + "/" + name, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
      }
      names.append(isFolder ? name + "/" : name)
    }
    return names.sorted()
  }

  /// `access(2)`.
  public func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  private func open(_ path: String, _ flags: Int32, _ verb: String) throws -> FileDescriptor {
    while true {
      #if canImport(Darwin)
        let number = Darwin.open(path, flags, 0o666)
      #elseif canImport(Musl)
        let number = Musl.open(path, flags, 0o666)
      #else
        let number = Glibc.open(path, flags, 0o666)
      #endif
      if number >= 0 { return FileDescriptor(number, path: path) }
      let code = errno
      if code != EINTR { throw DiskFileSystem.error(verb, path, code) }
    }
  }

  private static func error(_ operation: String, _ path: String, _ code: Int32) -> FileError {
    FileError(operation: operation, path: path, code: code, reason: String(cString: strerror(code)))
  }
}

/// `read(2)`, outside the class because its own `read` would hide the name.
private func readSome(_ file: Int32, _ chunk: inout [UInt8]) -> Int {
  chunk.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
}
