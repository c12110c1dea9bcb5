import Records
import Reports
import Studies

extension RunDrawing {
  /// Pictures and page as `Reports` draws them.
  static var standard: RunDrawing {
    RunDrawing(
      figure: { figure, number in
        FigureFiles(
          svg: FigureDrawing.svg(figure), csv: CSV.write(FigureDrawing.data(figure)),
          gnuplot: FigureDrawing.gnuplot(figure, dataFile: "\(number).csv"))
      },
      report: { ReportPage.html($0) })
  }
}
