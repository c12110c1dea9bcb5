import Notation
import Synchronization

/// A file of records that only grows: one JSON line per record, a checksum in it, so that a line cut short by a crash
/// is known and skipped. An appended record survives `kill -9` at once and a loss of power after the next `sync`
/// (callers sync about every second). Safe to use from any thread.
public final class RecordLog: @unchecked Sendable {
  /// Where it lies.
  public let path: String
  private let files: RunFiles
  private let file: FileDescriptor
  private let lock = Mutex(())
  private var isUnsynced = false
  private var isClosed = false

  /// Opens a log for appending, creating it (durably) when absent. A last line cut short is closed off. Throws
  /// `FileError`.
  public init(_ path: String, files: RunFiles = RunFiles()) throws {
    self.path = path
    self.files = files
    let isNew = !files.fileSystem.exists(path)
    let endsInside = isNew ? false : try files.fileSystem.read(path).last.map { $0 != 0x0A } ?? false
    file = try files.fileSystem.append(path)
    if isNew { try files.fileSystem.syncFolder(RunFiles.parent(of: path)) }
    if endsInside { try files.fileSystem.write([0x0A], to: file) }
  }

  deinit { try? close() }

  /// Appends one record. Throws `FileError` when it could not be written.
  public func append(_ record: JSON) throws {
    let line = RecordLog.line(record)
    try lock.withLock { _ in
      try files.fileSystem.write(line, to: file)
      isUnsynced = true
    }
  }

  /// Returns when all appended records survive a loss of power. Cheap when there is nothing new.
  public func sync() throws {
    try lock.withLock { _ in
      guard isUnsynced else { return }
      try files.fileSystem.sync(file)
      isUnsynced = false
    }
  }

  /// Syncs and gives the file back; later calls do nothing.
  public func close() throws {
    try lock.withLock { _ in
      guard !isClosed else { return }
      isClosed = true
      if isUnsynced { try files.fileSystem.sync(file) }
      try files.fileSystem.close(file)
    }
  }

  /// The records of a log in order, and how many lines were damaged and skipped.
  public static func read(_ bytes: [UInt8]) -> (records: [JSON], damaged: Int) {
    var records: [JSON] = [], damaged = 0
    for line in bytes.split(separator: 0x0A) {
      guard let body = body(of: line), let record = try? JSON.read(body) else {
        damaged += 1
        continue
      }
      records.append(record)
    }
    return (records, damaged)
  }

  /// Reads a log from a file; an absent one is empty. Throws `FileError`.
  public static func read(
    _ path: String, fileSystem: any FileSystem = DiskFileSystem.shared
  ) throws -> (records: [JSON], damaged: Int) {
    fileSystem.exists(path) ? read(try fileSystem.read(path)) : ([], 0)
  }

  private static let opening = Array("{\"check\":\"".utf8), middle = Array("\",\"record\":".utf8)

  /// `{"check": first 16 digits of the record's SHA-256, "record": the record}` and a newline.
  static func line(_ record: JSON) -> [UInt8] {
    let body = Array(record.compact.utf8)
    return opening + SHA256.hex(body).utf8.prefix(16) + middle + body + [0x7D, 0x0A]
  }

  /// The bytes of the record in a line, if the line is whole.
  private static func body(of line: ArraySlice<UInt8>) -> [UInt8]? {
    let line = Array(line)
    let start = opening.count + 16 + middle.count
    guard line.count > start, line.starts(with: opening), line.last == 0x7D,
      Array(line[opening.count + 16..<start]) == middle
    else { return nil }
    let body = Array(line[start..<line.count - 1])
    return line[opening.count..<opening.count + 16].elementsEqual(SHA256.hex(body).utf8.prefix(16)) ? body : nil
  }
}
