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
    let watched = ck_watch(machine.poll.word)
    defer { _ = ck_watch(watched) }
    let start = ThreadClock.seconds
    let coordinates = settings.draws.points.coordinates(index).map { machine.value($0) }
    defer { for value in coordinates { machine.heap.release(value) } }
    let recorder = TrialRecorder(Array(zip(settings.draws.names, coordinates)), report: report)
    machine.trial = recorder
    defer { machine.trial = nil }
    do {
      let value = try machine.call(body, coordinates)
      defer { machine.heap.release(value) }
      try recorder.check(result: value, machine)
      let fields =
        value.tag == .record ? try machine.fields(value) : [Datum.Field("value", try machine.datum(value))]
      return TrialOutcome(
        status: .done, value: try machine.portable(value), fields: fields, series: recorder.table, error: nil,
        seconds: ThreadClock.seconds - start)
    } catch {
      let failure = machine.runtimeError(error)
      machine.goesOn(after: failure)
      let status: TrialOutcome.Status =
        failure.id == RuntimeError.interrupted.id ? .interrupted : failure.marksDivergence ? .diverged : .failed
      return TrialOutcome(
        status: status, value: nil, fields: [], series: recorder.table, error: failure.diagnostic,
        seconds: ThreadClock.seconds - start)
    }
  }
}

/// Collects the rows that a trial tracks, and passes on how far it is.
final class TrialRecorder {
  private var rows: [[Datum.Field]] = []
  private let coordinates: [(name: String, value: Value)]
  private let report: (TrialNews) -> Void

  /// Of a trial at coordinates that somebody holds as long as it runs.
  init(_ coordinates: [(name: String, value: Value)] = [], report: @escaping (TrialNews) -> Void) {
    self.coordinates = coordinates
    self.report = report
  }

  /// A coordinate keeps its name: what a trial gives or tracks under that name would be lost, unless it is the coordinate. Throws E0610, with
  /// the words for what has a name and what to do.
  private func check(_ value: Value, _ machine: Machine, _ words: (String) -> (what: String, help: String)) throws {
    guard value.tag == .record else { return }
    for (name, coordinate) in coordinates {
      guard let field = machine.heap.field(value, named: name), !machine.isSame(field, coordinate) else { continue }
      // In a study that is only planned it may be the coordinate.
      if machine.tensors.walk != nil, !TensorHooks.isKnown(machine, field) { continue }
      let (what, help) = words(name)
      throw RuntimeError(
        "E0610", "the \(what), \(machine.brief(field)), has the name of a coordinate", help: [help])
    }
  }

  /// What a trial gives; throws E0610 where it has another value under a coordinate's name.
  func check(result: Value, _ machine: Machine) throws {
    try check(result, machine) { ("field `\($0)` of the result", "give the result another name") }
  }

  /// A row is tracked; throws E0610 where it has another value under a coordinate's name.
  func track(_ row: Value, _ machine: Machine) throws {
    try check(row, machine) { ("column `\($0)` of the series", "give the column another name, or the coordinate") }
    track(try machine.fields(row))
  }

  private func track(_ row: [Datum.Field]) {
    rows.append(row)
    report(.tracked(row))
  }

  func progress(_ progress: ProgressReport) { report(.progress(progress)) }

  /// The rows as a table, none where a row lacks a column; nil without rows.
  var table: Table? { rows.isEmpty ? nil : Table(rows: rows) }
}
