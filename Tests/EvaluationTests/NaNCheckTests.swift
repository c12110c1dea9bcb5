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
