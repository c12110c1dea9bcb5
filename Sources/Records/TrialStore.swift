import Notation
import Synchronization

/// The finished trials of one sweep in a run's folder, `trials/<sweep>/`: a log for each worker, which only that worker
/// appends to, and a safetensors file for each trial with large tensors. A trial is finished when its line is whole in any
/// log; so many small trials share a file, and no two processes write to one. Safe from any thread.
public final class TrialStore: @unchecked Sendable {
  /// A line, and the log that it stands in, relative to the run's folder.
  public struct Line: Sendable {
    /// The record.
    public var json: JSON
    /// `trials/runs/w1.jsonl`
    public var log: String
  }

  private let run: RunFolder
  /// Path of the run's folder.
  public var runPath: String { run.path }
  /// The sweep's folder, relative to the run's.
  public let folder: String
  private var files: RunFiles { run.files }
  private let worker: String
  private let lock = Mutex(())
  private var log: RecordLog?
  private var offsets: [String: Int] = [:]
  private var attempts = 0
  private var damaged: [String: Int] = [:]

  /// Of a sweep's folder name (see `RunFolder.safeName`), for a worker to append to.
  public init(run: RunFolder, sweep: String, worker: String) {
    self.run = run
    folder = "trials/" + sweep
    self.worker = worker
  }

  private var path: String { runPath + "/" + folder }
  /// The log that this worker appends to, relative to the run's folder.
  public var ownLog: String { folder + "/\(worker).jsonl" }

  /// Appends a finished trial, or another fact about the sweep, to the worker's own log. It survives the end of the process
  /// when this returns, and a loss of power after the next `sync`. Throws `FileError`.
  public func append(_ json: JSON) throws {
    try lock.withLock { _ in
      if log == nil {
        try files.makeFolders(path)
        log = try RecordLog(runPath + "/" + ownLog, files: files)
        try run.note(log: ownLog, of: worker)
      }
      try log?.append(json)
    }
  }

  /// Makes what was appended survive a loss of power.
  public func sync() throws { try lock.withLock { _ in log }?.sync() }

  /// Syncs and closes the log.
  public func close() throws { try lock.withLock { _ in log }?.close() }

  /// Lines that other workers have written since the last call; lines not yet whole come later, damaged ones never.
  public func newLines(includingOwn: Bool = false) -> [Line] {
    var lines: [Line] = []
    for name in ((try? files.fileSystem.list(path)) ?? []) where name.hasSuffix(".jsonl") {
      let log = folder + "/" + name
      if !includingOwn, log == ownLog { continue }
      let start = lock.withLock { _ in offsets[log] ?? 0 }
      guard let bytes = try? files.fileSystem.read(runPath + "/" + log, from: start),
        let end = bytes.lastIndex(of: 0x0A)
      else { continue }
      lock.withLock { _ in offsets[log] = start + end + 1 }
      let found = RecordLog.read(Array(bytes[...end]))
      if found.damaged > 0 { lock.withLock { _ in damaged[log, default: 0] += found.damaged } }
      lines += found.records.map { Line(json: $0, log: log) }
    }
    return lines
  }

  /// Logs with damaged lines that `newLines` came upon since this was last asked, and how many there were.
  public func newDamage() -> [(log: String, lines: Int)] {
    lock.withLock { _ in
      defer { damaged = [:] }
      return damaged.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
  }

  /// Puts a trial's tensors where they belong; gives the path relative to the run's folder. They are written in an attempt's
  /// own folder and take their name by a link, so the first that is whole wins. What stands there already must have the same
  /// bytes; it is replaced when `isKnown` says that no finished trial has its hash (it is a damaged leftover). Throws
  /// `FileError`, or `Unequal`.
  public func commitTensors(_ bytes: [UInt8], trial index: Int, isKnown: (_ hash: String) -> Bool) throws -> String {
    let name = folder + "/\(index).safetensors", place = runPath + "/" + name
    let number = lock.withLock { _ -> Int in
      attempts += 1
      return attempts
    }
    let attempt = runPath + "/" + TrialStore.attempts + "/\(worker)-\(number)"
    try files.makeFolders(path)
    try files.makeFolders(attempt)
    defer { files.fileSystem.removeAll(attempt) }
    if try files.commit(bytes, to: place, by: attempt) { return name }
    let there = (try? files.fileSystem.read(place)) ?? []
    if there == bytes { return name }
    if isKnown(SHA256.hex(there)) { throw Unequal(file: name) }
    try files.write(bytes, to: place)
    return name
  }

  /// Two results of one trial differ.
  public struct Unequal: Error, Sendable {
    /// Where the first one stands, relative to the run's folder.
    public var file: String
  }

  /// Where attempts write before they commit, in a run's folder.
  static let attempts = "attempts"

  /// Whole records of a trial.
  public func records(of index: Int) -> [JSON] {
    let logs = ((try? files.fileSystem.list(path)) ?? []).filter { $0.hasSuffix(".jsonl") }
    let records = logs.flatMap { (try? RecordLog.read(path + "/" + $0, fileSystem: files.fileSystem).records) ?? [] }
    return records.filter { $0["index"]?.int == index }
  }

  // MARK: reading any run

  /// The logs of finished trials in a run's folder with the sweep each belongs to, paths relative to the folder. Format 1
  /// had one log, `trials/<sweep>.jsonl`.
  public static func logs(
    in runPath: String, fileSystem: any FileSystem = DiskFileSystem.shared
  ) -> [(sweep: String, log: String)] {
    let names = (try? fileSystem.list(runPath + "/trials")) ?? []
    return names.flatMap { name -> [(sweep: String, log: String)] in
      if name.hasSuffix(".jsonl") { return [(String(name.dropLast(6)), "trials/" + name)] }
      guard name.hasSuffix("/") else { return [] }
      let sweep = String(name.dropLast())
      let logs = ((try? fileSystem.list(runPath + "/trials/" + sweep)) ?? []).filter { $0.hasSuffix(".jsonl") }
      return logs.map { (sweep, "trials/\(sweep)/" + $0) }
    }
  }

  /// The same, of one sweep.
  public static func logs(
    of sweep: String, in runPath: String, fileSystem: any FileSystem = DiskFileSystem.shared
  ) -> [String] {
    let old = "trials/" + sweep + ".jsonl"
    let names = ((try? fileSystem.list(runPath + "/trials/" + sweep)) ?? []).filter { $0.hasSuffix(".jsonl") }
    return (fileSystem.exists(runPath + "/" + old) ? [old] : []) + names.map { "trials/\(sweep)/" + $0 }
  }

  /// All whole records of one sweep of a run's folder, log by log.
  public static func records(
    of sweep: String, in runPath: String, fileSystem: any FileSystem = DiskFileSystem.shared
  ) -> [JSON] {
    logs(of: sweep, in: runPath, fileSystem: fileSystem).flatMap { log in
      (try? RecordLog.read(runPath + "/" + log, fileSystem: fileSystem).records) ?? []
    }
  }
}
