import Records

extension FigureDrawing {
  /// The numbers of a figure as a table in long form: `mark` counts the figure's marks from 1, `name` is the series;
  /// the other columns (`x`, `y`, `lower`, `upper`, `value`, `label`, `from`, `to`, `frame`) are there when some mark has
  /// them. Contour lines of a heat map's grid do not give it a second time.
  public static func data(_ figure: Figure) -> Table {
    var rows = FigureRows()
    func add(_ mark: Int, _ name: String, _ values: [(FigureRows.Name, Datum)]) { rows.add(mark, name, values) }
    for (i, mark) in figure.marks.enumerated() {
      switch mark {
      case .line(let s, _, _): addSeries(s, labels: nil, i + 1, to: &rows)
      case .points(let s, let labels, _): addSeries(s, labels: labels, i + 1, to: &rows)
      case .rule(let isVertical, let at, let label):
        add(
          i + 1, isVertical ? "vertical rule" : "horizontal rule",
          [(isVertical ? .x : .y, .float(at)), (.label, .string(label))])
      case .diagonal: break
      case .bars(let labels, let values, let name):
        for (label, value) in zip(labels, values) {
          add(i + 1, name, [(.label, .string(label)), (.y, .float(value))])
        }
      case .heat(let x, let y, let values), .surface(let x, let y, let values):
        addGrid(x, y, values, i + 1, figure.z.label, to: &rows)
      case .contour(let x, let y, let values, _):
        if figure.marks.contains(.heat(x: x, y: y, values: values)) { continue }
        addGrid(x, y, values, i + 1, figure.z.label, to: &rows)
      case .strip(let groups, let name):
        for (k, values) in groups.enumerated() {
          let category = k < figure.x.categories.count ? figure.x.categories[k] : ""
          for value in values where !Interruption.isRaised() {
            add(i + 1, name, [(.x, .int(k)), (.y, .float(value)), (.label, .string(category))])
          }
        }
      case .histogram(let edges, let counts, let name):
        for (k, count) in counts.enumerated() where k + 1 < edges.count {
          let middle = edges[k] / 2 + edges[k + 1] / 2
          add(
            i + 1, name,
            [(.x, .float(middle)), (.y, .float(count)), (.lower, .float(edges[k])), (.upper, .float(edges[k + 1]))])
        }
      case .network(let nodes, let edges):
        for node in nodes where !Interruption.isRaised() {
          add(i + 1, "node", [(.x, .int(node.layer)), (.label, .string(node.label)), (.value, .float(node.value))])
        }
        for edge in edges where !Interruption.isRaised() {
          add(i + 1, "edge", [(.from, .int(edge.from)), (.to, .int(edge.to)), (.value, .float(edge.weight))])
        }
      case .rollout(let actors, _):
        for (k, actor) in actors.enumerated() {
          for (frame, numbers) in actor.frames.enumerated() where !Interruption.isRaised() {
            for row in points(actor, numbers) { add(k + 1, actor.name, [(.frame, .int(frame))] + row) }
          }
        }
      case .holes(let xs): for x in xs { add(i + 1, "missing", [(.x, .float(x))]) }
      case .images(let images, let width, _, let captions):
        for (k, image) in images.enumerated() {
          let caption = k < captions.count ? captions[k] : ""
          for (p, value) in image.enumerated() where width > 0 {
            if Interruption.isRaised(at: p) { break }
            add(k + 1, caption, [(.x, .int(p % width)), (.y, .int(p / width)), (.value, .float(value))])
          }
        }
      }
    }
    return rows.table
  }

  private static func addGrid(
    _ x: [Double], _ y: [Double], _ values: [[Double]], _ mark: Int, _ name: String, to rows: inout FigureRows
  ) {
    for (r, row) in values.enumerated() {
      for (c, value) in row.enumerated() {
        if Interruption.isRaised(at: c) { return }
        rows.add(
          mark, name,
          [
            (.x, .float(c < x.count ? x[c] : Double(c))), (.y, .float(r < y.count ? y[r] : Double(r))),
            (.value, .float(value)),
          ])
      }
    }
  }

  private static func points(_ actor: Figure.Actor, _ numbers: [Double]) -> [[(FigureRows.Name, Datum)]] {
    if actor.shape == .disc, numbers.count == 3 {
      return [[(.x, .float(numbers[0])), (.y, .float(numbers[1])), (.value, .float(numbers[2]))]]
    }
    return stride(from: 0, to: numbers.count - 1, by: 2).map {
      [(.x, .float(numbers[$0])), (.y, .float(numbers[$0 + 1]))]
    }
  }

  private static func addSeries(_ s: Figure.Series, labels: [String]?, _ mark: Int, to rows: inout FigureRows) {
    for i in 0..<min(s.x.count, s.y.count) {
      if Interruption.isRaised(at: i) { return }
      var row: [(FigureRows.Name, Datum)] = [(.x, .float(s.x[i])), (.y, .float(s.y[i]))]
      if s.hasInterval { row += [(.lower, .float(s.lower[i])), (.upper, .float(s.upper[i]))] }
      if let labels, i < labels.count { row.append((.label, .string(labels[i]))) }
      rows.add(mark, s.name, row)
    }
  }
}

/// The rows of a figure's table, column by column.
struct FigureRows {
  /// The columns in their order.
  enum Name: Int, CaseIterable { case mark, name, x, y, lower, upper, value, label, from, to, frame }

  private var columns = [[Datum]](repeating: [], count: Name.allCases.count)
  private var count = 0

  mutating func add(_ mark: Int, _ name: String, _ values: [(Name, Datum)]) {
    set(.mark, .int(mark))
    set(.name, .string(name))
    for (name, value) in values { set(name, value) }
    count += 1
  }

  private mutating func set(_ name: Name, _ value: Datum) {
    let place = name.rawValue
    if columns[place].count < count { fill(place) }
    columns[place].append(value)
  }

  private mutating func fill(_ place: Int) {
    columns[place] += Array(repeating: .none, count: count - columns[place].count)
  }

  /// The table, with the columns that some row has.
  var table: Table {
    var whole = self
    for place in columns.indices where !columns[place].isEmpty { whole.fill(place) }
    let filled = Name.allCases.filter { !columns[$0.rawValue].isEmpty }
    return Table(columns: filled.map { Table.Column("\($0)", whole.columns[$0.rawValue]) }, rowCount: count)
  }
}
