import Notation
import Records

/// Axes, their numbers and names, and the key: as the SVG has them.
extension GnuplotScript {
  /// Lines of the key that find room beside the frame.
  private static let mostNames = 18

  mutating func axis(_ name: String, _ axis: Figure.Axis, _ scale: AxisScale) {
    let label = SVGCanvas.fit(axis.label, name == "x" ? frame.width : 320, size: 13)
    self.name("\(name)label", label, scale.factorExponent)
    if axis.scale == .log { head.append("set logscale \(name)") }
    head.append("set \(name)range [\(NumberText.shortest(scale.lower)):\(NumberText.shortest(scale.upper))]")
    guard !axis.categories.isEmpty else { return numbers(name, scale, length: name == "x" ? frame.width : nil) }
    let below = name == "x" ? CategoryNames(axis.categories, room: frame.width) : CategoryNames()
    let every = name == "x" ? below.every : CategoryNames.step(frame.height / Double(axis.categories.count))
    let names = axis.categories.enumerated().map {
      "\($0 % every == 0 ? quoted(SVGCanvas.fit($1, AxesDrawing.longestName, size: 13)) : "''") \($0)"
    }
    let turn = below.angle > 0 ? " rotate by \(below.angle) right" : ""
    head.append("set \(name)tics\(turn) (\(names.joined(separator: ", ")))")
  }

  /// The name of an axis with the power of ten that its numbers leave out.
  mutating func name(_ what: String, _ label: String, _ factor: Int?) {
    let power = factor.map { "×10" + GnuplotScript.raised(String($0)) }
    let text = power.map { label.isEmpty ? $0 : "\(label) (\($0))" } ?? label
    if !text.isEmpty { head.append("set \(what) \(quoted(text)) textcolor rgb '#6b7078'") }
  }

  /// The ticks of an axis. Along a `length` in pixels those that would touch the one before have no number.
  mutating func numbers(_ name: String, _ scale: AxisScale, length: Double? = nil) {
    guard !scale.ticks.isEmpty else { return head.append("unset \(name)tics") }
    var free = -Double.infinity
    let list = scale.ticks.map { tick -> String in
      let place = NumberFormat.short(tick.value, digits: 15)
      guard tick.isMajor else { return "'' \(place) 1" }
      if let length {
        let half = AxesDrawing.width(of: tick) / 2, at = (scale.place(tick.value) ?? 0) * length
        guard at - half > free else { return "'' \(place)" }
        free = at + half + 8
      }
      return "\(quoted(tick.label + GnuplotScript.raised(tick.exponent))) \(place)"
    }
    head.append("set \(name)tics (\(list.joined(separator: ", ")))")
  }

  /// Names below bars, without those that would touch the one before.
  mutating func barNames(_ bars: BarLayout) {
    let count = Double(bars.labels.count)
    head.append("set xrange [-0.5:\(count - 0.5)]")
    var free = -Double.infinity
    let names = bars.labels.enumerated().map { i, label -> String in
      let middle = frame.width / count * (Double(i) + 0.5), half = TextWidth.pixels(label, size: 13) / 2
      guard middle - half > free else { return "'' \(i)" }
      free = middle + half + 4
      return "\(quoted(label)) \(i)"
    }
    head.append("set xtics (\(names.joined(separator: ", ")))")
  }

  /// Digits and signs as the small raised letters that Unicode has.
  static func raised(_ exponent: String) -> String {
    let small: [Character] = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
    return String(exponent.map { c in c.wholeNumberValue.map { small[$0] } ?? (c == "-" || c == "−" ? "⁻" : c) })
  }

  /// What a plot is called in the key: each name once in each colour, cut where it is long, and no more than find room.
  mutating func title(_ name: String, _ color: String = "", swatch: String = "") -> String {
    guard nameCount > 0, !name.isEmpty, named.insert("\(name)\u{0}\(color)\u{0}\(swatch)").inserted,
      nameCount <= GnuplotScript.mostNames || named.count < GnuplotScript.mostNames
    else { return "notitle" }
    return "title \(quoted(SVGCanvas.fit(name, 190, size: 13)))"
  }

  /// How many names the key leaves out, as its last line.
  mutating func closeKey() {
    guard nameCount > GnuplotScript.mostNames else { return }
    plots.append("NaN with lines lc bgnd title 'and \(nameCount - GnuplotScript.mostNames + 1) more'")
  }

  /// Names of dots: beside them, where they cover nothing.
  mutating func addPointNames() {
    guard var drawing else { return }
    drawing.frame = frame
    var points: [(x: Double, y: Double)] = [], places: [String] = [], names: [String] = [], inks: [SVGCanvas.Ink] = []
    var others: [LabelPlacement.Box] = []
    for (mark, color) in zip(figure.marks, drawing.colors) {
      guard case .points(let series, let labels, _) = mark else { continue }
      let all = drawing.places(series)
      guard all.count <= 2000 else { continue }
      for (i, place) in all.enumerated() {
        guard let place, drawing.isInside(place) else { continue }
        if let label = labels.flatMap({ i < $0.count ? $0[i] : nil }), !label.isEmpty {
          points.append(place)
          inks.append(.series(color ?? 0))
          names.append(SVGCanvas.fit(label, 160, size: 12))
          places.append("\(NumberText.shortest(series.x[i])),\(NumberText.shortest(series.y[i]))")
        } else {
          others.append(LabelPlacement.Box(x: place.x - 4, y: place.y - 4, width: 8, height: 8))
        }
      }
    }
    guard points.count <= 200 else { return }
    let sizes = names.map { (width: TextWidth.pixels($0, size: 12), height: 13.0) }
    let area = LabelPlacement.Box(x: frame.left, y: frame.top, width: frame.width + 6, height: frame.height - 2)
    for (i, box) in LabelPlacement.beside(points, sizes: sizes, within: area, obstacles: others).enumerated() {
      guard let box else { continue }
      let isRight = box.x > points[i].x, isLeft = box.x + box.width < points[i].x
      let down = box.y + box.height / 2 - points[i].y
      let side = isRight ? "left" : isLeft ? "right" : "center"
      let offset = "\(isRight ? 0.8 : isLeft ? -0.8 : 0),\(down > 4 ? -0.7 : down < -4 ? 0.7 : 0)"
      head.append(
        "set label \(quoted(names[i])) at \(places[i]) \(side) front offset \(offset) font ',11' tc rgb '\(inks[i].entry.text)'"
      )
    }
  }
}
