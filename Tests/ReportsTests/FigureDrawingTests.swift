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
}
