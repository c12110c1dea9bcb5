import Notation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The right to begin a session of a run that was left, for which several may ask at once. All else is claimed in `live/`, which the one who gets
/// it makes anew; so this is claimed beside it: `attempts/session-<n>-<k>`, made by a link, is the k-th who begins session n. Until that one
/// has a lease in `live/`, the file is its lease: another may follow when it is dead.
public struct SessionClaims: Sendable {
  private let folder: RunFolder
  private let session: Int

  /// Claims on a session of a run, by the session's number.
  public init(_ folder: RunFolder, session: Int) {
    self.folder = folder
    self.session = session
  }

  private func name(_ number: Int) -> String { "session-\(session)-\(number)" }
  private func path(_ number: Int) -> String { folder.path + "/" + TrialStore.attempts + "/" + name(number) }

  /// How many have claimed the session.
  public var count: Int {
    var count = 0
    while folder.files.fileSystem.exists(path(count + 1)) { count += 1 }
    return count
  }

  /// The lease of the last of them.
  var last: Lease? {
    let number = count
    guard number > 0, let bytes = try? folder.files.fileSystem.read(path(number)) else { return nil }
    return (try? JSON.read(bytes)).flatMap(Lease.init(json:))
  }

  /// Claims the session after so many others, with a lease of so many seconds; false when somebody was faster. Throws `FileError`.
  public func claim(after count: Int, seconds: Double, identity: ProcessIdentity = .own) throws -> Bool {
    try folder.files.makeFolders(folder.path + "/" + TrialStore.attempts)
    let lease = Lease(worker: name(count + 1), identity: identity, seconds: seconds)
    do {
      return try folder.files.leave(Array(lease.json.compact.utf8), at: path(count + 1), mustBeNew: true)
    } catch let error as FileError where error.code == ENOENT {
      // The session has been run to its end, and what was claimed in it is gone.
      return false
    }
  }

  /// The one who came after so many others has its lease in `live/`, or leaves the session to whoever comes next.
  public func end(after count: Int) {
    var lease = Lease(worker: name(count + 1), seconds: 0)
    lease.hasEnded = true
    // One that cannot be written ends with its process.
    _ = try? folder.files.leave(Array(lease.json.compact.utf8), at: path(count + 1))
  }
}
