import Tensors

extension Operands {
  /// An error that names every operand; its data is a mismatch of shapes or types where two operands disagree.
  func error(_ reason: String, help: String? = nil) -> TensorError {
    let names = zip(shapes, types).map { Words.tensor($0, $1) }
    let operands = names.isEmpty ? "" : " of " + names.joined(separator: names.count == 2 ? " and " : ", ")
    return TensorError(kind, "\(primitive.name)\(operands) \(reason)", help: help)
  }

  private var kind: TensorError.Kind {
    guard shapes.count >= 2, types.count == shapes.count else { return .other(operation: primitive.name) }
    let (x, y) = shapes.count == 3 ? (1, 2) : (0, 1)
    if types[x] != types[y], shapes[x] == shapes[y] {
      return .typeMismatch(operation: primitive.name, left: types[x], right: types[y])
    }
    return .shapeMismatch(operation: primitive.name, left: shapes[x], right: shapes[y])
  }
}

/// Words for shapes and types in messages and descriptions.
enum Words {
  /// `f32[3, 4]`.
  static func tensor(_ shape: Shape, _ type: ElementType) -> String { type.name + describe(shape) }
  /// `1.5 GiB`.
  static func bytes(_ count: Int) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"]
    var (value, unit) = (Double(count), 0)
    while value >= 1024, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
    return unit == 0 ? "\(count) bytes" : "\((value * 10).rounded() / 10) \(units[unit])"
  }
}
