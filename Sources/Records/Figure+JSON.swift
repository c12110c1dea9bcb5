extension Figure {
  /// Everything needed to draw the figure again.
  public var json: JSON {
    [
      "title": .string(title), "caption": .string(caption), "x": x.json, "y": y.json, "z": z.json,
      "marks": .array(marks.map(\.json)),
    ]
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
    self.init(title: title, caption: caption, x: x, y: y, z: z, marks: marks)
  }
}

extension Figure.Axis {
  var json: JSON {
    var members: [JSON.Member] = [.init("label", .string(label)), .init("scale", .string(scale.rawValue))]
    if let range { members.append(.init("range", Datum.json(range))) }
    return .object(members)
  }

  init?(json: JSON) {
    guard let label = json["label"]?.string, let scale = json["scale"]?.string.flatMap(Figure.Scale.init(rawValue:))
    else { return nil }
    self.init(label: label, scale: scale, range: Datum.doubles(json["range"]))
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
    }
  }

  private static func style(dash: Int?, color: Int?) -> [JSON.Member] {
    (dash.map { [JSON.Member("dash", .int($0))] } ?? []) + (color.map { [JSON.Member("color", .int($0))] } ?? [])
  }

  init?(json: JSON) {
    if let series = json["line"] {
      guard let series = Figure.Series(json: series) else { return nil }
      self = .line(series, dash: json["dash"]?.int, color: json["color"]?.int)
    } else if let series = json["points"] {
      guard let series = Figure.Series(json: series) else { return nil }
      self = .points(series, labels: json["labels"]?.array?.compactMap(\.string), color: json["color"]?.int)
    } else if let label = json["rule"]?.string, let isVertical = json["vertical"]?.bool,
      let at = Datum.doubles(json["at"])?.first
    {
      self = .rule(isVertical: isVertical, at: at, label: label)
    } else if json["diagonal"] != nil {
      self = .diagonal
    } else if let name = json["bars"]?.string, let labels = json["labels"]?.array?.compactMap(\.string),
      let values = Datum.doubles(json["values"])
    {
      self = .bars(labels: labels, values: values, name: name)
    } else if let rows = json["heat"]?.array, let x = Datum.doubles(json["x"]), let y = Datum.doubles(json["y"]) {
      let values = rows.compactMap { Datum.doubles($0) }
      guard values.count == rows.count else { return nil }
      self = .heat(x: x, y: y, values: values)
    } else if let rows = json["images"]?.array, let width = json["width"]?.int, let height = json["height"]?.int {
      let images = rows.compactMap { Datum.doubles($0) }
      guard images.count == rows.count else { return nil }
      self = .images(
        images, width: width, height: height, captions: json["captions"]?.array?.compactMap(\.string) ?? [])
    } else {
      return nil
    }
  }
}
