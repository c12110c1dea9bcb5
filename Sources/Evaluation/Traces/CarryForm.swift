import Graphs
import Tensors

/// What a number of the first carry of a loop becomes: a number of a wider type, or a tensor.
struct CarryForm {
  let type: ElementType
  let isNumber: Bool

  /// What comes out of a step in the form of what goes in; where the carry began as a number and became something
  /// wider, the form to begin with.
  static func matched(
    _ new: TensorOperand, to old: TensorOperand, _ promoted: inout CarryForm?, _ call: NativeCall
  ) throws -> TensorOperand {
    let operations = call.operations
    if new.type == old.type, new.isNumber == old.isNumber, new.shape == old.shape { return new }
    if old.isNumber, new.shape.isEmpty {
      if !new.isNumber {
        promoted = CarryForm(type: new.type, isNumber: false)
        return new
      }
      if old.type == .f64 { return try operations.convert(new, to: .f64, asNumber: true) }
      promoted = CarryForm(type: new.type, isNumber: true)
      return new
    }
    if new.isNumber, old.shape.isEmpty { return try operations.convert(new, to: old.type) }
    func form(_ x: TensorOperand) -> String { x.isNumber ? "a number" : x.type.name + describe(x.shape) }
    throw RuntimeError(
      "E0513",
      "`\(call.function.name)` needs a carry that keeps its form: it goes in as \(form(old)) and comes out as \(form(new))",
      label: "\(form(old)) becomes \(form(new))",
      help: [
        old.shape == new.shape
          ? "convert it with `cast(carry, \"\(old.type.name)\")`, or start with \(new.type.name)"
          : "start with the shape that the steps give, as `zeros(\(new.shape.map(String.init).joined(separator: ", ")))` has"
      ])
  }

  /// A step froze what was not frozen before it, or the other way round.
  static func frozenOtherwise(_ call: NativeCall) -> RuntimeError {
    RuntimeError(
      "E0513",
      "`\(call.function.name)` needs a carry in which the same weights are frozen before and after a step",
      label: "other weights are frozen", help: ["freeze them in what the loop starts with, or after it"])
  }
}
