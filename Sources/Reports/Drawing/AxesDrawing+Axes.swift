import Records

extension AxesDrawing {
  /// The label of the horizontal axis; for bars none of the numbers are on it.
  var xLabel: String { bars?.isHorizontal == true ? figure.y.label : figure.x.label }

  /// The label of the vertical axis.
  var yLabel: String { bars?.isHorizontal == true ? "" : figure.y.label }

  /// The power of ten that the ticks at the left leave out; names of bars that lie down have none.
  var leftFactor: Int? { bars?.isHorizontal == true ? nil : y.factorExponent }

  /// The power of ten that the ticks at the bottom leave out.
  var bottomFactor: Int? { bars?.isHorizontal == true ? y.factorExponent : x.factorExponent }

  mutating func drawGrid() {
    for tick in y.ticks where tick.isMajor {
      guard let at = py(tick.value), at < frame.bottom - 0.5 else { continue }
      canvas.line(frame.left, at, frame.right, at, .grid)
    }
  }

  mutating func drawAxes() {
    drawLeftAxis()
    drawBottomAxis()
    canvas.path(
      "M\(Markup.number(frame.left)),\(Markup.number(frame.top))V\(Markup.number(frame.bottom))"
        + "H\(Markup.number(frame.right))", .axis, width: 1)
    let middle = frame.top + frame.height / 2
    // Up to the title, or to the edge where there is none.
    let room = min(frame.height + 40, (middle - (figure.title.isEmpty ? 4 : 30)) * 2)
    if let factor = leftFactor {
      let name = SVGCanvas.fit(yLabel, room - 60, size: 13)
      drawFactor(16, middle, name, factor, turned: true, limit: room)
    } else {
      canvas.text(20, middle, yLabel, .soft, anchor: .middle, limit: room, turned: true)
    }
    drawBottomLabel()
  }

  /// The label under the frame, with the power of ten that the ticks leave out.
  mutating func drawBottomLabel() {
    let middle = frame.left + frame.width / 2, height = frame.bottom + 42 + slant
    if let factor = bottomFactor {
      drawFactor(
        middle, height, SVGCanvas.fit(xLabel, frame.width - 60, size: 13), factor, turned: false, limit: frame.width)
    } else {
      canvas.text(middle, height, xLabel, .soft, anchor: .middle, limit: frame.width)
    }
  }

  private mutating func drawFactor(_ x: Double, _ y: Double, _ name: String, _ factor: Int, turned: Bool, limit: Double)
  {
    let exponent = String(factor).replacingMinus
    let (text, tail) = name.isEmpty ? ("×10", "") : (name + " (×10", ")")
    canvas.text(
      turned ? 20 : x, y, text, .soft, anchor: .middle, exponent: exponent, tail: tail, limit: limit, turned: turned)
  }

  private mutating func drawLeftAxis() {
    let every = figure.y.categories.isEmpty ? 1 : CategoryNames.step(frame.height / Double(figure.y.categories.count))
    for (i, tick) in y.ticks.enumerated() {
      guard let at = py(tick.value) else { continue }
      canvas.line(frame.left - (tick.isMajor ? 5 : 3), at, frame.left, at, .axis)
      guard tick.isMajor, i % every == 0 else { continue }
      canvas.text(
        frame.left - 9, at + 4.3, tick.label, .soft, size: AxesDrawing.tickSize, anchor: .end, exponent: tick.exponent,
        limit: figure.y.categories.isEmpty ? .infinity : AxesDrawing.longestName)
    }
  }

  private mutating func drawBottomAxis() {
    if let bars { return drawBarNames(bars) }
    var free = -Double.infinity
    for (i, tick) in x.ticks.enumerated() {
      guard let at = px(tick.value) else { continue }
      canvas.line(at, frame.bottom, at, frame.bottom + (tick.isMajor ? 5 : 3), .axis)
      guard tick.isMajor else { continue }
      if names.angle > 0 {
        guard i % names.every == 0 else { continue }
        canvas.text(
          at + 4, frame.bottom + (names.angle == 90 ? 9 : 16), tick.label, .soft, size: AxesDrawing.tickSize,
          anchor: .end, limit: AxesDrawing.longestName, angle: -Double(names.angle))
        continue
      }
      let half = AxesDrawing.width(of: tick) / 2
      guard at - half > free else { continue }
      free = at + half + 8
      canvas.text(
        at, frame.bottom + 20, tick.label, .soft, size: AxesDrawing.tickSize, anchor: .middle, exponent: tick.exponent)
    }
  }

  /// Rows of labels above the frame that vertical rules need.
  func ruleRows() -> Int {
    let scale = bars?.isHorizontal == true ? y : x
    return verticalRules().contains { !$0.label.isEmpty && scale.holds($0.at) } ? 1 : 0
  }

  /// Rules that stand upright in the picture: those of x, or of y where bars lie down.
  func verticalRules() -> [(at: Double, label: String)] {
    let isLying = bars?.isHorizontal == true
    return figure.marks.compactMap { mark in
      if case .rule(let isVertical, let at, let label) = mark, isVertical != isLying { return (at, label) }
      return nil
    }
  }

  /// Labels of vertical rules stand above the frame, where no data are; crowded ones are pushed aside or cut.
  mutating func drawRuleLabels() {
    let isLying = bars?.isHorizontal == true
    let rules = verticalRules().compactMap { rule in
      (isLying ? endOfBar(rule.at) : px(rule.at)).map { (at: $0, label: rule.label) }
    }
    .filter { !$0.label.isEmpty && $0.at >= frame.left - 1 && $0.at <= frame.right + 1 }.sorted { $0.at < $1.at }
    let end = frame.right + 10
    var free = 8.0
    for (i, rule) in rules.enumerated() {
      let next = i + 1 < rules.count ? rules[i + 1].at : end
      let full = TextWidth.pixels(rule.label, size: 11.5)
      // Centred where there is room, otherwise between what is taken and the next rule.
      var start = max(free, rule.at - full / 2)
      if start + full > end { start = max(free, end - full) }
      let limit = rules.count == 1 ? end - start : max(30, (next + rule.at) / 2 + full / 4 - start)
      let shown = SVGCanvas.fit(rule.label, limit, size: 11.5)
      canvas.text(start, frame.top - 5, rule.label, .soft, size: 11.5, limit: limit)
      free = start + TextWidth.pixels(shown, size: 11.5) + 10
    }
  }
}
