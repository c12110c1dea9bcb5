import Records

/// Bars at categories, in one or more groups.
struct BarLayout {
  var labels: [String] = []
  /// Values by label, one list per `.bars` mark, with its place among the marks.
  var groups: [(name: String, values: [Double?], mark: Int)] = []
  /// Bars lie down when their labels would not fit below them.
  var isHorizontal = false

  init?(_ figure: Figure) {
    for (at, mark) in figure.marks.enumerated() {
      guard case .bars(let names, let values, let name) = mark else { continue }
      var found = [Double?](repeating: nil, count: labels.count)
      for i in 0..<min(names.count, values.count) where !Interruption.isRaised() {
        if let j = labels.firstIndex(of: names[i]), j >= found.count || found[j] == nil {
          while found.count <= j { found.append(nil) }
          found[j] = values[i]
        } else {
          labels.append(names[i])
          while found.count < labels.count { found.append(nil) }
          found[labels.count - 1] = values[i]
        }
      }
      groups.append((name, found, at))
    }
    guard !groups.isEmpty else { return nil }
    let widest = labels.map { TextWidth.pixels($0, size: 12.5) }.max() ?? 0
    isHorizontal = widest + 8 > 560 / Double(max(1, labels.count)) && labels.count <= 60
  }

  func value(_ group: Int, _ label: Int) -> Double? {
    label < groups[group].values.count ? groups[group].values[label] : nil
  }
}

extension AxesDrawing {
  mutating func drawBars(_ bars: BarLayout) {
    let base = py(0).map { min(max($0, frame.top), frame.bottom) } ?? frame.bottom
    let slot = frame.width / Double(max(1, bars.labels.count))
    let width = min(slot * 0.72 / Double(bars.groups.count), 64)
    let start = (slot - width * Double(bars.groups.count)) / 2
    let showsValues = bars.labels.count * bars.groups.count <= 14
    for (g, group) in bars.groups.enumerated() {
      for i in bars.labels.indices {
        guard let value = bars.value(g, i) else { continue }
        guard value.isFinite, let end = py(value) else {
          if value.isFinite { leftOut.notPositive += 1 } else { leftOut.notANumber += 1 }
          continue
        }
        let left = frame.left + slot * Double(i) + start + width * Double(g)
        let ink = SVGCanvas.Ink.series(colors[group.mark] ?? 0)
        let title = "\(bars.labels[i])\n\(group.name): \(NumberFormat.short(value, digits: 6))".replacingMinus
        canvas.rect(left + 0.5, min(base, end), width - 1, abs(base - end), ink, title: title)
        if showsValues {
          let text = NumberFormat.short(value, digits: 3).replacingMinus
          let isUp = end <= base
          let isTight = isUp ? end - frame.top < 14 : frame.bottom - end < 14
          let height = isUp ? (isTight ? end + 13 : end - 4) : (isTight ? end - 4 : end + 13)
          canvas.text(left + width / 2, height, text, isTight ? .paper : ink, size: 11.5, anchor: .middle)
        }
      }
    }
    if base < frame.bottom - 1 { canvas.line(frame.left, base, frame.right, base, .axis) }
  }

  mutating func drawBarNames(_ bars: BarLayout) {
    let slot = frame.width / Double(max(1, bars.labels.count))
    var free = -Double.infinity
    for (i, label) in bars.labels.enumerated() {
      let middle = frame.left + slot * (Double(i) + 0.5), half = TextWidth.pixels(label, size: 12.5) / 2
      guard middle - half > free else { continue }
      free = middle + half + 4
      canvas.text(middle, frame.bottom + 18, label, .soft, size: 12.5, anchor: .middle)
    }
  }

  /// Where a bar that lies down ends; nil for what cannot be shown.
  func endOfBar(_ value: Double) -> Double? { y.place(value).map { frame.left + $0 * frame.width } }

  /// Bars that lie down: names at the left, numbers along the bottom, rules of y upright.
  mutating func drawHorizontalBars(_ bars: BarLayout) {
    for tick in y.ticks {
      guard let at = endOfBar(tick.value) else { continue }
      canvas.line(at, frame.bottom, at, frame.bottom + (tick.isMajor ? 5 : 3), .axis)
      guard tick.isMajor else { continue }
      canvas.line(at, frame.top, at, frame.bottom, .grid)
      canvas.text(
        at, frame.bottom + 20, tick.label, .soft, size: AxesDrawing.tickSize, anchor: .middle, exponent: tick.exponent)
    }
    for rule in verticalRules() {
      leftOut.add(rule.at, on: y)
      guard let at = endOfBar(rule.at), at >= frame.left, at <= frame.right else { continue }
      canvas.line(at, frame.top, at, frame.bottom, .axis, width: 1, dash: "4 3", title: rule.label)
    }
    let base = min(max(endOfBar(0) ?? frame.left, frame.left), frame.right)
    let slot = frame.height / Double(max(1, bars.labels.count))
    let thickness = min(slot * 0.74 / Double(bars.groups.count), 28)
    for (i, label) in bars.labels.enumerated() {
      let top = frame.top + slot * Double(i) + (slot - thickness * Double(bars.groups.count)) / 2
      canvas.text(
        frame.left - 9, frame.top + slot * (Double(i) + 0.5) + 4.3, label, .soft, size: 12.5, anchor: .end, limit: 240)
      for (g, group) in bars.groups.enumerated() {
        guard let value = bars.value(g, i) else { continue }
        guard value.isFinite, let end = endOfBar(value) else {
          if value.isFinite { leftOut.notPositive += 1 } else { leftOut.notANumber += 1 }
          continue
        }
        let title = "\(label)\n\(group.name): \(NumberFormat.short(value, digits: 6))".replacingMinus
        canvas.rect(
          min(base, end), top + thickness * Double(g) + 0.5, abs(end - base), thickness - 1,
          .series(colors[group.mark] ?? 0),
          title: title)
      }
    }
    canvas.line(base, frame.top, base, frame.bottom, .axis)
    canvas.line(frame.left, frame.bottom, frame.right, frame.bottom, .axis)
    drawBottomLabel()
  }
}
