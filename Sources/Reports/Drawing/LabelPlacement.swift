/// Places labels so that they do not overlap.
enum LabelPlacement {
  /// Heights of labels in a column: each as near as can be to where it wants to be, at least `gap` apart, within
  /// limits. Labels that do not fit at all keep the gap and run past the lower limit. The order of the result is that
  /// of the argument.
  static func column(_ wanted: [Double], gap: Double, lower: Double, upper: Double) -> [Double] {
    struct Cluster {
      var members: [Int]
      var sum: Double
      var start: Double
    }
    let order = wanted.indices.sorted { (wanted[$0], $0) < (wanted[$1], $1) }
    var clusters: [Cluster] = []
    func settle(_ c: Cluster) -> Double {
      let length = gap * Double(c.members.count - 1)
      return max(lower, min(c.sum / Double(c.members.count), upper - length))
    }
    for index in order {
      var cluster = Cluster(members: [index], sum: wanted[index], start: 0)
      cluster.start = settle(cluster)
      while let last = clusters.last, last.start + gap * Double(last.members.count) > cluster.start + 1e-9 {
        clusters.removeLast()
        let shift = gap * Double(last.members.count * cluster.members.count)
        cluster = Cluster(members: last.members + cluster.members, sum: last.sum + cluster.sum - shift, start: 0)
        cluster.start = settle(cluster)
      }
      clusters.append(cluster)
    }
    var places = wanted
    for cluster in clusters {
      for (i, member) in cluster.members.enumerated() { places[member] = cluster.start + gap * Double(i) }
    }
    return places
  }

  /// A rectangle.
  struct Box {
    var x: Double
    var y: Double
    var width: Double
    var height: Double

    /// Area shared with another.
    func overlap(_ other: Box) -> Double {
      let w = min(x + width, other.x + other.width) - max(x, other.x)
      let h = min(y + height, other.y + other.height) - max(y, other.y)
      return w > 0 && h > 0 ? w * h : 0
    }
  }

  /// Where labels of points go: each beside its point, where it covers nothing; nil for those that find no room.
  /// Boxes have their upper left corner at (x, y). `obstacles` are covered by no label.
  static func beside(
    _ points: [(x: Double, y: Double)], sizes: [(width: Double, height: Double)], within frame: Box, obstacles: [Box]
  ) -> [Box?] {
    let radius = 5.0
    var taken = obstacles + points.map { Box(x: $0.x - radius + 1, y: $0.y - radius + 1, width: 8, height: 8) }
    var result: [Box?] = []
    for (point, size) in zip(points, sizes) {
      let (w, h) = size
      let candidates = [
        (radius + 2, -h / 2), (-radius - 2 - w, -h / 2), (-w / 2, -radius - h), (-w / 2, radius),
        (radius, -radius - h + 2),
        (-radius - w, -radius - h + 2), (radius, radius - 2), (-radius - w, radius - 2),
      ]
      let free = candidates.map { Box(x: point.x + $0.0, y: point.y + $0.1, width: w, height: h) }.first { box in
        box.x >= frame.x && box.y >= frame.y && box.x + w <= frame.x + frame.width
          && box.y + h <= frame.y + frame.height
          && taken.allSatisfy { $0.overlap(box) < 1 }
      }
      if let free { taken.append(free) }
      result.append(free)
    }
    return result
  }
}
