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
      if let copy = ProcessInfo.processInfo.environment["EXP_KEEP_GNUPLOT"] {
        try? FileManager.default.copyItem(
          atPath: folder.path + "/\(name)-gnuplot.svg", toPath: copy + "/\(name)-gnuplot.svg")
      }
    }
  }
}
