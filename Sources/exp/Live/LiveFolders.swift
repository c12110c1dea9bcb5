import Records
import Studies

/// The folders of the runs that one live page has begun. Of each setting the latest that came to its end is kept, so that going
/// back to it computes nothing; it has the trials of those before, which go. A run that was overtaken before it finished
/// anything leaves none.
struct LiveFolders {
  private var kept: [(folder: RunFolder, identity: String)] = []

  /// The folder of the latest run that left one.
  var latest: String? { kept.last?.folder.path }

  /// A run has ended in a folder.
  mutating func add(_ path: String) {
    guard let folder = RunFolder.open(path), let run = folder.readRun() else { return }
    if run.state == .interrupted, run.counts.done == run.counts.reused, !Checkpoints.exist(in: folder) {
      return remove(folder)
    }
    if run.state == .done {
      for (old, identity) in kept where identity == run.identity && old.tags().isEmpty { remove(old) }
      kept.removeAll { !$0.folder.files.fileSystem.exists($0.folder.path) }
    }
    kept.append((folder, run.identity))
  }

  /// One that cannot be removed only takes room.
  private func remove(_ folder: RunFolder) { try? RunCollection.remove(folder) }
}
