import Notation

/// A run's folder, `runs/<study>-<id>/`. Every file is written durably (see `RunFiles`); docs/run-format.md describes
/// the contents. Safe to use from one thread at a time, except `log`, whose result is safe from any.
public final class RunFolder: @unchecked Sendable {
  /// Where it lies, without a slash at the end.
  public let path: String
  /// How its files are written.
  public let files: RunFiles

  init(path: String, files: RunFiles) {
    self.path = path
    self.files = files
  }

  /// The folder's own name, such as `double_descent-7f3a9c`.
  public var name: String { String(path.split(separator: "/").last ?? "") }

  /// Makes a new folder below `runs` (made too, if missing), named by the study and the start of the identity hash.
  /// When that name is taken, by an earlier run of the same text or by chance, `-2`, `-3` … follow. Throws
  /// `FileError`.
  public static func create(in runs: String, study: String, identity: String, files: RunFiles = RunFiles()) throws
    -> RunFolder
  {
    try files.makeFolders(runs)
    let base = runs + "/" + safeName(study) + "-" + String(identity.prefix(6))
    for n in 1... {
      let path = n == 1 ? base : base + "-\(n)"
      guard try files.makeNewFolder(path) else { continue }
      for part in parts + ["workers"] { _ = try files.fileSystem.makeFolder(path + "/" + part) }
      try files.fileSystem.syncFolder(path)
      return RunFolder(path: path, files: files)
    }
    throw FileError(operation: "make the folder", path: base, code: 0, reason: "no free name")
  }

  /// A folder that was made for a run, whether or not its `run.json` can be read; nil for any other.
  public static func openUnread(_ path: String, files: RunFiles = RunFiles()) -> RunFolder? {
    let folder = RunFolder(path: trimmed(path), files: files)
    return folder.isForRun ? folder : nil
  }

  private static func trimmed(_ path: String) -> String {
    path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  private static let parts = ["source", "trials", "tables", "figures"]

  /// Whether it was made for a run, which may have no `run.json`.
  var isForRun: Bool { RunFolder.parts.allSatisfy { files.fileSystem.exists(path + "/" + $0) } }

  /// A folder that exists, for reading or going on; nil when it has no readable `run.json`.
  public static func open(_ path: String, files: RunFiles = RunFiles()) -> RunFolder? {
    let folder = RunFolder(path: trimmed(path), files: files)
    return folder.readRun() == nil ? nil : folder
  }

  /// A name made fit for a file: letters, digits, `_`, `-` and `.` stay, all else becomes `_`; never empty, never
  /// starts with a dot.
  public static func safeName(_ name: String) -> String {
    let kept = name.unicodeScalars.map { scalar -> Character in
      let isFine =
        scalar.properties.isAlphabetic || scalar.properties.numericType != nil || "_-.".unicodeScalars.contains(scalar)
      return isFine ? Character(scalar) : "_"
    }
    let text = String(kept.prefix(80))
    return text.isEmpty || text.hasPrefix(".") ? "_" + text : text
  }

  /// Folders of runs of a study below `runs`, the latest first.
  public static func runs(of study: String, in runs: String, files: RunFiles = RunFiles()) -> [RunFolder] {
    let prefix = safeName(study) + "-"
    let names = ((try? files.fileSystem.list(runs)) ?? []).filter { $0.hasPrefix(prefix) && $0.hasSuffix("/") }
    let found = names.compactMap { name -> (RunFolder, RunRecord)? in
      guard let folder = open(runs + "/" + name, files: files), let run = folder.readRun(), run.study == study else {
        return nil
      }
      return (folder, run)
    }
    return found.sorted { a, b in
      (a.1.started, a.0.name.count, a.0.name) > (b.1.started, b.0.name.count, b.0.name)
    }.map(\.0)
  }

  /// A name for one more worker, `w1`, `w2`, …, which no other has had in this folder; `workers/<name>.json` says who it is.
  public func addWorker(_ facts: [Datum.Field]) throws -> String {
    try files.makeFolders(path + "/workers")
    let content = Array((JSON.object(Datum.members(facts)).pretty).utf8)
    var number = ((try? files.fileSystem.list(path + "/workers")) ?? []).filter { $0.hasSuffix(".json") }.count + 1
    while !(try files.commit(content, to: path + "/workers/w\(number).json")) { number += 1 }
    return "w\(number)"
  }

  /// What matters only while somebody works on the run.
  public var live: LiveFolder { LiveFolder(path, files: files) }

  /// Whether the run came to its end: its manifest is there.
  public var isSealed: Bool { files.fileSystem.exists(path + "/" + RunFolder.manifestName) }

  /// Begins to go on with a run that was left: the manifest of its last end no longer holds.
  public func unseal() throws {
    let manifest = path + "/" + RunFolder.manifestName
    if files.fileSystem.exists(manifest) { try files.fileSystem.remove(manifest) }
  }

  /// Writes `run.json`, and before it, in less time than one by one, files at paths below the folder. Throws `FileError`.
  public func write(_ run: RunRecord, after others: [RunFiles.Content] = []) throws {
    try add(others + [RunFiles.Content("run.json", run.json.pretty)])
  }

  /// What `run.json` says; nil when it is absent or damaged.
  public func readRun() -> RunRecord? {
    guard let bytes = try? files.fileSystem.read(path + "/run.json"), let json = try? JSON.read(bytes) else {
      return nil
    }
    return RunRecord(json: json)
  }

  /// Why the `run.json` of the folder at a path gives no run: it is damaged, or of a later format.
  public static func whyUnread(_ path: String, files: RunFiles = RunFiles()) -> String {
    let name = path + "/run.json"
    guard let bytes = try? files.fileSystem.read(name), let json = try? JSON.read(bytes),
      let format = json["format"]?.int, format > RunRecord.format
    else { return "\(name) is damaged" }
    return "\(name) was written by a newer Exp (format \(format); this one knows \(RunRecord.format))"
  }

  /// `study.json`, from which the report can be drawn again.
  public static func content(_ study: StudyRecord) -> RunFiles.Content {
    RunFiles.Content(studyName, study.json.compact + "\n")
  }

  /// What `study.json` says; nil when it is absent or damaged.
  public func readStudy() -> StudyRecord? {
    guard let bytes = try? files.fileSystem.read(path + "/" + RunFolder.studyName),
      let json = try? JSON.read(bytes)
    else { return nil }
    return StudyRecord(json: json)
  }

  /// A source file as it is frozen under `source/`, at its place below the study's folder where it is there.
  public static func content(source name: String, text: String) -> RunFiles.Content {
    RunFiles.Content(sourcePath(name), text)
  }

  /// Where a source file is frozen, below a run's folder: under its path from the study's folder, in which `_..` stands for a step up.
  static func sourcePath(_ name: String) -> String {
    let parts = name.split(separator: "/").map(String.init)
    return "source/" + (parts.isEmpty ? ["source"] : parts).map(RunFolder.safeName).joined(separator: "/")
  }

  /// Where the text of a study of this name is frozen, below the run's folder.
  public static func studyPath(_ study: String) -> String { sourcePath(study + ".exp") }

  /// The bytes of a file of the folder; nil where it cannot be read.
  public func bytes(_ relativePath: String) -> [UInt8]? { try? files.fileSystem.read(path + "/" + relativePath) }

  /// A file of the folder as text; nil where it cannot be read.
  public func text(_ relativePath: String) -> String? {
    (try? files.fileSystem.read(path + "/" + relativePath)).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Where a table of this name lies, below the run's folder.
  public static func tablePath(_ name: String) -> String { "tables/\(safeName(name)).csv" }

  /// Writes a figure's files as `figures/<number>.svg`, `.csv` and `.gp`; gives their common start below the folder,
  /// `figures/1`.
  @discardableResult public func addFigure(number: Int, svg: String, csv: String, gnuplot: String) throws -> String {
    let stem = "figures/\(number)"
    try add([.init(stem + ".csv", csv), .init(stem + ".gp", gnuplot), .init(stem + ".svg", svg)])
    return stem
  }

  /// Writes files at paths below the folder (see `RunFiles.write`); folders on the way are made. Throws `FileError`, also for a
  /// path that would lead out of it.
  public func add(_ contents: [RunFiles.Content]) throws {
    let whole = try contents.map { content in
      let parts = content.path.split(separator: "/", omittingEmptySubsequences: false)
      guard !parts.contains(""), !parts.contains(".."), !parts.contains("."), !content.path.contains("\0") else {
        throw FileError(
          operation: "write", path: content.path, code: 0, reason: "the path leads out of the run's folder")
      }
      let full = path + "/" + content.path
      if parts.count > 1 { try files.makeFolders(RunFiles.parent(of: full)) }
      return RunFiles.Content(full, content.bytes)
    }
    try files.write(whole)
  }

  /// Opens a growing file of records below the folder: `events-0.jsonl`, `trials/runs-0.jsonl`.
  public func log(_ relativePath: String) throws -> RecordLog { try RecordLog(path + "/" + relativePath, files: files) }

  /// Ends the run: writes its last files, `run.json` and then `manifest.sha256` over all files, which `sha256sum -c` checks.
  /// Close the logs before.
  public func seal(_ run: RunRecord, after others: [RunFiles.Content] = []) throws {
    try write(run, after: others)
    files.fileSystem.removeAll(path + "/" + TrialStore.attempts)
    var lines: [String] = []
    for file in try contents() where !RunFolder.isUnsealed(file) {
      lines.append(SHA256.hex(try files.fileSystem.read(path + "/" + file)) + "  " + file + "\n")
    }
    try files.write(lines.joined(), to: path + "/" + RunFolder.manifestName)
  }

  /// Paths of all files below the folder, sorted, without what matters only while somebody works on it.
  public func contents() throws -> [String] {
    func walk(_ prefix: String) throws -> [String] {
      try files.fileSystem.list(prefix.isEmpty ? path : path + "/" + prefix).flatMap { name -> [String] in
        guard name.hasSuffix("/") else { return [prefix + name] }
        if prefix.isEmpty, name == LiveFolder.name + "/" || name == TrialStore.attempts + "/" { return [] }
        return try walk(prefix + name)
      }
    }
    return try walk("").sorted()
  }

  /// Files that are missing, changed or not listed, by comparison with the manifest; empty when all is as it was
  /// sealed. Only those that are wanted are looked at, by their paths below the folder. Throws `FileError` when there is no
  /// manifest.
  public func checkManifest(of isWanted: (String) -> Bool = { _ in true }) throws -> [String] {
    try manifestProblems(of: isWanted).map { "\($0.what): \($0.file)" }
  }

  /// The same, what and file apart.
  func manifestProblems(of isWanted: (String) -> Bool) throws -> [(what: String, file: String)] {
    let text = String(decoding: try files.fileSystem.read(path + "/" + RunFolder.manifestName), as: UTF8.self)
    var problems: [(what: String, file: String)] = [], listed: Set<String> = []
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else {
        problems.append(("the manifest has a line that is none", String(line)))
        continue
      }
      let name = String(parts[1].dropFirst())
      listed.insert(name)
      guard isWanted(name) else { continue }
      guard let bytes = try? files.fileSystem.read(path + "/" + name) else {
        problems.append(("missing", name))
        continue
      }
      if SHA256.hex(bytes) != parts[0] { problems.append(("changed", name)) }
    }
    for name in try contents() where isWanted(name) && !listed.contains(name) && !RunFolder.mayComeLate(name) {
      problems.append(("not listed", name))
    }
    return problems
  }

  static let manifestName = "manifest.sha256"
  /// The file that the report is drawn from.
  public static let studyName = "study.json"

  /// The page that is drawn from it.
  public static let pageName = "report.html"

  /// Files that the manifest does not list: itself, tags, leftovers of a crash.
  private static func isUnsealed(_ name: String) -> Bool {
    name == manifestName || name == tagsName || name.hasSuffix(".part")
  }

  /// Files that may be there beside those of the manifest: also the note of a worker that came as the run was ending, and found nothing to do.
  private static func mayComeLate(_ name: String) -> Bool {
    isUnsealed(name) || name.hasPrefix("workers/") && name.hasSuffix(".json")
  }
}
