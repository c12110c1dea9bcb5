import Foundation
import Records

/// Which runs of a folder may go, and their going.
public struct RunCollection {
  private let entries: [RunList.Entry]

  /// Of a list of runs.
  public init(_ list: RunList) { entries = list.entries }

  /// Why a run is kept.
  public enum Reason: Sendable, Hashable, CustomStringConvertible {
    /// It is one of the newest of its study.
    case new
    /// It has tags.
    case tagged
    /// It did not come to its end: somebody works on it, or `--resume` can go on with it.
    case unfinished
    /// The record of a run that is kept names it as the one where trials were computed.
    case referenced(by: String)

    /// In words.
    public var description: String {
      switch self {
      case .new: "among the newest of its study"
      case .tagged: "tagged"
      case .unfinished: "did not come to its end"
      case .referenced(let name): "\(name) has trials from it"
      }
    }
  }

  /// What is kept and why, when each study keeps its `newest` runs; every other run may go.
  public func kept(newest: Int) -> [String: Reason] {
    var kept: [String: Reason] = [:]
    var seen: [String: Int] = [:]
    for entry in entries.reversed() {
      let rank = seen[entry.run.study, default: 0]
      seen[entry.run.study] = rank + 1
      if rank < newest {
        kept[entry.folder.name] = .new
      } else if !entry.tags.isEmpty {
        kept[entry.folder.name] = .tagged
      } else if UnfinishedRun.isLeft(entry.folder, entry.run.state) {
        kept[entry.folder.name] = .unfinished
      }
    }
    var open = entries.filter { kept[$0.folder.name] != nil }
    while let next = open.popLast() {
      let origins = RunCollection.origins(next.folder)
      for entry in entries where kept[entry.folder.name] == nil && origins.contains(entry.folder.name) {
        kept[entry.folder.name] = .referenced(by: next.folder.name)
        open.append(entry)
      }
    }
    return kept
  }

  /// Names of the runs in which the trials of a run were computed, as far as it took them over.
  static func origins(_ folder: RunFolder) -> Set<String> {
    var names: Set<String> = []
    for (_, log) in TrialStore.logs(in: folder.path, fileSystem: folder.files.fileSystem) {
      let records =
        (try? RecordLog.read(folder.path + "/" + log, fileSystem: folder.files.fileSystem).records) ?? []
      for record in records {
        guard let why = record["why"]?.string, why.hasPrefix(TrialRecord.takenFrom) else { continue }
        names.insert(String(why.dropFirst(TrialRecord.takenFrom.count)))
      }
    }
    return names
  }

  /// Removes a run's folder. It is given a hidden name first, so that no half of it is ever taken for a run. Throws what
  /// the file system says.
  public static func remove(_ folder: RunFolder) throws {
    let parent = RunFiles.parent(of: folder.path)
    let hidden = "\(parent)/.removed-\(folder.name)-\(ProcessInfo.processInfo.processIdentifier)"
    try folder.files.fileSystem.rename(folder.path, to: hidden)
    try FileManager.default.removeItem(atPath: hidden)
  }

  /// Removes what interrupted removals left in a folder of runs.
  public static func removeLeftovers(_ runs: String) {
    for name in (try? DiskFileSystem.shared.list(runs)) ?? [] where name.hasPrefix(".removed-") {
      try? FileManager.default.removeItem(atPath: runs + "/" + name)
    }
  }

  /// Bytes of all files of a run.
  public static func bytes(_ folder: RunFolder) -> Int {
    ((try? folder.contents()) ?? []).reduce(0) { sum, name in
      sum + (FileFacts(folder.path + "/" + name)?.size ?? 0)
    }
  }
}
