import Records
import Testing

@testable import Reports

/// Texts that would like to be markup or move the cursor, and numbers at the ends of what doubles can be.
@Suite struct HostileTests {
  static let texts = [
    "<script>alert(1)</script>", "</style><script>x</script>", "</svg></title></text><img src=x onerror=y>",
    "\" onload=\"x", "' onload='x",
    "&lt;&amp;&#60;", "]]>", "<!-- --", "${x}", "a\u{0}b\u{1B}[2J\u{FFFE}", "\u{202E}txt", "javascript:alert(1)",
    "\r\n\t",
    String(repeating: "wide日本", count: 200),
  ]

  static func study(_ t: String) -> StudyRecord {
    var run = RunRecord(
      id: t, study: t, arguments: [t], options: [.init(t, .string(t))], seed: 1, versions: [.init(t, .string(t))],
      host: [.init(t, .string(t))], started: t, identity: t)
    run.counts = .init(total: 2, done: 1, failed: 1)
    run.claims = [
      .init(text: t, holds: false, numbers: [.init(t, .string(t))], error: t),
      .init(text: t, holds: true, numbers: [.init(t, .string(t))]),
    ]
    let table = Table(
      columns: [.init(t, [.string(t), .list([.string(t)])]), .init(t + "_se", [.none, .float(1)])], failures: [0: t])
    let series = Figure.Series(name: t, x: [1, 2], y: [1, 2])
    let figure = Figure(
      title: t, caption: t, x: .init(label: t), y: .init(label: t), z: .init(label: t),
      marks: [
        .line(series, dash: nil, color: nil), .points(series, labels: [t, t], color: nil),
        .rule(isVertical: true, at: 1, label: t), .rule(isVertical: false, at: 1, label: t),
      ])
    let heat = Figure(title: t, x: .init(label: t), z: .init(label: t), marks: [.heat(x: [], y: [], values: [[1, 2]])])
    let bars = Figure(
      title: t, marks: [.bars(labels: [t, "b"], values: [1, 2], name: t), .bars(labels: [t], values: [3], name: t)])
    let images = Figure(title: t, marks: [.images([[0, 1]], width: 2, height: 1, captions: [t])])
    let model = ModelDatum(
      name: t, parameterCount: 1, tensors: [.init(path: t, isTrainable: false, tensor: SampleStudy.tensor)])
    return StudyRecord(
      title: t, run: run,
      items: [
        .prose("# " + t), .prose(t), .code([.init(t, .string), .init(t)]), .value(name: t, .string(t)),
        .value(name: t, .record([.init(t, .other(t))])),
        .value(name: t, .model(model)), .value(name: t, .table(table)), .table(name: t, table, file: t),
        .figure(figure, stem: t), .figure(heat, stem: ""),
        .figure(bars, stem: t), .figure(images, stem: t), .claim(run.claims[0]), .claim(run.claims[1]), .printed(t),
        .citation(t), .error(t),
        .coverage(.init(name: t, counts: run.counts, failures: [t])),
      ])
  }

  @Test(arguments: texts) func noTextBecomesMarkup(_ text: String) {
    let page = ReportPage.html(HostileTests.study(text))
    let own = "<script>" + PageScript.text + "</script>"
    #expect(page.components(separatedBy: own).count == 2)
    let html = page.components(separatedBy: own).joined()
    #expect(markupProblem(html, void: PageTests.void) == nil)
    #expect(!html.contains("<script") && !html.contains("<img"))
    #expect(!html.contains("\" onload=\"") && !html.contains("href=\"javascript:"))
    #expect(!html.contains("<!--"))
    #expect(
      !html.unicodeScalars.contains {
        ($0.value < 0x20 && $0 != "\n" && $0 != "\t") || $0.value == 0x202E || $0.value == 0xFFFE
      })
  }

  @Test(arguments: texts) func noTextMovesTheCursor(_ text: String) {
    for color in [false, true] {
      let terminal = TerminalText(width: 60, color: color)
      for item in HostileTests.study(text).items {
        let shown = terminal.item(item)
        let plain = shown.unicodeScalars.filter { $0.value < 0x20 && $0 != "\n" && $0 != "\t" && $0 != "\u{1B}" }
        #expect(plain.isEmpty && !shown.contains("\u{1B}[2J") && !shown.unicodeScalars.contains("\u{202E}"))
        if !color { #expect(!shown.unicodeScalars.contains("\u{1B}")) }
      }
    }
  }

  static let numbers: [[Double]] = [
    [], [0], [.nan], [.infinity], [-.infinity, .nan], [1, 1, 1], [0, 0], [-1, -2, -3], [1e-300, 1e300],
    [-1e300, 1e300],
    [.greatestFiniteMagnitude, -.greatestFiniteMagnitude], [.leastNonzeroMagnitude, .leastNonzeroMagnitude * 2],
    [1e16, 1e16 + 2], [0.1, 0.1 + 1e-17],
    [1, .nan, 3, .infinity, 0, -1],
  ]

  /// Every kind of mark, with every odd list of numbers, on every pair of scales: well-formed, no `nan` or `inf` as a
  /// coordinate, the same twice, and a terminal plot and a script come out as well.
  @Test(arguments: numbers) func noNumberBreaksAFigure(_ y: [Double]) {
    let x = y.indices.map { Double($0) + 1 }
    for kinds in [(Figure.Scale.linear, Figure.Scale.linear), (.log, .log), (.linear, .log)] {
      let series = Figure.Series(name: "s", x: x, y: y, lower: y, upper: y.map { $0 * 2 }),
        odd = Figure.Series(name: "t", x: y, y: x + [1])
      let groups: [[Figure.Mark]] = [
        [.line(series, dash: nil, color: nil), .line(odd, dash: 9, color: -4)],
        [.points(series, labels: ["a"], color: nil), .diagonal],
        [.bars(labels: y.map { "\($0)" }, values: y, name: "b")], [.heat(x: y, y: x, values: [y, y.reversed(), []])],
        [
          .rule(isVertical: true, at: y.first ?? .nan, label: "r"),
          .rule(isVertical: false, at: y.last ?? 0, label: "q"),
        ],
        [.images([y], width: 2, height: 2, captions: [])], [.images([y], width: -1, height: 0, captions: [])], [],
      ]
      for marks in groups {
        for range in [nil, [0.5, 2], [.nan, 1], [3, 3], [1]] as [[Double]?] {
          let figure = Figure(
            x: .init(label: "x", scale: kinds.0, range: range), y: .init(scale: kinds.1, range: range),
            z: .init(scale: kinds.1), marks: marks)
          let svg = FigureDrawing.svg(figure)
          #expect(
            !svg.contains("=\"nan") && !svg.contains("=\"inf") && !svg.contains("\"-inf") && !svg.contains(",nan")
          )
          if range == nil {
            #expect(markupProblem(svg) == nil)
            #expect(svg == FigureDrawing.svg(figure))
            _ = TerminalText(width: 40).plot(figure)
            _ = FigureDrawing.gnuplot(figure, dataFile: "1.csv")
          }
        }
      }
    }
  }

  @Test func oddTablesAreShown() {
    for width in [1, 20, 80, 300] {
      let terminal = TerminalText(width: width)
      for table in [
        Table(columns: []), Table(columns: [], rowCount: 3), Table(columns: [.init("a", [])]),
        Table(columns: [
          .init("a", [.float(.nan), .none, .float(1e300), .float(-1e-300)]),
          .init("a_se", [.int(1), .float(.nan), .string("x"), .none]),
        ]),
        Table(columns: [.init(String(repeating: "n", count: 500), [.string(String(repeating: "日", count: 500))])]),
        Table(columns: (0..<100).map { .init("c\($0)", [.int($0)]) }),
        Table(columns: [.init("short", [.int(1)]), .init("x", [])], rowCount: 2),
      ] {
        let text = terminal.table(table)
        for line in text.split(separator: "\n") { #expect(TextWidth.columns(line) <= max(20, width)) }
        _ = ReportPage.html(
          StudyRecord(title: "t", run: RunRecord(id: "a", study: "a"), items: [.table(name: "t", table, file: "")]))
      }
    }
  }

  @Test func oddTensorsAreShown() {
    for shape in [[], [0], [3, 0], [1], [5], [2, 3, 4], [Int.max, Int.max]] {
      for elements in [nil, [], [1], [.nan]] as [[Double]?] {
        for type in ["f32", "i64", "bool", "?"] {
          let tensor = TensorDatum(
            shape: shape, type: type, elements: elements, corner: elements.map { [$0] } ?? [], minimum: .nan,
            maximum: .nan, mean: .nan, deviation: .nan,
            nonFinite: 1)
          _ = TerminalText(width: 30).value(.tensor(tensor), name: "t")
          _ = CSV.write(Table(columns: [.init("t", [.tensor(tensor)])]))
        }
      }
    }
  }

  /// A page of usual size stays small, also with long curves.
  @Test func longCurvesStaySmall() {
    let n = 200_000
    let x = (0..<n).map(Double.init), y = (0..<n).map { SampleFigures.noise($0) }
    let line = FigureDrawing.svg(
      Figure(marks: [.line(.init(name: "l", x: x, y: y, lower: y, upper: y), dash: nil, color: nil)]), standalone: false
    )
    #expect(line.utf8.count < 150_000)
    let dots = FigureDrawing.svg(
      Figure(marks: [.points(.init(name: "l", x: x, y: x.reversed()), labels: nil, color: nil)]), standalone: false)
    #expect(dots.utf8.count < 150_000)
  }
}
