import Diagnostics
import Foundation
import Syntax
import Testing

/// What must hold of the printed form of any text without errors.
func checkPrinted(_ text: String, _ comment: String) {
  let first = parseText(text)
  guard first.diagnostics.isEmpty else { return }
  let printed = printSource(first.tree)
  let second = parseText(printed)
  #expect(second.diagnostics.map(\.message) == [], "\(comment) was printed as\n\(printed)")
  #expect(sameStructure(first.tree, second.tree), "\(comment) changed when printed:\n\(printed)")
  let again = printSource(second.tree)
  #expect(again == printed, "\(comment): printing twice differs")
  #expect(first.tree.comments.map(\.text) == second.tree.comments.map(\.text), "\(comment) lost comments:\n\(printed)")
}

@Suite struct PrinterTests {
  @Test func samples() throws {
    for (name, text) in try fixtures() { checkPrinted(text, name) }
  }

  @Test func everyForm() {
    for (text, _) in GrammarTests.forms {
      checkPrinted(text, text)
      checkPrinted("fn f() {\n  \(text.replacingOccurrences(of: "\n", with: "\n  "))\n}", text)
    }
  }

  @Test func mutatedSamples() throws {
    var random = SplitMix(state: 11)
    let lines = try fixtures().flatMap { $0.text.components(separatedBy: "\n") }
    var printed = 0
    for round in 0..<1500 {
      // Lines drawn from the samples, with spaces, newlines and comments put in at random places.
      var text = (0..<Int.random(in: 1...6, using: &random)).map { _ in lines[Int.random(in: 0..<lines.count, using: &random)] }
        .joined(separator: "\n")
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let at = text.index(text.startIndex, offsetBy: Int.random(in: 0...text.count, using: &random))
        let piece = [" ", "\n", " # note\n", "\n\n\n", "\n  # own\n", "(", ")", ";"][Int.random(in: 0..<8, using: &random)]
        text.insert(contentsOf: piece, at: at)
      }
      if parseText(text).diagnostics.isEmpty { printed += 1 }
      checkPrinted(text, "round \(round):\n\(text)")
    }
    #expect(printed > 200)
  }

  @Test func show() throws {
    for (_, text) in try fixtures() { print(printSource(parseText(text).tree)) }
  }
}
