import Records
import Synchronization
import Testing

@testable import Reports

/// What is drawn of very much, and where the drawing leaves off when it is interrupted.
@Suite struct InterruptedTests {
  static let many = (0..<50_000).map(Double.init)
  static let noise = many.map { ($0 * 0.618_033_988_75).truncatingRemainder(dividingBy: 1) }
  static let grid = (0..<120).map { r in (0..<120).map { noise[r * 120 + $0] } }

  static let figures: [(name: String, figure: Figure)] = [
    ("line", Figure(marks: [.line(Figure.Series(name: "a", x: many, y: noise), dash: nil, color: nil)])),
    ("points", Figure(marks: [.points(Figure.Series(name: "a", x: many, y: noise), labels: nil, color: nil)])),
    (
      "band",
      Figure(marks: [
        .line(Figure.Series(name: "a", x: many, y: noise, lower: noise, upper: noise), dash: nil, color: nil)
      ])
    ),
    ("heat", Figure(marks: [.heat(x: [], y: [], values: grid)])),
    ("contour", Figure(marks: [.contour(x: [], y: [], values: grid, levels: [])])),
    ("images", Figure(marks: [.images(grid.map { $0 + $0 }, width: 16, height: 15, captions: [])])),
    (
      "network",
      Figure(marks: [
        .network(
          (0..<300).map { Figure.Node(layer: $0 % 3, label: "n", value: noise[$0]) },
          edges: (0..<3000).map { Figure.Edge(from: $0 % 300, to: $0 * 7 % 300, weight: noise[$0]) })
      ])
    ),
    (
      "rollout",
      Figure(marks: [
        .rollout([Figure.Actor(.disc, name: "a", frames: many.map { [$0, noise[Int($0)], 1] })], seconds: 5)
      ])
    ),
  ]
  /// Figures that characters cannot draw: a terminal says what they are.
  static let pictures = ["images", "network", "rollout"]

  /// How often the drawing asks until it hears that it is to leave off, and how often it still asks then.
  private func asked<Result>(from first: Int, _ draw: () -> Result) -> (all: Int, after: Int, result: Result) {
    let count = Counter()
    let result = Interruption.heeding({ count.next() > first }) { draw() }
    return (count.value, max(0, count.value - first), result)
  }

  private final class Counter: Sendable {
    private let count = Atomic(0)
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
    var value: Int { count.load(ordering: .relaxed) }
  }

  @Test(arguments: figures.map(\.name)) func whatDrawsAsksAndLeavesOff(_ name: String) throws {
    let figure = try #require(InterruptedTests.figures.first { $0.name == name }?.figure)
    let whole = asked(from: .max) { FigureDrawing.svg(figure) }
    #expect(whole.all > 10 && whole.result == FigureDrawing.svg(figure))
    let left = asked(from: 0) { FigureDrawing.svg(figure) }
    #expect(left.result.utf8.count < whole.result.utf8.count)
    if case .line? = figure.marks.first { #expect(left.after < 40) }
    #expect(InterruptedTests.pictures.contains(name) || asked(from: .max) { TerminalText().plot(figure) }.all > 20)
    let data = asked(from: 10) { FigureDrawing.data(figure) }
    #expect(data.result.rowCount < FigureDrawing.data(figure).rowCount)
  }

  /// Pixels for terminals: most of them are not made any more.
  @Test(arguments: [TerminalPixels.Form.sixel, .kitty]) func pixelsAreLeft(_ form: TerminalPixels.Form) throws {
    let figure = try #require(InterruptedTests.figures.first { $0.name == "heat" }?.figure)
    let drawing = asked(from: .max) { FigureDrawing.svg(figure, standalone: false) }.all
    let whole = asked(from: .max) { TerminalPixels.draw(figure, form, width: 400) }
    // So often in the picture itself, in its pixels, and in what is written of them.
    #expect(whole.all > drawing + 400)
    let left = asked(from: whole.all - 20) { TerminalPixels.draw(figure, form, width: 400) }
    #expect(left.result?.utf8.count ?? 0 < whole.result?.utf8.count ?? 0)
  }

  @Test func aDescriptionIsLeftToo() {
    let description = Datum.record([
      .init("marks", .list([.record([.init("kind", .string("holes")), .init("x", .list([.int(1)]))])]))
    ])
    #expect(throws: CancellationError.self) {
      try Interruption.heeding({ true }) { try Figure(description: description) }
    }
    #expect((try? Figure(description: description)) != nil)
  }

  /// A curve through very many points has the dots between its points, also of those that one column holds.
  @Test func aCurveWithinAColumnIsDrawnOnce() throws {
    let series = Figure.Series(name: "", x: [0, 0, 0, 1], y: [0, 1, 0.5, 0.5])
    let lines = TerminalText(width: 40).plot(Figure(marks: [.line(series, dash: nil, color: nil)])).split(
      separator: "\n")
    for line in lines.prefix(9) {
      let sign = try #require(line.firstIndex { "│┤".contains($0) })
      let dots = try #require(line[sign...].dropFirst().unicodeScalars.first).value
      #expect(dots >= 0x2800 && dots & 0x46 == 0x46, "\(line)")
    }
  }

  @Test func aVeryLargeGridIsThinnedAndSaysItsWholeRange() throws {
    var values = [[Double]](repeating: [Double](repeating: 1, count: 2100), count: 2000)
    values[1][1] = 7
    values[1999][2099] = 3
    let figure = Figure(marks: [
      .heat(x: [], y: [], values: values), .contour(x: [], y: [], values: values, levels: [2]),
    ])
    let heat = try #require(HeatMap(figure))
    #expect(heat.values.count == 1000 && heat.values[0].count == 700)
    #expect(heat.range?.low == 1 && heat.range?.high == 7)
    #expect(heat.xEdges.first == -1.5 && heat.xEdges.last == 2098.5)
    let text = TerminalText().plot(figure)
    #expect(text.contains("1 ░▒▓█ 7") && !text.contains("no data"))
    #expect(GridPlaces(x: [], y: [], rows: values, figure: figure).x.count == 700)
  }
}
