import Records

/// Nodes in layers from left to right, edges as wide and dark as their weights are large, coloured by sign.
struct NetworkDrawing {
  let figure: Figure
  let nodes: [Figure.Node]
  let edges: [Figure.Edge]
  var canvas = SVGCanvas()
  /// Nodes of one layer before those in the middle are left out.
  static let mostNodes = 18
  static let width = 720.0

  private struct Place {
    var x: Double
    var y: Double
  }

  init(_ figure: Figure, nodes: [Figure.Node], edges: [Figure.Edge]) {
    self.figure = figure
    self.nodes = nodes
    self.edges = edges
  }

  mutating func svg(standalone: Bool) -> String {
    canvas.text(12, 22, figure.title, .ink, size: 15, bold: true, limit: NetworkDrawing.width - 24)
    let top = figure.title.isEmpty ? 16.0 : 42
    let layers = NetworkDrawing.layers(nodes)
    guard !layers.isEmpty else {
      canvas.text(NetworkDrawing.width / 2, top + 40, "no nodes", .soft, anchor: .middle)
      return canvas.document(width: NetworkDrawing.width, height: top + 80, title: figure.title, standalone: standalone)
    }
    let tallest = layers.map { min($0.count, NetworkDrawing.mostNodes + 1) }.max() ?? 1
    let gap = min(46, max(19, 340 / Double(tallest))), radius = min(13, gap * 0.34)
    let height = max(90, gap * Double(tallest))
    let places = place(layers, top: top, height: height, gap: gap, radius: radius)
    drawEdges(places, radius)
    drawNodes(places, layers, radius, top: top, height: height, gap: gap)
    let bottom = top + height + (hasSizes(layers) ? 26 : 10)
    let total = drawFoot(layers, places, bottom)
    return canvas.document(width: NetworkDrawing.width, height: total, title: figure.title, standalone: standalone)
  }

  /// Indices of nodes by layer, empty layers left out, in the order in which they were given.
  private static func layers(_ nodes: [Figure.Node]) -> [[Int]] {
    Dictionary(grouping: nodes.indices) { nodes[$0].layer }.sorted { $0.key < $1.key }.map(\.value)
  }

  private func hasSizes(_ layers: [[Int]]) -> Bool { layers.contains { $0.count > NetworkDrawing.mostNodes } }

  /// Nodes of a layer that are drawn: all, or those at both ends.
  private func shown(_ layer: [Int]) -> (upper: ArraySlice<Int>, lower: ArraySlice<Int>) {
    guard layer.count > NetworkDrawing.mostNodes else { return (layer[...], []) }
    return (layer.prefix(NetworkDrawing.mostNodes / 2), layer.suffix(NetworkDrawing.mostNodes / 2))
  }

  private func place(_ layers: [[Int]], top: Double, height: Double, gap: Double, radius: Double) -> [Place?] {
    var places = [Place?](repeating: nil, count: nodes.count)
    let room = { (layer: [Int]) in layer.map { TextWidth.pixels(nodes[$0].label, size: 12) }.max() ?? 0 }
    let left = 24 + radius + min(150, layers.first.map(room) ?? 0),
      right = 24 + radius + min(150, layers.last.map(room) ?? 0)
    let step = layers.count > 1 ? (NetworkDrawing.width - left - right) / Double(layers.count - 1) : 0
    for (l, layer) in layers.enumerated() {
      let x = layers.count > 1 ? left + step * Double(l) : NetworkDrawing.width / 2
      let parts = shown(layer)
      let rows = parts.upper.count + parts.lower.count + (parts.lower.isEmpty ? 0 : 1)
      let start = top + height / 2 - gap * Double(rows - 1) / 2
      for (i, node) in parts.upper.enumerated() { places[node] = Place(x: x, y: start + gap * Double(i)) }
      for (i, node) in parts.lower.enumerated() {
        places[node] = Place(x: x, y: start + gap * Double(parts.upper.count + 1 + i))
      }
    }
    return places
  }

  private var largest: Double { edges.map { abs($0.weight) }.filter(\.isFinite).max() ?? 0 }

  private mutating func drawEdges(_ places: [Place?], _ radius: Double) {
    let largest = self.largest
    let order = edges.indices.sorted { (abs(edges[$0].weight), $0) < (abs(edges[$1].weight), $1) }
    let isDense = edges.count > 400
    for i in order where !Interruption.isRaised() {
      let edge = edges[i]
      guard let from = places[edge.from], let to = places[edge.to], edge.from != edge.to else { continue }
      let share = edge.weight.isFinite && largest > 0 ? abs(edge.weight) / largest : 0
      // Edges that no eye would see are left out where there are many.
      if isDense && share < 0.04 { continue }
      let ink: SVGCanvas.Ink = !edge.weight.isFinite ? .bad : edge.weight < 0 ? .series(1) : .series(0)
      let n = Markup.number
      let d: String
      if abs(nodes[edge.from].layer - nodes[edge.to].layer) > 1 || from.x >= to.x {
        // Past other layers in a bow.
        let lift = from.x >= to.x ? 60.0 : 26
        d =
          "M\(n(from.x)),\(n(from.y))C\(n(from.x + 40)),\(n(from.y - lift)) \(n(to.x - 40)),\(n(to.y - lift)) "
          + "\(n(to.x)),\(n(to.y))"
      } else {
        d = "M\(n(from.x)),\(n(from.y))L\(n(to.x)),\(n(to.y))"
      }
      let title = isDense ? "" : "\(name(edge.from)) → \(name(edge.to)): \(NumberFormat.short(edge.weight))"
      canvas.path(
        d, ink, width: (0.5 + 3.2 * share) * (isDense ? 0.6 : 1), dash: edge.weight < 0 ? "6 3" : "",
        title: title.replacingMinus, opacity: 0.25 + 0.6 * share)
    }
  }

  private func name(_ i: Int) -> String { nodes[i].label.isEmpty ? "node \(i)" : nodes[i].label }

  private mutating func drawNodes(
    _ places: [Place?], _ layers: [[Int]], _ radius: Double, top: Double, height: Double, gap: Double
  ) {
    let n = Markup.number
    let reach = nodes.map { abs($0.value) }.filter(\.isFinite).max() ?? 0
    for (l, layer) in layers.enumerated() {
      for i in layer {
        guard let place = places[i] else { continue }
        let value = nodes[i].value
        let color = value.isFinite && reach > 0 ? ColorMap.diverging.color(0.5 - 0.42 * value / reach).hex : nil
        let fill = color.map { "class=\"xs-ink\" fill=\"\($0)\"" } ?? "class=\"xf-paper xs-ink\" fill=\"#ffffff\""
        let about = value.isFinite ? "\(name(i)): \(NumberFormat.short(value))".replacingMinus : name(i)
        canvas.add(
          "<circle cx=\"\(n(place.x))\" cy=\"\(n(place.y))\" r=\"\(n(radius))\" \(fill) stroke=\"\(Palette.ink.light)\" "
            + "stroke-width=\"1.3\"><title>\(Markup.escape(about))</title></circle>")
        let label = nodes[i].label
        if l == 0 {
          canvas.text(place.x - radius - 6, place.y + 4.2, label, .ink, size: 12, anchor: .end, limit: 150)
        } else if l == layers.count - 1 {
          canvas.text(place.x + radius + 6, place.y + 4.2, label, .ink, size: 12, limit: 150)
        } else if !label.isEmpty {
          canvas.text(
            place.x, place.y - radius - 4, label, .ink, size: 11, anchor: .middle,
            limit: 620 / Double(layers.count), halo: true)
        }
      }
      if let x = layer.compactMap({ places[$0]?.x }).first, layer.count > NetworkDrawing.mostNodes {
        canvas.text(x, top + height / 2 + 6, "⋮", .soft, size: 17, anchor: .middle)
        canvas.text(
          x, top + height + 14, "\(NumberFormat.grouped(layer.count)) nodes", .soft, size: 11.5, anchor: .middle)
      }
    }
  }

  /// What colours and widths mean; gives the height of the picture.
  private mutating func drawFoot(_ layers: [[Int]], _ places: [Place?], _ bottom: Double) -> Double {
    var at = 12.0
    let y = bottom + 14
    let weights = edges.map(\.weight).filter(\.isFinite)
    let isWeighted = Set(weights.map { abs($0) }).count > 1 || weights.contains { $0 < 0 }
    if isWeighted {
      for (ink, dash, text) in [
        (SVGCanvas.Ink.series(0), "", "positive weight"), (.series(1), "6 3", "negative weight"),
      ] {
        canvas.line(at, y - 4, at + 26, y - 4, ink, width: 2.4, dash: dash)
        canvas.text(at + 32, y, text, .soft, size: 11.5)
        at += 44 + TextWidth.pixels(text, size: 11.5)
      }
    }
    var note = figure.note
    if isWeighted { note = "largest \(NumberFormat.short(largest, digits: 3))" + (note.isEmpty ? "" : " · " + note) }
    canvas.text(at, y, note, .soft, size: 11.5, limit: NetworkDrawing.width - at - 12)
    return note.isEmpty && !isWeighted ? bottom + 4 : bottom + 24
  }
}
