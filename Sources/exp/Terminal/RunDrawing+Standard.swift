import Records
import Reports
import Studies
import Synchronization

extension RunDrawing {
  /// Pictures and page as `Reports` draws them. The page has the pictures as they were drawn when they were shown, so that a run that
  /// is to stop does not draw them again.
  static var standard: RunDrawing {
    let drawn = DrawnFigures()
    return RunDrawing(
      figure: { figure, number in
        let files = FigureFiles(
          svg: FigureDrawing.svg(figure),
          csv: (try? CSV.write(FigureDrawing.data(figure), beforeRow: { try Interruption.check(at: $0) })) ?? "",
          gnuplot: FigureDrawing.gnuplot(figure, dataFile: "\(number).csv"))
        if !Interruption.isRaised() { drawn.keep(files, number) }
        return files
      },
      title: { ReportPage.title(ofProse: $0) },
      report: { ReportPage.html($0, drawn: drawn.byStem) })
  }
}

/// The figures of a run that stand in its folder.
private final class DrawnFigures: Sendable {
  private let figures = Mutex<[String: DrawnFigure]>([:])

  func keep(_ files: RunDrawing.FigureFiles, _ number: Int) {
    let figure = DrawnFigure(svg: files.svg, csv: files.csv, gnuplot: files.gnuplot)
    figures.withLock { $0["figures/\(number)"] = figure }
  }

  var byStem: [String: DrawnFigure] { figures.withLock { $0 } }
}
