import Tensors

/// What reverse mode has found so far: a cotangent per node, summed in the order in which they were handed over.
struct Cotangents {
  private var known: [NodeID?]
  private var slices: [Int: (shape: Shape, parts: [PartCotangent])] = [:]
  private var results: [Int: [Int: NodeID]] = [:]

  /// Of the first `count` nodes of a trace.
  init(count: Int) { known = Array(repeating: nil, count: count) }

  /// Adds to a node's cotangent.
  mutating func add(_ cotangent: NodeID, to index: Int, _ build: Builder) throws {
    known[index] = try known[index].map { try build.add($0, cotangent) } ?? cotangent
  }

  /// Adds to the cotangent of one result of a program.
  mutating func add(_ cotangent: NodeID, to index: Int, _ result: Int, _ build: Builder) throws {
    let before = results[index]?[result]
    results[index, default: [:]][result] = try before.map { try build.add($0, cotangent) } ?? cotangent
  }

  /// Keeps the cotangent of a slice until all parts of its source are known.
  mutating func add(_ slice: SliceCotangent, to index: Int, shape: Shape) {
    slices[index, default: (shape, [])].parts.append(.slice(slice))
  }

  /// Likewise of a part that begins where a value says, already among zeros.
  mutating func add(placed: NodeID, to index: Int, shape: Shape) {
    slices[index, default: (shape, [])].parts.append(.placed(placed))
  }

  /// Whether anything has been handed to a node or to a slice of it.
  func touches(_ index: Int) -> Bool { known[index] != nil || slices[index] != nil }

  /// The cotangents of a program's results; nil where there is none at all.
  func ofResults(_ index: Int, count: Int) -> [NodeID?]? {
    results[index].map { found in (0..<count).map { found[$0] } }
  }

  /// The cotangent of a node that gets no more contributions. Slices that are all of their source are put side by
  /// side; others are placed into zeros and added, in the order in which they came: the same whether or not it was known
  /// where they begin.
  mutating func settled(_ index: Int, _ build: Builder) throws -> NodeID? {
    if let (shape, parts) = slices.removeValue(forKey: index) {
      let plain = parts.compactMap(\.slice)
      if plain.count == parts.count, let (axis, order) = SliceCotangent.cover(of: shape, by: plain) {
        let sides = order.map { plain[$0].cotangent }
        try add(sides.count == 1 ? sides[0] : build.apply(.concat(axis: axis), sides), to: index, build)
      } else {
        for part in parts {
          switch part {
          case .placed(let cotangent): try add(cotangent, to: index, build)
          case .slice(let slice):
            let primitive = Primitive.unslice(starts: slice.starts, steps: slice.steps, shape: shape)
            try add(build.apply(primitive, [slice.cotangent]), to: index, build)
          }
        }
      }
    }
    return known[index]
  }
}

/// The cotangent of a part of a value.
private enum PartCotangent {
  case slice(SliceCotangent)
  /// Of all of the value, zero outside of the part.
  case placed(NodeID)

  var slice: SliceCotangent? { if case .slice(let slice) = self { slice } else { nil } }
}

/// The cotangent of a slice of a value.
struct SliceCotangent {
  let starts: [Int]
  let counts: [Int]
  let steps: [Int]
  let cotangent: NodeID

  /// The axis along which the parts lie side by side and are the whole of a shape, and their order; nil where they do
  /// not.
  static func cover(of shape: Shape, by parts: [SliceCotangent]) -> (axis: Int, order: [Int])? {
    guard let first = parts.first, parts.allSatisfy({ $0.steps.allSatisfy { $0 == 1 } }) else { return nil }
    let axis = shape.indices.first { first.counts[$0] != shape[$0] } ?? 0
    guard shape.indices.contains(axis) else { return nil }
    var end = 0
    let order = parts.indices.sorted { parts[$0].starts[axis] < parts[$1].starts[axis] }
    for i in order {
      let part = parts[i]
      let isWhole = shape.indices.allSatisfy { $0 == axis || part.counts[$0] == shape[$0] }
      guard isWhole, part.starts[axis] == end else { return nil }
      end += part.counts[axis]
    }
    return end == shape[axis] ? (axis, order) : nil
  }
}
