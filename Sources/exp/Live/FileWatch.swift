import Diagnostics
import Records
import Studies

/// Notices that a study or a file that it imports was saved. Editors write in place or exchange the file; a file that is
/// away for a moment counts once it is back.
struct FileWatch {
  private var seen: [String: FileFacts] = [:]

  /// The files of a study as they are now.
  init(_ source: SourceFile) { for path in studyFiles(source) { seen[path] = FileFacts(path) } }

  /// True when one of them is another than before.
  mutating func hasChanged() -> Bool {
    var isNew = false
    for (path, before) in seen {
      guard let now = FileFacts(path), now != before else { continue }
      seen[path] = now
      isNew = true
    }
    return isNew
  }
}
