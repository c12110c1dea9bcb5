import Records

extension FigureDrawing {
  /// The numbers of a figure as a table in long form: `mark` counts the figure's marks from 1, `name` is the series;
  /// the other columns (`x`, `y`, `lower`, `upper`, `value`, `label`, `from`, `to`, `frame`) are there when some mark has
  /// them. Contour lines of a heat map's grid do not give it a second time.
  public static func data(_ figure: Figure) -> Table {
    var rows: [[Datum.Field]] = []
    func add(_ mark: Int, _ name: String, _ values: [(String, Datum)]) {
      rows.append([.init("mark", .int(mark)), .init("name", .string(name))] + values.map { .init($0.0, $0.1) })
    }
    for (i, mark) in figure.marks.enumerated() {
      switch mark {
      case .line(let s, _, _): for row in points(s, labels: nil) { add(i + 1, s.name, row) }
      case .points(let s, let labels, _): for row in points(s, labels: labels) { add(i + 1, s.name, row) }
      case .rule(let isVertical, let at, let label):
        add(
          i + 1, isVertical ? "vertical rule" : "horizontal rule",
          [(isVertical ? "x" : "y", .float(at)), ("label", .string(label))])
      case .diagonal: break
      case .bars(let labels, let values, let name):
        for (label, value) in zip(labels, values) {
          add(i + 1, name, [("label", .string(label)), ("y", .float(value))])
        }
      case .heat(let x, let y, let values), .surface(let x, let y, let values):
        for row in grid(x, y, values) { add(i + 1, figure.z.label, row) }
      case .contour(let x, let y, let values, _):
        if figure.marks.contains(.heat(x: x, y: y, values: values)) { continue }
        for row in grid(x, y, values) { add(i + 1, figure.z.label, row) }
      case .strip(let groups, let name):
        for (k, values) in groups.enumerated() {
          let category = k < figure.x.categories.count ? figure.x.categories[k] : ""
          for value in values {
            add(i + 1, name, [("x", .int(k)), ("y", .float(value)), ("label", .string(category))])
          }
        }
      case .histogram(let edges, let counts, let name):
        for (k, count) in counts.enumerated() where k + 1 < edges.count {
          let middle = edges[k] / 2 + edges[k + 1] / 2
          add(
            i + 1, name,
            [("x", .float(middle)), ("y", .float(count)), ("lower", .float(edges[k])), ("upper", .float(edges[k + 1]))])
        }
      case .network(let nodes, let edges):
        for node in nodes {
          add(i + 1, "node", [("x", .int(node.layer)), ("label", .string(node.label)), ("value", .float(node.value))])
        }
        for edge in edges {
          add(i + 1, "edge", [("from", .int(edge.from)), ("to", .int(edge.to)), ("value", .float(edge.weight))])
        }
      case .rollout(let actors, _):
        for (k, actor) in actors.enumerated() {
          for (frame, numbers) in actor.frames.enumerated() {
            for row in points(actor, numbers) { add(k + 1, actor.name, [("frame", .int(frame))] + row) }
          }
        }
      case .holes(let xs): for x in xs { add(i + 1, "missing", [("x", .float(x))]) }
      case .images(let images, let width, _, let captions):
        for (k, image) in images.enumerated() {
          let caption = k < captions.count ? captions[k] : ""
          for (p, value) in image.enumerated() where width > 0 {
            add(k + 1, caption, [("x", .int(p % width)), ("y", .int(p / width)), ("value", .float(value))])
          }
        }
      }
    }
    let table = Table(rows: rows)
    let order = ["mark", "name", "x", "y", "lower", "upper", "value", "label", "from", "to", "frame"]
    let columns = order.compactMap { name in table.columns.first { $0.name == name } }
    return Table(columns: columns, rowCount: table.rowCount)
  }

  private static func grid(_ x: [Double], _ y: [Double], _ values: [[Double]]) -> [[(String, Datum)]] {
    values.enumerated().flatMap { r, row in
      row.enumerated().map { c, value in
        [
          ("x", Datum.float(c < x.count ? x[c] : Double(c))), ("y", .float(r < y.count ? y[r] : Double(r))),
          ("value", .float(value)),
        ]
      }
    }
  }

  private static func points(_ actor: Figure.Actor, _ numbers: [Double]) -> [[(String, Datum)]] {
    if actor.shape == .disc, numbers.count == 3 {
      return [[("x", .float(numbers[0])), ("y", .float(numbers[1])), ("value", .float(numbers[2]))]]
    }
    return stride(from: 0, to: numbers.count - 1, by: 2).map {
      [("x", .float(numbers[$0])), ("y", .float(numbers[$0 + 1]))]
    }
  }

  private static func points(_ s: Figure.Series, labels: [String]?) -> [[(String, Datum)]] {
    (0..<min(s.x.count, s.y.count)).map { i in
      var row: [(String, Datum)] = [("x", .float(s.x[i])), ("y", .float(s.y[i]))]
      if s.hasInterval { row += [("lower", .float(s.lower[i])), ("upper", .float(s.upper[i]))] }
      if let labels, i < labels.count { row.append(("label", .string(labels[i]))) }
      return row
    }
  }
}
