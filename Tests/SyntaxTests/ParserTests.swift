import Diagnostics
import Syntax
import Foundation
import Testing

/// Spans, recovery, words that are only sometimes words, and the end of the text.
@Suite struct ParserTests {
  /// The source text of every expression of the tree that `pick` accepts.
  private func statement(_ text: String) throws -> Statement { try #require(parseText(text).tree.statements.first) }

  @Test func spansCoverTheirText() throws {
    let text = "let total = (a + b).sum(x: 1)[2] # note"
    let result = parseText(text)
    let file = result.tree.file
    guard case .letBinding(let pattern, let value) = result.tree.statements[0].kind else { return #expect(Bool(false)) }
    #expect(file.text(pattern.span) == "total")
    #expect(file.text(value.span) == "(a + b).sum(x: 1)[2]")
    guard case .index(let call, _) = value.kind, case .call(let field, _) = call.kind,
      case .field(let sum, let name) = field.kind
    else { return #expect(Bool(false)) }
    #expect(file.text(call.span) == "(a + b).sum(x: 1)")
    #expect(file.text(field.span) == "(a + b).sum")
    #expect(file.text(sum.span) == "a + b")
    #expect(file.text(name.span) == "sum")
    #expect(result.tree.comments.map(\.text) == ["# note"])
    #expect(file.text(result.tree.statements[0].span) == "let total = (a + b).sum(x: 1)[2]")
  }

  @Test func idsAreDenseAndUnique() throws {
    for (name, text) in try fixtures() {
      let tree = parseText(text, name: name).tree
      var ids = IDs()
      for s in tree.statements { ids.add(outline: s) }
      #expect(tree.nodeCount > 100, "\(name)")
      #expect(ids.seen.allSatisfy { $0 >= 0 && $0 < tree.nodeCount }, "\(name)")
      #expect(Set(ids.seen).count == ids.seen.count, "\(name)")
    }
  }

  @Test func severalIndependentErrors() {
    let text = """
      let a = 1 +
      let b = [1, 2
      fn f(x) {
        let = 3
        x ** 2
      }
      let c = 5 5
      if a = 1 { b }
      let d = 2
      """
    #expect(errors(text) == ["E0029", "E0021", "E0020", "E0001", "E0020", "E0033"])
  }

  @Test func errorsInOneBlockLeaveTheRestAlone() {
    let result = parseText("fn f(x) {\n  let y = )\n  y + 1\n}\nfn g(x) { x $ 1 }\nlet z = f(2)")
    #expect(result.diagnostics.count == 2)
    #expect(result.tree.statements.count == 3)
    guard case .letBinding = result.tree.statements[2].kind else { return #expect(Bool(false)) }
  }

  @Test(arguments: [
    "let x =", "f(", "f(1,", "[1, 2", "{ a: 1", "fn f(x) {", "if x {\n  1", "if x { 1 } else", "x +",
    "let s = \"\"\"\n text", "x ->",
    "fn f() { try { 1 }", "[1, try { 1 }", "try {", "try", "try { 1 } catch", "sweep x in", "for x in xs", "x.", "not",
    "while", "a ?? ",
    "fn f(x)", "(x, y)  ->",
    "claim \"x\"", "{ a: [1, (2",
    "let", "x = ", "let f = fn(x) {\n  let y = x\n", "option n = 1 in",
  ])
  func unfinished(_ text: String) {
    #expect(parseText(text).isIncomplete, "\(text)")
    #expect(parseText(text + "\n").isIncomplete, "\(text), newline")
    #expect(!parseText(text).diagnostics.isEmpty)
  }

  @Test(arguments: [
    "let x = 1", "f(1))", "\"abc", "'abc", "let = ", "x + )", "if x { 1 }", "", "# (", "## prose", "let x = [1, $\n",
    "fn f(x) }", "f(1 2", "return",
    "let s = \"a{x\"", "def f(x", "\"\\q\" +",
    "try { 1 }", "let x = try { 1 }", "1 + try { 1 }", "try { 1 }\n7",
    "[i, j for i in 0..3]", "(1, 2)", "let f = ()", "xs[]", "f(a: 1, 2)", "f(x) = 1", "fn f(a, a) { 1 }",
  ])
  func finished(_ text: String) {
    #expect(!parseText(text).isIncomplete, "\(text)")
  }

  /// A next line that begins with `else` or `catch` is a part of the statement; any other is not.
  @Test func theNextLineMayGoOn() {
    for text in ["try { 1 }", "let x = try { 1 }\n", "1 + try { 1 }", "if a { 1 }", "x = if a { 1 } else if b { 2 }"] {
      #expect(mayGoOn(text), "\(text)")
    }
    for text in [
      "try { 1 } catch e { 2 }", "try { 1 }\n7", "{ try { 1 } }", "if a { 1 } else { 2 }", "f(try { 1 })", "",
    ] {
      #expect(!mayGoOn(text), "\(text)")
    }
    #expect(continuesStatement("  catch e { 2 }") && continuesStatement("else { 2 }") && !continuesStatement("7"))
  }

  @Test func proseIsDocumentationOnlyDirectlyAbove() {
    #expect(shape("## a\n## b\nfn f() { }") == #"[(## "a\nb") (def f "a\nb" (fn [] {}))]"#)
    #expect(shape("## a\n\nfn f() { }") == #"[(## "a") (def f (fn [] {}))]"#)
    #expect(shape("## a\n\n## b\nfn f() { }") == #"[(## "a") (## "b") (def f "b" (fn [] {}))]"#)
    #expect(shape("x\n ## no prose\n[\n## nor this\n1]") == "[x (list 1)]")
    #expect(shape("#x\n##y\n###z") == #"[(## "y\n#z")]"#)
  }

  @Test func softWordsAreNamesElsewhere() {
    for word in [
      "param", "state", "option", "seed", "cite", "claim", "test", "use", "where", "zip", "paired", "by", "as",
      "within", "fails",
    ] {
      #expect(
        shape("let \(word) = 1\n\(word)\n\(word) += 2\n\(word)(\(word): \(word)).\(word)[\(word)]") == """
          [(let \(word) 1) \(word) (+= \(word) 2) (at (. (call \(word) \(word):\(word)) \(word)) \(word))]
          """, "\(word)")
      #expect(
        shape("fn \(word)(\(word) = 1) = \(word) -> \(word)")
          == "[(def \(word) (fn [\(word)=1] (fn [\(word)] \(word))))]")
      #expect(shape("{ \(word): 1, a: \(word) }") == "[(rec \"\(word)\":1 \"a\":\(word))]")
    }
    #expect(
      shape("for where in zip { paired }\n[by for by in within]")
        == "[(for where zip {paired}) (each by (for by within))]")
  }

  @Test func reservedWordsStandAfterPointsAndBeforeColons() {
    for word in [
      "let", "var", "fn", "if", "else", "for", "while", "in", "break", "continue", "return", "try", "catch", "and",
      "or", "not",
      "true", "false", "none", "sweep", "show", "expect",
    ] {
      #expect(shape("x.\(word)") == "[(. x \(word))]")
      #expect(shape("f(\(word): 1)") == "[(call f \(word):1)]")
      #expect(shape("{ \(word): 1 }") == "[(rec \"\(word)\":1)]")
      #expect(!errors("let \(word) = 1").isEmpty)
    }
  }

  @Test func minusAtTheStartOfALine() {
    #expect(shape("fn f(x) {\n  let y = x\n  -y\n}") == "[(def f (fn [x] {(let y x) (- y)}))]")
    #expect(errors("let y = x\n  -z") == ["E0024"])
    #expect(errors("let y = x\n- z") == ["E0024"])
    #expect(shape("let y = (x\n  - z)") == "[(let y (- x z))]")
    #expect(shape("-z") == "[(- z)]")
  }

  @Test func textDropsItsIndent() {
    #expect(shape("\"\"\"\n  a\n\n    b\n  \"\"\"") == #"[(str "a\n\n  b")]"#)
    #expect(shape("\"\"\"a\n  b\"\"\"") == #"[(str "a\nb")]"#)
    #expect(shape("\"\"\"\"a\" \\\"\"\" b\"\"\"") == #"[(str "\"a\" \"\"\" b")]"#)
    #expect(shape("\"\"\"\r\n  a\r\n  b\r\n  \"\"\"") == #"[(str "a\nb")]"#)
    #expect(shape("\"\"\"\n\"\"\"") == #"[(str "")]"#)
    #expect(shape("\"\"\"\n  {x}\n    {y:.2f} z\n  \"\"\"") == #"[(str x "\n  " y: ".2f" " z")]"#)
  }

  @Test func integers() {
    #expect(shape("0xFF_FF") == "[65535]")
    #expect(errors("9223372036854775808") == ["E0009"])
    #expect(errors("0xffffffffffffffff") == ["E0009"])
    #expect(shape("1 - -9_223_372_036_854_775_808") == "[(- 1 -9223372036854775808)]")
    #expect(errors("-9223372036854775808^2") == ["E0009"])
    #expect(shape("0x7fffffffffffffff") == "[9223372036854775807]")
    #expect(shape("1e3 + 1.5e-3 + 1E+2") == "[(+ (+ 1000.0f 0.0015f) 100.0f)]")
  }

  @Test func errorsAreLimited() {
    #expect(parseText(String(repeating: "let = )\n", count: 5000)).diagnostics.count == SyntaxLimits.diagnostics)
  }
}

/// Collects the ids of a tree's nodes and names.
private struct IDs {
  var seen: [Int] = []

  mutating func add(outline s: Statement) { walk(Mirror(reflecting: s)) }

  private mutating func walk(_ mirror: Mirror) {
    for child in mirror.children {
      if child.label == "id", let id = child.value as? Int { seen.append(id) }
      // A sweep's coordinates are also the parameters of its body.
      if let sweep = child.value as? Sweep {
        for axis in sweep.axes { walk(Mirror(reflecting: axis.values)) }
        walk(Mirror(reflecting: sweep.body))
        if let condition = sweep.condition { walk(Mirror(reflecting: condition)) }
        for name in sweep.pairedBy ?? [] { seen.append(name.id) }
        continue
      }
      // Shared on purpose: the tree of a pattern parameter is also in the body.
      if child.label == "pattern", child.value is Pattern? { continue }
      walk(Mirror(reflecting: child.value))
    }
  }
}

extension Statement {
  fileprivate var isFunction: Bool { if case .function = kind { true } else { false } }
}

/// The interface of a file, read without its insides.
@Suite struct InterfaceTests {
  private func names(_ text: String) -> [String]? {
    interface(of: SourceStore.detached(name: "x", text: text))?.definitions.map { definition in
      definition.name
        + (definition.parameters.map { "(" + $0.map(\.name.text).joined(separator: " ") + ")" } ?? "")
    }
  }

  @Test func headsAreReadAndInsidesAreNot() {
    let text = """
      ## fn prose(x) = 1
      let one = 1
      fn two(a, b = ")", ...rest) {
        fn inner(y) = y
        let hidden = 2
      }
      fn long(
        first: tensor,
        { x, y },
        last = [1, (2)],
      ) = broken (
      test "fn none(x)" { 1 }
      """
    #expect(names(text)?.filter { !$0.contains("long") } == ["one", "two(a b rest)"])
    #expect(names(text)?.count == 3)
  }

  /// Where each definition stands, up to the next statement; parsed alone its spans are those of the file.
  @Test func eachDefinitionHasItsPlace() throws {
    let text = """
      ## What follows.
      fn one(x) = x +
        1

      # a comment
      fn two(
        x,
      ) {
        x
      }
      test "two" { two(1) == 1 }
      """
    let file = SourceStore.detached(name: "x", text: text)
    let found = try #require(interface(of: file))
    #expect(found.isOnlyFunctions)
    let texts = found.definitions.map { definition in
      definition.place.map { file.text(Span(file: file.id, lower: $0.lowerBound, upper: $0.upperBound)) } ?? ""
    }
    #expect(texts == ["fn one(x) = x +\n  1\n\n", "fn two(\n  x,\n) {\n  x\n}\n"])
    for (definition, whole) in zip(found.definitions, parse(file).tree.statements.filter { $0.isFunction }) {
      let part = parse(file, part: try #require(definition.place))
      #expect(part.diagnostics.isEmpty && part.tree.statements.map(\.span) == [whole.span])
    }
    for other in ["let y = 1", "use nn", "print(1)", "option z = 1 in 0..2", "\u{FEFF}"] {
      let file = SourceStore.detached(name: "x", text: other + "\n" + text)
      #expect(interface(of: file)?.isOnlyFunctions != true, "\(other)")
    }
  }

  @Test func whatCannotBeToldIsLeftToTheParser() {
    for text in [
      "fn f(a, # why\n b) = 1", "fn f(a = \"{x}\") = 1", "let s = \"\"\"\nfn f(x) = 1\n\"\"\"", "fn f(a", "fn (",
    ] {
      #expect(names(text) == nil, "\(text)")
    }
  }
}
