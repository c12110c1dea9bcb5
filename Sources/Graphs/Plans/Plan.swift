import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A graph made ready to run many times: fused loops, a fixed order, memory assigned ahead. A plan is immutable; any
/// number of threads may run it at once, each run with a workspace of its own.
public final class Plan: @unchecked Sendable {
  /// What the plan computes.
  public let graph: Graph
  let steps: [PlanStep]
  /// The same, as what runs: `steps` holds them, so that no run counts holders.
  let running: [Unmanaged<RunningStep>]
  let memory: PlanMemory
  let fusion: Fusion
  /// Updates that keep what they replace, and their places among the steps.
  let undoable: [(place: Int, step: UpdateStep)]
  private let guardPlan: GuardPlan
  let outputs: [PlanOutput]
  /// Per input the slot that its pointer goes to, if anything reads it.
  let inputSlots: [Int?]
  let outputSlots: [Int]
  /// Form of what each output slot holds.
  let outputForms: [(shape: Shape, type: ElementType)]
  /// Whether the outputs are the output slots, in order, as they are.
  let isPlain: Bool
  let laneBytes: Int
  let sharedBytes: Int
  let referenceCount: Int
  let operandCount: Int
  let resultCount: Int
  let workspaces: WorkspacePool
  /// For a profiler, with which one thread computes.
  private(set) lazy var probe = PlanProbe(self)

  /// False when the environment says `EXP_FUSION=off`, for tests and for finding faults.
  public static let fusesByDefault = fusion != "off"

  private static let fusion = getenv("EXP_FUSION").map { String(cString: $0) } ?? ""

  /// What is wrong with `EXP_FUSION`, which then changes nothing; nil where nothing is.
  public static var complaint: String? {
    ["", "on", "off"].contains(fusion) ? nil : "EXP_FUSION is `\(fusion)`, which is none of on, off"
  }

  /// Plans a graph. `fuse: false` runs every node alone, as eager execution does; the bits are the same. Throws a
  /// `TensorError` without memory.
  public convenience init(_ graph: Graph, fuse: Bool = Plan.fusesByDefault) throws {
    try self.init(graph, fuse: fuse, strips: fuse ? StripLimits() : nil)
  }

  /// `strips` says where steps run strip by strip; nowhere without it.
  init(_ graph: Graph, fuse: Bool, strips: StripLimits?) throws {
    var graph = try graph.withCountsAsConstants()
    if fuse { graph = graph.withOwnComparisons() }
    var fusion = Fusion(PlanRoles(graph, fuse: fuse))
    var schedule = PlanSchedule(fusion)
    if fuse, schedule.isComplete, let again = Recomputation(fusion, schedule) {
      let smaller = Fusion(PlanRoles(again.graph, fuse: true))
      let order = PlanSchedule(smaller)
      if order.isComplete, ValueLives(smaller, order).peakBytes < ValueLives(fusion, schedule).peakBytes {
        (graph, fusion, schedule) = (again.graph, smaller, order)
      }
    }
    if !schedule.isComplete {
      // Never seen since fusion looks for all paths; a slow plan is better than a wrong one.
      fusion = Fusion(PlanRoles(graph, fuse: false))
      schedule = PlanSchedule(fusion)
    }
    var builder = try PlanBuilder(fusion, schedule, strips: strips)
    self.graph = graph
    self.fusion = fusion
    let steps = builder.steps()
    self.steps = steps
    running = steps.map { .passUnretained($0.running) }
    undoable = steps.enumerated().compactMap { place, step in
      guard let update = step.running as? UpdateStep, update.keptOffset != nil else { return nil }
      return (place, update)
    }
    memory = builder.memory
    guardPlan = GuardPlan(graph)
    let memory = self.memory
    try memory.checkRoom(in: graph)
    outputs = graph.outputs.map { PlanOutput($0.index, fusion.roles, memory) }
    var inputSlots: [Int?] = Array(repeating: nil, count: graph.inputs.count)
    var outputSlots = Array(repeating: 0, count: memory.outputNodes.count)
    for (slot, kind) in memory.kinds.enumerated() {
      if case .input(let input) = kind { inputSlots[input] = slot }
      if case .output(let output) = kind { outputSlots[output] = slot }
    }
    self.inputSlots = inputSlots
    self.outputSlots = outputSlots
    outputForms = memory.outputNodes.map { [graph] in (graph.nodes[$0].shape, graph.nodes[$0].type) }
    isPlain =
      outputs.count == memory.outputNodes.count
      && outputs.enumerated().allSatisfy { index, output in
        if case .slot(index, let shape) = output { return shape == graph.nodes[memory.outputNodes[index]].shape }
        return false
      }
    laneBytes = steps.map(\.laneBytes).max() ?? 0
    sharedBytes = steps.map(\.sharedBytes).max() ?? 0
    referenceCount = steps.map(\.referenceCount).max() ?? 0
    operandCount = steps.map(\.operandCount).max() ?? 0
    resultCount = steps.map(\.resultCount).max() ?? 0
    workspaces = WorkspacePool()
  }

  /// Whether the numbers that the recording branched on have the same values for these inputs, so that the graph
  /// holds for them. Only the inputs that are numbers are looked at.
  public func guardsHold(_ inputs: [Tensor?]) -> Bool { guardPlan.holds(inputs) }

  /// What runs took and gave, for tests of reuse.
  public var counters: PlanCounters { workspaces.counters }
}

/// How often memory was taken over and made anew, since the plan was made.
public struct PlanCounters: Sendable, Equatable {
  /// Runs that ended well.
  public var runs = 0
  /// Outputs that took over an input's memory.
  public var reusedInputs = 0
  /// Outputs in new memory.
  public var newOutputs = 0
  /// Workspaces made: as many as runs were under way at once.
  public var workspaces = 0
}

/// Where a result comes from.
enum PlanOutput {
  case input(Int, Shape)
  case constant(Int, Shape)
  /// An output slot's tensor, perhaps under another shape.
  case slot(Int, Shape)

  init(_ index: Int, _ roles: PlanRoles, _ memory: PlanMemory) {
    let (base, shape) = (roles.bases[index], roles.graph.nodes[index].shape)
    switch roles.graph.nodes[base].primitive {
    case .input(let input): self = .input(input, shape)
    case .constant(let constant): self = .constant(constant, shape)
    default: self = .slot(memory.outputNodes.firstIndex(of: base) ?? 0, shape)
    }
  }
}

/// One step of a plan.
enum PlanStep {
  case scalars(ScalarStep)
  case loop(LoopStep)
  case operation(OperationStep)
  case strips(StripStep)

  var running: RunningStep {
    switch self {
    case .scalars(let step): step
    case .loop(let step): step
    case .operation(let step): step
    case .strips(let step): step
    }
  }

  /// The steps that it consists of.
  var members: [PlanStep] {
    if case .strips(let step) = self { return step.members }
    return [self]
  }

  private func most(_ size: (PlanStep) -> Int) -> Int { members.map(size).max() ?? 0 }

  var laneBytes: Int { most { if case .loop(let loop) = $0 { loop.program.registerBytes } else { 0 } } }
  var sharedBytes: Int { most { if case .loop(let loop) = $0 { loop.program.sharedBytes } else { 0 } } }
  var referenceCount: Int { most { if case .loop(let loop) = $0 { loop.program.references.count } else { 0 } } }
  var operandCount: Int { most { if case .operation(let step) = $0 { step.operands.count } else { 0 } } }
  var resultCount: Int { most { if case .operation(let step) = $0 { step.results.count } else { 0 } } }
}

/// What a plan does one after the other.
class RunningStep {
  /// Runs it in a workspace of its plan.
  func run(in workspace: Workspace, _ threads: Int) throws {}
}

/// An operation that runs alone.
class OperationStep: RunningStep {
  let operation: Operation
  /// The same operation where it is a program, and the slots of its results that somebody reads.
  let program: ProgramOperation?
  let results: [Int?]
  let operands: [ScalarStep.Place]
  let out: Int
  /// Bytes into the arena.
  let scratch: Int
  let origin: Int32
  let node: Int
  /// The table whose rows the result names, where the next ones are worth bringing nearer.
  var picked: PickedTable?

  init(
    _ operation: Operation, operands: [ScalarStep.Place], out: Int, results: [Int?] = [], scratch: Int, origin: Int32,
    node: Int
  ) {
    self.operation = operation
    program = operation as? ProgramOperation
    self.results = results
    self.operands = operands
    self.out = out
    self.scratch = scratch
    self.origin = origin
    self.node = node
  }

  override func run(in workspace: Workspace, _ threads: Int) throws {
    try stopIfAsked()
    let slots = workspace.slots
    for i in 0..<operands.count { workspace.operands[i] = slots[operands[i].slot] + operands[i].offset }
    let scratch = workspace.arena.base + scratch
    do {
      if let program {
        for (i, slot) in results.enumerated() { workspace.results[i] = slot.map { slots[$0] } }
        return try program.run(
          UnsafePointer(workspace.operands), results: UnsafePointer(workspace.results), scratch, threads: threads)
      }
      let operands = UnsafePointer(workspace.operands)
      if threads > 1, try operation.runParallel(operands, slots[out], scratch, threads) { return }
      try operation.run(operands, slots[out], scratch)
      picked?.expectNext(after: operation, operands, slots)
    } catch var error as GraphError {
      try stopIfAsked()
      // An error inside a program knows better where it came from.
      if program == nil || error.origin == 0 { error.origin = origin }
      throw error
    }
  }
}

extension Graph {
  /// Counting is done once, when the plan is made.
  fileprivate func withCountsAsConstants() throws -> Graph {
    var result = self
    for (index, node) in nodes.enumerated() {
      guard case .iota = node.primitive, node.byteCount <= 1 << 24 else { continue }
      result.nodes[index].primitive = .constant(index: result.constants.count)
      result.constants.append(try evaluate(node.primitive, []))
    }
    return result
  }
}
