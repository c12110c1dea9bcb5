import Diagnostics
import Evaluation
import Records

/// Hears what happens in a run. Calls come one at a time, in order, from whichever thread it happens on.
public protocol RunListener: AnyObject {
  /// Something happened.
  func receive(_ event: RunEvent)
}

/// Something that happened in a run.
public enum RunEvent: Sendable {
  /// An option has its value; before `started`.
  case option(OptionDeclaration, value: Datum)
  /// Options and seed are known; the study begins.
  case started(RunHeader)
  /// Markdown, one element per paragraph block of the source.
  case prose([String])
  /// A statement of the study begins; its text.
  case code([StudyRecord.CodeSpan])
  /// A value was shown.
  case shown(ShownValue)
  /// `print`.
  case printed(String)
  /// `cite`.
  case cited(String)
  /// A sweep begins.
  case sweepStarted(name: String, trials: Int)
  /// A trial ended; it is on disk already.
  case trialEnded(TrialEvent)
  /// How far a sweep is; several times a second.
  case sweepProgress(SweepProgress)
  /// A sweep ended; its table has been recorded.
  case sweepEnded(SweepSummary)
  /// How far a long computation outside of any sweep is.
  case computing(ProgressReport, secondsElapsed: Double)
  /// A claim was evaluated.
  case claimed(ClaimOutcome)
  /// A row was tracked: outside of any trial, or in one that runs here. Of a trial's rows at most twenty a second are told.
  case tracked([Datum.Field], trial: TrialPlace?)
  /// Something that the user should know and that changes no result, such as a damaged checkpoint that is not used.
  case noticed(String)
  /// The run is over.
  case finished(RunSummary)
}

/// What stands at the head of a run.
public struct RunHeader: Sendable {
  /// Name of the study: its file name without `.exp`.
  public var study: String
  /// Root seed.
  public var seed: Int
  /// Options with the values they have in this run, in order of declaration.
  public var options: [Datum.Field]
  /// Worker threads.
  public var threads: Int
  /// Instruction set of the kernels.
  public var machine: String
  /// Path of the run folder, nil when nothing is recorded.
  public var folder: String?
  /// Processes of this machine that share the trials, each with so many threads.
  public var workers = 1
}

/// A value that was shown.
public struct ShownValue: Sendable {
  /// The value.
  public var value: Datum
  /// The name it is bound to, if the statement names one.
  public var name: String?
  /// Where it was shown.
  public var span: Span
  /// File below the run folder that holds it, such as `tables/runs.csv` or `figures/1.svg`.
  public var file: String?
  /// Number of the figure, from 1, when it is one.
  public var figure: Int?
}

/// Which trial is meant.
public struct TrialPlace: Sendable {
  /// Name of the sweep.
  public var sweep: String
  /// Index of its point in the grid.
  public var index: Int
  /// Its coordinates.
  public var coordinates: [Datum.Field]
}

/// A trial that ended.
public struct TrialEvent: Sendable {
  /// Name of the sweep.
  public var sweep: String
  /// Index of its point in the grid.
  public var index: Int
  /// Its coordinates.
  public var coordinates: [Datum.Field]
  /// What became of it.
  public var outcome: TrialOutcome
  /// Whether this process ran it.
  public var isOwn = false
}

/// How far a sweep is.
public struct SweepProgress: Sendable {
  /// Name of the sweep.
  public var sweep: String
  /// Trials that ended.
  public var done: Int
  /// Those of them that failed or diverged.
  public var failed: Int
  /// Trials at work.
  public var running: Int
  /// All trials.
  public var total: Int
  /// Share of the work done, 0…1, running trials counted by how far they say they are.
  public var share: Double
  /// Seconds since the sweep began.
  public var elapsed: Double
  /// Estimate of the seconds left; nil while nothing is known.
  public var left: Double?
}

/// A sweep that ended.
public struct SweepSummary: Sendable {
  /// Name of the sweep.
  public var name: String
  /// Trials by what became of them.
  public var done: Int
  /// Failed and diverged trials.
  public var failed: Int
  /// Trials that did not run to their end.
  public var interrupted: Int
  /// Trials that were taken from the record of an earlier run.
  public var reused: Int
  /// Wall-clock seconds.
  public var seconds: Double
  /// File of its table below the run folder.
  public var file: String?
}

/// The end of a run.
public struct RunSummary: Sendable {
  /// Exit status.
  public var status: RunStatus
  /// False when the script was found wrong before its first statement ran.
  public var hasRun: Bool
  /// Claims that hold.
  public var claimsHeld: Int
  /// All claims that were evaluated.
  public var claims: Int
  /// Trials that ran to their end.
  public var trials: Int
  /// Trials that failed or diverged.
  public var failedTrials: Int
  /// Wall-clock seconds of the whole run.
  public var seconds: Double
  /// Path of the run folder.
  public var folder: String?
  /// What was wrong with the script, or with the recording.
  public var diagnostics: [Diagnostic]
  /// What ended claims that could not be evaluated.
  public var claimErrors: [Diagnostic] = []
  /// The first error of a failed trial, in full.
  public var firstTrialError: Diagnostic?
  /// Why others stopped the run: `cancelled`, `interrupted`, `over`, `planned`, `idle`; nil when nobody did.
  public var stopReason: String?
}
