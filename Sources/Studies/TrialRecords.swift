import Diagnostics
import Evaluation
import Foundation
import Notation
import Records

/// One finished trial as it stands in a log, and where.
struct TrialRecord {
  /// The object of its line.
  var json: JSON
  /// The run folder that it was found in.
  var folder: String

  /// The run's own name.
  var run: String { NSString(string: folder).lastPathComponent }

  /// Under which name its key stands in the line. It comes first, so that it is found without reading the whole line.
  static let keyName = "key"

  /// How the reason of a trial that was taken over begins; the name of the run follows.
  static let takenFrom = "taken from "

  /// The value of a trial as it is kept.
  struct Value {
    /// What `TrialArchive.encode` gave.
    var json: JSON
    /// The file of its large tensors, relative to the run's folder, and its SHA-256.
    var file: String?
    var hash = ""
  }

  /// A line for a trial that was run. `value` is nil for one whose value cannot be kept: it is never reused.
  /// `source` is the study's text, whose places can be recorded, and
  /// `folder` the run's, below which files are told by what follows it.
  static func json(
    _ event: TrialEvent, key: String?, value: Value?, why: String, source: SourceFile? = nil, in folder: String = ""
  ) -> JSON {
    let outcome = event.outcome
    var record: [JSON.Member] = []
    if let key { record.append(.init(keyName, .string(key))) }
    record += [
      .init("index", .int(event.index)), .init("coordinates", .object(Datum.members(event.coordinates))),
      .init("status", .string(outcome.status.rawValue)), .init("fields", .object(Datum.members(outcome.fields))),
    ]
    if let series = outcome.series { record.append(.init("series", series.json)) }
    if !outcome.printed.isEmpty { record.append(.init("printed", .array(outcome.printed.map(JSON.string)))) }
    if let error = outcome.error {
      record.append(.init("error", .string("\(error.id): \(error.message)")))
      if !error.help.isEmpty { record.append(.init("help", .array(error.help.map(JSON.string)))) }
      if let source, error.span.file == source.id {
        record.append(.init("at", [.int(Int(error.span.lower)), .int(Int(error.span.upper))]))
      }
    }
    if let value {
      record.append(.init("value", value.json))
      if let file = value.file {
        record.append(.init("tensors", .string(file)))
        record.append(.init("sha256", .string(value.hash)))
      }
    }
    if !outcome.isRepeatable {
      let files = outcome.written.map { path in
        path.hasPrefix(folder + "/") ? String(path.dropFirst(folder.count + 1)) : path
      }
      record.append(.init("writes", .array(files.map(JSON.string))))
    }
    if outcome.hasMetSurroundings { record.append(.init("surroundings", .bool(true))) }
    if !outcome.reads.isEmpty {
      record.append(
        .init(
          "reads",
          .array(
            outcome.reads.map { ["path": .string($0.path), "data": .bool($0.isData), "sha256": .string($0.hash)] })))
    }
    record.append(.init("why", .string(why)))
    record.append(.init("seconds", .float(outcome.seconds)))
    return .object(record)
  }

  /// The hash of what a trial found, the same for every process that runs it; nil of a failure, which may have its reason
  /// in the machine.
  static func resultHash(_ json: JSON) -> String? {
    guard let status = json["status"]?.string, status == "done" || status == "diverged" else { return nil }
    let parts = ["coordinates", "status", "fields", "series", "value", "sha256"]
    return SHA256.hex(parts.map { json[$0]?.compact ?? "" }.joined(separator: "\n"))
  }

  /// The record that counts for each trial: of a trial that was tried again, the one with a result, otherwise the last.
  static func latest(_ records: [JSON]) -> [Int: JSON] {
    Dictionary(records.compactMap { json in json["index"]?.int.map { ($0, json) } }) { first, second in
      let (hasFirst, hasSecond) = (resultHash(first) != nil, resultHash(second) != nil)
      if hasFirst != hasSecond { return hasFirst ? first : second }
      return (first["session"]?.int ?? 0) > (second["session"]?.int ?? 0) ? first : second
    }
  }

  /// Whether the trial failed, or was given up.
  var isFailure: Bool { json["status"]?.string == TrialOutcome.Status.failed.rawValue }

  /// Whether another run may take the record for its own trial: its value is kept, no file that it wrote is missing, and it did not depend
  /// on its surroundings, of which records before `surroundings` knew the limit of memory.
  var isReusable: Bool {
    let status = json["status"]?.string.flatMap(TrialOutcome.Status.init)
    return json["writes"] == nil && json["surroundings"] == nil && json["memory_limit"] == nil
      && (status == .diverged || status == .done && json["value"] != nil)
  }

  /// What became of the trial, if the record can stand for running it again: it is whole, and the files that the trial
  /// read are as they were, unless it `isOfNow`, of this session. Without an archive the outcome has fields and no value. A failure stands
  /// for nothing, unless the study's text is given, in which it happened.
  func outcome(
    _ archive: (any TrialArchive)?, host: any StudyHost, failuresIn source: SourceFile? = nil, isOfNow: Bool = false
  ) -> TrialOutcome? {
    guard let status = json["status"]?.string.flatMap(TrialOutcome.Status.init), status != .interrupted,
      status != .failed || source != nil,
      let fields = json["fields"].flatMap(Datum.fields), let seconds = json["seconds"]?.number
    else { return nil }
    var outcome = TrialOutcome(
      status: status, value: nil, fields: fields, series: nil, error: error(in: source), seconds: seconds)
    if let series = json["series"] {
      guard let table = Table(json: series) else { return nil }
      outcome.series = table
    }
    outcome.printed = (json["printed"]?.array ?? []).compactMap(\.string)
    if status == .done, let archive {
      guard let value = value(archive) else {
        if let file = json["tensors"]?.string, tensorBytes() == nil {
          host.noticed("\(folder)/\(file) is damaged or gone; its trial is computed again")
        }
        return nil
      }
      outcome.value = value
    }
    guard let reads = reads, isOfNow || TrialRecord.areUnchanged(reads, host) else { return nil }
    outcome.reads = reads
    outcome.isRepeatable = json["writes"] == nil
    outcome.isFromRecord = true
    return outcome
  }

  /// Why the trial failed, as far as the record tells.
  func error(in source: SourceFile?) -> Diagnostic? {
    guard let text = json["error"]?.string, let colon = text.range(of: ": ") else { return nil }
    var span = Span.none
    if let source, let place = json["at"]?.array, place.count == 2, let from = place[0].int, let to = place[1].int,
      from >= 0, from <= to, to <= source.bytes.count
    {
      span = Span(file: source.id, lower: from, upper: to)
    }
    return Diagnostic(
      String(text[..<colon.lowerBound]), String(text[colon.upperBound...]), at: span,
      help: (json["help"]?.array ?? []).compactMap(\.string))
  }

  /// The files that the trial wrote, as absolute paths.
  var written: [String] {
    let folder = FileAccess.canonical(folder)
    return (json["writes"]?.array ?? []).compactMap(\.string).map { $0.hasPrefix("/") ? $0 : folder + "/" + $0 }
  }

  /// Whether the files that the trial read are as they were.
  func hasUnchangedReads(_ host: any StudyHost) -> Bool { reads.map { TrialRecord.areUnchanged($0, host) } ?? false }

  private static func areUnchanged(_ reads: [FileRead], _ host: any StudyHost) -> Bool {
    reads.allSatisfy { host.hash(of: $0) == $0.hash }
  }

  /// The files that the trial read; nil where they are not told as they should be.
  private var reads: [FileRead]? {
    let items = json["reads"]?.array ?? []
    let reads = items.compactMap { item -> FileRead? in
      guard let path = item["path"]?.string, let isData = item["data"]?.bool, let hash = item["sha256"]?.string else {
        return nil
      }
      return FileRead(path: path, isData: isData, hash: hash)
    }
    return reads.count == items.count ? reads : nil
  }

  /// Bytes of its file of tensors, if they are as they were written; nil when there is none.
  func tensorBytes() -> [UInt8]? {
    guard let file = json["tensors"]?.string, let hash = json["sha256"]?.string, !file.contains("..") else {
      return nil
    }
    guard let bytes = try? DiskFileSystem.shared.read(folder + "/" + file), SHA256.hex(bytes) == hash else {
      return nil
    }
    return bytes
  }

  private func value(_ archive: any TrialArchive) -> PortableValue? {
    guard let value = json["value"] else { return nil }
    guard let file = json["tensors"]?.string else { return archive.decode(value, tensors: nil) }
    return tensorBytes() == nil ? nil : archive.decode(value, tensors: folder + "/" + file)
  }
}

extension TrialRecord {
  /// What a log's line holds; nil where it is not whole.
  init?(line: ArraySlice<UInt8>, in folder: String) {
    guard let json = RecordLog.read(Array(line)).records.first else { return nil }
    self.init(json: json, folder: folder)
  }
}

/// Finds the folders of earlier runs.
struct TrialFinder {
  let runsFolder: String
  /// Folders of the study's own runs are looked through first.
  let study: String
  /// The folder of the run that asks.
  let own: String?

  /// At most so many folders of other studies are looked through, the newest ones.
  static let otherFolders = 200

  /// What is said of damaged lines of a log.
  static func damage(of log: String, lines: Int) -> String {
    "\(log) has \(lines) damaged \(lines == 1 ? "line" : "lines"); such trials are computed again"
  }

  /// The study's own earlier runs, newest first.
  func ownFolders() -> [String] { own(of: folders()) }

  /// Those of the study among these.
  func own(of folders: [String]) -> [String] {
    let prefix = runsFolder + "/" + RunFolder.safeName(study) + "-"
    return folders.filter { $0.hasPrefix(prefix) }
  }

  /// All that are looked through, in their order.
  func folders() -> [String] {
    let names = ((try? DiskFileSystem.shared.list(runsFolder)) ?? []).filter { $0.hasSuffix("/") }.map { $0.dropLast() }
    // A worker may have been told the same folder by another path.
    let ownPath = own.map(FileAccess.absolute)
    let paths = names.map { runsFolder + "/" + $0 }.filter { FileAccess.absolute($0) != ownPath }
    let prefix = runsFolder + "/" + RunFolder.safeName(study) + "-"
    let mine = newestFirst(paths.filter { $0.hasPrefix(prefix) })
    return mine + newestFirst(paths.filter { !$0.hasPrefix(prefix) }).prefix(TrialFinder.otherFolders)
  }

  private func newestFirst(_ paths: [String]) -> [String] {
    let dated = paths.map { path -> (Int, Int, String) in
      let facts = FileFacts(path + "/run.json")
      return (facts?.seconds ?? .min, facts?.nanoseconds ?? 0, path)
    }
    return dated.sorted { $0 > $1 }.map(\.2)
  }

  /// The key at the beginning of a line's record, without reading the rest.
  static func key(of line: ArraySlice<UInt8>) -> String? {
    let opening = Array("{\"check\":\"0123456789abcdef\",\"record\":{\"\(TrialRecord.keyName)\":\"".utf8)
    guard line.count > opening.count + 64 else { return nil }
    let start = line.startIndex + opening.count
    guard line[(start - 8)..<start].elementsEqual(opening.suffix(8)) else { return nil }
    return String(decoding: line[start..<(start + 64)], as: UTF8.self)
  }
}
