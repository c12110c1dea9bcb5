import Diagnostics
import Foundation
import Records
import Testing

@testable import Evaluation

/// Runs the trials of a sweep on the thread that asks.
private final class InTurn: QuietHost {
  override func sweep(_ request: SweepRequest) throws -> [TrialOutcome] {
    let runner = try request.makeRunner()
    return request.points.indices.map { runner.run($0) { _ in } }
  }
}

/// A clock that moves by a thousandth of a second with every file that is asked for.
private final class ReadingClock: ForwardingHost {
  var seconds = 0.0
  override func resolve(path: String, forWriting: Bool) throws -> String {
    seconds += 0.001
    return try super.resolve(path: path, forWriting: forWriting)
  }
}

/// `exp plan`: a study walked with shapes only.
@Suite struct StudyPlanTests {
  private func plan(_ text: String, limit: Double = Session.walkLimit) throws -> Session.PlanReport {
    try onLargeStack {
      let session = Session(library: try testLibrary.get(), host: WalkHost(TestHost()), threads: 1)
      return session.plan(SourceStore.shared.add(name: "plan.exp", text: text), limit: limit)
    }
  }

  @Test func aShapeErrorInTheLastCellIsKnownBeforeTraining() throws {
    let report = try plan(
      """
      let data = { x: normal(5000, 8), y: randint(5000, high: 3) }
      let runs = sweep w in [4, 8, 16], rep in 1..100 {
        let fit = train(mlp([8, w, 3]), data, loss: cross_entropy, steps: 1_000_000, batch: 10)
        { error: error(fit.model, data) }
      }
      print(runs.mean("error", by: "w").error)
      normal(10, 7) @ normal(8, 3)
      """)
    #expect(report.diagnostics.map(\.id) == ["E0401"])
    #expect(report.sweeps.map(\.points) == [300] && report.sweeps.map(\.names) == [["w", "rep"]])
    #expect(report.parameters == 8 * 16 + 16 + 16 * 3 + 3)
    #expect(report.work.products > 300e6 * 1000 && report.unknown.isEmpty)
    #expect(!report.isPart)
  }

  @Test func fieldsThatDifferInTheirCharactersOnlyAreTwoColumns() throws {
    let report = try plan(
      #"""
      let runs = sweep a in [1, 2] {
        track(...{ "\u{e9}": a, ("e\u{301}"): 3 })
        { "\u{e9}": a, ("e\u{301}"): zeros(3) }
      }
      let [x, y, n] = [runs["\u{e9}"], runs["e\u{301}"], runs.series["e\u{301}"]]
      zeros(2) @ y[0]
      """#)
    #expect(report.diagnostics.map(\.id) == ["E0401"] && report.unknown.isEmpty)
  }

  /// Without an option's value nothing is known of what follows.
  @Test func aWrongSettingEndsThePlan() throws {
    final class Refusing: QuietHost {
      override func choose(_ option: OptionDeclaration) throws -> Datum? {
        throw Diagnostic("E0602", "out of bounds", at: option.span)
      }
    }
    let report = try onLargeStack {
      let session = Session(library: try testLibrary.get(), host: Refusing(TestHost()), threads: 1)
      let text = "option n = 100 in 10..1000\nzeros(2) @ ones(3, n)\nlet runs = sweep x in 1..n { { y: x } }\n"
      return session.plan(SourceStore.shared.add(name: "plan.exp", text: text))
    }
    #expect(report.diagnostics.map(\.id) == ["E0602"] && report.sweeps.isEmpty && report.unknown.isEmpty)
  }

  /// What a trial gives or tracks under a coordinate's name is known where it is no result of tensors.
  @Test func whatWouldBeLostUnderACoordinatesNameIsFound() throws {
    func ids(_ body: String) throws -> [String] {
      try plan("let x = normal(9000)\nlet runs = sweep step in [1, 2] {\n\(body)\n}\nlength(runs)").diagnostics.map(
        \.id)
    }
    #expect(try ids("for i in 1..3 { track(step: i) }\n{ v: step }") == ["E0610"])
    #expect(try ids("{ step: step + 1 }") == ["E0610"])
    #expect(try ids("track(step: step)\n{ step: step, v: mean(x) }") == [])
    #expect(try ids("track(step: mean(x))\ntrack(step: [mean(x)])\n{ step: x[0] }") == [])
  }

  /// Steps come one after the other, whether a loop goes over them, a fold or a sweep: the memory is that of the largest.
  @Test func memoryIsThatOfOneStepAtATime() throws {
    let megabyte = 1_048_576.0
    func megabytes(_ text: String) throws -> Double {
      try plan("let x = normal(1024, 256)\n" + text).stepBytes / megabyte
    }
    let one = try megabytes("let y = tanh(x * 2 + 1)\nmean(y)")
    #expect(one >= 1 && one <= 3)
    for loop in ["for i in 0..<50", "for i in 0..<500"] {
      #expect(try megabytes("var y = x\n\(loop) { y = tanh(y * 2 + 1) }\nmean(y)") == one)
    }
    // Eager and compiled derivatives of 40 layers, once and many times over.
    let net = "fn f(w) {\n  var y = x\n  for i in 0..<40 { y = tanh(y * w) }\n  mean(y)\n}"
    let eager = try megabytes(net + "\ngrad(f)(ones(256))")
    #expect(eager > 40 && eager < 130)
    #expect(try megabytes(net + "\nvar w = ones(256)\nfor i in 0..<30 { w = w - grad(f)(w) }\nw") < 1.1 * eager)
    let compiled = try megabytes(
      net + "\nlet g = compiled(grad(f))\nvar w = ones(256)\nfor i in 0..<30 { w = w - g(w) }\nw")
    #expect(compiled > 40 && compiled <= eager)
    #expect(
      try megabytes(
        net + "\nlet t = sweep rate in [0.1, 0.2, 0.3] { { w: norm(ones(256) - rate * grad(f)(ones(256))) } }\nt")
        < 1.1 * eager)
    // A point of a grid is a step of a loop, with all that it makes.
    let grid = try megabytes("grid(linspace(0, 1, 100), a -> mean(tanh(a * x + 1)))")
    #expect(grid > 1 && grid < 5)
  }

  /// What is broadcast at once is copied out; where a compiled function does it, it is not.
  @Test func whatIsRepeatedTakesItsRoom() throws {
    for text in [
      "zeros(1024, 1024)", "ones(1024, 1024)", "full([1024, 1024], 2)", "broadcast(normal(1024), [1024, 1024])",
    ] {
      let bytes = try plan("let x = \(text)\nsum(x + 1)").stepBytes
      #expect(bytes >= 8 * 1_048_576 && bytes < 9 * 1_048_576, "\(text)")
    }
    let bytes = try plan("let f = compiled(x -> sum(tanh(x) * broadcast(x, [512, 1024])))\nf(normal(1024))").stepBytes
    #expect(bytes < 3 * 1_048_576)
  }

  /// Two operations for each element of the result and each weight that makes it; as many for each of the gradients.
  @Test func convolutionsAreCountedByHand() throws {
    let one = 2.0 * 8 * 28 * 28 * 16 * 9 * 32
    let groups = 2.0 * 8 * 14 * 14 * 16 * 9 * 8
    for (net, whole) in [("", one), (", groups: 4, stride: 2", groups)] {
      let text = "let x = normal(8, 28, 28, 32)\nlet net = conv(32, 16, window: 3\(net))\n"
      #expect(try plan(text + "net(x)").work.products == whole, "\(net)")
      #expect(try plan(text + "grad(f -> sum(f(x)))(net)").work.products == 2 * whole, "filter\(net)")
      #expect(try plan(text + "grad(x -> sum(net(x)))(x)").work.products == 2 * whole, "image\(net)")
    }
  }

  @Test func bothSidesOfAnUnknownBranchAreFollowed() throws {
    let text = "let x = normal(9000)\nlet c = mean(x)\nlet y = if c > 0 { A } else { B }\n"
    let wrong = "zeros(2) + zeros(3)"
    for (a, b) in [(wrong, "1"), ("1", wrong)] {
      let report = try plan(text.replacingOccurrences(of: "A", with: a).replacingOccurrences(of: "B", with: b))
      #expect(report.diagnostics.map(\.id) == ["E0401"], "\(a) | \(b)")
    }
    #expect(
      try plan(text.replacingOccurrences(of: "A", with: "1").replacingOccurrences(of: "B", with: "2")).diagnostics
        .isEmpty)
  }

  @Test func whatDependsOnAResultIsNotKnown() throws {
    let report = try plan(
      """
      let x = normal(9000)
      let count = to_int(sum(x > 0))
      let y = zeros(count)
      let z = y + 1
      let sure = 3
      fn later() = z
      later()
      """)
    #expect(report.diagnostics.isEmpty)
    #expect(report.unknown.map(\.line) == [2, 3, 4, 6, 7] && report.unknown.allSatisfy { $0.needs == 2 })
    #expect(report.isPart)
  }

  @Test func oneWayThroughAStatementIsCounted() throws {
    for (side, other) in [("fail(\"not so\")", "0"), ("0", "fail(\"not so\")"), ("0", "0")] {
      let report = try plan(
        """
        let c = mean(normal(9000))
        let runs = sweep n in [100, 200, 300] {
          let y = normal(n, n) @ normal(n, n)
          if c > 0 { \(side) } else { \(other) }
          { e: mean(y) }
        }
        """)
      #expect(report.work.products == 72e6, "\(side) | \(other)")
      #expect(report.trialWork.values.map { $0.map(\.work.products) } == [[2e6, 16e6, 54e6]], "\(side) | \(other)")
    }
  }

  @Test func loopsOnUnknownsEndAndErrorsOfUnknownWaysAreNotReported() throws {
    let report = try plan(
      """
      var x = normal(9000)
      while mean(x) > 0.1 { x = x / 2 }
      if mean(x) > 5 { fail("diverged") }
      let safe = { a: 1 }.a
      """)
    #expect(report.diagnostics.isEmpty)
  }

  @Test func figuresOfUnknownContentsAreNotMistakes() throws {
    let report = try plan(
      """
      let digits = glyphs(5000, size: 8)
      images(digits.x[0..<20], captions: to_list(digits.y[0..<20]))
      plot(table({ a: [1, 2], b: to_list(mean(normal(2, 9000), axes: 1)) }), x: "a", y: "b")
      normal(10, 7) @ normal(8, 3)
      """)
    #expect(report.diagnostics.map(\.id) == ["E0401"])
    #expect(report.unknown.map(\.line) == [2, 3] && !report.isPart)
  }

  @Test func mistakesThatNeedNoResultAreReported() throws {
    #expect(try plan("let r = { a: 1 }\nr.b").diagnostics.map(\.id) == ["E0208"])
    #expect(try plan("let x = width").diagnostics.map(\.id) == ["E0103"])
  }

  @Test func aStatementWhoseLoopDoesNotEndIsLeft() throws {
    let report = try plan(
      """
      var n = 0
      while n >= 0 { n = (n + 1) % 1000 }
      let a = n + 1
      let b = zeros(2, 3) @ zeros(4, 5)
      """, limit: 2)
    #expect(report.left == [2] && report.unknown.map(\.line) == [3])
    #expect(report.diagnostics.map(\.id) == ["E0401"])
  }

  /// What timing expects a study to take and what it takes, both by a clock that only `tick()` moves, by a thousandth of a second.
  private func times(_ text: String) throws -> (expected: Double, real: Double) {
    try onLargeStack {
      let library = try testLibrary.get()
      let clock = ReadingClock(TestHost())
      let file = SourceStore.shared.add(name: "timed.exp", text: "fn tick() = read_text(\"\(#filePath)\")\n" + text)
      let report = Session(library: library, host: WalkHost(TestHost()), threads: 1).plan(file)
      #expect(report.diagnostics.isEmpty)
      let parts = Session.timings(
        file, report, settings: [:], library: library, host: clock, limit: 60, clock: { clock.seconds })
      let start = clock.seconds
      #expect(Session(library: library, host: InTurn(clock), threads: 1).run(file).isEmpty)
      return (parts.values.reduce(0) { $0 + $1.alone + $1.trials }, clock.seconds - start)
    }
  }

  @Test func aFewStepsAndTrialsTellHowLongAllWouldTake() throws {
    let work = "fn work(n) { var s = 0; for i in 1..n { tick(); s += i }; s }\n"
    for text in [
      "let done = iterate(0, 2_000, (v, i) -> v + length(tick()))",
      // Trials whose work differs a hundredfold, and folds within them.
      work + "let runs = sweep n in [1, 2, 5, 10, 100, 150, 200], rep in 1..3 { { s: work(n) } }",
      work + "let runs = sweep n in [2, 40], rep in 1..2 { iterate(0, 500, (v, i) -> v + work(n)).value }",
    ] {
      let (expected, real) = try times(text)
      #expect(real > 1 && abs(expected / real - 1) < 0.01, "\(text): \(expected) of \(real) s")
    }
  }

  @Test func timingEndsAtItsLimitAndWritesNothing() throws {
    let text = "let a = 1\nvar n = 0\nwhile n < 1_000_000_000 { n += 1 }\nlet b = 2\n"
    let parts = try onLargeStack {
      let library = try testLibrary.get(), file = SourceStore.shared.add(name: "endless.exp", text: text)
      return Session.timings(
        file, Session.PlanReport(diagnostics: []), settings: [:], library: library, host: TestHost(), limit: 2)
    }
    #expect(parts.keys.sorted() == [0, 1])
  }

  @Test func aFoldThatMayEndEarlyIsABound() throws {
    #expect(try plan("iterate(0, 10, (v, i) -> v + 1, until: r -> r.step > 3)").mayEndEarly)
    #expect(try !plan("iterate(0, 10, (v, i) -> v + 1)").mayEndEarly)
  }
}
