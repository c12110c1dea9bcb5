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
    /// Makes an axis.
    public init(label: String = "", scale: Scale = .linear, range: [Double]? = nil) {
      self.label = label
      self.scale = scale
      self.range = range
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
    title: String = "", caption: String = "", x: Axis = Axis(), y: Axis = Axis(), z: Axis = Axis(), marks: [Mark] = []
  ) {
    self.title = title
    self.caption = caption
    self.x = x
    self.y = y
    self.z = z
    self.marks = marks
  }
}
