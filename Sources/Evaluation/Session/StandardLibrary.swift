import Diagnostics
import Foundation
import Records
import Resolution
import Syntax

/// The functions written in Exp (`stdlib/*.exp`) and the natives, with their names and signatures. Shared by all
/// interpreters of a process; functions are parsed, resolved and compiled when their name is first used.
public final class StandardLibrary: @unchecked Sendable {
  /// What the resolver may assume to exist.
  public let prelude: Prelude

  /// One file of the library. At the start only its interface is read.
  final class File: @unchecked Sendable {
    let name: String
    /// Where it was read from; errors and call stacks say `stdlib/name.exp`.
    let path: String
    let source: SourceFile
    let definitions: [FileInterface.Definition]
    /// Whether each function stands for itself: a file that binds anything else is compiled as a whole.
    private let isOnlyFunctions: Bool
    private let lock = NSLock()
    private var parsed: ParseResult?

    init(name: String, path: String, source: SourceFile) {
      self.name = name
      self.path = path
      self.source = source
      if let quick = interface(of: source) {
        definitions = quick.definitions
        isOnlyFunctions = quick.isOnlyFunctions
      } else {
        let whole = parse(source)
        parsed = whole
        definitions = Self.definitions(of: whole.tree)
        isOnlyFunctions = false
      }
    }

    /// Names that programs see.
    var names: [String] { definitions.map(\.name).filter { !$0.hasPrefix("_") } }

    /// Its tree, with what is wrong with it.
    var whole: ParseResult {
      lock.lock()
      defer { lock.unlock() }
      if let parsed { return parsed }
      let result = parse(source)
      parsed = result
      return result
    }
    var tree: SyntaxTree { whole.tree }

    /// The functions of a name, with those that stand between them; nil where the whole file is to be taken.
    func functions(named name: String) -> SyntaxTree? {
      let places = definitions.filter { $0.name == name }.compactMap(\.place)
      guard isOnlyFunctions, let first = places.first, let last = places.last else { return nil }
      let result = parse(source, part: first.lowerBound..<last.upperBound)
      return result.diagnostics.isEmpty ? result.tree : nil
    }

    /// What a tree defines.
    static func definitions(of tree: SyntaxTree) -> [FileInterface.Definition] {
      tree.statements.compactMap { statement in
        switch statement.kind {
        case .function(let name, let literal, _):
          return FileInterface.Definition(name: name.text, parameters: literal.parameters)
        case .letBinding(let pattern, _):
          guard case .name(let name) = pattern.kind else { return nil }
          return FileInterface.Definition(name: name.text, parameters: nil)
        default: return nil
        }
      }
    }
  }
  let files: [File]
  /// Numbers of its source files.
  let fileIDs: Set<UInt32>
  /// Name → files that define it.
  let definitions: [String: [Int]]
  /// Values that are no functions.
  static let constants: [String: Value] = [
    "pi": Value(Double.pi), "inf": Value(Double.infinity), "nan": Value(Double.nan),
  ]

  /// Modules that are no file of their own: `use nn` is what networks are built of.
  private static let groups = [
    "nn": ["activations", "attention", "convolution", "initializers", "layers", "losses", "networks", "recurrent"]
  ]

  private let lock = NSLock()
  private var compiled: [Part: CompiledFile] = [:]

  /// What is compiled at once: the functions of one name in a file, or without a name all of the file.
  struct Part: Hashable {
    let file: Int
    let name: String?
  }

  /// Top-level code of a library file, a part of one, or a module.
  struct CompiledFile {
    let code: [Prototype]
    /// Holds the code and all that it may make.
    let unit: PrototypeUnit
    let globals: [GlobalBinding]
    let globalCount: Int
  }

  /// The library's files as they are on disk.
  private struct Texts {
    let folder: String
    /// Sorted by name; nil for a file that cannot be read.
    let files: [(name: String, bytes: [UInt8]?)]

    /// nil for the folder looks at `EXP_STDLIB`, beside the program, and above the working folder.
    init(directory: String?) throws {
      guard let found = directory ?? ProcessInfo.processInfo.environment["EXP_STDLIB"] ?? findDirectory() else {
        throw Diagnostic(
          "E0710", "the standard library was not found", at: .none,
          help: ["set EXP_STDLIB to the folder `stdlib` of the Exp sources"])
      }
      folder = found
      guard let names = try? DiskFileSystem.shared.list(found) else {
        throw Diagnostic("E0710", "the standard library cannot be read from \(found)", at: .none)
      }
      files = names.filter { $0.hasSuffix(".exp") }.map { ($0, try? DiskFileSystem.shared.read(found + "/" + $0)) }
    }
  }

  /// What `contentHash` read, for the `load` that follows it when a run begins.
  private static let justRead = Handover()
  private final class Handover: @unchecked Sendable {
    private let lock = NSLock()
    private var texts: [String?: Texts] = [:]
    func leave(_ read: Texts, for directory: String?) { lock.withLock { texts[directory] = read } }
    func take(_ directory: String?) -> Texts? { lock.withLock { texts.removeValue(forKey: directory) } }
  }

  /// Reads the library from a folder; nil looks at `EXP_STDLIB`, beside the program, and above the working folder.
  /// Throws a diagnostic when there is no such folder or a file cannot be parsed.
  public static func load(directory: String? = nil) throws -> StandardLibrary {
    let texts = try justRead.take(directory) ?? Texts(directory: directory)
    return StandardLibrary(
      files: try texts.files.map { name, bytes in
        let path = texts.folder + "/" + name
        guard let bytes else { throw Diagnostic("E0710", "the library file \(path) cannot be read", at: .none) }
        let source = SourceStore.shared.add(name: "stdlib/" + name, content: bytes)
        return File(name: String(name.dropLast(4)), path: path, source: source)
      })
  }

  /// SHA-256 over names and texts of the files that `load` would read; empty when there are none.
  public static func contentHash(directory: String? = nil) -> String {
    guard let texts = try? Texts(directory: directory) else { return "" }
    justRead.leave(texts, for: directory)
    var hash = SHA256()
    for (name, bytes) in texts.files {
      let bytes = bytes ?? []
      hash.update(Array("\(name) \(bytes.count)\n".utf8))
      hash.update(bytes)
    }
    return hash.finishHex()
  }

  /// Whether a path is that of one of the library's own files.
  func contains(fileNamed path: String) -> Bool {
    let full = URL(fileURLWithPath: path).standardizedFileURL.path
    return files.contains { URL(fileURLWithPath: $0.path).standardizedFileURL.path == full }
  }

  init(files: [File]) {
    self.files = files
    fileIDs = Set(files.map(\.source.id))
    var definitions: [String: [Int]] = [:]
    var names: [String: [Signature]] = [:]
    for name in Self.constants.keys { names[name] = [] }
    for native in Natives.all { names[native.name, default: []].append(native.fullSignature) }
    for (index, file) in files.enumerated() {
      let seen = file.definitions.filter { !$0.name.hasPrefix("_") }
      for found in seen {
        if definitions[found.name]?.last != index { definitions[found.name, default: []].append(index) }
        if let parameters = found.parameters { names[found.name, default: []].append(Self.signature(parameters)) }
      }
      for found in seen where names[found.name] == nil { names[found.name] = [] }
    }
    self.definitions = definitions
    prelude = Prelude(names: names, modules: Set(files.map(\.name)).union(Self.groups.keys))
  }

  /// What `use NAME` brings in: the names of a file or of a group of files.
  func names(ofModule name: String) -> [String] {
    let members = Self.groups[name] ?? [name]
    return files.filter { members.contains($0.name) }.flatMap(\.names)
  }

  private static func signature(_ parameters: [Parameter]) -> Signature {
    Signature(
      parameters.map {
        Signature.Parameter($0.name.text, hasDefault: $0.defaultValue != nil, isRest: $0.isRest, kind: $0.kind?.text)
      })
  }

  /// `stdlib` beside the program, in its share folder, or above the program or the working folder.
  private static func findDirectory() -> String? {
    let program = URL(fileURLWithPath: ProcessInfo.processInfo.arguments.first ?? "exp").resolvingSymlinksInPath()
    var starts = [program.deletingLastPathComponent(), URL(fileURLWithPath: FileManager.default.currentDirectoryPath)]
    starts.append(URL(fileURLWithPath: #filePath).deletingLastPathComponent())
    for start in starts {
      var folder = start.standardizedFileURL
      for _ in 0..<8 {
        for candidate in ["stdlib", "share/exp/stdlib"] {
          let path = folder.appendingPathComponent(candidate).path
          if FileManager.default.fileExists(atPath: path + "/lists.exp") { return path }
        }
        if folder.path == "/" { break }
        folder.deleteLastPathComponent()
      }
    }
    return nil
  }

  /// The part of a library file that defines a name, and its code, compiled at its first use in the process.
  func code(defining name: String, inFile index: Int) throws -> (part: Part, code: CompiledFile) {
    lock.lock()
    defer { lock.unlock() }
    for part in [Part(file: index, name: name), Part(file: index, name: nil)] {
      if let known = compiled[part] { return (part, known) }
    }
    if let tree = files[index].functions(named: name) {
      let part = Part(file: index, name: name), code = try code(of: tree)
      compiled[part] = code
      return (part, code)
    }
    let part = Part(file: index, name: nil), whole = files[index].whole
    if let error = whole.diagnostics.first(where: { $0.severity == .error }) { throw error }
    let code = try code(of: whole.tree)
    compiled[part] = code
    return (part, code)
  }

  /// The code of statements of a library file.
  private func code(of tree: SyntaxTree) throws -> CompiledFile {
    let (program, diagnostics) = resolve(tree, prelude: prelude, isLibrary: true)
    if let error = diagnostics.first(where: { $0.severity == .error }) { throw error }
    return try Self.compile(program)
  }

  /// Compiles the statements of a file that only defines things.
  static func compile(_ program: ResolvedProgram) throws -> CompiledFile {
    let count = ((program.globals.map(\.slot) + program.uses.map(\.slot)).max() ?? -1) + 1
    let compiler = Compiler(program: program, globalCount: count, keepsGlobals: false)
    var code: [Prototype] = []
    let waiting = program.waitingFunctions(in: program.tree.statements)
    for (index, statement) in program.tree.statements.enumerated() {
      switch statement.kind {
      case .test, .claim, .prose, .languageVersion, .option, .seed, .cite: continue
      default: break
      }
      code.append(
        compiler.compileTopLevel(span: statement.span) {
          $0.statement(statement)
          $0.makeWaiting(waiting[index])
        })
    }
    if let error = compiler.diagnostics.first { throw error }
    return CompiledFile(code: code, unit: compiler.unit, globals: program.globals, globalCount: count)
  }
}

extension NativeFunction {
  /// The signature with the kind that the first argument is meant to be: a tensor where one is taken, else the first
  /// of its kinds.
  var fullSignature: Signature {
    var result = signature
    guard kinds != .any, !result.parameters.isEmpty else { return result }
    result.parameters[0].kind = kinds.contains(.tensor) ? "tensor" : kinds.names.first
    return result
  }
}
