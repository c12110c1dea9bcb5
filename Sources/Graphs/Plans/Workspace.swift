import Synchronization
import Tensors

/// The memory of one run: pointers to all slots, the arena, and registers for each lane (thread) of its loops.
final class Workspace {
  let slots: UnsafeMutablePointer<UnsafeMutableRawPointer>
  let arena: Storage
  /// Pointers to an operation's operands.
  let operands: UnsafeMutablePointer<UnsafeMutableRawPointer>
  /// Pointers to the results of a program.
  let results: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  fileprivate let slotCount: Int
  private let stripBytes: Int
  private let operandCount: Int
  private let laneBytes: Int
  private let referenceCount: Int
  private(set) var lanes: [Lane] = []
  /// The memory of the first lane and what the threads of one loop share: a loop on one thread counts no holders.
  private(set) var registers: UnsafeMutableRawPointer
  private(set) var current: UnsafeMutablePointer<UnsafeMutableRawPointer>
  let sharedBase: UnsafeMutableRawPointer
  /// What updates keep until the run is over.
  let kept: Storage
  private let shared: Storage

  /// What one thread needs to run a loop.
  struct Lane {
    let registers: Storage
    let current: UnsafeMutablePointer<UnsafeMutableRawPointer>
    /// For strips: pointers of its own, and memory for what their steps hand on.
    let slots: UnsafeMutablePointer<UnsafeMutableRawPointer>
    let operands: UnsafeMutablePointer<UnsafeMutableRawPointer>
    let strip: Storage

    /// Begins with the pointers that all lanes share.
    func takeSlots(of workspace: Workspace) { slots.update(from: workspace.slots, count: workspace.slotCount) }
  }

  init(_ plan: Plan) throws {
    slotCount = plan.memory.kinds.count
    operandCount = plan.operandCount
    stripBytes = plan.memory.stripBytes
    laneBytes = plan.laneBytes
    shared = try Storage(byteCount: plan.sharedBytes)
    kept = try Storage(byteCount: plan.memory.keptBytes)
    sharedBase = shared.base
    registers = shared.base
    referenceCount = plan.referenceCount
    let arena = try Storage(byteCount: plan.memory.arenaBytes)
    self.arena = arena
    slots = .allocate(capacity: Swift.max(slotCount, 1))
    slots.initialize(repeating: arena.base, count: Swift.max(slotCount, 1))
    current = slots
    operands = .allocate(capacity: Swift.max(operandCount, 1))
    operands.initialize(repeating: arena.base, count: Swift.max(operandCount, 1))
    results = .allocate(capacity: Swift.max(plan.resultCount, 1))
    results.initialize(repeating: nil, count: Swift.max(plan.resultCount, 1))
    for (slot, kind) in plan.memory.kinds.enumerated() {
      switch kind {
      case .arena(let offset): slots[slot] = arena.base + offset
      case .constant(let index): slots[slot] = plan.graph.constants[index].pointer
      case .input, .output, .strip: break
      }
    }
  }

  deinit {
    arena.discard()
    slots.deallocate()
    operands.deallocate()
    results.deallocate()
    for lane in lanes {
      lane.current.deallocate()
      lane.slots.deallocate()
      lane.operands.deallocate()
    }
  }

  private func pointers(_ count: Int, _ storage: Storage) -> UnsafeMutablePointer<UnsafeMutableRawPointer> {
    let result = UnsafeMutablePointer<UnsafeMutableRawPointer>.allocate(capacity: Swift.max(count, 1))
    result.initialize(repeating: storage.base, count: Swift.max(count, 1))
    return result
  }

  /// Makes sure that there are registers for `count` threads.
  func prepareLanes(_ count: Int) throws {
    while lanes.count < count {
      let registers = try Storage(byteCount: laneBytes)
      let current = pointers(referenceCount, registers)
      if lanes.isEmpty { (self.registers, self.current) = (registers.base, current) }
      let strip = try Storage(byteCount: stripBytes)
      lanes.append(
        Lane(
          registers: registers, current: current, slots: pointers(slotCount, strip),
          operands: pointers(operandCount, strip), strip: strip))
    }
  }
}

/// Workspaces of a plan that no run is using.
final class WorkspacePool: @unchecked Sendable {
  private let lock = Mutex(())
  private var free: [Workspace] = []
  private var tally = PlanCounters()

  var counters: PlanCounters { lock.withLock { _ in tally } }

  func take(for plan: Plan) throws -> Workspace {
    if let known = lock.withLock({ _ in free.popLast() }) { return known }
    let made = try Workspace(plan)
    lock.withLock { _ in tally.workspaces += 1 }
    return made
  }

  func giveBack(_ workspace: Workspace, reused: Int, made: Int, runs: Int) {
    lock.withLock { _ in
      free.append(workspace)
      tally.runs += runs
      tally.reusedInputs += reused
      tally.newOutputs += made
    }
  }
}
