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
}
