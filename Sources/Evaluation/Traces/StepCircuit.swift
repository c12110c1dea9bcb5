import CKernels
import Foundation
import Graphs
import Tensors

/// A compiled step that gives what it takes, ready to be folded: what its plan gives goes in again as what the next run
/// takes, and no value of the language is made in between.
struct StepCircuit {
  /// What is known of the way round of one trace.
  enum Search {
    case unknown
    case known(StepCircuit?)

    var circuit: StepCircuit? {
      if case .known(let circuit) = self { return circuit }
      return nil
    }
  }

  private enum Source {
    case output(Int)
    case fixed(Tensor)
  }

  /// Where each part of the step's first argument comes from.
  private var sources: [Source] = []
  /// The input that each output becomes.
  private var places: [Int] = []
  /// Such a fold makes steps that take less without answering an interrupt. Longer ones are interrupted, and so must leave their inputs.
  private static let shortSeconds = 0.03

  /// nil where the step's results have another form than its first argument. `result` (borrowed) is one that the entry
  /// gave: all have its form, since that is the template's, whatever the plan computes.
  init?(_ entry: CompiledFunction.Entry, _ result: Value, _ machine: Machine) throws {
    let key = try StepCircuit.key(of: result, 0, machine)
    guard key.words == entry.words, !entry.countsDraws else { return nil }
    // Tensors that are told apart stand for the outputs, to see where each of them goes.
    let marks = entry.template.outputs.indices.map { Tensor(scalar: $0) }
    let marked = entry.template.instantiate(marks, keepsNumbers: true)
    defer { machine.heap.release(marked) }
    let found = try StepCircuit.key(of: marked, 0, machine).inputs.dropLast()
    let graph = entry.plan.graph
    guard found.count + 1 == key.inputs.count else { return nil }
    places = Array(repeating: -1, count: marks.count)
    for (place, mark) in found.enumerated() {
      if let index = marks.firstIndex(where: { $0 === mark }) {
        let (given, taken) = (graph.nodes[graph.outputs[index].index], graph.inputs[place])
        guard given.shape == taken.shape, given.type == taken.type else { return nil }
        sources.append(.output(index))
        places[index] = place
      } else if let fixed = key.inputs[place] {
        sources.append(.fixed(fixed))
      }
    }
    if places.contains(-1) || sources.count != found.count { return nil }
  }

  /// The key of a call with a value (borrowed) and a step's number.
  private static func key(of value: Value, _ step: Int, _ machine: Machine) throws -> CompiledKey {
    let heap = machine.heap
    let positional = heap.list([heap.retained(value), Value(step)])
    let named = heap.emptyRecord()
    defer {
      heap.release(positional)
      heap.release(named)
    }
    var key = CompiledKey()
    try key.walk([positional, named], in: machine)
    return key
  }

  /// Folds steps from `step` up to `end`, as far as the entry's trace holds for them. Takes `value` over and gives the
  /// next one, also where not one step was made; each step draws under the key that `root` gives with its number. Where the
  /// fold `mayEnd` early, an interrupt does so.
  func run(
    _ entry: CompiledFunction.Entry, from value: Value, _ step: inout Int, upTo end: Int, root: Int64,
    _ machine: Machine, mayEnd: Bool, report: (Int) -> Void
  ) throws -> Value {
    var inputs: [Tensor?]
    do {
      inputs = try taken(by: entry, value, step, root, machine)
    } catch {
      machine.heap.release(value)
      throw error
    }
    guard !inputs.isEmpty else { return value }
    // From here on the plan may write over what nobody else holds.
    machine.heap.release(value)
    // The first inputs may be held elsewhere, those that a run gave are not.
    var attempts = 2
    while step < end {
      let isHeld = mayEnd && machine.folds.stepSeconds > StepCircuit.shortSeconds
      if attempts > 0, entry.isSettled, !isHeld {
        if try repeated(entry, &inputs, &step, upTo: end, root, machine, mayEnd: mayEnd, report) { break }
        attempts -= 1
      }
      if mayEnd, machine.folds.end(at: step, machine) { break }
      try machine.pollInterrupt()
      machine.tensors.planRunCount += 1
      // Held here too, the inputs are not written over.
      let held = isHeld ? inputs : []
      defer { withExtendedLifetime(held) {} }
      let outputs: [Tensor]
      do {
        outputs = try timed(machine, mayEnd) {
          try translatingErrors(entry.recording) {
            try entry.prepare(machine)
            return try entry.plan.run(&inputs, threads: machine.planThreads, isChecked: true)
          }
        }
      } catch {
        let isInterrupt = machine.runtimeError(error).id == RuntimeError.interrupted.id
        guard isHeld, isInterrupt, machine.folds.end(at: step, machine) else { throw error }
        break
      }
      for (place, source) in sources.enumerated() {
        switch source {
        case .output(let index): inputs[place] = outputs[index]
        case .fixed(let tensor): inputs[place] = tensor
        }
      }
      step += 1
      report(step)
      number(&inputs, step, root)
      guard entry.plan.guardsHold(inputs) else { break }
    }
    return entry.template.instantiate(places.compactMap { inputs[$0] })
  }

  /// Makes a step, of which the time is taken where its fold may end early.
  private func timed<Result>(_ machine: Machine, _ mayEnd: Bool, _ body: () throws -> Result) rethrows -> Result {
    guard mayEnd else { return try body() }
    let watched = machine.folds.stepSeconds <= StepCircuit.shortSeconds ? ck_watch(nil) : nil
    let started = DispatchTime.now().uptimeNanoseconds
    defer {
      machine.folds.stepSeconds = Double(DispatchTime.now().uptimeNanoseconds - started) * 1e-9
      if let watched { _ = ck_watch(watched) }
    }
    return try body()
  }

  /// Folds all steps up to `end` on the memory that the inputs have, or until they come to take long in a fold that may end; false,
  /// with none made, where the plan cannot.
  private func repeated(
    _ entry: CompiledFunction.Entry, _ inputs: inout [Tensor?], _ step: inout Int, upTo end: Int, _ root: Int64,
    _ machine: Machine, mayEnd: Bool, _ report: (Int) -> Void
  ) throws -> Bool {
    var targets = Array(repeating: -1, count: places.count)
    for (place, source) in sources.enumerated() {
      guard case .output(let index) = source else { continue }
      // An output that becomes two inputs has no memory that is both.
      if targets[index] >= 0 { return false }
      targets[index] = place
    }
    let found = try translatingErrors { try RepeatedRun(entry.plan, &inputs, places: targets) }
    guard let run = found else { return false }
    defer { run.end(&inputs) }
    // Nobody else has seen the tensors of the step's number and of its draws' key.
    let numbers = inputs[sources.count...].compactMap { $0?.pointer }
    while step < end {
      if mayEnd, machine.folds.end(at: step, machine) || machine.folds.stepSeconds > StepCircuit.shortSeconds { break }
      try machine.pollInterrupt()
      machine.tensors.planRunCount += 1
      try timed(machine, mayEnd) {
        try translatingErrors(entry.recording) { try run.run(threads: machine.planThreads) }
      }
      step += 1
      report(step)
      numbers[0].storeBytes(of: step, as: Int.self)
      if numbers.count > 1 { numbers[1].storeBytes(of: RandomKey.derive(root, Int64(step)), as: Int64.self) }
    }
    return true
  }

  /// The plan's inputs for a step from a value (borrowed); none where the trace does not hold for them.
  private func taken(
    by entry: CompiledFunction.Entry, _ value: Value, _ step: Int, _ root: Int64, _ machine: Machine
  ) throws -> [Tensor?] {
    var key = try StepCircuit.key(of: value, step, machine)
    guard key.words == entry.words else { return [] }
    var inputs = key.takeInputs()
    if entry.recording.hidden != nil { inputs += [nil, nil] }
    number(&inputs, step, root)
    return entry.plan.guardsHold(inputs) ? inputs : []
  }

  /// The inputs behind the value's: the step's number, and the key and count of its draws.
  private func number(_ inputs: inout [Tensor?], _ step: Int, _ root: Int64) {
    let first = sources.count
    inputs[first] = Tensor(scalar: step)
    guard inputs.count > first + 1 else { return }
    inputs[first + 1] = Tensor(scalar: Int(RandomKey.derive(root, Int64(step))))
    inputs[first + 2] = Tensor(scalar: 0)
  }
}

extension Natives {
  /// The inner loop of the standard library's folds.
  static let stepFolds: [NativeFunction] = [
    NativeFunction(
      "fold_steps", ["f", "value", "first", "end", "key", "total?"],
      doc:
        "`f(value, i)` folded over the steps i from `first` up to, and without, `end`, each drawing under `subkey(key, i)`; says how many of `total` are done.",
      example: "fold_steps((v, i) -> v + i, 0, 0, 5, key: 1)  # => 10"
    ) { call in try foldSteps(call) }
  ]

  private static func foldSteps(_ call: NativeCall) throws -> Value {
    let machine = call.machine
    if case .ended = machine.folds.ending { throw RuntimeError.interrupted }
    let mayEnd = machine.folds.mayEnd(machine)
    if mayEnd { machine.folds.hasStepped = true }
    let f = try call.function(0)
    let (first, end) = (try call.int(2), try call.int(3))
    let key = try call.key(call[4])
    var reporter = StepReporter(machine, end: end, total: call.has(5) ? try call.int(5) : nil)
    var value = call.take(1)
    var step = first
    // Where something watches every operation, or records, each step is a call.
    let mayRunOn = machine.tensors.recording == nil && !machine.tensors.checksNaN
    while step < end {
      let bound = f.tag == .bound ? f.boxedObject as? BoundNative : nil
      let compiled = mayRunOn ? bound?.memory as? CompiledFunction : nil
      if let compiled, case .int(let root) = key, let entry = compiled.last, let circuit = entry.circuit.circuit {
        let before = step
        value = try Probe.calling(lines: entry.lines) {
          try Probe.under("compiled step") {
            try circuit.run(entry, from: value, &step, upTo: end, root: Int64(root), machine, mayEnd: mayEnd) {
              reporter.done($0)
            }
          }
        }
        if mayEnd, machine.folds.ending != .allowed { return value }
        if step > before { continue }
      }
      if mayEnd, machine.folds.end(at: step, machine) { return value }
      // A step may be too short to hear of an interrupt.
      do { try machine.pollInterrupt() } catch {
        call.heap.release(value)
        throw error
      }
      if mayEnd, isHeld(value, call.heap) {
        let held = call.heap.retained(value)
        do {
          value = try stepped(call, f, value, step, key)
        } catch {
          let isInterrupt = machine.runtimeError(error).id == RuntimeError.interrupted.id
          if isInterrupt, machine.folds.end(at: step, machine) { return held }
          call.heap.release(held)
          throw error
        }
        call.heap.release(held)
      } else {
        value = try stepped(call, f, value, step, key)
      }
      if let entry = compiled?.last, case .unknown = entry.circuit {
        entry.circuit = try .known(StepCircuit(entry, value, machine))
      }
      step += 1
      reporter.done(step)
    }
    return value
  }

  /// Whether a value is kept while a step makes the next one of it, to go back to it: not what steps may make longer or change in
  /// place, which they would copy instead.
  private static func isHeld(_ value: Value, _ heap: Heap, depth: Int = 0) -> Bool {
    switch value.tag {
    case .list, .string: return false
    case .record:
      guard depth < 4 else { return false }
      return (0..<value.record.count).allSatisfy { isHeld(value.record.values[$0], heap, depth: depth + 1) }
    default: return true
    }
  }

  /// One step by a call; takes the value over.
  private static func stepped(
    _ call: NativeCall, _ f: Value, _ value: Value, _ step: Int, _ key: TensorOperand
  ) throws -> Value {
    let operations = call.operations
    let own: TensorOperand
    do { own = try operations.derive(key, .int(step)) } catch {
      call.heap.release(value)
      throw error
    }
    return try operations.withKey(own) { try call.machine.call(f, taking: [value, Value(step)]) }
  }
}

/// Tells how many steps are done, a few times a second and at the end.
private struct StepReporter {
  private let machine: Machine
  private let end: Int
  private let total: Int?
  private var last = 0.0

  init(_ machine: Machine, end: Int, total: Int?) {
    (self.machine, self.end, self.total) = (machine, end, total)
  }

  mutating func done(_ step: Int) {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    let now = Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    guard step == end || now - last >= 0.05 else { return }
    last = now
    let report = ProgressReport(step: step, total: total, loss: nil)
    if let trial = machine.trial { trial.progress(report) } else { machine.host.progress(report) }
  }
}
