import Notation

/// The part of a run's folder that matters only while somebody works on it: `live/`. Leases of workers, claims on work, and
/// the wish to stop. Nothing here waits for the disk; after a loss of power nobody lives whose claims could count. Safe
/// from any thread.
public final class LiveFolder: Sendable {
  /// The run's folder.
  public let runPath: String
  private let files: RunFiles
  /// Where it lies.
  public var path: String { runPath + "/" + LiveFolder.name }

  static let name = "live"

  /// Of a run's folder.
  public init(_ runPath: String, files: RunFiles = RunFiles()) {
    self.runPath = runPath
    self.files = files
  }

  private var fileSystem: any FileSystem { files.fileSystem }

  /// Makes the folder. Throws `FileError`.
  public func make() throws {
    for part in ["", "/leases", "/claims"] where !fileSystem.exists(path + part) {
      _ = try fileSystem.makeFolder(path + part)
    }
  }

  /// True while the run is worked on, or was when its workers died.
  public var exists: Bool { fileSystem.exists(path) }

  /// Removes it: nobody works on the run any more, or all begin anew. A worker that has not seen it yet may put its lease, and
  /// Slurm a worker's log, into a folder that is about to go: that is removed too.
  public func remove() {
    for _ in 0..<20 where exists { fileSystem.removeAll(path) }
  }

  // MARK: leases

  /// Says that a worker lives. Throws `FileError`.
  public func write(_ lease: Lease) throws {
    try files.leave(Array(lease.json.compact.utf8), at: path + "/leases/" + lease.worker)
  }

  /// What all workers say.
  public func leases() -> [Lease] {
    ((try? fileSystem.list(path + "/leases")) ?? []).compactMap { name in
      name.hasSuffix(".part") ? nil : json(path + "/leases/" + name).flatMap(Lease.init(json:))
    }
  }

  /// What one worker says; nil when it says nothing.
  public func lease(of worker: String) -> Lease? { json(path + "/leases/" + worker).flatMap(Lease.init(json:)) }

  // MARK: claims

  /// Claims a name, such as `runs/12`, that nobody has claimed: the first wins, and a claim is never taken back. False when it is taken. Throws
  /// `FileError`.
  public func claim(_ name: String, _ content: JSON) throws -> Bool {
    let place = path + "/claims/" + name
    let folder = RunFiles.parent(of: place)
    // Where `claims` itself is gone, the run is over: then there is nothing to claim.
    if !fileSystem.exists(folder) { _ = try fileSystem.makeFolder(folder) }
    return try files.leave(Array(content.compact.utf8), at: place, mustBeNew: true)
  }

  /// What was said with a claim; nil when nobody has the name.
  public func claim(_ name: String) -> JSON? { json(path + "/claims/" + name) }

  // MARK: stopping

  /// Asks all who work on the run to stop, and says why: `cancelled`, `interrupted`.
  public func askToStop(_ why: String) throws { try files.leave(Array(why.utf8), at: path + "/stop") }

  /// Why all are to stop; nil when they are not.
  public var stop: String? { (try? fileSystem.read(path + "/stop")).map { String(decoding: $0, as: UTF8.self) } }

  // MARK: notes

  /// Leaves a fact about how the run is worked on. Throws `FileError`.
  public func write(_ note: JSON, as name: String) throws {
    try files.leave(Array(note.compact.utf8), at: path + "/" + name)
  }

  /// A fact that was left.
  public func read(_ name: String) -> JSON? { json(path + "/" + name) }

  private func json(_ path: String) -> JSON? { (try? fileSystem.read(path)).flatMap { try? JSON.read($0) } }
}
