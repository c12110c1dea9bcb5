import Testing

@testable import Reports

@Suite struct MarkdownTests {
  func html(_ text: String) -> String { Markdown(text).html() }

  @Test(arguments: [
    ("# A *b*", "<h2>A <em>b</em></h2>\n"), ("a\nb", "<p>a b</p>\n"), ("a  \nb", "<p>a<br>b</p>\n"),
    ("a\n\nb", "<p>a</p>\n<p>b</p>\n"),
    ("**a *b* c**", "<p><strong>a <em>b</em> c</strong></p>\n"), ("snake_case_name", "<p>snake_case_name</p>\n"),
    ("_a_ 2 * 3 * 4", "<p><em>a</em> 2 * 3 * 4</p>\n"),
    ("`a*b*` ``x`y``", "<p><code>a*b*</code> <code>x`y</code></p>\n"),
    ("a $costs $5 and $6", "<p>a $costs $5 and $6</p>\n"), ("~~a~~ ~b~", "<p><s>a</s> ~b~</p>\n"),
    ("- [x] a\n- [ ] b", "<ul>\n<li class=\"task\">☑ a</li>\n<li class=\"task\">☐ b</li>\n</ul>\n"),
    ("$$ open", "<p>$$ open</p>\n"),
    ("[a](b.html)", "<p><a href=\"b.html\">a</a></p>\n"), ("\\*a\\*", "<p>*a*</p>\n"),
    ("see https://a.org/b.", "<p>see <a href=\"https://a.org/b\">https://a.org/b</a>.</p>\n"),
    ("arXiv:1912.02292.", "<p><a href=\"https://arxiv.org/abs/1912.02292\">arXiv:1912.02292</a>.</p>\n"),
    ("- a\n- b\n  - c\n\nd", "<ul>\n<li>a</li>\n<li>b\n<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>\n<p>d</p>\n"),
    ("3. a\n4. b", "<ol start=\"3\">\n<li>a</li>\n<li>b</li>\n</ol>\n"),
    ("> a\n> b", "<blockquote>\n<p>a b</p>\n</blockquote>\n"),
    ("```\n<b>\n\nx\n```", "<pre class=\"code\">&lt;b&gt;\n\nx</pre>\n"), ("---", "<hr>\n"),
    (
      "| a | b |\n|---|--:|\n| 1 | 2 |",
      "<div class=\"scroll\"><table class=\"prose\">\n<tr><th class=\"text\">a</th><th>b</th></tr>\n<tr><td class=\"text\">1</td><td>2</td></tr>\n</table></div>\n"
    ),
    ("2. was", "<ol start=\"2\">\n<li>was</li>\n</ol>\n"), ("", ""), ("#nospace", "<p>#nospace</p>\n"),
    ("a*", "<p>a*</p>\n"),
  ])
  func shown(_ text: String, _ expected: String) { #expect(html(text) == expected) }

  @Test(arguments: [
    "<script>alert(1)</script>", "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x]( javascript:alert(1))",
    "[x](data:text/html,<script>)", "[x](vbscript:x)", "[x](//evil.org)", "<https://a.org/\" onclick=\"x>",
    "https://a.org/\"><script>", "[\"><img>](a\"b)", "`<b>`", "$<b>$", "**<i>**", "| <b> |\n|---|\n| <script> |",
    "> <b>", "- <b>", "$\\text{<script>}\\mathbf{<i>}\\<b>$", "$$\n\\left<img\\begin{<script>}\n$$",
    "# <b>", "```html\n<script>\n```", "&lt; & &#x3C;", "[a](java\u{1}script:x)", "![x](javascript:y)",
  ])
  func nothingBecomesMarkup(_ text: String) {
    let out = html(text)
    #expect(
      !out.lowercased().contains("<script") && !out.contains("<img") && !out.contains("<b>") && !out.contains("<i>"))
    #expect(
      !out.lowercased().contains("href=\"javascript") && !out.contains("href=\"data") && !out.contains("href=\"//"))
    #expect(!out.contains("onclick=\"") && !out.lowercased().contains("href=\"vb"))
    #expect(markupProblem(out, void: ["br", "hr"]) == nil)
  }

  /// A study's title is a heading that is read as one: no line of code, of a quotation or of an item.
  @Test(
    arguments: [
      ("```\n# a comment\n```\n## The *law*", "The *law*"), ("~~~\n# x\n~~~", nil), ("#nospace\n# A", "A"),
      ("> # quoted", nil),
      ("- # item", nil), ("text\n# B\n# C", "B"), ("$$\n# a\n$$\n# D", "D"), ("text", nil),
    ] as [(String, String?)])
  func titles(_ text: String, _ expected: String?) { #expect(ReportPage.title(ofProse: text) == expected) }

  /// Other addresses than those of the web, of mail and of files beside the page or below it stand as written.
  @Test(arguments: [
    "../../etc/passwd", "..", "a/../../b", "/etc/passwd", "..\\\\x", "%2e%2e/x", ".%2E/x", "//evil.org",
    "file:///etc/passwd",
  ])
  func noLinkLeavesTheFolder(_ address: String) { #expect(!html("[x](\(address))").contains("<a")) }

  @Test(arguments: ["a.csv", "tables/s.csv", "./a.txt", "Größe.txt", "a..b/c", "#part", "?q=../x", "mailto:a@b.c"])
  func filesBesideThePageAreLinked(_ address: String) { #expect(html("[x](\(address))").contains("<a href=")) }

  /// Random strings of marks: no crash, no endless loop, well-formed HTML.
  @Test func anyTextIsRead() {
    let pieces = [
      "*", "**", "_", "`", "``", "$", "[", "](", ")", "<", ">", "#", "# ", "\n", "\n\n", "- ", "1. ", "  ", "|",
      "|--|\n", "```\n", "> ",
      "\\", "a", "b c", "https://x.y/", "arXiv:1234.56789", "&", "\"",
    ]
    var state: UInt64 = 5
    for _ in 0..<3000 {
      var text = ""
      for _ in 0..<20 {
        state = state &* 6_364_136_223_846_793_005 &+ 1
        text += pieces[Int((state >> 33) % UInt64(pieces.count))]
      }
      let problem = markupProblem(html(text), void: ["br", "hr"])
      #expect(problem == nil, "\(text.debugDescription): \(problem ?? "")")
      _ = TerminalText(width: 30).prose(text)
    }
  }

  @Test func longAndDeepTextsEnd() {
    for piece in ["*", "[", "**a", "> ", "`", "$a", "- ", "_a ", "<", "(", "a](", "1. "] {
      _ = html(String(repeating: piece, count: 5000))
    }
    _ = html((0..<400).map { String(repeating: " ", count: 2 * $0) + "- x" }.joined(separator: "\n"))
  }

  @Test func onTheTerminal() {
    let text = TerminalText(width: 30).prose(
      "# T\nSome *words* that are `long` enough to wrap here.\n\n1. one\n2. two\n   - deep\n\n> said")
    #expect(
      text == "  T\n  Some words that are long\n  enough to wrap here.\n\n  1. one\n  2. two\n\n     • deep\n\n  │ said"
    )
    #expect(TerminalText(width: 30, color: true).prose("**a**") == "  \u{1B}[1ma\u{1B}[0m")
  }
}
