import Records

/// Draws marks on a pair of axes. The order of work: what the marks need (extents, labels), then the frame, then the
/// axes, then the marks in their order, then labels.
struct AxesDrawing {
  let figure: Figure
  var canvas = SVGCanvas()
  var frame = Frame(left: 0, top: 0, width: 1, height: 1)
  var x: AxisScale
  var y: AxisScale
  var bars: BarLayout?
  var heat: HeatMap?
  /// Colour of each mark; nil for marks without one.
  let colors: [Int?]
  /// Labels to the right of the frame.
  var margin: [MarginLabel] = []
  /// True when the marks are cells or lines over the whole plane, which leave no room for grid lines.
  let isGrid: Bool
  /// How the names of categories stand at the bottom.
  var names = CategoryNames()
  /// How much further down they reach because they are turned.
  var slant: Double { names.depth }
  /// How many values could not be shown, by reason.
  var leftOut = LeftOut()

  static let width = 720.0, height = 400.0, tickSize = 12.5, longestName = 150.0

  init(_ figure: Figure) {
    self.figure = figure
    colors = AxesDrawing.colors(figure.marks)
    heat = HeatMap(figure)
    var extents = Extents(figure)
    if let heat {
      extents.x += heat.xEdges
      extents.y += heat.yEdges
    }
    let isSquare = AxesDrawing.isSquare(figure)
    let xs = isSquare ? extents.x + extents.y : extents.x, ys = isSquare ? extents.x + extents.y : extents.y
    let hasPoints = figure.marks.contains { if case .points = $0 { return true } else { return false } }
    bars = BarLayout(figure)
    isGrid = figure.marks.contains {
      switch $0 {
      case .heat, .contour: return true
      default: return false
      }
    }
    let standsOnZero = figure.marks.contains {
      switch $0 {
      case .bars, .histogram: return true
      default: return false
      }
    }
    let upright = AxisScale(
      figure.x.scale, data: xs, range: figure.x.range, tickCount: figure.x.scale == .log ? 10 : 8,
      padding: isGrid ? 0 : hasPoints ? 0.04 : 0.02, zeroBased: isSquare && !isGrid)
    x = figure.x.categories.isEmpty ? upright : AxisScale(categories: figure.x.categories)
    let level = AxisScale(
      figure.y.scale, data: ys + (standsOnZero && figure.y.scale == .linear ? [0] : []), range: figure.y.range,
      tickCount: 7,
      padding: isGrid ? 0 : isSquare ? 0.04 : bars != nil ? 0.08 : 0.05, zeroBased: !isGrid)
    y = figure.y.categories.isEmpty ? level : AxisScale(categories: figure.y.categories)
  }

  /// Figures that compare the two axes are drawn square, with equal limits.
  static func isSquare(_ figure: Figure) -> Bool {
    figure.x.scale == figure.y.scale && figure.marks.contains(.diagonal) && figure.x.range == nil
      && figure.y.range == nil
  }

  private static func colors(_ marks: [Figure.Mark]) -> [Int?] {
    var next = 0
    return marks.map { mark in
      switch mark {
      case .line(_, _, let color), .points(_, _, let color):
        if let color { return color }
        next += 1
        return next - 1
      case .bars, .strip, .histogram:
        next += 1
        return next - 1
      default: return nil
      }
    }
  }

  mutating func svg(standalone: Bool) -> String {
    margin = marginLabels()
    var size = layOut()
    drawTitle(width: size.width)
    if let bars, bars.isHorizontal {
      drawHorizontalBars(bars)
    } else {
      if !isGrid { drawGrid() }
      drawMarks()
      drawAxes()
    }
    drawRuleLabels()
    drawMargin()
    let note = [figure.note, leftOut.text ?? ""].filter { !$0.isEmpty }.joined(separator: " · ")
    if !note.isEmpty { size.height += 16 }
    canvas.text(12, size.height - 6, note, .soft, size: 11, limit: size.width - 24)
    drawEmptiness()
    let name =
      figure.title.isEmpty
      ? [figure.y.label, figure.x.label].filter { !$0.isEmpty }.joined(separator: " against ") : figure.title
    return canvas.document(width: size.width, height: size.height, title: name, standalone: standalone)
  }

  /// Chooses the frame and the size of the picture.
  private mutating func layOut() -> (width: Double, height: Double) {
    let tickWidth: Double
    if let bars, bars.isHorizontal {
      tickWidth = min(240, bars.labels.map { TextWidth.pixels($0, size: 12.5) }.max() ?? 0)
    } else {
      let widest = y.ticks.map { AxesDrawing.width(of: $0) }.max() ?? 0
      tickWidth = figure.y.categories.isEmpty ? widest : min(widest, AxesDrawing.longestName)
    }
    let left = 12 + (yLabel.isEmpty && leftFactor == nil ? 0 : 22) + tickWidth + 10
    let titleSpace = figure.title.isEmpty ? 10.0 : 34
    let top = titleSpace + Double(ruleRows()) * 16
    let right = marginWidth()
    let isSquare = AxesDrawing.isSquare(figure) || heat?.isSquare ?? GridPlaces.isSquare(figure)
    let edge = 26.0 + (xLabel.isEmpty && bottomFactor == nil ? 4 : 22)
    if !figure.x.categories.isEmpty, bars == nil {
      names = CategoryNames(figure.x.categories, room: isSquare ? 440 - top - edge : AxesDrawing.width - left - right)
    }
    let below = edge + slant
    var width = AxesDrawing.width, height = AxesDrawing.height + slant / 2
    if isSquare {
      height = 440 + slant
      width = left + (height - top - below) + right
    } else if let bars, bars.isHorizontal {
      height = top + below + Double(bars.labels.count) * (Double(max(1, bars.groups.count)) * 14 + 10)
    }
    frame = Frame(left: left, top: top, width: max(60, width - left - right), height: max(40, height - top - below))
    return (width, height)
  }

  static func width(of tick: AxisScale.Tick) -> Double {
    TextWidth.pixels(tick.label, size: tickSize) + TextWidth.pixels(tick.exponent, size: tickSize * 0.75)
  }

  /// Where a number lies in the picture; nil when it cannot be shown.
  func px(_ value: Double) -> Double? { x.place(value).map { frame.left + $0 * frame.width } }

  /// Where a number lies in the picture; nil when it cannot be shown.
  func py(_ value: Double) -> Double? { y.place(value).map { frame.bottom - $0 * frame.height } }

  private mutating func drawTitle(width: Double) {
    canvas.text(12, 22, figure.title, .ink, size: 15, bold: true, limit: width - 24)
  }

  private mutating func drawEmptiness() {
    let hasNothing = Extents(figure).isEmpty && heat == nil && bars == nil
    if hasNothing {
      canvas.text(frame.left + frame.width / 2, frame.top + frame.height / 2, "no data", .soft, anchor: .middle)
    }
  }
}

/// How names of categories stand along an axis: level where they have room, otherwise turned, and where not even turned ones have room
/// some of them alone.
struct CategoryNames {
  /// In degrees.
  var angle = 0
  /// One of so many names is shown.
  var every = 1
  /// How much further down than level ones they reach, in pixels.
  var depth = 0.0

  /// The height of a line of names, in pixels.
  static let line = AxesDrawing.tickSize * 0.9

  init() {}

  /// Names below an axis of `room` pixels.
  init(_ names: [String], room: Double) {
    let slot = room / Double(max(1, names.count))
    let widest = names.map { TextWidth.pixels($0, size: AxesDrawing.tickSize) }.max() ?? 0
    // Single letters stay level.
    guard widest > slot - 6, widest * 0.64 > 6 else { return }
    let length = min(widest, AxesDrawing.longestName)
    // Slanted lines are nearer to each other than their places on the axis.
    if slot * 0.64 >= CategoryNames.line {
      angle = 40
      depth = length * 0.64 - 6
    } else {
      angle = 90
      every = CategoryNames.step(slot)
      depth = max(0, length - 12)
    }
  }

  /// Which of the names find room that stand across their axis, `slot` pixels from one to the next: one of so many.
  static func step(_ slot: Double) -> Int { max(1, Int(saturating: (line / max(slot, 0.01)).rounded(.up))) }
}

/// All numbers that the axes should cover.
struct Extents {
  var x: [Double] = []
  var y: [Double] = []
  var isEmpty: Bool { !x.contains { $0.isFinite } || !y.contains { $0.isFinite } }

  init(_ figure: Figure) {
    var ends: [Double] = []
    for mark in figure.marks {
      switch mark {
      case .line(let s, _, _), .points(let s, _, _):
        for i in 0..<min(s.x.count, s.y.count) where s.x[i].isFinite && s.y[i].isFinite {
          if Interruption.isRaised(at: i) { return }
          if figure.x.scale == .log && s.x[i] <= 0 { continue }
          if figure.y.scale == .log && s.y[i] <= 0 { continue }
          x.append(s.x[i])
          y.append(s.y[i])
          if s.hasInterval { ends += [s.lower[i], s.upper[i]] }
        }
      case .rule(let isVertical, let at, _): if isVertical { x.append(at) } else { y.append(at) }
      case .bars(_, let values, _): y += values
      case .histogram(let edges, let counts, _):
        x += edges
        y += counts.filter { figure.y.scale == .linear || $0 > 0 }
      case .strip(let values, _):
        y += values.joined()
        x += values.indices.map(Double.init)
      case .contour(let xs, let ys, let values, _):
        let grid = GridPlaces(x: xs, y: ys, rows: values, figure: figure)
        x += grid.x
        y += grid.y
      case .holes(let xs): x += xs
      case .heat, .diagonal, .images, .surface, .network, .rollout: break
      }
    }
    // A band that reaches a little below zero does not move an axis whose values end there.
    let values = y.filter(\.isFinite)
    ends = ends.filter(\.isFinite)
    if let lowest = values.min(), lowest >= 0, let low = ends.min(), low < 0, let high = (values + ends).max(),
      -low < 0.05 * high
    {
      ends = ends.map { max(0, $0) }
    }
    y += ends
  }
}

extension Figure.Series {
  /// True when every point has a lower and an upper end.
  var hasInterval: Bool {
    let n = min(x.count, y.count)
    return n > 0 && lower.count >= n && upper.count >= n
  }
}

/// Values that could not be drawn.
struct LeftOut {
  var notANumber = 0
  var notPositive = 0
  /// Cells of a grid without a value.
  var holes = 0
  /// Cells of a grid in the colour of the largest or the smallest value, whose own is infinite.
  var infinite = 0

  /// Counts a place that an axis cannot show.
  mutating func add(_ at: Double, on axis: AxisScale) {
    if !at.isFinite {
      notANumber += 1
    } else if axis.place(at) == nil {
      notPositive += 1
    }
  }

  var text: String? {
    var parts: [String] = []
    if notPositive > 0 { parts.append("\(notPositive) not positive") }
    if notANumber > 0 { parts.append("\(notANumber) not finite") }
    if holes > 0 { parts.append(holes == 1 ? "1 cell without a value" : "\(holes) cells without a value") }
    var notes = parts.isEmpty ? [] : ["not shown: " + parts.joined(separator: ", ")]
    if infinite > 0 {
      notes.append("\(infinite) infinite \(infinite == 1 ? "value" : "values") in the colour of the nearer end")
    }
    return notes.isEmpty ? nil : notes.joined(separator: " · ")
  }
}
