/// A value as it leaves the language: what tables, options, claims, figures and the terminal see. Holds no closures
/// and no handles.
public enum Datum: Sendable, Hashable {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case list([Datum])
  case record([Field])
  indirect case table(Table)
  indirect case figure(Figure)
  indirect case tensor(TensorDatum)
  /// A function that holds parameters, summarised for showing.
  indirect case model(ModelDatum)
  /// Anything else, by the one line that describes it.
  case other(String)

  /// What stands behind the beginning of a long list, or as the value of a last field named `…` in a record: that so many more
  /// are not there.
  public static func omitted(_ count: Int) -> Datum { .other("… \(count) more") }

  /// How many elements or fields this stands for, if it stands for ones that are not there.
  public var omittedCount: Int? {
    guard case .other(let text) = self, text.hasPrefix("… "), text.hasSuffix(" more") else { return nil }
    return Int(text.dropFirst(2).dropLast(5))
  }

  /// An int, a float or a tensor without axes as a double; nil for anything else.
  public var number: Double? {
    switch self {
    case .int(let i): Double(i)
    case .float(let x): x
    case .tensor(let t) where t.shape.isEmpty: t.elements?.first
    default: nil
    }
  }

  /// A named value of a record.
  public struct Field: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Its value.
    public var value: Datum
    /// Makes a field.
    public init(_ name: String, _ value: Datum) {
      self.name = name
      self.value = value
    }
  }
}

/// A tensor's shape, type and contents as doubles (row-major); large ones carry a corner and a summary only.
public struct TensorDatum: Sendable, Hashable {
  /// Extents.
  public var shape: [Int]
  /// `f32`, `f64`, `i32`, `i64`, `bool`.
  public var type: String
  /// All elements in row-major order when there are at most 10 000, otherwise nil.
  public var elements: [Double]?
  /// The first at most 8×8 elements (row-major) of the last two axes at index 0 of the others, for showing.
  public var corner: [[Double]]
  /// The smallest finite element; NaN when there is none.
  public var minimum: Double
  /// The largest finite element; NaN when there is none.
  public var maximum: Double
  /// Mean of the finite elements.
  public var mean: Double
  /// Standard deviation of the finite elements.
  public var deviation: Double
  /// How many elements are not finite.
  public var nonFinite: Int
  /// SHA-256 of type, shape and canonical little-endian contents, in hex; empty when not asked for.
  public var hash: String
  /// Makes a tensor datum.
  public init(
    shape: [Int], type: String, elements: [Double]?, corner: [[Double]], minimum: Double, maximum: Double, mean: Double,
    deviation: Double, nonFinite: Int, hash: String = ""
  ) {
    self.shape = shape
    self.type = type
    self.elements = elements
    self.corner = corner
    self.minimum = minimum
    self.maximum = maximum
    self.mean = mean
    self.deviation = deviation
    self.nonFinite = nonFinite
    self.hash = hash
  }
}

extension TensorDatum {
  /// A single number of an `f32`, which is shown with the fewest digits that mean it; on record it is the double that it is.
  public static func single(_ x: Double) -> TensorDatum {
    TensorDatum(
      shape: [], type: "f32", elements: [x], corner: [], minimum: x.isFinite ? x : .nan, maximum: x.isFinite ? x : .nan,
      mean: x.isFinite ? x : .nan, deviation: x.isFinite ? 0 : .nan, nonFinite: x.isFinite ? 0 : 1)
  }

  /// The number of a tensor that `single` made.
  public var single: Double? {
    guard shape.isEmpty, type == "f32", corner.isEmpty, hash.isEmpty, elements?.count == 1 else { return nil }
    return elements?.first
  }
}

/// A model: its name, and each tensor it holds.
public struct ModelDatum: Sendable, Hashable {
  /// The function's name, such as `mlp`.
  public var name: String
  /// Number of trainable parameters.
  public var parameterCount: Int
  /// Path (`layers[0].weight`) and summary of each param and state tensor.
  public var tensors: [Leaf]
  /// One tensor of a model.
  public struct Leaf: Sendable, Hashable {
    /// Path from the model, such as `layers[0].weight`.
    public var path: String
    /// False for `state`.
    public var isTrainable: Bool
    /// Shape, type, summary.
    public var tensor: TensorDatum
    /// Makes a leaf.
    public init(path: String, isTrainable: Bool, tensor: TensorDatum) {
      self.path = path
      self.isTrainable = isTrainable
      self.tensor = tensor
    }
  }
  /// Makes a model datum.
  public init(name: String, parameterCount: Int, tensors: [Leaf]) {
    self.name = name
    self.parameterCount = parameterCount
    self.tensors = tensors
  }
}
