import Records

/// How the pictures and the page of a run are drawn; given from outside, because a study does not know pictures.
public struct RunDrawing: Sendable {
  /// A figure's files.
  public struct FigureFiles: Sendable {
    /// The picture.
    public var svg: String
    /// Its data.
    public var csv: String
    /// A gnuplot script that draws it from the data.
    public var gnuplot: String
    /// Makes files.
    public init(svg: String, csv: String, gnuplot: String) {
      self.svg = svg
      self.csv = csv
      self.gnuplot = gnuplot
    }
  }
  /// Draws the figure of a number.
  public var figure: @Sendable (Figure, _ number: Int) -> FigureFiles
  /// The title that prose gives a study; nil where it has none.
  public var title: @Sendable (_ prose: String) -> String?
  /// Draws the page.
  public var report: @Sendable (StudyRecord) -> String

  /// Makes a drawing.
  public init(
    figure: @escaping @Sendable (Figure, _ number: Int) -> FigureFiles,
    title: @escaping @Sendable (_ prose: String) -> String? = { _ in nil },
    report: @escaping @Sendable (StudyRecord) -> String
  ) {
    self.figure = figure
    self.title = title
    self.report = report
  }
}
