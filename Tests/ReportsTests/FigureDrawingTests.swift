import Foundation
import Records
import Testing

@testable import Reports

@Suite struct FigureDrawingTests {
  @Test(arguments: SampleFigures.all.map(\.name)) func golden(_ name: String) throws {
    let figure = try #require(SampleFigures.all.first { $0.name == name }?.figure)
    let svg = FigureDrawing.svg(figure)
    if svg.utf8.count < 100_000 { expectGolden(svg, "figure-\(name).svg") }
    #expect(markupProblem(svg) == nil)
  }

  private func curve(_ x: [Double], _ y: [Double]) -> Figure.Mark {
    .line(.init(name: "", x: x, y: y), dash: nil, color: nil)
  }

  /// Where the texts of a picture stand that begin as said; what is turned stands in a column.
  private func places(_ svg: String, _ start: String) -> [(x: Double, y: Double)] {
    svg.matches(of: #/<text [^>]*?(?:x="([-0-9.]+)" y="([-0-9.]+)"|translate\(([-0-9.]+),([-0-9.]+)\))[^>]*>([^<]*)/#)
      .compactMap {
        guard $0.output.5.hasPrefix(start) else { return nil }
        let x = $0.output.1 ?? $0.output.3, y = $0.output.2 ?? $0.output.4
        return x.flatMap { Double($0) }.flatMap { x in y.flatMap { Double($0) }.map { (x, $0) } }
      }
  }

  /// The power of ten that ticks leave out stands inside the picture and beside them, also where an axis has no label.
  @Test func powersOfTenHaveRoom() throws {
    let names = (0..<4).map { "a long name of a model, number \($0)" }
    let figures = [
      Figure(marks: [curve([1e6, 2e6], [1, 2])]), Figure(marks: [curve([1e6, 2e6], [1e7, 2e7])]),
      Figure(marks: [.histogram(edges: [1e-8, 2e-8, 4e-8], counts: [2, 1], name: "")]),
      Figure(marks: [.heat(x: [0, 1e9], y: [0, 1e9], values: [[1, 2], [3, 4]])]),
      Figure(marks: [.bars(labels: names, values: [1e6, 2e6, 3e6, 4e6], name: "")]),
    ]
    for (figure, count) in zip(figures, [1, 2, 1, 2, 1]) {
      var drawing = AxesDrawing(figure)
      let svg = drawing.svg(standalone: true), found = places(svg, "×10"), frame = drawing.frame
      let height = try #require(svg.firstMatch(of: #/viewBox="0 0 [0-9.]+ ([0-9.]+)"/#).flatMap { Double($0.output.1) })
      #expect(found.count == count)
      // Below the ticks at the bottom, or left of the widest at the left.
      let widest = drawing.y.ticks.map { AxesDrawing.width(of: $0) }.max() ?? 0
      for place in found {
        #expect(
          place.y > frame.bottom
            ? place.y > frame.bottom + 30 && place.y < height - 2 : place.x < frame.left - 9 - widest)
      }
    }
  }

  @Test func mapsBeginAtTheirCells() {
    let drawing = AxesDrawing(Figure(marks: [.heat(x: [1, 2, 3], y: [1, 2], values: [[1, 2, 3], [4, 5, 6]])]))
    #expect(drawing.y.lower == 0.5 && drawing.y.upper == 2.5 && drawing.x.lower == 0.5)
  }

  /// A rule without a place has no name beside the frame; the note counts it.
  @Test func rulesWithoutAPlaceAreCounted() {
    func svg(_ rules: [Figure.Mark], range: [Double]? = nil) -> String {
      let log = Figure.Axis(scale: .log)
      return FigureDrawing.svg(
        Figure(x: log, y: .init(scale: .log, range: range), marks: [curve([1, 2, 3], [1, 2, 3])] + rules))
    }
    let rule = { Figure.Mark.rule(isVertical: $0, at: $1, label: "there") }
    let none = svg([rule(false, 0), rule(true, -1), rule(true, .nan), rule(false, .infinity)])
    #expect(places(none, "there").isEmpty && none.contains("not shown: 2 not positive, 2 not finite"))
    #expect(places(svg([rule(false, 2), rule(true, 2)]), "there").count == 2)
    #expect(places(svg([rule(false, 20)], range: [1, 3]), "there").isEmpty)
    let figure = Figure(y: .init(scale: .log), marks: [curve([1, 2, 3], [1, 2, 3]), rule(false, 0)])
    #expect(TerminalText(width: 80).plot(figure).contains("not shown: 1 not positive"))
  }

  @Test func picturesSayWhatTheyCut() {
    func figure(_ values: [Double]) -> Figure { Figure(marks: [.images([values], width: 2, height: 1, captions: [])]) }
    let note = "2 values above 1 are shown white",
      both = "1 value below 0 is shown black, 1 value without a number is shown grey"
    #expect(
      FigureDrawing.svg(figure([2, 255])).contains(note) && FigureDrawing.svg(figure([-1, .nan])).contains(both))
    #expect(!FigureDrawing.svg(figure([0, 1])).contains("shown"))
    #expect(TerminalText(width: 80).plot(figure([2, 255])) == "1 picture of 2 × 1: \(note)")
  }

  /// Axes reach all that is drawn: also bars, strips and rules a little below zero, and beside values that are infinite.
  @Test func axesReachWhatIsBelowZero() {
    let bars = { (values: [Double]) in Figure.Mark.bars(labels: ["a", "b"], values: values, name: "") }
    let strip = Figure(
      x: .init(categories: ["u", "v"]), marks: [.strip([[100], [-4]], name: "")])
    let rule = Figure(marks: [bars([100, 3]), .rule(isVertical: false, at: -4, label: "limit")])
    let band = Figure.Series(name: "", x: [0, 1], y: [0, 100], lower: [-1, 99], upper: [1, 101])
    let cases: [(Figure, Double)] = [
      (strip, -4), (Figure(marks: [bars([100, -3])]), -3), (rule, -4), (Figure(marks: [bars([.infinity, -2])]), -2),
      (Figure(marks: [.line(band, dash: nil, color: nil), bars([1, -2])]), -2),
    ]
    for (figure, lowest) in cases {
      #expect(AxesDrawing(figure).y.lower <= lowest && Extents(figure).y.contains(lowest))
    }
    #expect(FigureDrawing.svg(strip).matches(of: #/<circle/#).count == 2)
    #expect(FigureDrawing.svg(rule).contains(">limit</title>"))
    // A band that reaches a little below zero still moves no axis, also with an end without a number.
    for lower in [-1, -Double.infinity] {
      var wide = band
      wide.lower[1] = lower
      #expect(AxesDrawing(Figure(marks: [.line(wide, dash: nil, color: nil)])).y.lower == 0)
    }
  }

  @Test func stripsSayWhatTheyLeaveOut() {
    let figure = Figure(x: .init(categories: ["u"]), marks: [.strip([[1, 2, .infinity]], name: "")])
    for shown in [FigureDrawing.svg(figure), TerminalText(width: 60).plot(figure)] {
      #expect(shown.contains("not shown: 1 not finite"))
    }
  }

  /// No two sets of dots look alike before all shapes in all colours are used, neither in the figure nor in its legend.
  @Test func dotsOfManyGroupsDiffer() {
    let groups = (0..<35).map {
      Figure.Mark.points(.init(name: "g\($0)", x: [Double($0)], y: [1]), labels: nil, color: nil)
    }
    let drawing = AxesDrawing(Figure(marks: groups)), labels = drawing.marginLabels()
    #expect(Set(labels.map { "\($0.ink.name) \($0.swatch)" }).count == 35)
    let few = FigureDrawing.svg(Figure(marks: Array(groups.prefix(9))))
    // The eighth and the ninth are hollow, in the figure and in the legend; all others are discs.
    #expect(few.matches(of: #/<circle [^>]*class="xs-[01] xf-paper"/#).count == 4)
    #expect(few.matches(of: #/<circle/#).count == 18)
    #expect(FigureDrawing.svg(Figure(marks: groups)).contains("<path d=\"M"))
    let script = FigureDrawing.gnuplot(Figure(marks: groups), dataFile: "1.csv")
    #expect(
      ["pt 7 ", "pt 6 ", "pt 5 ", "pt 13 ", "pt 9 "].map { script.components(separatedBy: $0).count - 1 } == [
        7, 7, 7, 7, 7,
      ])
    let cloud = Figure.Series(name: "c", x: (0..<3000).map(Double.init), y: (0..<3000).map(Double.init))
    let clouds = (7...9).map {
      FigureDrawing.svg(Figure(marks: [.points(cloud, labels: nil, color: $0 % 7 + 7 * ($0 - 7))]))
    }
    #expect(Set(clouds.map(\.count)).count == 3)
  }

  /// Names of classes keep their distance: turned upright where slanted ones would cover each other, and some of them where even that
  /// is too near.
  @Test(arguments: [10, 18, 30, 60, 200]) func namesOfManyClassesDoNotTouch(_ count: Int) throws {
    let names = (1...count).map { "class \($0)" }, places = (0..<count).map(Double.init)
    let figure = Figure(
      x: .init(label: "predicted", categories: names), y: .init(label: "true", categories: names),
      marks: [.heat(x: places, y: places, values: places.map { y in places.map { $0 * y } })])
    var drawing = AxesDrawing(figure)
    let svg = drawing.svg(standalone: false), found = self.places(svg, "class ")
    let below = found.filter { $0.y > drawing.frame.bottom }.map(\.x).sorted()
    let left = found.filter { $0.x < drawing.frame.left && $0.y <= drawing.frame.bottom + 5 }.map(\.y).sorted()
    let across = sin(Double(drawing.names.angle) * .pi / 180)
    #expect(below.count >= min(count, 12) && zip(below, below.dropFirst()).allSatisfy { ($1 - $0) * across > 11 })
    #expect(left.count >= min(count, 12) && zip(left, left.dropFirst()).allSatisfy { $1 - $0 > 11 })
    // The axis's label stands below the names.
    let label = try #require(self.places(svg, "predicted").first),
      longest = TextWidth.pixels("class \(count)", size: 12.5)
    #expect(label.y - 12 > (below.isEmpty ? 0 : drawing.frame.bottom + 9 + longest * across))
    let script = FigureDrawing.gnuplot(figure, dataFile: "1.csv")
    #expect(script.contains("rotate by 90 right") == (count >= 30))
    #expect((script.firstMatch(of: #/set ytics [^\n]*'' 1[,)]/#) != nil) == (count > 30))
  }

  /// Infinite cells of a map have the colour of an end and are counted; cells that a logarithmic scale cannot show are hatched.
  @Test func infiniteCellsAreCounted() {
    func figure(_ values: [[Double]], _ scale: Figure.Scale = .linear) -> Figure {
      Figure(z: .init(scale: scale), marks: [.heat(x: [0, 1], y: [0, 1], values: values)])
    }
    let one = figure([[1, 2], [3, .infinity]]), two = figure([[-.infinity, 2], [3, .infinity]])
    for shown in [FigureDrawing.svg(one), TerminalText(width: 80).plot(one)] {
      #expect(shown.contains("1 infinite value in the colour of the nearer end"))
    }
    #expect(FigureDrawing.svg(two).contains("2 infinite values in"))
    #expect(!FigureDrawing.svg(figure([[1, 2], [3, 4]])).contains("infinite"))
    let log = FigureDrawing.svg(figure([[0, 2], [3, .nan]], .log))
    #expect(log.contains("not shown: 1 not positive, 1 cell without a value"))
  }
}
