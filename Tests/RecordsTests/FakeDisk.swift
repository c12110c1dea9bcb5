@testable import Records

/// A disk in memory that knows what would be left after a loss of power: contents count when their file was synced,
/// names when their folder was. `faults` makes it lie or fail.
final class FakeDisk: FileSystem, @unchecked Sendable {
  enum Fault: Hashable {
    /// The n-th write (from 0) finds the disk full after half its bytes.
    case fullAtWrite(Int)
    /// Syncs of files do nothing, as if the call had been forgotten.
    case skipsFileSync
    /// Syncs of folders do nothing.
    case skipsFolderSync
    /// The n-th operation of any kind fails.
    case failsAt(Int)
  }

  final class File {
    var bytes: [UInt8] = []
    var synced: [UInt8] = []
  }

  var faults: Set<Fault> = []
  /// What another process does just before a folder is removed.
  var beforeRemoval: (_ folder: String) -> Void = { _ in }
  private(set) var names: [String: File] = [:]
  private(set) var syncedNames: [String: File] = [:]
  private var folders: Set<String> = [".", "/"]
  private var syncedFolders: Set<String> = [".", "/"]
  private var open: [Int32: File] = [:]
  private var nextDescriptor: Int32 = 3
  private var writes = 0
  private(set) var operations = 0
  /// What was asked of it in order, such as `rename a.part`.
  private(set) var asked: [String] = []

  var openCount: Int { open.count }

  private func begin(_ what: String, _ path: String) throws {
    defer { operations += 1 }
    asked.append(what + " " + path)
    if faults.contains(.failsAt(operations)) {
      throw FileError(operation: what, path: path, code: 5, reason: "input/output error")
    }
  }

  func makeFolder(_ path: String) throws -> Bool {
    try begin("make the folder", path)
    guard folders.contains(RunFiles.parent(of: path)) else {
      throw FileError(operation: "make the folder", path: path, code: 2, reason: "no folder")
    }
    return folders.insert(path).inserted && names[path] == nil
  }

  func create(_ path: String) throws -> FileDescriptor {
    try begin("create", path)
    guard folders.contains(RunFiles.parent(of: path)) else {
      throw FileError(operation: "create", path: path, code: 2, reason: "no folder")
    }
    guard names[path] == nil else { throw FileError(operation: "create", path: path, code: 17, reason: "exists") }
    names[path] = File()
    return try append(path)
  }

  func append(_ path: String) throws -> FileDescriptor {
    let file = names[path] ?? File()
    names[path] = file
    nextDescriptor += 1
    open[nextDescriptor] = file
    return FileDescriptor(nextDescriptor, path: path)
  }

  func write(_ bytes: [UInt8], to file: FileDescriptor) throws {
    try begin("write", "")
    defer { writes += 1 }
    if faults.contains(.fullAtWrite(writes)) {
      open[file.number]?.bytes += bytes.prefix(bytes.count / 2)
      throw FileError(operation: "write", path: "", code: 28, reason: "no space left on device")
    }
    open[file.number]?.bytes += bytes
  }

  func sync(_ file: FileDescriptor) throws {
    try begin("secure", "a file")
    guard !faults.contains(.skipsFileSync), let file = open[file.number] else { return }
    file.synced = file.bytes
  }

  func close(_ file: FileDescriptor) throws { open[file.number] = nil }

  func syncFolder(_ path: String) throws {
    try begin("secure", path)
    guard !faults.contains(.skipsFolderSync) else { return }
    for name in Set(names.keys).union(syncedNames.keys) where RunFiles.parent(of: name) == path {
      syncedNames[name] = names[name]
    }
    for folder in folders where RunFiles.parent(of: folder) == path { syncedFolders.insert(folder) }
  }

  func rename(_ from: String, to: String) throws {
    try begin("rename", from)
    guard let file = names.removeValue(forKey: from) else {
      throw FileError(operation: "rename", path: from, code: 2, reason: "absent")
    }
    names[to] = file
  }

  func link(_ from: String, to: String) throws -> Bool {
    try begin("link", from)
    guard names[to] == nil else { return false }
    names[to] = names[from]
    return true
  }

  func remove(_ path: String) throws {
    try begin("remove", path)
    names[path] = nil
  }

  func removeFolder(_ path: String) throws {
    try begin("remove", path)
    beforeRemoval(path)
    guard try list(path).isEmpty else {
      throw FileError(operation: "remove", path: path, code: 39, reason: "directory not empty")
    }
    folders.remove(path)
  }

  func read(_ path: String, from start: Int) throws -> [UInt8] {
    guard let file = names[path] else { throw FileError(operation: "open", path: path, code: 2, reason: "absent") }
    return Array(file.bytes.dropFirst(start))
  }

  func list(_ asked: String) throws -> [String] {
    let path = asked.count > 1 && asked.hasSuffix("/") ? String(asked.dropLast()) : asked
    let inside = names.keys.filter { RunFiles.parent(of: $0) == path }.map { String($0.dropFirst(path.count + 1)) }
    let below = folders.filter { RunFiles.parent(of: $0) == path && $0 != path }.map {
      String($0.dropFirst(path.count + 1)) + "/"
    }
    return (inside + below).sorted()
  }

  func exists(_ path: String) -> Bool { names[path] != nil || folders.contains(path) }

  /// What is there after a loss of power: the contents of each name; a name whose file was never synced has lost them.
  func afterPowerLoss() -> [String: [UInt8]] {
    syncedNames.filter { syncedFolders.contains(RunFiles.parent(of: $0.key)) }.mapValues(\.synced)
  }
}
