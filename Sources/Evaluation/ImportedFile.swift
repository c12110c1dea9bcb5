import Diagnostics
import Foundation
import Resolution
import Syntax

/// The files that wait for an import, outermost first, by their paths in the study.
struct ImportChain {
  private var paths: [String] = []
  /// Where each stands among them, by its path without detours.
  private var places: [String: Int] = [:]

  /// A path without detours.
  static func plain(_ path: String) -> String { NSString(string: path).standardizingPath }

  /// Does something while a file waits.
  mutating func waiting<Result>(_ path: String, _ body: (inout ImportChain) throws -> Result) rethrows -> Result {
    let name = ImportChain.plain(path)
    places[name] = paths.count
    paths.append(path)
    defer {
      paths.removeLast()
      places[name] = nil
    }
    return try body(&self)
  }

  /// The file that a `use` names in the last of them, looked for beside it; `path` is where it stands in the study.
  func file(_ written: String, _ machine: Machine) throws -> (path: String, source: SourceFile) {
    do { try machine.checkNativeStack() } catch {
      throw RuntimeError("E0303", "imports are nested too deeply", label: "\(paths.count) files wait for this one")
    }
    let beside = paths.last.map { NSString(string: $0).deletingLastPathComponent } ?? ""
    var plain = written.hasSuffix(".exp") ? written : written + ".exp"
    // A long chain of files beside each other has short paths.
    while !beside.isEmpty, plain.hasPrefix("./") { plain.removeFirst(2) }
    let path = beside.isEmpty || plain.hasPrefix("/") ? plain : beside + "/" + plain
    let full = try machine.host.resolve(path: path, forWriting: false)
    if let first = places[ImportChain.plain(path)] {
      let ring = (paths[first...] + [path]).map { "`\(ImportChain.plain($0))`" }.joined(separator: " imports ")
      throw RuntimeError(
        "E0712", "these files import each other in a ring", label: ring,
        help: ["move what both need into a file of its own"])
    }
    guard let data = FileManager.default.contents(atPath: full) else {
      throw RuntimeError("E0711", "the file `\(written)` cannot be read", help: ["it was looked for at \(full)"])
    }
    return (path, SourceStore.shared.add(name: full, content: data))
  }
}

extension Session {
  /// What is known to be wrong with the files that a program imports, and with those that they import, before it runs.
  func checkImports(_ program: ResolvedProgram) -> [Diagnostic] {
    var found: [Diagnostic] = [], seen: Set<String> = []
    machine.nativeStackLimit = ThreadStack.limit
    func visit(_ uses: [ModuleUse], _ chain: inout ImportChain) {
      for use in uses where use.isFile {
        do {
          let (path, source) = try chain.file(use.path, machine)
          guard seen.insert(ImportChain.plain(path)).inserted else { continue }
          let parsed = parse(source)
          let (imported, problems) = resolve(parsed.tree, prelude: library.prelude)
          found += parsed.diagnostics.isEmpty ? problems : parsed.diagnostics
          chain.waiting(path) { visit(imported.uses, &$0) }
        } catch {
          var failure = machine.runtimeError(error)
          if failure.span == nil { failure.span = use.span }
          found.append(failure.diagnostic)
        }
      }
    }
    var chain = ImportChain()
    visit(program.uses, &chain)
    return found
  }
}
