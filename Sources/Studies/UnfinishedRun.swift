import Diagnostics
import Records

/// Runs that did not come to their end.
public enum UnfinishedRun {
  /// The folder of the newest of them of the study at a path.
  public static func newest(ofStudyAt path: String, in runs: String) -> RunFolder? {
    RunFolder.runs(of: StudyRun.name(of: path), in: runs).first { folder in
      folder.readRun().map { isLeft(folder, $0.state) } ?? false
    }
  }

  /// Whether `--resume` can go on with a run of a state.
  static func isLeft(_ folder: RunFolder, _ state: RunRecord.State) -> Bool {
    // One that was killed while it wrote its last file says that it is done, and is not sealed.
    state.isUnfinished || state == .done && !folder.isSealed
  }

  /// Folders of the study at a path in which nobody can go on, because their `run.json` is damaged or gone.
  public static func unreadable(ofStudyAt path: String, in runs: String) -> [String] {
    let prefix = RunFolder.safeName(StudyRun.name(of: path)) + "-"
    let names = ((try? DiskFileSystem.shared.list(runs)) ?? []).filter { $0.hasPrefix(prefix) && $0.hasSuffix("/") }
    return names.map { runs + "/" + $0.dropLast() }.filter {
      RunFolder.open($0) == nil && DiskFileSystem.shared.exists($0 + "/trials")
    }
  }
}

extension RunRecord {
  /// Whether a study and what it imports have the text that the run was begun with.
  public func hasSources(of file: SourceFile) -> Bool {
    let numerics = versions.first { $0.name == "numerics" }.map { plainText($0.value) } ?? ""
    return RunRecord.identity(
      sources: importedSources(file), options: options, seed: seed, numericsVersion: numerics) == identity
  }
}
