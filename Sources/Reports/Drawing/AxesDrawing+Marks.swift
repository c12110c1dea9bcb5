import Records

extension AxesDrawing {
  mutating func drawMarks() {
    var drawing = self
    drawing.canvas = SVGCanvas()
    // Large soft shapes first, so that no band hides a curve.
    for (mark, color) in zip(figure.marks, colors) {
      switch mark {
      case .heat: if let heat { drawing.drawHeat(heat) }
      case .line(let series, _, _) where series.hasInterval: drawing.drawBand(series, color ?? 0)
      default: break
      }
    }
    drawing.drawHistograms()
    drawing.drawContours()
    for (mark, color) in zip(figure.marks, colors) {
      switch mark {
      case .line(let series, let dash, _): drawing.drawLine(series, color ?? 0, dash: Palette.dash(dash, color: color))
      case .rule(let isVertical, let at, let label): drawing.drawRule(isVertical, at, label)
      case .diagonal: drawing.drawDiagonal()
      default: break
      }
    }
    if let bars { drawing.drawBars(bars) }
    let clipped = drawing.canvas.elements
    leftOut = drawing.leftOut
    // A little more than the frame, so that a line along an axis keeps its width.
    canvas.clipped(frame.left - 1.5, frame.top - 1.5, frame.width + 3, frame.height + 3) { inner in
      for element in clipped { inner.add(element) }
    }
    for (mark, color) in zip(figure.marks, colors) {
      if case .line(let series, _, _) = mark { drawMarkers(series, color ?? 0) }
    }
    drawStrips()
    drawAllPoints()
    drawHoles()
  }

  /// Places of a series in the picture, in order, nil where there is a gap.
  func places(_ s: Figure.Series) -> [(x: Double, y: Double)?] {
    var places: [(x: Double, y: Double)?] = []
    places.reserveCapacity(min(s.x.count, s.y.count))
    for i in 0..<min(s.x.count, s.y.count) {
      if Interruption.isRaised(at: i) { return [] }
      if s.x[i].isFinite, s.y[i].isFinite, let x = px(s.x[i]), let y = py(s.y[i]) {
        places.append((x, y))
      } else {
        places.append(nil)
      }
    }
    return places
  }

  private mutating func count(_ s: Figure.Series) {
    for i in 0..<min(s.x.count, s.y.count) {
      if Interruption.isRaised(at: i) { return }
      if !s.x[i].isFinite || !s.y[i].isFinite {
        leftOut.notANumber += 1
      } else if px(s.x[i]) == nil || py(s.y[i]) == nil {
        leftOut.notPositive += 1
      }
    }
  }

  private mutating func drawLine(_ series: Figure.Series, _ color: Int, dash: Int) {
    count(series)
    let d = LinePath.d(places(series))
    if heat != nil { canvas.path(d, .paper, width: 4.5, opacity: 0.75) }
    canvas.path(d, .series(color), width: 2, dash: Palette.dashes[dash], title: series.name)
  }

  private mutating func drawBand(_ s: Figure.Series, _ color: Int) {
    var run: [(x: Double, low: Double, high: Double)] = []
    var d = ""
    func close() {
      if run.count > 1 { d += LinePath.band(run) }
      run = []
    }
    for i in 0..<min(s.x.count, s.y.count) {
      if Interruption.isRaised(at: i) { return }
      if let x = px(s.x[i]), s.x[i].isFinite, s.y[i].isFinite, let high = py(s.upper[i]), !s.lower[i].isNaN {
        run.append((x, py(s.lower[i]) ?? frame.bottom + 20, high))
      } else {
        close()
      }
    }
    close()
    canvas.area(d, .series(color), opacity: 0.16)
  }

  /// Dots on a curve of few points; they carry the numbers as hover titles.
  private mutating func drawMarkers(_ series: Figure.Series, _ color: Int) {
    guard min(series.x.count, series.y.count) <= 40 else { return }
    let all = places(series)
    let total = figure.marks.reduce(0) { n, mark in
      if case .line(let s, _, _) = mark { return n + s.x.count }
      return n
    }
    guard total <= 400 else { return }
    for (i, place) in all.enumerated() {
      guard let place, isInside(place) else { continue }
      canvas.circle(place.x, place.y, total > 150 ? 2.4 : 3.1, .series(color), title: hover(series, i))
    }
  }

  func isInside(_ p: (x: Double, y: Double)) -> Bool {
    p.x >= frame.left - 0.5 && p.x <= frame.right + 0.5 && p.y >= frame.top - 0.5 && p.y <= frame.bottom + 0.5
  }

  /// What stands in the little window over a point.
  func hover(_ s: Figure.Series, _ i: Int, label: String = "") -> String {
    var lines = [label, s.name].filter { !$0.isEmpty }
    lines.append("\(figure.x.label.isEmpty ? "x" : figure.x.label): \(NumberFormat.short(s.x[i], digits: 6))")
    var value = "\(figure.y.label.isEmpty ? "y" : figure.y.label): \(NumberFormat.short(s.y[i], digits: 6))"
    if s.hasInterval { value += " (\(NumberFormat.short(s.lower[i])) … \(NumberFormat.short(s.upper[i])))" }
    return (lines + [value]).joined(separator: "\n").replacingMinus
  }

  private mutating func drawRule(_ isVertical: Bool, _ at: Double, _ label: String) {
    leftOut.add(at, on: isVertical ? x : y)
    if isVertical, let x = px(at) {
      canvas.line(x, frame.top, x, frame.bottom, .axis, width: 1, dash: "4 3", title: label)
    } else if !isVertical, let y = py(at) {
      canvas.line(frame.left, y, frame.right, y, .axis, width: 1, dash: "4 3", title: label)
    }
  }

  private mutating func drawDiagonal() {
    let low = max(x.lower, y.lower), high = min(x.upper, y.upper)
    guard low < high else { return }
    let scale: Figure.Scale = figure.x.scale == .log || figure.y.scale == .log ? .log : .linear
    guard scale == .linear || low > 0 || high > 0 else { return }
    let start = scale == .log && low <= 0 ? high * 1e-6 : low
    let across = AxisScale(scale, data: [], range: [start, high], tickCount: 2)
    let steps = figure.x.scale == figure.y.scale ? 1 : 60
    let points = (0...steps).map { i -> (x: Double, y: Double)? in
      let v = across.value(at: Double(i) / Double(steps))
      guard let a = px(v), let b = py(v) else { return nil }
      return (a, b)
    }
    canvas.path(LinePath.d(points), .axis, width: 1, dash: "4 3", title: "y = x")
  }
}

/// Paths through many points, kept small.
enum LinePath {
  /// Segments through consecutive points; gaps at nil, a dot for a point alone. More than 1500 points are thinned to
  /// the first, lowest, highest and last of each pixel column, which looks the same.
  static func d(_ places: [(x: Double, y: Double)?]) -> String {
    var out = ""
    var run: [(x: Double, y: Double)] = []
    func close() {
      if run.count == 1 { out += "M\(pair(run[0]))h0" }
      if run.count > 1 {
        let points = run.count > 1500 ? thinned(run) : run
        out += "M\(pair(points[0]))L" + points.dropFirst().map(pair).joined(separator: " ")
      }
      run = []
    }
    for (i, place) in places.enumerated() {
      if Interruption.isRaised(at: i) { return "" }
      if let place { run.append(place) } else { close() }
    }
    close()
    return out
  }

  /// The area between lower and upper ends.
  static func band(_ run: [(x: Double, low: Double, high: Double)]) -> String {
    let highs = run.map { (x: $0.x, y: $0.high) }, lows = run.reversed().map { (x: $0.x, y: $0.low) }
    let upper = highs.count > 1500 ? thinned(highs) : highs, lower = lows.count > 1500 ? thinned(lows) : lows
    return "M" + (upper + lower).map(pair).joined(separator: "L") + "Z"
  }

  static func pair(_ p: (x: Double, y: Double)) -> String { "\(Markup.number(p.x)),\(Markup.number(p.y))" }

  private static func thinned(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
    var out: [(x: Double, y: Double)] = []
    var start = 0
    while start < points.count, !Interruption.isRaised(at: out.count & ~3) {
      let column = points[start].x.rounded(.down)
      var end = start, low = start, high = start
      while end < points.count, points[end].x.rounded(.down) == column {
        if points[end].y < points[low].y { low = end }
        if points[end].y > points[high].y { high = end }
        end += 1
      }
      for i in Set([start, low, high, end - 1]).sorted() { out.append(points[i]) }
      start = end
    }
    return out
  }
}
