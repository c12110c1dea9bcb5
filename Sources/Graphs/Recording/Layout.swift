import Tensors

/// How a shape lies over the elements of a contiguous tensor: element (i0, i1, …) is at offset + i0 * strides[0] + …
/// A stride of 0 repeats; negative strides run backwards. In elements.
struct Layout: Equatable {
  var shape: Shape
  var strides: [Int]
  var offset = 0

  /// The tensor itself.
  init(_ shape: Shape) {
    self.shape = shape
    strides = Layout.contiguousStrides(shape)
  }

  init(shape: Shape, strides: [Int], offset: Int) {
    self.shape = shape
    self.strides = strides
    self.offset = offset
  }

  static func contiguousStrides(_ shape: Shape) -> [Int] {
    var strides = Array(repeating: 1, count: shape.count)
    var stride = 1
    for axis in shape.indices.reversed() {
      strides[axis] = stride
      stride *= shape[axis]
    }
    return strides
  }

  var count: Int { shape.reduce(1, *) }

  /// Whether it is `count` elements in order from the first on.
  var isContiguous: Bool { offset == 0 && isInOrder }

  /// Whether it is `count` elements in order from some element on.
  var isInOrder: Bool {
    var stride = 1
    for axis in shape.indices.reversed() where shape[axis] != 1 {
      guard strides[axis] == stride else { return false }
      stride *= shape[axis]
    }
    return true
  }

  /// The matrices of the last two axes as a product takes them: rows, or where turned columns, whose elements lie side by side, and how
  /// far apart these are. None where neither do.
  var matrices: (lead: Int, isTurned: Bool)? {
    guard shape.count >= 2 else { return nil }
    let (rows, columns) = (shape[shape.count - 2], shape[shape.count - 1])
    let (down, across) = (strides[shape.count - 2], strides[shape.count - 1])
    if columns == 1 || across == 1, rows == 1 || down >= columns { return (rows == 1 ? columns : down, false) }
    if rows == 1 || down == 1, columns == 1 || across >= rows { return (columns == 1 ? rows : across, true) }
    return nil
  }

  /// How far apart the rows of all these matrices together are, where they are not turned and follow each other evenly.
  var leadOfRows: Int? {
    guard let (lead, isTurned) = matrices, !isTurned else { return nil }
    let rows = Layout.collapse(shape.dropLast(), [strides.dropLast()])
    guard let stride = rows.strides[0].first else { return lead }
    return rows.shape.count == 1 && stride >= (shape.last ?? 0) ? stride : nil
  }

  /// Repeated into a larger shape by NumPy's rules.
  func broadcast(to target: Shape) -> Layout {
    var result = Array(repeating: 0, count: target.count)
    let lead = target.count - shape.count
    for axis in shape.indices where shape[axis] == target[lead + axis] { result[lead + axis] = strides[axis] }
    return Layout(shape: target, strides: result, offset: offset)
  }

  func transposed(_ order: [Int]) -> Layout {
    Layout(shape: order.map { shape[$0] }, strides: order.map { strides[$0] }, offset: offset)
  }

  func sliced(starts: [Int], counts: [Int], steps: [Int]) -> Layout {
    guard counts.allSatisfy({ $0 > 0 }) else { return Layout(counts) }
    let start = zip(starts, strides).reduce(offset) { $0 + $1.0 * $1.1 }
    return Layout(shape: counts, strides: zip(strides, steps).map { $0 * $1 }, offset: start)
  }

  /// The same elements in the same order under another shape, if strides can express it.
  func reshaped(_ target: Shape) -> Layout? {
    if isContiguous { return Layout(target) }
    let packed = Layout.collapse(shape, [strides])
    var (from, stride) = (packed.shape, packed.strides[0])
    var result = Array(repeating: 0, count: target.count)
    var axis = target.count - 1
    while axis >= 0 {
      let extent = target[axis]
      if extent == 1 {
        axis -= 1
        continue
      }
      guard let last = from.last, last >= extent, last % extent == 0 else { return nil }
      result[axis] = stride[stride.count - 1]
      if last == extent {
        from.removeLast()
        stride.removeLast()
      } else {
        from[from.count - 1] = last / extent
        stride[stride.count - 1] *= extent
      }
      axis -= 1
    }
    return from.allSatisfy { $0 == 1 } ? Layout(shape: target, strides: result, offset: offset) : nil
  }

  /// Axes that all operands cross in one stride are joined; axes of extent 1 vanish.
  static func collapse(_ shape: Shape, _ strides: [[Int]]) -> (shape: Shape, strides: [[Int]]) {
    var extents: Shape = []
    var result: [[Int]] = strides.map { _ in [] }
    for axis in shape.indices where shape[axis] != 1 {
      let joins =
        !extents.isEmpty
        && strides.indices.allSatisfy { operand in
          guard let last = result[operand].last else { return false }
          return last == strides[operand][axis] * shape[axis]
        }
      if joins {
        extents[extents.count - 1] *= shape[axis]
        for operand in strides.indices { result[operand][result[operand].count - 1] = strides[operand][axis] }
      } else {
        extents.append(shape[axis])
        for operand in strides.indices { result[operand].append(strides[operand][axis]) }
      }
    }
    return (extents, result)
  }
}
