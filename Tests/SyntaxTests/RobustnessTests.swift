import Diagnostics
import Foundation
import Syntax
import Testing

/// A small deterministic generator (SplitMix64, Steele et al. 2014).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// What must hold of the result for any text: errors have places inside the text, ids are dense, and walking the tree
/// is safe.
func checkSane(_ result: ParseResult, _ comment: @autoclosure () -> String) {
  let size = result.tree.file.bytes.count
  for d in result.diagnostics {
    #expect(Int(d.span.lower) <= size && Int(d.span.upper) <= size && d.span.lower <= d.span.upper, "\(comment())")
    #expect(d.id.hasPrefix("E00") && !d.message.isEmpty, "\(comment())")
  }
  let text = outline(result.tree)
  if text.contains("(invalid)") { #expect(!result.diagnostics.isEmpty, "invalid without a diagnostic: \(comment())") }
  #expect(result.tree.statements.allSatisfy { $0.height <= SyntaxLimits.height + 10 }, "\(comment())")
}

@Suite struct RobustnessTests {
  static let nested = 20_000

  /// Every form that can nest, as what stands before and after the inner part.
  static let forms: [(name: String, before: String, after: String)] = [
    ("parentheses", "(", ")"), ("lists", "[", "]"), ("records", "{ a: ", " }"), ("computed", "{ (1): ", " }"),
    ("calls", "f(", ")"), ("named", "f(a: ", ")"), ("indexes", "x[", "]"), ("negation", "-", ""), ("not", "not ", ""),
    ("bang", "!", ""), ("plus", "+", ""), ("nested conditions", "if ", ""), ("power", "2^", ""),
    ("power of minus", "2^-", ""), ("arrows", "x -> ", ""),
    ("paired arrows", "(x, y) -> ", ""), ("defaults", "(x = ", ") -> 1"), ("fn", "fn(x) = ", ""),
    ("fn blocks", "fn(x) { ", " }"),
    ("if", "if a { ", " }"), ("else if", "if a { 1 } else ", ""), ("elif", "if a { 1 } elif b { 2 } else ", ""),
    ("conditions", "if ", " { 1 }"), ("else", "if a { 1 } else { ", " }"), ("for", "for x in y { ", " }"),
    ("for in", "[x for x in ", "]"), ("while", "while a { ", " }"), ("try", "try { ", " } catch e { 1 }"),
    ("catch", "try { 1 } catch e { ", " }"), ("sweep", "sweep x in y { ", " }"), ("axes", "sweep x in ", " { 1 }"),
    ("claim", "claim \"x\" { ", " }"), ("test", "test \"x\" { ", " }"), ("strings", "\"{", "}\""),
    ("texts", "\"\"\"{", "}\"\"\""),
    ("left sums", "1 + ", ""), ("joins", "a ++ ", ""), ("ands", "a and ", ""), ("ors", "a or ", ""),
    ("coalesce", "a ?? ", ""),
    ("comparisons", "a < ", ""), ("ranges", "1..", ""), ("close", "a ≈ 1 within ", ""), ("spreads", "[...", "]"),
    ("products", "2 * ", ""), ("let", "let x = ", ""), ("list patterns", "let [", "] = 1"),
    ("record patterns", "let { a: ", " } = 1"),
    ("fields", "x.", ""), ("optional fields", "x?.", ""), ("chained calls", "f", "()"), ("chained indexes", "x", "[0]"),
    ("chained fields", "x", ".a"), ("functions", "fn f(x) { ", " }"), ("show", "show ", ""), ("return", "return ", ""),
    ("fails", "expect fails { ", " }"), ("then", "if (", ") then "), ("do", "{ let ", "}"),
  ]

  @Test(arguments: forms.indices) func deepNesting(_ index: Int) {
    let form = Self.forms[index]
    let before = String(repeating: form.before, count: Self.nested)
    checkSane(parseText(before + "x" + String(repeating: form.after, count: Self.nested)), "\(form.name), closed")
    checkSane(parseText(before), "\(form.name), open")
    // A depth anybody may use is fine, or wrong for another reason than depth.
    let some = String(repeating: form.before, count: 60) + "x" + String(repeating: form.after, count: 60)
    #expect(!parseText(some).diagnostics.contains { $0.id == "E0090" || $0.id == "E0091" }, "\(form.name)")
  }

  @Test func bytesThatAreNoTextAreNamed() {
    func said(_ bytes: [UInt8]) -> [String] {
      let file = SourceStore.shared.add(name: "bytes.exp", content: bytes)
      return parse(file).diagnostics.map { "\($0.id) \(file.position(Int($0.span.lower)))" }
    }
    #expect(said(Array("print(\"é\")".utf8)) == [])
    #expect(said(Array("let a = 1\nprint(\"h".utf8) + [0xFF] + Array("\")".utf8)) == ["E0001 (line: 2, column: 9)"])
    #expect(said(Array("## caf".utf8) + [0xE9] + Array("\n1 + 1".utf8)) == ["E0001 (line: 1, column: 7)"])
    #expect(said(Array("1 + 1 # ".utf8) + [0xC3]) == ["E0001 (line: 1, column: 9)"])
    #expect(said([0xFE, 0x31]).first == "E0001 (line: 1, column: 1)")
  }

  @Test func depthIsReportedOnce() {
    let nested = parseText(String(repeating: "(", count: 20_000) + "1" + String(repeating: ")", count: 20_000))
    #expect(nested.diagnostics.map(\.id) == ["E0090"])
    let sum = parseText("let a = 1\nlet x = 1" + String(repeating: " + 1", count: 20_000) + "\nlet = 3")
    #expect(sum.diagnostics.map(\.id) == ["E0091", "E0020"])
    #expect(parseText("let x = 1" + String(repeating: " + 1", count: 900)).diagnostics.isEmpty)
    #expect(
      parseText(String(repeating: "(", count: 250) + "1" + String(repeating: ")", count: 250)).diagnostics.isEmpty)
    #expect(
      parseText(String(repeating: "(", count: 257) + "1" + String(repeating: ")", count: 257)).diagnostics.map(\.id)
        == ["E0090"])
  }

  @Test func mixedNestingIsBounded() {
    // The leftmost path is long through chains inside brackets inside chains.
    var text = "x"
    for _ in 0..<40 { text = "(" + text + String(repeating: " + 1", count: 60) + ")" }
    checkSane(parseText(text), "sums in parentheses")
    #expect(parseText(text).diagnostics.map(\.id) == ["E0091"])
  }

  @Test func longLines() {
    let count = 30_000
    let texts = [
      "let xs = [" + String(repeating: "1234567, ", count: count) + "]", "# " + String(repeating: "é", count: 500_000),
      "let x = \"" + String(repeating: "x", count: 1_000_000) + "\"",
      "let s = \"" + String(repeating: "x{y}", count: count) + "\"", String(repeating: "a ", count: count * 2),
      String(repeating: "a.", count: count * 2), String(repeating: "\u{FFFD}", count: count),
      String(repeating: "$ ", count: count),
      String(repeating: "\"", count: count), String(repeating: "'", count: count + 1),
      String(repeating: "0x", count: count),
      String(repeating: "(]", count: count),
      String(repeating: "({[", count: count) + String(repeating: ")", count: count),
      "f(" + String(repeating: "x -> ", count: 1) + String(repeating: "y,", count: count) + ")",
      "x" + String(repeating: ";", count: count), String(repeating: "“", count: 3000),
      String(repeating: "}", count: count),
    ]
    let clock = ContinuousClock()
    for text in texts {
      let time = clock.measure { checkSane(parseText(text), String(text.prefix(20))) }
      #expect(time < .seconds(10), "\(text.prefix(20)) took \(time)")
    }
    let long = parseText("let xs = [" + String(repeating: "1234567, ", count: count) + "] $ 日本語")
    let drawn = DiagnosticPrinter().full(long.diagnostics)
    #expect(drawn.utf8.count < 1000 && drawn.contains("$"))
  }

  /// Samples with pieces cut, doubled, swapped or replaced; always a tree, and the drawing of its errors never fails
  /// either.
  /// `EXP_FUZZ_SEED` makes others, `EXP_FUZZ_ROUNDS` so many times as many.
  @Test func mutations() throws {
    let environment = ProcessInfo.processInfo.environment
    let rounds = 3000 * max(1, Int(environment["EXP_FUZZ_ROUNDS"] ?? "") ?? 1)
    var random = SplitMix(state: UInt64(environment["EXP_FUZZ_SEED"] ?? "") ?? 7)
    let sources = try fixtures().map { Array($0.text.utf8) }
    let pieces = [
      "(", ")", "[", "]", "{", "}", "\"", "'", "\"\"\"", "->", "=", "..", "...", "\n", ";", ",", ":", " if ", " else ",
      " for ", " in ", " let ",
      " fn ", "#", "##", "\n## ", " not ", "-", "+", "≈", " within ", "\\", "\u{FFFD}", "0x", "1e", ".", "?.", "??",
      " sweep ", " where ", " zip ",
      " paired ", " by ", " try ", " catch ", "\0", "é", "😀", "\r\n", "&&", " expect ", " fails ", "@", "{{", "}}",
    ].map { Array($0.utf8) }
    let printer = DiagnosticPrinter(color: true)
    for round in 0..<rounds {
      var bytes = sources[Int.random(in: 0..<sources.count, using: &random)]
      // Whole samples now and then, otherwise a window, which is quicker.
      if round % 10 != 0 {
        let start = Int.random(in: 0..<bytes.count, using: &random)
        bytes = Array(bytes[start..<min(bytes.count, start + 400)])
      }
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        guard !bytes.isEmpty else { break }
        let at = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, at + Int.random(in: 0...30, using: &random))
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes.removeSubrange(at..<end)
        case 1: bytes.insert(contentsOf: pieces[Int.random(in: 0..<pieces.count, using: &random)], at: at)
        case 2: bytes.insert(contentsOf: bytes[at..<end], at: at)
        case 3: bytes[at] = UInt8.random(in: 0...255, using: &random)
        default: bytes.removeSubrange(at...)
        }
      }
      let text = String(decoding: bytes, as: UTF8.self)
      if let path = environment["EXP_FUZZ_LAST"] {
        try text.write(toFile: path + "-syntax", atomically: false, encoding: .utf8)
      }
      let result = parseText(text, name: "mutation \(round)")
      checkSane(result, "round \(round): \(text)")
      if round % 5 == 0 {
        for d in result.diagnostics { _ = printer.full(d).count + printer.short(d).count + printer.json(d).count }
      }
    }
  }

  @Test func everyTruncationOfASample() throws {
    let text = try #require(fixtures().first { $0.name == "landscape.exp" }).text
    let bytes = Array(text.utf8)
    for end in stride(from: 0, to: bytes.count, by: 7) {
      checkSane(parseText(String(decoding: bytes[..<end], as: UTF8.self)), "cut at \(end)")
    }
  }
}
