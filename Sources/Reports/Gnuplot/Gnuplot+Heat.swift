import Notation
import Records

/// Heat maps and grey pictures.
extension GnuplotScript {
  private func number(_ x: Double) -> String { NumberText.shortest(x) }

  /// The scale of colours beside the frame, as the SVG has it.
  mutating func addColorBar(_ map: ColorMap, _ scale: AxisScale, _ label: String) {
    let steps = map.stopCount - 1
    let colors = (0...steps).map { "\($0) '\(map.color(Double($0) / Double(steps)).hex)'" }.joined(separator: ", ")
    head.append("set palette defined (\(colors))")
    if scale.kind == .log { head.append("set logscale cb") }
    head.append("set cbrange [\(number(scale.lower)):\(number(scale.upper))]")
    numbers("cb", scale)
    name("cblabel", SVGCanvas.fit(label, 300, size: 13), scale.factorExponent)
  }

  /// Many cells of one size are an image from the CSV. Few cells, and those of different sizes, are rectangles between their
  /// edges, which stand in the script: x, y, the edges, the value and, where there is room, the text and its colour.
  mutating func addHeat(_ heat: HeatMap, _ mark: Figure.Mark, _ number: Int) {
    guard case .heat(let x, let y, let rows) = mark, let left = heat.xEdges.first, let right = heat.xEdges.last,
      let low = heat.yEdges.first, let high = heat.yEdges.last
    else { return }
    addColorBar(heat.map, heat.scale, heat.label)
    if heat.values.contains(where: { $0.contains { heat.entry($0) == 255 } }) {
      // Strokes shine through cells without a value, so that no hole looks like a value.
      head.append(
        "set object rectangle from \(self.number(left)),\(self.number(low)) to \(self.number(right)),\(self.number(high)) "
          + "behind fs pattern 4 noborder fc rgb '#8a8f98'")
    }
    let count = rows.reduce(0) { $0 + $1.count }, columns = heat.values[0].count
    if count > 150, isImage(heat, x, y, rows) {
      let first = firstRow(number)
      let value = heat.scale.kind == .log ? "(column('value')>0 ? column('value') : NaN)" : "(column('value'))"
      // Between contour lines colours run into each other; so they do where cells are too small to be told apart.
      let isSharp = !isUnderContours && max(columns, rows.count) <= 100
      plots.insert(
        "\(source) every ::\(first)::\(first + count - 1) using (column('x')):(column('y')):\(value) "
          + "with image\(isSharp ? " pixels" : "") notitle", at: 0)
    } else {
      addCells(heat)
    }
  }

  var isUnderContours: Bool {
    figure.marks.contains { if case .contour = $0 { return true } else { return false } }
  }

  /// True for a grid that gnuplot reads from the CSV as an image: all cells of one size, all values finite or missing.
  private func isImage(_ heat: HeatMap, _ x: [Double], _ y: [Double], _ rows: [[Double]]) -> Bool {
    guard figure.x.scale == .linear, figure.y.scale == .linear, let columns = rows.first?.count, columns > 1,
      rows.count > 1, heat.values.count == rows.count, rows.allSatisfy({ $0.count == columns }),
      !rows.contains(where: { $0.contains(where: \.isInfinite) })
    else { return false }
    let places = GridPlaces(x: x, y: y, rows: rows, figure: figure)
    return places.x == (0..<columns).map { $0 < x.count ? x[$0] : Double($0) }
      && places.y == rows.indices.map { $0 < y.count ? y[$0] : Double($0) } && isEven(heat.xEdges)
      && isEven(heat.yEdges)
  }

  private func isEven(_ edges: [Double]) -> Bool {
    let step = (edges[edges.count - 1] - edges[0]) / Double(edges.count - 1)
    return zip(edges, edges.dropFirst()).allSatisfy { abs($1 - $0 - step) < 0.01 * step }
  }

  private mutating func addCells(_ heat: HeatMap) {
    guard let drawing else { return }
    let xs = heat.xEdges.map { (drawing.x.place($0) ?? 0) * frame.width }
    let ys = heat.yEdges.map { (drawing.y.place($0) ?? 0) * frame.height }
    var hasText = false
    let block = head.count
    head += ["$cells << EOD", "x,y,left,right,lower,upper,value,text,ink"]
    for (r, row) in heat.values.enumerated() where !Interruption.isRaised() {
      for (c, value) in row.enumerated() where heat.entry(value) != 255 {
        let box = [heat.xEdges[c], heat.xEdges[c + 1], heat.yEdges[r], heat.yEdges[r + 1]]
        let x = GnuplotScript.middle(box[0], box[1], figure.x.scale)
        let y = GnuplotScript.middle(box[2], box[3], figure.y.scale)
        var cell = ([x, y] + box + [min(max(value, heat.scale.lower), heat.scale.upper)]).map(number)
        let text = NumberFormat.short(value, digits: 3).replacingMinus
        if !isUnderContours, TextWidth.pixels(text, size: 12) + 8 < xs[c + 1] - xs[c], ys[r + 1] - ys[r] > 18 {
          let isLight = heat.map.color(Double(heat.entry(value)) / 254).lightness > 0.5
          cell += [text, isLight ? "0x1d2127" : "0xffffff"]
          hasText = true
        } else {
          cell += ["", "0"]
        }
        head.append(cell.joined(separator: ","))
      }
    }
    guard head.count > block + 2 else { return head.removeLast(2) }
    head.append("EOD")
    if hasText {
      plots.insert("$cells using 1:2:(stringcolumn(8)):9 with labels tc rgb variable font ',12' notitle", at: 0)
    }
    plots.insert("$cells using 1:2:3:4:5:6:7 with boxxyerror fs solid noborder lc palette notitle", at: 0)
  }

  private static func middle(_ a: Double, _ b: Double, _ scale: Figure.Scale) -> Double {
    scale == .log ? a.squareRoot() * b.squareRoot() : a / 2 + b / 2
  }

  /// Grey pictures in as many columns as the SVG has.
  mutating func addImages(_ images: [[Double]], width: Int, height: Int, captions: [String]) {
    let shown = min(images.count, 400), total = 720.0
    guard width > 0, height > 0, shown > 0 else {
      head += ["unset key", "unset border", "unset tics", "unset grid"]
      head.append("plot [0:1] [0:1] NaN notitle")
      return
    }
    let most = max(1, Int(saturating: (total - 16) / (max(28, min(64, Double(width) * 2)) + 8)))
    let rows = (shown + most - 1) / most, columns = (shown + rows - 1) / rows
    let side = min(120, (total - 24) / Double(columns) - 8), tall = side * Double(height) / Double(width)
    let top = figure.title.isEmpty ? 12.0 : 38, space = captions.contains { !$0.isEmpty } ? 24.0 : 8
    let all = top + space + Double(rows) * (tall + space), wide = 24 + Double(columns) * (side + 8)
    head.removeAll { $0.hasPrefix("set term svg") || $0.hasPrefix("set title") }
    head.insert(terminal(width: max(wide, TextWidth.pixels(figure.title, size: 13) * 1.1 + 24), height: all), at: 1)
    func share(_ x: Double) -> String { NumberFormat.fixed(max(0, min(1, x)), 4) }
    head += [
      "unset key", "unset border", "unset tics", "unset colorbox", "unset grid",
      "set palette defined (0 '#000000', 1 '#ffffff')", "set cbrange [0:1]", "set size ratio -1",
      "set xrange [-0.5:\(Double(width) - 0.5)]", "set yrange [\(Double(height) - 0.5):-0.5]",
    ]
    if !figure.title.isEmpty {
      head.append("set label \(quoted(figure.title)) at screen 0.5, screen \(share(1 - 14 / all)) center")
    }
    head.append("set multiplot")
    let isSharp = shown * width * height <= 200_000
    var first = 0
    for i in 0..<shown where !Interruption.isRaised() {
      let left = 12 + Double(i % columns) * (side + 8), up = all - top - space - Double(i / columns) * (tall + space)
      head += [
        "set lmargin at screen \(share(left / wide))", "set rmargin at screen \(share((left + side) / wide))",
        "set tmargin at screen \(share(up / all))", "set bmargin at screen \(share((up - tall) / all))",
      ]
      let caption = i < captions.count ? SVGCanvas.fit(captions[i], side + 6, size: 11.5) : ""
      head.append(caption.isEmpty ? "unset title" : "set title \(quoted(caption)) offset 0,-0.7 font ',11'")
      let image = images[i], own = "every ::\(first)::\(first + image.count - 1)"
      first += image.count
      if width > 1, height > 1, image.count == width * height, image.allSatisfy(\.isFinite) {
        head.append(
          "plot \(source) \(own) using (column('x')):(column('y')):(column('value')) with image\(isSharp ? " pixels" : "")"
        )
      } else {
        // What gnuplot takes for no image: NaN is mid-grey, missing pixels are black.
        head += ["$image << EOD", "x,y,value"]
        for at in 0..<width * height {
          let value = at < image.count ? image[at] : 0
          head.append("\(at % width),\(at / width),\(number(value.isNaN ? 0.502 : min(max(value, 0), 1)))")
        }
        head += ["EOD", "plot $image using 1:2:(0.5):(0.5):3 with boxxyerror fs solid noborder lc palette"]
      }
      head.append("unset label")
    }
    head.append("unset multiplot")
  }
}

extension ColorMap {
  /// Colours between which it is mixed evenly.
  fileprivate var stopCount: Int {
    switch self {
    case .sequential: return 21
    case .diverging: return 11
    case .counts: return 9
    }
  }
}
