import Diagnostics
import Testing

@testable import Syntax

@Suite struct HighlightingTests {
  func pieces(_ text: String) -> [HighlightedText] {
    let file = SourceStore.shared.add(name: "test", text: text)
    return highlight(file, Span(file: file.id, lower: 0, upper: file.bytes.count))
  }

  func words(_ text: String, _ kind: HighlightedText.Kind) -> [String] {
    pieces(text).filter { $0.kind == kind }.map(\.text)
  }

  @Test(arguments: [
    "", "let x = 1", "option noise = 0.2 in 0.0..0.5 \"doc\"  # why\n", "f(x).g(\"a{b + 1:.3f}c\")", "\"unfinished {x",
    "\"\"\"\n  a\n  \"\"\"",
    "## prose\nlet σ = 'raw'", "§$%&",
  ])
  func nothingIsLost(_ text: String) {
    #expect(pieces(text).map(\.text).joined() == text)
  }

  @Test func kindsAreKnown() {
    let text = "option noise = 0.2 # why\nlet y = train(noise, \"a\")\nlet option = 3"
    #expect(words(text, .keyword) == ["option", "let", "let"])
    #expect(words(text, .number) == ["0.2", "3"])
    #expect(words(text, .comment) == ["# why"])
    #expect(words(text, .function) == ["train"])
    #expect(words(text, .string).joined() == "\"a\"")
  }

  @Test func aPartOfAFileIsCut() {
    let file = SourceStore.shared.add(name: "test", text: "let x = 1\nlet y = \"abc\"\n")
    let part = highlight(file, Span(file: file.id, lower: 10, upper: 20))
    #expect(part.map(\.text).joined() == "let y = \"a")
  }
}
