import Diagnostics
import Foundation
import Resolution
import Syntax

/// The file that a `use` names, looked for beside the one that has the statement; `path` is where it stands in the study.
/// `importers` are the files that wait for it, outermost first, by such paths.
func importedFile(
  _ written: String, _ importers: [String], _ host: StudyHost
) throws -> (path: String, source: SourceFile) {
  let beside = importers.last.map { NSString(string: $0).deletingLastPathComponent } ?? ""
  let plain = written.hasSuffix(".exp") ? written : written + ".exp"
  let path = beside.isEmpty || plain.hasPrefix("/") ? plain : beside + "/" + plain
  let full = try host.resolve(path: path, forWriting: false)
  let standard = NSString(string: path).standardizingPath
  if let first = importers.firstIndex(where: { NSString(string: $0).standardizingPath == standard }) {
    let ring = (importers[first...] + [path]).map { "`\(NSString(string: $0).standardizingPath)`" }
      .joined(separator: " imports ")
    throw RuntimeError(
      "E0712", "these files import each other in a ring", label: ring,
      help: ["move what both need into a file of its own"])
  }
  guard let data = FileManager.default.contents(atPath: full) else {
    throw RuntimeError("E0711", "the file `\(written)` cannot be read", help: ["it was looked for at \(full)"])
  }
  return (path, SourceStore.shared.add(name: full, content: data))
}

extension Session {
  /// What is known to be wrong with the files that a program imports, and with those that they import, before it runs.
  func checkImports(_ program: ResolvedProgram) -> [Diagnostic] {
    var found: [Diagnostic] = [], seen: Set<String> = []
    func visit(_ uses: [ModuleUse], _ importers: [String]) {
      for use in uses where use.isFile {
        do {
          let (path, source) = try importedFile(use.path, importers, host)
          guard seen.insert(NSString(string: path).standardizingPath).inserted else { continue }
          let parsed = parse(source)
          let (imported, problems) = resolve(parsed.tree, prelude: library.prelude)
          found += parsed.diagnostics.isEmpty ? problems : parsed.diagnostics
          visit(imported.uses, importers + [path])
        } catch {
          var failure = machine.runtimeError(error)
          if failure.span == nil { failure.span = use.span }
          found.append(failure.diagnostic)
        }
      }
    }
    visit(program.uses, [])
    return found
  }
}
