import Diagnostics
import Testing

@testable import Evaluation

/// `--check-nan`: the first operation that makes a NaN, and no other, is named, wherever it runs.
@Suite struct NaNCheckTests {
  private func run(_ text: String) throws -> [Diagnostic] {
    try onLargeStack {
      let session = Session(library: try testLibrary.get(), host: TestHost(), threads: 1, checksNaN: true)
      return session.run(SourceStore.shared.add(name: "nan.exp", text: text))
    }
  }

  private func line(_ diagnostic: Diagnostic) -> Int {
    SourceStore.shared.file(diagnostic.span.file)?.position(Int(diagnostic.span.lower)).line ?? 0
  }

  @Test(arguments: [
    ("let x = tensor([1.0, -2.0])\nlet y = log(x)\nprint(sum(y))", 2, "`log` made a NaN at [1] (of -2.0)"),
    (
      "let x = tensor([0.0, 1.0])\nlet f = x ->\n  sum(x / x)\nprint(f(x))", 3,
      "`divide` made a NaN at [0] (of 0.0 and 0.0)"
    ),
    (
      "let f = compiled(fn(x) {\n  let y = x - 2\n  sum(sqrt(y))\n})\nprint(f(ones(3)))", 3,
      "`sqrt` made a NaN at [0] (of -1.0)"
    ),
    ("print(grad(x -> sum(\n  sqrt(x) * 0))(zeros(2)))", 2, "`divide` made a NaN"),
    ("let f = compiled(grad(x -> sum(\n  sqrt(x) * 0)))\nprint(f(zeros(2)))", 2, "`divide` made a NaN"),
  ])
  func namesTheFirst(_ text: String, _ line: Int, _ message: String) throws {
    let found = try run(text)
    #expect(found.map(\.id) == ["E0515"])
    #expect(found.first.map(self.line) == line && found.first?.message.hasPrefix(message) == true, "\(found)")
  }

  @Test(arguments: [
    ("print(vmap(x ->\n  log(x))(tensor([1.0, -1.0])))", 2, "`log` made a NaN at [1] (of -1.0) from f32[2]"),
    (
      "print(grid(tensor([1.0, 2.0]), tensor([0.0, 1.5]), (a, b) ->\n  sqrt(a - b)))", 2,
      "`sqrt` made a NaN (of -0.5) from f64[], which hold none: step 1 of a loop"
    ),
    ("print(hessian(x -> sum(\n  sqrt(x)))(tensor([1.0, -1.0])))", 2, "`sqrt` made a NaN at [1] (of -1.0)"),
    ("print(jacobian(x ->\n  sqrt(x))(tensor([1.0, -1.0])))", 2, "`sqrt` made a NaN at [1] (of -1.0)"),
    (
      "let xs = normal(4, 2, key: 1)\nprint(vmap(x -> grad(m -> sum(\n  sqrt(m(x) - 10)))(mlp([2, 3, 1])))(xs))", 3,
      "`sqrt` made a NaN at [0, 0]"
    ),
  ])
  func namesTheFirstOfABatch(_ text: String, _ line: Int, _ message: String) throws {
    try namesTheFirst(text, line, message)
  }

  @Test(arguments: [
    ("f", "2.0", "scan((c, t) -> { carry:\n  log(c) - t }, x, ones(4)).carry", "`log`", ": step 1 of a loop"),
    (
      "f", "2.0",
      "scan((b, s) -> { carry: scan((c, t) -> { carry:\n  log(c) - t }, b, ones(2)).carry }, x, ones(4)).carry",
      "`log`", ": step 1 of a loop, in step 0 of a loop"
    ),
    // Outside of anything traced a `while_loop` is one of the interpreter's.
    ("compiled(f)", "5.0", "while_loop(x, c -> c > -100, c ->\n  sqrt(c - 1) - 0.5)", "`sqrt`", ": step 2 of a loop"),
    ("f", "[-1.0]", "cond(sum(x) > 0, () -> log(x), () ->\n  log(x - 1))", "`log`", "which hold none"),
    // The root of 0 is none, but its derivative times the 0 behind it.
    (
      "grad(f)", "2.0", "scan((c, t) -> { carry:\n  sqrt(c) * t }, x, zeros(3)).carry", "`divide`", ": step 2 of a loop"
    ),
    (
      "f", "[3.0, 0.5]", "vmap(x -> scan((c, t) -> { carry: c +\n  log(c) }, x, ones(3)).carry)(x)", "`log`",
      ": step 1 of a loop"
    ),
  ])
  func namesOperationAndStepInsideOfALoop(_ f: String, _ x: String, _ body: String, _ name: String, _ end: String)
    throws
  {
    for called in [f, "compiled(\(f))"] {
      let found = try run("let f = x -> \(body)\nprint(\(called)(tensor(\(x))))")
      let message = found.first?.message ?? ""
      #expect(found.map(\.id) == ["E0515"] && found.first.map(line) == 2, "\(called) \(found)")
      #expect(message.hasPrefix("\(name) made a NaN") && message.hasSuffix(end), "\(called) \(message)")
    }
  }

  /// Entries of a batch go on until the last one is done: what they compute after their own end is not looked at.
  @Test func whatIsComputedForNobodyIsNobodysFault() throws {
    let text = "let f = x -> while_loop(x, c -> c > 0, c -> sqrt(c) - 1)\nprint(vmap(f)(tensor([0.5, 30.0])))"
    #expect(try run(text).isEmpty)
  }

  @Test func nansOfTheDataAreNobodysFault() throws {
    #expect(try run("let x = tensor([1.0, nan])\nprint(sum(x * 2))").isEmpty)
    #expect(try run("print(compiled(x -> sum(log(x)))(tensor([1.0, nan])))").isEmpty)
  }

  @Test func checkedRunsHaveTheBitsOfPlans() throws {
    let text = """
      let data = { x: normal([12, 3], key: 1), y: randint(12, high: 2, key: 2) }
      let fit = train(with_key(3, () -> mlp([3, 5, 2])), data, loss: cross_entropy, batch: 4, steps: 7, key: 5)
      print(digest(fit.model))
      """
    let printed = try onLargeStack {
      try [false, true].map { checks in
        let host = TestHost()
        let session = Session(library: try testLibrary.get(), host: host, threads: 1, checksNaN: checks)
        #expect(session.run(SourceStore.shared.add(name: "bits.exp", text: text)).isEmpty)
        return host.printed
      }
    }
    #expect(printed[0] == printed[1] && !printed[0].isEmpty)
  }
}
