import Records

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A grid of values as a shaded surface in a box, seen from above at an angle, without perspective.
struct SurfaceDrawing {
  let figure: Figure
  let grid: GridPlaces
  let x: AxisScale
  let y: AxisScale
  let z: AxisScale
  var canvas = SVGCanvas()

  static let width = 720.0, height = 530.0
  /// Cells along one side before the grid is thinned: more cannot be told apart and would make pages large.
  static let mostCells = 36
  private static let turn = -0.96, tilt = 0.52, scale = 196.0, zStretch = 1.15

  init(_ figure: Figure, x: [Double], y: [Double], rows: [[Double]]) {
    self.figure = figure
    grid = GridPlaces(x: x, y: y, rows: rows, figure: figure)
    self.x = AxisScale(figure.x.scale, data: grid.x, range: figure.x.range, tickCount: 6, padding: 0)
    self.y = AxisScale(figure.y.scale, data: grid.y, range: figure.y.range, tickCount: 6, padding: 0)
    z = AxisScale(
      figure.z.scale, data: Array(grid.values.joined()), range: figure.z.range, tickCount: 6, padding: 0.02)
  }

  mutating func svg(standalone: Bool) -> String {
    canvas.text(12, 22, figure.title, .ink, size: 15, bold: true, limit: SurfaceDrawing.width - 24)
    let isEmpty = !grid.values.joined().contains { z.place($0) != nil && $0.isFinite }
    if isEmpty {
      canvas.text(SurfaceDrawing.width / 2, 220, "no data", .soft, anchor: .middle)
    } else {
      drawBox()
      drawCells()
      drawLabels()
    }
    let holes = grid.values.joined().filter { z.place($0) == nil || !$0.isFinite }.count
    let missing = holes == 0 ? "" : holes == 1 ? "1 value missing" : "\(holes) values missing"
    let note = [figure.note, missing].filter { !$0.isEmpty }.joined(separator: " · ")
    canvas.text(12, SurfaceDrawing.height - 6, note, .soft, size: 11, limit: SurfaceDrawing.width - 24)
    return canvas.document(
      width: SurfaceDrawing.width, height: SurfaceDrawing.height, title: figure.title, standalone: standalone)
  }

  /// From the box −1…1 to the picture.
  private func point(_ x: Double, _ y: Double, _ z: Double) -> (x: Double, y: Double) {
    let c = cos(SurfaceDrawing.turn), s = sin(SurfaceDrawing.turn)
    let across = x * c - y * s, deep = x * s + y * c
    let up = z * SurfaceDrawing.zStretch * cos(SurfaceDrawing.tilt) * 0.55 + deep * sin(SurfaceDrawing.tilt) * 0.92
    return (376 + across * SurfaceDrawing.scale, 268 - up * SurfaceDrawing.scale)
  }

  private func box(_ scale: AxisScale, _ value: Double) -> Double? {
    guard value.isFinite, let t = scale.place(value) else { return nil }
    return min(max(t, 0), 1) * 2 - 1
  }

  // MARK: the box

  private mutating func line(
    _ a: (Double, Double, Double), _ b: (Double, Double, Double), _ ink: SVGCanvas.Ink, width: Double = 1
  ) {
    let p = point(a.0, a.1, a.2), q = point(b.0, b.1, b.2)
    canvas.line(p.x, p.y, q.x, q.y, ink, width: width)
  }

  /// The floor and the two walls behind, with thin lines at the ticks. The viewer stands where x is large and y small.
  private mutating func drawBox() {
    for tick in x.ticks where tick.isMajor {
      guard let at = box(x, tick.value) else { continue }
      line((at, -1, -1), (at, 1, -1), .grid)
      line((at, 1, -1), (at, 1, 1), .grid)
    }
    for tick in y.ticks where tick.isMajor {
      guard let at = box(y, tick.value) else { continue }
      line((-1, at, -1), (1, at, -1), .grid)
      line((-1, at, -1), (-1, at, 1), .grid)
    }
    for tick in z.ticks where tick.isMajor {
      guard let at = box(z, tick.value) else { continue }
      line((-1, 1, at), (1, 1, at), .grid)
      line((-1, 1, at), (-1, -1, at), .grid)
    }
    for end in [(-1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)] { line((end.0, end.1, -1), (end.0, end.1, 1), .grid) }
    line((-1, 1, -1), (1, 1, -1), .grid)
    line((-1, 1, -1), (-1, -1, -1), .grid)
    line((-1, -1, -1), (1, -1, -1), .axis)
    line((1, -1, -1), (1, 1, -1), .axis)
    line((-1, -1, -1), (-1, -1, 1), .axis)
  }

  /// Numbers and names of the axes.
  private mutating func drawLabels() {
    for tick in x.ticks where tick.isMajor {
      guard let at = box(x, tick.value) else { continue }
      line((at, -1, -1), (at, -1.05, -1), .axis)
      let p = point(at, -1.09, -1)
      canvas.text(p.x - 1, p.y + 9, tick.label, .soft, size: 12, anchor: .end, exponent: tick.exponent)
    }
    for tick in y.ticks where tick.isMajor {
      guard let at = box(y, tick.value) else { continue }
      line((1, at, -1), (1.05, at, -1), .axis)
      let p = point(1.09, at, -1)
      canvas.text(p.x + 1, p.y + 9, tick.label, .soft, size: 12, exponent: tick.exponent)
    }
    for tick in z.ticks where tick.isMajor {
      guard let at = box(z, tick.value) else { continue }
      let p = point(-1, -1, at)
      canvas.line(p.x - 5, p.y, p.x, p.y, .axis)
      canvas.text(p.x - 9, p.y + 4.2, tick.label, .soft, size: 12, anchor: .end, exponent: tick.exponent)
    }
    let p = point(0, -1.42, -1), q = point(1.36, 0, -1), top = point(-1, -1, 1)
    canvas.text(p.x, p.y + 12, name(figure.x.label, x), .soft, anchor: .middle, limit: 200)
    canvas.text(q.x, q.y + 12, name(figure.y.label, y), .soft, anchor: .middle, limit: 260)
    canvas.text(12, top.y - 16, name(figure.z.label, z), .soft, limit: 260)
  }

  /// The name of an axis with the power of ten that its numbers leave out.
  private func name(_ label: String, _ scale: AxisScale) -> String {
    guard let factor = scale.factorExponent else { return label }
    let power = "×1e\(factor)".replacingMinus
    return label.isEmpty ? power : "\(label) (\(power))"
  }

  // MARK: the surface

  /// Indices of about `SurfaceDrawing.mostCells` columns, the first and the last among them.
  private func thinned(_ count: Int) -> [Int] {
    let cells = min(count - 1, SurfaceDrawing.mostCells)
    guard cells > 0 else { return [] }
    return (0...cells).map { Int(saturating: (Double($0) * Double(count - 1) / Double(cells)).rounded()) }
  }

  private mutating func drawCells() {
    let columns = thinned(grid.x.count), rows = thinned(grid.y.count)
    guard !columns.isEmpty, !rows.isEmpty else { return }
    let xs = columns.map { box(x, grid.x[$0]) ?? 0 }, ys = rows.map { box(y, grid.y[$0]) ?? 0 }
    let heights = rows.map { r in columns.map { c in box(z, grid.values[r][c]) } }
    let hasMesh = max(columns.count, rows.count) <= 20
    canvas.add("<g fill=\"currentColor\" stroke=\"currentColor\" stroke-width=\"0.7\" stroke-linejoin=\"round\">")
    // Cells behind come first: from large to small y, and from small to large x.
    for r in (0..<rows.count - 1).reversed() {
      for c in 0..<columns.count - 1 {
        guard let a = heights[r][c], let b = heights[r][c + 1], let d = heights[r + 1][c + 1],
          let e = heights[r + 1][c]
        else { continue }
        let corners = [
          point(xs[c], ys[r], a), point(xs[c + 1], ys[r], b), point(xs[c + 1], ys[r + 1], d),
          point(xs[c], ys[r + 1], e),
        ]
        let slopeX = ((b - a) + (d - e)) / 2 / (xs[c + 1] - xs[c]),
          slopeY = ((e - a) + (d - b)) / 2 / (ys[r + 1] - ys[r])
        let color = shade(height: (a + b + d + e) / 4, slopeX: slopeX, slopeY: slopeY)
        let path = SurfaceDrawing.path(corners)
        let edge = hasMesh ? " stroke=\"\(color.mixed(Color(0x000000), 0.25).hex)\"" : ""
        canvas.add("<path color=\"\(color.hex)\"\(edge) d=\"\(path)\"/>")
      }
    }
    canvas.add("</g>")
  }

  /// Lit from the upper left and a little from everywhere.
  private func shade(height: Double, slopeX: Double, slopeY: Double) -> Color {
    let length = (slopeX * slopeX + slopeY * slopeY + 1).squareRoot()
    let light = (slopeX * 0.45 + slopeY * 0.4 + 0.8) / length
    let amount = min(max(0.62 + 0.42 * light, 0.45), 1.06)
    let base = ColorMap.sequential.color((height + 1) / 2)
    return amount <= 1 ? Color(0x000000).mixed(base, amount) : base.mixed(Color(0xFFFFFF), amount - 1)
  }

  /// A quadrangle in few letters: tenths of a pixel, the later corners relative to those before.
  private static func path(_ corners: [(x: Double, y: Double)]) -> String {
    func tenths(_ v: Double) -> Int { Int(saturating: (v * 10).rounded()) }
    func text(_ n: Int) -> String {
      let rest = abs(n) % 10
      let whole = abs(n) / 10
      return (n < 0 ? "-" : "") + (rest == 0 ? "\(whole)" : whole == 0 ? ".\(rest)" : "\(whole).\(rest)")
    }
    let all = corners.map { (tenths($0.x), tenths($0.y)) }
    var out = "M\(text(all[0].0)) \(text(all[0].1))l"
    for (i, (before, here)) in zip(all, all.dropFirst()).enumerated() {
      let dx = here.0 - before.0, dy = here.1 - before.1
      out += (i > 0 && dx >= 0 ? " " : "") + text(dx) + (dy >= 0 ? " " : "") + text(dy)
    }
    return out + "z"
  }
}
