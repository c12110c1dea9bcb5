import Notation

extension Figure {
  /// Everything needed to draw the figure again.
  public var json: JSON {
    .object(
      [.init("title", .string(title)), .init("caption", .string(caption))]
        + (note.isEmpty ? [] : [.init("note", .string(note))])
        + [
          .init("x", x.json), .init("y", y.json), .init("z", z.json), .init("marks", .array(marks.map(\.json))),
        ])
  }

  /// Reads what `json` wrote; nil when it is not of that form.
  public init?(json: JSON) {
    guard let title = json["title"]?.string, let caption = json["caption"]?.string,
      let x = json["x"].flatMap(Axis.init(json:)), let y = json["y"].flatMap(Axis.init(json:)),
      let items = json["marks"]?.array
    else { return nil }
    let marks = items.compactMap(Mark.init(json:))
    guard marks.count == items.count else { return nil }
    let z = json["z"].flatMap(Axis.init(json:)) ?? Axis()
    self.init(
      title: title, caption: caption, note: json["note"]?.string ?? "", x: x, y: y, z: z, marks: marks)
  }
}

extension Figure.Axis {
  var json: JSON {
    var members: [JSON.Member] = [.init("label", .string(label)), .init("scale", .string(scale.rawValue))]
    if let range { members.append(.init("range", Datum.json(range))) }
    if !categories.isEmpty { members.append(.init("categories", .array(categories.map(JSON.string)))) }
    return .object(members)
  }

  init?(json: JSON) {
    guard let label = json["label"]?.string, let scale = json["scale"]?.string.flatMap(Figure.Scale.init(rawValue:))
    else { return nil }
    self.init(
      label: label, scale: scale, range: Datum.doubles(json["range"]),
      categories: json["categories"]?.array?.compactMap(\.string) ?? [])
  }
}

extension Figure.Series {
  var json: JSON {
    var members: [JSON.Member] = [.init("name", .string(name)), .init("x", Datum.json(x)), .init("y", Datum.json(y))]
    if !lower.isEmpty { members.append(.init("lower", Datum.json(lower))) }
    if !upper.isEmpty { members.append(.init("upper", Datum.json(upper))) }
    return .object(members)
  }

  init?(json: JSON) {
    guard let name = json["name"]?.string, let x = Datum.doubles(json["x"]), let y = Datum.doubles(json["y"])
    else { return nil }
    self.init(
      name: name, x: x, y: y, lower: Datum.doubles(json["lower"]) ?? [], upper: Datum.doubles(json["upper"]) ?? [])
  }
}

extension Figure.Mark {
  var json: JSON {
    switch self {
    case .line(let series, let dash, let color):
      return .object([.init("line", series.json)] + Figure.Mark.style(dash: dash, color: color))
    case .points(let series, let labels, let color):
      let names = labels.map { [JSON.Member("labels", .array($0.map(JSON.string)))] } ?? []
      return .object([.init("points", series.json)] + names + Figure.Mark.style(dash: nil, color: color))
    case .rule(let isVertical, let at, let label):
      return ["rule": .string(label), "vertical": .bool(isVertical), "at": Datum.json([at])]
    case .diagonal: return ["diagonal": true]
    case .bars(let labels, let values, let name):
      return ["bars": .string(name), "labels": .array(labels.map(JSON.string)), "values": Datum.json(values)]
    case .heat(let x, let y, let values):
      return ["heat": .array(values.map(Datum.json)), "x": Datum.json(x), "y": Datum.json(y)]
    case .images(let images, let width, let height, let captions):
      return [
        "images": .array(images.map(Datum.json)), "width": .int(width), "height": .int(height),
        "captions": .array(captions.map(JSON.string)),
      ]
    case .strip(let values, let name): return ["strip": .string(name), "values": .array(values.map(Datum.json))]
    case .histogram(let edges, let counts, let name):
      return ["histogram": .string(name), "edges": Datum.json(edges), "counts": Datum.json(counts)]
    case .contour(let x, let y, let values, let levels):
      return [
        "contour": .array(values.map(Datum.json)), "x": Datum.json(x), "y": Datum.json(y), "levels": Datum.json(levels),
      ]
    case .surface(let x, let y, let values):
      return ["surface": .array(values.map(Datum.json)), "x": Datum.json(x), "y": Datum.json(y)]
    case .network(let nodes, let edges):
      return ["network": .array(nodes.map(\.json)), "edges": .array(edges.map(\.json))]
    case .rollout(let actors, let seconds):
      return ["rollout": .array(actors.map(\.json)), "seconds": Datum.json([seconds])]
    case .holes(let x): return ["holes": Datum.json(x)]
    }
  }

  private static func style(dash: Int?, color: Int?) -> [JSON.Member] {
    (dash.map { [JSON.Member("dash", .int($0))] } ?? []) + (color.map { [JSON.Member("color", .int($0))] } ?? [])
  }

  init?(json: JSON) {
    guard let mark = Figure.Mark.curve(json) ?? Figure.Mark.grid(json) ?? Figure.Mark.picture(json) else { return nil }
    self = mark
  }

  private static func curve(_ json: JSON) -> Figure.Mark? {
    if let series = json["line"].flatMap(Figure.Series.init(json:)) {
      return .line(series, dash: json["dash"]?.int, color: json["color"]?.int)
    } else if let series = json["points"].flatMap(Figure.Series.init(json:)) {
      return .points(series, labels: json["labels"]?.array?.compactMap(\.string), color: json["color"]?.int)
    } else if let label = json["rule"]?.string, let isVertical = json["vertical"]?.bool,
      let at = Datum.doubles(json["at"])?.first
    {
      return .rule(isVertical: isVertical, at: at, label: label)
    } else if json["diagonal"] != nil {
      return .diagonal
    } else if let name = json["bars"]?.string, let labels = json["labels"]?.array?.compactMap(\.string),
      let values = Datum.doubles(json["values"])
    {
      return .bars(labels: labels, values: values, name: name)
    } else if let name = json["strip"]?.string, let values = rows(json["values"]) {
      return .strip(values, name: name)
    } else if let name = json["histogram"]?.string, let edges = Datum.doubles(json["edges"]),
      let counts = Datum.doubles(json["counts"])
    {
      return .histogram(edges: edges, counts: counts, name: name)
    }
    return json["holes"].flatMap(Datum.doubles).map { .holes($0) }
  }

  private static func grid(_ json: JSON) -> Figure.Mark? {
    guard let x = Datum.doubles(json["x"]), let y = Datum.doubles(json["y"]) else { return nil }
    if let values = rows(json["heat"]) { return .heat(x: x, y: y, values: values) }
    if let values = rows(json["contour"]) {
      return .contour(x: x, y: y, values: values, levels: Datum.doubles(json["levels"]) ?? [])
    }
    return rows(json["surface"]).map { .surface(x: x, y: y, values: $0) }
  }

  private static func picture(_ json: JSON) -> Figure.Mark? {
    if let images = rows(json["images"]), let width = json["width"]?.int, let height = json["height"]?.int {
      return .images(
        images, width: width, height: height, captions: json["captions"]?.array?.compactMap(\.string) ?? [])
    } else if let items = json["network"]?.array, let lines = json["edges"]?.array {
      let nodes = items.compactMap(Figure.Node.init(json:)), edges = lines.compactMap(Figure.Edge.init(json:))
      let isWhole = nodes.count == items.count && edges.count == lines.count
      guard isWhole, edges.allSatisfy({ nodes.indices.contains($0.from) && nodes.indices.contains($0.to) }) else {
        return nil
      }
      return .network(nodes, edges: edges)
    } else if let items = json["rollout"]?.array, let seconds = Datum.doubles(json["seconds"])?.first {
      let actors = items.compactMap(Figure.Actor.init(json:))
      return actors.count == items.count && seconds > 0 ? .rollout(actors, seconds: seconds) : nil
    }
    return nil
  }

  fileprivate static func rows(_ json: JSON?) -> [[Double]]? {
    guard let items = json?.array else { return nil }
    let rows = items.compactMap { Datum.doubles($0) }
    return rows.count == items.count ? rows : nil
  }
}

extension Figure.Node {
  var json: JSON { ["layer": .int(layer), "label": .string(label), "value": Datum.json([value])] }

  init?(json: JSON) {
    guard let layer = json["layer"]?.int, layer >= 0, let label = json["label"]?.string,
      let value = Datum.doubles(json["value"])?.first
    else { return nil }
    self.init(layer: layer, label: label, value: value)
  }
}

extension Figure.Edge {
  var json: JSON { Datum.json([Double(from), Double(to), weight]) }

  init?(json: JSON) {
    guard let numbers = Datum.doubles(json), numbers.count == 3, let from = Int(exactly: numbers[0]),
      let to = Int(exactly: numbers[1])
    else { return nil }
    self.init(from: from, to: to, weight: numbers[2])
  }
}

extension Figure.Actor {
  var json: JSON {
    ["shape": .string(shape.rawValue), "name": .string(name), "frames": .array(frames.map(Datum.json))]
  }

  init?(json: JSON) {
    guard let shape = json["shape"]?.string.flatMap(Shape.init), let name = json["name"]?.string,
      let frames = Figure.Mark.rows(json["frames"]), frames.allSatisfy({ $0.count == frames.first?.count })
    else { return nil }
    self.init(shape, name: name, frames: frames)
  }
}
