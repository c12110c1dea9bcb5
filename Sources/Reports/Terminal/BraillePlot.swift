import Records

/// Curves and dots in braille: two by four dots in each character. Rules and the diagonal have gaps, and are drawn where no data are.
struct BraillePlot {
  private let figure: Figure
  private let terminal: TerminalText
  private let note: String
  private let x: AxisScale
  private let y: AxisScale
  private let columns: Int
  private let rows: Int
  private let ticks: [(row: Int, text: String)]
  private let gutter: Int
  private let names: [(text: String, series: Int)]
  /// Labels of level rules.
  private let ruleNames: [(text: String, at: Double)]
  private let nameWidth: Int
  private var dots: [UInt8]
  private var owner: [Int]

  init(_ figure: Figure, terminal: TerminalText, note: String) {
    self.figure = figure
    self.terminal = terminal
    self.note = note
    let extents = Extents(figure), isSquare = AxesDrawing.isSquare(figure)
    x = BraillePlot.scale(
      figure.x, isSquare ? extents.x + extents.y : extents.x, tickCount: 6, padding: isSquare ? 0.02 : 0,
      zeroBased: isSquare)
    y = BraillePlot.scale(
      figure.y, isSquare ? extents.x + extents.y : extents.y, tickCount: 4, padding: 0.02, zeroBased: true)
    rows = 9
    var found: [(String, Int)] = []
    for (i, series) in BraillePlot.series(figure).enumerated() where !series.0.name.isEmpty {
      found.append((TextWidth.cut(DatumText.clean(series.0.name), to: 18), i))
    }
    names = found
    ruleNames = BraillePlot.ruleNames(figure)
    nameWidth = max(
      (found.map(\.0) + ruleNames.map(\.text)).map { TextWidth.columns($0) }.max() ?? 0,
      min(24, TextWidth.columns(note)))
    let rowCount = rows, scale = y
    let labelled = BraillePlot.labelled(y).compactMap { tick -> (row: Int, text: String)? in
      scale.place(tick.value).map {
        (max(0, min(rowCount - 1, Int(saturating: (1 - $0) * Double(rowCount)))), tick.text)
      }
    }
    ticks = labelled
    gutter = labelled.map { TextWidth.columns($0.text) }.max() ?? 0
    columns = max(12, min(64, terminal.width - gutter - 6 - nameWidth - 2))
    dots = Array(repeating: 0, count: columns * rows)
    owner = Array(repeating: -1, count: columns * rows)
  }

  private static func scale(
    _ axis: Figure.Axis, _ data: [Double], tickCount: Int, padding: Double, zeroBased: Bool
  ) -> AxisScale {
    if !axis.categories.isEmpty {
      return AxisScale(categories: axis.categories.map { TextWidth.cut(DatumText.clean($0), to: 18) })
    }
    return AxisScale(
      axis.scale, data: data, range: axis.range, tickCount: tickCount, padding: padding, zeroBased: zeroBased)
  }

  /// Labels of level rules, each text once.
  private static func ruleNames(_ figure: Figure) -> [(text: String, at: Double)] {
    var names: [(text: String, at: Double)] = []
    for mark in figure.marks {
      guard case .rule(false, let at, let label) = mark, !label.isEmpty else { continue }
      let text = TextWidth.cut(DatumText.clean(label), to: 18)
      if !names.contains(where: { $0.text == text }) { names.append((text, at)) }
    }
    return names
  }

  /// The ticks that have labels, each with its label in characters.
  private static func labelled(_ scale: AxisScale) -> [(value: Double, text: String)] {
    let ticks = scale.ticks.filter(\.isMajor)
    let numbers = NumberFormat.distinct(ticks.map(\.value), digits: 3)
    return zip(ticks, numbers).map { tick, number in
      if !tick.exponent.isEmpty { return (tick.value, "1e" + tick.exponent.replacing("−", with: "-")) }
      return (tick.value, scale.factorExponent == nil ? tick.label : number.replacingMinus)
    }
  }

  /// The outline of a histogram.
  private static func steps(_ edges: [Double], _ counts: [Double], _ name: String) -> Figure.Series {
    let n = min(counts.count, edges.count - 1)
    let corners = (0..<max(0, n)).flatMap { [(edges[$0], counts[$0]), (edges[$0 + 1], counts[$0])] }
    return Figure.Series(name: name, x: corners.map(\.0), y: corners.map(\.1))
  }

  /// Curves and dots, with whether their points are joined.
  private static func series(_ figure: Figure) -> [(Figure.Series, Bool)] {
    figure.marks.compactMap { mark in
      switch mark {
      case .line(let s, _, _): return (s, true)
      case .points(let s, _, _): return (s, false)
      case .strip(let groups, let name):
        let all = groups.enumerated().flatMap { k, values in values.map { (Double(k), $0) } }
        return (Figure.Series(name: name, x: all.map(\.0), y: all.map(\.1)), false)
      case .histogram(let edges, let counts, let name): return (BraillePlot.steps(edges, counts, name), true)
      default: return nil
      }
    }
  }

  mutating func lines() -> [String] {
    if Extents(figure).isEmpty { return ["(no data)"] }
    for (i, series) in BraillePlot.series(figure).enumerated() { draw(series.0, joined: series.1, i) }
    for mark in figure.marks {
      switch mark {
      case .rule(true, let at, _): drawUprightRule(at)
      case .rule(false, let at, _): drawLevelRule(at)
      case .diagonal: drawDiagonal()
      default: break
      }
    }
    let labels = rightLabels()
    var out: [String] = []
    if !figure.y.label.isEmpty {
      out.append(
        String(repeating: " ", count: gutter + 1)
          + terminal.paint(TextWidth.cut(DatumText.clean(figure.y.label), to: columns), .dim))
    }
    if let line = uprightLabels() {
      out.append(String(repeating: " ", count: gutter + 2) + terminal.paint(line, .dim))
    }
    for row in 0..<rows {
      let tick = ticks.first { $0.row == row }?.text
      var line = TextWidth.pad(tick ?? "", to: gutter, right: true) + (tick == nil ? " │" : " ┤")
      line += cells(row)
      if let label = labels[row] { line += "  " + label }
      while line.hasSuffix(" ") { line.removeLast() }
      out.append(line)
    }
    out.append(axisLine())
    let leftOut = LeftOut(figure)
    if let text = leftOut.text { out.append(terminal.paint(text, .dim)) }
    return out
  }

  private func cells(_ row: Int) -> String {
    var line = "", run = "", runOwner = -1
    for column in 0..<columns {
      let at = row * columns + column
      let character = dots[at] == 0 ? " " : String(Character(Unicode.Scalar(0x2800 + UInt32(dots[at])) ?? " "))
      if owner[at] != runOwner {
        line += runOwner >= 0 ? terminal.paint(run, series: runOwner) : run
        (run, runOwner) = ("", owner[at])
      }
      run += character
    }
    return line + (runOwner >= 0 ? terminal.paint(run, series: runOwner) : run)
  }

  /// The dots of a character, two in each of its four rows.
  private static let bits: [UInt8] = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80]

  private mutating func set(_ px: Int, _ py: Int, _ series: Int) {
    guard px >= 0, py >= 0, px < columns * 2, py < rows * 4 else { return }
    let at = py / 4 * columns + px / 2
    dots[at] |= BraillePlot.bits[py % 4 * 2 + px % 2]
    owner[at] = series
  }

  /// A dot of what helps to read the data, which are drawn before.
  private mutating func setBehind(_ px: Int, _ py: Int) {
    guard px >= 0, py >= 0, px < columns * 2, py < rows * 4, owner[py / 4 * columns + px / 2] < 0 else { return }
    set(px, py, -1)
  }

  private func spot(_ a: Double, _ b: Double) -> (Int, Int)? {
    guard a.isFinite, b.isFinite, let u = x.place(a), let v = y.place(b), abs(u) < 50, abs(v) < 50 else { return nil }
    return (
      Int(saturating: (u * Double(columns * 2 - 1)).rounded()),
      Int(saturating: ((1 - v) * Double(rows * 4 - 1)).rounded())
    )
  }

  private mutating func draw(_ s: Figure.Series, joined: Bool, _ series: Int) {
    var last: (Int, Int)?
    // What is joined within one column of dots covers it from the lowest to the highest: drawn once.
    var low = 0, high = 0
    func fill(_ plot: inout BraillePlot) {
      guard let last else { return }
      for row in stride(from: max(0, low), through: min(high, plot.rows * 4 - 1), by: 1) {
        plot.set(last.0, row, series)
      }
    }
    for i in 0..<min(s.x.count, s.y.count) {
      if Interruption.isRaised(at: i) { return }
      let here = spot(s.x[i], s.y[i])
      guard joined else {
        if let here { set(here.0, here.1, series) }
        continue
      }
      if let here, let last, here.0 == last.0 {
        (low, high) = (min(low, here.1), max(high, here.1))
      } else {
        fill(&self)
        if let here, let last { drawLine(last, here, series) }
        if let here { (low, high) = (here.1, here.1) }
      }
      last = here
    }
    fill(&self)
  }

  private mutating func drawLine(_ a: (Int, Int), _ b: (Int, Int), _ series: Int) {
    let steps = max(abs(b.0 - a.0), abs(b.1 - a.1))
    guard steps > 0 else { return }
    for i in 0...steps {
      let t = Double(i) / Double(steps)
      set(
        a.0 + Int(saturating: (Double(b.0 - a.0) * t).rounded()),
        a.1 + Int(saturating: (Double(b.1 - a.1) * t).rounded()), series)
    }
  }

  private mutating func drawUprightRule(_ at: Double) {
    guard let column = column(at) else { return }
    for row in stride(from: 0, to: rows * 4, by: 2) { setBehind(column, row) }
  }

  /// Two dots and a gap of two: single dots would be taken for points.
  private static func isDash(_ dot: Int) -> Bool { dot / 2 % 2 == 0 }

  private mutating func drawLevelRule(_ at: Double) {
    guard let row = row(at) else { return }
    for column in 0..<columns * 2 where BraillePlot.isDash(column) { setBehind(column, row) }
  }

  /// y = x.
  private mutating func drawDiagonal() {
    var last: (Int, Int)?, count = 0
    for column in 0..<columns * 2 {
      let value = x.value(at: Double(column) / Double(columns * 2 - 1))
      guard let here = spot(value, value) else { continue }
      let from = last?.1 ?? here.1, down = here.1 >= from ? 1 : -1
      // Where it is steep, all rows between two columns.
      for row in stride(from: from == here.1 ? from : from + down, through: here.1, by: down) {
        if BraillePlot.isDash(count) { setBehind(column, row) }
        count += 1
      }
      last = here
    }
  }

  /// The column of dots of an upright rule; nil outside of the frame.
  private func column(_ at: Double) -> Int? {
    guard let place = x.place(at), place >= 0, place <= 1 else { return nil }
    return Int(saturating: (place * Double(columns * 2 - 1)).rounded())
  }

  /// The row of dots of a level rule; nil outside of the frame.
  private func row(_ at: Double) -> Int? {
    guard let place = y.place(at), place >= 0, place <= 1 else { return nil }
    return Int(saturating: ((1 - place) * Double(rows * 4 - 1)).rounded())
  }

  /// The labels of upright rules, above the frame: centred where there is room, pushed aside where it is crowded; nil without any.
  private func uprightLabels() -> String? {
    let rules = figure.marks.compactMap { mark -> (column: Int, text: String)? in
      guard case .rule(true, let at, let label) = mark, let column = column(at) else { return nil }
      let text = DatumText.clean(label)
      return text.isEmpty ? nil : (column / 2, text)
    }
    var line = "", free = 0
    for rule in rules.sorted(by: { $0.column < $1.column }) {
      let width = TextWidth.columns(rule.text)
      let start = max(free, min(rule.column - width / 2, columns - width))
      guard columns - start >= min(width, 4) else { continue }
      let text = TextWidth.cut(rule.text, to: columns - start)
      line = TextWidth.pad(line, to: start) + text
      free = TextWidth.columns(line) + 2
    }
    return line.isEmpty ? nil : line
  }

  /// Names beside the ends of their curves, those of rules where these leave room, the note at the bottom.
  private func rightLabels() -> [Int: String] {
    let all = BraillePlot.series(figure)
    let wanted = names.map { name -> Double in
      let s = all[name.series].0
      for i in (0..<min(s.x.count, s.y.count)).reversed() {
        if let spot = spot(s.x[i], s.y[i]) { return Double(max(0, min(rows - 1, spot.1 / 4))) }
      }
      return 0
    }
    var labels: [Int: String] = [:]
    let last = Double(rows - 1)
    for (name, place) in zip(names, LabelPlacement.column(wanted, gap: 1, lower: 0, upper: last)) {
      let row = Int(saturating: place.rounded())
      if row < rows, labels[row] == nil { labels[row] = terminal.paint(name.text, series: name.series) }
    }
    for name in ruleNames {
      let free = (0..<rows).filter { labels[$0] == nil }
      guard let wanted = row(name.at).map({ $0 / 4 }), free.count > (note.isEmpty ? 0 : 1),
        let nearest = free.min(by: { abs($0 - wanted) < abs($1 - wanted) })
      else { continue }
      labels[nearest] = terminal.paint(name.text, .dim)
    }
    if !note.isEmpty, let row = (0..<rows).last(where: { labels[$0] == nil }) {
      labels[row] = terminal.paint(TextWidth.cut(note, to: 24), .dim)
    }
    return labels
  }

  /// What stands in each column of a text: after a wide character nothing.
  private static func cells(_ text: String) -> [String] {
    text.flatMap { character -> [String] in
      switch TextWidth.columns(of: character) {
      case 0: []
      case 1: [String(character)]
      default: [String(character), ""]
      }
    }
  }

  /// `└1────8─────64──── width`; names of categories are cut to their part of the axis, and some left out where that is little.
  private func axisLine() -> String {
    var line = Array(repeating: "─", count: columns)
    var free = 0
    let part = columns / max(1, figure.x.categories.count), limit = part > 8 ? part - 1 : 12
    for tick in BraillePlot.labelled(x) {
      guard let place = x.place(tick.value), place >= -0.001, place <= 1.001 else { continue }
      let text = BraillePlot.cells(TextWidth.cut(tick.text, to: limit))
      var start = Int(saturating: (place * Double(columns - 1)).rounded()) - (text.count - 1) / 2
      start = max(0, min(columns - text.count, start))
      guard start >= free, text.count <= columns else { continue }
      for (i, c) in text.enumerated() { line[start + i] = c }
      free = start + text.count + 1
    }
    let label =
      figure.x.label.isEmpty
      ? "" : " " + terminal.paint(TextWidth.cut(DatumText.clean(figure.x.label), to: max(6, nameWidth + 2)), .dim)
    return String(repeating: " ", count: gutter + 1) + "└" + line.joined() + label
  }
}

extension LeftOut {
  /// Counts what a figure's curves, dots, strips and rules hold that cannot be shown.
  init(_ figure: Figure) {
    self.init()
    for mark in figure.marks {
      switch mark {
      case .line(let s, _, _), .points(let s, _, _):
        for i in 0..<min(s.x.count, s.y.count) {
          if Interruption.isRaised(at: i) { return }
          if !s.x[i].isFinite || !s.y[i].isFinite {
            notANumber += 1
          } else if (figure.x.scale == .log && s.x[i] <= 0) || (figure.y.scale == .log && s.y[i] <= 0) {
            notPositive += 1
          }
        }
      case .strip(let groups, _):
        for value in groups.joined() {
          if !value.isFinite {
            notANumber += 1
          } else if figure.y.scale == .log, value <= 0 {
            notPositive += 1
          }
        }
      case .rule(let isVertical, let at, _):
        if !at.isFinite {
          notANumber += 1
        } else if (isVertical ? figure.x : figure.y).scale == .log, at <= 0 {
          notPositive += 1
        }
      default: break
      }
    }
  }
}
