/// Everything a report shows, in the order in which the study said it. `study.json` holds it, so that any old run can
/// be drawn again.
public struct StudyRecord: Sendable, Hashable {
  /// A stretch of source text with a class for its colour.
  public struct CodeSpan: Sendable, Hashable {
    /// What a stretch of source is.
    public enum Kind: String, Sendable { case plain, keyword, number, string, comment, function }
    /// The text, newlines included.
    public var text: String
    /// What it is.
    public var kind: Kind
    /// Makes a span.
    public init(_ text: String, _ kind: Kind = .plain) {
      self.text = text
      self.kind = kind
    }
  }

  /// How much of one sweep has been computed.
  public struct Coverage: Sendable, Hashable {
    /// The sweep's name.
    public var name: String
    /// What became of its points.
    public var counts: RunRecord.Counts
    /// One line per trial that failed: its coordinates and why.
    public var failures: [String]
    /// Makes a coverage.
    public init(name: String, counts: RunRecord.Counts, failures: [String] = []) {
      self.name = name
      self.counts = counts
      self.failures = failures
    }
  }

  /// Puts more code below code: in front of all else blank lines say nothing.
  public static func add(_ next: [CodeSpan], below code: inout [CodeSpan]) {
    guard code.isEmpty else {
      code.append(CodeSpan("\n"))
      code += next
      return
    }
    code = next
    if let first = next.first { code[0].text = String(first.text.drop { $0.isNewline }) }
  }

  /// Puts code below the items of a report: where the last of them is code, it is one piece with it.
  public static func add(_ next: [CodeSpan], to items: inout [Item]) {
    var code: [CodeSpan] = []
    if case .code(let before)? = items.last {
      code = before
      // Nobody else may hold what grows, or all of it would be copied for each statement.
      items.removeLast()
    }
    add(next, below: &code)
    items.append(.code(code))
  }

  /// One thing in a report.
  public enum Item: Sendable, Hashable {
    /// Markdown, as written behind `##`.
    case prose(String)
    /// Source text.
    case code([CodeSpan])
    /// A value that was shown, with its name if it has one.
    case value(name: String?, Datum)
    /// A table, and the file below the run folder that holds all of it (empty if none).
    case table(name: String, Table, file: String)
    /// A figure; `stem` is its files' common start, `figures/1`, empty if none were written.
    case figure(Figure, stem: String)
    /// A claim.
    case claim(RunRecord.Claim)
    /// What `print` said.
    case printed(String)
    /// A source, as given to `cite`.
    case citation(String)
    /// An error, drawn as text.
    case error(String)
    /// What became of a sweep.
    case coverage(Coverage)
    /// What was tracked outside of trials, and the file that holds it (empty if none).
    case series(Table, file: String)
  }

  /// Title: the first heading of the prose, otherwise the study's name.
  public var title: String
  /// What `run.json` says.
  public var run: RunRecord
  /// The report, in order.
  public var items: [Item]

  /// Makes a record.
  public init(title: String, run: RunRecord, items: [Item] = []) {
    self.title = title
    self.run = run
    self.items = items
  }
}
