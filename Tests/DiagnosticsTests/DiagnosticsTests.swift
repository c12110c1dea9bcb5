import Foundation
import Testing

@testable import Diagnostics

/// A span of the first occurrence of `part` in a file.
private func place(_ part: String, in file: SourceFile) -> Span {
  let text = String(decoding: file.bytes, as: UTF8.self)
  guard let range = text.range(of: part) else { return .none }
  let lower = text.utf8.distance(from: text.startIndex, to: range.lowerBound)
  return Span(file: file.id, lower: lower, upper: lower + part.utf8.count)
}

private func file(_ text: String, name: String = "study.exp") -> SourceFile {
  SourceStore.shared.add(name: name, text: text)
}

@Suite struct DrawingTests {
  let printer = DiagnosticPrinter()

  @Test func anErrorWithALabel() {
    let f = file("let a = 1\nprint(widht + 1)\n")
    let d = Diagnostic(
      "E0103", "nothing is named `widht` here", at: place("widht", in: f), label: "did you mean `width` (line 11)?")
    #expect(
      printer.full(d) == """
        error: nothing is named `widht` here                                                E0103
          study.exp:2:7
            2 │ print(widht + 1)
              │       ^^^^^ did you mean `width` (line 11)?

        """)
    #expect(
      printer.short(d) == "study.exp:2:7: error: nothing is named `widht` here; did you mean `width` (line 11)? [E0103]"
    )
  }

  @Test func aPlaceWithoutWordsHasNoBranch() {
    let store = SourceStore()
    let file = store.add(name: "a.exp", text: "one two")
    let problem = Diagnostic(
      "E0299", "twice", at: Span(file: file.id, lower: 4, upper: 7),
      notes: [Diagnostic.Note(Span(file: file.id, lower: 0, upper: 3), "the first")])
    let drawn = DiagnosticPrinter(store: store).full([problem])
    #expect(drawn.contains("│ ┬── ───\n") && drawn.hasSuffix("│ └ the first\n"), "\(drawn)")
  }

  @Test func placesOnOneLineBranch() {
    let f = file("  let y = x @ w", name: "demo.exp")
    let d = Diagnostic(
      "E0412", "these shapes cannot be multiplied", at: place("@", in: f),
      label: "the last axis of x (20) must equal the first of w (16)",
      notes: [.init(place("x", in: f), "x is [32, 20]"), .init(place("w", in: f), "w is [16, 10]")],
      help: ["did you mean relu(x @ v)?"])
    #expect(
      printer.full(d) == """
        error: these shapes cannot be multiplied                                            E0412
          demo.exp:1:13
            1 │   let y = x @ w
              │           ┬ ┬ ┬
              │           │ │ └ w is [16, 10]
              │           │ └ the last axis of x (20) must equal the first of w (16)
              │           └ x is [32, 20]
          help: did you mean relu(x @ v)?

        """)
  }

  @Test func wideCharactersAndTabsKeepTheUnderlineInPlace() {
    let f = file("\tlet 日本 = \"é😀\" + wrong")
    let d = Diagnostic("E0001", "m", at: place("wrong", in: f), label: "here")
    let lines = printer.full(d).split(separator: "\n")
    #expect(lines[1] == "  study.exp:1:18")
    #expect(lines[2] == "    1 │   let 日本 = \"é😀\" + wrong")
    let caret = String(lines[3]).components(separatedBy: "^")[0]
    let before = String(lines[2]).components(separatedBy: "wrong")[0]
    #expect(displayWidth(caret) == displayWidth(before))
    #expect(
      displayWidth("日本") == 4 && displayWidth("e\u{301}") == 1 && displayWidth("😀") == 2
        && displayWidth("a\u{200B}") == 1)
  }

  @Test func spansOfSeveralLines() {
    let f = file("let x = f(\n  1,\n  2\n) + 1")
    let d = Diagnostic("E0001", "m", at: place("f(\n  1,\n  2\n)", in: f), label: "all of it")
    #expect(
      printer.full(d) == """
        error: m                                                                            E0001
          study.exp:1:9
            1 │ let x = f(
              │         ^^ all of it
              ⋮
            4 │ ) + 1
              │ ^

        """)
  }

  @Test func notesElsewhereAndTheStack() {
    let f = file("let a = 1\n\nlet a = 2\n"), g = file("fn g() {\n  fail(1)\n}\n", name: "helper.exp")
    let frames =
      [Diagnostic.Frame(function: "g", span: place("fail(1)", in: g))]
      + Array(repeating: Diagnostic.Frame(function: "recurse", span: place("a = 1", in: f)), count: 500)
      + [Diagnostic.Frame(function: "<top level>", span: place("a = 2", in: f))]
    let d = Diagnostic(
      "E0200", "m", at: place("a = 2", in: f), label: "again",
      notes: [.init(place("a = 1", in: f), "first here"), .init(place("fn g", in: g), "and here")],
      stack: frames)
    #expect(
      printer.full(d) == """
        error: m                                                                            E0200
          study.exp:3:5
            3 │ let a = 2
              │     ^^^^^ again
            1 │ let a = 1
              │     ----- first here
          helper.exp:1:1
            1 │ fn g() {
              │ ---- and here
          in
            g            helper.exp:2:3
            recurse      study.exp:1:5 (500 times)
            <top level>  study.exp:3:5

        """)
    var deep: [Diagnostic.Frame] = []
    for i in 0..<100 { deep.append(.init(function: "f\(i)", span: place("a", in: f))) }
    let long = printer.full(Diagnostic("E0301", "m", at: place("a", in: f), stack: deep))
    #expect(long.contains("… 88 more") && long.contains("f99") && !long.contains("f50"))
    // Calls are counted, not lines.
    let run = Diagnostic.Frame(function: "same", span: place("a", in: f))
    deep.replaceSubrange(50..<52, with: Array(repeating: run, count: 7))
    #expect(printer.full(Diagnostic("E0301", "m", at: place("a", in: f), stack: deep)).contains("… 93 more"))
    deep = Array(repeating: run, count: 48) + [.init(function: "<top level>", span: place("a", in: f))]
    deep[23].leftOut = 950
    let text = printer.full(Diagnostic("E0301", "m", at: place("a", in: f), stack: deep))
    #expect(text.contains("same         study.exp:1:5 (24 times)\n    … 950 more\n    same "))
    #expect(printer.json(Diagnostic("E0301", "m", at: place("a", in: f), stack: deep)).contains("\"leftOut\":950"))
  }

  @Test func aStackOfTheMarkedPlaceAloneIsLeftOut() {
    let f = file("oops")
    let here = Diagnostic.Frame(function: "<top level>", span: place("oops", in: f))
    #expect(!printer.full(Diagnostic("E0201", "m", at: here.span, stack: [here])).contains("top level"))
    #expect(printer.full(Diagnostic("E0201", "m", at: here.span, stack: [here, here])).contains("<top level>"))
  }

  @Test func aVeryLongLineIsCut() {
    let f = file(
      "let xs = [" + String(repeating: "1, ", count: 40_000) + "oops]" + String(repeating: " ", count: 50_000))
    let d = Diagnostic("E0001", "m", at: place("oops", in: f), label: "here")
    let lines = printer.full(d).split(separator: "\n")
    #expect(lines.allSatisfy { displayWidth($0) <= 95 })
    #expect(lines[2].contains("oops]") && lines[2].contains("…"))
    let caret = String(lines[3]).components(separatedBy: "^^^^")[0]
    #expect(displayWidth(caret) == displayWidth(String(lines[2]).components(separatedBy: "oops")[0]))
  }

  @Test func colourOnlyRepeats() {
    let f = file("let a = b")
    let d = Diagnostic("E0103", "m", at: place("b", in: f), label: "l", help: ["h"], severity: .warning)
    let coloured = DiagnosticPrinter(color: true).full(d)
    #expect(coloured.contains("\u{1B}["))
    #expect(
      coloured.replacingOccurrences(of: "\u{1B}\\[[0-9;]*m", with: "", options: .regularExpression) == printer.full(d))
    #expect(printer.full(d).hasPrefix("warning: m"))
  }

  @Test func cellsOfTheREPLNameNoFile() {
    let f = file("oops", name: "<repl 3>")
    #expect(
      printer.full(Diagnostic("E0103", "m", at: place("oops", in: f))) == """
        error: m                                                                            E0103
            1 │ oops
              │ ^^^^

        """)
  }

  @Test func withoutAFile() {
    let d = Diagnostic("E0700", "a file is missing", at: .none, label: "digits.npz", help: ["download it"])
    #expect(
      printer.full(d) == """
        error: a file is missing                                                            E0700
          digits.npz
          help: download it

        """)
    #expect(printer.short(d) == "error: a file is missing; digits.npz [E0700]")
  }

  @Test func spansOutsideTheTextAreHarmless() {
    let f = file("ab")
    for span in [
      Span(file: f.id, lower: 100, upper: 200), Span(file: f.id, lower: 2, upper: 2),
      Span(file: 999_999, lower: 0, upper: 1),
    ] {
      #expect(printer.full(Diagnostic("E0001", "m", at: span, label: "x")).contains("error: m"))
    }
    #expect(printer.full(Diagnostic("E0001", "m", at: Span(file: file("").id, lower: 0, upper: 0))).contains("│ ^"))
  }

  @Test func jsonIsOneObject() throws {
    let f = file("let a = \"q\"\n")
    let d = Diagnostic(
      "E0103", "a \"b\"\n\u{1}", at: place("a", in: f), label: "l", notes: [.init(place("q", in: f), "n")], help: ["h"],
      stack: [.init(function: "f", span: place("q", in: f))])
    let text = printer.json(d)
    #expect(!text.contains("\n"))
    let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    #expect(object["id"] as? String == "E0103" && object["message"] as? String == "a \"b\"\n\u{1}")
    #expect(object["line"] as? Int == 1 && object["column"] as? Int == 5 && object["endColumn"] as? Int == 6)
    #expect((object["notes"] as? [[String: Any]])?.first?["column"] as? Int == 10)
    #expect((object["stack"] as? [[String: Any]])?.first?["function"] as? String == "f")
  }
}

@Suite struct NearestNameTests {
  @Test(arguments: [
    ("widht", ["width", "height"], "width"), ("optimiser", ["optimizer", "model"], "optimizer"),
    ("Width", ["width"], "width"),
    ("lenght", ["length", "lent"], "length"), ("accurracy", ["accuracy"], "accuracy"),
    ("trian", ["train", "trial"], "train"),
    ("sgdd", ["sgd", "adam"], "sgd"),
  ])
  func near(_ name: String, _ candidates: [String], _ nearest: String) {
    #expect(nearestName(name, among: candidates) == nearest)
  }

  @Test func far() {
    #expect(nearestName("x", among: ["y", "xs"]) == nil || nearestName("x", among: ["y"]) == nil)
    #expect(nearestName("x", among: ["y"]) == nil)
    #expect(nearestName("momentum", among: ["nesterov", "weight_decay"]) == nil)
    #expect(nearestName("a", among: [""]) == nil)
    #expect(nearestName("width", among: ["width"]) == nil)
  }

  @Test func distancesAgainstTheDefinition() {
    // The plain recursion over prefixes, on all words of two letters up to length 4.
    func slow(_ a: ArraySlice<Character>, _ b: ArraySlice<Character>) -> Int {
      if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
      var best = min(
        slow(a.dropLast(), b) + 1, slow(a, b.dropLast()) + 1,
        slow(a.dropLast(), b.dropLast()) + (a.last == b.last ? 0 : 1))
      if a.count > 1, b.count > 1, a.last == b.dropLast().last, b.last == a.dropLast().last {
        best = min(best, slow(a.dropLast(2), b.dropLast(2)) + 1)
      }
      return best
    }
    let words = (0..<31).map { n in Array(String(n + 1, radix: 2).dropFirst()) }
    for a in words {
      for b in words {
        let fast = editDistance(Array(String(a).unicodeScalars), Array(String(b).unicodeScalars), limit: 10)
        #expect(fast == slow(a[...], b[...]))
      }
    }
  }
}

@Suite struct SourceFileTests {
  @Test func positionsCountCharacters() {
    let f = file("é=1\r\nx\n\n日本 y")
    #expect(f.position(0) == (1, 1))
    #expect(f.position(3) == (1, 3))
    #expect(f.position(6) == (2, 1))
    #expect(f.position(8) == (3, 1))
    #expect(f.position(16) == (4, 4))
    #expect(
      f.line(1) == "é=1" && f.line(2) == "x" && f.line(3) == "" && f.line(4) == "日本 y" && f.line(5) == ""
        && f.line(0) == "")
    #expect(f.text(Span(file: f.id, lower: 0, upper: 2)) == "é")
    #expect(SourceStore.shared.file(f.id) === f)
    #expect(SourceStore.shared.file(0) == nil)
  }

  @Test func spansJoin() {
    let a = Span(file: 1, lower: 4, upper: 6), b = Span(file: 1, lower: 1, upper: 5)
    #expect(a.joined(b) == Span(file: 1, lower: 1, upper: 6))
    #expect(Span(file: 1, lower: 5, upper: 2).upper == 5)
    #expect(Span(file: 1, lower: -5, upper: .max).lower == 0)
  }
}
