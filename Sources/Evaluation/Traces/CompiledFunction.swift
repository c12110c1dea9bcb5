import Graphs
import Tensors

/// The plans of one compiled function, by what its arguments looked like.
final class CompiledFunction {
  /// More traces than this are a sign that a number is not what it should be, unless the program said how many it wants.
  static let maximumTraces = 8
  /// How many traces the program asked to keep; a further one then takes the place of the one not used for longest.
  private let kept: Int?

  /// One trace: its plan, what it holds for, and how its result is put together.
  final class Entry {
    let words: [UInt64]
    let names: [Value]
    private(set) var plan: Plan
    private var runs = 0
    let template: CompiledTemplate
    let recording: Recording
    /// Draws per call; behind those that loops of unknown length make.
    let draws: Int64
    /// Whether the plan gives, as its last output, the count of draws that such loops left.
    let countsDraws: Bool
    /// The script's lines that the origins of the trace stand for, for a profiler; 0 for what is the caller's.
    private(set) lazy var lines = Profiler.lines(of: recording)
    /// How results go in again as arguments, for folds.
    var circuit = StepCircuit.Search.unknown
    private let heap: Heap

    init(
      _ key: CompiledKey, _ plan: Plan, _ template: CompiledTemplate, _ recording: Recording, _ heap: Heap
    ) {
      words = key.words
      names = key.names.map { heap.retained($0) }
      self.plan = plan
      self.template = template
      self.recording = recording
      draws = recording.scope.offset
      countsDraws = recording.scope.count != nil
      self.heap = heap
    }

    deinit { for name in names { heap.release(name) } }

    /// Whether the plan stays the one that it is.
    var isSettled: Bool { runs >= 2 }

    /// To be called before every run. At the second, what the plan computes from constants alone is computed once and for
    /// all; what cannot be is left to fail where it stands.
    func prepare(_ machine: Machine) throws {
      runs &+= 1
      guard runs == 2, let known = KnownPart(of: plan.graph) else { return }
      var nothing: [Tensor?] = []
      do {
        let values = try Plan(known.graph).run(&nothing, threads: machine.planThreads)
        let rest = try Plan(known.rest(with: values))
        if let place = machine.tensors.plans.firstIndex(where: { $0 === plan }) { machine.tensors.plans[place] = rest }
        plan = rest
      } catch let error as GraphError where error.kind == .interrupted {
        throw error
      } catch {}
    }
  }

  /// In the order of their last use.
  private var entries: [Entry] = []
  /// The entry that ran last.
  var last: Entry? { entries.last }
  private var key = CompiledKey()

  /// Number of traces made so far.
  var traceCount: Int { entries.count }
  /// What the plans have done, for tests.
  var plans: [Plan] { entries.map(\.plan) }

  init(keeping kept: Int? = nil) { self.kept = kept }

  /// Calls `f` with arguments whose counts are consumed.
  func call(_ f: Value, _ positional: Value, _ named: Value, _ machine: Machine) throws -> Value {
    let heap = machine.heap
    var isReleased = false
    defer {
      if !isReleased {
        heap.release(positional)
        heap.release(named)
      }
    }
    if let walk = machine.tensors.walk { return try walk.compiled { try inline(f, positional, named, machine) } }
    if machine.tensors.recording != nil { return try inline(f, positional, named, machine) }
    var key = key
    self.key = CompiledKey()
    try key.walk([positional, named], in: machine)
    var inputs = key.takeInputs()
    let entry = try find(key, inputs, machine) ?? trace(f, positional, named, key, inputs, machine)
    self.key = key
    isReleased = true
    heap.release(positional)
    heap.release(named)
    return try run(entry, &inputs, machine)
  }

  private func run(_ entry: Entry, _ inputs: inout [Tensor?], _ machine: Machine) throws -> Value {
    if entry.recording.hidden != nil {
      inputs.append(Tensor(scalar: Int(machine.drawScope.key)))
      inputs.append(Tensor(scalar: Int(machine.drawScope.count)))
    }
    machine.tensors.planRunCount += 1
    var outputs: [Tensor]
    do { outputs = try self.outputs(entry, &inputs, machine) } catch let error as RuntimeError {
      // What was to be drawn counts as drawn where the program goes on; a loop whose draws nobody counted made one at least.
      if !error.isUncatchable { machine.drawScope.count &+= entry.draws + (entry.countsDraws ? 1 : 0) }
      throw error
    }
    if entry.countsDraws, let count = outputs.popLast() { machine.drawScope.count = Int64(count.integer(0)) }
    machine.drawScope.count &+= entry.draws
    return entry.template.instantiate(outputs)
  }

  private func outputs(_ entry: Entry, _ inputs: inout [Tensor?], _ machine: Machine) throws -> [Tensor] {
    try translatingErrors(entry.recording) { () throws -> [Tensor] in
      if !machine.tensors.checksNaN { try entry.prepare(machine) }
      if Probe.moment != nil {
        return try Probe.calling(lines: entry.lines) {
          try Probe.under("compiled step") { try entry.plan.run(&inputs, threads: machine.planThreads) }
        }
      }
      return machine.tensors.checksNaN
        ? try entry.plan.graph.runCheckingNaN(inputs)
        : try entry.plan.run(&inputs, threads: machine.planThreads, isChecked: true)
    }
  }

  private func find(_ key: CompiledKey, _ inputs: [Tensor?], _ machine: Machine) -> Entry? {
    guard let index = entries.lastIndex(where: { matches($0, key, inputs, machine) }) else { return nil }
    if index != entries.count - 1 { entries.append(entries.remove(at: index)) }
    return entries.last
  }

  private func matches(_ entry: Entry, _ key: CompiledKey, _ inputs: [Tensor?], _ machine: Machine) -> Bool {
    guard entry.words == key.words else { return false }
    guard !entry.plan.graph.guards.isEmpty else { return true }
    var inputs = inputs
    if entry.recording.hidden != nil {
      inputs.append(Tensor(scalar: Int(machine.drawScope.key)))
      inputs.append(Tensor(scalar: Int(machine.drawScope.count)))
    }
    return entry.plan.guardsHold(inputs)
  }

  private func inline(_ f: Value, _ positional: Value, _ named: Value, _ machine: Machine) throws -> Value {
    let list = positional.list
    var names: [(String, Value)] = []
    if named.tag == .record {
      for i in 0..<named.record.count { names.append((named.record.name(i), named.record.values[i])) }
    }
    return try machine.call(f, (0..<list.count).map { list.elements[$0] }, named: names)
  }

  // MARK: tracing

  private func trace(
    _ f: Value, _ positional: Value, _ named: Value, _ key: CompiledKey, _ inputs: [Tensor?], _ machine: Machine
  ) throws -> Entry {
    let state = machine.tensors
    let recording = Recording(.staged)
    recording.trace.preparesPrograms = true
    state.recording = recording
    state.traceCount += 1
    defer { state.recording = nil }
    let heap = machine.heap
    var inputs = CompiledInputs(recording, inputs, machine)
    let arguments = inputs.traced(positional)
    defer { heap.release(arguments) }
    let names = inputs.traced(named)
    defer { heap.release(names) }
    let result = try Probe.calling { try inline(f, arguments, names, machine) }
    defer { heap.release(result) }
    if let failure = recording.failure { throw failure }
    try checkTraces(recording)
    let template = try CompiledTemplate(result, recording, machine)
    let plan = try translatingErrors(recording) {
      let trace = recording.trace
      let outputs = template.outputs + (recording.scope.count.map { [$0] } ?? [])
      return try Plan(trace.finish(outputs: trace.narrowed(outputs)))
    }
    let entry = Entry(key, plan, template, recording, heap)
    entries.append(entry)
    if state.keepsPlans { state.plans.append(plan) }
    if let collector = state.collector {
      let prototype = f.tag == .closure ? f.closure.prototype : nil
      collector.add(
        StepGraph(
          name: prototype?.name ?? "function", span: prototype?.span ?? .none, recorded: recording.trace.nodes.count,
          plan: plan))
    }
    return entry
  }

  /// A number that tracing needs makes a trace per value: past a few the error names it.
  private func checkTraces(_ recording: Recording) throws {
    guard entries.count >= kept ?? CompiledFunction.maximumTraces else { return }
    if kept != nil {
      entries.removeFirst()
      return
    }
    var help = [
      "pass what changes as a tensor, or do not compile this function",
      "where it shall change, say how many forms to keep: `compiled(f, forms: 32)`, as `train(…, forms: 32)` does",
    ]
    var message =
      "this compiled function has been traced \(entries.count) times, each time for arguments of another form"
    if let (node, value) = recording.trace.guards.last {
      let text = TensorHooks.elementText(value, 0)
      message =
        "this compiled function has been traced \(entries.count) times, because it needs the value of a number (now \(text))"
      help.insert("a number decides a shape, a loop's length or a branch here", at: 0)
      var error = RuntimeError("E0512", message, label: "needed here", help: help)
      let span = recording.span(of: recording.trace.nodes[node.index].origin)
      if span != .none { error.span = span }
      throw error
    }
    throw RuntimeError("E0512", message, label: "traced too often", help: help)
  }
}

/// The arguments of a trace: tensors and numbers replaced by inputs, in the order in which `CompiledKey` walks them.
private struct CompiledInputs {
  let recording: Recording
  let machine: Machine
  let inputs: [Tensor?]
  private var position = 0
  /// Boxes of params that were seen, with the traced box that stands for them (borrowed from what is being built).
  private var params: [UInt64: Value] = [:]

  init(_ recording: Recording, _ inputs: [Tensor?], _ machine: Machine) {
    self.recording = recording
    self.inputs = inputs
    self.machine = machine
  }

  private struct Level {
    var value: Value
    var children: [Value]
    var roles: [TreeNode.Role]
    var built: [Value] = []
    var isCaptured: Bool
    var isChanged = false
  }

  /// Owned by the caller.
  mutating func traced(_ value: Value) -> Value {
    let heap = machine.heap
    guard let first = open(value, isCaptured: false) else { return leaf(value, .plain, isCaptured: false).value }
    var levels = [first]
    while var level = levels.popLast() {
      if level.built.count == level.children.count {
        let result = close(level)
        guard var parent = levels.popLast() else { return result }
        parent.built.append(result)
        parent.isChanged = parent.isChanged || level.isChanged
        levels.append(parent)
        continue
      }
      let index = level.built.count
      let child = level.children[index]
      if let inner = open(child, isCaptured: level.isCaptured) {
        levels.append(level)
        levels.append(inner)
        continue
      }
      let (value, isChanged) = leaf(child, level.roles[index], isCaptured: level.isCaptured)
      level.built.append(value)
      level.isChanged = level.isChanged || isChanged
      levels.append(level)
    }
    return heap.retained(value)
  }

  /// The children of a value in the order of the key's walk.
  private func open(_ value: Value, isCaptured: Bool) -> Level? {
    switch value.tag {
    case .list, .record, .closure:
      guard let node = TreeNode(value) else { return nil }
      return Level(
        value: value, children: (0..<node.count).map { node[$0] },
        roles: (0..<node.count).map { node[$0].tag == .tensor ? node.role($0) : .plain },
        isCaptured: isCaptured || value.tag == .closure)
    case .range: return nil
    case .overload, .table, .figure, .module, .bound:
      return Level(
        value: value, children: [value.box.pointee.first, value.box.pointee.second], roles: [.plain, .plain],
        isCaptured: true)
    default: return nil
    }
  }

  private func close(_ level: Level) -> Value {
    let heap = machine.heap
    guard level.isChanged else {
      for child in level.built { heap.release(child) }
      return heap.retained(level.value)
    }
    switch level.value.tag {
    case .list, .record, .closure:
      return TreeNode(level.value)?.rebuilt(level.built, heap) ?? .none
    case .bound:
      let object = (level.value.boxedObject as? BoundNative).map { BoundNative($0.function) }
      return heap.box(.bound, level.built[0], level.built[1], object: object)
    default: return heap.box(level.value.tag, level.built[0], level.built[1])
    }
  }

  private mutating func leaf(_ value: Value, _ role: TreeNode.Role, isCaptured: Bool) -> (value: Value, isChanged: Bool)
  {
    let operations = TensorOperations(machine)
    switch value.tag {
    case .int, .float:
      guard !isCaptured, let example = next() else { return (value, false) }
      let node = recording.trace.input(shape: [], type: example.type, isNumber: true, example: example)
      return (operations.value(.traced(TracedValue(node, recording))), true)
    case .tensor:
      if role == .param, let known = params[value.bits] { return (machine.heap.retained(known), true) }
      guard let object = value.boxedObject, TensorOperations.plainTensor(object) != nil, let tensor = next() else {
        return (machine.heap.retained(value), false)
      }
      let node = recording.trace.input(shape: tensor.shape, type: tensor.type)
      let box = operations.value(.traced(TracedValue(node, recording)))
      box.header.pointee.flags |= value.header.pointee.flags & TensorFlags.isFrozen
      if role == .param { params[value.bits] = box }
      return (box, true)
    default: return (machine.heap.retained(value), false)
    }
  }

  private mutating func next() -> Tensor? {
    guard position < inputs.count else { return nil }
    position += 1
    return inputs[position - 1]
  }
}

extension Natives {
  static let compiledNatives: [NativeFunction] = [
    NativeFunction(
      "compiled", ["f", "forms?"],
      doc:
        "The same function, traced once per structure and shapes of its arguments, optimized, and then run without the interpreter, with the same bits. More than eight traces are an error, unless `forms` says how many to keep; then the one not used for longest makes room.",
      example: "compiled(x -> x * 2 + 1)(3.0) # => 7.0"
    ) { call in
      let forms = call.has(1) ? try call.int(1) : nil
      if let forms, forms < 1 { throw call.mismatch(1, "a number of forms, at least 1") }
      let f = try call.function(0)
      if f.tag == .bound, (f.boxedObject as? BoundNative)?.function.name == "compiled(f)" {
        return call.heap.retained(f)
      }
      return bind(call, compiledCall, [f, forms.map { Value($0) } ?? .none])
    },
    NativeFunction(
      "cond", ["c", "f", "g"],
      doc: "f() where the condition holds, otherwise g(); inside compiled functions the condition may be a tensor.",
      example: "cond(1 < 2, () -> 1.0, () -> 2.0) # => 1.0"
    ) { call in try conditional(call) },
    NativeFunction(
      "while_loop", ["start", "condition", "body"],
      doc:
        "body(body(… start)) for as long as condition(carry) holds; inside compiled functions the condition may be a tensor. It has forward-mode derivatives only.",
      example: "while_loop(1, x -> x < 100, x -> x * 3) # => 243"
    ) { call in try whileLoop(call) },
  ]

  private static let compiledCall = NativeFunction(
    "compiled(f)", ["...arguments", "..._"], doc: "The compiled function."
  ) { call in
    let f = held(call, 0)
    guard let bound = call.callee.boxedObject as? BoundNative else { return .none }
    let function: CompiledFunction
    if let known = bound.memory as? CompiledFunction {
      function = known
    } else {
      let forms = held(call, 1)
      function = CompiledFunction(keeping: forms.tag == .int ? forms.asInt : nil)
      bound.memory = function
    }
    return try function.call(f, call.take(0), call.take(1), call.machine)
  }

  /// Each branch draws under a key of its own, so that computing both or one of them draws the same.
  private static func conditional(_ call: NativeCall) throws -> Value {
    let operations = call.operations
    let machine = call.machine
    guard let condition = operations.operand(call[0]), condition.type == .bool, condition.rank == 0 else {
      throw call.mismatch(0, "true or false")
    }
    let scope = try operations.freshKey()
    func branch(_ index: Int) throws -> Value {
      let f = try call.function(index)
      return try operations.withKey(try operations.derive(scope, .int(index))) { try machine.call(f, []) }
    }
    if case .traced = condition, let recording = machine.tensors.recording {
      // Inside an eager derivative too the branch is an operation, so that its derivative has the same bits; unless one
      // of the two does what cannot be traced, or fails: the one that is not taken may.
      if recording.isStaged { return try TracedChoice(call).choice(condition, scope) }
      do { return try TracedChoice(call).choice(condition, scope) } catch let error as RuntimeError
        where !error.isUncatchable
      { machine.goesOn(after: error) }
    }
    guard let content = operations.requireContent(condition) else { throw call.mismatch(0, "true or false") }
    return try branch(content.integer(0) != 0 ? 1 : 2)
  }

  /// Step by step where the condition is known, as one operation from where it is not.
  private static func whileLoop(_ call: NativeCall) throws -> Value {
    let (machine, heap, operations) = (call.machine, call.heap, call.operations)
    let condition = try call.function(1)
    let body = try call.function(2)
    if let recording = machine.tensors.recording, recording.isStaged {
      return try TracedChoice(call).loop(from: call[0], condition, body, recording)
    }
    var carry = heap.retained(call[0])
    do {
      while true {
        try machine.pollInterrupt()
        let holds = try machine.call(condition, [carry])
        defer { heap.release(holds) }
        guard let truth = operations.operand(holds), truth.type == .bool, truth.rank == 0,
          let content = operations.requireContent(truth)
        else {
          throw RuntimeError(
            "E0202", "`while_loop` needs a condition that gives true or false, not \(machine.brief(holds))")
        }
        guard content.integer(0) != 0 else { return carry }
        let next = try machine.call(body, [carry])
        heap.release(carry)
        carry = next
      }
    } catch {
      heap.release(carry)
      throw error
    }
  }
}
