import Diagnostics
import Foundation
import Records
import Testing

@testable import Evaluation

/// What specs cannot say: copies, memory, interruption, sweeps, cells.
@Suite struct MachineTests {
  /// Number of copies that a program makes because a value was shared.
  private func copies(_ text: String) throws -> Int {
    let (_, diagnostics, session) = try runProgram(text)
    #expect(diagnostics.isEmpty, "\(diagnostics.map(\.message))")
    return session.copies
  }

  @Test func fillingAListCopiesNothing() throws {
    #expect(
      try copies("fn fill(n) { var xs = []; for i in 0..<n { xs ++= [i]; xs[i] = i + 1 }; xs }\nlet a = fill(5_000)")
        == 0)
    #expect(try copies("var xs = []\nfor i in 0..<500 { xs ++= [i]; xs[-1] += 1 }") == 0)
    #expect(try copies("var s = \"\"\nfor i in 0..<500 { s ++= \"ab\" }") == 0)
  }

  @Test func changingARecordInPlaceCopiesNothing() throws {
    #expect(
      try copies(
        """
        fn work(n) {
          var r = { a: 0, b: { c: [0, 0, 0] } }
          for i in 0..<n { r.a += 1; r.b.c[1] = i; r.b.c[2] += 1; r = { ...r, a: r.a } }
          r
        }
        let r = work(1_000)
        """) == 0)
  }

  @Test func handingAValueOnCopiesNothing() throws {
    #expect(
      try copies(
        """
        fn step(s, i) { var s = s; s.total += i; s.seen[i % 3] = i; s }
        fn run(n) { var s = { total: 0, seen: [0, 0, 0] }; for i in 0..<n { s = step(s, i) }; s }
        let s = run(1_000)
        """) == 0)
  }

  @Test func aSharedValueIsCopiedOnce() throws {
    #expect(try copies("var xs = [1, 2]\nlet ys = xs\nfor i in 0..<10 { xs[0] = i }") == 1)
  }

  @Test func aLongListIsOneConstant() throws {
    // More different numbers than a function may have constants.
    let numbers = (0..<70_000).map { "\($0).5" }.joined(separator: ", ")
    let parts = Array(repeating: "[-1, \"a\", [true, none]], -2.5", count: 30).joined(separator: ", ")
    let (host, diagnostics, session) = try runProgram(
      """
      fn made() = [\(numbers)]
      var xs = made()
      xs[1] = 7
      xs[2] = 8
      [made()[1], xs[1], xs[2], xs[-1], xs.length]
      fn nested() = [\(parts)]
      var ys = nested()
      ys[2][2][0] = false
      [nested()[2], ys[2], ys[3], ys.length]
      """)
    #expect(diagnostics.isEmpty, "\(diagnostics.map(\.message))")
    let nested = #"[[-1, "a", [true, none]], [-1, "a", [false, none]], -2.5, 60]"#
    #expect(host.shown.map(plain) == ["[1.5, 7, 8, 69999.5, 70000]", nested])
    #expect(session.copies == 4)
    #expect(session.liveObjects == 0)
  }

  @Test func trainingStepsCopyNothing() throws {
    #expect(
      try copies(
        """
        fn line() { param w = tensor([1.0, 2.0]); x -> sum(w * x) }
        let loss = m -> (m(tensor([1.0, 1.0])) - 1)^2
        fn fit(net, steps) {
          var net = net
          for i in 0..<steps { net = net - 0.01 * grad(loss)(net) }
          net
        }
        let net = fit(line(), 50)
        """) == 0)
  }

  @Test func localClosuresLeaveNothing() throws {
    let (_, diagnostics, session) = try runProgram(
      """
      fn make(n) {
        fn down(k) = if k == 0 { n } else { down(k - 1) }
        fn even(k) = if k == 0 { true } else { odd(k - 1) }
        fn odd(k) = if k == 0 { false } else { even(k - 1) }
        [down, even, odd]
      }
      var last = none
      for i in 0..<100_000 { last = make(i) }
      """)
    #expect(diagnostics.isEmpty)
    #expect(session.liveObjects == 0)
  }

  @Test func memoryIsLimited() throws {
    let found = try onLargeStack {
      let library = try testLibrary.get()
      let fill = "var xs = [0]\nwhile true { xs ++= [1, 2, 3, 4] }"
      let double = "var s = \"x\"\nwhile true { s = s ++ s }"
      let comprehension = "[[i] for i in 0..<9_000_000_000]"
      // Texts of values that are shared count as what they would be.
      let texts = [
        "\"{xs}\"", "text(xs)", "join([xs])", "join(xs)", "to_json(xs)", "\"{xs:>9}\"", "print(xs)", "fail(xs)",
      ]
      let shared = texts.map { "let xs = repeat([repeat(\"x\", 10_000)], 10_000)\n\($0)" }
      // What is made beside the values counts too.
      let beside = ["let xs = repeat([\"a\"], 150_000)\norder(xs)"]
      return ([fill, double, comprehension] + shared + beside).map {
        // A session of its own, as what the last one bound before its error would stay.
        let session = Session(library: library, host: TestHost(), threads: 1, maxMemory: 8 << 20)
        return session.run(SourceStore.shared.add(name: "memory.exp", text: $0)).map(\.id)
      }
    }
    #expect(found == Array(repeating: ["E0302"], count: 12))
  }

  private func runs(_ texts: [String], maxMemory: Int) throws -> [[String]] {
    try onLargeStack {
      let library = try testLibrary.get()
      return texts.map {
        let session = Session(library: library, host: TestHost(), threads: 1, maxMemory: maxMemory)
        return session.run(SourceStore.shared.add(name: "memory.exp", text: $0)).map(\.id)
      }
    }
  }

  /// What is collected of a value beside the heap counts as memory: its leaves, the key of a compiled call, data.
  @Test func whatWalksCollectIsLimited() throws {
    let texts = [
      "norm(to_list(0..<300_000))", "track(v: to_list(0..<300_000))", "compiled(v -> 1)(to_list(0..<30_000))",
    ]
    let found = try runs(texts, maxMemory: 8 << 20)
    #expect(found == Array(repeating: ["E0302"], count: texts.count))
    let free = try runs(texts, maxMemory: 256 << 20)
    #expect(free == Array(repeating: [], count: texts.count))
  }

  /// A value whose parts are shared looks like more leaves than there is memory for.
  @Test func sharedPartsAreAsManyLeaves() throws {
    let texts = [
      "x * 2.0", "x + x", "norm(x)", "leaves(x)", "zeros_like(x)", "tree_map(v -> v, x)", "grad(v -> 1.0)(x)",
      "compiled(v -> 1)(x)", "track(v: x)", "table([{ a: x }])", "option o = x",
      "save(x, \"x.safetensors\")",
    ].map { "var x = [1.0]\nfor _ in 0..<60 { x = [x, x] }\n\($0)" }
    let found = try runs(texts, maxMemory: 8 << 20)
    #expect(found == Array(repeating: ["E0302"], count: texts.count))
  }

  /// What is shown of a great value is its beginning; a table is whole.
  @Test func greatValuesAreShownInPart() throws {
    let text =
      """
      repeat("ab", 3_000_000)
      repeat("ñ", 1_048_577)
      to_list(0..1_000_000)
      repeat([repeat("x", 1_000_000)], 10_000)
      { a: repeat([1], 200_000), b: repeat([2], 200_000), c: 3 }
      to_list(1..262_000)
      table({ n: to_list(1..300_000) })
      """
    let shown = try runProgram(text).host.shown
    try #require(shown.count == 7)
    #expect(plain(shown[0]).hasSuffix("abab… 3902856 more bytes"))
    #expect(plain(shown[1]).hasSuffix("ññ… 10 more bytes"))
    guard case .list(let numbers) = shown[2], case .list(let texts) = shown[3], case .record(let fields) = shown[4],
      case .list(let whole) = shown[5], case .table(let table) = shown[6]
    else {
      Issue.record("not lists")
      return
    }
    #expect(numbers.count == ShownParts.most && numbers.last == .omitted(737_858))
    #expect(numbers.last?.omittedCount == 737_858 && fields.last?.value.omittedCount == 1)
    #expect(texts.count < 5 && texts.last.map(plain)?.hasSuffix("more") == true)
    #expect(fields.map(\.name) == ["a", "b", "…"] && plain(fields[1].value).hasSuffix("more]"))
    #expect(whole.count == 262_000 && table.rowCount == 300_000)
  }

  @Test(arguments: [
    "while true { }", "fn f(n) = f(n - 1)\nwhile true { try { f(1) } catch e { } }",
    "var x = [1.0]\nvar y = [1.0]\nfor _ in 0..<60 { x = [x, x]; y = [y, y] }\norder([x, y])",
    "var x = [none]\nfor _ in 0..<60 { x = [x, x] }\nnorm(x)",
    "fn model() { param w = tensor(1.0); x -> w }\nvar x = model()\nfor _ in 0..<60 { let a = x; let b = x; x = q -> [a, b] }\nuntied(x)",
    "for i in 0..9_000_000_000 { [i] }", "sweep x in 1..2_000_000 { x }",
    "let values = to_list(zeros(600, 600))\nfor i in 0..9_000_000 { show figure({ marks: [{ kind: \"heat\", x: [], y: [], values }] }) }",
  ])
  func interruptsAreHeard(_ text: String) throws {
    let ids = try onLargeStack { () -> [String] in
      let session = Session(library: try testLibrary.get(), host: TestHost(), threads: 1)
      let timer = interrupting(session)
      defer { timer.cancel() }
      return session.run(SourceStore.shared.add(name: "loop.exp", text: text)).map(\.id)
    }
    #expect(ids == ["E0309"])
  }

  // MARK: sweeps and claims

  private static let study = """
    let runs = sweep width in [1, 2, 4], rep in 1..2 {
      if width == 2 { fail("no width two") }
      track(step: 1, loss: 1 / width)
      track(step: 2, loss: 0.5 / width)
      { area: width * width + rep, draw: uniform() }
    }
    let paired = sweep arm in ["a", "b"], rep in 1..2 paired by rep { uniform() }
    let zipped = sweep x in [1, 2, 3], y in [4, 5, 6] zip where x != 2 { x * y }
    print(length(runs), runs.area, runs.error)
    print(length(runs.series), runs.series.loss)
    print(paired.value[0] == paired.value[2], paired.value[0] == paired.value[1])
    print(zipped.value)
    claim "areas grow" { let top = runs.where(r -> r.width != 2).max("area"); top > 10 and 3 < 4 }
    claim "broken" { [][1] }
    """

  @Test func sweepsGiveTables() throws {
    let (host, diagnostics, _) = try runProgram(Self.study)
    #expect(diagnostics.isEmpty, "\(diagnostics.map(\.message))")
    #expect(
      host.printed == [
        "6 [2, 3, none, none, 17, 18] [none, none, \"no width two\", \"no width two\", none, none]",
        "8 [1.0, 0.5, 1.0, 0.5, 0.25, 0.125, 0.25, 0.125]", "true false", "[4, 18]",
      ])
    #expect(host.claims.map(\.holds) == [true, false])
    #expect(host.claims[0].numbers.contains(Datum.Field("top", .int(18))))
    #expect(host.claims[1].error?.id == "E0206")
  }

  /// A claim that ends in no condition says what a claim ends in, after what helps with that value.
  @Test func claimsWithoutAConditionKeepTheirRemedy() throws {
    let text = """
      claim "many" { tensor([1.0, 2.0]) < 3 }
      claim "list" { [1] }
      claim "record" { { a: 1 } }
      claim "tensor" { tensor(1.0) }
      """
    let (host, diagnostics, _) = try runProgram(text)
    #expect(diagnostics.isEmpty, "\(diagnostics.map(\.message))")
    let own = "a claim ends in a condition, such as `error < 0.1`"
    let help = host.claims.map { $0.error?.help ?? [] }
    #expect(help[0].first?.contains("`all(c)`") == true && !help[0].contains(own))
    #expect(help[1] == ["write `length(x) > 0`", own])
    #expect(help[2] == [own])
    #expect(help[3] == ["compare it with something, as in `x > 0`", own])
  }

  /// Numbers that pass inside a comprehension say nothing of the whole.
  @Test func claimsTellNumbersOfTheWhole() throws {
    let text = """
      let xs = [3, 1, 2]
      let limit = 5
      claim "all" { all([x < limit for x in xs]) }
      claim "sum" { sum([x * 2 for x in xs if x > 1]) < limit }
      claim "pairs" { all([low < high for { low, high } in [{ low: 1, high: 2 }]]) and limit > 4 }
      claim "after" { let x = 7; all([x > 0 for x in xs]) and x > limit }
      """
    let (host, diagnostics, _) = try runProgram(text)
    #expect(diagnostics.isEmpty, "\(diagnostics.map(\.message))")
    #expect(
      host.claims.map { $0.numbers.map(\.name) } == [
        ["limit"], ["sum([x * 2 for x in xs if x > 1])", "limit"], ["limit"], ["x", "limit"],
      ])
    #expect(host.claims.last?.numbers.first == Datum.Field("x", .int(7)))
  }

  @Test func numbersDoNotDependOnThreads() throws {
    let text = "let runs = sweep w in 1..6, rep in 1..2 { sum(normal(10)) + uniform() }\nruns"
    let results = try [1, 2, 4].map { threads -> String in
      try onLargeStack {
        let host = TestHost()
        host.threads = threads
        _ = Session(library: try testLibrary.get(), host: host, threads: 1).run(
          SourceStore.shared.add(name: "study.exp", text: text))
        return "\(host.shown)"
      }
    }
    #expect(results[0] == results[1] && results[1] == results[2])
    #expect(results[0].count > 100)
  }

  /// Trials use the threads that their sweep lends them, sweeps inside of them too, and have the same bits.
  @Test func trialsUseIdleThreads() throws {
    let text = """
      let data = { x: normal(500, 30), y: randint(500, high: 3) }
      sweep w in [200, 300] {
        let inner = sweep half in [2] { norm(normal(200, w) @ normal(w, 100)) / half }
        let fit = train(mlp([30, w, 3]), data, loss: cross_entropy, steps: 12)
        { error: fit.history.loss[-1], norm: norm(fit.model(data.x)), inner: inner.value[0] }
      }
      """
    let results = try [0, 3].map { lent -> (String, [Int]) in
      try onLargeStack {
        let host = TestHost()
        (host.threads, host.lent) = (1, lent)
        let diagnostics = Session(library: try testLibrary.get(), host: host, threads: 1).run(
          SourceStore.shared.add(name: "study.exp", text: text))
        #expect(diagnostics.isEmpty, "\(diagnostics.map(\.message))")
        return ("\(host.shown)", host.planThreads.value)
      }
    }
    #expect(results[0].0 == results[1].0 && results[0].0.contains("norm"))
    #expect(results[0].1 == [1, 1, 1] && results[1].1 == [4, 4, 4])
  }

  @Test func duplicatePointsAreAnError() throws {
    let (_, diagnostics, _) = try runProgram("sweep x in [1, 2, 1] { x }")
    #expect(diagnostics.map(\.id) == ["E0611"])
  }

  // MARK: cells

  @Test func bindingsOfCellsLiveOn() throws {
    let outcomes = try onLargeStack { () -> [String] in
      let session = Session(library: try testLibrary.get(), host: TestHost(), threads: 1)
      return [
        "let x = [1, 2]", "fn f(y) = y + x[0]", "f(10)", "let x = 5", "f(1)", "x +", "x +\n 1", "y", "[][0]", "x",
      ].map {
        switch session.runCell(SourceStore.shared.add(name: "<repl>", text: $0)) {
        case .value(let datum): plain(datum)
        case .none: "-"
        case .incomplete: "…"
        case .failed(let diagnostics): diagnostics[0].id
        case .ended(let step, _): "ended \(step)"
        }
      }
    }
    #expect(outcomes == ["-", "-", "11", "-", "2", "…", "6", "E0103", "E0206", "5"])
  }

  /// A seed that was asked for is that of the first cell, too, and undoing goes back to it.
  @Test func cellsDrawWithTheSeedThatWasAskedFor() throws {
    let text = "print(key(\"a\"))\nlet x = normal(2)\nprint(to_list(x))\n"
    func printed(_ host: TestHost) -> [String] {
      host.events.compactMap { if case .printed(let text) = $0 { text } else { nil } }
    }
    let plain = printed(try runProgram(text).host), wanted = printed(try runProgram(text, seed: 5).host)
    let cells = try onLargeStack { () -> [String] in
      let host = TestHost()
      host.seedOverride = 5
      let session = Session(library: try testLibrary.get(), host: host, threads: 1)
      for cell in ["seed 9", "1"] { _ = session.runCell(SourceStore.shared.add(name: "a", text: cell), isKept: true) }
      for _ in 1...2 { _ = session.undoCell() }
      for cell in text.split(separator: "\n") {
        _ = session.runCell(SourceStore.shared.add(name: "<repl>", text: String(cell)), isKept: true)
      }
      return printed(host)
    }
    #expect(cells == wanted && cells != plain)
  }

  /// Definitions of a later cell take the place of earlier ones; what is left checks its kind.
  @Test func aLaterDefinitionTakesThePlaceOfAnEarlierOne() throws {
    let outcomes = try onLargeStack { () -> [String] in
      let session = Session(library: try testLibrary.get(), host: TestHost(), threads: 1)
      return [
        "fn desc(x: number) = 1", "desc(2)", "desc(\"a\")", "fn desc(x: string) = 2", "desc(\"a\")", "desc(2)",
      ].map {
        switch session.runCell(SourceStore.shared.add(name: "<repl>", text: $0)) {
        case .value(let datum): plain(datum)
        case .none: "-"
        case .incomplete: "…"
        case .failed(let diagnostics): diagnostics[0].id
        case .ended(let step, _): "ended \(step)"
        }
      }
    }
    #expect(outcomes == ["-", "1", "E0210", "-", "2", "E0210"])
  }

  @Test func resultsAreNamedByTheSessionAlone() throws {
    let outcomes = try onLargeStack { () -> [String] in
      let session = Session(library: try testLibrary.get(), host: TestHost(), threads: 1)
      return [
        "_", "_9", "let a = 1", "_", "5", "_", "_1 + _2", "let _3 = 7", "fn _8() = 1", "_3", "let [_, b] = [1, 2]", "b",
      ]
      .map {
        switch session.runCell(SourceStore.shared.add(name: "<repl>", text: $0), isKept: true) {
        case .value(let datum): plain(datum)
        case .none: "-"
        case .incomplete: "…"
        case .failed(let diagnostics): diagnostics[0].id
        case .ended(let step, _): "ended \(step)"
        }
      }
    }
    #expect(outcomes == ["E0103", "E0103", "-", "E0103", "5", "5", "10", "E0028", "E0028", "10", "-", "2"])
  }

  @Test func aFailedCellKeepsWhatWasBound() throws {
    let shown = try onLargeStack { () -> [String] in
      let session = Session(library: try testLibrary.get(), host: TestHost(), threads: 1)
      return ["var s = [1, 2]", "fn step(s) { fail(\"stop\") }", "s = step(s)", "for i in 0..3 { s = step(s) }", "s"]
        .map {
          if case .value(let datum) = session.runCell(SourceStore.shared.add(name: "<repl>", text: $0)) {
            plain(datum)
          } else {
            ""
          }
        }
    }
    #expect(shown.last == "[1, 2]")
  }
}
