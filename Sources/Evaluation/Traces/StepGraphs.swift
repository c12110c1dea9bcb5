import Diagnostics
import Foundation
import Graphs
import Records

/// A compiled step of a study, for `exp plan --graph`.
public struct StepGraph: Sendable {
  /// The function's name.
  public var name: String
  /// Where it stands.
  public var span: Span
  /// Operations that were recorded, before equal and unused ones were left out.
  public var recorded: Int
  /// What it became.
  public var plan: Plan
}

/// Gathers the plans of compiled functions, over all interpreters of a session.
final class PlanCollector: @unchecked Sendable {
  private let lock = NSLock()
  private var found: [StepGraph] = []

  var graphs: [StepGraph] { lock.withLock { found } }
  func add(_ graph: StepGraph) { lock.withLock { found.append(graph) } }
}

extension Session {
  /// Runs a study as far as its compiled steps need it (one step of each `iterate` and `train`, one trial of the first
  /// sweep), and gives the plans that were made on the way. The host's sweep should run its first trial only.
  public func stepGraphs(_ file: SourceFile, settings: [String: String] = [:]) -> (
    graphs: [StepGraph], diagnostics: [Diagnostic]
  ) {
    let collector = PlanCollector()
    machine.tensors.collector = collector
    defer { machine.tensors.collector = nil }
    let diagnostics = run(file, settings: settings).filter { $0.id != RuntimeError.interrupted.id }
    return (collector.graphs, diagnostics)
  }
}

/// A study of which only the compiled steps are wanted: it speaks to nobody, writes nothing, and runs one trial.
public final class StepHost: QuietHost {
  /// The first trial; what follows the sweep is not run.
  public override func sweep(_ request: SweepRequest) throws -> [TrialOutcome] {
    guard !request.points.isEmpty else { return [] }
    let outcome = try request.makeRunner().run(0) { _ in }
    return request.points.count == 1 ? [outcome] : []
  }
  /// Where a file is; nothing may be written.
  public override func resolve(path: String, forWriting: Bool) throws -> String {
    if forWriting { throw RuntimeError("E0711", "`exp plan` writes nothing") }
    return try outer.resolve(path: path, forWriting: false)
  }
}
