import Records
import Reports
import Studies

extension RunDrawing {
  /// Pictures and page as `Reports` draws them.
  static var standard: RunDrawing {
    RunDrawing(
      figure: { figure, number in
        FigureFiles(
          svg: FigureDrawing.svg(figure),
          csv: (try? CSV.write(FigureDrawing.data(figure), beforeRow: { try Interruption.check(at: $0) })) ?? "",
          gnuplot: FigureDrawing.gnuplot(figure, dataFile: "\(number).csv"))
      },
      report: { ReportPage.html($0) })
  }
}
