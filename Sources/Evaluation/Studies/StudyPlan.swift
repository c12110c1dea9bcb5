import Diagnostics
import Foundation
import Syntax

extension Session {
  /// What `exp plan` says about a study.
  public struct PlanReport: Sendable {
    /// A sweep: its points, the names of its coordinates, its line.
    public struct Sweep: Sendable {
      /// How many trials it has.
      public var points: Int
      /// Its coordinates.
      public var names: [String]
      /// Where it stands.
      public var line: Int
    }
    /// What a top-level statement costs, as something that adds up: counted work, or seconds.
    public struct Part<Amount: Sendable>: Sendable {
      /// Outside of sweeps.
      public var alone: Amount
      /// All trials of its sweeps together.
      public var trials: Amount
      /// The largest of these trials.
      public var largestTrial: Amount

      /// Each amount as another.
      public func map<Other>(_ f: (Amount) -> Other) -> Part<Other> {
        Part<Other>(alone: f(alone), trials: f(trials), largestTrial: f(largestTrial))
      }
    }
    /// What is wrong: found without running, or on some way through the study.
    public var diagnostics: [Diagnostic]
    /// Its sweeps, in order.
    public var sweeps: [Sweep] = []
    /// The most numbers that something is trained by.
    public var parameters = 0
    /// All of its work.
    public var work = StudyWork()
    /// The most bytes that tensors take at one time, on one thread.
    public var stepBytes = 0.0
    /// Lines whose statements are not known before another line has run.
    public var unknown: [(line: Int, needs: Int)] = []
    /// Lines whose statements were left because their walk took too long.
    public var left: [Int] = []
    /// Whether there is more to do than is counted: a statement that makes something is not known, or one was left.
    public var isPart = false
    /// Whether some fold may end before the last of the steps that are counted.
    public var mayEndEarly = false
    /// The work of each statement that was walked, by its place among those of the file.
    public var parts: [Int: Part<StudyWork>] = [:]
    /// The work of a trial from some points on, by the place of its sweep.
    var trialWork: [Span: [(point: Int, work: StudyWork)]] = [:]
  }

  /// Seconds of processor time after which `plan` leaves a statement.
  public static let walkLimit = 20.0

  /// Walks a study with shapes only: nothing is computed, written or recorded. A statement whose walk takes more than
  /// `limit` seconds of processor time is left, and not known.
  public func plan(_ file: SourceFile, settings: [String: String] = [:], limit: Double = walkLimit) -> PlanReport {
    let problems = check(file, settings: settings)
    if problems.contains(where: { $0.severity == .error }) { return PlanReport(diagnostics: problems) }
    guard case .success(let program) = prepare(parse(file).tree, keepsGlobals: false) else {
      return PlanReport(diagnostics: problems)
    }
    let walk = StudyWalk(limit: limit)
    walk.recording.scope = DrawSource(.machine)
    machine.tensors.walk = walk
    machine.tensors.recording = walk.recording
    defer {
      machine.tensors.walk = nil
      machine.tensors.recording = nil
    }
    interrupts.reset()
    let result = execute(program, mode: .walk)
    let cost = StudyCost(walk)
    var report = PlanReport(
      diagnostics: problems + result.diagnostics + walk.problems,
      sweeps: walk.sweeps.map { PlanReport.Sweep(points: $0.points, names: $0.names, line: $0.line) },
      parameters: walk.parameters, work: cost.whole, stepBytes: StudyMemory(walk).peak, unknown: walk.skipped,
      left: walk.left,
      isPart: walk.isPart || !walk.left.isEmpty, mayEndEarly: walk.mayEndEarly)
    for trial in walk.trials {
      let one = cost.work(trial.nodes) * (1 / Double(trial.times))
      report.trialWork[trial.sweep, default: []].append((trial.point, one))
    }
    for (index, nodes) in walk.statements {
      var part = PlanReport.Part(alone: cost.work(nodes), trials: StudyWork(), largestTrial: StudyWork())
      for trial in walk.trials where nodes.contains(trial.nodes.lowerBound) {
        let work = cost.work(trial.nodes), one = work * (1 / Double(trial.times))
        part.trials = part.trials + work
        if one.seconds() > part.largestTrial.seconds() { part.largestTrial = one }
      }
      part.alone = part.alone - part.trials
      report.parts[index] = part
    }
    return report
  }

  /// Runs the statements of a study that was walked with a few trials of each sweep and a few steps of each fold, for
  /// `limit` seconds of the process's own time at most (five times as long by the clock), and gives the seconds that each
  /// would take on one thread by that; those that failed or were not reached are left out. Nothing is written or
  /// recorded. Like `plan` it wants a session of its own. `clock` gives seconds; by itself the processor time of the thread.
  public static func timings(
    _ file: SourceFile, _ report: PlanReport, settings: [String: String], library: StandardLibrary, host: any StudyHost,
    limit: Double, clock: @escaping () -> Double = { ThreadClock.seconds }
  ) -> [Int: PlanReport.Part<Double>] {
    let timing = StudyTiming(report, clock: clock)
    let session = Session(
      library: library, host: TimingHost(host, timing), threads: 1, maxMemory: min(2 << 30, Machine.defaultByteLimit))
    session.machine.tensors.timing = timing
    let watch = TimeLimit(limit) { session.interrupt() }
    defer { watch.end() }
    _ = session.run(file, settings: settings)
    return timing.parts
  }
}
