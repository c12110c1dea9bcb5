import Evaluation
import Foundation
import Records

/// Where the trials of earlier runs stand in their logs, by their keys: found once for all sweeps of a run. Which folders and logs there are,
/// and whether they have grown since, is asked again after a second, or after twenty times what the asking takes. Used by one thread at a time.
final class TrialIndex {
  private let finder: TrialFinder
  private var folders: [String: IndexedFolder] = [:]
  private var changed: [String: [String]] = [:]
  private var listed: (all: [String], own: [String])?
  /// Looks at folders belong together in rounds; when the one now began, and how many seconds its looks took.
  private var round = (number: 0, began: -Double.infinity, spent: 0.0)

  init(_ finder: TrialFinder) { self.finder = finder }

  /// The folder of all runs.
  var runsFolder: String { finder.runsFolder }

  /// The study's own earlier runs, newest first.
  var ownFolders: [String] { list().own }

  /// A record for each key that has one whose files are unchanged; the newest runs come first. Says which logs have a damaged line of a
  /// trial that no other record stands for.
  func find(_ keys: Set<String>, host: any StudyHost) -> [String: TrialRecord] {
    var found: [String: TrialRecord] = [:], damaged: [String: String] = [:]
    var wanted = IndexedFolder.Keys(keys)
    for folder in list().all where found.count < keys.count {
      if !found.isEmpty { wanted.drop { found[$0] != nil } }
      eachRecord(in: folder, of: wanted) { key, record, log in
        guard found[key] == nil else { return }
        guard let record else {
          damaged[key] = folder + "/" + log
          return
        }
        if record.isReusable, record.hasUnchangedReads(host) { found[key] = record }
      }
    }
    let logs = damaged.filter { found[$0.key] == nil }.values
    for log in Set(logs).sorted() { host.noticed(TrialFinder.damage(of: log, lines: logs.count { $0 == log })) }
    return found
  }

  /// Files with their run's name that keep the records of trials by these keys from being used, damaged or gone: in the folders of
  /// earlier runs, and in the logs that the folder `own` has of the sweep.
  func damage(of keys: Set<String>, in earlier: some Sequence<String>, sweep: String, own: String?) -> [String: String]
  {
    var files: [String: String] = [:]
    func note(_ key: String, _ record: TrialRecord?, _ folder: String, _ log: String) {
      guard files[key] == nil else { return }
      let run = NSString(string: folder).lastPathComponent
      guard let record else {
        files[key] = "\(run)/\(log)"
        return
      }
      if let file = record.json["tensors"]?.string, record.tensorBytes() == nil { files[key] = "\(run)/\(file)" }
    }
    let wanted = IndexedFolder.Keys(keys)
    for folder in earlier { eachRecord(in: folder, of: wanted) { note($0, $1, folder, $2) } }
    guard let own else { return files }
    for log in TrialStore.logs(of: sweep, in: own) {
      for line in ((try? DiskFileSystem.shared.read(own + "/" + log)) ?? []).split(separator: 0x0A) {
        guard let key = TrialFinder.key(of: line), keys.contains(key) else { continue }
        note(key, TrialRecord(line: line, in: own), own, log)
      }
    }
    return files
  }

  /// Logs of a run's folder that are not as its manifest has them, as they were when first asked for.
  func changedLogs(in folder: String) -> [String] {
    if let known = changed[folder] { return known }
    let logs = RunFolder.open(folder)?.changedLogs() ?? []
    changed[folder] = logs
    return logs
  }

  /// Records with these keys, log by log; a line that is not whole gives nil.
  private func eachRecord(
    in folder: String, of keys: IndexedFolder.Keys, _ body: (_ key: String, TrialRecord?, _ log: String) -> Void
  ) {
    let indexed = folders[folder] ?? IndexedFolder(folder)
    folders[folder] = indexed
    looking { if indexed.round != round.number { indexed.look(in: round.number) } }
    for (log, lines) in indexed.lines(of: keys) {
      for line in lines {
        guard let key = TrialFinder.key(of: line[...]), keys.all.contains(key) else { continue }
        body(key, TrialRecord(line: line[...], in: folder), log)
      }
    }
  }

  private func list() -> (all: [String], own: [String]) {
    let now = monotonicSeconds()
    let isOver = now - round.began > max(1, 20 * round.spent)
    if !isOver, let listed { return listed }
    round = (round.number + 1, now, 0)
    return looking {
      let all = finder.folders()
      let new = (all, finder.own(of: all))
      listed = new
      return new
    }
  }

  private func looking<Result>(_ body: () -> Result) -> Result {
    let start = monotonicSeconds()
    defer { round.spent += monotonicSeconds() - start }
    return body()
  }
}

/// The lines of one run's logs, by the beginnings of their keys.
private final class IndexedFolder {
  /// The round in which it was looked at.
  private(set) var round = 0
  private let folder: String
  private var logs: [Log] = []
  private var numbers: [String: Int] = [:]
  private var lines: [Line] = []
  /// The last line of each beginning.
  private var last: [UInt64: Int] = [:]

  private struct Log {
    var path: String
    var file: UInt64
    /// Its bytes when it was looked at, and those up to the end of its last line.
    var size = 0, end = 0
    /// Its last line, where that had no end.
    var open: Int?
    /// Where it was replaced or has become shorter, its lines are those of another number.
    var isThere = true
  }

  private struct Line {
    var log: Int32
    /// Bytes; 0 for one that is to be found elsewhere.
    var count: Int32
    var start: Int
    /// The line before it of the same beginning; -1 for none.
    var before: Int
  }

  /// Keys that are looked for.
  struct Keys {
    private(set) var all: Set<String>
    fileprivate private(set) var beginnings: [UInt64]

    init(_ all: Set<String>) {
      self.all = all
      beginnings = all.compactMap(IndexedFolder.beginning)
    }

    /// Without those that need not be found.
    mutating func drop(_ isFound: (String) -> Bool) {
      let left = all.filter { !isFound($0) }
      if left.count < all.count { self = Keys(left) }
    }
  }

  init(_ folder: String) { self.folder = folder }

  /// Takes in what the logs have got since the last time.
  func look(in round: Int) {
    self.round = round
    for (_, path) in TrialStore.logs(in: folder) {
      guard let facts = FileFacts(folder + "/" + path) else { continue }
      if let number = numbers[path] {
        if logs[number].file == facts.number, facts.size == logs[number].size { continue }
        if logs[number].file != facts.number || facts.size < logs[number].end {
          logs[number].isThere = false
          numbers[path] = nil
        }
      }
      let number = numbers[path] ?? logs.count
      if number == logs.count { logs.append(Log(path: path, file: facts.number)) }
      numbers[path] = number
      logs[number].size = facts.size
      add(number)
    }
  }

  private func add(_ number: Int) {
    let start = logs[number].end
    guard let bytes = try? DiskFileSystem.shared.read(folder + "/" + logs[number].path, from: start) else { return }
    if let open = logs[number].open { lines[open].count = 0 }
    logs[number].open = nil
    for line in bytes.split(separator: 0x0A) {
      // A last line without its end may get one.
      let isOpen = line.endIndex == bytes.endIndex
      if !isOpen { logs[number].end = start + line.endIndex + 1 }
      guard let key = TrialFinder.key(of: line), let beginning = IndexedFolder.beginning(key) else { continue }
      lines.append(
        Line(
          log: Int32(number), count: Int32(clamping: line.count), start: start + line.startIndex,
          before: last[beginning] ?? -1))
      last[beginning] = lines.count - 1
      if isOpen { logs[number].open = lines.count - 1 }
    }
  }

  fileprivate static func beginning(_ key: String) -> UInt64? { UInt64(key.prefix(16), radix: 16) }

  /// Lines whose keys may be among these, by log and in their order.
  func lines(of keys: Keys) -> [(log: String, lines: [[UInt8]])] {
    var pieces: [Int: [(start: Int, count: Int)]] = [:]
    for beginning in keys.beginnings {
      var next = last[beginning] ?? -1
      while next >= 0 {
        let line = lines[next]
        if line.count > 0, logs[Int(line.log)].isThere {
          pieces[Int(line.log), default: []].append((line.start, Int(line.count)))
        }
        next = line.before
      }
    }
    return pieces.sorted { logs[$0.key].path < logs[$1.key].path }.map { number, pieces in
      let log = logs[number].path
      let ordered = pieces.sorted { $0.start < $1.start }
      return (log, (try? DiskFileSystem.shared.read(folder + "/" + log, pieces: ordered)) ?? [])
    }
  }
}
