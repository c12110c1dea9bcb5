import Diagnostics
import Evaluation
import Foundation
import Testing

/// What an expression of a session gives is found without computing it.
@Suite struct TypeTests {
  /// What a session says of an expression after a cell, in words, and what it told its host meanwhile.
  private func type(_ text: String, after cell: String = "", limit: Double = 1) throws -> (String, [TestHost.Event]) {
    try onLargeStack {
      let host = TestHost()
      let session = Session(library: try testLibrary.get(), host: host, threads: 1)
      if !cell.isEmpty { _ = session.runCell(SourceStore.shared.add(name: "<cell 1>", text: cell)) }
      let before = session.fingerprints().map { $0.name + $0.digest }, told = host.events.count
      let found = session.type(of: SourceStore.shared.add(name: "<type>", text: text), limit: limit)
      #expect(session.fingerprints().map { $0.name + $0.digest } == before)
      #expect(session.liveObjects == 0, "\(text): values are left on the heap")
      return (words(found), Array(host.events.dropFirst(told)))
    }
  }

  private func words(_ found: FoundType) -> String {
    switch found {
    case .types(let types): types.joined(separator: ", or ")
    case .unknown: "unknown"
    case .left: "left"
    case .noExpression: "no expression"
    case .failed(let diagnostics): diagnostics.map(\.id).joined(separator: " ")
    }
  }

  @Test(arguments: [
    ("1 + 2", "int"), ("[1, 2]", "list of 2: int"), ("x", "int"), ("net", "function with 26 parameters"),
    ("net(zeros(5, 3))", "tensor f32 [5, 2]"), ("net(zeros(5, 4))", "E0401"), ("nothing_here", "E0103"),
    ("normal([100_000, 1000]) @ normal([1000, 100_000])", "tensor f32 [100000, 100000]"),
    ("grad(m -> sum(m(zeros(9_000, 3))))(net)", "function with 26 parameters"),
    (
      "train(net, { x: normal([9, 3]), y: randint(9, high: 2) }, loss: cross_entropy, steps: 100_000_000).model",
      "function with 26 parameters"
    ),
    (
      "sweep a in 1..50 { { area: total(normal([3000, 3000], key: a) @ ones(3000, 3000)) } }",
      "table of 50 rows: a, area"
    ),
    ("if sum(normal(10_000)) > 0 { 1 } else { \"a\" }", "int, or string"), ("print(\"said\")", "none"),
    ("write_text(\"a\", \"written.txt\")", "unknown"), ("slow(90)", "left"), ("let y = 3", "no expression"),
    ("1 +", "no expression"), ("1 2", "E0020"), ("", "no expression"), ("1 + \"a\"", "E0203"), ("fail(\"x\")", "E0200"),
  ])
  func nothingIsComputed(_ text: String, _ expected: String) throws {
    let cell = """
      let x = 3
      let net = mlp([3, 4, 2], activation: tanh, init: (a, b) -> zeros(a, b))
      fn slow(n) = if n < 2 { n } else { slow(n - 1) + slow(n - 2) }
      """
    let (found, told) = try type(text, after: cell)
    #expect(found == expected, "\(text)")
    #expect(told.isEmpty, "\(text) told \(told)")
  }
}
