import Notation
import Records

extension FigureDrawing {
  /// A gnuplot script (5.2 or later) that draws the figure from the CSV of `data`, to be changed by hand for a paper.
  /// `dataFile` is that CSV's name beside the script, such as `1.csv`.
  public static func gnuplot(_ figure: Figure, dataFile: String) -> String {
    var script = GnuplotScript(figure: figure, dataFile: dataFile)
    return script.text()
  }
}

struct GnuplotScript {
  let figure: Figure
  let dataFile: String
  var head: [String] = []
  var plots: [String] = []
  /// Bars that lie down because of their names: x is the axis of the numbers.
  var lying: BarLayout?
  /// True once a surface is drawn, which takes the whole picture.
  var isInSpace = false

  mutating func text() -> String {
    start()
    if case .images(let images, _, _, let captions)? = figure.marks.first(where: {
      if case .images = $0 { return true } else { return false }
    }) {
      addImages(images, captions)
      return head.joined(separator: "\n") + "\n"
    }
    for (i, mark) in figure.marks.enumerated() {
      add(mark, i + 1)
      if isInSpace { return head.joined(separator: "\n") + "\n\nsplot " + plots.joined() + "\n" }
    }
    if plots.isEmpty {
      if hasOwnPlace { head += ["set xrange [0:1]", "set yrange [0:1]"] }
      plots.append("NaN notitle")
    }
    return head.joined(separator: "\n") + "\n\nplot " + plots.joined(separator: ", \\\n  ") + "\n"
  }

  private mutating func start() {
    lying = BarLayout(figure).flatMap { $0.isHorizontal ? $0 : nil }
    let height = max(420, 80 + (lying.map { $0.labels.count * (10 + 14 * $0.groups.count) } ?? 0))
    let stem = dataFile.hasSuffix(".csv") ? String(dataFile.dropLast(4)) : dataFile
    head += [
      "# gnuplot \(stem).gp draws \(stem)-gnuplot.svg; for a paper: set term pdfcairo size 9cm,6cm noenhanced",
      "set datafile separator comma", "set datafile columnheaders",
      "set term svg size 760,\(height) font 'Inter,Helvetica,Arial,sans-serif,13' noenhanced background '#ffffff'",
      "set output \(quoted(stem + "-gnuplot.svg"))", "set border 3 lw 1 lc rgb '#8a8f98'",
      "set tics nomirror out scale 0.5 textcolor rgb '#6b7078'",
      "set grid \(lying == nil ? "ytics" : "xtics") lc rgb '#e3e5e8' lw 1 lt 1",
      hasHeat ? "set style fill solid" : "set style fill transparent solid 0.16 noborder",
      "set key outside right top Left reverse samplen 2 textcolor rgb '#6b7078'",
    ]
    if !figure.title.isEmpty { head.append("set title \(quoted(figure.title))") }
    if hasOwnPlace { return nameAxes() }
    let drawing = AxesDrawing(figure)
    if let lying {
      axis("x", figure.y, drawing.y)
      return head.append("set yrange [\(Double(lying.labels.count) - 0.5):-0.5]")
    }
    axis("x", figure.x, drawing.bars == nil ? drawing.x : nil)
    axis("y", figure.y, drawing.y)
    if figure.marks.contains(.diagonal) { head.append("set size square") }
  }

  mutating func axis(_ name: String, _ axis: Figure.Axis, _ scale: AxisScale?) {
    if !axis.categories.isEmpty {
      let names = axis.categories.enumerated().map { "\(quoted($1)) \($0)" }.joined(separator: ", ")
      head.append("set \(name)tics\(name == "x" ? " rotate by 40 right" : "") (\(names))")
    }
    if !axis.label.isEmpty { head.append("set \(name)label \(quoted(axis.label)) textcolor rgb '#6b7078'") }
    if axis.scale == .log { head.append("set logscale \(name)\(scale.map(isBinary) == true ? " 2" : "")") }
    guard let scale else { return }
    head.append("set \(name)range [\(NumberText.shortest(scale.lower)):\(NumberText.shortest(scale.upper))]")
  }

  /// True for pictures whose axes are not those of a plane of numbers.
  private var hasOwnPlace: Bool {
    figure.marks.contains {
      switch $0 {
      case .surface, .network, .rollout: return true
      default: return false
      }
    }
  }

  private func isBinary(_ scale: AxisScale) -> Bool {
    let major = scale.ticks.filter(\.isMajor)
    return major.count > 3 && major.allSatisfy { $0.value.significand == 1 }
  }

  private var hasHeat: Bool { figure.marks.contains { if case .heat = $0 { return true } else { return false } } }

  private mutating func add(_ mark: Figure.Mark, _ number: Int) {
    let file = quoted(dataFile)
    let x = "(column('mark')==\(number) ? column('x') : NaN)"
    let next = figure.marks.prefix(number).reduce(-1) { n, mark in
      switch mark {
      case .line(_, _, nil), .points(_, _, nil), .bars, .strip, .histogram: return n + 1
      default: return n
      }
    }
    func color(_ index: Int?) -> String { "lc rgb '\(SVGCanvas.Ink.series(index ?? max(0, next)).entry.light)'" }
    switch mark {
    case .line(let s, let dash, let index):
      guard !s.x.isEmpty else { return }
      if s.hasInterval {
        plots.append("\(file) using \(x):(column('lower')):(column('upper')) with filledcurves \(color(index)) notitle")
      }
      let style = s.x.count <= 40 ? "with linespoints pt 7 ps 0.4" : "with lines"
      plots.append(
        "\(file) using \(x):(column('y')) \(style) lw 2 dt \(Palette.dash(dash, color: index) + 1) \(color(index)) \(title(s.name))"
      )
    case .points(let s, let labels, let index):
      guard !s.x.isEmpty else { return }
      if s.hasInterval {
        plots.append(
          "\(file) using \(x):(column('y')):(column('lower')):(column('upper')) with yerrorbars pt 7 ps 0.6 \(color(index)) \(title(s.name))"
        )
      } else {
        plots.append("\(file) using \(x):(column('y')) with points pt 7 ps 0.6 \(color(index)) \(title(s.name))")
      }
      if labels != nil {
        plots.append(
          "\(file) using \(x):(column('y')):(stringcolumn('label')) with labels left offset 0.7,0 font ',11' notitle")
      }
    case .rule(let isVertical, let at, let label):
      guard at.isFinite else { return }
      let place = NumberText.shortest(at)
      // What is level beside bars that stand is upright beside bars that lie.
      guard !isVertical || lying == nil else { return }
      let isVertical = isVertical || lying != nil
      let (from, to) =
        isVertical ? ("\(place), graph 0", "\(place), graph 1") : ("graph 0, first \(place)", "graph 1, first \(place)")
      head.append("set arrow from \(from) to \(to) nohead dt 3 lc rgb '#9aa0a8'")
      let beside = isVertical ? "\(place), graph 0.97 offset 1,0" : "graph 0.01, first \(place) offset 0,0.5"
      if !label.isEmpty { head.append("set label \(quoted(label)) at \(beside) tc rgb '#6b7078' font ',11'") }
    case .diagonal: plots.append("x with lines dt 2 lc rgb '#9aa0a8' notitle")
    case .bars(let labels, _, let name):
      guard !labels.isEmpty else { return }
      let count = figure.marks.filter { if case .bars = $0 { return true } else { return false } }.count
      let width = 0.8 / Double(max(1, count)), first = firstRow(number)
      let group = figure.marks.prefix(number - 1).filter { if case .bars = $0 { return true } else { return false } }
        .count
      // `every` renumbers the rows it picks from 0.
      let shift = NumberFormat.fixed((Double(group) + 0.5) * width - 0.4, 3)
      let own = "every ::\(first)::\(first + labels.count - 1)"
      if lying != nil {
        let half = NumberFormat.fixed(width * 0.475, 3), at = "$0 + \(shift)",
          base = figure.y.scale == .log ? NumberText.shortest(AxesDrawing(figure).y.lower) : "0"
        let bar = "(column('y')):(\(at)):(\(base)):(column('y')):(\(at) - \(half)):(\(at) + \(half))"
        let names = group == 0 ? ":ytic(stringcolumn('label'))" : ""
        plots.append("\(file) \(own) using \(bar)\(names) with boxxyerror fs solid 0.9 \(color(nil)) \(title(name))")
        return
      }
      let bar = "($0 + \(shift)):(column('y')):(\(NumberFormat.fixed(width * 0.95, 3)))"
      let names = group == 0 ? ":xtic(stringcolumn('label'))" : ""
      plots.append("\(file) \(own) using \(bar)\(names) with boxes fs solid 0.9 \(color(nil)) \(title(name))")
    case .heat:
      head.append("set palette defined (\(palette()))")
      if figure.z.scale == .log { head.append("set logscale cb") }
      if !figure.z.label.isEmpty { head.append("set cblabel \(quoted(figure.z.label))") }
      let first = firstRow(number), count = rowCount(mark)
      guard count > 0 else { return }
      plots.append(
        "\(file) every ::\(first)::\(first + count - 1) using (column('x')):(column('y')):(column('value')) with image notitle"
      )
    case .images: break
    case .strip(_, let name): addStrip(number, color(nil), name)
    case .histogram(_, _, let name): addHistogram(number, color(nil), name)
    case .contour(let x, let y, let rows, let levels):
      addContours(GridPlaces(x: x, y: y, rows: rows, figure: figure), levels)
    case .surface(let x, let y, let rows): addSurface(GridPlaces(x: x, y: y, rows: rows, figure: figure))
    case .network(let nodes, let edges): addNetwork(nodes, edges)
    case .rollout(let actors, _): addRollout(actors)
    case .holes: addHoles(number)
    }
  }

  /// Index of the first CSV row of a mark.
  private func firstRow(_ number: Int) -> Int {
    figure.marks.prefix(number - 1).reduce(0) { $0 + rowCount($1) }
  }

  private func rowCount(_ mark: Figure.Mark) -> Int {
    if case .heat(_, _, let rows) = mark { return rows.reduce(0) { $0 + $1.count } }
    var one = figure
    one.marks = [mark]
    return FigureDrawing.data(one).rowCount
  }

  func palette() -> String {
    (0...10).map { "\($0) '\(ColorMap.sequential.color(Double($0) / 10).hex)'" }.joined(separator: ", ")
  }

  private mutating func addImages(_ images: [[Double]], _ captions: [String]) {
    let count = images.count
    var first = 0
    let columns = max(1, Int(saturating: Double(count).squareRoot().rounded(.up)))
    head += [
      "unset key", "unset border", "unset tics", "unset colorbox", "unset grid", "set palette gray",
      "set size ratio -1",
      "set yrange [] reverse", "set multiplot layout \((count + columns - 1) / columns),\(columns)",
    ]
    for i in 0..<count where !images[i].isEmpty {
      head.append("set title \(quoted(i < captions.count ? captions[i] : ""))")
      let own = "every ::\(first)::\(first + images[i].count - 1)"
      first += images[i].count
      head.append(
        "plot \(quoted(dataFile)) \(own) using (column('x')):(column('y')):(column('value')) with image")
    }
    head.append("unset multiplot")
  }

  func title(_ name: String) -> String { name.isEmpty ? "notitle" : "title \(quoted(name))" }

  /// A string of gnuplot's in single quotes, in which only the quote is special.
  func quoted(_ text: String) -> String {
    let flat = text.map { $0.isNewline || $0 == "\0" ? " " : String($0) }.joined()
    return "'" + flat.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
  }
}
