import Diagnostics
import Foundation
import Testing

@testable import Evaluation

/// Ctrl-C in a fold of a session's statement: what it came to is the result so far.
@Suite struct EndedFoldTests {
  /// Runs a cell, which is interrupted after a while, behind others.
  private func interrupted(
    _ cell: String, after prelude: String, then asked: [String], whenStepping isStepping: Bool
  ) throws -> (Session.CellOutcome, [String]) {
    try onLargeStack {
      let host = TestHost()
      let session = Session(library: try testLibrary.get(), host: host, threads: 1)
      func run(_ text: String) -> Session.CellOutcome {
        session.runCell(SourceStore.shared.add(name: "<repl>", text: text), isKept: true)
      }
      if case .failed(let diagnostics) = run(prelude) { throw diagnostics[0] }
      let timer = interrupting(session) { !isStepping || host.hasProgressed }
      let outcome = run(cell)
      timer.cancel()
      let answers = asked.map { text -> String in
        switch run(text) {
        case .value(let datum): plain(datum)
        case .failed(let diagnostics): diagnostics[0].id
        default: "-"
        }
      }
      return (outcome, answers)
    }
  }

  private static let trained = """
    let data = { x: ones(4, 1), y: ones(4, 1) }
    let step = compiled((v, i) -> v + 1)
    let slow = compiled(fn(v, i) {
      var x = 0 * v
      for j in 0..<40 { x = x @ x }
      v + x[0, 0] + 1
    })
    let early = compiled(fn(s, i) {
      let v = s.v + 1
      var x = 0 * s.w
      for j in 0..<40 { x = x @ x }
      { v, w: s.w + x[0, 0] + 1 }
    })
    let square = zeros(400, 400)
    fn busy() {
      var x = 0
      while true { x += 1 }
    }
    let many = 1_000_000_000_000
    let fit = 12
    """

  @Test(arguments: [
    ("iterate(tensor(0.0), many, step, every: many)", "to_list(_.value) == _.steps"),
    ("iterate(0.0, many, (v, i) -> v + 1, every: many)", "_.value == _.steps"),
    (
      "let fit = iterate({ a: 0.0, b: ones(2) }, many, (v, i) -> { ...v, a: v.a + 1 }, every: many)",
      "_.value.a == _.steps"
    ),
    (
      "iterate({ v: 1.0 * square, w: 2.0 * square }, many, early, every: many).value",
      "same(_.v, _.w) and same(_.v, square + to_list(_.v[0, 0])) and to_list(_.v[0, 0]) > 0"
    ),
    (
      "iterate(square, many, slow, every: many)",
      "to_list(_.value[7, 9]) == _.steps and same(_.value, square + _.steps)"
    ),
    (
      "iterate(tensor(0.0), many, step, every: 10, track: v -> busy())",
      "to_list(_.value) == 10 and _.steps == 10 and length(_.history) == 0"
    ),
    ("iterate([0], many, (v, i) -> [j for j in 0..<2000], every: many)", "_.steps > 0 and length(_.value) == 2000"),
    ("iterate([0], many, (v, i) -> [j for j in 0..<2000])", "_.steps > 0 and length(_.history) == _.steps"),
    (
      "iterate(3.0, 10, (v, i) -> iterate(0.0, many, (w, j) -> w + 1, every: many).value, every: 100)",
      "_.value == 3 and _.steps == 0"
    ),
    ("iterate(tensor(0.0), many, step, every: 10, track: v -> { v }).value", "to_list(_) > 10"),
    (
      "train(dense(1, 1), data, loss: mse, optimizer: sgd(lr: 0.1), steps: many, every: 1000)",
      "_.steps > 0 and keys(_) == [\"model\", \"history\", \"steps\", \"optimizer\"]"
    ),
    (
      "var other = 3; var fit = iterate(0.0, many, (v, i) -> v + 1, every: many); let later = 5",
      "_.value == _.steps"
    ),
  ])
  func isTheResultSoFar(_ cell: String, _ holds: String) throws {
    let (outcome, answers) = try interrupted(
      cell, after: Self.trained, then: [holds, "fit", "later", "1 + 1"], whenStepping: !cell.hasPrefix("iterate(3.0"))
    guard case .ended(let step, let place) = outcome else {
      Issue.record("\(cell): \(outcome)")
      return
    }
    #expect(step > 0 || cell.hasPrefix("iterate(3.0"))
    #expect(place == (cell.hasPrefix("var") ? 15 : 0))
    #expect(answers == ["true", "12", "E0103", "2"])
  }

  /// What steps would have to copy, folds that a program's own code calls, and those inside of others end as ever.
  @Test(arguments: [
    "iterate([0], many, (v, i) -> [busy()], every: many)",
    "(() -> iterate(0.0, many, (v, i) -> v + 1, every: many))()",
    "[iterate(tensor(0.0), many, step, every: many) for i in 0..<3]",
    "for i in 0..<3 { iterate(tensor(0.0), many, step, every: many) }",
    "let [a, b] = iterate(tensor(0.0), many, step, every: many)",
    "let later = iterate(iterate(tensor(0.0), many, step, every: many).value, many, step, every: many)",
    "let later = iterate(iterate(1.0, 9, (v, i) -> busy()).value, 3, (v, i) -> v, checkpoint: \"c.st\")",
    "let later = [busy(), iterate(tensor(0.0), many, step, every: many)]",
    "sweep s in [1] { iterate(tensor(0.0), many, step, every: many).steps }",
    "[iterate(tensor(0.0), many, step, every: many), busy()]",
  ])
  func isAnErrorElsewhere(_ cell: String) throws {
    let (outcome, answers) = try interrupted(
      cell, after: Self.trained, then: ["fit", "later", "_"], whenStepping: false)
    guard case .failed(let diagnostics) = outcome else {
      Issue.record("\(cell): \(outcome)")
      return
    }
    #expect(diagnostics.map(\.id) == ["E0309"])
    #expect(answers == ["12", "E0103", "12"])
  }
}
