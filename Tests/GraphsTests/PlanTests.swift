import Tensors
import Testing

@testable import Graphs

@Suite struct PlanTests {
  @Test func trainingStepHasTheBitsOfEagerExecution() throws {
    let step = TrainingStep()
    let examples = step.examples()
    let eager = try runEager(examples, numbers: TrainingStep.numbers, step.record)
    for fuse in [false, true] {
      let plan = try plan(examples, numbers: TrainingStep.numbers, fuse: fuse, step.record)
      var inputs: [Tensor?] = examples
      let results = try plan.run(&inputs)
      for (i, (a, b)) in zip(eager, results).enumerated() { #expect(a.hasSameBits(as: b), "output \(i), fuse \(fuse)") }
    }
  }
}
