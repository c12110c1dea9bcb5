import Diagnostics
import Testing

@testable import Studies

/// The first change of a text in what a name stands for.
@Suite struct ChangedTextTests {
  static let earlier = """
    let rate = 0.1  # slow
    let [a, b] = [1, 2]
    fn step(x) = x * rate
    let other = 5
    step(a)
    """

  func change(_ from: String, _ to: String, names: Set<String>, since earlier: String = earlier) -> String? {
    let text = earlier.replacingOccurrences(of: from, with: to)
    return ChangedText(SourceStore.detached(name: "s.exp", text: text), since: earlier).first(in: nil, names: names)
  }

  @Test func theLineAndBothTexts() {
    #expect(change("0.1", "0.2", names: ["rate"]) == "line 1: 0.1 → 0.2")
    #expect(change("[1, 2]", "[1, 3]", names: ["b"]) == "line 2: 2 → 3")
    #expect(change("x * rate", "x * rate + x", names: ["step"]) == "line 3: nothing → + x")
    #expect(change("x * rate", "x", names: ["step"]) == "line 3: * rate → nothing")
  }

  @Test func otherStatementsCommentsAndLayoutAreLeftOut() {
    #expect(change("other = 5", "other = 6", names: ["rate", "step"]) == nil)
    #expect(change("# slow", "# quick", names: ["rate"]) == nil)
    #expect(change("fn step(x) = x", "\nfn step(x) =\n  x", names: ["step"]) == nil)
    #expect(change("0.1  # slow", "0.1\nlet more = 2", names: ["rate", "step", "b"]) == nil)
  }

  @Test func longTextsAreCut() throws {
    let line = try #require(change("5", "\(Array(100..<150))", names: ["other"]))
    #expect(line.hasPrefix("line 4: 5 → [100, 101,") && line.hasSuffix("…") && line.count < 50)
  }
}
