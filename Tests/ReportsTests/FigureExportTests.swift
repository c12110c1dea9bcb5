import Foundation
import Records
import Testing

@testable import Reports

@Suite struct FigureExportTests {
  @Test(arguments: ["double-descent", "scatter", "bars-grouped", "bars-long", "confusion", "hostile"]) func golden(
    _ name: String
  )
    throws
  {
    let figure = try #require(SampleFigures.all.first { $0.name == name }?.figure)
    expectGolden(CSV.write(FigureDrawing.data(figure)), "figure-\(name).csv")
    expectGolden(FigureDrawing.gnuplot(figure, dataFile: "figure-\(name).csv"), "figure-\(name).gp")
  }

  private func script(_ figure: Figure) -> String { FigureDrawing.gnuplot(figure, dataFile: "1.csv") }

  private func script(_ marks: Figure.Mark..., x: Figure.Axis = .init(), y: Figure.Axis = .init()) -> String {
    script(Figure(x: x, y: y, marks: marks))
  }

  @Test func picturesAreGreyFromTheTopDown() {
    let text = script(.images([[0, 0.2, 0.4, 1]], width: 2, height: 2, captions: []))
    #expect(text.contains("set xrange [-0.5:1.5]\nset yrange [1.5:-0.5]\n"))
    #expect(text.contains("set palette defined (0 '#000000', 1 '#ffffff')\nset cbrange [0:1]\n"))
    #expect(text.contains("with image pixels\n"))
    // gnuplot takes a single row, and what is not finite, for no image.
    let odd = script(.images([[-.infinity, .nan, 2]], width: 3, height: 1, captions: []))
    #expect(odd.contains("$image << EOD\nx,y,value\n0,0,0.0\n1,0,0.502\n2,0,1.0\nEOD\nplot $image"))
  }

  @Test func intervalsReachTheAxisWhereTheyHaveNoPlaceOnIt() {
    let series = Figure.Series(name: "a", x: [1, 2], y: [1, 2], lower: [-1, 1], upper: [2, .infinity])
    let log = Figure.Axis(scale: .log),
      lowest = AxesDrawing(Figure(y: log, marks: [.line(series, dash: nil, color: nil)])).y
        .lower
    let text = script(.line(series, dash: nil, color: nil), y: log)
    #expect(text.contains("(column('lower')<=0.0 ? \(lowest) : column('lower')):(column('upper')>=1e+300 ? "))
    #expect(
      script(.points(series, labels: nil, color: nil), y: log).contains("(column('lower')<=\(lowest) ? \(lowest) :"))
    let plain = Figure.Series(name: "a", x: [1, 2], y: [1, 2], lower: [-1, 1], upper: [2, 3])
    #expect(
      script(.line(plain, dash: nil, color: nil)).contains(":(column('lower')):(column('upper')) with filledcurves"))
  }

  @Test func heatMapsHaveTheCellsTheColoursAndTheNumbersOfTheSVG() {
    let uneven = script(.heat(x: [1, 10, 100], y: [0, 1], values: [[1, 2, 3], [4, 5, 6]]))
    #expect(uneven.contains("\n1.0,0.0,-3.5,5.5,-0.5,0.5,1.0,"))
    #expect(uneven.contains("\n100.0,1.0,55.0,145.0,0.5,1.5,6.0,6,0x1d2127\n"))
    #expect(
      uneven.contains(
        "with boxxyerror fs solid noborder lc palette notitle, \\\n  $cells using 1:2:(stringcolumn(8)):9"))
    let places = (0..<20).map(Double.init), signed = places.map { y in places.map { $0 - y } }
    let large = Figure.Mark.heat(x: places, y: places, values: signed)
    #expect(script(large).contains("set palette defined (0 '#053061', 1 '#2166ac'"))
    #expect(script(large).contains("set cbrange [-19.0:19.0]"))
    #expect(script(large).contains("with image pixels notitle"))
    let contours = script(large, .contour(x: places, y: places, values: signed, levels: []))
    #expect(contours.contains("with image notitle"))
    let under = script(
      .heat(x: [0, 1], y: [0, 1], values: [[1, 2], [3, 4]]),
      .contour(x: [0, 1], y: [0, 1], values: [[1, 2], [3, 4]], levels: []))
    #expect(under.contains("with boxxyerror") && !under.contains("with labels"))
    let dots = Figure.Series(name: "steps", x: [1, 2], y: [1, 2])
    #expect(script(large, .points(dots, labels: nil, color: nil)).contains("title 'steps'"))
  }

  @Test func axesHaveTheNumbersOfTheSVG() {
    let narrow = Figure.Mark.line(.init(name: "a", x: [2, 3, 4], y: [2.5, 3.5, 4.5]), dash: nil, color: nil)
    let text = script(narrow, x: .init(scale: .log), y: .init(scale: .log))
    #expect(text.contains("set xtics ('2.0' 2, '2.5' 2.5, '3.0' 3, '3.5' 3.5, '4.0' 4)"))
    let large = Figure.Mark.line(
      .init(name: "a", x: [0, 1], y: [1e15, 1.00000002e15]), dash: nil, color: nil)
    let offset = script(large, x: .init(label: "time"), y: .init(label: "count"))
    #expect(offset.contains("set ylabel 'count (×10¹⁵)'"))
    #expect(offset.contains("'1.000000005' 1.000000005e15, "))
    let epochs = Figure.Mark.line(
      .init(name: "a", x: [1_577_836_800, 1_578_009_600], y: [0, 1]), dash: nil, color: nil)
    #expect(script(epochs).contains("set xlabel '×10⁹'"))
  }

  @Test func namesMayHoldAnything() {
    let bars = script(.bars(labels: ["b, c", "it's", "two\nlines"], values: [1, 2, 3], name: "v"))
    #expect(bars.contains("set xtics ('b, c' 0, 'it''s' 1, 'two lines' 2)"))
    #expect(bars.contains("$bars0 << EOD\nplace,y\n0.000,1.0\n1.000,2.0\n2.000,3.0\nEOD\n"))
    let groups = script(
      .bars(labels: ["a", "b"], values: [1, 2], name: "p"), .bars(labels: ["b", "c"], values: [3, 4], name: "q"))
    #expect(groups.contains("$bars1 << EOD\nplace,y\n1.") && groups.contains("set xtics ('a' 0, 'b' 1, 'c' 2)"))
    let dots = Figure.Series(name: "a", x: [1, 2], y: [1, 2])
    #expect(
      script(.points(dots, labels: ["p, q", "r"], color: nil)).contains(
        "set label 'p, q' at 1.0,1.0 left front offset 0.8,0"))
    // gnuplot would end the row at a line break.
    let broken = script(.points(.init(name: "two\nlines", x: [1], y: [2]), labels: nil, color: nil))
    #expect(broken.contains("$data << EOD\nmark,name,x,y\n1,\"two lines\",1.0,2.0\nEOD\n"))
    #expect(broken.contains("plot $data using"))
  }

  @Test func theKeyLeavesRoomForTheFigure() {
    let lines = (0..<72).map {
      Figure.Mark.line(
        .init(name: "a curve with a name that is rather long \($0)", x: [0, 1], y: [0, Double($0)]), dash: nil,
        color: nil)
    }
    let text = script(Figure(marks: lines))
    #expect(text.components(separatedBy: " title '").count - 1 == 18)
    #expect(text.contains("title 'a curve with a name that is rath…'"))
    #expect(text.contains("NaN with lines lc bgnd title 'and 55 more'"))
    #expect(!script(Figure(marks: Array(lines.prefix(18)))).contains("more'"))
    let net = script(
      .network(
        [.init(layer: 0, label: "in"), .init(layer: 1, label: "mid"), .init(layer: 2, label: "out")],
        edges: [.init(from: 0, to: 1), .init(from: 1, to: 2)]))
    #expect(net.contains("set label 'in' at 0.0,0.0 right front offset -1.6,0"))
    #expect(net.contains("set label 'mid' at 1.0,0.0 center front offset 0,1.1"))
    #expect(net.contains("set label 'out' at 2.0,0.0 left front offset 1.6,0"))
  }

  /// Runs gnuplot, where there is one, on every sample.
  @Test func gnuplotAcceptsEveryScript() throws {
    let gnuplot = "/usr/bin/gnuplot"
    guard FileManager.default.isExecutableFile(atPath: gnuplot) else { return }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("exp-gnuplot-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, figure) in SampleFigures.all where name != "cloud" {
      let data = CSV.write(FigureDrawing.data(figure)), script = FigureDrawing.gnuplot(figure, dataFile: "\(name).csv")
      try data.write(to: folder.appendingPathComponent("\(name).csv"), atomically: false, encoding: .utf8)
      try script.write(to: folder.appendingPathComponent("\(name).gp"), atomically: false, encoding: .utf8)
      let process = Process(), errors = folder.appendingPathComponent("\(name).err")
      _ = FileManager.default.createFile(atPath: errors.path, contents: nil)
      process.executableURL = URL(fileURLWithPath: gnuplot)
      process.arguments = ["\(name).gp"]
      process.currentDirectoryURL = folder
      process.standardError = try FileHandle(forWritingTo: errors)
      try process.run()
      process.waitUntilExit()
      let messages = String(decoding: try FileHandle(forReadingFrom: errors).readToEnd() ?? Data(), as: UTF8.self)
      #expect(process.terminationStatus == 0, "\(name): \(messages)")
      #expect(!messages.contains("no column") && !messages.contains("Image grid"), "\(name): \(messages)")
      if let copy = ProcessInfo.processInfo.environment["EXP_KEEP_GNUPLOT"] {
        try? FileManager.default.copyItem(
          atPath: folder.path + "/\(name)-gnuplot.svg", toPath: copy + "/\(name)-gnuplot.svg")
        try? FileManager.default.copyItem(atPath: folder.path + "/\(name).gp", toPath: copy + "/\(name).gp")
        try? FileManager.default.copyItem(atPath: folder.path + "/\(name).csv", toPath: copy + "/\(name).csv")
      }
    }
  }
}
