import Notation

extension StudyRecord {
  /// The contents of `study.json`.
  public var json: JSON {
    ["title": .string(title), "run": run.json, "items": .array(items.map(\.json))]
  }

  /// Reads what `json` wrote; nil when it is not of that form.
  public init?(json: JSON) {
    guard let title = json["title"]?.string, let run = json["run"].flatMap(RunRecord.init(json:)),
      let items = json["items"]?.array
    else { return nil }
    let read = items.compactMap(Item.init(json:))
    guard read.count == items.count else { return nil }
    self.init(title: title, run: run, items: read)
  }
}

extension StudyRecord.Item {
  var json: JSON {
    switch self {
    case .prose(let text): return ["prose": .string(text)]
    case .code(let spans): return ["code": .array(spans.map { [.string($0.kind.rawValue), .string($0.text)] })]
    case .value(let name, let value): return ["value": value.json, "name": name.map(JSON.string) ?? .null]
    case .table(let name, let table, let file):
      return ["table": table.json, "name": .string(name), "file": .string(file)]
    case .figure(let figure, let stem): return ["figure": figure.json, "stem": .string(stem)]
    case .claim(let claim): return ["claim": claim.json]
    case .printed(let text): return ["printed": .string(text)]
    case .citation(let text): return ["citation": .string(text)]
    case .error(let text): return ["error": .string(text)]
    case .coverage(let coverage):
      return [
        "coverage": .string(coverage.name), "trials": coverage.counts.json,
        "failures": .array(coverage.failures.map(JSON.string)),
      ]
    case .series(let table, let file): return ["series": table.json, "file": .string(file)]
    }
  }

  init?(json: JSON) {
    guard let first = json.members?.first else { return nil }
    switch first.key {
    case "prose":
      guard let text = first.value.string else { return nil }
      self = .prose(text)
    case "code":
      let spans = (first.value.array ?? []).compactMap { span -> StudyRecord.CodeSpan? in
        guard let parts = span.array, parts.count == 2, let kind = parts[0].string, let text = parts[1].string
        else { return nil }
        return StudyRecord.CodeSpan(text, StudyRecord.CodeSpan.Kind(rawValue: kind) ?? .plain)
      }
      self = .code(spans)
    case "value":
      guard let value = Datum(json: first.value) else { return nil }
      self = .value(name: json["name"]?.string, value)
    case "table":
      guard let table = Table(json: first.value) else { return nil }
      self = .table(name: json["name"]?.string ?? "", table, file: json["file"]?.string ?? "")
    case "figure":
      guard let figure = Figure(json: first.value) else { return nil }
      self = .figure(figure, stem: json["stem"]?.string ?? "")
    case "claim":
      guard let claim = RunRecord.Claim(json: first.value) else { return nil }
      self = .claim(claim)
    case "coverage":
      self = .coverage(
        StudyRecord.Coverage(
          name: first.value.string ?? "",
          counts: json["trials"].map(RunRecord.Counts.init(json:)) ?? RunRecord.Counts(),
          failures: (json["failures"]?.array ?? []).compactMap(\.string)))
    case "series":
      guard let table = Table(json: first.value) else { return nil }
      self = .series(table, file: json["file"]?.string ?? "")
    case "printed": self = .printed(first.value.string ?? "")
    case "citation": self = .citation(first.value.string ?? "")
    case "error": self = .error(first.value.string ?? "")
    default: return nil
    }
  }
}
