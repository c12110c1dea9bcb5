/// How a run ended, as the process's exit status; when several apply the highest wins.
public enum RunStatus: Int32, Sendable, Comparable {
  /// Every claim holds, every trial is done.
  case good = 0
  /// A claim does not hold.
  case claimFailed = 1
  /// The script is wrong, found before or while it ran.
  case scriptWrong = 2
  /// Trials failed or diverged; the others stand.
  case trialsFailed = 3
  /// Ctrl-C.
  case interrupted = 4
  /// The run folder could not be written.
  case notRecorded = 5

  /// By number.
  public static func < (a: RunStatus, b: RunStatus) -> Bool { a.rawValue < b.rawValue }
}
