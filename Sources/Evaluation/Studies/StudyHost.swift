import Diagnostics
import Notation
import Records

/// The one way in which evaluation calls up: what a running program says to the study around it. Calls come from the
/// thread that runs the program, except those of `TrialReporter`.
public protocol StudyHost: AnyObject {
  /// The value chosen for an option; nil keeps the default. Called once per `option` statement, in order.
  func choose(_ option: OptionDeclaration) throws -> Datum?
  /// The root seed that overrides `seed n`, if the user gave one.
  var seedOverride: Int? { get }
  /// `seed n` was executed (after the override).
  func seeded(_ root: Int)
  /// A top-level statement is about to run; `prose` is the Markdown directly above it in its cell, empty if none.
  func beginStatement(_ span: Span, prose: [String])
  /// A value is shown: an expression statement at the top level, or `show`.
  func show(_ value: Datum, name: String?, at span: Span)
  /// `print`. What a trial prints, on the thread that runs it, is told here as it comes and stands once more in the trial's outcome.
  func print(_ text: String)
  /// `cite`.
  func cite(_ text: String)
  /// A claim was evaluated.
  func claim(_ outcome: ClaimOutcome)
  /// `track` outside of any trial.
  func track(_ row: [Datum.Field])
  /// Runs all trials of a sweep, in any order and on any threads, and returns one outcome per point, in order of the
  /// points; none where it was interrupted.
  func sweep(_ request: SweepRequest) throws -> [TrialOutcome]
  /// A long computation outside of any trial (`iterate`, `train`) reports its progress; cheap, called often.
  func progress(_ report: ProgressReport)
  /// Finds a data file below the data directories (`--data`, `EXP_DATA`, `data/`); nil when absent. The second value
  /// is the list of places that were looked at, for the error.
  func dataFile(_ relativePath: String) -> (path: String?, lookedIn: [String])
  /// A script asks to read or write a path of its own; gives the absolute path or throws a diagnostic when it is not
  /// allowed.
  func resolve(path: String, forWriting: Bool) throws -> String
  /// The absolute path of a file that the program imports, which stands at `place` and is known as `path` from the folder of the file
  /// that runs; throws a diagnostic when it may not be read.
  func imported(_ path: String, at place: String) throws -> String
  /// Where a fold of a name keeps what it needs to go on after an interruption, inside the trial of that key if one is given;
  /// nil where nothing is kept.
  func checkpoint(_ name: String, trial: String?) -> CheckpointPlace?
  /// A result depends on a file that was read before an interruption, and is not read again.
  func tookOver(_ read: FileRead)
  /// Something that the user should know and that changes no result.
  func noticed(_ text: String)
  /// The program caught an error that comes from its surroundings, such as the limit of memory, and goes on: in others its result may be
  /// another one.
  func metSurroundings()
}

extension StudyHost {
  /// Nowhere.
  public func checkpoint(_ name: String, trial: String?) -> CheckpointPlace? { nil }
  /// Nothing.
  public func tookOver(_ read: FileRead) {}
  /// Nothing.
  public func noticed(_ text: String) {}
  /// Nothing.
  public func metSurroundings() {}
}

/// Where a fold keeps what it needs to go on.
public struct CheckpointPlace: Sendable {
  /// The file that it writes.
  public var file: String
  /// Files of earlier runs that may hold it, the newest first.
  public var earlier: [String]
  /// What it belongs to: a trial's key, or what a run's top level is known by. Of another owner it is not gone on from.
  public var owner: String
  /// Files on which the result depends so far.
  public var reads: [FileRead]
  /// Whether it depends on the surroundings: then no other run goes on from it.
  public var hasMetSurroundings = false
  /// Makes a place.
  public init(file: String, earlier: [String] = [], owner: String, reads: [FileRead] = []) {
    self.file = file
    self.earlier = earlier
    self.owner = owner
    self.reads = reads
  }
}

/// An `option` statement.
public struct OptionDeclaration: Sendable {
  /// Its name.
  public var name: String
  /// Its value when nobody chooses another.
  public var defaultValue: Datum
  /// `.list` of choices; `.record` for a range, with fields `lower`, `upper`, `open` (true) where `upper` is left out, and `step` where
  /// only so many steps from `lower` on are allowed; or `.none`.
  public var bounds: Datum
  /// The text behind its bounds; may be empty.
  public var documentation: String
  /// The whole statement.
  public var span: Span
  /// Makes a declaration.
  public init(name: String, defaultValue: Datum, bounds: Datum, documentation: String, span: Span) {
    self.name = name
    self.defaultValue = defaultValue
    self.bounds = bounds
    self.documentation = documentation
    self.span = span
  }
}

/// What became of a claim.
public struct ClaimOutcome: Sendable {
  /// What the claim says.
  public var text: String
  /// True when its block gave true.
  public var holds: Bool
  /// Names and values that the block's last expression compared, such as `peak` 56, in reading order.
  public var numbers: [Datum.Field]
  /// The error that ended it, if any; then it does not hold.
  public var error: Diagnostic?
  /// The whole statement.
  public var span: Span
  /// Makes an outcome.
  public init(text: String, holds: Bool, numbers: [Datum.Field], error: Diagnostic?, span: Span) {
    self.text = text
    self.holds = holds
    self.numbers = numbers
    self.error = error
    self.span = span
  }
}

/// A sweep about to run.
public struct SweepRequest: Sendable {
  /// Name the table will be bound to (`let runs = sweep …`), or "sweep".
  public var name: String
  /// Names of the coordinates, in order.
  public var coordinateNames: [String]
  /// Coordinate values, a list per trial, in grid order.
  public var points: SweepPoints
  /// The whole expression.
  public var span: Span
  /// Makes a runner with a heap of its own; call it on the thread that will use the runner.
  public var makeRunner: @Sendable () throws -> any TrialRunner
  /// What the trials compute, and their values in a form that outlives the process; nil where nothing is reused.
  public var archive: (any TrialArchive)?
  /// The threads that the runners may use beside their own; whoever runs the trials counts them.
  public var idle: IdleThreads
  /// Which trial used which file.
  public var files: TrialFiles
  /// Makes a request.
  public init(
    name: String, coordinateNames: [String], points: SweepPoints, span: Span,
    makeRunner: @escaping @Sendable () throws -> any TrialRunner, archive: (any TrialArchive)? = nil,
    idle: IdleThreads = IdleThreads(), files: TrialFiles = TrialFiles()
  ) {
    self.name = name
    self.coordinateNames = coordinateNames
    self.points = points
    self.span = span
    self.makeRunner = makeRunner
    self.archive = archive
    self.idle = idle
    self.files = files
  }
}

/// Names what the trials of a sweep compute, and keeps their values.
public protocol TrialArchive: Sendable {
  /// SHA-256, in hexadecimal, of all that a trial's result depends on besides files: the code it reaches, the values
  /// that it uses from outside, its coordinates, its draws, the numerics version.
  func key(_ index: Int) -> String
  /// What entered all keys, in pieces with names and hashes, to say what is different: `code` by function, `values` by the name
  /// under which the trials use them, `seed`, `numerics`.
  var parts: JSON { get }
  /// A value as JSON with a safetensors file of its large tensors beside it, if there are any; nil for a value that cannot
  /// be kept.
  func encode(_ value: PortableValue) -> (json: JSON, tensors: [UInt8]?)?
  /// The value that was encoded; nil where it does not fit the code. `tensors` is the path of the file.
  func decode(_ json: JSON, tensors: String?) -> PortableValue?
}

/// A file that a trial read, on which its result depends.
public struct FileRead: Sendable, Hashable {
  /// What the script asked for.
  public var path: String
  /// Whether it was looked for in the data directories.
  public var isData: Bool
  /// SHA-256 of the contents in hexadecimal; empty when there was no such file, and `changed` where it changed while the trial ran.
  public var hash: String
  /// Makes a description.
  public init(path: String, isData: Bool, hash: String) {
    self.path = path
    self.isData = isData
    self.hash = hash
  }
}

/// Runs trials of one sweep on one thread.
public protocol TrialRunner: AnyObject {
  /// Runs the trial at an index of `SweepRequest.points`. Never throws: a failing trial is an outcome.
  func run(_ index: Int, report: @escaping (TrialNews) -> Void) -> TrialOutcome
}

/// What a trial says while it runs.
public enum TrialNews: Sendable {
  /// How far it is.
  case progress(ProgressReport)
  /// It tracked a row.
  case tracked([Datum.Field])
}

/// What became of a trial.
public struct TrialOutcome: Sendable {
  /// How it ended.
  public enum Status: String, Sendable { case done, failed, diverged, interrupted }
  /// How it ended.
  public var status: Status
  /// The block's value for the table of the language (opaque to the host).
  public var value: PortableValue?
  /// The fields of the block's record as data, for showing and recording.
  public var fields: [Datum.Field]
  /// Rows tracked inside, as a table; nil if none.
  public var series: Table?
  /// Why it failed.
  public var error: Diagnostic?
  /// CPU seconds of the trial's thread.
  public var seconds: Double
  /// What it printed, in order.
  public var printed: [String] = []
  /// Files that it read, each once.
  public var reads: [FileRead] = []
  /// False when the trial wrote files, which a record of it cannot repeat.
  public var isRepeatable = true
  /// The files that it wrote, as absolute paths.
  public var written: [String] = []
  /// True when it caught an error that comes from its surroundings, which another run may not have.
  public var hasMetSurroundings = false
  /// True when it was not run now but taken from the record of an earlier run.
  public var isFromRecord = false
  /// Makes an outcome.
  public init(
    status: Status, value: PortableValue?, fields: [Datum.Field], series: Table?, error: Diagnostic?, seconds: Double
  ) {
    self.status = status
    self.value = value
    self.fields = fields
    self.series = series
    self.error = error
    self.seconds = seconds
  }
}

extension TrialOutcome {
  /// That of a trial that did not run.
  public static let notRun = TrialOutcome(
    status: .interrupted, value: nil, fields: [], series: nil, error: nil, seconds: 0)
}

/// How far a long computation is.
public struct ProgressReport: Sendable {
  /// Steps done.
  public var step: Int
  /// All steps, where known.
  public var total: Int?
  /// What is worth showing, such as the loss.
  public var loss: Double?
  /// Makes a report.
  public init(step: Int, total: Int?, loss: Double?) {
    self.step = step
    self.total = total
    self.loss = loss
  }
}
