import Diagnostics
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
  let folder = NSString(string: FileAccess.absolute(source.name)).deletingLastPathComponent
  var found: [(name: String, path: String, text: String)] = []
  var seen: Set<String> = [FileAccess.canonical(source.name)]
  func visit(_ file: SourceFile, path: String, name: String) {
    found.append((name, path, String(decoding: file.bytes, as: UTF8.self)))
    let base = NSString(string: path).deletingLastPathComponent
    for statement in parse(file).tree.statements {
      guard case .use(let relative, true, _) = statement.kind, found.count < 1000 else { continue }
      let other = FileAccess.absolute(base + "/" + relative)
      guard seen.insert(FileAccess.canonical(other)).inserted,
        let text = try? String(contentsOfFile: other, encoding: .utf8)
      else { continue }
      let shown = FileAccess.isBelow(folder, other) ? String(other.dropFirst(folder.count + 1)) : other
      visit(SourceStore.shared.add(name: shown, text: text), path: other, name: shown)
    }
  }
  let own = NSString(string: source.name).lastPathComponent
  visit(source, path: FileAccess.absolute(source.name), name: own.hasSuffix(".exp") ? own : own + ".exp")
  return found
}
