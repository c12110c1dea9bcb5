import Diagnostics
import Records

/// A host that passes everything on to another one; a subclass changes what it has to.
public class ForwardingHost: StudyHost {
  let outer: any StudyHost

  /// Wraps the host that answers.
  public init(_ outer: any StudyHost) { self.outer = outer }

  /// As the other host chooses.
  public func choose(_ option: OptionDeclaration) throws -> Datum? { try outer.choose(option) }
  /// As the other host says.
  public var seedOverride: Int? { outer.seedOverride }
  /// Passed on.
  public func seeded(_ root: Int) { outer.seeded(root) }
  /// Passed on.
  public func beginStatement(_ span: Span, prose: [String]) { outer.beginStatement(span, prose: prose) }
  /// Passed on.
  public func show(_ value: Datum, name: String?, at span: Span) { outer.show(value, name: name, at: span) }
  /// Passed on.
  public func print(_ text: String) { outer.print(text) }
  /// Passed on.
  public func cite(_ text: String) { outer.cite(text) }
  /// Passed on.
  public func claim(_ outcome: ClaimOutcome) { outer.claim(outcome) }
  /// Passed on.
  public func track(_ row: [Datum.Field]) { outer.track(row) }
  /// As the other host runs it.
  public func sweep(_ request: SweepRequest) throws -> [TrialOutcome] { try outer.sweep(request) }
  /// Passed on.
  public func progress(_ report: ProgressReport) { outer.progress(report) }
  /// As the other host says.
  public func dataFile(_ relativePath: String) -> (path: String?, lookedIn: [String]) { outer.dataFile(relativePath) }
  /// As the other host allows.
  public func resolve(path: String, forWriting: Bool) throws -> String {
    try outer.resolve(path: path, forWriting: forWriting)
  }
  /// As the other host allows.
  public func imported(_ path: String, at place: String) throws -> String { try outer.imported(path, at: place) }
  /// As the other host says.
  public func checkpoint(_ name: String, trial: String?) -> CheckpointPlace? { outer.checkpoint(name, trial: trial) }
  /// Passed on.
  public func tookOver(_ read: FileRead) { outer.tookOver(read) }
  /// Passed on.
  public func noticed(_ text: String) { outer.noticed(text) }
  /// Passed on.
  public func metSurroundings() { outer.metSurroundings() }
}

/// A host for a study of which only a part is wanted: options and files are answered, all that is said is swallowed.
public class QuietHost: ForwardingHost {
  /// Nothing.
  public override func seeded(_ root: Int) {}
  /// Nothing.
  public override func beginStatement(_ span: Span, prose: [String]) {}
  /// Nothing.
  public override func show(_ value: Datum, name: String?, at span: Span) {}
  /// Nothing.
  public override func print(_ text: String) {}
  /// Nothing.
  public override func cite(_ text: String) {}
  /// Nothing.
  public override func claim(_ outcome: ClaimOutcome) {}
  /// Nothing.
  public override func track(_ row: [Datum.Field]) {}
  /// Nothing.
  public override func progress(_ report: ProgressReport) {}
  /// Nowhere.
  public override func checkpoint(_ name: String, trial: String?) -> CheckpointPlace? { nil }
  /// Nothing.
  public override func noticed(_ text: String) {}
}
