import Records

extension AxesDrawing {
  /// All scatter marks: error bars, dots, and then labels, which avoid the dots of all of them.
  mutating func drawAllPoints() {
    var labelled: [(x: Double, y: Double)] = [], texts: [String] = [], inks: [SVGCanvas.Ink] = []
    var others: [LabelPlacement.Box] = []
    for (mark, color) in zip(figure.marks, colors) {
      guard case .points(let series, let labels, _) = mark else { continue }
      let all = places(series)
      for i in all.indices where all[i] == nil {
        if series.x[i].isFinite && series.y[i].isFinite { leftOut.notPositive += 1 } else { leftOut.notANumber += 1 }
      }
      if all.count > 2000 {
        drawCloud(all, color ?? 0)
        continue
      }
      if series.hasInterval { drawErrorBars(series, all, color ?? 0) }
      let radius = all.count > 300 ? 2.0 : all.count > 60 ? 3 : 4
      for (i, place) in all.enumerated() {
        guard let place, isInside(place) else { continue }
        let label = labels.flatMap { i < $0.count ? $0[i] : nil } ?? ""
        canvas.dot(
          place.x, place.y, radius, Palette.dot(color: color), .series(color ?? 0), ring: radius >= 3,
          title: hover(series, i, label: label))
        if label.isEmpty {
          others.append(LabelPlacement.Box(x: place.x - 4, y: place.y - 4, width: 8, height: 8))
        } else {
          labelled.append(place)
          texts.append(label)
          inks.append(.series(color ?? 0))
        }
      }
    }
    guard labelled.count <= 200 else { return }
    let area = LabelPlacement.Box(x: frame.left + 2, y: frame.top, width: frame.width + 6, height: frame.height - 2)
    let sizes = texts.map { (width: min(160, TextWidth.pixels($0, size: 12)), height: 13.0) }
    for (i, box) in LabelPlacement.beside(labelled, sizes: sizes, within: area, obstacles: others).enumerated() {
      if let box { canvas.text(box.x, box.y + 10.5, texts[i], inks[i], size: 12, limit: 160, halo: true) }
    }
  }

  private mutating func drawErrorBars(_ s: Figure.Series, _ all: [(x: Double, y: Double)?], _ color: Int) {
    var d = ""
    for (i, place) in all.enumerated() {
      guard let place, !s.lower[i].isNaN, let high = py(s.upper[i]) else { continue }
      let low = min(py(s.lower[i]) ?? frame.bottom, frame.bottom), top = max(high, frame.top)
      let n = Markup.number
      d += "M\(n(place.x)),\(n(low))V\(n(top))M\(n(place.x - 4)),\(n(top))h8M\(n(place.x - 4)),\(n(low))h8"
    }
    canvas.path(d, .series(color), width: 1.3)
  }

  /// Very many points: one path of small dots, one for each half pixel.
  private mutating func drawCloud(_ all: [(x: Double, y: Double)?], _ color: Int) {
    var seen: Set<Int> = []
    var d = ""
    let shape = Palette.dot(color: color)
    for (i, place) in all.enumerated() {
      if Interruption.isRaised(at: i) { return }
      guard let place, isInside(place) else { continue }
      let a = Int(saturating: (place.x * 2).rounded()), b = Int(saturating: (place.y * 2).rounded())
      if seen.insert(a * 100_000 + b).inserted {
        let x = Double(a) / 2, y = Double(b) / 2
        d += shape == .disc ? "M\(Markup.number(x)),\(Markup.number(y))h0" : SVGCanvas.outline(x, y, 1.6, shape)
      }
    }
    switch shape {
    case .disc: canvas.path(d, .series(color), width: 2.6, opacity: 0.6)
    case .circle: canvas.path(d, .series(color), width: 0.8, opacity: 0.8)
    case .square, .diamond, .triangle: canvas.area(d, .series(color), opacity: 0.6)
    }
  }
}
