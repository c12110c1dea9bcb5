import Foundation
import Notation
import Records

/// Why the trials of a sweep that have no record are run: what is different from the nearest of the newest twenty earlier runs.
struct TrialReasons {
  private let general: String?
  /// Coordinates that the earlier run had.
  private var known: Set<[Datum.Field]> = []

  /// One reason for all.
  init(_ reason: String) { general = reason }

  /// By comparison with the one of the `earlier` runs, newest first, with the fewest differences. `parts` are those of the sweep
  /// now.
  init(sweep: String, parts: JSON, earlier: [String]) {
    var best: (changes: [String], count: Int, records: [JSON])?
    for folder in earlier.prefix(20) {
      let records = TrialStore.records(of: sweep, in: folder)
      guard let before = records.last(where: { $0["code"] != nil }) else { continue }
      let (changes, count) = TrialReasons.changes(before, parts)
      if best.map({ count < $0.count }) ?? true { best = (changes, count, records) }
    }
    guard let best else {
      general = "no earlier run has this sweep"
      return
    }
    general = best.changes.isEmpty ? nil : best.changes.joined(separator: "; ")
    known = Set(best.records.compactMap { $0["coordinates"].flatMap(Datum.fields) })
  }

  /// Of the trial at these coordinates.
  func reason(_ coordinates: [Datum.Field]) -> String {
    if let general { return general }
    return known.contains(coordinates)
      ? "the earlier record is of a failed trial, damaged, of other draws, or read files that changed" : "a new point"
  }

  private static func changes(_ before: JSON, _ now: JSON) -> (words: [String], count: Int) {
    var result: [String] = []
    for (part, word) in [("numerics", "the numerics version"), ("seed", "the seed")] where before[part] != now[part] {
      result.append("\(word) is \(now[part]?.compact ?? "none") instead of \(before[part]?.compact ?? "none")")
    }
    let values = names(before["values"], now["values"])
    if !values.isEmpty { result.append("other values of " + list(values)) }
    let code = names(before["code"], now["code"])
    if !code.isEmpty { result.append("other code in " + list(code.map { $0 == "fn" ? "the sweep's block" : $0 })) }
    return (result, values.count + code.count + result.count)
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
