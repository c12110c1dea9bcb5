import Notation

/// A question about runs: `noise = 0.2 and claims = passed`. Comparisons `name op value` with `= != < <= > >=`, joined by `and`,
/// `or`, `not` and brackets. A name is one of `names` below or an option (`option.seed` where both are meant); a value is a
/// number, a word or a text in quotes. A run that lacks the name answers every comparison with no.
public struct RunFilter: Sendable {
  /// Why a text is no filter.
  public struct Failure: Error, Sendable, Hashable {
    /// In words.
    public var message: String
    /// Place of the character that is wrong, from 0.
    public var offset: Int
  }

  /// What may be asked of every run.
  public static let names = [
    "claims", "exp", "failed", "id", "kernels", "numerics", "seconds", "seed", "started", "state", "study", "tag",
    "trials",
  ]

  indirect enum Node: Sendable {
    case compare(name: String, Comparison, value: String, isText: Bool)
    case not(Node)
    case and(Node, Node)
    case or(Node, Node)
  }

  enum Comparison: String, Sendable, CaseIterable {
    case equal = "=", unequal = "!=", atMost = "<=", atLeast = ">=", less = "<", greater = ">"
  }

  private let root: Node

  /// Reads a filter. Throws `Failure`.
  public init(_ text: String) throws {
    var parser = RunFilterParser(text)
    root = try parser.filter()
  }

  /// Whether a run is one that is asked for.
  public func holds(_ entry: RunList.Entry) -> Bool { holds(root, entry) }

  /// Names that it mentions and no run of a list knows.
  public func unknownNames(in entries: [RunList.Entry]) -> [String] {
    let known = Set(entries.flatMap { $0.run.options.flatMap { [$0.name, "option." + $0.name] } } + RunFilter.names)
    return mentioned(root).filter { !known.contains($0) }
  }

  private func mentioned(_ node: Node) -> [String] {
    switch node {
    case .compare(let name, _, _, _): [name]
    case .not(let inner): mentioned(inner)
    case .and(let a, let b), .or(let a, let b): mentioned(a) + mentioned(b)
    }
  }

  private func holds(_ node: Node, _ entry: RunList.Entry) -> Bool {
    switch node {
    case .not(let inner): !holds(inner, entry)
    case .and(let a, let b): holds(a, entry) && holds(b, entry)
    case .or(let a, let b): holds(a, entry) || holds(b, entry)
    case .compare("tag", .unequal, let value, _): !entry.tags.contains(value)
    case .compare("tag", let comparison, let value, let isText):
      entry.tags.contains { RunFilter.compare(.string($0), comparison, value, isText) }
    case .compare(let name, let comparison, let value, let isText):
      RunFilter.value(name, entry).map { RunFilter.compare($0, comparison, value, isText) } ?? false
    }
  }

  private static func value(_ name: String, _ entry: RunList.Entry) -> Datum? {
    let run = entry.run
    func option(_ name: String) -> Datum? { run.options.first { $0.name == name }?.value }
    func field(_ fields: [Datum.Field]) -> Datum? { fields.first { $0.name == name }?.value }
    switch name {
    case "claims":
      if run.claims.isEmpty { return .string("none") }
      return .string(run.claims.allSatisfy(\.holds) ? "passed" : "failed")
    case "failed": return .int(run.counts.failed + run.counts.diverged)
    case "id": return .string(run.id)
    case "seconds": return .float(run.seconds)
    case "seed": return .int(run.seed)
    case "started": return .string(run.started)
    case "state": return .string(run.state.rawValue)
    case "study": return .string(run.study)
    case "trials": return .int(run.counts.total)
    case "exp", "numerics": return field(run.versions)
    case "kernels": return field(run.host)
    default: return option(name.hasPrefix("option.") ? String(name.dropFirst("option.".count)) : name)
    }
  }

  private static func compare(_ found: Datum, _ comparison: Comparison, _ value: String, _ isText: Bool) -> Bool {
    func answer<T: Comparable>(_ a: T, _ b: T) -> Bool {
      switch comparison {
      case .equal: a == b
      case .unequal: a != b
      case .less: a < b
      case .atMost: a <= b
      case .greater: a > b
      case .atLeast: a >= b
      }
    }
    if let number = found.number {
      return isText ? false : NumberText.double(value).map { answer(number, $0) } ?? false
    }
    switch found {
    case .string(let text): return answer(text, value)
    case .bool(let flag): return answer(flag ? "true" : "false", value)
    default: return answer(found.json.compact, value)
    }
  }
}

/// Reads filters: `or` binds loosest, then `and`, then `not`.
private struct RunFilterParser {
  private enum Token { case word(String), text(String), sign(String), end }

  private let characters: [Character]
  private var place = 0
  private var start = 0
  private var token = Token.end
  private var depth = 0

  init(_ text: String) { characters = Array(text) }

  mutating func filter() throws -> RunFilter.Node {
    try advance()
    let node = try either()
    guard case .end = token else { throw failure("`and`, `or` or the end is wanted here") }
    return node
  }

  private mutating func either() throws -> RunFilter.Node {
    var node = try both()
    while case .word("or") = token {
      try advance()
      node = .or(node, try both())
    }
    return node
  }

  private mutating func both() throws -> RunFilter.Node {
    var node = try single()
    while case .word("and") = token {
      try advance()
      node = .and(node, try single())
    }
    return node
  }

  private mutating func single() throws -> RunFilter.Node {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 100 else { throw failure("brackets are nested too deeply") }
    switch token {
    case .word("not"):
      try advance()
      return .not(try single())
    case .sign("("):
      try advance()
      let node = try either()
      guard case .sign(")") = token else { throw failure("`)` is wanted here") }
      try advance()
      return node
    case .word(let name) where !["and", "or"].contains(name):
      try advance()
      return try comparison(name)
    default:
      throw failure("the name of an option, or one of \(RunFilter.names.joined(separator: ", ")), is wanted here")
    }
  }

  private mutating func comparison(_ name: String) throws -> RunFilter.Node {
    guard case .sign(let sign) = token, let comparison = RunFilter.Comparison(rawValue: sign == "==" ? "=" : sign)
    else { throw failure("`=`, `!=`, `<`, `<=`, `>` or `>=` is wanted behind `\(name)`") }
    try advance()
    switch token {
    case .word(let word):
      try advance()
      return .compare(name: name, comparison, value: word, isText: false)
    case .text(let text):
      try advance()
      return .compare(name: name, comparison, value: text, isText: true)
    default: throw failure("a number, a word or a text in quotes is wanted behind `\(sign)`")
    }
  }

  private func failure(_ message: String) -> RunFilter.Failure { RunFilter.Failure(message: message, offset: start) }

  private mutating func advance() throws {
    while place < characters.count, characters[place].isWhitespace { place += 1 }
    start = place
    guard place < characters.count else { return token = .end }
    let first = characters[place]
    if first == "\"" || first == "'" {
      guard let end = characters[(place + 1)...].firstIndex(of: first) else { throw failure("the text has no end") }
      token = .text(String(characters[place + 1..<end]))
      place = end + 1
    } else if "=!<>()".contains(first) {
      let isDouble = place + 1 < characters.count && characters[place + 1] == "=" && !"()".contains(first)
      token = .sign(String(characters[place..<place + (isDouble ? 2 : 1)]))
      place += isDouble ? 2 : 1
    } else {
      while place < characters.count, !characters[place].isWhitespace, !"=!<>()\"'".contains(characters[place]) {
        place += 1
      }
      token = .word(String(characters[start..<place]))
    }
  }
}
