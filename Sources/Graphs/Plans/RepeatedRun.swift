import Tensors

/// Runs of a plan one after the other where each output goes in again as an input. Where everything lies is settled once, so a
/// run counts no holders and asks for no memory.
public final class RepeatedRun {
  private let plan: Plan
  private let workspace: Workspace
  /// Outputs that cannot take over their input's memory: each run writes where the one before last did.
  private var exchanged: [Exchange] = []
  private var runs = 0

  /// A larger output is better made anew than kept twice.
  private static let exchangedBytes = 4096

  /// An output and the input that it becomes.
  private struct Exchange {
    let place: Int
    let inputSlot: Int?
    let outputSlot: Int
    /// What the next run writes, and what the one after it does.
    var next: Tensor
    var other: Tensor

    mutating func turn() { swap(&next, &other) }
  }

  /// Nil where the outputs are not all made by the plan, in order, or one would take over another input than the one that it
  /// becomes, `places` of its number, or that one is held elsewhere; and where the plan holds for some numbers only. The
  /// inputs must have the forms of the graph's. Throws a `TensorError` without memory.
  public init?(_ plan: Plan, _ inputs: inout [Tensor?], places: [Int]) throws {
    guard plan.graph.guards.isEmpty, plan.isPlain, places.count == plan.outputSlots.count,
      Set(places).count == places.count
    else { return nil }
    for (ordinal, place) in places.enumerated() {
      if let donor = plan.memory.donors[ordinal] {
        guard donor == place, isKnownUniquelyReferenced(&inputs[place]), inputs[place]?.ownsStorageAlone == true else {
          return nil
        }
      } else {
        guard let input = inputs[place], input.byteCount <= RepeatedRun.exchangedBytes else { return nil }
        exchanged.append(
          Exchange(
            place: place, inputSlot: plan.inputSlots[place], outputSlot: plan.outputSlots[ordinal],
            next: try Tensor(uninitializedLike: input), other: try Tensor(uninitializedLike: input)))
      }
    }
    self.plan = plan
    workspace = try plan.workspaces.take(for: plan)
    for (index, slot) in plan.inputSlots.enumerated() {
      if let slot, let input = inputs[index] { workspace.slots[slot] = input.pointer }
    }
    for (ordinal, place) in places.enumerated() {
      if let input = inputs[place] { workspace.slots[plan.outputSlots[ordinal]] = input.pointer }
    }
    for exchange in exchanged { workspace.slots[exchange.outputSlot] = exchange.next.pointer }
  }

  /// One run more. Inputs that are no outputs are read where they lay. Throws as a plan's run does, and a `TensorError` without
  /// memory for another thread.
  public func run(threads: Int = 1) throws {
    try workspace.prepareLanes(Swift.max(threads, 1))
    try plan.runSteps(workspace, threads)
    runs += 1
    for i in exchanged.indices {
      if let slot = exchanged[i].inputSlot { workspace.slots[slot] = exchanged[i].next.pointer }
      workspace.slots[exchanged[i].outputSlot] = exchanged[i].other.pointer
      exchanged[i].turn()
    }
  }

  /// Gives the memory back, also after an error. What the last run gave is then in `inputs`.
  public func end(_ inputs: inout [Tensor?]) {
    if runs > 0 { for exchange in exchanged { inputs[exchange.place] = exchange.other } }
    let reused = (plan.outputSlots.count - exchanged.count) * runs
    plan.workspaces.giveBack(workspace, reused: reused, made: exchanged.count * 2, runs: runs)
  }
}
