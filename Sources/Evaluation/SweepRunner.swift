import CKernels
import Diagnostics
import Foundation
import Records
import Tensors

/// What a sweep's runners share.
struct RunnerSettings: @unchecked Sendable {
  var library: StandardLibrary
  var host: StudyHost
  var body: PortableValue
  var draws: SweepDraws
  var rootSeed: Int
  var interrupts: InterruptGroup
  var byteLimit: Int
  var checksNaN: Bool
  var collector: PlanCollector?
  var timing: StudyTiming?
  var archive: (any TrialArchive)?
  var name: String
  var idle: IdleThreads
  var depth: Machine.Depth
  let files = TrialFiles()
}

/// Runs trials of one sweep on one thread, in an interpreter of its own.
final class SweepRunner: TrialRunner {
  private let settings: RunnerSettings
  let machine: Machine
  private let body: Value
  private let host: TrialHost

  init(_ settings: RunnerSettings) throws {
    self.settings = settings
    host = TrialHost(settings.host, files: settings.files)
    machine = try Machine(
      library: settings.library, host: host, interrupts: settings.interrupts, byteLimit: settings.byteLimit,
      inside: settings.depth)
    machine.rootSeed = settings.rootSeed
    machine.idle = settings.idle
    machine.tensors.checksNaN = settings.checksNaN
    machine.tensors.collector = settings.collector
    machine.tensors.timing = settings.timing
    machine.nativeStackLimit = ThreadStack.limit
    Kernels.setFloatingPointControl()
    body = machine.value(settings.body)
  }

  deinit { machine.heap.release(body) }

  func run(_ index: Int, report: @escaping (TrialNews) -> Void) -> TrialOutcome {
    host.begin(index, settings.archive?.key(index))
    machine.folds.begin(trial: index, of: settings.name)
    var outcome = compute(index, report)
    machine.folds.forget()
    host.end(&outcome)
    return outcome
  }

  private func compute(_ index: Int, _ report: @escaping (TrialNews) -> Void) -> TrialOutcome {
    machine.drawScope = DrawScope(key: settings.draws[index], count: 0)
    let recorder = TrialRecorder(report: report)
    let watched = ck_watch(machine.poll.word)
    defer { _ = ck_watch(watched) }
    machine.trial = recorder
    defer { machine.trial = nil }
    let start = ThreadClock.seconds
    let coordinates = settings.draws.points.coordinates(index).map { machine.value($0) }
    defer { for value in coordinates { machine.heap.release(value) } }
    do {
      let value = try machine.call(body, coordinates)
      defer { machine.heap.release(value) }
      try checkNames(value, coordinates)
      let fields =
        value.tag == .record ? machine.fields(value) : [Datum.Field("value", machine.datum(value))]
      return TrialOutcome(
        status: .done, value: try machine.portable(value), fields: fields, series: recorder.table, error: nil,
        seconds: ThreadClock.seconds - start)
    } catch {
      let failure = machine.runtimeError(error)
      let status: TrialOutcome.Status =
        failure.id == RuntimeError.interrupted.id ? .interrupted : failure.marksDivergence ? .diverged : .failed
      return TrialOutcome(
        status: status, value: nil, fields: [], series: recorder.table, error: failure.diagnostic,
        seconds: ThreadClock.seconds - start)
    }
  }
}

extension SweepRunner {
  /// A coordinate keeps its name: a result of that name would be lost, unless it is the coordinate.
  private func checkNames(_ value: Value, _ coordinates: [Value]) throws {
    guard value.tag == .record else { return }
    for (name, coordinate) in zip(settings.draws.names, coordinates) {
      guard let field = machine.heap.field(value, named: name), !machine.isSame(field, coordinate) else { continue }
      throw RuntimeError(
        "E0610", "the field `\(name)` of the result, \(machine.brief(field)), has the name of a coordinate",
        help: ["give the result another name"])
    }
  }
}

/// Collects the rows that a trial tracks, and passes on how far it is.
final class TrialRecorder {
  private var rows: [[Datum.Field]] = []
  private let report: (TrialNews) -> Void

  init(report: @escaping (TrialNews) -> Void) { self.report = report }

  func track(_ row: [Datum.Field]) {
    rows.append(row)
    report(.tracked(row))
  }

  func progress(_ progress: ProgressReport) { report(.progress(progress)) }

  /// The rows as a table, none where a row lacks a column; nil without rows.
  var table: Table? { rows.isEmpty ? nil : Table(rows: rows) }
}
