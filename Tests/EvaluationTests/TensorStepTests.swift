import Diagnostics
import Foundation
import Graphs
import Testing

@testable import Evaluation

/// What compiled steps cost: traces, copies, memory taken anew.
@Suite struct TensorStepTests {
  /// Runs a program that must go well; gives the state of its tensor side, and the copies made.
  private func run(_ text: String) throws -> (state: TensorState, copies: Int, live: Int) {
    try onLargeStack {
      let session = Session(library: try testLibrary.get(), host: TestHost(), threads: 1)
      session.machine.tensors.keepsPlans = true
      let diagnostics = session.run(SourceStore.shared.add(name: "step.exp", text: text))
      #expect(diagnostics.map(\.message) == [])
      return (session.machine.tensors, session.copies, session.liveObjects)
    }
  }

  private let model = """
    let net = with_key(1, () -> mlp([4, 8, 2]))
    let x = normal([8, 4], key: 3)
    let y = randint(8, high: 2, key: 4)
    let o = adam()
    let step = compiled(fn(s) {
      let { value, grad, next } = value_and_grad(m -> cross_entropy(m(x), y), training: true)(s.net)
      let moved = o.move(next, grad, s.optimizer)
      { net: moved.net, optimizer: moved.state, loss: value }
    })
    var s = { net, optimizer: o.start(net), loss: tensor(0.0) }

    """

  @Test func aThousandStepsTraceOnceAndCopyNothing() throws {
    let (state, copies, live) = try run(model + "for i in 0..<1000 { s = step(s) }")
    #expect(state.traceCount == 1)
    #expect(state.planRunCount == 1000)
    #expect(copies == 0)
    #expect(live == 0)
    let counters = try #require(state.plans.first).counters
    // Four weights, their two moments: written where they were, but for the first step, whose state others hold too.
    #expect(counters.reusedInputs >= 999 * 12, "\(counters)")
    #expect(counters.newOutputs <= 1000 * 2 + 12, "\(counters)")
  }

  @Test func aStateThatSomebodyHoldsIsLeftAlone() throws {
    _ = try run(
      model
        + "let before = s\nfor i in 0..<3 { s = step(s) }\nexpect same(before.net, net)\nexpect not same(s.net, net)")
  }

  @Test func iterateHandsItsValueOn() throws {
    let (state, copies, _) = try run(model + "let done = iterate(s, 100, (s, i) -> step(s), every: 50)")
    #expect(copies < 20)
    let counters = try #require(state.plans.first).counters
    #expect(counters.reusedInputs >= 90 * 12, "\(counters)")
  }

  @Test func trainWritesInPlace() throws {
    let text = """
      let data = { x: normal([40, 4], key: 1), y: randint(40, high: 2, key: 2) }
      let fit = train(mlp([4, 8, 2]), data, loss: cross_entropy, optimizer: sgd(momentum: 0.9), steps: 100, batch: 10)
      """
    let (state, _, _) = try run(text)
    #expect(state.traceCount <= 3)
    let counters = try #require(state.plans.first).counters
    #expect(counters.reusedInputs >= 90 * 8, "\(counters)")
  }

  @Test func theTraceNotUsedForLongestMakesRoom() throws {
    func traces(_ lengths: [Int]) throws -> Int {
      let calls = lengths.map { "f(ones(\($0)))" }.joined(separator: "\n")
      return try run("let f = compiled(x -> sum(x), forms: 2)\n" + calls).state.traceCount
    }
    #expect(try traces([1, 2, 1, 3, 1]) == 3)
    #expect(try traces([1, 2, 1, 3, 1, 2]) == 4)
  }

  @Test func slotsOfTensorsAreWrittenInPlace() throws {
    let (_, copies, live) = try run("var t = zeros(1000)\nfor i in 0..<1000 { t[i] = i }\nexpect sum(t) == 499500")
    #expect(copies == 0)
    #expect(live == 0)
  }
}
