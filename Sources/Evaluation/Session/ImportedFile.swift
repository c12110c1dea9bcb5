import Diagnostics
import Foundation
import Records
import Resolution
import Syntax

/// A file that a `use` names.
public struct ImportedFile {
  /// From the study's folder, without `.` and `..` where that can be: where its draws are counted, and its name in messages.
  let path: String
  /// Where it stands on the machine: what makes it the same file.
  let place: String
  let source: SourceFile

  /// Where the file stands that a `use` names in a file of a folder: beside it, if `written` does not begin at the root;
  /// without `.` and `..` where that can be. The ending `.exp` may be left out.
  public static func path(_ written: String, beside folder: String) -> String {
    let named = written.hasSuffix(".exp") ? written : written + ".exp"
    let path = folder.isEmpty || named.hasPrefix("/") || named.hasPrefix("~") ? named : folder + "/" + named
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == "..", let last = parts.last, last != ".." { parts.removeLast() } else { parts.append(part) }
    }
    return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
  }

  /// The folder of a file, from the root and with links followed: what the file imports does not depend on how it was named.
  /// The current folder where a text stands in no file.
  public static func folder(of name: String) -> String {
    let named = NSString(string: NSString(string: name).deletingLastPathComponent).expandingTildeInPath
    guard let real = realpath(named.isEmpty ? "." : named, nil) else { return named }
    defer { free(real) }
    return String(cString: real)
  }

  /// What only a study says, where an imported file says it: options, seed, claims and sources would be passed over.
  static func studyStatements(in tree: SyntaxTree) -> [Diagnostic] {
    tree.statements.compactMap { statement in
      let word: String, place: Span, reason: String, help: String
      switch statement.kind {
      case .option(let name, _, _, _):
        (word, place, reason) = ("option", name.span, "nobody could set it")
        help = "declare it in the study, and pass its value to the functions that need it"
      case .seed(let value):
        (word, place, reason) = ("seed", value.span, "the study has the seed of all draws")
        help = "state it in the study, whose seed this file's draws follow"
      case .claim(let text, _):
        (word, place, reason) = ("claim", text.span, "nobody would hear of its outcome")
        help = "make it in the study, or write `test` for `claim`: `exp test` runs the tests of this file"
      case .cite(let value):
        (word, place, reason) = ("cite", value.span, "the study's report would not name it")
        help = "cite it in the study"
      default: return nil
      }
      let span = Span(file: statement.span.file, lower: Int(statement.span.lower), upper: Int(place.upper))
      return Diagnostic(
        "E0713", "`\(word)` stands in a file that is imported", at: span, label: reason, help: [help])
    }
  }
}

/// The files that wait for an import, outermost first.
struct ImportChain {
  /// Folder of the file that begins the chain: from the root, or the current one where the text stands in no file.
  private let folder: String
  private var files: [ImportedFile] = []
  /// Which of them stands at a place.
  private var places: [String: Int] = [:]

  /// Begins at a file of this name.
  init(of name: String) { folder = ImportedFile.folder(of: name) }

  /// Does something while a file waits.
  mutating func waiting<Result>(_ file: ImportedFile, _ body: (inout ImportChain) throws -> Result) rethrows -> Result {
    places[file.place] = files.count
    files.append(file)
    defer { places[files.removeLast().place] = nil }
    return try body(&self)
  }

  /// The file that a `use` names in the last of them, looked for beside it and nowhere else.
  func file(_ written: String, _ machine: Machine) throws -> ImportedFile {
    do { try machine.checkNativeStack() } catch {
      throw RuntimeError("E0303", "imports are nested too deeply", label: "\(files.count) files wait for this one")
    }
    let beside = files.last.map { NSString(string: $0.path).deletingLastPathComponent } ?? ""
    let path = ImportedFile.path(written, beside: beside)
    let named = try machine.host.imported(path, at: ImportedFile.path(path, beside: folder))
    let place =
      realpath(named, nil).map { real in
        defer { free(real) }
        return String(cString: real)
      } ?? named
    if let first = places[place] {
      let ring = (files[first...].map(\.path) + [path]).map { "`\($0)`" }.joined(separator: " imports ")
      throw RuntimeError(
        "E0712", "these files import each other in a ring", label: ring,
        help: ["move what both need into a file of its own"])
    }
    guard FileFacts(place)?.kind == .file, let data = FileManager.default.contents(atPath: place) else {
      throw RuntimeError("E0711", "the file `\(written)` cannot be read", help: ["it was looked for at \(place)"])
    }
    return ImportedFile(path: path, place: place, source: SourceStore.shared.add(name: place, content: data))
  }
}

extension Session {
  /// What is known to be wrong with the files that a program imports, and with those that they import, before it runs.
  func checkImports(_ program: ResolvedProgram, of file: SourceFile) -> [Diagnostic] {
    var found: [Diagnostic] = [], seen: Set<String> = []
    machine.nativeStackLimit = ThreadStack.limit
    func visit(_ uses: [ModuleUse], _ chain: inout ImportChain) {
      for use in uses where use.isFile && found.count < SyntaxLimits.diagnostics {
        do {
          let file = try chain.file(use.path, machine)
          guard seen.insert(file.place).inserted else { continue }
          let parsed = parse(file.source)
          let (imported, problems) = resolve(parsed.tree, prelude: library.prelude)
          found +=
            parsed.diagnostics.isEmpty
            ? problems + ImportedFile.studyStatements(in: parsed.tree) : parsed.diagnostics
          chain.waiting(file) { visit(imported.uses, &$0) }
        } catch {
          var failure = machine.runtimeError(error)
          if failure.span == nil { failure.span = use.span }
          found.append(failure.diagnostic)
        }
      }
    }
    var chain = ImportChain(of: file.name)
    visit(program.uses, &chain)
    return found
  }
}
