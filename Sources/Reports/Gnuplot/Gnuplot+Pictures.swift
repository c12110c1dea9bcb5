import Notation
import Records

/// Kinds of marks that gnuplot draws from more than one column of numbers.
extension GnuplotScript {
  private var file: String { source }

  private func own(_ number: Int, _ column: String) -> String {
    "(column('mark')==\(number) ? column('\(column)') : NaN)"
  }

  /// Dots about the place of their category, beside those of other strips, and a line at the median.
  mutating func addStrip(
    _ number: Int, _ groups: [[Double]], _ color: String, _ shape: Palette.Dot, _ name: String
  ) {
    let strips = figure.marks.indices.filter { if case .strip = figure.marks[$0] { return true } else { return false } }
    let width = 0.8 / Double(max(1, strips.count))
    let shift = (Double(strips.firstIndex(of: number - 1) ?? 0) + 0.5) * width - 0.4
    let x =
      "(column('mark')==\(number) ? column('x') + \(NumberFormat.fixed(shift, 3)) "
      + "+ \(NumberFormat.fixed(width * 0.5, 3))*(rand(0)-0.5) : NaN)"
    let title = title(name, color, swatch: "dot \(shape)")
    plots.append("\(file) using \(x):(column('y')) with points pt \(shape.rawValue) ps 0.5 \(color) \(title)")
    for (i, group) in groups.enumerated() {
      let values = group.filter { $0.isFinite && (figure.y.scale == .linear || $0 > 0) }.sorted(),
        half = values.count / 2
      guard values.count > 1 else { continue }
      let median = values.count % 2 == 1 ? values[half] : values[half - 1] / 2 + values[half] / 2
      let middle = Double(i) + shift, y = NumberText.shortest(median)
      head.append(
        "set arrow from \(NumberFormat.fixed(middle - width * 0.46, 3)),\(y) to "
          + "\(NumberFormat.fixed(middle + width * 0.46, 3)),\(y) nohead front lw 2 lc rgb '#1d2127'")
    }
  }

  mutating func addHistogram(_ number: Int, _ color: String, _ name: String) {
    let x = own(number, "x"), width = "(column('upper')-column('lower'))"
    let title = title(name, color, swatch: "block")
    plots.append("\(file) using \(x):(column('y')):\(width) with boxes fs solid 0.3 \(color) \(title)")
  }

  /// Bars stand where the SVG has them: each at the place of its name, beside those of other groups. Place and value of
  /// each stand in the script.
  mutating func addBars(_ number: Int, _ color: String, _ name: String) {
    guard let bars = drawing?.bars, let group = bars.groups.firstIndex(where: { $0.mark == number - 1 }),
      !bars.labels.isEmpty
    else { return }
    let slot = (lying == nil ? frame.width : frame.height) / Double(bars.labels.count)
    let width = min(0.72 / Double(bars.groups.count), 64 / slot)
    let shift = (Double(group) + 0.5 - Double(bars.groups.count) / 2) * width
    let block = head.count
    head += ["$bars\(group) << EOD", "place,y"]
    for i in bars.labels.indices {
      guard let value = bars.value(group, i), value.isFinite, value > 0 || figure.y.scale == .linear else { continue }
      head.append("\(NumberFormat.fixed(Double(i) + shift, 3)),\(NumberText.shortest(value))")
    }
    guard head.count > block + 2 else { return head.removeLast(2) }
    head.append("EOD")
    let title = title(name, color, swatch: "block")
    if lying != nil, let drawing {
      let half = NumberFormat.fixed(width * 0.475, 3)
      let base = figure.y.scale == .log ? NumberText.shortest(drawing.y.lower) : "0"
      plots.append(
        "$bars\(group) using 2:1:(\(base)):2:($1 - \(half)):($1 + \(half)) with boxxyerror fs solid 0.9 \(color) \(title)"
      )
    } else {
      let wide = NumberFormat.fixed(width * 0.95, 3)
      plots.append("$bars\(group) using 1:2:(\(wide)) with boxes fs solid 0.9 \(color) \(title)")
    }
  }

  mutating func addHoles(_ number: Int) {
    let bottom = NumberText.shortest(drawing?.y.lower ?? 0)
    plots.append(
      "\(file) using \(own(number, "x")):(\(bottom)) with points pt 2 ps 0.8 lc rgb '#b3261e' title 'missing'")
  }

  /// A grid as a block of the script: lines of equal value and surfaces need rows that gnuplot knows as rows.
  private mutating func addBlock(_ name: String, _ grid: GridPlaces) {
    let number = { (x: Double) in x.isFinite ? NumberText.shortest(x) : "NaN" }
    head.append("$\(name) << EOD")
    head.append(([String(grid.x.count)] + grid.x.map(number)).joined(separator: ","))
    for (y, row) in zip(grid.y, grid.values) where !Interruption.isRaised() {
      head.append(([number(y)] + row.map(number)).joined(separator: ","))
    }
    head.append("EOD")
  }

  mutating func addContours(_ grid: GridPlaces, _ wanted: [Double]) {
    guard grid.x.count > 1, grid.y.count > 1 else { return }
    let levels = (wanted.isEmpty ? Contours.levels(grid.values, figure.z.scale) : wanted).filter(\.isFinite)
    guard !levels.isEmpty else { return }
    let name = "contour\(plots.count)"
    addBlock("grid" + name, grid)
    let list = levels.map(NumberText.shortest).joined(separator: ",")
    head += [
      "set contour base", "unset surface", "set cntrparam levels discrete \(list)", "set table $\(name)",
      "set datafile separator comma", "splot $grid\(name) nonuniform matrix using 1:2:3", "unset table",
      "unset contour", "set surface",
    ]
    // The table is written with blanks between its columns.
    plots.append(
      "$\(name) using (real(word(stringcolumn(1),1))):(real(word(stringcolumn(1),2))) with lines lw 1 lc rgb '#1d2127' notitle"
    )
  }

  mutating func addSurface(_ x: [Double], _ y: [Double], _ rows: [[Double]]) {
    isInSpace = true
    let space = SurfaceDrawing(figure, x: x, y: y, rows: rows), grid = space.grid
    guard grid.x.count > 1, grid.y.count > 1 else {
      head += ["set xrange [0:1]", "set yrange [0:1]", "set zrange [0:1]"]
      plots = ["NaN notitle"]
      return
    }
    axis("x", Figure.Axis(label: figure.x.label, scale: figure.x.scale), space.x)
    axis("y", Figure.Axis(label: figure.y.label, scale: figure.y.scale), space.y)
    axis("z", Figure.Axis(label: figure.z.label, scale: figure.z.scale), space.z)
    addColorBar(.sequential, space.z, "")
    head += [
      "unset key", "unset colorbox", "set style fill solid", "set border 4095 lw 0.5", "set view 62,35",
      "set xyplane 0",
      "set pm3d depthorder lighting primary 0.5",
    ]
    addBlock("grid", grid)
    plots = ["$grid nonuniform matrix using 1:2:3 with pm3d notitle"]
  }

  /// Layers from left to right. Like the SVG it names the first layer at the left, the last at the right and others above their
  /// nodes, and leaves out the middle of long layers.
  mutating func addNetwork(_ nodes: [Figure.Node], _ edges: [Figure.Edge]) {
    head += ["unset border", "unset tics", "unset grid", "set key below"]
    let layers = Dictionary(grouping: nodes.indices) { nodes[$0].layer }.sorted { $0.key < $1.key }.map(\.value)
    let most = NetworkDrawing.mostNodes
    var places = [(x: Double, y: Double)?](repeating: nil, count: nodes.count), tallest = 1
    for (l, layer) in layers.enumerated() {
      let isLong = layer.count > most
      let rows = isLong ? Array(layer.prefix(most / 2)) + [-1] + Array(layer.suffix(most / 2)) : layer
      tallest = max(tallest, rows.count)
      for (i, node) in rows.enumerated() where node >= 0 {
        places[node] = (Double(l), Double(rows.count - 1) / 2 - Double(i))
      }
      if isLong {
        head.append("set label '⋮' at \(l),0 center front font ',17'")
        head.append(
          "set label \(quoted(NumberFormat.grouped(layer.count) + " nodes")) at \(l),\(-Double(rows.count) / 2 - 0.4) center font ',11'"
        )
      }
    }
    let largest = edges.map { abs($0.weight) }.filter(\.isFinite).max() ?? 0
    for edge in edges where edge.weight.isFinite && !Interruption.isRaised() {
      guard let from = places[edge.from], let to = places[edge.to] else { continue }
      let share = largest > 0 ? abs(edge.weight) / largest : 0
      if edges.count > 400, share < 0.04 { continue }
      let color = SVGCanvas.Ink.series(edge.weight < 0 ? 1 : 0).entry.light
      head.append(
        "set arrow from \(from.x),\(from.y) to \(to.x),\(to.y) nohead back lw \(NumberFormat.fixed(0.4 + 2.6 * share, 2)) "
          + "dt \(edge.weight < 0 ? 2 : 1) lc rgb '\(color)'")
    }
    for (l, layer) in layers.enumerated() {
      for i in layer where !nodes[i].label.isEmpty && !Interruption.isRaised() {
        guard let at = places[i] else { continue }
        let side =
          l == 0
          ? "right front offset -1.6,0"
          : l == layers.count - 1 ? "left front offset 1.6,0" : "center front offset 0,1.1"
        let text = SVGCanvas.fit(
          nodes[i].label, l == 0 || l == layers.count - 1 ? 150 : 620 / Double(layers.count), size: 12)
        head.append("set label \(quoted(text)) at \(at.x),\(at.y) \(side) font ',11'")
      }
    }
    // Room beside the outer layers for their names.
    let last = Double(max(1, layers.count - 1))
    func room(_ layer: [Int]?) -> Double {
      let widest = (layer ?? []).map { TextWidth.pixels(nodes[$0].label, size: 12) }.max() ?? 0
      return last * (40 + min(150, widest)) / 420
    }
    let reach = Double(tallest) / 2 + 1
    head += [
      "set xrange [\(-room(layers.first)):\(Double(layers.count - 1) + room(layers.last))]",
      "set yrange [\(-reach):\(reach)]",
    ]
    let shown = places.compactMap { $0 }
    guard !shown.isEmpty else { return }
    let inner = nodes.indices.filter { places[$0] != nil }
    let reachOfValues = nodes.map { abs($0.value) }.filter(\.isFinite).max() ?? 0
    head += ["$nodes << EOD", "layer,place,ink"]
    for i in inner {
      guard let at = places[i] else { continue }
      let value = nodes[i].value
      let fill =
        value.isFinite && reachOfValues > 0
        ? ColorMap.diverging.color(0.5 - 0.42 * value / reachOfValues).hex : "#ffffff"
      head.append("\(at.x),\(at.y),0x\(fill.dropFirst())")
    }
    head.append("EOD")
    let size = min(1.9, 22 / Double(tallest))
    plots = [
      "$nodes using 1:2 with points pt 7 ps \(NumberFormat.fixed(size, 2)) lc rgb '#1d2127' notitle",
      "$nodes using 1:2:3 with points pt 7 ps \(NumberFormat.fixed(size * 0.84, 2)) lc rgb variable notitle",
    ]
    let weights = edges.map(\.weight).filter(\.isFinite)
    if Set(weights.map { abs($0) }).count > 1 || weights.contains(where: { $0 < 0 }) {
      plots += [
        "NaN with lines lw 2 lc rgb '\(Palette.series[0].light)' title 'positive weight'",
        "NaN with lines lw 2 dt 2 lc rgb '\(Palette.series[1].light)' title 'negative weight'",
      ]
    }
  }

  /// All shapes at eight times; later ones are darker.
  mutating func addRollout(_ actors: [Figure.Actor]) {
    head += [
      "set size ratio -1", "set key below", "unset border", "unset tics", "unset grid", "set style fill solid noborder",
    ]
    let count = actors.map(\.frames.count).max() ?? 0
    guard count > 0 else { return }
    nameCount = actors.count { !$0.name.isEmpty }
    for (k, actor) in actors.enumerated() {
      let frames = Set((0..<8).map { min($0 * (count - 1) / 7, actor.frames.count - 1) }).filter { $0 >= 0 }.sorted()
      for (n, frame) in frames.enumerated() {
        let isLast = n == frames.count - 1
        let row = "(column('mark')==\(k + 1) && column('frame')==\(frame) ? column('x') : NaN)"
        let alpha = String((frames.count - 1 - n) * 32, radix: 16)
        let ink = SVGCanvas.Ink.series(k).entry.light.dropFirst()
        let color = "lc rgb '#\(alpha.count < 2 ? "0" : "")\(alpha)\(ink)'"
        let name = isLast ? title(actor.name, color) : "notitle"
        switch actor.shape {
        case .disc:
          plots.append("\(file) using \(row):(column('y')):(column('value')) with circles \(color) \(name)")
        case .line: plots.append("\(file) using \(row):(column('y')) with lines lw 2 \(color) \(name)")
        case .polygon: plots.append("\(file) using \(row):(column('y')) with filledcurves closed \(color) \(name)")
        }
      }
    }
  }
}
