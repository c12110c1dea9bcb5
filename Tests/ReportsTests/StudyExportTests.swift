import Notation
import Records
import Testing

@testable import Reports

/// Documents and notebooks say what the report says, and texts of a study are never markup in them.
@Suite struct StudyExportTests {
  private func study(_ items: [StudyRecord.Item], title: String = "A title") -> StudyRecord {
    var run = RunRecord(id: "a-1", study: "a", options: [.init("noise", .float(0.2))], seed: 7)
    run.state = .done
    run.versions = [.init("exp", .string("0.1.0"))]
    run.started = "2026-11-20T10:00:00Z"
    return StudyRecord(title: title, run: run, items: items)
  }

  static let hostile = "<script>alert(1)</script> | `x` [a](http://b) ![c](d) *e* _f_ # g\n> h"

  @Test func everyKindOfItemIsThere() {
    let table = Table(
      columns: [.init("x", [.int(1), .int(2)]), .init("y", [.float(0.5), .none])], failures: [1: "diverged"])
    let text = StudyExport.markdown(
      study([
        .prose("# A title\n\nSome *prose*."), .code([.init("let x = 1")]), .value(name: "x", .int(41)),
        .table(name: "runs", table, file: ""), .figure(Figure(title: "Fig", marks: []), stem: ""),
        .claim(.init(text: "it holds", holds: true, numbers: [.init("peak", .int(56))])),
        .claim(.init(text: "it does not", holds: false, error: "why")), .printed("said ```"),
        .citation("Someone 2020, *A title*"),
        .error("wrong"), .coverage(.init(name: "runs", counts: .init(total: 60, done: 57, failed: 3))),
      ])
    ) { "pictures/\($0).svg" }
    for piece in [
      "# A title\n\nSome *prose*.", "```exp\nlet x = 1\n```", "41",
      "| x | y | error |\n| --- | --- | --- |\n| 1 | 0.5 |  |\n| 2 | none | diverged |",
      "![Fig](pictures/1.svg)", "- [x] it holds — peak 56", "- [ ] it does not — why", "````\nsaid ```\n````",
      "> Someone 2020, *A title*", "wrong", "57 of 60", "a-1 · seed 7 · noise 0.2 · Exp 0.1.0 · 2026-11-20",
    ] {
      #expect(text.contains(piece), "\(piece) in\n\(text)")
    }
    #expect(!text.contains("# A title\n\n# A title"))
  }

  @Test func textsAreNoMarkup() throws {
    let line = MarkdownText.line(StudyExportTests.hostile)
    #expect(
      !line.contains("\n") && !line.replacing("\\<", with: "").contains("<") && line.contains("\\<script\\>")
        && line.contains("\\|"))
    #expect(MarkdownText.line("$x$ and 5$") == "\\$x\\$ and 5\\$")
    let table = Table(columns: [.init(StudyExportTests.hostile, [.string(StudyExportTests.hostile)])])
    let text = StudyExport.markdown(study([.table(name: "t", table, file: "")], title: StudyExportTests.hostile)) { _ in
      ""
    }
    #expect(
      !text.replacing("\\<", with: "").contains("<")
        && text.split(separator: "\n").filter { $0.hasPrefix("| ") }.count == 3)
    let notebook = StudyExport.notebook(study([.table(name: "t", table, file: "")]))
    let page = try #require(
      try JSON.read(Array(notebook.utf8))["cells"]?.array?[1]["outputs"]?.array?[0]["data"]?["text/html"]?.string)
    #expect(!page.contains("<script") && page.contains("&lt;script&gt;"))
  }

  /// Prose has the title only where it begins with a heading.
  @Test func titlesStandOnce() {
    func text(_ prose: String) -> String { StudyExport.markdown(study([.prose(prose)])) { _ in "" } }
    #expect(text("# A title\n\nmore").hasPrefix("# A title\n\nmore") && text("#1 of all").hasPrefix("# A title\n\n"))
  }

  @Test func longTablesAreCut() {
    let table = Table(columns: [.init("x", (0..<1000).map { .int($0) })])
    let text = StudyExport.markdown(study([.table(name: "t", table, file: "")])) { _ in "" }
    #expect(text.contains("60 of 1000 rows") && !text.contains("| 60 |"))
  }

  @Test func aNotebookHasResultsBehindTheCodeThatShowedThem() throws {
    let json = try JSON.read(
      Array(
        StudyExport.notebook(
          study([
            .printed("before"), .prose("Prose."), .code([.init("show x")]), .value(name: "x", .int(41)), .printed("hi"),
            .figure(Figure(title: "Fig", marks: []), stem: ""),
          ])
        ).utf8))
    #expect(json["nbformat"]?.int == 4)
    let cells = try #require(json["cells"]?.array)
    #expect(cells.map { $0["cell_type"]?.string } == ["markdown", "code", "markdown", "code", "markdown"])
    #expect(Set(cells.compactMap { $0["id"]?.string }).count == cells.count)
    let outputs = try #require(cells[3]["outputs"]?.array)
    #expect(outputs.map { $0["output_type"]?.string } == ["display_data", "stream", "display_data"])
    #expect(outputs[2]["data"]?["image/svg+xml"]?.string?.hasPrefix("<svg") == true)
  }

  /// Captions, claims and sources are Markdown; what looks like HTML in them and in prose is text.
  @Test func markupStaysAndTagsAreText() {
    let figure = Figure(title: "a *b*", caption: "Loss $\\frac{1}{2}$ and **bold** `a<b` <i>", marks: [])
    let items: [StudyRecord.Item] = [
      .prose("## Text with <tag> kept"), .figure(figure, stem: ""),
      .claim(.init(text: "gap $\\alpha_1$ is `small` and *so* <b>", holds: true)), .citation("*T* <https://a.org> <x>"),
    ]
    for text in [
      StudyExport.markdown(study(items, title: "A *title*")) { _ in "1.svg" }, StudyExport.notebook(study(items)),
    ] {
      let text = text.replacing("\\\\", with: "\\")
      for piece in [
        "## Text with \\<tag> kept", "gap $\\alpha_1$ is `small` and *so* \\<b>", "*T* <https://a.org> \\<x>",
      ] {
        #expect(text.contains(piece), "\(piece) in\n\(text)")
      }
    }
    let text = StudyExport.markdown(study(items, title: "A *title*")) { _ in "1.svg" }
    #expect(text.contains("Loss $\\frac{1}{2}$ and **bold** `a<b` \\<i>") && text.contains("![a \\*b\\*](1.svg)"))
    #expect(StudyExport.markdown(study([], title: "A *title*")) { _ in "" }.hasPrefix("# A *title*\n"))
  }

  @Test(arguments: [
    ("a < b <c>", "a \\< b \\<c>"), ("`<a>` <b>", "`<a>` \\<b>"), ("``x`<a>`` ` <b>", "``x`<a>`` ` \\<b>"),
    ("$a<b$ and $5 < $6", "$a<b$ and $5 \\< $6"), ("<https://a.org> <mail>", "<https://a.org> \\<mail>"),
    ("\\<a> \\\\<b>", "\\<a> \\\\\\<b>"), ("```\n<a>\n```\n<b>", "```\n<a>\n```\n\\<b>"),
    ("> ~~~\n> <a>\n<b>", "> ~~~\n> <a>\n\\<b>"), ("$$\na<b\n$$\n<c>", "$$\na<b\n$$\n\\<c>"),
    ("$$ open <a>\n<b>", "$$ open \\<a>\n\\<b>"), ("- `a\n- <b>` c", "- `a\n- \\<b>` c"),
    ("a `b\n<c>` d", "a `b\n<c>` d"), ("| `a` | <b> |", "| `a` | \\<b> |"), ("$$a<b$$\n<c>", "$$a<b$$\n\\<c>"),
  ])
  func tags(_ text: String, _ expected: String) { #expect(Markdown.escapingTags(text) == expected) }

  @Test func aNotebookSaysWhyTrialsFailed() {
    let table = Table(columns: [.init("x", [.int(1), .int(2)])], failures: [1: "bad <thing>"])
    let notebook = StudyExport.notebook(study([.table(name: "t", table, file: "")]))
    #expect(notebook.contains("<th>x</th><th>error</th>") && notebook.contains("<td>2</td><td>bad &lt;thing&gt;</td>"))
  }
}
