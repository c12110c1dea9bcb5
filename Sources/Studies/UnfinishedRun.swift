import Diagnostics
import Records

/// Runs that did not come to their end.
public enum UnfinishedRun {
  /// The folder of the newest of them of the study at a path.
  public static func newest(ofStudyAt path: String, in runs: String) -> RunFolder? {
    RunFolder.runs(of: StudyRun.name(of: path), in: runs).first { $0.readRun()?.state.isUnfinished ?? false }
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
