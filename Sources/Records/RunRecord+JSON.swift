import Notation

extension RunRecord {
  /// The contents of `run.json`.
  public var json: JSON {
    [
      "format": .int(RunRecord.format), "id": .string(id), "study": .string(study), "state": .string(state.rawValue),
      "arguments": .array(arguments.map(JSON.string)), "options": .object(Datum.members(options)), "seed": .int(seed),
      "versions": .object(Datum.members(versions)), "host": .object(Datum.members(host)),
      "started": .string(started), "finished": .string(finished), "seconds": Datum.json(seconds),
      "trials": counts.json, "claims": .array(claims.map(\.json)), "identity": .string(identity),
      "session": .int(session), "surroundings": surroundings.json,
      "environment": .object(Datum.members(environment)), "data": .object(Datum.members(data)),
      "git": .object(Datum.members(git)),
    ]
  }

  /// Reads what `json` wrote; nil when it is not of that form or of a later format.
  public init?(json: JSON) {
    guard let format = json["format"]?.int, format <= RunRecord.format, let id = json["id"]?.string,
      let study = json["study"]?.string, let state = json["state"]?.string.flatMap(State.init(rawValue:)),
      let seed = json["seed"]?.int, let options = json["options"].flatMap(Datum.fields)
    else { return nil }
    self.init(
      id: id, study: study, arguments: json["arguments"]?.array?.compactMap(\.string) ?? [], options: options,
      seed: seed,
      versions: json["versions"].flatMap(Datum.fields) ?? [], host: json["host"].flatMap(Datum.fields) ?? [],
      started: json["started"]?.string ?? "", identity: json["identity"]?.string ?? "")
    self.state = state
    finished = json["finished"]?.string ?? ""
    seconds = json["seconds"].flatMap(Datum.double) ?? 0
    counts = json["trials"].map(Counts.init(json:)) ?? Counts()
    claims = (json["claims"]?.array ?? []).compactMap(Claim.init(json:))
    session = json["session"]?.int ?? 1
    surroundings = json["surroundings"].map(Surroundings.init(json:)) ?? Surroundings()
    environment = json["environment"].flatMap(Datum.fields) ?? []
    data = json["data"].flatMap(Datum.fields) ?? []
    git = json["git"].flatMap(Datum.fields) ?? []
  }
}

extension RunRecord.Surroundings {
  var json: JSON {
    func list(_ paths: [String]) -> JSON { .array(paths.map(JSON.string)) }
    let members: JSON = [
      "study": .string(study), "data": list(data), "readable": list(readable), "writable": list(writable),
      "reuse": .bool(reusesRecords), "check_nan": .bool(checksNaN),
    ]
    guard let maxMemory, case .object(let known) = members else { return members }
    return .object(known + [.init("max_memory", .int(maxMemory))])
  }

  init(json: JSON) {
    func list(_ name: String) -> [String] { (json[name]?.array ?? []).compactMap(\.string) }
    self.init(
      study: json["study"]?.string ?? "", data: list("data"), readable: list("readable"), writable: list("writable"),
      reusesRecords: json["reuse"]?.bool ?? true, checksNaN: json["check_nan"]?.bool ?? false,
      maxMemory: json["max_memory"]?.int)
  }
}

extension RunRecord.Counts {
  var json: JSON {
    [
      "total": .int(total), "done": .int(done), "failed": .int(failed), "diverged": .int(diverged),
      "interrupted": .int(interrupted), "reused": .int(reused),
    ]
  }

  init(json: JSON) {
    func count(_ name: String) -> Int { json[name]?.int ?? 0 }
    self.init(
      total: count("total"), done: count("done"), failed: count("failed"), diverged: count("diverged"),
      interrupted: count("interrupted"), reused: count("reused"))
  }
}

extension RunRecord.Claim {
  var json: JSON {
    var members: [JSON.Member] = [
      .init("text", .string(text)), .init("holds", .bool(holds)), .init("numbers", .object(Datum.members(numbers))),
    ]
    if !error.isEmpty { members.append(.init("error", .string(error))) }
    return .object(members)
  }

  init?(json: JSON) {
    guard let text = json["text"]?.string, let holds = json["holds"]?.bool else { return nil }
    self.init(
      text: text, holds: holds, numbers: json["numbers"].flatMap(Datum.fields) ?? [], error: json["error"]?.string ?? ""
    )
  }
}
