import Diagnostics
import Graphs
import Tensors

/// A tensor, or a number, whose computation is being recorded: a node of a trace that is (or was) in progress.
final class TracedValue {
  let node: NodeID
  let recording: Recording
  /// Its value, in a trace that runs as it is recorded; it outlives the trace's own.
  private let known: Tensor?

  /// A node of a recording.
  init(_ node: NodeID, _ recording: Recording) {
    self.node = node
    self.recording = recording
    known = recording.isStaged ? nil : recording.trace.value(node)
  }

  /// The value, where it is known; numbers of a staged trace have the one they had while tracing.
  var value: Tensor? { known ?? recording.trace.value(node) }
  /// Like `value`; in a staged trace it joins the key of the trace.
  var requiredValue: Tensor? { known ?? recording.trace.requireValue(node) }

  var shape: Shape { recording.trace.shape(node) }
  var type: ElementType { recording.trace.type(node) }
  var isNumber: Bool { recording.trace.isNumber(node) }
}

/// What stands in the slot of a `state` while a training call runs: calls read and write it in order.
final class StateCell {
  /// A `Tensor` or a `TracedValue`.
  var content: AnyObject
  init(_ content: AnyObject) { self.content = content }
}

/// A trace in progress: of an eager derivative, or of a compiled function.
final class Recording {
  let trace: Trace
  /// The trace in progress around this one, where this is that of a loop's or a branch's body.
  let parent: Recording?
  /// How many traces stand around this one.
  private let depth: Int
  /// Values of the traces around that are used here: the node there, and the input that stands for it.
  private(set) var lifted: [(outer: NodeID, inner: NodeID)] = []
  private var liftedNodes: [NodeID: NodeID] = [:]
  private let places: RecordedPlaces
  /// Where draws of a staged trace come from; eager traces draw from the machine's own scope.
  var scope = DrawSource(.call)
  /// Hidden inputs of a staged trace, made at the first draw: the scope's key and the count at the call.
  var hidden: (key: NodeID, count: NodeID)?
  /// What cannot be traced and was met where no error could be thrown; ends the trace.
  var failure: RuntimeError?

  /// Whether draws are those of what stands around: the body of a derivative, not of a loop.
  let drawsOutside: Bool

  init(_ mode: Trace.Mode, inside parent: Recording? = nil, drawsOutside: Bool = false) {
    trace = Trace(mode)
    self.parent = parent
    self.drawsOutside = drawsOutside
    places = parent?.places ?? RecordedPlaces()
    depth = parent.map { $0.depth + 1 } ?? 0
  }

  /// More traces of bodies inside of bodies are a function that calls itself inside of one.
  static let maximumDepth = 100

  /// A trace of a body inside of `parent`, staged unless it is to follow values; E0303 where traces are nested too deeply.
  static func body(
    inside parent: Recording?, _ mode: Trace.Mode = .staged, drawsOutside: Bool = false
  ) throws -> Recording {
    let recording = Recording(mode, inside: parent, drawsOutside: drawsOutside)
    if mode == .eager, let parent { recording.trace.checksNaN = parent.trace.checksNaN }
    guard recording.depth <= maximumDepth else {
      throw RuntimeError(
        "E0303", "loops and choices that are traced are nested too deeply",
        label: "more than \(maximumDepth) wait for each other here",
        help: [
          "both branches of `cond` are traced, whatever its condition: a function that calls itself in one never ends",
          "`if` and `while_loop` go on for as long as it takes",
        ])
    }
    return recording
  }

  var isStaged: Bool { trace.mode == .staged }

  /// Whether this trace is a staged one or stands inside of one that is not a body's: a compiled function's.
  var isCompiled: Bool { parent.map(\.isCompiled) ?? isStaged }

  /// Whether a trace is this one or one around it.
  func isInside(_ other: Recording) -> Bool { self === other || (parent?.isInside(other) ?? false) }

  /// The node here of a value of this trace or one around it; nil for any other.
  func node(of value: TracedValue) -> NodeID? {
    if value.recording === self { return value.node }
    guard let parent, let outer = parent.node(of: value) else { return nil }
    if let known = liftedNodes[outer] { return known }
    let inner = trace.input(
      shape: parent.trace.shape(outer), type: parent.trace.type(outer), isNumber: parent.trace.isNumber(outer),
      example: parent.trace.value(outer))
    liftedNodes[outer] = inner
    lifted.append((outer, inner))
    return inner
  }

  /// What this body's trace needed to know of numbers becomes a condition of the trace around it.
  func passGuardsOn() {
    guard let parent, !trace.guards.isEmpty else { return }
    var live = Set(trace.guards.map(\.0.index))
    for index in trace.nodes.indices.reversed() where live.contains(index) {
      for input in trace.nodes[index].inputs { live.insert(input.index) }
    }
    for (outer, inner) in lifted where live.contains(inner.index) { _ = parent.trace.requireValue(outer) }
  }

  /// The number under which nodes remember a place.
  func origin(of span: Span) -> Int32 { places.origin(of: span) }

  func span(of origin: Int32) -> Span { places.span(of: origin) }

  /// The spans of all origins, in order.
  var spans: [Span] { places.spans }

  /// For each origin the line of the profiled file that was running, 0 for none; while somebody looks.
  var lines: [Int] { places.lines }
}

/// Spans that the origins of nodes stand for; a trace and those inside it have one list.
private final class RecordedPlaces {
  private(set) var spans: [Span] = [.none]
  /// While somebody looks, the line of the profiled file that was running.
  private(set) var lines = [0]
  private var lastSpan = Span.none

  func origin(of span: Span) -> Int32 {
    let line = Probe.moment?.pointee.line
    if span == lastSpan, line == nil || line == lines.last { return Int32(truncatingIfNeeded: spans.count - 1) }
    spans.append(span)
    if let line { lines.append(line) }
    lastSpan = span
    return Int32(truncatingIfNeeded: spans.count - 1)
  }

  func span(of origin: Int32) -> Span {
    spans.indices.contains(Int(origin)) ? spans[Int(origin)] : .none
  }
}

/// Where draws come from while a compiled function is traced.
struct DrawSource {
  enum Key {
    /// The scope of the call: its key and count are hidden inputs.
    case call
    /// A key of the program's own, rank-0 i64, counted from 0.
    case key(NodeID)
    /// A key known while tracing: the machine's scope, with its count.
    case machine
    /// The key of the trace around this one, which is that of a loop's body: its count goes from step to step.
    case around
  }

  let key: Key
  /// Rank-0 i64: the count that a loop of unknown length left; nil for the count with which the scope began.
  var count: NodeID?
  /// So many draws came since.
  var offset: Int64 = 0

  init(_ key: Key) { self.key = key }
}

/// The tensor side's state of one interpreter.
final class TensorState {
  /// The one trace that is being recorded, if any.
  var recording: Recording?
  /// The walk with shapes only that is in progress, if any.
  var walk: StudyWalk?
  /// Whether an operation that makes a NaN is an error.
  var checksNaN = false
  /// What `training()` says.
  var isTraining = false
  /// Tracings of compiled functions so far, and calls of plans; tests and `profile` read them.
  var traceCount = 0
  var planRunCount = 0
  var stamps: UInt64 = 0
  /// Plans made so far, when a test wants to read their counters.
  var keepsPlans = false
  /// Takes every plan that is made, for `exp plan --graph`; folds then take one step.
  var collector: PlanCollector?
  /// The timing of a study that is only planned, if that is what runs.
  var timing: StudyTiming?
  /// Whether folds take a few steps that stand for all.
  var isPlanning: Bool { walk != nil || collector != nil || timing != nil }
  var plans: [Plan] = []

  /// Whether a function that could not be traced, since it branches on contents or speaks, may be followed with values
  /// at hand instead: outside of compiled functions and of what is traced for them.
  func mayFollowValues(after error: RuntimeError) -> Bool {
    guard error.id == "E0501" || error.id == "E0503" else { return false }
    return recording.map { !$0.isCompiled && !$0.isStaged } ?? true
  }
}

extension Machine {
  /// The tensor side's state.
  @inline(__always) var tensors: TensorState {
    if let state = tensorState { return unsafeDowncast(state, to: TensorState.self) }
    return makeTensorState()
  }

  @inline(never) private func makeTensorState() -> TensorState {
    let state = TensorState()
    // Tensors count against the same bound as everything else; the pool refuses what would not fit.
    if MemoryPool.limit == Int.max { MemoryPool.limit = Machine.defaultByteLimit }
    tensorState = state
    return state
  }
}

/// Flags of a `.tensor` box (`ObjectHeader.flags`).
enum TensorFlags {
  /// Holds a traced number of the language rather than a tensor.
  static let isNumber: UInt8 = 1
  /// A param that `freeze` took out of training.
  static let isFrozen: UInt8 = 2
}
