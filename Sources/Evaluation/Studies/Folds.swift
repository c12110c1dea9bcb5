import Foundation
import Records
import Tensors

/// The folds (`iterate`, and with it `train`) that an interpreter is in, the outermost first, and when each last kept what it
/// needs to go on after an interruption.
final class Folds {
  /// One fold under way.
  private struct Fold {
    /// Where it keeps its checkpoints; nil where nothing is kept.
    var place: (name: String, trial: String?)?
    /// Keeps one at every so many steps; nil only by time.
    var every: Int?
    /// When it began or last kept a checkpoint, on a clock that only goes forward.
    var since: Double
    /// When it was last asked, and at which step, to know how long steps take.
    var asked: (time: Double, step: Int)
    /// How many steps it may go without asking.
    var ahead = 1
    /// When it will be asked again if steps take as long as they took.
    var next = Double.infinity
    /// The requests that it has answered.
    var requests: Int32
    /// What a trace of the run calls it.
    var label = FoldTrace.Label()
    /// How deep in calls it began.
    var calls: Int
  }

  private var folds: [Fold] = []
  /// Whether an interrupt ends a fold early, and where it did.
  var ending = FoldEnding.never {
    didSet { if ending == .allowed { (stepSeconds, hasStepped, heard) = (.infinity, false, nil) } }
  }
  /// Whether a step of a fold that may end early was made, and when such a fold heard of an interrupt.
  var hasStepped = false, heard: Double?
  /// Seconds that the last compiled step took of a fold that may end early.
  var stepSeconds = Double.infinity
  /// What interrupts the rest of a statement whose fold was ended.
  var watch: TimeLimit?
  /// What a trace calls the trial that runs, and how many folds began in it.
  private var trial = (sweep: "", index: 0), begun = 0
  /// Files written inside of folds, by the depth of the fold that wrote them.
  private var written: [(depth: Int, file: String)] = []
  private let ledger = CheckpointClock.Ledger()

  deinit { ledger.end() }

  /// Tells what is not kept.
  private func note() {
    ledger.note(
      folds.filter { $0.place != nil }.map {
        CheckpointClock.Ledger.Entry(since: $0.since, asked: $0.asked.time, next: $0.next)
      })
  }

  /// All are over: a trial has ended, or a statement begins.
  func forget() {
    guard !folds.isEmpty else { return }
    folds = []
    note()
  }

  /// An error was caught so deep in calls: folds that began in deeper ones are over.
  func caught(calls: Int) {
    guard let last = folds.last, last.calls > calls else { return }
    while let last = folds.last, last.calls > calls { folds.removeLast() }
    note()
  }

  /// A fold that begins: its number, and what an earlier one of its name and place kept, owned.
  /// `keep` gives what is kept beside a row of a value.
  func begin(
    _ call: NativeCall, start: Value, steps: Int, key: Int64, every: Int?, keep: Value
  ) throws -> (fold: Int, kept: Value?) {
    let machine = call.machine
    if case .ended = ending { throw RuntimeError.interrupted }
    let scope = machine.drawScope
    machine.drawScope.folds &+= 1
    let name = RandomKey.derive(RandomKey.derive(scope.key, scope.folds), key)
    let now = Folds.now
    var fold = Fold(since: now, asked: (now, 0), requests: CheckpointClock.requests, calls: machine.calls)
    fold.every = every
    begun += 1
    fold.label = FoldTrace.Label(sweep: trial.sweep, trial: trial.index, number: begun)
    var kept: Value?
    if machine.tensors.recording == nil, CheckpointClock.seconds > 0 || every != nil {
      let file = Folds.fileName(name)
      if let place = machine.host.checkpoint(file, trial: nil) {
        fold.place = (file, nil)
        let checkpoint = FoldCheckpoint(call, place)
        if let (record, draws) = checkpoint.read(like: start, along: { try machine.call(keep, [start]) }) {
          if let step = call.heap.field(record, named: "step"), step.tag == .int, step.asInt <= steps {
            machine.host.noticed("goes on from step \(step.asInt) of \(steps), which an interrupted run kept")
            (machine.drawScope.count, machine.drawScope.folds) = (draws.count, draws.folds)
            fold.asked.step = step.asInt
            kept = record
          } else {
            call.heap.release(record)
          }
        }
      }
    }
    // One that is over already is never reached, and so never taken away.
    let isOver = kept.map { Folds.isOver($0, steps, call.heap) } ?? (steps <= 0)
    if isOver { return (-1, kept) }
    folds.append(fold)
    note()
    return (folds.count - 1, kept)
  }

  /// A fold came to a step: keeps `{ value, rows, step }`, and `along` unless that is `none`, where it is time, and says after
  /// how many steps to ask again.
  func reached(
    _ call: NativeCall, fold number: Int, value: Value, rows: Value, step: Int, ends: Bool, along: Value
  ) throws -> Int {
    guard folds.indices.contains(number) else { return Int.max >> 1 }
    // Folds inside that an error ended are over.
    folds.removeLast(folds.count - number - 1)
    defer {
      if ends { folds.removeLast() }
      note()
    }
    if let trace = FoldTrace.current {
      var writer = TreeFileWriter(call)
      _ = try writer.structure(value)
      trace.reached(folds[number].label, step: step, writer.tensors)
      return 1
    }
    guard let place = folds[number].place else { return Int.max >> 1 }
    let now = Folds.now
    var fold = folds[number]
    if step > fold.asked.step, now > fold.asked.time {
      let rate = Double(step - fold.asked.step) / (now - fold.asked.time)
      fold.ahead = max(1, min(2 * fold.ahead, Int(min(1e9, rate * CheckpointClock.pause))))
      fold.next = now + Double(fold.ahead) / rate
    }
    fold.asked = (now, step)
    let limit = CheckpointClock.seconds
    let isForced = fold.every.map { step % $0 == 0 || ends } ?? false
    let isTime = limit > 0 && now - fold.since >= (ends ? limit / 10 : limit)
    if isForced || isTime || fold.requests != CheckpointClock.requests {
      try keep(call, place.name, depth: number, isForced: isForced, value, rows, step, ends, along)
      // A fold that could not be kept has no place any more.
      fold.place = folds[number].place
      fold.since = Folds.now
      fold.asked.time = fold.since
      fold.requests = CheckpointClock.requests
    }
    folds[number] = fold
    let next = fold.every.map { $0 - step % $0 } ?? Int.max
    return min(fold.ahead, next)
  }

  /// A trial begins: what errors left behind is forgotten.
  func begin(trial index: Int, of sweep: String) {
    forget()
    (written, trial, begun) = ([], (sweep, index), 0)
  }

  private func keep(
    _ call: NativeCall, _ name: String, depth: Int, isForced: Bool, _ value: Value, _ rows: Value, _ step: Int,
    _ ends: Bool, _ along: Value
  ) throws {
    guard let place = call.machine.host.checkpoint(name, trial: nil) else { return }
    let heap = call.heap
    let besides = along.tag == .none ? [] : [("along", heap.retained(along))]
    let record = heap.record(
      [("value", heap.retained(value)), ("rows", heap.retained(rows)), ("step", Value(step)), ("ends", Value(ends))]
        + besides)
    defer { heap.release(record) }
    do { try FoldCheckpoint(call, place).write(record) } catch {
      // A value that files cannot hold is an error where checkpoints were asked for.
      if let error = error as? RuntimeError, isForced { throw error }
      folds[depth].place = nil
      let why = (error as? RuntimeError)?.message ?? "\(error)"
      return call.machine.host.noticed("no checkpoint is kept at step \(step): \(why)")
    }
    // What folds inside kept on the way here is of no more use.
    while let last = written.last, last.depth > depth {
      if last.file != place.file { try? DiskFileSystem.shared.remove(last.file) }
      written.removeLast()
    }
    if !written.contains(where: { $0.file == place.file }) { written.append((depth, place.file)) }
  }

  private static func isOver(_ kept: Value, _ steps: Int, _ heap: Heap) -> Bool {
    if let ends = heap.field(kept, named: "ends"), ends.tag == .bool, ends.asBool { return true }
    guard let step = heap.field(kept, named: "step"), step.tag == .int else { return false }
    return step.asInt >= steps
  }

  private static func fileName(_ key: Int64) -> String {
    String(format: "%016llx.safetensors", UInt64(bitPattern: key))
  }

  static var now: Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }
}

extension Natives {
  static let folds: [NativeFunction] = [
    NativeFunction(
      "begin_fold", ["start", "steps", "key", "every?", "keep?"],
      doc:
        "For `iterate`: begins a fold, and gives `{ fold, kept }`, its number and the `{ value, rows, step }` that an interrupted run kept of it, with the list `along` of what `keep(value)` was at each row.",
      example: "begin_fold(0, 10, 1).kept == none  # => true"
    ) { call in
      let key = try call.key(call[2])
      guard case .int(let number) = key else { return call.heap.record([("fold", .none), ("kept", .none)]) }
      let every = call.has(3) ? try call.int(3) : nil
      if let every, every < 1 {
        throw RuntimeError("E0200", "a checkpoint is a number of steps from 1, or the name of a file, not \(every)")
      }
      let (fold, kept) = try call.machine.folds.begin(
        call, start: call[0], steps: try call.int(1), key: Int64(number), every: every, keep: call[4])
      return call.heap.record([("fold", Value(fold)), ("kept", kept ?? .none)])
    },
    NativeFunction(
      "keep_fold", ["fold", "value", "rows", "step", "ends", "along?"],
      doc:
        "For `iterate`: a fold came to a step; keeps what it needs to go on where it is time, and gives the steps after which to ask again.",
      example: "keep_fold(begin_fold(0, 10, 1).fold, 1, [], 1, true) > 0  # => true"
    ) { call in
      guard call.has(0) else { return Value(Int.max >> 1) }
      return Value(
        try call.machine.folds.reached(
          call, fold: try call.int(0), value: call[1], rows: call[2], step: try call.int(3), ends: try call.bool(4),
          along: call[5]))
    },
    NativeFunction(
      "unless_ended", ["step", "row"],
      doc:
        "For `iterate`: `row()`, or `none` where Ctrl-C came in it and ends the fold at this step, as it does in a session.",
      example: "unless_ended(3, () -> 4)  # => 4"
    ) { call in
      let machine = call.machine, mayEnd = machine.folds.mayEnd(machine)
      do { return try machine.call(call[1], []) } catch {
        guard mayEnd, machine.runtimeError(error).id == RuntimeError.interrupted.id,
          machine.folds.end(at: try call.int(0), machine)
        else { throw error }
        return .none
      }
    },
    NativeFunction(
      "ended_step", [],
      doc: "For `iterate`: the step at which Ctrl-C ended the fold, as it does in a session; `none` while it did not.",
      example: "ended_step() == none  # => true"
    ) { call in
      guard case .ended(let step) = call.machine.folds.ending else { return .none }
      return Value(step)
    },
  ]
}
