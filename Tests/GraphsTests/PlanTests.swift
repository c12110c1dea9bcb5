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

  /// A choice by what is known takes nothing; what was not chosen is not computed.
  @Test func knownChoicesAreMadeBefore() throws {
    let example = sample([6], .f32)
    for isTrue in [false, true] {
      let body: (Trace, [NodeID]) throws -> [NodeID] = { trace, nodes in
        let known = try trace.apply(.broadcast([6]), [trace.constant(Tensor([isTrue], shape: []))])
        let positive = try trace.apply(.compare(.greater), [nodes[0], trace.scalar(0, .f32)])
        let (first, second) = (try trace.apply(.unary(.tanh), nodes), try trace.apply(.unary(.sin), nodes))
        return [
          try trace.apply(.select, [known, first, second]),
          try trace.apply(.select, [known, trace.scalar(2, .f32), second]),
          try trace.apply(.binary(.and), [known, positive]), try trace.apply(.binary(.or), [positive, known]),
        ]
      }
      let expected = try runEager([example], body)
      let plan = try plan([example], body)
      #expect(!plan.stepLines.contains { $0.contains(isTrue ? "sin" : "tanh") || $0.contains("select") })
      #expect(plan.stepLines.contains { $0.contains(isTrue ? "tanh" : "sin") })
      var inputs: [Tensor?] = [example]
      for (x, y) in zip(expected, try plan.run(&inputs)) { #expect(x.hasSameBits(as: y)) }
    }
  }

  @Test func aThousandStepsCopyNothingAndMakeOnlyTheLoss() throws {
    let step = TrainingStep()
    let examples = step.examples()
    let plan = try plan(examples, numbers: TrainingStep.numbers, step.record)
    var state: [Tensor?] = examples[4...].map(copy)
    let places = state.map { $0!.pointer }
    var losses: [Double] = []
    for i in 0..<1000 {
      var inputs: [Tensor?] = [examples[0], examples[1], Tensor(scalar: i / 4), Tensor(scalar: i % 4 * 16)] + state
      state = []
      let results = try plan.run(&inputs)
      inputs = []
      losses.append(results[0].element(0))
      state = Array(results.dropFirst())
    }
    #expect(state.map { $0!.pointer } == places)
    #expect(plan.counters == PlanCounters(runs: 1000, reusedInputs: 8000, newOutputs: 1000, workspaces: 1))
    #expect(losses[999] < 0.1 * losses[0])
  }

  /// What is left of a gradient behind a maximum is decided by the product that makes it: also where it is a stack of
  /// products, or cut into pieces.
  @Test(arguments: [([40], 9, 20), ([3, 40], 9, 20), ([300], 60, 200)])
  func productsLetThroughWhatAMaximumDid(rows: Shape, k: Int, n: Int) throws {
    let stack: Shape = rows.count > 1 ? [rows[0], k, n] : [k, n]
    let examples = [sample(rows + [k], .f32), sample(stack, .f32, seed: 2), sample(rows + [n], .f32, seed: 3)]
    let body: (Trace, [NodeID]) throws -> [NodeID] = { trace, nodes in
      let zero = trace.scalar(0, .f32)
      let product = try trace.apply(.matmul(transposeA: false, transposeB: false), [nodes[0], nodes[1]])
      let shut = try trace.apply(.compare(.greaterEqual), [zero, nodes[2]])
      return [try trace.apply(.select, [shut, zero, product])]
    }
    let alone = try plan(examples, fuse: false, body)
    let fused = try plan(examples, body)
    #expect(fused.stepLines.contains { $0.contains("matrix product") && $0.contains("select") })
    for threads in [1, 4] {
      var (a, b): ([Tensor?], [Tensor?]) = (examples, examples)
      let (expected, found) = (try alone.run(&a, threads: threads), try fused.run(&b, threads: threads))
      for (x, y) in zip(expected, found) { #expect(x.hasSameBits(as: y)) }
    }
  }

  /// A sum over an axis of one element is that element, but that -0 becomes 0, and no step of its own.
  @Test(arguments: [ElementType.f32, .f64], [([6, 1], 1), ([1, 6], 0)] as [(Shape, Int)])
  func sumsOfOneElementJoinLoops(type: ElementType, form: (shape: Shape, axis: Int)) throws {
    let x = tensor([0, 1, -2, .infinity, .nan, -0.0], form.shape, type)
    let body: (Trace, [NodeID]) throws -> [NodeID] = { trace, x in
      let negated = try trace.apply(.unary(.negate), [x[0]])
      let sum = try trace.apply(.reduce(.sum, axes: [form.axis]), [negated])
      return [try trace.apply(.unary(.abs), [sum]), sum]
    }
    let plan = try plan([x], body)
    #expect(plan.steps.count == 1)
    var inputs: [Tensor?] = [copy(x)]
    let (expected, found) = (try runEager([x], body), try plan.run(&inputs))
    for (a, b) in zip(expected, found) { #expect(areSame(a, b)) }
    #expect(found[1].element(0).sign == .plus)
  }

  /// A sine and a cosine of the same elements are one instruction with the bits of two: also where one of them is far too
  /// large for the fast way, and whether they go on or are results.
  @Test(arguments: [ElementType.f32, .f64], [1.0, 1e30])
  func sineAndCosineAreOne(type: ElementType, largest: Double) throws {
    let x = sample([3, 701], type) { $0 > 0.999 ? largest : 40 * $0 - 20 }
    let body: (Trace, [NodeID]) throws -> [NodeID] = { trace, x in
      let cosine = try trace.apply(.unary(.cos), [x[0]])
      let product = try trace.apply(.binary(.multiply), [cosine, x[0]])
      let sine = try trace.apply(.unary(.sin), [x[0]])
      return [sine, try trace.apply(.binary(.subtract), [product, sine]), product]
    }
    let plan = try plan([x], body)
    #expect(plan.stepLines.contains { $0.contains("sin-cos") && !$0.contains("sin-cos sin") })
    var inputs: [Tensor?] = [copy(x)]
    let (expected, found) = (try runEager([x], body), try plan.run(&inputs))
    for (a, b) in zip(expected, found) { #expect(areSame(a, b)) }
  }

  @Test func sharedInputsAreNotOverwritten() throws {
    let x = sample([50, 40], .f32)
    let before = copy(x)
    let plan = try plan([x]) { trace, nodes in [try trace.apply(.unary(.exp), nodes)] }
    var inputs: [Tensor?] = [x]
    let held = try plan.run(&inputs)
    #expect(x.hasSameBits(as: before) && inputs[0] === x)
    // A view holds the memory, though not the tensor.
    let view = try copy(x).reshaped([2000])
    inputs = [try view.reshaped([50, 40])]
    _ = try plan.run(&inputs)
    #expect(view.hasSameBits(as: try before.reshaped([2000])))
    inputs = [copy(x)]
    let place = inputs[0]!.pointer
    let taken = try plan.run(&inputs)
    #expect(taken[0].pointer == place && inputs[0] == nil && taken[0].hasSameBits(as: held[0]))
  }

  @Test func swappedStatesStayApart() throws {
    // Each output could take over either input; each is read by the other's computation.
    let (x, y) = (sample([30, 30]), sample([30, 30], seed: 2))
    let body: (Trace, [NodeID]) throws -> [NodeID] = { trace, n in
      let a = try trace.apply(.binary(.add), [n[1], trace.apply(.unary(.sin), [n[0]])])
      return [a, try trace.apply(.binary(.subtract), [n[0], trace.apply(.binary(.multiply), [a, n[1]])])]
    }
    let eager = try runEager([x, y], body)
    let plan = try plan([x, y], body)
    var inputs: [Tensor?] = [copy(x), copy(y)]
    let results = try plan.run(&inputs)
    #expect(zip(eager, results).allSatisfy { $0.hasSameBits(as: $1) })
  }

  @Test func badIndexNamesItsOriginAndLeavesTheInputs() throws {
    let step = TrainingStep()
    var examples = step.examples()
    examples[1] = tensor(Array(repeating: 7, count: 64), [64], .i64)
    let plan = try plan(examples, numbers: TrainingStep.numbers, step.record)
    var inputs: [Tensor?] = examples.map(copy)
    let before = inputs
    #expect { try plan.run(&inputs) } throws: { error in
      (error as? GraphError)?.kind == .badIndex(value: 7, bound: 5)
    }
    for (i, tensor) in inputs.enumerated() { #expect(tensor === before[i] && tensor!.hasSameBits(as: examples[i])) }

    let origin = try GraphsTests.plan([sample([4, 2]), tensor([9], [1], .i64)]) { trace, n in
      [try trace.apply(.gather, n, origin: 42)]
    }
    inputs = [sample([4, 2]), tensor([9], [1], .i64)]
    #expect { try origin.run(&inputs) } throws: { ($0 as? GraphError)?.origin == 42 }
  }

  @Test func numbersCheckOverflow() throws {
    let big = Tensor(scalar: Int.max)
    let body: (Trace, [NodeID]) throws -> [NodeID] = { trace, n in
      [try trace.apply(.binary(.add), [n[0], trace.scalar(1, .i64, isNumber: true)], isNumber: true, origin: 7)]
    }
    let plan = try plan([Tensor(scalar: 1)], numbers: [0], body)
    var inputs: [Tensor?] = [big]
    #expect { try plan.run(&inputs) } throws: { error in
      let found = error as? GraphError
      return found?.kind == .overflow(operation: "+", .max, 1) && found?.origin == 7
    }
    #expect(throws: GraphError.self) { try runEager([big], numbers: [0], body) }
    // Tensors wrap.
    let wrapped = try evaluate(.binary(.add), [big, Tensor(scalar: 1)])
    #expect(wrapped.integer(0) == Int.min)
  }

  @Test func guardsAreTheNumbersThatTracingLookedAt() throws {
    let trace = Trace(.staged)
    let n = trace.input(shape: [], type: .i64, isNumber: true, example: Tensor(scalar: 12))
    let even = try trace.apply(.binary(.remainder), [n, trace.scalar(2, .i64, isNumber: true)], isNumber: true)
    #expect(trace.value(even)?.integer(0) == 0 && trace.guards.isEmpty)
    #expect(trace.requireValue(even)?.integer(0) == 0 && trace.guards.count == 1)
    _ = trace.requireValue(even)
    _ = trace.requireValue(trace.scalar(4, .i64, isNumber: true))
    #expect(trace.guards.count == 1)
    let plan = try Plan(trace.finish(outputs: [n]))
    #expect(plan.guardsHold([Tensor(scalar: 4)]) && !plan.guardsHold([Tensor(scalar: 5)]))
  }

  @Test func oneFusedLoopReplacesAChain() throws {
    let x = sample([64, 10], .f32)
    let plan = try plan([x, sample([10], .f32)]) { trace, n in
      let y = try trace.apply(.unary(.tanh), [trace.apply(.binary(.add), [n[0], n[1]])])
      let top = try trace.apply(.reduce(.max, axes: [1]), [y])
      let moved = try trace.apply(.binary(.subtract), [y, trace.apply(.reshape([64, 1]), [top])])
      return [try trace.apply(.reduce(.sum, axes: [1]), [trace.apply(.unary(.exp), [moved])])]
    }
    #expect(plan.steps.count == 1, "\(plan)")
  }

  @Test func runsOfOnePlanOnManyThreadsAreIndependent() async throws {
    let step = TrainingStep()
    let examples = step.examples()
    let plan = try plan(examples, numbers: TrainingStep.numbers, step.record)
    var inputs: [Tensor?] = examples.map(copy)
    let expected = try plan.run(&inputs)
    let same = try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<20 {
            var inputs: [Tensor?] = examples.map(copy)
            let results = try plan.run(&inputs, threads: 2)
            guard zip(expected, results).allSatisfy({ $0.hasSameBits(as: $1) }) else { return false }
          }
          return true
        }
      }
      return try await group.reduce(true) { $0 && $1 }
    }
    #expect(same)
  }

  @Test func shapesBeyondMemoryAreErrors() throws {
    let trace = Trace(.staged)
    let sides = (0..<3).map { axis in
      trace.input(shape: (0..<3).map { $0 == axis ? 1 << 22 : 1 }, type: .f32)
    }
    #expect(throws: TensorError.self) {
      let plane = try trace.apply(.binary(.add), [sides[0], sides[1]])
      _ = try trace.apply(.binary(.add), [plane, sides[2]])
    }
    #expect(throws: TensorError.self) {
      try trace.apply(.broadcast(Array(repeating: 1 << 22, count: 3)), [trace.scalar(1, .f32)])
    }
    #expect(throws: TensorError.self) {
      try trace.apply(.reshape(Array(repeating: 1, count: 33)), [trace.scalar(1, .f32)])
    }
    #expect(trace.value(trace.scalar(.infinity, .i64))?.integer(0) == .max)
  }

  @Test func wrongInputsAreRefused() throws {
    let plan = try plan([sample([3])]) { trace, n in [try trace.apply(.unary(.exp), n)] }
    for bad: [Tensor?] in [[], [nil], [sample([4])], [sample([3], .f32)]] {
      var inputs = bad
      #expect(throws: GraphError.self) { try plan.run(&inputs) }
    }
  }

  /// The plan of relu(x w + row) with some of its stages among the outputs, and the number of its steps.
  @Test(arguments: [([], 1), ([0], 2), ([1], 2), ([0, 1], 2)] as [([Int], Int)])
  func biasAndActivationGoBehindTheProduct(_ kept: [Int], _ steps: Int) throws {
    let inputs = [sample([9, 5], .f32), sample([5, 40], .f32, seed: 2), sample([40], .f32, seed: 3)]
    let body: (Trace, [NodeID]) throws -> [NodeID] = { trace, n in
      let product = try trace.apply(.matmul(transposeA: false, transposeB: false), [n[0], n[1]])
      let moved = try trace.apply(.binary(.add), [product, n[2]])
      let result = try trace.apply(.binary(.maximum), [trace.scalar(0, .f32), moved])
      return kept.map { [product, moved][$0] } + [result]
    }
    let plan = try plan(inputs, body)
    #expect(plan.steps.count == steps, "\(plan)")
    var taken: [Tensor?] = inputs
    let results = try plan.run(&taken, threads: 2)
    for (a, b) in try zip(runEager(inputs, body), results) { #expect(a.hasSameBits(as: b)) }
  }

  /// Sums with a product: rows (r, and o of a larger one), matrices (m) and parts of larger ones (p) in turn, a rectifier (x), a
  /// choice by another matrix (g), and the steps that it takes.
  @Test(arguments: [
    ("m", 1), ("p", 1), ("rr", 1), ("rm", 1), ("rp", 1), ("rmx", 1), ("mx", 1), ("rrx", 1), ("mr", 2), ("rrr", 2),
    ("mm", 2), ("s", 2), ("o", 1), ("rog", 1), ("g", 1), ("mg", 1), ("rmxg", 1), ("gr", 2), ("gg", 2),
  ])
  func whatIsAddedGoesBehindTheProduct(_ sums: String, _ steps: Int) throws {
    for (rows, columns, batch) in [(9, 40, []), (150, 72, []), (33, 16, [3]), (1, 7, [2, 4])] {
      let shape = batch + [rows, columns]
      let inputs = [
        sample(batch + [rows, 5], .f32), sample(batch + [5, columns], .f32, seed: 2), sample([columns], .f32, seed: 3),
        sample(shape, .f32, seed: 4), sample([2] + shape, .f32, seed: 5), sample([2, columns], .f32, seed: 6),
      ]
      let body: (Trace, [NodeID]) throws -> [NodeID] = { trace, n in
        var sum = try trace.apply(.matmul(transposeA: false, transposeB: false), [n[0], n[1]])
        for kind in sums {
          switch kind {
          case "r": sum = try trace.apply(.binary(.add), [sum, n[2]])
          case "m": sum = try trace.apply(.binary(.add), [n[3], sum])
          case "s": sum = try trace.apply(.binary(.add), [sum, sum])
          case "x": sum = try trace.apply(.binary(.maximum), [trace.scalar(0, .f32), sum])
          case "o":
            let slice = Primitive.slice(starts: [1, 0], counts: [1, columns], steps: [1, 1])
            let second = try trace.apply(.reshape([columns]), [trace.apply(slice, [n[5]])])
            sum = try trace.apply(.binary(.add), [sum, second])
          case "g":
            let shut = try trace.apply(.compare(.greaterEqual), [trace.scalar(0.25, .f32), n[3]])
            sum = try trace.apply(.select, [shut, trace.scalar(-7, .f32), sum])
          default:
            let whole = [2] + shape
            let slice = Primitive.slice(
              starts: [1] + shape.map { _ in 0 }, counts: [1] + shape, steps: whole.map { _ in 1 })
            let part = try trace.apply(.reshape(shape), [trace.apply(slice, [n[4]])])
            sum = try trace.apply(.binary(.add), [part, sum])
          }
        }
        return [sum]
      }
      let plan = try plan(inputs, body)
      #expect(plan.steps.count == steps, "\(plan)")
      for threads in [1, 2] {
        var taken: [Tensor?] = inputs.map(copy)
        let results = try plan.run(&taken, threads: threads)
        for (a, b) in try zip(runEager(inputs, body), results) { #expect(a.hasSameBits(as: b)) }
      }
    }
  }

  /// Found by fuzzing: an axis of extent 1 keeps its stride, which says nothing.
  @Test func oneElementIsRepeatedIntoAColumn() throws {
    let body: (Trace, [NodeID]) throws -> [NodeID] = { trace, n in
      let one = try trace.apply(.reshape([1, 1]), [trace.apply(.unary(.exp), [n[0]])])
      return [try trace.apply(.broadcast([6, 1]), [one])]
    }
    let x = sample([1])
    var inputs: [Tensor?] = [x]
    #expect(try plan([x], body).run(&inputs)[0].hasSameBits(as: runEager([x], body)[0]))
  }

  @Test func longGraphsArePlannedInTime() throws {
    // 600 steps of a recurrence with a product each, and its gradient: about 4000 nodes.
    let (x, w) = (sample([4, 3], .f32), sample([3, 3], .f32, seed: 2))
    let body: (Trace, [NodeID]) throws -> [NodeID] = { trace, n in
      var h = n[0]
      for _ in 0..<600 {
        let moved = try trace.apply(.matmul(transposeA: false, transposeB: false), [h, n[1]])
        h = try trace.apply(.unary(.tanh), [trace.apply(.binary(.add), [moved, n[0]])])
      }
      let total = try trace.apply(.reduce(.sum, axes: [0, 1]), [h])
      return [total] + (try trace.gradient(of: total, wrt: [n[1]]))
    }
    let clock = ContinuousClock()
    let started = clock.now
    let plan = try plan([x, w], body)
    #expect(clock.now - started < .seconds(20))
    let eager = try runEager([x, w], body)
    var inputs: [Tensor?] = [x, w]
    #expect(try zip(eager, plan.run(&inputs)).allSatisfy { $0.hasSameBits(as: $1) })
  }

  @Test(arguments: [[0], [0, 3], [3, 0], [2, 0, 2]] as [Shape])
  func emptyTensorsAreNothingSpecial(_ shape: Shape) throws {
    let x = try Tensor(uninitialized: shape, type: .f32)
    let body: (Trace, [NodeID]) throws -> [NodeID] = { trace, n in
      let y = try trace.apply(.binary(.multiply), [trace.apply(.unary(.exp), n), trace.scalar(2, .f32)])
      let last = shape.count - 1
      let rows = try trace.apply(.reduce(.sum, axes: [last]), [y])
      let total = try trace.apply(.reduce(.sum, axes: Array(shape.indices)), [y])
      let wide = try trace.apply(.broadcast([2] + shape), [y])
      let turned = try trace.apply(.transpose(Array((0...shape.count).reversed())), [wide])
      return [y, rows, total, wide, turned] + (try trace.gradient(of: total, wrt: n))
    }
    let eager = try runEager([x], body)
    for fuse in [false, true] {
      var inputs: [Tensor?] = [x]
      let results = try plan([x], fuse: fuse, body).run(&inputs)
      #expect(zip(eager, results).allSatisfy { $0.shape == $1.shape && $0.hasSameBits(as: $1) })
    }
  }
}
