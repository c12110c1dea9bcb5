import Notation
import Testing

@Suite struct StringLiteralTests {
  @Test(arguments: [
    ("", #""""#), ("a \"b\" \\", #""a \"b\" \\""#), ("{x}\n\t\r", #""\{x}\n\t\r""#),
    ("\u{1}\u{1b}\u{7f}\u{9b}é😀", #""\u{1}\u{1b}\u{7f}\u{9b}é😀""#),
  ])
  func whatWouldBeReadOtherwiseIsEscaped(_ text: String, _ literal: String) {
    #expect(StringLiteral.quoted(text) == literal)
  }
}
