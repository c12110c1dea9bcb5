import Diagnostics
import Foundation
import Notation
import Records

/// Why the trials of a sweep that have no record are run: what is different from the nearest of the newest twenty earlier runs.
struct TrialReasons {
  private let general: String?
  /// Under which name functions without one are known, the sweep's block among them.
  private static let block = "fn"
  /// Coordinates that the earlier run had.
  private var known: Set<[Datum.Field]> = []
  /// Files that are damaged or gone, for the keys of trials whose records they keep from being used.
  private var damaged: [String: String] = [:]
  /// A log of the earlier run that is not as its manifest has it, below the folder of runs.
  private var lostLog: String?

  /// That log, unless a line of it was found damaged, which is said where lines are read.
  var changedLog: String? { lostLog.flatMap { damaged.values.contains($0) ? nil : $0 } }

  /// One reason for all.
  init(_ reason: String) { general = reason }

  /// By comparison with the one of the `earlier` runs, newest first, with the fewest differences. `parts` are those of the sweep
  /// now, and `keys` of the trials to be run; the study's `source` is what is run, with these values of its options, in the folder `own`. The
  /// earlier runs are those of the `index`.
  init(
    sweep: String, at span: Span, parts: JSON, keys: Set<String>, own: String?, index: TrialIndex, study: String,
    source: SourceFile, options: [Datum.Field]
  ) {
    let earlier = index.ownFolders.prefix(20)
    damaged = index.damage(of: keys, in: earlier, sweep: sweep, own: own)
    var best: (changes: Changes, folder: String, records: [JSON])?
    for folder in earlier {
      let records = TrialStore.records(of: sweep, in: folder)
      guard let before = records.last(where: { $0["code"] != nil }) else {
        lostLog = lostLog ?? TrialReasons.changedLog(of: sweep, in: folder, index)
        continue
      }
      let changes = Changes(from: before, to: parts)
      if best.map({ changes.count < $0.changes.count }) ?? true { best = (changes, folder, records) }
    }
    guard let best else {
      general = lostLog.map { "its record is not in what is left of \($0)" } ?? "no earlier run has this sweep"
      return
    }
    lostLog = best.changes.count == 0 ? TrialReasons.changedLog(of: sweep, in: best.folder, index) : nil
    known = Set(best.records.compactMap { $0["coordinates"].flatMap(Datum.fields) })
    guard best.changes.count > 0, let folder = RunFolder.open(best.folder) else {
      general = nil
      return
    }
    var words = best.changes.words(options: folder.readRun()?.options ?? [], options)
    if !best.changes.names.isEmpty, let text = folder.text(RunFolder.studyPath(study)) {
      let line = ChangedText(source, since: text).first(
        in: best.changes.isInBlock ? span : nil, names: Set(best.changes.names))
      if let line { words += " (\(line))" }
    }
    general = words + " since " + NSString(string: best.folder).lastPathComponent
  }

  /// Of the trial at these coordinates, with its key.
  func reason(_ coordinates: [Datum.Field], key: String?) -> String {
    if let file = key.flatMap({ damaged[$0] }) { return "its record was damaged: \(file)" }
    if let general { return general }
    if known.contains(coordinates) {
      return "the earlier record is of a failed trial, of other draws or surroundings, or read files that changed"
    }
    return lostLog.map { "its record is not in what is left of \($0)" } ?? "a new point"
  }

  /// A log of the sweep that is not as the manifest of its run has it: lines were cut off, or all of it.
  private static func changedLog(of sweep: String, in folder: String, _ index: TrialIndex) -> String? {
    let logs = index.changedLogs(in: folder)
    let log = logs.first { $0.hasPrefix("trials/\(sweep)/") || $0 == "trials/\(sweep).jsonl" }
    return log.map { "\(NSString(string: folder).lastPathComponent)/\($0)" }
  }

  /// What is different between two sweeps.
  private struct Changes {
    private var facts: [String] = []
    private let values: [String]
    private let code: [String]

    init(from before: JSON, to now: JSON) {
      for (part, word) in [("numerics", "the numerics version"), ("seed", "the seed")] where before[part] != now[part] {
        facts.append("\(word) is \(now[part]?.compact ?? "none") instead of \(before[part]?.compact ?? "none")")
      }
      values = Changes.names(before["values"], now["values"])
      code = Changes.names(before["code"], now["code"])
    }

    var count: Int { facts.count + values.count + code.count }
    /// Whether the sweep's own block has changed, or a function without a name in it.
    var isInBlock: Bool { code.contains(TrialReasons.block) }
    /// Names that stand for other functions or values.
    var names: [String] { values + code }

    /// In words, with both values of an option.
    func words(options before: [Datum.Field], _ now: [Datum.Field]) -> String {
      var result = facts
      let others = values.filter { name in
        guard let x = before.first(where: { $0.name == name })?.value,
          let y = now.first(where: { $0.name == name })?.value, x != y
        else { return true }
        result.append("the option \(name) is \(plainText(y)) instead of \(plainText(x))")
        return false
      }
      if !others.isEmpty { result.append("other values of " + Changes.list(others)) }
      let functions = code.map { $0 == TrialReasons.block ? "the sweep's block" : $0 }
      if !code.isEmpty { result.append("other code in " + Changes.list(functions)) }
      return result.joined(separator: "; ")
    }

    /// Names whose hashes differ or that only one side has.
    private static func names(_ before: JSON?, _ now: JSON?) -> [String] {
      let (a, b) = (before?.members ?? [], now?.members ?? [])
      let changed = b.filter { member in a.first { $0.key == member.key }?.value != member.value }.map(\.key)
      return changed + a.map(\.key).filter { name in !b.contains { $0.key == name } }
    }

    private static func list(_ names: [String]) -> String {
      let shown = names.prefix(4).map { $0.contains(" ") ? $0 : "`\($0)`" }.joined(separator: ", ")
      return names.count > 4 ? shown + " and \(names.count - 4) more" : shown
    }
  }
}
