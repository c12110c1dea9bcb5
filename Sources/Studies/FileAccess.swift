import Diagnostics
import Foundation
import Records

/// Where a study finds data, and which paths its script may read and write: it reads its own folder, the data folders
/// and its run folder, and writes below its run folder only.
public struct FileAccess: Sendable {
  /// Folder of the script (of a REPL the current folder).
  public var ownFolder: String
  /// Data folders in order of search.
  public var dataFolders: [String]
  /// Folder below which the script's own files go; nil when nothing is recorded.
  public var outputFolder: String?
  /// Paths given by `--allow-read`.
  public var readable: [String]
  /// Paths given by `--allow-write`.
  public var writable: [String]
  /// Whether the command takes those two options, for what errors advise.
  public var takesPaths: Bool
  /// Where the data folders that were there at the beginning really are: a sweep asks thousands of times.
  private let realData: [String: String]

  /// Makes the rules; relative paths are taken from the current folder.
  public init(
    ownFolder: String, dataFolders: [String], outputFolder: String?, readable: [String] = [], writable: [String] = [],
    takesPaths: Bool = true
  ) {
    self.ownFolder = Self.canonical(ownFolder)
    let data = dataFolders.map(Self.absolute)
    self.dataFolders = data
    realData = Dictionary(
      data.filter(Self.isThere).map { ($0, Self.canonical($0)) }, uniquingKeysWith: { first, _ in first })
    self.outputFolder = outputFolder.map(Self.absolute)
    self.readable = readable.map(Self.canonical)
    self.writable = writable.map(Self.canonical)
    self.takesPaths = takesPaths
  }

  /// The folders of data: those of `--data`, then those of `EXP_DATA` (separated by `:`), then `data` here and beside
  /// the study.
  public static func dataFolders(arguments: [String], environment: String?, ownFolder: String) -> [String] {
    var folders = arguments
    folders += (environment ?? "").split(separator: ":").map(String.init)
    folders += ["data", ownFolder + "/data"]
    var seen = Set<String>()
    return folders.map(absolute).filter { seen.insert($0).inserted }
  }

  /// The first data folder that holds a file, with every place looked at; none for what is no path.
  public func dataFile(_ relativePath: String) -> (path: String?, lookedIn: [String]) {
    guard Self.isPath(relativePath) else { return (nil, []) }
    var looked: [String] = []
    for folder in dataFolders {
      let place = folder + "/" + relativePath
      let real = Self.canonical(place)
      looked.append(place)
      if Self.isBelow(Self.canonical(folder), real), FileFacts(real)?.kind == .file {
        return (real, looked)
      }
    }
    return (nil, looked)
  }

  /// The absolute path a script means by `path`, or why it may not have it; E0702 for what is no path. Reading looks in the run folder's own
  /// files, then in the script's folder, then in the data folders; writing goes to the run folder.
  public func resolve(_ path: String, forWriting: Bool) throws -> String {
    guard Self.isPath(path) else { throw StudyErrors.noPath(path) }
    return forWriting ? try resolveForWriting(path) : try resolveForReading(path)
  }

  /// What stands at the place of a file that the study imports, if it may be read: the file is looked for nowhere else. The place where
  /// nothing stands.
  public func imported(_ place: String) throws -> String {
    guard Self.isPath(place) else { throw StudyErrors.noPath(place) }
    let real = Self.canonical(place)
    guard Self.isThere(real), !readablePlaces.contains(where: { Self.isBelow($0, real) }) else { return real }
    throw StudyErrors.mayNotRead(real, at: takesPaths ? real : nil, allowed: readableRoots)
  }

  private func resolveForWriting(_ path: String) throws -> String {
    let roots = (outputFolder.map { [Self.canonical($0)] } ?? []) + writable
    let place = Self.canonical(Self.isAbsolute(path) ? path : (outputFolder ?? ownFolder) + "/" + path)
    if let folder = outputFolder, !Self.isAbsolute(path), Self.isBelow(Self.canonical(folder), place) { return place }
    let fromHere = Self.canonical(path)
    for candidate in [place, fromHere] where roots.contains(where: { Self.isBelow($0, candidate) }) { return candidate }
    throw StudyErrors.mayNotWrite(path, at: takesPaths ? fromHere : nil, allowed: roots)
  }

  private func resolveForReading(_ path: String) throws -> String {
    let places = readablePlaces
    var refused: String?
    for candidate in Self.candidates(path, below: places) where Self.isThere(candidate) {
      let place = Self.canonical(candidate)
      if places.contains(where: { Self.isBelow($0, place) }) { return place }
      refused = refused ?? place
    }
    let roots = readableRoots
    let allowed = Self.candidates(path, below: [ownFolder]).map(Self.canonical).first { place in
      roots.contains { Self.isBelow($0, place) }
    }
    guard let allowed, !Self.isThere(path) else {
      let place = refused ?? Self.canonical(Self.candidates(path, below: [ownFolder])[0])
      throw StudyErrors.mayNotRead(path, at: takesPaths ? place : nil, allowed: roots)
    }
    return allowed
  }

  /// What is there of the folders that may be read, in order of search. Links are followed only where something is: below a
  /// folder that is not there nothing can be read.
  private var readablePlaces: [String] {
    let output = outputFolder.map { Self.isThere($0) ? [Self.canonical($0)] : [] } ?? []
    let data = dataFolders.filter(Self.isThere).map { realData[$0] ?? Self.canonical($0) }
    return output + [ownFolder] + data + readable + writable
  }

  /// All folders that may be read, each once.
  private var readableRoots: [String] {
    let folders = (outputFolder.map { [$0] } ?? []) + [ownFolder] + dataFolders
    var seen = Set<String>()
    return (folders.map(Self.canonical) + readable + writable).filter { seen.insert($0).inserted }
  }

  /// What a script may mean by a path, in order of search.
  private static func candidates(_ path: String, below roots: [String]) -> [String] {
    isAbsolute(path) ? [path] : roots.map { $0 + "/" + path } + [path]
  }

  /// Bytes of the longest path that systems take.
  static let longestPath = 4096

  /// The system ends a path at its first zero, and would take another file than was asked for.
  private static func isPath(_ path: String) -> Bool { path.utf8.count <= longestPath && !path.utf8.contains(0) }

  /// Whether a path leads to something.
  private static func isThere(_ path: String) -> Bool { access(expanded(path), F_OK) == 0 }

  private static func expanded(_ path: String) -> String {
    path.hasPrefix("~") ? NSString(string: path).expandingTildeInPath : path
  }

  private static func isAbsolute(_ path: String) -> Bool { path.hasPrefix("/") || path.hasPrefix("~") }

  static func isBelow(_ folder: String, _ path: String) -> Bool {
    path == folder || path.hasPrefix(folder.hasSuffix("/") ? folder : folder + "/")
  }

  /// A path from a folder: `../lib/a.exp`. Both are given from the root, without `.` and `..`.
  static func relative(_ path: String, to folder: String) -> String {
    let (parts, base) = (path.split(separator: "/"), folder.split(separator: "/"))
    let common = zip(parts, base).prefix { $0 == $1 }.count
    return (base[common...].map { _ in ".." } + parts[common...]).joined(separator: "/")
  }

  /// From the root, without `.` and `..`; symbolic links are kept.
  public static func absolute(_ path: String) -> String {
    let expanded = expanded(path)
    let full = expanded.hasPrefix("/") ? expanded : FileManager.default.currentDirectoryPath + "/" + expanded
    var parts: [Substring] = []
    for part in full.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }

  /// From the root, with symbolic links followed as far as the path exists, so that none leads out of a permitted
  /// folder.
  static func canonical(_ path: String) -> String {
    let expanded = expanded(path)
    let full = expanded.hasPrefix("/") ? expanded : FileManager.default.currentDirectoryPath + "/" + expanded
    let parts = full.split(separator: "/")
    // What exists goes through folders that exist: how many parts do is found by halving, after all of them were tried.
    var real = "/", existing = 0, missing = parts.count + 1
    while existing + 1 < missing {
      let tried = missing > parts.count ? parts.count : (existing + missing) / 2
      guard let found = realpath("/" + parts[..<tried].joined(separator: "/"), nil) else {
        missing = tried
        continue
      }
      (real, existing) = (String(cString: found), tried)
      free(found)
    }
    return existing == parts.count ? real : absolute(real + "/" + parts[existing...].joined(separator: "/"))
  }
}
