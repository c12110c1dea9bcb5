import Notation
import Records

extension FigureDrawing {
  /// A gnuplot script (5.2 or later) that draws what the SVG shows from the CSV of `data`, to be changed by hand for a paper.
  /// `dataFile` is that CSV's name beside the script, such as `1.csv`. Numbers on the axes, names, and what gnuplot cannot take
  /// from the CSV (bars, few or uneven cells, contour lines, surfaces, networks) stand in the script.
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
  /// The axes of the SVG; nil for pictures that have no plane of numbers.
  var drawing: AxesDrawing?
  /// About the frame that gnuplot will have, in pixels.
  var frame = Frame(left: 0, top: 0, width: 560, height: 340)
  /// Bars that lie down because of their names: x is the axis of the numbers.
  var lying: BarLayout?
  /// True once a surface is drawn, which takes the whole picture.
  var isInSpace = false
  /// How many names the figure has, and those that stand in the key so far.
  var nameCount = 0, named: Set<String> = []
  /// Where plots take their numbers from: the CSV beside the script.
  var source: String

  init(figure: Figure, dataFile: String) {
    self.figure = figure
    self.dataFile = dataFile
    source = ""
    source = quoted(dataFile)
  }

  mutating func text() -> String {
    start()
    takeData()
    if case .images(let images, let width, let height, let captions)? = figure.marks.first(where: {
      if case .images = $0 { return true } else { return false }
    }) {
      addImages(images, width: width, height: height, captions: captions)
      return head.joined(separator: "\n") + "\n"
    }
    for (i, mark) in figure.marks.enumerated() {
      add(mark, i + 1)
      if isInSpace { return head.joined(separator: "\n") + "\n\nsplot " + plots.joined() + "\n" }
    }
    addPointNames()
    closeKey()
    if plots.isEmpty {
      if drawing == nil { head += ["set xrange [0:1]", "set yrange [0:1]"] }
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
      terminal(width: 760, height: Double(height)), "set output \(quoted(stem + "-gnuplot.svg"))", "set encoding utf8",
      "set datafile separator comma", "set datafile columnheaders", "set border 3 lw 1 lc rgb '#8a8f98'",
      "set tics nomirror out scale 0.5 textcolor rgb '#6b7078'",
      "set grid \(lying == nil ? "ytics" : "xtics") lc rgb '#e3e5e8' lw 1 lt 1",
      hasHeat ? "set style fill solid" : "set style fill transparent solid 0.16 noborder",
      "set key outside right top Left reverse samplen 2 textcolor rgb '#6b7078'",
    ]
    if !figure.title.isEmpty { head.append("set title \(quoted(SVGCanvas.fit(figure.title, 480, size: 13)))") }
    if hasOwnPlace { return }
    let drawing = AxesDrawing(figure)
    self.drawing = drawing
    let names = drawing.marginLabels().filter { $0.swatch != .rule }.map(\.text)
    nameCount = names.count
    let widest = names.map { min(190, TextWidth.pixels($0, size: 13)) + 60 }.max() ?? 20
    frame.width = max(120, 660 - widest - (drawing.heat?.marginWidth ?? 0))
    // As many as leave one column beside the frame.
    if nameCount > 12 { head.append("set key font ',11' spacing 0.9") }
    if drawing.isGrid { head.append("unset grid") }
    if figure.marks.contains(.diagonal) || drawing.heat?.isSquare ?? GridPlaces.isSquare(figure) {
      head.append("set size square")
      frame.width = min(frame.width, frame.height)
    }
    // The line on which bars stand.
    if drawing.bars != nil { head.append("set \(lying == nil ? "x" : "y")zeroaxis lt 1 lc rgb '#8a8f98'") }
    if let lying {
      axis("x", figure.y, drawing.y)
      let names = lying.labels.enumerated().map { "\(quoted(SVGCanvas.fit($1, 240, size: 13))) \($0)" }
      head.append("set ytics (\(names.joined(separator: ", ")))")
      return head.append("set yrange [\(Double(lying.labels.count) - 0.5):-0.5]")
    }
    if let bars = drawing.bars {
      name("xlabel", figure.x.label, nil)
      barNames(bars)
    } else {
      axis("x", figure.x, drawing.x)
    }
    axis("y", figure.y, drawing.y)
  }

  func terminal(width: Double, height: Double) -> String {
    let size = "\(Int(saturating: width.rounded(.up))),\(Int(saturating: height.rounded(.up)))"
    return "set term svg size \(size) font 'Inter,Helvetica,Arial,sans-serif,13' noenhanced background '#ffffff'"
  }

  /// gnuplot takes a line break in a name of the CSV for the end of a row; such data stand in the script, without the break.
  private mutating func takeData() {
    guard texts.contains(where: { $0.contains(where: \.isNewline) }) else { return }
    var table = FigureDrawing.data(figure)
    for i in table.columns.indices {
      table.columns[i].values = table.columns[i].values.map { value in
        guard case .string(let text) = value else { return value }
        return .string(String(text.map { $0.isNewline ? " " : $0 }))
      }
    }
    source = "$data"
    head += ["$data << EOD", CSV.write(table) + "EOD"]
  }

  /// The names that stand in the CSV.
  private var texts: [String] {
    figure.marks.flatMap { mark -> [String] in
      switch mark {
      case .line(let series, _, _): return [series.name]
      case .points(let series, let labels, _): return [series.name] + (labels ?? [])
      case .rule(_, _, let label): return [label]
      case .bars(let labels, _, let name): return [name] + labels
      case .strip(_, let name): return [name] + figure.x.categories
      case .histogram(_, _, let name): return [name]
      case .heat, .contour, .surface: return [figure.z.label]
      case .images(_, _, _, let captions): return captions
      case .network(let nodes, _): return nodes.map(\.label)
      case .rollout(let actors, _): return actors.map(\.name)
      case .diagonal, .holes: return []
      }
    }
  }

  /// True for pictures whose axes are not those of a plane of numbers.
  private var hasOwnPlace: Bool {
    figure.marks.contains {
      switch $0 {
      case .images, .surface, .network, .rollout: return true
      default: return false
      }
    }
  }

  private var hasHeat: Bool { figure.marks.contains { if case .heat = $0 { return true } else { return false } } }

  private mutating func add(_ mark: Figure.Mark, _ number: Int) {
    let file = source
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
        let band = bandPlace(s, number) + ":" + ends(s, isBar: false)
        plots.append("\(file) using \(band) with filledcurves \(color(index)) notitle")
      }
      let name = title(s.name, color(index), swatch: "line \(dash ?? -1)")
      let style = s.x.count <= 40 ? "with linespoints pt 7 ps 0.4" : "with lines"
      plots.append(
        "\(file) using \(x):(column('y')) \(style) lw 2 dt \(Palette.dash(dash, color: index ?? max(0, next)) + 1) \(color(index)) \(name)"
      )
    case .points(let s, _, let index):
      guard !s.x.isEmpty else { return }
      let shape = Palette.dot(color: index ?? max(0, next)), name = title(s.name, color(index), swatch: "dot \(shape)")
      if s.hasInterval {
        let ends = ends(s, isBar: true)
        plots.append(
          "\(file) using \(x):(column('y')):\(ends) with yerrorbars pt \(shape.rawValue) ps 0.6 \(color(index)) \(name)"
        )
      } else {
        plots.append("\(file) using \(x):(column('y')) with points pt \(shape.rawValue) ps 0.6 \(color(index)) \(name)")
      }
    case .rule(let isVertical, let at, let label):
      guard at.isFinite else { return }
      let place = NumberText.shortest(at)
      // What is level beside bars that stand is upright beside bars that lie.
      guard !isVertical || lying == nil else { return }
      guard at > 0 || (isVertical ? figure.x : figure.y).scale == .linear else { return }
      let isVertical = isVertical || lying != nil
      let (from, to) =
        isVertical ? ("\(place), graph 0", "\(place), graph 1") : ("graph 0, first \(place)", "graph 1, first \(place)")
      head.append("set arrow from \(from) to \(to) nohead dt 3 lc rgb '#9aa0a8'")
      let beside = isVertical ? "\(place), graph 0.97 offset 1,0" : "graph 0.01, first \(place) offset 0,0.5"
      if !label.isEmpty { head.append("set label \(quoted(label)) at \(beside) tc rgb '#6b7078' font ',11'") }
    case .diagonal: plots.append("x with lines dt 2 lc rgb '#9aa0a8' notitle")
    case .bars(_, _, let name): addBars(number, color(nil), name)
    case .heat:
      guard let heat = drawing?.heat, firstHeat == number else { return }
      addHeat(heat, mark, number)
    case .images: break
    case .strip(let groups, let name): addStrip(number, groups, color(nil), Palette.dot(color: max(0, next)), name)
    case .histogram(_, _, let name): addHistogram(number, color(nil), name)
    case .contour(let x, let y, let rows, let levels):
      addContours(GridPlaces(x: x, y: y, rows: rows, figure: figure), levels)
    case .surface(let x, let y, let rows): addSurface(x, y, rows)
    case .network(let nodes, let edges): addNetwork(nodes, edges)
    case .rollout(let actors, _): addRollout(actors)
    case .holes: addHoles(number)
    }
  }

  /// The columns of an interval. Ends that have no place on the axis (infinite, not positive on a logarithmic one) and ends of bars
  /// beyond it are those of the axis, as in the SVG.
  private func ends(_ s: Figure.Series, isBar: Bool) -> String {
    guard let y = drawing?.y else { return "(column('lower')):(column('upper'))" }
    let low = isBar ? y.lower : y.kind == .log ? 0 : -1e300, high = isBar ? y.upper : 1e300
    func end(_ column: String, _ sign: String, _ limit: Double, _ end: Double) -> String {
      "(column('\(column)')\(sign)\(NumberText.shortest(limit)) ? \(NumberText.shortest(end)) : column('\(column)'))"
    }
    return (s.lower.contains { $0 <= low } ? end("lower", "<=", low, y.lower) : "(column('lower'))") + ":"
      + (s.upper.contains { $0 >= high } ? end("upper", ">=", high, y.upper) : "(column('upper'))")
  }

  /// The column of x along a band, which is broken where there is no value or no upper end on the axis.
  private func bandPlace(_ s: Figure.Series, _ number: Int) -> String {
    var conditions = ["column('mark')==\(number)"]
    if !s.y.allSatisfy(\.isFinite) { conditions.append("column('y')-column('y')==0") }
    if figure.y.scale == .log, s.upper.contains(where: { $0 <= 0 }) { conditions.append("column('upper')>0") }
    return "(\(conditions.joined(separator: " && ")) ? column('x') : NaN)"
  }

  /// Only the first heat map is drawn.
  private var firstHeat: Int? {
    figure.marks.firstIndex { if case .heat = $0 { return true } else { return false } }.map { $0 + 1 }
  }

  /// Index of the first CSV row of a mark.
  func firstRow(_ number: Int) -> Int {
    figure.marks.prefix(number - 1).reduce(0) { $0 + rowCount($1) }
  }

  private func rowCount(_ mark: Figure.Mark) -> Int {
    if case .heat(_, _, let rows) = mark { return rows.reduce(0) { $0 + $1.count } }
    var one = figure
    one.marks = [mark]
    return FigureDrawing.data(one).rowCount
  }

  /// A string of gnuplot's in single quotes, in which only the quote is special.
  func quoted(_ text: String) -> String {
    let flat = text.map { $0.isNewline || $0 == "\0" ? " " : String($0) }.joined()
    return "'" + flat.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
  }
}
