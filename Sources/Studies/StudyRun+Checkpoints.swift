import Evaluation
import Notation
import Records

/// What the run keeps of long folds, and on which files it depends.
extension StudyRun {
  /// Below the run's folder; outside of trials with the files that were read so far.
  public func checkpoint(_ name: String, trial: String?) -> CheckpointPlace? {
    locked {
      startIfNeeded()
      // Hashes are known after the first look at a file.
      let read = trial == nil ? reads.map { FileRead(path: $0.path, isData: $0.isData, hash: hash(of: $0)) } : []
      return checkpoints?.place(name, trial: trial, reads: read)
    }
  }

  /// Read by the run that was interrupted.
  public func tookOver(_ read: FileRead) { noteRead(FileRead(path: read.path, isData: read.isData, hash: "")) }

  /// Told.
  public func noticed(_ text: String) { locked { listener.receive(.noticed(text)) } }

  func noteRead(_ read: FileRead) { locked { if !reads.contains(read) { reads.append(read) } } }

  /// The files that were read or imported and were there, with their hashes; of what was read, with `computing: false`, those that
  /// are known already.
  func readFiles(computing: Bool) -> [Datum.Field] {
    var files = imports
    for read in reads {
      let hash = hash(of: read, computing: computing)
      if !hash.isEmpty { files[read.path] = hash }
    }
    return files.map { Datum.Field($0.key, .string($0.value)) }
  }

  /// What the run's computations outside of trials are known by: text, options, seed, and the versions of all that computes.
  func openCheckpoints(_ folder: RunFolder) -> Checkpoints {
    let earlier =
      options.reusesRecords
      ? TrialFinder(runsFolder: RunFiles.parent(of: folder.path), study: study, own: folder.path).ownFolders() : []
    let identity = folder.readRun()?.identity ?? ""
    let versions = JSON.object(Datum.members(options.versions)).compact
    return Checkpoints(folder: folder, owner: "run \(identity) \(versions)", others: earlier)
  }
}
