import Diagnostics
import Evaluation
import Foundation
import Syntax

/// The text of a study and of all files it imports (`use "./helpers.exp"`), its own first, the others in order of
/// their first mention. They are frozen in the run folder and enter the run's identity. A file that cannot be read is
/// left out: running it says so.
func importedSources(_ source: SourceFile) -> [(name: String, text: String)] {
  studySources(source).map { ($0.name, $0.text) }
}

/// The files of a study: its own and those that it imports, as paths from the root. Reading them again when one of them
/// changes reads all of the study again.
public func studyFiles(_ source: SourceFile) -> [String] { studySources(source).map(\.path) }

private func studySources(_ source: SourceFile) -> [(name: String, path: String, text: String)] {
  let folder = ImportedFile.folder(of: source.name)
  var found: [(name: String, path: String, text: String)] = []
  var seen: Set<String> = [FileAccess.canonical(source.name)]
  let own = NSString(string: source.name).lastPathComponent
  // Those still to be looked into, the next one last: however long a row of imports is, no stack overflows.
  let start = FileAccess.absolute(source.name)
  var waiting = [(source, start, own.hasSuffix(".exp") ? own : own + ".exp")]
  while let (file, path, name) = waiting.popLast() {
    found.append((name, path, String(decoding: file.bytes, as: UTF8.self)))
    let base = path == start ? folder : NSString(string: path).deletingLastPathComponent
    var imported: [(SourceFile, String, String)] = []
    for statement in parse(file).tree.statements {
      guard case .use(let written, true, _) = statement.kind else { continue }
      let other = FileAccess.absolute(ImportedFile.path(written, beside: base))
      guard seen.insert(FileAccess.canonical(other)).inserted,
        let text = try? String(contentsOfFile: other, encoding: .utf8)
      else { continue }
      let inside = [other, FileAccess.canonical(other)].first { FileAccess.isBelow(folder, $0) }
      let shown = FileAccess.relative(inside ?? FileAccess.canonical(other), to: folder)
      imported.append((SourceStore.shared.add(name: shown, text: text), other, shown))
    }
    waiting += imported.reversed()
  }
  return found
}
