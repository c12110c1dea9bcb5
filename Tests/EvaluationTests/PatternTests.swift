import Testing

@testable import Evaluation

/// Which regular expressions are looked for at once, and which on a thread that can be left.
@Suite struct PatternTests {
  @Test(arguments: ["a", #"\d+"#, "a*b", "[^,]+", "a|b", "(ab)*", "colou?r", "a{3}", #"\+\*\?x+"#])
  func oneChoiceIsQuick(_ pattern: String) throws { #expect(try TextPattern.of(pattern).quickBytes == 2000) }

  @Test(arguments: [
    ("a*a*b", 2), (#"\s+\s*$"#, 2), (#"(\w+)=(\S+)"#, 2), ("a|b|c", 2), ("a{9}a{9}", 2), ("a*?", 2), ("a?a?a?aaa", 3),
    (String(repeating: "a?", count: 30) + "a", 30),
  ])
  func severalAreOnShortTexts(_ pattern: String, _ choices: Int) throws {
    let bytes = try TextPattern.of(pattern).quickBytes
    let steps = { (length: Int) in (0...choices).reduce(1.0) { product, _ in product * Double(length) } }
    #expect(steps(bytes) < 4_100_000 && steps(bytes + 1) > 3_900_000)
  }

  @Test(arguments: ["(a+)+", "(a|a)*b", "(a?b?){9}", #"(a+)\1"#, #"(a+)\g{1}"#, #"(?<x>a)\k<x>"#])
  func groupsAgainAreNot(_ pattern: String) throws { #expect(try TextPattern.of(pattern).quickBytes == 0) }
}
