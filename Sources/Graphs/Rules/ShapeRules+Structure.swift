import Tensors

extension Operands {
  func reshape(to shape: Shape) throws -> (Shape, ElementType) {
    _ = try checked(shape)
    let (have, want) = (shapes[0].reduce(1, *), shape.reduce(1, *))
    guard have == want else { throw error("cannot give \(have) elements the shape \(shape), which has \(want)") }
    return (shape, types[0])
  }

  func transpose(_ order: [Int]) throws -> (Shape, ElementType) {
    guard order.sorted() == Array(shapes[0].indices) else {
      throw error("needs every axis once, not the order \(order)")
    }
    return (order.map { shapes[0][$0] }, types[0])
  }

  func reduce(_ operation: Reduction, _ axes: [Int]) throws -> (Shape, ElementType) {
    for axis in axes { try checkAxis(axis) }
    guard zip(axes, axes.dropFirst()).allSatisfy(<) else { throw error("needs each axis once, not \(axes)") }
    switch operation {
    case .any, .all:
      guard types[0] == .bool else { throw error("needs booleans") }
    default:
      guard types[0] != .bool else { throw error("is not defined for booleans", help: "convert them to f32 or i64") }
    }
    if operation == .max || operation == .min { try checkNotEmpty(axes) }
    return (shapes[0].indices.filter { !axes.contains($0) }.map { shapes[0][$0] }, types[0])
  }

  func argReduce(_ axis: Int) throws -> (Shape, ElementType) {
    try checkAxis(axis)
    guard types[0] != .bool else { throw error("is not defined for booleans") }
    try checkNotEmpty([axis])
    var shape = shapes[0]
    shape.remove(at: axis)
    return (shape, .i64)
  }

  /// An operation whose result has the operand's shape and type.
  func alongAxis(_ axis: Int) throws -> (Shape, ElementType) {
    try checkAxis(axis)
    guard types[0] != .bool else { throw error("is not defined for booleans") }
    return (shapes[0], types[0])
  }

  func topOrder(_ axis: Int, _ count: Int) throws -> (Shape, ElementType) {
    var shape = try alongAxis(axis).0
    guard count >= 0, count <= shape[axis] else {
      throw error("cannot give the \(count) largest of \(shape[axis]) elements")
    }
    shape[axis] = count
    return (shape, .i64)
  }

  func matmul(_ transposeA: Bool, _ transposeB: Bool) throws -> (Shape, ElementType) {
    let (a, b) = (shapes[0], shapes[1])
    try checkSameType()
    guard types[0] != .bool else { throw error("is not defined for booleans") }
    guard a.count >= 2, b.count >= 2 else { throw error("needs matrices: at least two axes each") }
    let (m, k) = transposeA ? (a[a.count - 1], a[a.count - 2]) : (a[a.count - 2], a[a.count - 1])
    let (k2, n) = transposeB ? (b[b.count - 1], b[b.count - 2]) : (b[b.count - 2], b[b.count - 1])
    guard k == k2 else {
      throw error(
        "cannot multiply \(m) by \(k) with \(k2) by \(n)", help: "the inner extents \(k) and \(k2) must agree")
    }
    guard let batch = Shape.broadcast(Array(a.dropLast(2)), Array(b.dropLast(2))) else {
      throw error("cannot combine the leading axes")
    }
    return (try checked(batch + [m, n]), types[0])
  }

  func slice(_ starts: [Int], _ counts: [Int], _ steps: [Int]) throws -> (Shape, ElementType) {
    try checkSlice(starts, counts, steps, of: shapes[0])
    return (counts, types[0])
  }

  func unslice(_ starts: [Int], _ steps: [Int], _ shape: Shape) throws -> (Shape, ElementType) {
    _ = try checked(shape)
    try checkSlice(starts, shapes[0], steps, of: shape)
    return (shape, types[0])
  }

  func concat(_ axis: Int) throws -> (Shape, ElementType) {
    try checkAxis(axis)
    try checkSameType()
    var result = shapes[0]
    for shape in shapes.dropFirst() {
      guard shape.count == result.count,
        shape.indices.allSatisfy({ $0 == axis || shape[$0] == result[$0] })
      else { throw error("cannot join these along axis \(axis)", help: "all other extents must be equal") }
      result[axis] += shape[axis]
    }
    return (try checked(result), types[0])
  }

  func iota(_ shape: Shape, _ axis: Int, _ type: ElementType) throws -> (Shape, ElementType) {
    guard shape.indices.contains(axis) else { throw error("has no axis \(axis)") }
    guard type != .bool else { throw error("is not defined for booleans") }
    return (try checked(shape), type)
  }

  private func checkNotEmpty(_ axes: [Int]) throws {
    for axis in axes where shapes[0][axis] == 0 {
      throw error("has no value over no elements: axis \(axis) is empty")
    }
  }

  private func checkSlice(_ starts: [Int], _ counts: [Int], _ steps: [Int], of shape: Shape) throws {
    guard starts.count == shape.count, counts.count == shape.count, steps.count == shape.count else {
      throw error("needs a start, count and step for each of \(shape.count) axes")
    }
    for axis in shape.indices where counts[axis] != 0 {
      let (start, count, step, extent) = (starts[axis], counts[axis], steps[axis], shape[axis])
      let (travel, overflow) = (count &- 1).multipliedReportingOverflow(by: step)
      let last = start.addingReportingOverflow(travel)
      guard step != 0, count > 0, (0..<extent).contains(start), !overflow, !last.overflow,
        (0..<extent).contains(last.partialValue)
      else {
        throw error("from \(start), \(count) by step \(step), leaves axis \(axis) of extent \(extent)")
      }
    }
  }
}
