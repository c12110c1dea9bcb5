import Tensors

/// Where the elements of a smaller tensor lie in a larger one, which has zeros everywhere else: what `unslice` makes, a
/// stretch at a time, so that a loop over the larger one need not have it in memory.
struct Placement {
  /// One axis of the larger tensor; those that the smaller one fills are joined with the axis before them.
  private struct Axis {
    var extent: Int
    var start: Int
    var count: Int
    let step: Int
  }

  /// The smaller tensor.
  let slot: Int
  private let offset: Int
  private let type: ElementType
  private let axes: [Axis]

  /// Stretches shorter than this are placed one by one, by the operation.
  static let shortestStretch = 16

  /// `slot` holds a tensor of `counts`, in order from byte `offset` on.
  init(slot: Int, offset: Int, _ type: ElementType, starts: [Int], counts: [Int], steps: [Int], shape: Shape) {
    self.slot = slot
    self.offset = offset
    self.type = type
    axes = Placement.axes(starts, counts, steps, shape)
  }

  /// Whether the elements lie in long stretches.
  static func hasLongStretches(starts: [Int], counts: [Int], steps: [Int], shape: Shape) -> Bool {
    guard let last = axes(starts, counts, steps, shape).last else { return false }
    return last.step == 1 && last.count >= shortestStretch
  }

  private static func axes(_ starts: [Int], _ counts: [Int], _ steps: [Int], _ shape: Shape) -> [Axis] {
    var axes: [Axis] = []
    for axis in shape.indices {
      let (extent, isWhole) = (shape[axis], counts[axis] == shape[axis] && steps[axis] == 1)
      if isWhole, let last = axes.last, last.step == 1 {
        axes[axes.count - 1].extent *= extent
        axes[axes.count - 1].start *= extent
        axes[axes.count - 1].count *= extent
      } else {
        axes.append(Axis(extent: extent, start: starts[axis], count: counts[axis], step: steps[axis]))
      }
    }
    return axes
  }

  /// Bytes of the smaller tensor.
  var byteCount: Int { axes.reduce(type.byteCount) { $0 * $1.count } }

  /// Elements first ..< first + count of the larger tensor, in row-major order.
  func copy(from x: UnsafeRawPointer, to out: UnsafeMutableRawPointer, first: Int, count: Int) {
    let size = type.byteCount
    out.initializeMemory(as: UInt8.self, repeating: 0, count: count * size)
    guard let row = axes.last, row.extent > 0 else { return }
    var done = 0
    while done < count {
      let (line, within) = (first + done).quotientAndRemainder(dividingBy: row.extent)
      let run = min(row.extent - within, count - done)
      if let place = source(ofLine: line) { copy(x, out + done * size, row, place, within..<(within + run)) }
      done += run
    }
  }

  /// The place in the smaller tensor of a line of the last axis; nil for one of zeros.
  private func source(ofLine line: Int) -> Int? {
    var (rest, place, stride) = (line, 0, axes[axes.count - 1].count)
    for axis in axes.dropLast().reversed() {
      let (next, index) = rest.quotientAndRemainder(dividingBy: axis.extent)
      // Steps may go down, from the last of the lines: what lies before the first one is negative then as well.
      let (within, between) = (index - axis.start).quotientAndRemainder(dividingBy: axis.step)
      guard between == 0, within >= 0, within < axis.count else { return nil }
      place += within * stride
      stride *= axis.count
      rest = next
    }
    return place
  }

  /// The part of a line that lies in `range`; `out` is where the range begins.
  private func copy(
    _ x: UnsafeRawPointer, _ out: UnsafeMutableRawPointer, _ row: Axis, _ place: Int, _ range: Range<Int>
  ) {
    let size = type.byteCount
    let source = x + offset
    guard row.step == 1 else {
      for index in 0..<row.count {
        let target = row.start + index * row.step
        guard range.contains(target) else { continue }
        (out + (target - range.lowerBound) * size).copyMemory(from: source + (place + index) * size, byteCount: size)
      }
      return
    }
    let from = max(range.lowerBound, row.start)
    let to = min(range.upperBound, row.start + row.count)
    guard from < to else { return }
    (out + (from - range.lowerBound) * size).copyMemory(
      from: source + (place + from - row.start) * size, byteCount: (to - from) * size)
  }
}
