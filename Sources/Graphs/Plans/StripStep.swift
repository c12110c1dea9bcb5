import Tensors

/// Steps that run one after the other for a strip of rows, then for the next one. What they only hand on among themselves has room
/// for one strip: its slot points so far before it that the strip's rows are where they would be in the whole.
final class StripStep: RunningStep {
  let members: [PlanStep]
  let region: StripRegion
  /// Values that have room for a strip: where in the lane's memory, and the bytes of a row.
  private let inner: [(slot: Int, offset: Int, rowBytes: Int)]
  private var strips: Int { (region.count + region.strip - 1) / region.strip }

  init(_ members: [PlanStep], _ region: StripRegion, inner: [(slot: Int, offset: Int, rowBytes: Int)]) {
    (self.members, self.region, self.inner) = (members, region, inner)
  }

  override func run(in workspace: Workspace, _ threads: Int) throws {
    if threads == 1 { return try run(in: workspace) { _ in } }
    let failures = Failure()
    for lane in workspace.lanes.prefix(threads) { lane.takeSlots(of: workspace) }
    parallel(threads, strips) { lane, strip in
      do {
        try run(strip, members: 0..<members.count, workspace, workspace.lanes[lane]) { _ in }
      } catch let stop as StripFailure {
        failures.record(stop.error, stop.member * strips + strip)
      } catch {
        failures.record(error, -1)
      }
    }
    if let error = failures.error { throw error }
  }

  /// On one thread; `enter` is told of each step before it runs.
  func run(in workspace: Workspace, enter: (PlanStep) -> Void) throws {
    workspace.lanes[0].takeSlots(of: workspace)
    // As if each step had run whole: the error of the first step that fails.
    var failure: (member: Int, error: Error)?
    for strip in 0..<strips {
      do {
        try run(strip, members: 0..<(failure?.member ?? members.count), workspace, workspace.lanes[0], enter)
      } catch let stop as StripFailure {
        failure = (stop.member, stop.error)
      }
    }
    if let failure { throw failure.error }
  }

  private func run(
    _ strip: Int, members range: Range<Int>, _ workspace: Workspace, _ lane: Workspace.Lane, _ enter: (PlanStep) -> Void
  ) throws {
    let first = strip * region.strip
    let rows = first..<Swift.min(region.count, first + region.strip)
    for value in inner { lane.slots[value.slot] = lane.strip.base + value.offset - first * value.rowBytes }
    for index in range {
      do {
        enter(members[index])
        switch members[index] {
        case .loop(let step): try step.run(rows, of: region.count, lane, shared: workspace.sharedBase)
        case .operation(let step): try step.run(rows, of: region.count, lane)
        case .scalars, .strips: break
        }
      } catch {
        throw StripFailure(member: index, error: error)
      }
    }
  }
}

/// An error and the step that had it.
private struct StripFailure: Error {
  let member: Int
  let error: Error
}

extension OperationStep {
  /// Runs for some of `count` parts of its rows.
  func run(_ parts: Range<Int>, of count: Int, _ lane: Workspace.Lane) throws {
    try stopIfAsked()
    for i in 0..<operands.count { lane.operands[i] = lane.slots[operands[i].slot] + operands[i].offset }
    do {
      try operation.run(parts, of: count, UnsafePointer(lane.operands), lane.slots[out])
    } catch var error as GraphError {
      error.origin = origin
      throw error
    }
  }
}

extension LoopStep {
  /// Runs for some of `count` parts of its rows.
  func run(_ parts: Range<Int>, of count: Int, _ lane: Workspace.Lane, shared: UnsafeMutableRawPointer) throws {
    let rows = program.rows / count
    try run(
      rows: parts.lowerBound * rows..<parts.upperBound * rows, slots: lane.slots, registers: lane.registers.base,
      current: lane.current, shared: shared)
  }
}
