import Records

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Lines of equal value through a grid (marching squares).
enum Contours {
  /// The lines at a level, each a list of points; a closed one ends where it began. `xs` and `ys` are the places of
  /// columns and rows. Cells with a corner that is no number are left out; the mean of its corners decides how a
  /// saddle is cut.
  static func lines(_ values: [[Double]], xs: [Double], ys: [Double], level: Double) -> [[(x: Double, y: Double)]] {
    var segments = Segments()
    let columns = xs.count
    func above(_ v: Double) -> Bool { v >= level }
    for r in 0..<max(0, ys.count - 1) {
      if Interruption.isRaised() { return [] }
      for c in 0..<max(0, columns - 1) {
        let corners = [values[r][c], values[r][c + 1], values[r + 1][c + 1], values[r + 1][c]]
        guard corners.allSatisfy(\.isFinite) else { continue }
        // Edges: 0 below, 1 right, 2 above, 3 left; each has one number in the whole grid.
        let edges = [
          2 * (r * columns + c), 2 * (r * columns + c + 1) + 1, 2 * ((r + 1) * columns + c), 2 * (r * columns + c) + 1,
        ]
        let crossed = (0..<4).filter { above(corners[$0]) != above(corners[($0 + 1) % 4]) }
        if crossed.count == 2 {
          segments.join(edges[crossed[0]], edges[crossed[1]])
        } else if crossed.count == 4 {
          let isHigh = above(corners.reduce(0) { $0 + $1 / 4 })
          // The corners that agree with the middle are on one side.
          let shift = above(corners[0]) == isHigh ? 0 : 1
          segments.join(edges[shift], edges[shift + 1])
          segments.join(edges[(shift + 2) % 4], edges[(shift + 3) % 4])
        }
      }
    }
    return segments.chains().map { chain in
      chain.map { edge in
        let r = edge / 2 / columns, c = edge / 2 % columns
        let (r2, c2) = edge % 2 == 0 ? (r, c + 1) : (r + 1, c)
        let a = values[r][c], b = values[r2][c2], t = min(max((level - a) / (b - a), 0), 1)
        return (xs[c] + (xs[c2] - xs[c]) * t, ys[r] + (ys[r2] - ys[r]) * t)
      }
    }
  }

  /// Round values between the lowest and the highest, about nine of them; on a log scale 1, 2 and 5 times powers of
  /// ten, or powers alone.
  static func levels(_ values: [[Double]], _ scale: Figure.Scale) -> [Double] {
    let usable = values.joined().filter { $0.isFinite && (scale == .linear || $0 > 0) }
    guard let low = usable.min(), let high = usable.max(), low < high else { return [] }
    if scale == .linear || log10(high) - log10(low) < 0.5 {
      let ticks = LinearTicks.make(lower: low, upper: high, count: 10).ticks.map(\.value)
      return ticks.filter { $0 > low && $0 < high }
    }
    let exponents = Int(saturating: log10(low).rounded(.down))...Int(saturating: log10(high).rounded(.up))
    let mantissas: [Double] = exponents.count > 6 ? [1] : exponents.count > 3 ? [1, 3] : [1, 2, 3, 5, 7]
    let all = exponents.flatMap { e in mantissas.map { $0 * LinearTicks.power(e) } }
    let inside = all.filter { $0 > low && $0 < high }
    let every = max(1, (inside.count + 13) / 14)
    return inside.enumerated().filter { $0.offset % every == 0 }.map(\.element)
  }

  /// Joins segments that share an end.
  private struct Segments {
    /// Of an edge of the grid, which has a cell on each side: where the line goes on, in the order in which it was found.
    struct Next {
      var first: Int?
      var second: Int?
      var count: Int { (first == nil ? 0 : 1) + (second == nil ? 0 : 1) }

      mutating func append(_ edge: Int) { if first == nil { first = edge } else { second = edge } }
      mutating func remove(_ edge: Int) {
        if first == edge { (first, second) = (second, nil) } else if second == edge { second = nil }
      }
    }
    var neighbours: [Int: Next] = [:]

    mutating func join(_ a: Int, _ b: Int) {
      neighbours[a, default: Next()].append(b)
      neighbours[b, default: Next()].append(a)
    }

    /// Open chains first, then rings; each in an order that depends on the grid alone.
    mutating func chains() -> [[Int]] {
      var found: [[Int]] = []
      let ends = neighbours.keys.sorted()
      for onlyEnds in [true, false] {
        for start in ends
        where !Interruption.isRaised(at: found.count) && (neighbours[start]?.count ?? 0) > 0
          && (!onlyEnds || neighbours[start]?.count == 1)
        {
          found.append(walk(from: start))
        }
      }
      return found
    }

    private mutating func walk(from start: Int) -> [Int] {
      var chain = [start], here = start
      while let next = neighbours[here]?.first {
        neighbours[here]?.remove(next)
        neighbours[next]?.remove(here)
        chain.append(next)
        here = next
      }
      return chain
    }
  }
}

extension AxesDrawing {
  /// Lines of equal value, each with its value written along it where there is room.
  mutating func drawContours() {
    var taken: [LabelPlacement.Box] = []
    for mark in figure.marks {
      guard case .contour(let x, let y, let rows, let wanted) = mark else { continue }
      let grid = GridPlaces(x: x, y: y, rows: rows, figure: figure)
      let xs = grid.x.map { px($0) ?? .nan }, ys = grid.y.map { py($0) ?? .nan }
      guard xs.count > 1, ys.count > 1 else { continue }
      let isLog = figure.z.scale == .log
      let heights = isLog ? grid.values.map { $0.map { $0 > 0 ? log10($0) : .nan } } : grid.values
      let levels = wanted.isEmpty ? Contours.levels(grid.values, figure.z.scale) : wanted
      for level in levels.prefix(40) where level.isFinite && (!isLog || level > 0) {
        let lines = Contours.lines(heights, xs: xs, ys: ys, level: isLog ? log10(level) : level)
        draw(lines, level: level, &taken)
      }
    }
  }

  private mutating func draw(_ lines: [[(x: Double, y: Double)]], level: Double, _ taken: inout [LabelPlacement.Box]) {
    let below = heat.map { $0.map.color(Double(min($0.entry(level), 254)) / 254) }
    let plain = below.map { $0.lightness > 0.42 ? "#1d2127" : "#ffffff" }
    let d = lines.map { Interruption.isRaised() ? "" : LinePath.d($0.map(Optional.some)) }.joined()
    let text = NumberFormat.short(level, digits: 3).replacingMinus
    if let plain {
      canvas.add(
        "<path d=\"\(d)\" fill=\"none\" stroke=\"\(plain)\" stroke-opacity=\"0.75\" stroke-width=\"0.9\""
          + "><title>\(Markup.escape(text))</title></path>")
    } else {
      canvas.path(d, .ink, width: 1, title: text, opacity: 0.75)
    }
    let width = TextWidth.pixels(text, size: 11) + 4
    for line in lines where !Interruption.isRaised() {
      guard let place = ContourLabel.place(on: line, width: width, within: frame, taken) else { continue }
      taken.append(place.box)
      if let plain, let below {
        canvas.label(place.x, place.y, text, angle: place.angle, fill: plain, halo: below.hex)
      } else {
        canvas.text(
          place.x, place.y, text, .ink, size: 11, anchor: .middle, turned: false, halo: true, angle: place.angle)
      }
    }
  }
}

/// Where the value of a line is written: on its straightest stretch that is free.
struct ContourLabel {
  var x: Double
  var y: Double
  /// Degrees, so that the text reads from left to right.
  var angle: Double
  var box: LabelPlacement.Box

  static func place(
    on line: [(x: Double, y: Double)], width: Double, within frame: Frame, _ taken: [LabelPlacement.Box]
  ) -> ContourLabel? {
    var lengths = [0.0]
    for (a, b) in zip(line, line.dropFirst()) {
      lengths.append((lengths.last ?? 0) + ((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y)).squareRoot())
    }
    guard let total = lengths.last, total > width * 2.2 else { return nil }
    func point(_ at: Double) -> (x: Double, y: Double) {
      let i = max(1, lengths.firstIndex { $0 >= at } ?? line.count - 1)
      let step = lengths[i] - lengths[i - 1], t = step > 0 ? (at - lengths[i - 1]) / step : 0
      return (line[i - 1].x + (line[i].x - line[i - 1].x) * t, line[i - 1].y + (line[i].y - line[i - 1].y) * t)
    }
    var best: (label: ContourLabel, bend: Double)?
    let steps = min(60, Int(saturating: total / 6))
    for k in 0...max(1, steps) {
      let start = (total - width) * Double(k) / Double(max(1, steps))
      let a = point(start), m = point(start + width / 2), b = point(start + width)
      let chord = ((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y)).squareRoot()
      guard chord > width * 0.8 else { continue }
      let (from, to) = a.x <= b.x ? (a, b) : (b, a)
      let angle = atan2(to.y - from.y, to.x - from.x)
      let across = abs(cos(angle)) * width + abs(sin(angle)) * 12, down = abs(sin(angle)) * width + abs(cos(angle)) * 12
      let box = LabelPlacement.Box(x: m.x - across / 2, y: m.y - down / 2, width: across, height: down)
      guard box.x > frame.left + 2, box.y > frame.top + 2, box.x + across < frame.right - 2,
        box.y + down < frame.bottom - 2, taken.allSatisfy({ $0.overlap(box) == 0 })
      else { continue }
      // Straight stretches are best, and among them level ones.
      let bend = abs((b.x - a.x) * (m.y - a.y) - (b.y - a.y) * (m.x - a.x)) / chord + abs(angle)
      if bend < (best?.bend ?? .infinity) - 1e-9 {
        let label = ContourLabel(
          x: m.x - sin(angle) * 3.8, y: m.y + cos(angle) * 3.8, angle: angle * 180 / .pi, box: box)
        best = (label, bend)
      }
    }
    return best?.label
  }
}

/// A grid of values with a place for each column and row.
struct GridPlaces {
  var x: [Double]
  var y: [Double]
  var values: [[Double]]

  /// So many values are drawn as they are; of more every second, third … row and column.
  private static let most = 4_000_000
  private static let mostAlongAThinnedSide = 1024

  /// Missing coordinates count from 0 (from 1 on a log axis), short rows are filled with holes.
  init(x: [Double], y: [Double], rows: [[Double]], figure: Figure) {
    let columns = rows.map(\.count).max() ?? 0
    let (xs, ys) = (GridPlaces.places(x, columns, figure.x.scale), GridPlaces.places(y, rows.count, figure.y.scale))
    guard rows.count * columns > GridPlaces.most else {
      (self.x, self.y) = (xs, ys)
      values = rows.map { $0.count == columns ? $0 : $0 + Array(repeating: .nan, count: columns - $0.count) }
      return
    }
    let across = GridPlaces.kept(columns)
    let down = GridPlaces.kept(rows.count)
    self.x = across.map { xs[$0] }
    self.y = down.map { ys[$0] }
    values = down.map { r in across.map { $0 < rows[r].count ? rows[r][$0] : .nan } }
  }

  /// The rows or columns that are drawn of so many.
  private static func kept(_ count: Int) -> [Int] {
    Array(stride(from: 0, to: count, by: (count + mostAlongAThinnedSide - 1) / mostAlongAThinnedSide))
  }

  /// True for contour lines over about as many rows as columns.
  static func isSquare(_ figure: Figure) -> Bool {
    for case .contour(_, _, let rows, _) in figure.marks {
      let columns = rows.map(\.count).max() ?? 0
      return Double(rows.count) > 0.6 * Double(columns) && Double(rows.count) < 1.6 * Double(columns)
    }
    return false
  }

  private static func places(_ given: [Double], _ count: Int, _ scale: Figure.Scale) -> [Double] {
    let isUsable =
      given.count == count && given.allSatisfy { $0.isFinite && (scale == .linear || $0 > 0) }
      && zip(given, given.dropFirst()).allSatisfy { $0 < $1 }
    return isUsable ? given : (0..<count).map { Double(scale == .log ? $0 + 1 : $0) }
  }
}
