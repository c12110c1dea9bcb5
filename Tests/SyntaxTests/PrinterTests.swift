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
    for (name, text) in try fixtures() + repositorySources() + specs() { checkPrinted(text, name) }
  }

  @Test func commentsAlone() {
    for form in [
      "if a { # yes\n}", "if a {\n  # yes\n} else { # no\n  # nothing\n}", "fn f() { # nothing\n}",
      "f = fn() {\n# a\n}",
      "for x in xs { # a\n}", "while a { # a\n # b\n}", "try { # a\n} catch e { # b\n}", "claim \"c\" { # a\n}",
      "test \"t\" { # a\n}", "sweep x in xs { # a\n}", "let y = if a { # a\n} else { 1 }", "xs.map(fn(x) { # a\n})",
    ] {
      checkPrinted("var f = 1\nvar a = true\nlet xs = []\n" + form, form)
    }
  }

  /// Comments stay behind what they stand behind, and in the brackets that they stand in.
  @Test(arguments: [
    ("[1, # a\n2 # b\n]", "[1,  # a\n 2  # b\n]\n"), ("[1, 2\n  # own\n]", "[1, 2\n # own\n]\n"),
    ("[\n1,\n2 # b\n]", "[\n  1,\n  2,  # b\n]\n"), ("[\n1\n# own\n]", "[\n  1,\n  # own\n]\n"),
    ("[ # nothing\n]", "[\n  # nothing\n]\n"), ("{ a: 1, # a\nb: 2 # b\n}", "{ a: 1,  # a\n  b: 2  # b\n}\n"),
    ("f(1, # a\n2 # b\n)", "f(1,  # a\n  2  # b\n)\n"), ("f(\n1, # a\n# own\n)", "f(\n  1  # a\n  # own\n)\n"),
    ("fn f(a,\nb = (2) # b\n# own\n) = a", "fn f(a,\n     b = 2  # b\n     # own\n) = a\n"),
    ("fn f(\na,\nb # b\n) { a }", "fn f(\n  a,\n  b  # b\n) { a }\n"),
    ("[x # a\nfor x in xs # b\n# own\n]", "[x  # a\n for x in xs  # b\n # own\n]\n"),
    ("fn f() {\na # a\n# own\n}", "fn f() {\n  a  # a\n  # own\n}\n"),
    ("let y = # a\n# own\n1", "let y =  # a\n  # own\n  1\n"), ("a + # a\n# own\nb", "a +  # a\n  # own\n  b\n"),
    ("let { a, # a\n b: c # b\n } = r", "let { a,  # a\n      b: c  # b\n} = r\n"),
    ("let {\na,\n# own\nb,\n} = r", "let {\n  a,\n  # own\n  b\n} = r\n"),
    (
      "let [ # first\na, [b, # b\n c], ... # rest\n] = r",
      "let [\n  # first\n  a, [b,  # b\n      c], ...  # rest\n] = r\n"
    ),
    ("var [a, # a\n ...b # b\n# own\n] = r", "var [a,  # a\n     ...b  # b\n     # own\n] = r\n"),
    ("let { # none\n } = r", "let {\n  # none\n} = r\n"), ("let { a,\nb } = r", "let { a, b } = r\n"),
    ("for { a, # a\nb } in r { a }", "for { a,  # a\n      b } in r { a }\n"),
    ("fn f({ a, # a\nb }, c) = a", "fn f({ a,  # a\n       b }, c) = a\n"),
    ("[a for { a, # a\nb } in r]", "[a for { a,  # a\n         b } in r]\n"),
    ("a < # a\nb", "a <  # a\n  b\n"), ("xs # a\n# own\n.f()", "xs  # a\n  # own\n  .f()\n"),
  ])
  func commentsStay(_ text: String, _ printed: String) {
    #expect(printSource(parseText(text).tree) == printed)
    checkPrinted(text, text)
  }

  /// A text keeps the comments in its interpolations, and nobody else gets them.
  @Test(arguments: [
    "print(\"\"\"\n  {[1,  # c\n    2]}\n  \"\"\")\n",
    "print(  # a\n  \"\"\"\n  {f(1,  # b\n    2)} {3  # c\n    }\n  \"\"\",  # d\n  2,\n)\nlet x = 1  # e\n",
  ])
  func commentsInTexts(_ text: String) {
    #expect(parseText(text).diagnostics.isEmpty)
    let printed = printSource(parseText(text).tree)
    #expect(printed.components(separatedBy: "#").count == text.components(separatedBy: "#").count)
    checkPrinted(text, text)
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
      var text = (0..<Int.random(in: 1...6, using: &random)).map { _ in
        lines[Int.random(in: 0..<lines.count, using: &random)]
      }
      .joined(separator: "\n")
      for _ in 0..<Int.random(in: 0...3, using: &random) {
        let at = text.index(text.startIndex, offsetBy: Int.random(in: 0...text.count, using: &random))
        let piece = [" ", "\n", " # note\n", "\n\n\n", "\n  # own\n", "(", ")", ";"][
          Int.random(in: 0..<8, using: &random)]
        text.insert(contentsOf: piece, at: at)
      }
      if parseText(text).diagnostics.isEmpty { printed += 1 }
      checkPrinted(text, "round \(round):\n\(text)")
    }
    #expect(printed > 200)
  }

  /// Statements of the samples with lines drawn together onto one and lines broken at spaces.
  @Test func mangledSamples() throws {
    var random = SplitMix(state: 19)
    var printed = 0
    for (name, text) in try fixtures() + repositorySources() + specs() {
      let all = Array(text.utf8)
      for statement in parseText(text).tree.statements {
        let lower = Int(statement.span.lower), upper = Int(statement.span.upper)
        guard upper - lower < 4000 else { continue }
        let bytes = Array(all[lower..<upper])
        for joins in [2, 4, 10] {
          var mangled: [UInt8] = [], last: UInt8 = 0x7B
          for (at, byte) in bytes.enumerated() {
            let isJoined = byte == 0x0A && Int.random(in: 0..<10, using: &random) < joins
            let next = bytes[at...].first { $0 != 0x20 && $0 != 0x0A } ?? 0x7D
            // Behind an opener or a comma and before a closer nothing ends a statement.
            if isJoined, ![0x7B, 0x5B, 0x28, 0x2C].contains(last), ![0x7D, 0x5D, 0x29].contains(next) {
              mangled.append(0x3B)
            }
            let isBroken = byte == 0x20 && Int.random(in: 0..<200, using: &random) < joins
            mangled.append(isJoined ? 0x20 : isBroken ? 0x0A : byte)
            if byte != 0x20 { last = byte }
          }
          let piece = String(decoding: mangled, as: UTF8.self)
          guard parseText(piece).diagnostics.isEmpty else { continue }
          printed += 1
          checkPrinted(piece, "\(name):\n\(piece)")
        }
      }
    }
    #expect(printed > 2000)
  }

  /// Without the source the printer spells everything itself, as for code that no file holds.
  @Test func withoutTheSource() throws {
    let texts = GrammarTests.forms.map(\.text) + (try fixtures().map(\.text))
    let empty = SourceStore.shared.add(name: "empty", text: "")
    for text in texts {
      let tree = parseText(text).tree
      let bare = SyntaxTree(file: empty, statements: tree.statements, nodeCount: tree.nodeCount, comments: [])
      let printed = printSource(bare)
      let second = parseText(printed)
      #expect(second.diagnostics.map(\.message) == [], "\(text) was printed as\n\(printed)")
      #expect(sameStructure(tree, second.tree), "\(text) was printed as\n\(printed)")
    }
  }

  /// Random expressions with parentheses around every part keep their structure when printed without them.
  @Test func randomExpressions() {
    var random = SplitMix(state: 3)
    let empty = SourceStore.shared.add(name: "empty", text: "")
    let signs = [
      "+", "-", "*", "/", "//", "%", "@", "^", "++", "..", "..<", "??", "==", "<", "in", "≈", "and", "or",
    ]
    func expression(_ depth: Int) -> String {
      if depth == 0 { return ["a", "b", "1", "2.5", "\"s\"", "none"][Int.random(in: 0..<6, using: &random)] }
      func part() -> String { "(" + expression(Int.random(in: 0..<depth, using: &random)) + ")" }
      switch Int.random(in: 0..<16, using: &random) {
      case 0: return "-" + part()
      case 1: return "not " + part()
      case 2: return part() + ".f"
      case 3: return part() + "(" + part() + ", x: " + part() + ")"
      case 4: return part() + "[" + part() + "]"
      case 5: return "x -> " + part()
      case 6: return "if " + part() + " { " + part() + " } else { " + part() + " }"
      case 7: return "{ a: " + part() + ", ..." + part() + ", (" + part() + "): " + part() + " }"
      case 8: return "[" + part() + ", ..." + part() + "]"
      case 9: return part() + " ≈ " + part() + " within " + part()
      case 10: return part() + ".." + part() + " by " + part()
      default: return part() + " " + signs[Int.random(in: 0..<signs.count, using: &random)] + " " + part()
      }
    }
    for _ in 0..<2000 {
      let text = "let x = " + expression(4)
      let first = parseText(text)
      #expect(first.diagnostics.isEmpty, "\(text)")
      let tree = first.tree
      let bare = SyntaxTree(file: empty, statements: tree.statements, nodeCount: tree.nodeCount, comments: [])
      let printed = printSource(bare)
      #expect(sameStructure(tree, parseText(printed).tree), "\(text)\nwas printed as\n\(printed)")
      checkPrinted(text, text)
    }
  }

  @Test(arguments: [
    ("let   x=1+2 *3", "let x = 1 + 2 * 3\n"), ("(a+b)*c", "(a + b) * c\n"), ("a+(b*c)", "a + (b * c)\n"),
    ("((a))", "a\n"),
    ("-(x^2)", "-(x^2)\n"), ("(-x)^2", "(-x)^2\n"), ("not (a and b)", "not (a and b)\n"),
    ("f( x,y , z:1 )", "f(x, y, z: 1)\n"),
    ("{a:1,b}", "{ a: 1, b }\n"), ("fn f(x){x}", "fn f(x) { x }\n"), ("fn f(x){x;y}", "fn f(x) {\n  x\n  y\n}\n"),
    ("if a{1}\nelse{2}", "if a { 1 } else { 2 }\n"), ("[\n1,\n2]", "[\n  1,\n  2,\n]\n"), ("[1,\n2]", "[1,\n 2]\n"),
    ("x  # why", "x  # why\n"), ("x # why", "x  # why\n"), ("\n\n\nx\n\n\n\ny", "x\n\ny\n"),
    ("##a\n##  b", "## a\n##  b\n"),
    (" ## c\nx", " ## c\nx\n"), ("f(a, # one\n  b) # two", "f(a,  # one\n  b)  # two\n"),
    ("a .b()\n.c", "a.b()\n  .c\n"), ("x->(y)", "x -> y\n"),
    ("0xFF+1_000", "0xFF + 1_000\n"), ("(x -> x)(1)", "(x -> x)(1)\n"), ("2^-1", "2^-1\n"),
    ("(-9223372036854775808).f", "(-9223372036854775808).f\n"), ("1..n-1", "1..n - 1\n"),
    ("## a  \n## b \n##  \nx", "## a  \n## b\n##\nx\n"), ("## a   ", "## a   \n"),
    ("test \"a\" { for n in xs { a; b } }", "test \"a\" {\n  for n in xs {\n    a\n    b\n  }\n}\n"),
    (
      "for n in xs { try { a; b } catch e { c } }",
      "for n in xs {\n  try {\n    a\n    b\n  } catch e {\n    c\n  }\n}\n"
    ),
    (
      "if a { 1 } else { for n in xs { a; b } }",
      "if a {\n  1\n} else {\n  for n in xs {\n    a\n    b\n  }\n}\n"
    ),
    ("expect fails { f(fn(x) { a; b })(1) }", "expect fails {\n  f(fn(x) {\n    a\n    b\n  })(1)\n}\n"),
    ("", ""), ("# only", "# only\n"),
  ])
  func tidies(_ text: String, _ printed: String) {
    #expect(printSource(parseText(text).tree) == printed)
    checkPrinted(text, text)
  }

  @Test func longLinesAreBroken() {
    let names = (1...30).map { "argument\($0)" }
    for text in [
      "let x = f(\(names.joined(separator: ", ")))", "let x = \(names.joined(separator: " + "))",
      "let x = [\(names.joined(separator: ", "))]",
      "let x = \(names[0])" + names.map { ".\($0)()" }.joined(),
      "if \(names.joined(separator: " and ")) { 1 } else { 2 }",
      "fn f(\(names.joined(separator: ", "))) { 1 }", "let x = { \(names.map { "\($0): 1" }.joined(separator: ", ")) }",
    ] {
      let printed = printSource(parseText(text).tree)
      for line in printed.split(separator: "\n") { #expect(line.count <= 120, "\(line)") }
      #expect(printed.contains("\n"))
      checkPrinted(text, text)
    }
  }
}
