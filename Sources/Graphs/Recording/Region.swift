import Tensors

/// A box of a tensor's elements: per axis a first place and a count.
struct Region: Hashable {
  var starts: [Int]
  var counts: [Int]

  /// All of a shape.
  init(all shape: Shape) {
    starts = Array(repeating: 0, count: shape.count)
    counts = shape
  }

  init(starts: [Int], counts: [Int]) {
    self.starts = starts
    self.counts = counts
  }

  var elementCount: Int { counts.reduce(1, *) }

  func isAll(of shape: Shape) -> Bool { counts == shape }

  /// The smallest box around both.
  func joined(_ other: Region) -> Region {
    var result = self
    for axis in starts.indices {
      let end = max(starts[axis] + counts[axis], other.starts[axis] + other.counts[axis])
      result.starts[axis] = min(starts[axis], other.starts[axis])
      result.counts[axis] = end - result.starts[axis]
    }
    return result
  }

  /// This box of a box's elements, seen from the whole.
  func shifted(by other: Region) -> Region {
    Region(starts: zip(starts, other.starts).map { $0 + $1 }, counts: counts)
  }

  /// This box seen from inside a box that holds it.
  func relative(to other: Region) -> Region {
    Region(starts: zip(starts, other.starts).map { $0 - $1 }, counts: counts)
  }

  /// What an operand of `shape` that is broadcast to the whole needs to have.
  func unbroadcast(to shape: Shape, from whole: Shape) -> Region {
    var result = Region(all: shape)
    let lead = whole.count - shape.count
    for axis in shape.indices where shape[axis] == whole[lead + axis] {
      (result.starts[axis], result.counts[axis]) = (starts[lead + axis], counts[lead + axis])
    }
    return result
  }

  /// The same elements before the whole was reshaped from `source` to `target`, if they are a box there.
  func reshaped(from source: Shape, to target: Shape) -> Region? {
    guard source.allSatisfy({ $0 > 0 }) else { return nil }
    var result = Region(all: source)
    let (from, to) = (source.indices.filter { source[$0] != 1 }, target.indices.filter { target[$0] != 1 })
    var (i, j) = (0, 0)
    while i < from.count || j < to.count {
      guard i < from.count, j < to.count else { return nil }
      let (firstI, firstJ) = (i, j)
      var (a, b) = (source[from[i]], target[to[j]])
      (i, j) = (i + 1, j + 1)
      while a != b {
        if a < b {
          guard i < from.count else { return nil }
          a *= source[from[i]]
          i += 1
        } else {
          guard j < to.count else { return nil }
          b *= target[to[j]]
          j += 1
        }
      }
      if (firstJ..<j).allSatisfy({ counts[to[$0]] == target[to[$0]] }) { continue }
      guard i - firstI == 1 else { return nil }
      // One axis taken apart: a part of the first of its pieces is a stretch of it.
      guard (firstJ + 1..<j).allSatisfy({ counts[to[$0]] == target[to[$0]] }) else { return nil }
      let rest = (firstJ + 1..<j).reduce(1) { $0 * target[to[$1]] }
      (result.starts[from[firstI]], result.counts[from[firstI]]) = (
        starts[to[firstJ]] * rest, counts[to[firstJ]] * rest
      )
    }
    return result
  }
}
