import Notation
import Records

/// Kinds of marks that gnuplot draws from more than one column of numbers.
extension GnuplotScript {
  private var file: String { quoted(dataFile) }

  private func own(_ number: Int, _ column: String) -> String {
    "(column('mark')==\(number) ? column('\(column)') : NaN)"
  }

  mutating func addStrip(_ number: Int, _ color: String, _ name: String) {
    let x = "(column('mark')==\(number) ? column('x') + 0.24*(rand(0)-0.5) : NaN)"
    plots.append("\(file) using \(x):(column('y')) with points pt 7 ps 0.5 \(color) \(title(name))")
  }

  mutating func addHistogram(_ number: Int, _ color: String, _ name: String) {
    let x = own(number, "x"), width = "(column('upper')-column('lower'))"
    plots.append("\(file) using \(x):(column('y')):\(width) with boxes fs solid 0.3 \(color) \(title(name))")
  }

  mutating func addHoles(_ number: Int) {
    plots.append("\(file) using \(own(number, "x")):(0) with points pt 2 ps 0.8 lc rgb '#b3261e' title 'missing'")
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

  /// Names and scales of three axes.
  mutating func nameAxes() {
    for (name, axis) in [("x", figure.x), ("y", figure.y), ("z", figure.z)] {
      if !axis.label.isEmpty { head.append("set \(name)label \(quoted(axis.label)) textcolor rgb '#6b7078'") }
      if axis.scale == .log { head.append("set logscale \(name)") }
    }
    if figure.z.scale == .log { head.append("set logscale cb") }
  }

  mutating func addSurface(_ grid: GridPlaces) {
    isInSpace = true
    guard grid.x.count > 1, grid.y.count > 1 else {
      head += ["set xrange [0:1]", "set yrange [0:1]", "set zrange [0:1]"]
      plots = ["NaN notitle"]
      return
    }
    head += [
      "unset key", "set style fill solid", "set border 4095 lw 0.5", "set view 62,35", "set xyplane 0",
      "set palette defined (\(palette()))",
      "set pm3d depthorder lighting primary 0.5",
    ]
    addBlock("grid", grid)
    plots = ["$grid nonuniform matrix using 1:2:3 with pm3d notitle"]
  }

  mutating func addNetwork(_ nodes: [Figure.Node], _ edges: [Figure.Edge]) {
    head += ["unset border", "unset tics", "unset grid", "unset key", "unset xlabel", "unset ylabel"]
    var place: [(x: Double, y: Double)] = []
    var counts: [Int: Int] = [:], sizes: [Int: Int] = [:]
    for node in nodes { sizes[node.layer, default: 0] += 1 }
    for node in nodes {
      let i = counts[node.layer, default: 0]
      counts[node.layer] = i + 1
      place.append((Double(node.layer), Double((sizes[node.layer] ?? 1) - 1) / 2 - Double(i)))
    }
    let largest = edges.map { abs($0.weight) }.filter(\.isFinite).max() ?? 0
    for edge in edges where edge.weight.isFinite && !Interruption.isRaised() {
      let from = place[edge.from], to = place[edge.to], share = largest > 0 ? abs(edge.weight) / largest : 0
      let color = SVGCanvas.Ink.series(edge.weight < 0 ? 1 : 0).entry.light
      head.append(
        "set arrow from \(from.x),\(from.y) to \(to.x),\(to.y) nohead lw \(NumberFormat.fixed(0.4 + 2.6 * share, 2)) "
          + "lc rgb '\(color)'")
    }
    for (node, at) in zip(nodes, place) where !node.label.isEmpty && !Interruption.isRaised() {
      head.append("set label \(quoted(node.label)) at \(at.x),\(at.y) offset 1,0 font ',11'")
    }
    head += ["$nodes << EOD", "layer,place"]
    head += place.map { "\($0.x),\($0.y)" } + ["EOD"]
    let last = place.map(\.x).max() ?? 1, reach = place.map { abs($0.y) }.max() ?? 1
    head += ["set xrange [-0.5:\(last + 0.8)]", "set yrange [\(-reach - 1):\(reach + 1)]"]
    plots = place.isEmpty ? [] : ["$nodes using 1:2 with points pt 7 ps 1.6 lc rgb '#1d2127' notitle"]
  }

  /// All shapes at eight times; later ones are darker.
  mutating func addRollout(_ actors: [Figure.Actor]) {
    head += ["set size ratio -1", "set key below"]
    let count = actors.map(\.frames.count).max() ?? 0
    guard count > 0 else { return }
    for (k, actor) in actors.enumerated() {
      for step in 0..<8 {
        let frame = min(step * (count - 1) / 7, actor.frames.count - 1)
        let row = "(column('mark')==\(k + 1) && column('frame')==\(frame) ? column('x') : NaN)"
        let alpha = String(224 - step * 32, radix: 16)
        let ink = SVGCanvas.Ink.series(k).entry.light.dropFirst()
        let color = "lc rgb '#\(alpha.count < 2 ? "0" : "")\(alpha)\(ink)'"
        let name = step == 7 ? title(actor.name) : "notitle"
        switch actor.shape {
        case .disc:
          plots.append("\(file) using \(row):(column('y')):(column('value')) with circles \(color) \(name)")
        case .line: plots.append("\(file) using \(row):(column('y')) with lines lw 2 \(color) \(name)")
        case .polygon: plots.append("\(file) using \(row):(column('y')) with filledcurves closed \(color) \(name)")
        }
        if actor.frames.count == 1 { break }
      }
    }
  }
}
