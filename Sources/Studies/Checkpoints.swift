import Evaluation
import Foundation
import Records

/// Where the folds of a run keep what they need to go on: `checkpoints/<start of the trial's key>/<fold>.safetensors` in the run's
/// folder, `study` in the place of a key outside of trials. A trial's are removed when it is committed, all of them when
/// the run is done. Safe to use from any thread.
public final class Checkpoints: @unchecked Sendable {
  static let folderName = "checkpoints"

  private let folder: String
  private let runOwner: String
  /// Folders of other runs of the study that have checkpoints, the newest first.
  private let others: [String]
  /// Those of the same text, options and seed, in which what was outside of trials is looked for.
  private let same: [String]

  /// Of a run's folder; `owner` is what its computations outside of trials are known by. `others` are earlier runs of the study, the
  /// newest first; none where nothing earlier is to be used.
  init(folder: RunFolder, owner: String, others: [String]) {
    self.folder = folder.path
    runOwner = owner
    self.others = others.filter { DiskFileSystem.shared.exists($0 + "/" + Checkpoints.folderName) }
    same = self.others.filter { RunFolder.open($0)?.readRun()?.identity == folder.readRun()?.identity }
  }

  /// Whether a run's folder has any: a later run may go on from them.
  public static func exist(in folder: RunFolder) -> Bool {
    DiskFileSystem.shared.exists(folder.path + "/" + Checkpoints.folderName)
  }

  func place(_ name: String, trial: String?, reads: [FileRead]) -> CheckpointPlace {
    let below = "/\(Checkpoints.folderName)/\(Checkpoints.part(trial))/\(name)"
    return CheckpointPlace(
      file: folder + below, earlier: (trial == nil ? same : others).map { $0 + below }, owner: trial ?? runOwner,
      reads: reads)
  }

  /// A trial is on record: what it kept is of no more use.
  func ended(_ trial: String) { remove(folder + "/\(Checkpoints.folderName)/\(Checkpoints.part(trial))") }

  /// The run is done.
  func finished() { remove(folder + "/" + Checkpoints.folderName) }

  private func remove(_ path: String) {
    if DiskFileSystem.shared.exists(path) { try? FileManager.default.removeItem(atPath: path) }
  }

  private static func part(_ trial: String?) -> String { trial.map { String($0.prefix(16)) } ?? "study" }
}
