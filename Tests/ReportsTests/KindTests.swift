import Foundation
import Notation
import Records
import Testing

@testable import Reports

/// What pictures of the less plain kinds must get right, beyond looking as they did.
@Suite struct KindTests {
  @Test func linesOfEqualValueLieWhereTheValueIs() {
    let side = (0...40).map { -2 + Double($0) / 10 }
    let values = side.map { y in side.map { x in x * x + y * y } }
    let lines = Contours.lines(values, xs: side, ys: side, level: 1)
    #expect(lines.count == 1)
    let ring = lines.first ?? []
    #expect(ring.count > 40 && ring.first?.x == ring.last?.x && ring.first?.y == ring.last?.y)
    for point in ring { #expect(abs((point.x * point.x + point.y * point.y).squareRoot() - 1) < 0.004) }
  }

  @Test func linesEndAtHolesAndPartSaddles() {
    var values = [[0.0, 1, 0], [0, 1, 0], [0, 1, 0]]
    #expect(Contours.lines(values, xs: [0, 1, 2], ys: [0, 1, 2], level: 0.5).map(\.count) == [3, 3])
    values[0][0] = .nan
    #expect(Contours.lines(values, xs: [0, 1, 2], ys: [0, 1, 2], level: 0.5).map(\.count).sorted() == [2, 3])
    // The middle of the saddle is high, so the two low corners are cut off.
    let saddle = [[0.0, 1], [1, 0.2]]
    let lines = Contours.lines(saddle, xs: [0, 1], ys: [0, 1], level: 0.5)
    #expect(lines.count == 2)
    #expect(lines.contains { line in line.allSatisfy { $0.x + $0.y <= 1 } })
    #expect(Contours.lines([[1, 1], [1, 1]], xs: [0, 1], ys: [0, 1], level: 1).isEmpty)
    #expect(Contours.levels([[1, 1]], .linear).isEmpty)
    #expect(Contours.levels([[0.02, 5000, -3, .nan]], .log) == [0.1, 1, 10, 100, 1000])
    #expect(Contours.levels([[0, 10]], .linear) == [1, 2, 3, 4, 5, 6, 7, 8, 9])
  }

  @Test func dotsOfAStripDoNotCoverEachOther() {
    var settled: [(x: Double, y: Double)] = []
    for i in 0..<60 {
      let y = Double(i / 3)
      settled.append((StripPlaces.free(settled, y: y, gap: 6, room: 60), y))
    }
    for (i, a) in settled.enumerated() {
      for b in settled[(i + 1)...] { #expect((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y) > 35) }
    }
    #expect(settled.allSatisfy { abs($0.x) <= 60 })
    #expect(StripPlaces.free([(0, 0)], y: 0, gap: 6, room: 1) != 0)
  }

  @Test func surfacesAreDrawnFromBehind() throws {
    let figure = SampleFigures.coarseSurface
    guard case .surface(let x, let y, let rows) = figure.marks[0] else { return }
    var drawing = SurfaceDrawing(figure, x: x, y: y, rows: rows)
    let svg = drawing.svg(standalone: false)
    let corners = svg.split(separator: "<path color").dropFirst().compactMap { part -> Double? in
      guard let start = part.range(of: "d=\"M")?.upperBound else { return nil }
      return Double(part[start...].split(separator: "l")[0].split(separator: " ")[1])
    }
    // 12 × 12 cells without the four around the hole; the last one is nearer to the reader than the first.
    #expect(corners.count == 140)
    #expect(try #require(corners.last) > #require(corners.first) + 60)
    #expect(svg.contains("1 value missing"))
  }

  @Test func everySampleComesBackFromItsRecord() throws {
    for (name, figure) in SampleFigures.all {
      let text = figure.json.compact
      let again = try #require(Figure(json: try JSON.read(Array(text.utf8))), "\(name)")
      #expect(again.json.compact == text, "\(name)")
      #expect(again.marks.count == figure.marks.count)
    }
    for bad in ["{\"network\":[],\"edges\":[[0,1,1]]}", "{\"rollout\":[{\"shape\":\"cat\"}],\"seconds\":[1]}"] {
      let text =
        "{\"title\":\"\",\"caption\":\"\",\"x\":{\"label\":\"\",\"scale\":\"linear\"},"
        + "\"y\":{\"label\":\"\",\"scale\":\"linear\"},\"marks\":[\(bad)]}"
      #expect(Figure(json: try JSON.read(Array(text.utf8))) == nil)
    }
  }

  @Test func largePicturesStaySmall() {
    let side = (0..<200).map(Double.init)
    let values = side.map { y in side.map { x in sin(x / 20) * cos(y / 15) } }
    let grid = Figure(marks: [.surface(x: side, y: side, values: values)])
    #expect(FigureDrawing.svg(grid, standalone: false).utf8.count < 130_000)
    let frames = (0..<5000).map { [Double($0), 0, Double($0), 1] }
    let long = Figure(marks: [.rollout([.init(.line, frames: frames)], seconds: 60)])
    let parts = FigureDrawing.svg(long).split(separator: "<g class=\"x-still\" display=\"none\">")
    #expect(parts.count == 2 && parts[0].contains("<animate") && parts[0].contains("prefers-reduced-motion:reduce"))
    #expect(parts[1].contains("<polyline") && !parts[1].contains("<animate"))
    #expect(FigureDrawing.svg(long, standalone: false).utf8.count < 20_000)
    let wide = Figure(marks: [SampleFigures.dense([784, 128, 10])])
    #expect(FigureDrawing.svg(wide, standalone: false).utf8.count < 100_000)
  }

  @Test func descriptionsAreRead() throws {
    func figure(_ fields: [Datum.Field]) throws -> Figure {
      try Figure(description: .record([.init("marks", .list([.record(fields)]))]))
    }
    func numbers(_ xs: Double...) -> Datum { .list(xs.map(Datum.float)) }
    let kind = { Datum.Field("kind", .string($0)) }
    #expect(
      try figure([kind("histogram"), .init("edges", numbers(0, 1, 3)), .init("counts", numbers(4, 5))]).marks
        == [.histogram(edges: [0, 1, 3], counts: [4, 5], name: "")])
    #expect(throws: FigureError.self) {
      try figure([kind("histogram"), .init("edges", numbers(0, 1)), .init("counts", numbers(4, 5))])
    }
    let node = Datum.record([.init("layer", .int(0))])
    let edge = Datum.record([.init("from", .int(0)), .init("to", .int(1)), .init("weight", .int(1))])
    #expect(throws: FigureError.self) {
      try figure([kind("network"), .init("nodes", .list([node])), .init("edges", .list([edge]))])
    }
    let disc = Datum.record([.init("shape", .string("disc")), .init("frames", .list([numbers(1, 2)]))])
    #expect(throws: FigureError.self) {
      try figure([kind("rollout"), .init("actors", .list([disc])), .init("seconds", .int(1))])
    }
  }
}
