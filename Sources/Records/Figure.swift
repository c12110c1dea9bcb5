/// What a figure shows, as data; `Reports` draws it.
public struct Figure: Sendable, Hashable {
  /// How an axis maps numbers to places.
  public enum Scale: String, Sendable, Hashable { case linear, log }

  /// One axis.
  public struct Axis: Sendable, Hashable {
    /// What stands beside it.
    public var label: String
    /// Linear or logarithmic.
    public var scale: Scale
    /// Fixed limits, or nil to fit the data.
    public var range: [Double]?
    /// Names of the places 0, 1, 2 …, which then stand for numbers; empty on an axis of numbers.
    public var categories: [String]
    /// Makes an axis.
    public init(label: String = "", scale: Scale = .linear, range: [Double]? = nil, categories: [String] = []) {
      self.label = label
      self.scale = scale
      self.range = range
      self.categories = categories
    }
  }

  /// Something drawn on the axes, or a picture of its own kind.
  public enum Mark: Sendable, Hashable {
    /// A curve with an optional band (lower, upper). `dash` picks a dash pattern, `color` a palette entry; nil
    /// chooses in order.
    case line(Series, dash: Int?, color: Int?)
    /// Dots, optionally with error bars (lower, upper) and a label each.
    case points(Series, labels: [String]?, color: Int?)
    /// A vertical or horizontal reference line with a label.
    case rule(isVertical: Bool, at: Double, label: String)
    /// The line y = x.
    case diagonal
    /// Bars at categories.
    case bars(labels: [String], values: [Double], name: String)
    /// A grid of values, rows from the bottom up, with the coordinates of columns and rows.
    case heat(x: [Double], y: [Double], values: [[Double]])
    /// Grey images in a grid, each row-major in 0…1, with captions.
    case images([[Double]], width: Int, height: Int, captions: [String])
    /// All values at each category of the x axis as dots beside each other, with their median.
    case strip([[Double]], name: String)
    /// Counts (or densities) between edges, of which there is one more.
    case histogram(edges: [Double], counts: [Double], name: String)
    /// Lines of equal value through a grid like that of `heat`; without levels they are chosen.
    case contour(x: [Double], y: [Double], values: [[Double]], levels: [Double])
    /// The grid of `heat` as a surface in space; a picture of its own.
    case surface(x: [Double], y: [Double], values: [[Double]])
    /// Nodes in layers and the edges between them; a picture of its own.
    case network([Node], edges: [Edge])
    /// Shapes that move, for so many seconds; a picture of its own.
    case rollout([Actor], seconds: Double)
    /// Places along the x axis at which values are missing.
    case holes([Double])
  }

  /// A node of a network.
  public struct Node: Sendable, Hashable {
    /// Its layer, from 0.
    public var layer: Int
    /// What stands beside it; may be empty.
    public var label: String
    /// Colours it, such as its bias; NaN for none.
    public var value: Double
    /// Makes a node.
    public init(layer: Int, label: String = "", value: Double = .nan) {
      self.layer = layer
      self.label = label
      self.value = value
    }
  }

  /// An edge of a network, from one index of a node to another.
  public struct Edge: Sendable, Hashable {
    /// Index of the node where it starts.
    public var from: Int
    /// Index of the node where it ends.
    public var to: Int
    /// Gives its width and, by its sign, its colour.
    public var weight: Double
    /// Makes an edge.
    public init(from: Int, to: Int, weight: Double = 1) {
      self.from = from
      self.to = to
      self.weight = weight
    }
  }

  /// A shape that moves.
  public struct Actor: Sendable, Hashable {
    /// What it is: numbers of a frame are x and y of each point for a line and a polygon, and x, y, radius for a disc.
    public enum Shape: String, Sendable, Hashable { case line, polygon, disc }
    /// What it is.
    public var shape: Shape
    /// Its name; may be empty.
    public var name: String
    /// Its numbers at each time, equally many; a single frame stands still.
    public var frames: [[Double]]
    /// Makes a shape.
    public init(_ shape: Shape, name: String = "", frames: [[Double]]) {
      self.shape = shape
      self.name = name
      self.frames = frames
    }
  }

  /// Points of one named series in order of x.
  public struct Series: Sendable, Hashable {
    /// The direct label.
    public var name: String
    /// Places along the x axis.
    public var x: [Double]
    /// Places along the y axis, as many as `x`; NaN leaves a gap.
    public var y: [Double]
    /// Lower and upper ends of a band or of error bars, empty when absent.
    public var lower: [Double]
    /// See `lower`.
    public var upper: [Double]
    /// Makes a series.
    public init(name: String, x: [Double], y: [Double], lower: [Double] = [], upper: [Double] = []) {
      self.name = name
      self.x = x
      self.y = y
      self.lower = lower
      self.upper = upper
    }
  }

  /// Below the picture, such as how much of the data there is; may be empty.
  public var note: String
  /// Above the picture; may be empty.
  public var title: String
  /// Below it; may be empty.
  public var caption: String
  /// The horizontal axis.
  public var x: Axis
  /// The vertical axis.
  public var y: Axis
  /// The colours of a heat map: their label, scale and limits.
  public var z: Axis
  /// In drawing order.
  public var marks: [Mark]

  /// Makes a figure.
  public init(
    title: String = "", caption: String = "", note: String = "", x: Axis = Axis(), y: Axis = Axis(), z: Axis = Axis(),
    marks: [Mark] = []
  ) {
    self.note = note
    self.title = title
    self.caption = caption
    self.x = x
    self.y = y
    self.z = z
    self.marks = marks
  }
}
