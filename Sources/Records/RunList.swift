import Dispatch

/// The runs below a folder. There is no index to fall out of step with them: every `run.json` is read, over all cores.
public struct RunList: Sendable {
  /// One run.
  public struct Entry: Sendable {
    /// Its folder.
    public var folder: RunFolder
    /// What its `run.json` says.
    public var run: RunRecord
    /// Its tags, sorted.
    public var tags: [String]
    /// Makes an entry.
    public init(folder: RunFolder, run: RunRecord, tags: [String]) {
      self.folder = folder
      self.run = run
      self.tags = tags
    }
  }

  /// The runs, oldest first.
  public var entries: [Entry]
  /// Names of folders whose `run.json` is there and cannot be read.
  public var unreadable: [String]

  /// Names of folders that were made for runs which were left before they had a `run.json`.
  public var unbegun: [String] = []

  /// Makes a list.
  public init(entries: [Entry], unreadable: [String] = []) {
    self.entries = entries
    self.unreadable = unreadable
  }

  /// All runs below a folder; none when it does not exist. Throws `FileError` when it cannot be read.
  public static func read(_ runs: String, files: RunFiles = RunFiles()) throws -> RunList {
    guard files.fileSystem.exists(runs) else { return RunList(entries: []) }
    let names = try files.fileSystem.list(runs).filter { $0.hasSuffix("/") && !$0.hasPrefix(".") }.map {
      String($0.dropLast())
    }
    let found = Findings(count: names.count)
    let share = 64
    DispatchQueue.concurrentPerform(iterations: (names.count + share - 1) / share) { part in
      for place in part * share..<min(names.count, (part + 1) * share) {
        found.set(place, finding(runs + "/" + names[place], files))
      }
    }
    var list = RunList(entries: [])
    for (name, finding) in zip(names, found.all) {
      switch finding {
      case .none: continue
      case .damaged: list.unreadable.append(name)
      case .unbegun: list.unbegun.append(name)
      case .run(let entry): list.entries.append(entry)
      }
    }
    list.entries.sort { ($0.run.started, $0.run.id) < ($1.run.started, $1.run.id) }
    return list
  }

  /// Finds out which runs that say they are running are lost, and shows them so. Looks on for as long as it is not certain:
  /// at most for the longest lease, and not at all where all workers are of this machine.
  public mutating func judge() {
    var open = entries.indices.filter { RunLife.isOpen(entries[$0].run, entries[$0].folder) }.map {
      ($0, RunLife(entries[$0].folder))
    }
    while true {
      let seen = open.map { (place: $0.0, life: $0.1, verdict: $0.1.look()) }
      for (place, _, verdict) in seen {
        entries[place].run.state = RunLife.state(entries[place].run, of: entries[place].folder, verdict)
      }
      open = seen.filter { !$0.verdict.isCertain }.map { ($0.place, $0.life) }
      if open.isEmpty { return }
      RunLife.pause()
    }
  }

  private enum Finding { case none, damaged, unbegun, run(Entry) }

  private static func finding(_ path: String, _ files: RunFiles) -> Finding {
    let folder = RunFolder(path: path, files: files)
    guard let run = folder.readRun() else {
      if files.fileSystem.exists(path + "/run.json") { return .damaged }
      return folder.isForRun && RunLife(folder).look().living.isEmpty ? .unbegun : .none
    }
    return .run(Entry(folder: folder, run: run, tags: folder.tags()))
  }

  /// A place for each finding, written by many threads, each its own.
  private final class Findings: @unchecked Sendable {
    private let places: UnsafeMutableBufferPointer<Finding>
    init(count: Int) {
      places = .allocate(capacity: count)
      places.initialize(repeating: .none)
    }
    deinit {
      places.deinitialize()
      places.deallocate()
    }
    func set(_ place: Int, _ finding: Finding) { places[place] = finding }
    var all: [Finding] { Array(places) }
  }
}

extension RunFolder {
  /// The file of a run's tags, one on a line. It may change after the run has ended and is not in the manifest.
  static let tagsName = "tags"

  /// Whether a word may be a tag: letters, digits, `_`, `-` and `.`.
  public static func isTag(_ word: String) -> Bool { !word.isEmpty && safeName(word) == word }

  /// The run's tags, sorted.
  public func tags() -> [String] {
    guard let bytes = try? files.fileSystem.read(path + "/" + RunFolder.tagsName) else { return [] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init).sorted()
  }

  /// Gives the run other tags. Throws `FileError`.
  public func setTags(_ tags: Set<String>) throws {
    let file = path + "/" + RunFolder.tagsName
    if tags.isEmpty {
      if files.fileSystem.exists(file) { try files.fileSystem.remove(file) }
      return
    }
    try files.write(tags.sorted().map { $0 + "\n" }.joined(), to: file)
  }
}
