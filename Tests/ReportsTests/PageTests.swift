import Foundation
import Records
import Testing

@testable import Reports

@Suite struct PageTests {
  static let void: Set<String> = ["meta", "br", "hr"]

  @Test func golden() {
    let html = ReportPage.html(SampleStudy.study)
    expectGolden(html, "report.html")
    #expect(markupProblem(html, void: PageTests.void) == nil)
    #expect(html.utf8.count < 300_000)
    // One script, of ours, which the page's policy names by its hash.
    #expect(html.components(separatedBy: "<script").count == 2)
    #expect(html.contains("script-src '\(PageScript.hash)'") && PageScript.hash.count == 51)
  }

  @Test func smallDataTravelWithThePage() throws {
    var run = SampleStudy.study.run
    run.id = "x"
    func page(_ points: Int) -> String {
      let x = (0..<points).map(Double.init)
      let figure = Figure(marks: [.line(.init(name: "", x: x, y: x), dash: nil, color: nil)])
      return ReportPage.html(StudyRecord(title: "t", run: run, items: [.figure(figure, stem: "figures/1")]))
    }
    let small = page(20), large = page(20_000)
    let start = try #require(small.range(of: "download=\"1.csv\" href=\"data:text/plain;base64,")?.upperBound)
    let bytes = try #require(Data(base64Encoded: String(small[start...].prefix { $0 != "\"" })))
    #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("mark,name,x,y"))
    #expect(large.contains("<a href=\"figures/1.csv\">data</a>"))
    #expect(large.utf8.count < 120_000)
    let many = StudyRecord(
      title: "t", run: run, items: SampleFigures.all.enumerated().map { .figure($1.figure, stem: "figures/\($0)") })
    #expect(ReportPage.html(many).utf8.count < 1_000_000)
  }

  /// What was drawn for the files of a run is on its page as if it were drawn for it.
  @Test func figuresAreDrawnOnce() {
    let all = SampleFigures.all.map(\.figure)
    var run = SampleStudy.study.run
    run.id = "x"
    let study = StudyRecord(
      title: "t", run: run, items: all.enumerated().map { .figure($1, stem: "figures/\($0 + 1)") })
    var drawn: [String: DrawnFigure] = [:]
    for (i, figure) in all.enumerated() {
      drawn["figures/\(i + 1)"] = DrawnFigure(
        svg: FigureDrawing.svg(figure), csv: CSV.write(FigureDrawing.data(figure)),
        gnuplot: FigureDrawing.gnuplot(figure, dataFile: "\(i + 1).csv"))
    }
    #expect(ReportPage.html(study, drawn: drawn) == ReportPage.html(study))
    drawn["figures/1"] = DrawnFigure(svg: "<svg>of figure 1</svg>", csv: "", gnuplot: "")
    #expect(ReportPage.html(study, drawn: drawn).contains("<svg>of figure 1</svg>"))
  }

  @Test(arguments: [
    ("x_1^2", "<msubsup><mi>x</mi><mn>1</mn><mn>2</mn></msubsup>"),
    ("\\frac{a}{2}", "<mfrac><mrow><mi>a</mi></mrow><mrow><mn>2</mn></mrow></mfrac>"),
    (
      "\\sum_{i=1}^n i",
      "<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover><mi>i</mi>"
    ),
    ("\\sqrt[3]{x}", "<mroot><mrow><mi>x</mi></mrow><mrow><mn>3</mn></mrow></mroot>"),
    ("\\text{if } x", "<mtext>if </mtext><mi>x</mi>"), ("\\mathbb{R}^d", "<msup><mi>ℝ</mi><mi>d</mi></msup>"),
    ("\\nothing", "<mtext>\\nothing</mtext>"), ("a<b", "<mi>a</mi><mo>&lt;</mo><mi>b</mi>"),
    ("f'(x)", "<msup><mi>f</mi><mo>′</mo></msup><mo>(</mo><mi>x</mi><mo>)</mo>"),
    ("-1.5.", "<mo>−</mo><mn>1.5</mn><mo>.</mo>"),
    (
      "\\left\\|w\\right\\|",
      "<mrow><mo fence=\"true\" stretchy=\"true\">‖</mo><mrow><mi>w</mi></mrow>"
        + "<mo fence=\"true\" stretchy=\"true\">‖</mo></mrow>"
    ),
    (
      "\\begin{bmatrix}1&2\\\\3&4\\end{bmatrix}",
      "<mrow><mo fence=\"true\">[</mo><mtable><mtr><mtd><mn>1</mn></mtd><mtd>"
        + "<mn>2</mn></mtd></mtr><mtr><mtd><mn>3</mn></mtd><mtd><mn>4</mn></mtd></mtr></mtable><mo fence=\"true\">]</mo></mrow>"
    ),
  ])
  func formulas(_ tex: String, _ expected: String) {
    let out = Formula.mathML(tex)
    #expect(out.hasPrefix("<math><semantics><mrow>" + expected + "</mrow><annotation"), "\(out)")
  }

  /// Whatever stands between dollars, the page stays well formed and the reading ends.
  @Test func anyFormulaIsRead() {
    let pieces = [
      "{", "}", "^", "_", "'", "&", "\\\\", "\\frac", "\\sqrt", "[", "]", "\\left(", "\\right)", "\\begin{cases}",
      "\\end{cases}", "\\text{a b}", "\\mathbf", "\\hat", "x", "12.", "<", "\\", "\\sum", " ", "\\binom", "\\end",
      "\\right",
    ]
    var state: UInt64 = 9
    for _ in 0..<400 {
      let text = (0..<30).map { _ -> String in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return pieces[Int((state >> 33) % UInt64(pieces.count))]
      }.joined()
      #expect(markupProblem(Formula.mathML(text)) == nil, "\(text)")
    }
    #expect(markupProblem(Formula.mathML(String(repeating: "{", count: 5000))) == nil)
    #expect(markupProblem(Formula.mathML(String(repeating: "\\sqrt", count: 5000))) == nil)
  }

  /// A table is sorted by the numbers that its cells stand for, and texts by themselves, whatever they begin with.
  @Test func cellsCarryWhatTheyAreSortedBy() {
    let table = Table(columns: [
      .init("day", [.string("2024-03-01"), .string("2024-01-15"), .string("inf")]),
      .init("y", [.float(0.12349), .float(0.12311), .float(0.1233)]),
      .init("n", [.int(12_345), .float(-.infinity), .none]),
      .init("m", [.float(1), .float(2), .float(3)]), .init("m_se", [.float(0.1), .float(0.1), .float(.nan)]),
      .init("mixed", [.int(10), .string("x"), .int(9)]),
    ])
    let page = ReportPage.html(
      StudyRecord(title: "t", run: RunRecord(id: "x", study: "s"), items: [.table(name: "t", table, file: "")]))
    for cell in [
      "<td class=\"text\">2024-03-01</td>", "<td class=\"text\">inf</td>", "<td data-v=\"0.12349\">0.123</td>",
      "<td>12\u{202F}345</td>", "<td data-v=\"-Infinity\">-inf</td>", "<td></td>", "<td data-v=\"2.0\">2.0 ± .1</td>",
      "<td class=\"text\" data-v=\"10.0\">10</td>", "<td class=\"text\">x</td>",
    ] {
      #expect(page.contains(cell), "\(cell)")
    }
    #expect(PageScript.text.contains("const isText = head.classList.contains(\"text\")"))
  }

  /// The browser's tab shows a title's words.
  @Test func theTabShowsNoMarkup() {
    let study = StudyRecord(title: "The **law** of $n$ & `x`", run: RunRecord(id: "x", study: "s"))
    let live = LivePage.html(title: study.title, status: "", options: "", pieces: [], lastEvent: 0)
    for page in [ReportPage.html(study), live] {
      #expect(
        page.contains("<title>The law of n &amp; x</title>") && page.contains("<h1>The <strong>law</strong> of <math>"))
    }
  }

  /// What a sheet of paper does not hold is printed small; long formulas within a line can be pushed.
  @Test func wideThingsHaveAClass() {
    func page(_ columns: Int) -> String {
      let table = Table(columns: (0..<columns).map { .init("column \($0)", [.float(0.123), .float(1), .float(2)]) })
      return ReportPage.html(
        StudyRecord(title: "t", run: RunRecord(id: "x", study: "s"), items: [.table(name: "t", table, file: "")]))
    }
    #expect(page(31).contains("<table class=\"sortable wide\">") && page(5).contains("<table class=\"sortable\">"))
    let long = (1...20).map { "x_\($0)" }.joined(separator: " + ")
    #expect(Markdown("a $\(long)$, b").html().contains("<span class=\"line\"><math>"))
    #expect(!Markdown("a $x$ b").html().contains("class=\"line\""))
  }
}
