import Records

/// Strips, histograms and holes.
extension AxesDrawing {
  mutating func drawHistograms() {
    for (mark, color) in zip(figure.marks, colors) {
      guard case .histogram(let edges, let counts, let name) = mark else { continue }
      let ink = SVGCanvas.Ink.series(color ?? 0)
      let base = min(max(py(0) ?? frame.bottom, frame.top), frame.bottom)
      var area = "", outline = "", isOpen = false
      let n = Markup.number
      for (i, count) in counts.enumerated() {
        guard count.isFinite, let left = px(edges[i]), let right = px(edges[i + 1]) else {
          leftOut.notANumber += 1
          isOpen = false
          continue
        }
        // Nothing in a bin is nothing to draw, also where the axis is logarithmic.
        let top = count == 0 ? base : py(count) ?? base
        outline += isOpen ? "V\(n(top))H\(n(right))" : "M\(n(left)),\(n(base))V\(n(top))H\(n(right))"
        area += "M\(n(left)),\(n(base))V\(n(top))H\(n(right))V\(n(base))Z"
        isOpen = true
      }
      if let last = counts.indices.last, isOpen, px(edges[last + 1]) != nil { outline += "V\(n(base))" }
      canvas.area(area, ink, opacity: 0.28)
      canvas.path(outline, ink, width: 1.4, title: name)
      guard counts.count <= 120 else { continue }
      for (i, count) in counts.enumerated() where count.isFinite {
        guard let left = px(edges[i]), let right = px(edges[i + 1]) else { continue }
        let range = "\(NumberFormat.short(edges[i])) … \(NumberFormat.short(edges[i + 1]))"
        let title = "\(name.isEmpty ? "" : name + "\n")\(range): \(NumberFormat.short(count, digits: 6))"
        canvas.rect(left, frame.top, right - left, frame.height, ink, title: title.replacingMinus, opacity: 0)
      }
    }
  }

  /// Dots beside each other where they would cover each other, and a bar at the median.
  mutating func drawStrips() {
    let strips = zip(figure.marks, colors).compactMap { mark, color -> (values: [[Double]], name: String, ink: Int)? in
      if case .strip(let values, let name) = mark { return (values, name, color ?? 0) }
      return nil
    }
    guard !strips.isEmpty else { return }
    let slot = frame.width / Double(max(1, figure.x.categories.count)), width = slot * 0.8 / Double(strips.count)
    for (s, strip) in strips.enumerated() {
      for (i, values) in strip.values.prefix(figure.x.categories.count).enumerated() {
        let middle = frame.left + slot * (Double(i) + 0.5) + width * (Double(s) - Double(strips.count - 1) / 2)
        drawStrip(values, middle: middle, room: width * 0.46, color: strip.ink, name: figure.x.categories[i])
      }
    }
  }

  private mutating func drawStrip(_ values: [Double], middle: Double, room: Double, color: Int, name: String) {
    var places: [(y: Double, value: Double)] = []
    for value in values {
      if let y = py(value), value.isFinite {
        places.append((y, value))
      } else if value.isFinite {
        leftOut.notPositive += 1
      } else {
        leftOut.notANumber += 1
      }
    }
    guard !places.isEmpty else { return }
    places.sort { $0.y < $1.y }
    let radius = places.count > 400 ? 1.6 : places.count > 80 ? 2.4 : 3.4
    var settled: [(x: Double, y: Double)] = []
    for place in places where !Interruption.isRaised() {
      let x = StripPlaces.free(settled, y: place.y, gap: radius * 2.1, room: room)
      settled.append((x, place.y))
      guard isInside((middle, place.y)) else { continue }
      let title = "\(name)\n\(NumberFormat.short(place.value, digits: 6))".replacingMinus
      canvas.dot(
        middle + x, place.y, radius, Palette.dot(color: color), .series(color), ring: radius > 3,
        title: places.count > 400 ? "" : title)
    }
    let sorted = places.map(\.value).sorted(), half = sorted.count / 2
    let median = sorted.count % 2 == 1 ? sorted[half] : sorted[half - 1] / 2 + sorted[half] / 2
    if let y = py(median), places.count > 1 {
      canvas.line(
        middle - room, y, middle + room, y, .ink, width: 2, title: "median \(NumberFormat.short(median, digits: 4))")
    }
  }

  /// Crosses on the axis where values are missing.
  mutating func drawHoles() {
    var d = ""
    let n = Markup.number
    for case .holes(let xs) in figure.marks {
      for at in Set(xs).sorted() {
        guard let x = px(at), at.isFinite, x >= frame.left - 0.5, x <= frame.right + 0.5 else { continue }
        d += "M\(n(x - 3.5)),\(n(frame.bottom - 10.5))l7,7m0,-7l-7,7"
      }
    }
    canvas.path(d, .bad, width: 1.6, title: "values are missing here")
  }
}

/// A swarm: where the next dot of a column goes.
enum StripPlaces {
  /// The place nearest to the middle, in half steps to either side, that is `gap` away from all earlier dots; the
  /// middle when there is none within `room`. Dots come in order of y.
  static func free(_ settled: [(x: Double, y: Double)], y: Double, gap: Double, room: Double) -> Double {
    let near = settled.reversed().prefix { y - $0.y < gap }
    guard !near.isEmpty else { return 0 }
    var k = 0
    while Double((k + 1) / 2) * gap / 2 <= room {
      let x = Double((k + 1) / 2) * gap / 2 * (k % 2 == 0 ? 1 : -1)
      if near.allSatisfy({ ($0.x - x) * ($0.x - x) + ($0.y - y) * ($0.y - y) >= gap * gap * 0.98 }) { return x }
      k += 1
    }
    // No room: spread evenly by the count of dots so far.
    let turn = (Double(settled.count) * 0.618_033_988_75).truncatingRemainder(dividingBy: 1)
    return (turn * 2 - 1) * room
  }
}
