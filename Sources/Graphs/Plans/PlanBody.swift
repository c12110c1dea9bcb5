import Synchronization
import Tensors

/// A plan that runs inside another one, on memory that its caller names: the body of a loop or a branch.
final class PlanBody: @unchecked Sendable {
  let plan: Plan
  /// Bytes of each input and output.
  let inputBytes: [Int]
  let outputBytes: [Int]
  private let sources: [Source]

  /// Where an output's value is when the plan has run.
  private enum Source {
    /// The plan wrote it where the caller wanted it.
    case written(ordinal: Int)
    case input(Int)
    case constant(UnsafeMutableRawPointer)
    /// As output `index`.
    case sameAs(Int)
  }

  /// Plans a recorded graph.
  init(_ recorded: Graph) throws {
    plan = try Plan(recorded.simplified())
    inputBytes = plan.graph.inputs.map { $0.shape.reduce(1, *) * $0.type.byteCount }
    outputBytes = plan.graph.outputs.map { [graph = plan.graph] in graph.nodes[$0.index].byteCount }
    var firstOf: [Int: Int] = [:]
    var sources: [Source] = []
    for (index, output) in plan.outputs.enumerated() {
      switch output {
      case .input(let input, _): sources.append(.input(input))
      case .constant(let constant, _): sources.append(.constant(plan.graph.constants[constant].pointer))
      case .slot(let ordinal, _):
        if let first = firstOf[ordinal] {
          sources.append(.sameAs(first))
        } else {
          firstOf[ordinal] = index
          sources.append(.written(ordinal: ordinal))
        }
      }
    }
    self.sources = sources
  }

  /// Whether output `output` only passes input `input` on.
  func passes(_ input: Int, to output: Int) -> Bool {
    if case .input(input) = sources[output] { return true }
    return false
  }

  /// Whether output `number` is input `number` with some rows replaced: then both may lie in the same memory.
  func replacesRows(_ number: Int) -> Bool {
    guard case .written(let ordinal) = sources[number] else { return false }
    return plan.memory.donors[ordinal] == number && plan.memory.replacesRows(ofOutput: ordinal)
  }

  /// Whether a step of it can raise an error.
  var canFail: Bool { plan.graph.nodes.contains { PlanSchedule.canFail($0) } }

  /// Memory for runs by `threads` threads; hand it back with `end`.
  func begin(threads: Int) throws -> Workspace {
    let workspace = try plan.workspaces.take(for: plan)
    try workspace.prepareLanes(Swift.max(threads, 1))
    return workspace
  }

  /// Ends the use of a workspace.
  func end(_ workspace: Workspace) { plan.workspaces.giveBack(workspace, reused: 0, made: 0, runs: 1) }

  /// Runs the plan once. Outputs must not overlap inputs, but for those of which rows are replaced.
  func run(
    _ workspace: Workspace, inputs: UnsafePointer<UnsafeMutableRawPointer>,
    outputs: UnsafePointer<UnsafeMutableRawPointer>, threads: Int
  ) throws {
    for (index, slot) in plan.inputSlots.enumerated() { if let slot { workspace.slots[slot] = inputs[index] } }
    for (index, source) in sources.enumerated() {
      if case .written(let ordinal) = source { workspace.slots[plan.outputSlots[ordinal]] = outputs[index] }
    }
    try plan.runSteps(workspace, threads)
    for (index, source) in sources.enumerated() {
      let from: UnsafeMutableRawPointer
      switch source {
      case .written: continue
      case .input(let input): from = inputs[input]
      case .constant(let constant): from = constant
      case .sameAs(let first): from = outputs[first]
      }
      if from != outputs[index] { outputs[index].copyMemory(from: from, byteCount: outputBytes[index]) }
    }
  }
}

/// Made at first use, once.
final class Once<Value>: @unchecked Sendable {
  private let lock = Mutex(())
  private var known: Value?

  func get(_ make: () throws -> Value) throws -> Value {
    if let known = lock.withLock({ _ in known }) { return known }
    let made = try make()
    return lock.withLock { _ in
      if known == nil { known = made }
      return known ?? made
    }
  }
}
