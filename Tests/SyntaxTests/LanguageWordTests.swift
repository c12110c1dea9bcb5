import Foundation
import Syntax
import Testing

/// What `exp doc sweep` says about the words of the language.
@Suite struct LanguageWordTests {
  static let language = testFolder.deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("docs/language.md")

  @Test func everyWordIsExplainedOnce() throws {
    let text = try String(contentsOf: Self.language, encoding: .utf8)
    let listed = try #require(text.firstMatch(of: #/Reserved words: `([^`]+)`\. The words\s+`([^`]+)`/#))
    let words = (listed.output.1 + " " + listed.output.2).split(separator: " ").map(String.init)
    #expect(LanguageWord.all.flatMap(\.words).sorted() == words.sorted())
  }

  @Test func formsAreRightAndSectionsExist() throws {
    let text = try String(contentsOf: Self.language, encoding: .utf8)
    for word in LanguageWord.all {
      #expect(parseText(word.form).diagnostics.isEmpty, "\(word.form)")
      #expect(word.words.contains { word.form.contains($0) }, "\(word.form)")
      #expect(text.contains("\n## \(word.section)\n"), "\(word.section)")
    }
  }

  @Test func aNameIsNoWord() {
    #expect(LanguageWord.named("paired")?.section == "Studies")
    #expect(LanguageWord.named("clamp") == nil)
  }
}
