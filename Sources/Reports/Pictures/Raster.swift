import Foundation
import Records

/// A picture of pixels that shapes are filled into, with smooth edges: each pixel is looked at in four by four places.
struct Raster {
  let width: Int
  let height: Int
  /// Red, green, blue, row by row from the top.
  private(set) var pixels: [UInt8]

  /// A place in pixels, y downward.
  struct Point {
    var x: Double
    var y: Double
  }
  /// Nothing is drawn outside of it: left, top, right, bottom in pixels.
  var clip: (left: Double, top: Double, right: Double, bottom: Double)

  init(width: Int, height: Int, paper: Color = Color(0xFFFFFF)) {
    self.width = max(1, width)
    self.height = max(1, height)
    pixels = []
    pixels.reserveCapacity(self.width * self.height * 3)
    for _ in 0..<self.width * self.height { pixels += [paper.red, paper.green, paper.blue] }
    clip = (0, 0, Double(self.width), Double(self.height))
  }

  /// Fills what lies inside of any of the polygons.
  mutating func fill(_ polygons: [[Point]], _ color: Color, opacity: Double = 1) {
    let all = polygons.joined().filter { $0.x.isFinite && $0.y.isFinite }
    guard opacity > 0, let first = all.first else { return }
    var box = (left: first.x, top: first.y, right: first.x, bottom: first.y)
    for p in all {
      box = (min(box.left, p.x), min(box.top, p.y), max(box.right, p.x), max(box.bottom, p.y))
    }
    let left = Int(max(box.left, clip.left, 0)), right = Int(min(box.right, clip.right, Double(width)).rounded(.up))
    let top = Int(max(box.top, clip.top, 0)), bottom = Int(min(box.bottom, clip.bottom, Double(height)).rounded(.up))
    guard right > left, bottom > top else { return }
    var edges: [Edge] = []
    for polygon in polygons { Self.add(polygon, to: &edges) }
    edges.sort { $0.top < $1.top }
    var covered = [UInt8](repeating: 0, count: right - left)
    var next = 0, active: [Edge] = []
    for row in top..<bottom where !Interruption.isRaised() {
      for i in covered.indices { covered[i] = 0 }
      while next < edges.count, edges[next].top < Double(row + 1) {
        active.append(edges[next])
        next += 1
      }
      active.removeAll { $0.bottom <= Double(row) }
      guard !active.isEmpty else { continue }
      for part in 0..<4 {
        let y = Double(row) + (Double(part) + 0.5) / 4
        guard y >= clip.top, y < clip.bottom else { continue }
        span(active, y, left, right, &covered)
      }
      for (i, count) in covered.enumerated() where count > 0 {
        blend(left + i, row, color, opacity * Double(count) / 16)
      }
    }
  }

  private struct Edge {
    var top: Double
    var bottom: Double
    var x: Double
    var slope: Double
    var direction: Int
  }

  private static func add(_ polygon: [Point], to edges: inout [Edge]) {
    for (i, a) in polygon.enumerated() {
      let b = polygon[(i + 1) % polygon.count]
      guard a.y != b.y, a.x.isFinite, a.y.isFinite, b.x.isFinite, b.y.isFinite else { continue }
      let (up, down) = a.y < b.y ? (a, b) : (b, a)
      edges.append(
        Edge(
          top: up.y, bottom: down.y, x: up.x, slope: (down.x - up.x) / (down.y - up.y), direction: a.y < b.y ? 1 : -1))
    }
  }

  /// Counts the quarter places of a line of quarters that lie inside.
  private func span(
    _ edges: [Edge], _ y: Double, _ left: Int, _ right: Int, _ covered: inout [UInt8]
  ) {
    var crossings: [(x: Double, direction: Int)] = []
    for edge in edges where edge.top <= y && y < edge.bottom {
      crossings.append((edge.x + (y - edge.top) * edge.slope, edge.direction))
    }
    crossings.sort { $0.x < $1.x }
    var winding = 0
    for (i, crossing) in crossings.enumerated() where i + 1 < crossings.count {
      winding += crossing.direction
      guard winding != 0 else { continue }
      let from = max(crossing.x, clip.left, Double(left)), to = min(crossings[i + 1].x, clip.right, Double(right))
      guard to > from else { continue }
      // The places at (k + ½) / 4.
      let first = Int((from * 4 - 0.5).rounded(.up)), last = Int((to * 4 - 0.5).rounded(.up))
      for place in first..<max(first, last) {
        let pixel = (place >> 2) - left
        if covered.indices.contains(pixel), covered[pixel] < 16 { covered[pixel] += 1 }
      }
    }
  }

  /// Mixes a colour into a pixel.
  mutating func blend(_ x: Int, _ y: Int, _ color: Color, _ share: Double) {
    guard x >= 0, y >= 0, x < width, y < height else { return }
    let at = (y * width + x) * 3
    let parts = [color.red, color.green, color.blue]
    for (i, part) in parts.enumerated() {
      let before = Double(pixels[at + i])
      pixels[at + i] = UInt8(max(0, min(255, before + (Double(part) - before) * share + 0.5)))
    }
  }

  /// Draws lines through points, with round ends and corners.
  mutating func stroke(
    _ lines: [[Point]], _ color: Color, width: Double, opacity: Double = 1, dash: [Double] = []
  ) {
    let half = max(width, 0.7) / 2
    var shapes: [[Point]] = []
    for line in lines {
      for piece in Self.dashed(line, dash) {
        for (a, b) in zip(piece, piece.dropFirst()) {
          let length = ((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y)).squareRoot()
          guard length > 0, length.isFinite else { continue }
          let dx = -(b.y - a.y) / length * half, dy = (b.x - a.x) / length * half
          shapes.append([
            Point(x: a.x + dx, y: a.y + dy), Point(x: a.x - dx, y: a.y - dy), Point(x: b.x - dx, y: b.y - dy),
            Point(x: b.x + dx, y: b.y + dy),
          ])
        }
        if half > 0.6, dash.isEmpty { for p in piece { shapes.append(Self.circle(p, half, corners: 8)) } }
      }
    }
    fill(shapes, color, opacity: min(1, opacity * min(1, max(width, 0.35) / 0.7)))
  }

  /// A polygon like a circle, turned as the pieces of a stroke are, so that they join.
  static func circle(_ center: Point, _ radius: Double, corners: Int? = nil) -> [Point] {
    let count = corners ?? max(8, min(64, Int(radius * 3) + 8))
    return (0..<count).map { i in
      let angle = -2 * Double.pi * Double(i) / Double(count)
      return Point(x: center.x + radius * cos(angle), y: center.y + radius * sin(angle))
    }
  }

  private static func dashed(_ line: [Point], _ dash: [Double]) -> [[Point]] {
    guard dash.count >= 2, dash.reduce(0, +) > 0.5 else { return [line] }
    var pieces: [[Point]] = [], piece: [Point] = [], index = 0, left = dash[0], isOn = true
    for (a, b) in zip(line, line.dropFirst()) {
      let length = ((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y)).squareRoot()
      guard length > 0, length < 1e5 else { continue }
      var at = 0.0
      if isOn, piece.isEmpty { piece = [a] }
      while length - at > left {
        at += left
        let p = Point(x: a.x + (b.x - a.x) * at / length, y: a.y + (b.y - a.y) * at / length)
        if isOn {
          pieces.append(piece + [p])
          piece = []
        } else {
          piece = [p]
        }
        isOn.toggle()
        index = (index + 1) % dash.count
        left = max(0.25, dash[index])
      }
      left -= length - at
      if isOn { piece.append(b) }
    }
    return piece.count > 1 ? pieces + [piece] : pieces
  }
}
