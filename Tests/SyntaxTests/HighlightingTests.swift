import Diagnostics
import Testing

@testable import Syntax

@Suite struct HighlightingTests {
  func pieces(_ text: String) -> [HighlightedText] {
    let file = SourceStore.shared.add(name: "test", text: text)
    return HighlightedFile(file)[Span(file: file.id, lower: 0, upper: file.bytes.count)]
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
    let part = HighlightedFile(file)[Span(file: file.id, lower: 10, upper: 20)]
    #expect(part.map(\.text).joined() == "let y = \"a")
    #expect(part.map(\.kind) == [.keyword, .plain, .string])
  }

  @Test func aVeryLongPartHasNoColours() {
    let list = "let xs = [" + String(repeating: "1, ", count: 50_000) + "1]"
    #expect(pieces(list).map(\.kind) == [.plain])
    #expect(pieces(list).map(\.text).joined() == list)
    let file = SourceStore.shared.add(name: "test", text: list + "\nlet y = 2")
    let part = HighlightedFile(file)[Span(file: file.id, lower: list.utf8.count + 1, upper: file.bytes.count)]
    #expect(part.map(\.text) == ["let", " y = ", "2"])
  }
}

@Suite struct TokenClassTests {
  /// The classes of a text's tokens, as `text:class`.
  private func classes(_ text: String, _ kind: TokenClass) -> [String] {
    let bytes = Array(text.utf8)
    return highlight(text).filter { $0.1 == kind }
      .map { String(decoding: bytes[Int($0.0.lower)..<Int($0.0.upper)], as: UTF8.self) }
  }

  @Test func words() {
    let text =
      "option noise = 0.2 in 0.0..1.0\nlet option = seed\nx.let + f(if: 1)\nsweep a in 0..1 by 0.5 paired by a { a ≈ b within c }\nseed 7\nby + 1"
    #expect(classes(text, .keyword) == ["option", "in", "let", "sweep", "in", "by", "paired", "by", "within", "seed"])
    #expect(classes(text, .function) == ["f"])
    #expect(classes(text, .name) == ["noise", "option", "seed", "x", "let", "if", "a", "a", "a", "b", "c", "by"])
    #expect(classes(text, .number) == ["0.2", "0.0", "1.0", "1", "0", "1", "0.5", "7", "1"])
  }

  @Test func stringsCommentsProse() {
    let text = "## prose\nlet s = \"a{x:.2f}b\" # note\n'raw'"
    #expect(classes(text, .prose) == ["## prose"])
    #expect(classes(text, .comment) == ["# note"])
    #expect(classes(text, .string) == ["\"", "a", ".2f", "b", "\"", "'raw'"])
    #expect(classes(text, .operator) == ["=", "{", ":", "}"])
  }

  @Test func anyTextIsCovered() throws {
    for (name, text) in try fixtures() {
      var at = 0
      for (span, _) in highlight(String(text.dropLast(7))) {
        #expect(Int(span.lower) >= at && span.upper > span.lower, "\(name)")
        at = Int(span.upper)
      }
    }
  }
}
