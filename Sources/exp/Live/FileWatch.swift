import Diagnostics
import Foundation
import Studies

/// Notices that a study or a file that it imports was saved. Editors write in place or exchange the file; a file that is
/// away for a moment counts once it is back.
struct FileWatch {
  private var seen: [String: Stamp] = [:]

  private struct Stamp: Equatable {
    var date: Date?
    var size: UInt64
    var number: UInt64
  }

  /// The files of a study as they are now.
  init(_ source: SourceFile) { for path in studyFiles(source) { seen[path] = FileWatch.stamp(path) } }

  /// True when one of them is another than before.
  mutating func hasChanged() -> Bool {
    var isNew = false
    for (path, before) in seen {
      guard let now = FileWatch.stamp(path), now != before else { continue }
      seen[path] = now
      isNew = true
    }
    return isNew
  }

  private static func stamp(_ path: String) -> Stamp? {
    guard let found = try? FileManager.default.attributesOfItem(atPath: path) else { return nil }
    return Stamp(
      date: found[.modificationDate] as? Date, size: (found[.size] as? NSNumber)?.uint64Value ?? 0,
      number: (found[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0)
  }
}
