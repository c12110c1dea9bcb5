import Records

/// A label to the right of the frame, in the colour of what it names.
struct MarginLabel {
  enum Swatch: Hashable {
    case line(dash: Int)
    case dot(Palette.Dot)
    case block
    case rule
    var isDot: Bool { if case .dot = self { return true } else { return false } }
  }
  var text: String
  var ink: SVGCanvas.Ink
  var swatch: Swatch
  /// The last point of the curve, in numbers of the axes; nil where there is none.
  var end: (x: Double, y: Double)?
}

extension AxesDrawing {
  /// Names of what the figure shows, in drawing order.
  func marginLabels() -> [MarginLabel] {
    var labels: [MarginLabel] = []
    var seen: Set<String> = []
    for (mark, color) in zip(figure.marks, colors) {
      let label: MarginLabel
      switch mark {
      case .line(let series, let dash, _):
        label = MarginLabel(
          text: series.name, ink: .series(color ?? 0), swatch: .line(dash: Palette.dash(dash, color: color)),
          end: lastPoint(series))
      case .points(let series, let names, _):
        label = MarginLabel(
          text: series.name, ink: .series(color ?? 0), swatch: .dot(Palette.dot(color: color)),
          end: names == nil ? lastPoint(series) : nil)
      case .bars(_, _, let name), .histogram(_, _, let name):
        label = MarginLabel(text: name, ink: .series(color ?? 0), swatch: .block, end: nil)
      case .strip(_, let name):
        label = MarginLabel(
          text: name, ink: .series(color ?? 0), swatch: .dot(Palette.dot(color: color)), end: nil)
      case .rule(false, let at, let text) where bars?.isHorizontal != true && y.holds(at):
        label = MarginLabel(text: text, ink: .soft, swatch: .rule, end: (x.value(at: 1), at))
      default: continue
      }
      guard !label.text.isEmpty, seen.insert("\(label.text)\u{0}\(label.ink)\u{0}\(label.swatch)").inserted else {
        continue
      }
      labels.append(label)
    }
    // A single set of bars or dots named like its axis needs no second name.
    if labels.count == 1, labels[0].text == figure.y.label, labels[0].swatch == .block || labels[0].swatch.isDot {
      return []
    }
    return labels
  }

  private func lastPoint(_ series: Figure.Series) -> (x: Double, y: Double)? {
    for i in (0..<min(series.x.count, series.y.count)).reversed() {
      if series.x[i].isFinite, series.y[i].isFinite, x.place(series.x[i]) != nil, y.place(series.y[i]) != nil {
        return (series.x[i], series.y[i])
      }
    }
    return nil
  }

  /// With many labels, labels of things that have no end, or a colour bar in between, a legend; otherwise each stands at the end
  /// of its curve.
  private var isLegend: Bool {
    heat != nil || margin.count > 10 || margin.contains { $0.end == nil || $0.swatch.isDot }
  }

  func marginWidth() -> Double {
    let bar = heat?.marginWidth
    guard !margin.isEmpty else { return bar ?? 18 }
    var widest = margin.map { TextWidth.pixels($0.text, size: 13) }.max() ?? 0
    // As many may end with how many there are more.
    if isLegend, margin.count > 12 { widest = max(widest, TextWidth.pixels("and \(margin.count) more", size: 12)) }
    return (bar.map { $0 - 10 } ?? 0) + min(widest, 190) + (isLegend ? 48 : 22)
  }

  mutating func drawMargin() {
    if let heat { drawColorBar(heat) }
    guard !margin.isEmpty else { return }
    if isLegend { drawLegend() } else { drawEndLabels() }
  }

  private mutating func drawEndLabels() {
    let wanted = margin.map { label -> Double in
      min(max(label.end.flatMap { py($0.y) } ?? frame.top, frame.top), frame.bottom)
    }
    let gap = min(16, max(11, frame.height / Double(margin.count)))
    let places = LabelPlacement.column(wanted, gap: gap, lower: frame.top + 4, upper: frame.bottom - 2)
    for (i, label) in margin.enumerated() {
      let from = min(max(label.end.flatMap { px($0.x) } ?? frame.right, frame.left), frame.right)
      // A thin line leads from a curve that ends early, or whose label had to move, to its label.
      if frame.right - from > 14 || abs(places[i] - wanted[i]) > 9 {
        canvas.path(
          "M\(Markup.number(from + 5)),\(Markup.number(wanted[i]))L\(Markup.number(frame.right + 2)),"
            + "\(Markup.number(wanted[i]))L\(Markup.number(frame.right + 9)),\(Markup.number(places[i]))", .axis,
          width: 0.75,
          dash: "1 2.5")
      }
      canvas.text(frame.right + 12, places[i] + 4.5, label.text, label.ink, size: 13, limit: 190)
    }
  }

  private mutating func drawLegend() {
    let gap = 17.0, start = frame.right + (heat.map { $0.marginWidth - 10 } ?? 0)
    let room = max(1, Int(saturating: (frame.height + 8) / gap))
    let shown = margin.count > room ? room - 1 : margin.count
    for (i, label) in margin.prefix(shown).enumerated() {
      let height = frame.top + 6 + gap * Double(i), left = start + 14
      switch label.swatch {
      case .line(let dash):
        canvas.line(left, height, left + 20, height, label.ink, width: 2, dash: Palette.dashes[dash])
      case .rule: canvas.line(left, height, left + 20, height, .axis, width: 1, dash: "4 3")
      case .dot(let shape): canvas.dot(left + 10, height, 4, shape, label.ink)
      case .block: canvas.rect(left + 5, height - 5, 10, 10, label.ink)
      }
      canvas.text(left + 26, height + 4.5, label.text, label.ink, size: 13, limit: 190)
    }
    if shown < margin.count {
      canvas.text(
        start + 40, frame.top + 10 + gap * Double(shown), "and \(margin.count - shown) more", .soft, size: 12)
    }
  }
}
