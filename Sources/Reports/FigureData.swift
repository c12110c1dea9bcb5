import Records

extension FigureDrawing {
  /// The numbers of a figure as a table in long form: `mark` counts the figure's marks from 1, `name` is the series;
  /// the other columns (`x`, `y`, `lower`, `upper`, `value`, `label`) are there when some mark has them.
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
      case .heat(let x, let y, let values):
        for (r, row) in values.enumerated() {
          for (c, value) in row.enumerated() {
            let place = [
              ("x", Datum.float(c < x.count ? x[c] : Double(c))), ("y", .float(r < y.count ? y[r] : Double(r))),
            ]
            add(i + 1, figure.z.label, place + [("value", .float(value))])
          }
        }
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
    let order = ["mark", "name", "x", "y", "lower", "upper", "value", "label"]
    let columns = order.compactMap { name in table.columns.first { $0.name == name } }
    return Table(columns: columns, rowCount: table.rowCount)
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
