import Notation

/// Why a record describes no figure.
public struct FigureError: Error, Sendable, Hashable {
  /// In the user's terms, without a full stop.
  public let message: String
}

extension Figure {
  /// A figure from the record that describes it (its form stands in docs/natives.md). Numbers may be ints, floats,
  /// bools or `none` (a gap); lists of numbers may be tensors. Throws `FigureError` for anything it cannot read, and
  /// `CancellationError` where it was interrupted.
  public init(description: Datum) throws {
    guard case .record = description else { throw FigureError(message: "a figure is described by a record") }
    self.init(
      title: description.text("title"), caption: description.text("caption"), note: description.text("note"),
      x: try Axis(description.member("x")), y: try Axis(description.member("y")),
      z: try Axis(description.member("z")))
    guard case .list(let items)? = description.member("marks") else { return }
    marks = try items.map(Mark.init(description:))
  }
}

extension Figure.Axis {
  init(_ datum: Datum?) throws {
    guard let datum, datum != .none else {
      self.init()
      return
    }
    guard case .record = datum else {
      throw FigureError(message: "an axis is a record with `label`, `log` and `range`")
    }
    let hasRange = datum.member("range").map { $0 != .none } ?? false
    let range = hasRange ? try datum.numbers("range") : nil
    let scale: Figure.Scale = datum.member("log") == .bool(true) ? .log : .linear
    if let range {
      guard range.count == 2, range.allSatisfy(\.isFinite), range[0] < range[1] else {
        throw FigureError(
          message: "the range of an axis is [low, high], two finite numbers with the lower one first, "
            + "not [\(range.map(NumberText.shortest).joined(separator: ", "))]")
      }
      if scale == .log, range[0] <= 0 {
        throw FigureError(
          message: "a logarithmic axis has no place for [\(range.map(NumberText.shortest).joined(separator: ", "))]: "
            + "both ends are above 0")
      }
    }
    self.init(
      label: datum.text("label"), scale: scale, range: range,
      categories: datum.texts("categories"))
  }
}

extension Figure.Mark {
  init(description mark: Datum) throws {
    let kind = mark.text("kind")
    switch kind {
    case "line":
      self = .line(try Figure.Series(mark), dash: mark.index("dash"), color: mark.index("color"))
    case "points":
      var labels: [String]?
      if case .list? = mark.member("labels") { labels = mark.texts("labels") }
      self = .points(try Figure.Series(mark), labels: labels, color: mark.index("color"))
    case "rule":
      self = .rule(
        isVertical: mark.member("vertical") != .bool(false), at: try mark.numbers("at").first ?? .nan,
        label: mark.text("label"))
    case "diagonal": self = .diagonal
    case "bars":
      guard case .list(let items)? = mark.member("labels") else { throw FigureError(message: "bars need `labels`") }
      self = .bars(labels: items.map(\.plainText), values: try mark.numbers("values"), name: mark.text("name"))
    case "heat":
      self = .heat(x: try mark.numbers("x"), y: try mark.numbers("y"), values: try mark.rows("values"))
    case "images":
      let width = Int(exactly: try mark.numbers("width").first ?? 0) ?? 0
      let height = Int(exactly: try mark.numbers("height").first ?? 0) ?? 0
      let images = try mark.rows("images")
      let (pixels, isTooLarge) = width.multipliedReportingOverflow(by: height)
      guard width > 0, height > 0, !isTooLarge, images.allSatisfy({ $0.count == pixels }) else {
        throw FigureError(message: "each image has width × height numbers")
      }
      self = .images(images, width: width, height: height, captions: mark.texts("captions"))
    case "strip": self = .strip(try mark.lists("values"), name: mark.text("name"))
    case "histogram":
      let edges = try mark.numbers("edges"), counts = try mark.numbers("counts")
      guard edges.count == counts.count + 1, zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 }) else {
        throw FigureError(message: "a histogram has one more edge than counts, and edges that increase")
      }
      self = .histogram(edges: edges, counts: counts, name: mark.text("name"))
    case "contour":
      let levels = try mark.member("levels").map { $0 == .none ? [] : try mark.numbers("levels") } ?? []
      self = .contour(
        x: try mark.numbers("x"), y: try mark.numbers("y"), values: try mark.rows("values"), levels: levels)
    case "surface":
      self = .surface(x: try mark.numbers("x"), y: try mark.numbers("y"), values: try mark.rows("values"))
    case "network": self = try Figure.Mark.network(mark)
    case "rollout": self = try Figure.Mark.rollout(mark)
    case "holes": self = .holes(try mark.numbers("x"))
    default:
      throw FigureError(message: "a figure has no marks of kind `\(kind)`")
    }
  }

  private static func network(_ mark: Datum) throws -> Figure.Mark {
    let nodes = try mark.records("nodes").enumerated().map { i, node -> Figure.Node in
      try Interruption.check(at: i)
      guard let layer = try Int(exactly: node.numbers("layer").first ?? .nan), layer >= 0 else {
        throw FigureError(message: "the `layer` of a node is a whole number from 0")
      }
      let value = try node.member("value").map { _ in try node.numbers("value").first ?? .nan } ?? .nan
      return Figure.Node(layer: layer, label: node.text("label"), value: value)
    }
    let edges = try mark.records("edges").enumerated().map { i, edge -> Figure.Edge in
      try Interruption.check(at: i)
      guard let from = try Int(exactly: edge.numbers("from").first ?? .nan), nodes.indices.contains(from),
        let to = try Int(exactly: edge.numbers("to").first ?? .nan), nodes.indices.contains(to)
      else { throw FigureError(message: "an edge goes from one index of a node to another") }
      return Figure.Edge(from: from, to: to, weight: try edge.numbers("weight").first ?? .nan)
    }
    return .network(nodes, edges: edges)
  }

  private static func rollout(_ mark: Datum) throws -> Figure.Mark {
    let actors = try mark.records("actors").map { actor -> Figure.Actor in
      guard let shape = Figure.Actor.Shape(rawValue: actor.text("shape")) else {
        throw FigureError(message: "the shape of an actor is \"line\", \"polygon\" or \"disc\"")
      }
      let frames = try actor.rows("frames"), count = frames.first?.count ?? 0
      guard shape == .disc ? count == 3 : count >= 4 && count % 2 == 0 else {
        throw FigureError(message: "a frame of a disc is [x, y, radius], of others [x, y, x, y, …]")
      }
      return Figure.Actor(shape, name: actor.text("name"), frames: frames)
    }
    guard let seconds = try mark.numbers("seconds").first, seconds > 0, seconds.isFinite else {
      throw FigureError(message: "the `seconds` of a rollout are a positive number")
    }
    return .rollout(actors, seconds: seconds)
  }
}

extension Figure.Series {
  init(_ mark: Datum) throws {
    let x = try mark.numbers("x"), y = try mark.numbers("y")
    let lower = try mark.member("lower") == nil ? [] : mark.numbers("lower")
    let upper = try mark.member("upper") == nil ? [] : mark.numbers("upper")
    guard x.count == y.count else {
      throw FigureError(message: "a series has \(x.count) x and \(y.count) y values")
    }
    guard lower.isEmpty || lower.count == x.count, upper.count == lower.count else {
      throw FigureError(message: "the band of a series is as long as the series")
    }
    self.init(name: mark.text("name"), x: x, y: y, lower: lower, upper: upper)
  }
}

extension Datum {
  func member(_ name: String) -> Datum? {
    guard case .record(let fields) = self else { return nil }
    return fields.first { $0.name == name }?.value
  }

  func text(_ name: String) -> String { member(name)?.plainText ?? "" }

  /// A list of labels; empty when there is none.
  func texts(_ name: String) -> [String] {
    guard case .list(let items)? = member(name) else { return [] }
    return items.map(\.plainText)
  }

  func records(_ name: String) throws -> [Datum] {
    guard case .list(let items)? = member(name) else { throw FigureError(message: "a mark lacks the list `\(name)`") }
    return items
  }

  func index(_ name: String) -> Int? {
    guard case .int(let n)? = member(name) else { return nil }
    return n
  }

  /// A label as it should stand in a picture.
  var plainText: String {
    switch self {
    case .none: ""
    case .bool(let b): b ? "true" : "false"
    case .int(let n): String(n)
    case .float(let x): NumberText.shortest(x)
    case .string(let s), .other(let s): s
    case .tensor(let t) where t.shape.isEmpty: NumberText.shortest(t.elements?.first ?? .nan)
    default: ""
    }
  }

  /// A number as a double; `none` is a gap.
  var asDouble: Double? {
    switch self {
    case .none: .nan
    case .bool(let b): b ? 1 : 0
    case .tensor(let t) where t.elements?.count == 1: t.elements?.first
    default: number
    }
  }

  func numbers(_ name: String) throws -> [Double] {
    guard let value = member(name) else { throw FigureError(message: "a mark lacks `\(name)`") }
    switch value {
    case .list(let items):
      return try items.enumerated().map { i, item in
        try Interruption.check(at: i)
        guard let x = item.asDouble else {
          throw FigureError(message: "`\(name)` of a mark holds something that is no number")
        }
        return x
      }
    case .tensor(let t):
      guard let elements = t.elements else { throw FigureError(message: "`\(name)` of a mark is too large to draw") }
      return elements
    default:
      guard let x = value.asDouble else { throw FigureError(message: "`\(name)` of a mark is no number and no list") }
      return [x]
    }
  }

  func rows(_ name: String) throws -> [[Double]] {
    guard let value = member(name) else { throw FigureError(message: "a mark lacks `\(name)`") }
    if case .tensor(let t) = value, let elements = t.elements, let rowCount = t.shape.first, t.shape.count >= 2 {
      let width = rowCount == 0 ? 0 : elements.count / rowCount
      return (0..<rowCount).map { Array(elements[$0 * width..<($0 + 1) * width]) }
    }
    let rows = try lists(name)
    guard rows.allSatisfy({ $0.count == rows.first?.count }) else {
      throw FigureError(message: "the rows of `\(name)` are not equally long")
    }
    return rows
  }

  /// Lists of numbers, of any lengths.
  func lists(_ name: String) throws -> [[Double]] {
    guard case .list(let items)? = member(name) else {
      throw FigureError(message: "`\(name)` of a mark needs rows of numbers")
    }
    return try items.map { try Datum.record([Field("row", $0)]).numbers("row") }
  }
}
