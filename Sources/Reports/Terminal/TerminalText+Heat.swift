import Records

extension TerminalText {
  /// Characters of a heat map, with what stands in some of them instead of a shade.
  private struct HeatGrid {
    let heat: HeatMap
    let down: Int
    let across: Int
    /// By line, then by column: a sign and its series.
    var signs: [[(sign: Character, series: Int)?]]

    /// A small map is enlarged where something stands on it.
    init(_ heat: HeatMap, width: Int, hasMarks: Bool) {
      self.heat = heat
      let columns = heat.values.first?.count ?? 0, rows = heat.values.count
      let zoom = hasMarks ? max(1, 18 / max(1, rows, columns / 2)) : 1
      across = max(1, min(columns * 2 * zoom, width - 4, 72))
      down = max(1, min(rows * zoom, 18))
      signs = Array(repeating: Array(repeating: nil, count: across), count: down)
    }

    func row(_ line: Int) -> Int { heat.values.count - 1 - line * heat.values.count / down }
    func column(_ place: Int) -> Int { place * (heat.values.first?.count ?? 0) / across }

    /// Where between edges a number lies, in cells; nil outside.
    private func cell(_ value: Double, _ edges: [Double]) -> Double? {
      guard value.isFinite, let first = edges.first, let last = edges.last, value >= first, value <= last,
        let above = edges.dropFirst().firstIndex(where: { value <= $0 })
      else { return nil }
      let low = edges[above - 1], high = edges[above]
      return Double(above - 1) + (high > low ? (value - low) / (high - low) : 0)
    }

    mutating func put(_ sign: Character, _ series: Int, x: Double, y: Double) {
      guard let column = cell(x, heat.xEdges), let row = cell(y, heat.yEdges) else { return }
      let place = min(across - 1, Int(saturating: column / Double(heat.xEdges.count - 1) * Double(across)))
      let line = min(down - 1, max(0, Int(saturating: (1 - row / Double(heat.yEdges.count - 1)) * Double(down))))
      signs[line][place] = (sign, series)
    }
  }

  /// Signs of sets of dots, one after the other.
  private static let dotSigns: [Character] = ["●", "○", "◆", "◇", "▲", "△"]

  /// A heat map in blocks, with dots and curves over it, the ends of its axes and what its shades mean.
  func heatLines(_ figure: Figure, _ heat: HeatMap) -> [String] {
    let shades = Array(" ░▒▓█")
    let hasMarks = figure.marks.contains {
      switch $0 {
      case .points, .line: true
      default: false
      }
    }
    var grid = HeatGrid(heat, width: width, hasMarks: hasMarks)
    var names: [String] = []
    var sets = 0, curves = 0
    for mark in figure.marks {
      let series: Figure.Series, sign: Character, number = sets + curves
      switch mark {
      case .points(let points, _, _):
        (series, sign) = (points, TerminalText.dotSigns[sets % TerminalText.dotSigns.count])
        sets += 1
        for (x, y) in zip(series.x, series.y) { grid.put(sign, number, x: x, y: y) }
      case .line(let line, _, _):
        (series, sign) = (line, "•")
        curves += 1
        draw(line, number, in: &grid)
      default: continue
      }
      if !series.name.isEmpty { names.append(paint(String(sign), series: number) + " \(DatumText.clean(series.name))") }
    }
    var lines: [String] = []
    for line in 0..<grid.down {
      var text = "│"
      for place in 0..<grid.across {
        if let (sign, series) = grid.signs[line][place] {
          text += paint(String(sign), series: series)
          continue
        }
        let value = heat.values[grid.row(line)][grid.column(place)]
        let t = value.isNaN ? nil : heat.scale.place(value)
        text.append(t.map { shades[max(0, min(4, Int(saturating: $0 * 5)))] } ?? "?")
      }
      lines.append(text)
    }
    lines.append("└" + String(repeating: "─", count: grid.across))
    if !names.isEmpty { lines += wrap([(names.joined(separator: "   "), .plain)], width: width - 2) }
    lines.append(heatCaption(figure, heat))
    if let text = LeftOut(infinite: LeftOut(heat).infinite).text { lines += wrap([(text, .dim)], width: width - 2) }
    return lines
  }

  /// A curve's points, and enough between two of them that it has no gap.
  private func draw(_ line: Figure.Series, _ number: Int, in grid: inout HeatGrid) {
    let points = Array(zip(line.x, line.y))
    for (i, (x, y)) in points.enumerated() {
      grid.put("•", number, x: x, y: y)
      guard i > 0, points.count <= 10_000 else { continue }
      let (fromX, fromY) = points[i - 1]
      let steps = 2 * max(grid.across, grid.down) / max(1, min(points.count - 1, 2 * grid.across))
      for step in 1..<max(1, steps) {
        let share = Double(step) / Double(steps)
        grid.put("•", number, x: fromX + share * (x - fromX), y: fromY + share * (y - fromY))
      }
    }
  }

  /// What lies along the axes, between which numbers, and between which numbers the shades lie.
  private func heatCaption(_ figure: Figure, _ heat: HeatMap) -> String {
    func axis(_ axis: Figure.Axis, _ edges: [Double], count: Int) -> String {
      guard heat.range != nil, axis.categories.isEmpty, count > 0, edges.count > count else {
        return DatumText.clean(axis.label)
      }
      let ends = [edges[0] / 2 + edges[1] / 2, edges[count - 1] / 2 + edges[count] / 2]
      let numbers = NumberFormat.distinct(ends, digits: 3).joined(separator: " to ")
      return axis.label.isEmpty ? numbers : "\(DatumText.clean(axis.label)) \(numbers)"
    }
    let x = axis(figure.x, heat.xEdges, count: heat.values.first?.count ?? 0)
    let y = axis(figure.y, heat.yEdges, count: heat.values.count)
    let low = heat.range.map { NumberFormat.short($0.low, digits: 3) } ?? "",
      high = heat.range.map { NumberFormat.short($0.high, digits: 3) } ?? ""
    let shades = "\(low) ░▒▓█ \(high)"
    return x.isEmpty || y.isEmpty ? shades : "\(y) against \(x), \(shades)"
  }
}
