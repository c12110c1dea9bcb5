import Notation

/// What is missing in the folder of a run that was left.
extension RunFolder {
  /// Notes in `workers/<worker>.json` that a worker has begun a log, so that its removal is seen. Throws `FileError`.
  func note(log: String, of worker: String) throws {
    let place = path + "/workers/\(worker).json"
    guard let json = (try? files.fileSystem.read(place)).flatMap({ try? JSON.read($0) }) else { return }
    var members = (json.members ?? []).filter { $0.key != "logs" }
    members.append(.init("logs", .array((json["logs"]?.array ?? []) + [.string(log)])))
    try files.write(JSON.object(members).pretty, to: place)
  }

  /// The logs that each worker has begun, in its order, relative to the folder.
  public func logsBegun() -> [[String]] {
    let names = ((try? files.fileSystem.list(path + "/workers")) ?? []).filter { $0.hasSuffix(".json") }
    return names.map { name in
      let json = (try? files.fileSystem.read(path + "/workers/" + name)).flatMap { try? JSON.read($0) }
      return (json?["logs"]?.array ?? []).compactMap(\.string)
    }
  }

  /// Logs of trials that are not as the manifest has them, relative to the folder; none where there is no manifest.
  public func changedLogs() -> [String] {
    let problems = try? manifestProblems { $0.hasPrefix("trials/") && $0.hasSuffix(".jsonl") }
    return (problems ?? []).filter { $0.what != "the manifest has a line that is none" }.map(\.file)
  }

  /// What was removed or cut off since it was written, in words, as far as workers and the manifest, if the run has one, tell: logs of
  /// trials, lines of them, checkpoints, the text of the study. Trials and checkpoints are computed again, texts are to be written again.
  /// Damage inside of other files is found when they are read.
  public func damage(sources: [(name: String, text: String)]) -> [String] {
    let fileSystem = files.fileSystem
    func names(_ folder: String) -> [String] { (try? fileSystem.list(path + "/" + folder)) ?? [] }
    var found: [String] = []
    for worker in names("workers") where worker.hasSuffix(".json") {
      let json = (try? fileSystem.read(path + "/workers/" + worker)).flatMap { try? JSON.read($0) }
      for log in (json?["logs"]?.array ?? []).compactMap(\.string) where !fileSystem.exists(path + "/" + log) {
        found.append("\(path)/\(log) is gone; its trials are computed again")
      }
    }
    for (_, log) in TrialStore.logs(in: path, fileSystem: fileSystem) {
      guard let last = (try? fileSystem.read(path + "/" + log))?.last, last != 0x0A else { continue }
      found.append("\(path)/\(log) ends inside a line; that trial is computed again")
    }
    // Lines that were cut off as a whole are missed by the manifest alone; a damaged line is named when it is read.
    for log in changedLogs() where fileSystem.exists(path + "/" + log) {
      guard let bytes = try? fileSystem.read(path + "/" + log), bytes.last ?? 0x0A == 0x0A,
        RecordLog.read(bytes).damaged == 0
      else { continue }
      found.append("\(path)/\(log) is not as it was written; trials that it lacks are computed again")
    }
    for folder in names("checkpoints") where folder.hasSuffix("/") && names("checkpoints/" + folder).isEmpty {
      found.append("\(path)/checkpoints/\(folder) is empty; what it kept is computed again")
    }
    for source in sources {
      let file = path + "/" + RunFolder.sourcePath(source.name)
      guard (try? fileSystem.read(file)) != Array(source.text.utf8) else { continue }
      found.append("\(file) was damaged or gone; it is written again")
    }
    return found
  }
}
