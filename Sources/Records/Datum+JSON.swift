import Notation

// The forms of values in `run.json`, `study.json` and trial records. Plain values are plain JSON; the others are
// objects whose first key starts with `$`, and a record's own names that start with `$` are written with one more.
// docs/run-format.md lists them.

extension Datum {
  /// The value as JSON; `Datum(json:)` gives it back, doubles to the bit (every NaN becomes the same NaN).
  public var json: JSON {
    switch self {
    case .none: return .null
    case .bool(let b): return .bool(b)
    case .int(let i): return .int(i)
    case .float(let x): return Datum.json(x)
    case .string(let s): return .string(s)
    case .list(let items): return .array(items.map(\.json))
    case .record(let fields): return .object(Datum.members(fields))
    case .table(let table): return ["$table": table.json]
    case .figure(let figure): return ["$figure": figure.json]
    case .tensor(let tensor): return tensor.single.map(Datum.json) ?? ["$tensor": tensor.json]
    case .model(let model): return ["$model": model.json]
    case .other(let text): return ["$other": .string(text)]
    }
  }

  /// Reads what `json` wrote; nil when it is not of that form.
  public init?(json: JSON) {
    switch json {
    case .null: self = .none
    case .bool(let b): self = .bool(b)
    case .int(let i): self = .int(i)
    case .float(let x): self = .float(x)
    case .string(let s): self = .string(s)
    case .array(let items):
      let values = items.compactMap(Datum.init(json:))
      guard values.count == items.count else { return nil }
      self = .list(values)
    case .object(let members):
      if let first = members.first, first.key.hasPrefix("$"), !first.key.hasPrefix("$$") {
        guard let special = Datum.special(first.key, first.value) else { return nil }
        self = special
      } else {
        guard let fields = Datum.fields(json) else { return nil }
        self = .record(fields)
      }
    }
  }

  /// Named values as the members of an object.
  public static func members(_ fields: [Field]) -> [JSON.Member] {
    fields.map { JSON.Member($0.name.hasPrefix("$") ? "$" + $0.name : $0.name, $0.value.json) }
  }

  /// Named values from an object that `members` made; nil when it is none.
  public static func fields(_ json: JSON) -> [Field]? {
    guard let members = json.members else { return nil }
    let fields = members.compactMap { member in
      Datum(json: member.value).map {
        Field(member.key.hasPrefix("$$") ? String(member.key.dropFirst()) : member.key, $0)
      }
    }
    return fields.count == members.count ? fields : nil
  }

  /// A double: a JSON number, or `{"$float": "nan"}` for what JSON cannot say.
  static func json(_ x: Double) -> JSON {
    x.isFinite ? .float(x) : ["$float": .string(NumberText.shortest(x))]
  }

  /// Doubles, compactly: what is not finite stands as a string.
  static func json(_ xs: [Double]) -> JSON {
    .array(xs.map { $0.isFinite ? .float($0) : .string(NumberText.shortest($0)) })
  }

  /// One double out of `json([Double])`.
  static func double(_ json: JSON) -> Double? {
    json.number ?? json.string.flatMap { NumberText.double($0) }
  }

  /// The doubles of an array; nil unless all are.
  static func doubles(_ json: JSON?) -> [Double]? {
    guard let items = json?.array else { return nil }
    let values = items.compactMap(double)
    return values.count == items.count ? values : nil
  }

  private static func special(_ key: String, _ value: JSON) -> Datum? {
    switch key {
    case "$float": return value.string.flatMap { NumberText.double($0) }.map(Datum.float)
    case "$table": return Table(json: value).map(Datum.table)
    case "$figure": return Figure(json: value).map(Datum.figure)
    case "$tensor": return TensorDatum(json: value).map(Datum.tensor)
    case "$model": return ModelDatum(json: value).map(Datum.model)
    case "$other": return value.string.map(Datum.other)
    default: return nil
    }
  }
}

extension Table {
  /// `{"columns": [{"name", "values"}], "rows": n, "failures": {"3": "why"}}`.
  public var json: JSON {
    var members: [JSON.Member] = [
      .init("rows", .int(rowCount)),
      .init("columns", .array(columns.map { ["name": .string($0.name), "values": .array($0.values.map(\.json))] })),
    ]
    if !failures.isEmpty {
      let reasons = failures.sorted { $0.key < $1.key }.map { JSON.Member(String($0.key), .string($0.value)) }
      members.append(.init("failures", .object(reasons)))
    }
    return .object(members)
  }

  /// Reads what `json` wrote; nil when it is not of that form.
  public init?(json: JSON) {
    guard let rows = json["rows"]?.int, rows >= 0, let items = json["columns"]?.array else { return nil }
    var columns: [Column] = []
    for item in items {
      guard let name = item["name"]?.string, let cells = item["values"]?.array else { return nil }
      let values = cells.compactMap(Datum.init(json:))
      guard values.count == cells.count, values.count == rows else { return nil }
      columns.append(Column(name, values))
    }
    var failures: [Int: String] = [:]
    for member in json["failures"]?.members ?? [] {
      guard let row = Int(member.key), let reason = member.value.string else { return nil }
      failures[row] = reason
    }
    self.init(columns: columns, rowCount: rows, failures: failures)
  }
}

extension TensorDatum {
  /// Shape, type, elements or corner, summary and hash.
  public var json: JSON {
    var members: [JSON.Member] = [
      .init("shape", .array(shape.map(JSON.int))), .init("type", .string(type)),
      .init("summary", Datum.json([minimum, maximum, mean, deviation])), .init("non_finite", .int(nonFinite)),
      .init("corner", .array(corner.map(Datum.json))),
    ]
    if let elements { members.append(.init("elements", Datum.json(elements))) }
    if !hash.isEmpty { members.append(.init("sha256", .string(hash))) }
    return .object(members)
  }

  /// Reads what `json` wrote; nil when it is not of that form.
  public init?(json: JSON) {
    guard let shape = json["shape"]?.array?.compactMap(\.int), let type = json["type"]?.string,
      let summary = Datum.doubles(json["summary"]), summary.count == 4, let nonFinite = json["non_finite"]?.int,
      let rows = json["corner"]?.array
    else { return nil }
    let corner = rows.compactMap { Datum.doubles($0) }
    guard corner.count == rows.count else { return nil }
    self.init(
      shape: shape, type: type, elements: Datum.doubles(json["elements"]), corner: corner, minimum: summary[0],
      maximum: summary[1], mean: summary[2], deviation: summary[3], nonFinite: nonFinite,
      hash: json["sha256"]?.string ?? "")
  }
}

extension ModelDatum {
  /// Name, parameter count and tensors.
  public var json: JSON {
    [
      "name": .string(name), "parameters": .int(parameterCount),
      "tensors": .array(
        tensors.map { ["path": .string($0.path), "trainable": .bool($0.isTrainable), "tensor": $0.tensor.json] }),
    ]
  }

  /// Reads what `json` wrote; nil when it is not of that form.
  public init?(json: JSON) {
    guard let name = json["name"]?.string, let count = json["parameters"]?.int, let items = json["tensors"]?.array
    else { return nil }
    let leaves = items.compactMap { item -> Leaf? in
      guard let path = item["path"]?.string, let isTrainable = item["trainable"]?.bool,
        let tensor = item["tensor"].flatMap(TensorDatum.init(json:))
      else { return nil }
      return Leaf(path: path, isTrainable: isTrainable, tensor: tensor)
    }
    guard leaves.count == items.count else { return nil }
    self.init(name: name, parameterCount: count, tensors: leaves)
  }
}
