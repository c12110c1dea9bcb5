import Records

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The first heat map of a figure, made ready for drawing: edges of its cells and colours of its values.
struct HeatMap {
  let xEdges: [Double]
  let yEdges: [Double]
  /// Rows from the bottom up.
  let values: [[Double]]
  let scale: AxisScale
  let map: ColorMap
  let label: String
  /// True when there are about as many rows as columns.
  let isSquare: Bool
  /// The lowest and the highest of all values, also of those that are not drawn; nil where none is finite.
  let range: (low: Double, high: Double)?

  /// `includingAll` takes the grids of contour lines and surfaces too, for places that can draw nothing else.
  init?(_ figure: Figure, includingAll: Bool = false) {
    for mark in figure.marks {
      guard let (x, y, rows) = HeatMap.grid(mark, includingAll: includingAll) else { continue }
      let columns = rows.map(\.count).max() ?? 0
      guard columns > 0 else { return nil }
      let grid = GridPlaces(x: x, y: y, rows: rows, figure: figure)
      xEdges = HeatMap.edges(grid.x, figure.x.scale)
      yEdges = HeatMap.edges(grid.y, figure.y.scale)
      values = grid.values
      range = HeatMap.range(rows)
      let low = range?.low ?? 0, high = range?.high ?? 1, ends = range.map { [$0.low, $0.high] } ?? []
      let isDiverging =
        figure.z.scale == .linear && figure.z.range == nil && low < 0 && high > 0
        && min(-low, high) > 0.2 * max(-low, high)
      let isCounts = !figure.x.categories.isEmpty && !figure.y.categories.isEmpty && low >= 0
      map = isDiverging ? .diverging : isCounts ? .counts : .sequential
      let reach = max(-low, high)
      scale = AxisScale(
        figure.z.scale, data: isDiverging ? [-reach, reach] : HeatMap.finite(values) + ends + (isCounts ? [0] : []),
        range: figure.z.range, tickCount: 6, padding: 0)
      label = figure.z.label
      isSquare = Double(rows.count) > 0.6 * Double(columns) && Double(rows.count) < 1.6 * Double(columns)
      return
    }
    return nil
  }

  private static func range(_ rows: [[Double]]) -> (low: Double, high: Double)? {
    var low = Double.infinity, high = -Double.infinity
    for row in rows where !Interruption.isRaised() {
      for value in row where value.isFinite {
        if value < low { low = value }
        if value > high { high = value }
      }
    }
    return low <= high ? (low, high) : nil
  }

  private static func finite(_ rows: [[Double]]) -> [Double] {
    rows.flatMap { row in Interruption.isRaised() ? [] : row.filter { $0.isFinite } }
  }

  private static func grid(_ mark: Figure.Mark, includingAll: Bool) -> (x: [Double], y: [Double], rows: [[Double]])? {
    switch mark {
    case .heat(let x, let y, let rows): return (x, y, rows)
    case .contour(let x, let y, let rows, _) where includingAll: return (x, y, rows)
    case .surface(let x, let y, let rows) where includingAll: return (x, y, rows)
    default: return nil
    }
  }

  var marginWidth: Double {
    let ticks = scale.ticks.map { AxesDrawing.width(of: $0) }.max() ?? 0
    return 46 + ticks + (label.isEmpty && scale.factorExponent == nil ? 4 : 24)
  }

  /// Edges of cells around their centres; centres that are no increasing numbers become 0, 1, 2 ….
  static func edges(_ centers: [Double], _ kind: Figure.Scale) -> [Double] {
    let isUsable =
      centers.allSatisfy { $0.isFinite && (kind == .linear || $0 > 0) }
      && zip(centers, centers.dropFirst()).allSatisfy { $0 < $1 }
    let plain = kind == .log ? (0..<centers.count).map { Double($0 + 1) } : (0..<centers.count).map(Double.init)
    let places = (isUsable ? centers : plain).map { kind == .log ? log10($0) : $0 }
    guard let first = places.first, let last = places.last else { return [] }
    var edges: [Double]
    if places.count == 1 {
      edges = [first - 0.5, first + 0.5]
    } else {
      edges = zip(places, places.dropFirst()).map { $0 / 2 + $1 / 2 }
      edges.insert(first - (edges[0] - first), at: 0)
      edges.append(last + (last - edges[edges.count - 1]))
    }
    return kind == .log ? edges.map { pow(10, $0) } : edges
  }

  /// The palette entry of a value, 255 for none.
  func entry(_ value: Double) -> UInt8 {
    guard !value.isNaN, let t = scale.place(value) else { return 255 }
    return UInt8(max(0, min(254, (t * 254).rounded())))
  }
}

extension LeftOut {
  /// Counts the cells of a map that have no colour of their own.
  init(_ heat: HeatMap) {
    self.init()
    for row in heat.values where !Interruption.isRaised() {
      for value in row {
        if value.isNaN {
          holes += 1
        } else if heat.entry(value) == 255 {
          notPositive += 1
        } else if value.isInfinite {
          infinite += 1
        }
      }
    }
  }
}

extension AxesDrawing {
  mutating func drawHeat(_ heat: HeatMap) {
    let xs = heat.xEdges.map { px($0) ?? frame.left }, ys = heat.yEdges.map { py($0) ?? frame.bottom }
    guard let left = xs.first, let right = xs.last, let bottom = ys.first, let top = ys.last else { return }
    let cells = heat.values.count * (heat.values.first?.count ?? 0)
    drawHatch(left, right, bottom, top, heat)
    if !isEven(xs) || !isEven(ys) || cells <= 150 { return drawCells(heat, xs, ys) }
    let columns = heat.values[0].count
    // Small maps are enlarged here, since some programs smooth what they enlarge; under contour lines that is wanted.
    let isSmooth = isUnderContours
    let zoom = isSmooth ? 1 : max(1, min(8, 800 / max(columns, heat.values.count)))
    var large: [UInt8] = []
    large.reserveCapacity(cells * zoom * zoom)
    for row in heat.values.reversed() {
      if Interruption.isRaised() { return }
      let start = large.count
      for value in row {
        let entry = heat.entry(value)
        for _ in 0..<zoom { large.append(entry) }
      }
      for _ in 1..<zoom { large += large[start..<start + columns * zoom] }
    }
    let palette = heat.map.palette(255) + [Color(0x888888)]
    let png = PNG.indexed(large, width: columns * zoom, height: heat.values.count * zoom, palette: palette, clear: 255)
    canvas.image(left, top, right - left, bottom - top, png: png, title: heat.label, isSmooth: isSmooth)
  }

  /// Cells without a value let thin strokes shine through, so that no hole looks like a value.
  private mutating func drawHatch(_ left: Double, _ right: Double, _ bottom: Double, _ top: Double, _ heat: HeatMap) {
    let kinds = LeftOut(heat)
    leftOut.holes += kinds.holes
    leftOut.notPositive += kinds.notPositive
    leftOut.infinite += kinds.infinite
    guard kinds.holes + kinds.notPositive > 0 else { return }
    let left = max(left, frame.left), right = min(right, frame.right)
    let bottom = min(bottom, frame.bottom), height = bottom - max(top, frame.top)
    guard left < right, height > 0 else { return }
    var d = "", x = left - height
    while x < right {
      let a = max(x, left), b = min(x + height, right)
      d +=
        "M\(Markup.number(a)),\(Markup.number(bottom - (a - x)))L\(Markup.number(b)),\(Markup.number(bottom - (b - x)))"
      x += 6
    }
    canvas.path(d, .axis, width: 0.8)
  }

  private var isUnderContours: Bool {
    figure.marks.contains { if case .contour = $0 { return true } else { return false } }
  }

  private func isEven(_ edges: [Double]) -> Bool {
    let step = (edges[edges.count - 1] - edges[0]) / Double(edges.count - 1)
    return zip(edges, edges.dropFirst()).allSatisfy { abs($1 - $0 - step) < 0.3 }
  }

  /// Few cells, or cells of different sizes: each is a rectangle and says its numbers. Very small maps show them, unless the levels of
  /// contour lines stand there.
  private mutating func drawCells(_ heat: HeatMap, _ xs: [Double], _ ys: [Double]) {
    let n = Markup.number
    for (r, row) in heat.values.enumerated() {
      for (c, value) in row.enumerated() where heat.entry(value) != 255 {
        let color = heat.map.color(Double(heat.entry(value)) / 254)
        // A fraction more than the cell, so that no light shows between neighbours.
        let box =
          "x=\"\(n(xs[c]))\" y=\"\(n(ys[r + 1]))\" width=\"\(n(xs[c + 1] - xs[c] + 0.4))\" "
          + "height=\"\(n(ys[r] - ys[r + 1] + 0.4))\""
        let title = heatTitle(heat, r, c)
        canvas.add("<rect \(box) fill=\"\(color.hex)\"><title>\(Markup.escape(title))</title></rect>")
        let text = NumberFormat.short(value, digits: 3).replacingMinus
        let width = xs[c + 1] - xs[c], height = ys[r] - ys[r + 1]
        if !isUnderContours, TextWidth.pixels(text, size: 12) + 8 < width, height > 18 {
          let ink = color.lightness > 0.5 ? "#1d2127" : "#ffffff"
          canvas.add(
            "<text x=\"\(n(xs[c] + width / 2))\" y=\"\(n(ys[r] - height / 2 + 4))\" text-anchor=\"middle\" font-size=\"12\" "
              + "fill=\"\(ink)\" pointer-events=\"none\">\(Markup.escape(text))</text>")
        }
      }
    }
  }

  private func heatTitle(_ heat: HeatMap, _ r: Int, _ c: Int) -> String {
    func middle(_ edges: [Double], _ i: Int) -> String { NumberFormat.short(edges[i] / 2 + edges[i + 1] / 2) }
    let z = heat.label.isEmpty ? "value" : heat.label
    let value = NumberFormat.short(heat.values[r][c], digits: 6)
    return "\(figure.x.label.isEmpty ? "x" : figure.x.label): \(middle(heat.xEdges, c))\n"
      + "\(figure.y.label.isEmpty ? "y" : figure.y.label): \(middle(heat.yEdges, r))\n\(z): \(value)"
  }

  /// The scale of colours to the right of the frame.
  mutating func drawColorBar(_ heat: HeatMap) {
    let left = frame.right + 18, width = 13.0
    let column = (0..<255).map { UInt8(254 - $0) }
    let png = PNG.indexed(column, width: 1, height: 255, palette: heat.map.palette(255))
    canvas.image(left, frame.top, width, frame.height, png: png)
    for tick in heat.scale.ticks {
      guard let place = heat.scale.place(tick.value), place >= -0.001, place <= 1.001 else { continue }
      let at = frame.bottom - place * frame.height
      canvas.line(left + width, at, left + width + (tick.isMajor ? 4 : 2), at, .axis)
      if tick.isMajor {
        canvas.text(left + width + 8, at + 4.3, tick.label, .soft, size: AxesDrawing.tickSize, exponent: tick.exponent)
      }
    }
    let ticks = heat.scale.ticks.map { AxesDrawing.width(of: $0) }.max() ?? 0
    let middle = frame.top + frame.height / 2, at = left + width + 8 + ticks + 18
    if let factor = heat.scale.factorExponent {
      let (text, tail) = heat.label.isEmpty ? ("×10", "") : (heat.label + " (×10", ")")
      canvas.text(
        at, middle, text, .soft, anchor: .middle, exponent: String(factor).replacingMinus, tail: tail,
        limit: frame.height,
        turned: true)
    } else {
      canvas.text(at, middle, heat.label, .soft, anchor: .middle, limit: frame.height, turned: true)
    }
  }
}
