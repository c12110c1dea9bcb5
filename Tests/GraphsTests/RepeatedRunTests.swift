import Tensors
import Testing

@testable import Graphs

/// Runs on the memory of the run before have the bits of runs that take their inputs over one by one.
@Suite struct RepeatedRunTests {
  /// w and a count go round; the rows that are added can be missing, so that the count is never written over. The last input is a
  /// number from outside.
  private let examples = [
    sample([3, 4], .f32), tensor([0], [], .i64), sample([5, 4], .f32, seed: 2), tensor([4, 0, -2], [3], .i64),
    Tensor(scalar: 0),
  ]

  private func record(_ trace: Trace, _ x: [NodeID]) throws -> [NodeID] {
    let rows = try trace.apply(.gather, [x[2], x[3]])
    let number = try trace.apply(.convert(.f32), [x[4]])
    let kept = try trace.apply(.binary(.multiply), [x[0], trace.scalar(0.75, .f32)])
    let more = try trace.apply(.binary(.add), [kept, trace.apply(.binary(.multiply), [rows, number])])
    return [more, try trace.apply(.binary(.add), [x[1], trace.scalar(1, .i64)])]
  }

  private func inputs() -> [Tensor?] { examples.map(copy) }

  @Test(arguments: [1, 4]) func outputsGoInAgain(threads: Int) throws {
    let plan = try plan(examples, numbers: [4], record)
    var (one, again) = (inputs(), inputs())
    let pointer = again[0]?.pointer
    let run = try #require(try RepeatedRun(plan, &again, places: [0, 1]))
    for i in 0..<7 {
      one[4] = Tensor(scalar: i)
      let results = try plan.run(&one, threads: threads)
      (one[0], one[1]) = (results[0], results[1])
      again[4]?.pointer.storeBytes(of: i, as: Int.self)
      // More threads, and fewer again, as other trials end and begin.
      try run.run(threads: i % 3 == 1 ? threads : 1)
    }
    run.end(&again)
    #expect(again[0]?.pointer == pointer)
    #expect(try #require(again[1]).element(0) == 7)
    for place in [0, 1] { #expect(try #require(one[place]).hasSameBits(as: #require(again[place]))) }
    // Seven of the first way, which makes the count anew each time, and seven of the second, which makes it twice.
    #expect(plan.counters == PlanCounters(runs: 14, reusedInputs: 14, newOutputs: 9, workspaces: 2))
  }

  /// What others hold stays as it was, and an output takes over no input but the one that it becomes.
  @Test func onlyWhereNobodyElseLooks() throws {
    let plan = try plan(examples, numbers: [4], record)
    var held = inputs()
    let holder = held[0]
    #expect(try RepeatedRun(plan, &held, places: [0, 1]) == nil)
    #expect(holder != nil)
    var exchanged = inputs()
    exchanged[2] = copy(sample([3, 4], .f32))
    #expect(try RepeatedRun(plan, &exchanged, places: [2, 1]) == nil)
    var again = inputs()
    #expect(try RepeatedRun(plan, &again, places: [0, 0]) == nil)
    #expect(try RepeatedRun(plan, &again, places: [0]) == nil)
  }

  /// A missing row ends the run, and the memory can be given back.
  @Test func errorsLeaveThrough() throws {
    let plan = try plan(examples, numbers: [4], record)
    var again = inputs()
    again[3] = tensor([0, 5, 0], [3], .i64)
    let run = try #require(try RepeatedRun(plan, &again, places: [0, 1]))
    #expect(throws: GraphError.self) { try run.run() }
    run.end(&again)
    #expect(try #require(again[1]).element(0) == 0)
    #expect(plan.counters.runs == 0)
  }
}
