import Tensors

@testable import Graphs

extension PrimitiveTable {
  /// Windows, groups, image and filters that between them have strides, borders on one side only, dilations, groups,
  /// places without any tap and chains longer than a block.
  struct WindowCase {
    var windows: WindowGeometry
    var groups = 1
    var image: Shape
    var filters = 1
    var result: Shape {
      [image[0], windows.rows.count(over: image[1]), windows.columns.count(over: image[2]), filters]
    }
    var filter: Shape { [windows.rows.window, windows.columns.window, image[3] / groups, filters] }

    init(_ rows: WindowAxis, _ columns: WindowAxis, _ image: Shape, filters: Int, groups: Int = 1) {
      windows = WindowGeometry(rows: rows, columns: columns)
      (self.image, self.filters, self.groups) = (image, filters, groups)
    }
  }

  static let windowCases: [WindowCase] = [
    WindowCase(
      WindowAxis(window: 3, before: 1, after: 1), WindowAxis(window: 3, before: 1, after: 1), [2, 5, 4, 2], filters: 3),
    WindowCase(
      WindowAxis(window: 3, stride: 2, before: 1, after: 0), WindowAxis(window: 2, stride: 3, before: 0, after: 2),
      [1, 6, 7, 3], filters: 2),
    WindowCase(
      WindowAxis(window: 2, dilation: 2, before: 1, after: 2), WindowAxis(window: 3, stride: 2, dilation: 2, before: 3),
      [1, 4, 6, 2], filters: 4, groups: 2),
    WindowCase(WindowAxis(window: 1), WindowAxis(window: 4, stride: 5, before: 2, after: 2), [2, 1, 9, 1], filters: 2),
    WindowCase(
      WindowAxis(window: 1, stride: 2), WindowAxis(window: 1, stride: 2), [1, 5, 5, 4], filters: 4, groups: 4),
    WindowCase(WindowAxis(window: 2, stride: 2), WindowAxis(window: 2, stride: 2), [2, 4, 6, 3], filters: 2),
    WindowCase(WindowAxis(window: 2, stride: 2), WindowAxis(window: 2, stride: 2), [1, 5, 4, 2], filters: 1),
  ]

  static let windows: [PrimitiveCase] =
    windowCases.flatMap(convolutions) + windowCases.flatMap(pools)

  private static func convolutions(_ c: WindowCase) -> [PrimitiveCase] {
    let (image, filter, result) = (sample(c.image), sample(c.filter, seed: 2), sample(c.result, seed: 3))
    let wrong = c.image.dropLast() + [c.image[3] + 1]
    return [
      PrimitiveCase(
        primitive: .convolution(c.windows, groups: c.groups), inputs: [image, filter],
        reference: { t in
          var out = Array(repeating: 0.0, count: c.result.reduce(1, *))
          eachTap(c) { x, f, y in out[y] += t[0].element(x) * t[1].element(f) }
          return out
        }, shape: c.result, smooth: [0, 1], refused: [[Array(wrong), c.filter], [c.image, [1, 1, 1, 1, 1]]]),
      PrimitiveCase(
        primitive: .convolutionInput(c.windows, groups: c.groups, rows: c.image[1], columns: c.image[2]),
        inputs: [result, filter],
        reference: { t in
          var out = Array(repeating: 0.0, count: c.image.reduce(1, *))
          eachTap(c) { x, f, y in out[x] += t[0].element(y) * t[1].element(f) }
          return out
        }, shape: c.image, smooth: [0, 1], refused: [[Array(c.result.dropLast()) + [7], c.filter]]),
      PrimitiveCase(
        primitive: .convolutionFilter(c.windows, groups: c.groups), inputs: [image, result],
        reference: { t in
          var out = Array(repeating: 0.0, count: c.filter.reduce(1, *))
          eachTap(c) { x, f, y in out[f] += t[0].element(x) * t[1].element(y) }
          return out
        }, shape: c.filter, smooth: [0, 1], refused: [[c.image, c.result.map { $0 + 1 }]]),
    ]
  }

  /// Elements (as places in row-major order) of image, filter and result that belong together.
  static func eachTap(_ c: WindowCase, _ body: (_ image: Int, _ filter: Int, _ result: Int) -> Void) {
    let (own, other) = (c.image[3] / c.groups, c.filters / c.groups)
    for y in indexes(c.result) {
      for i in 0..<c.windows.rows.window {
        for j in 0..<c.windows.columns.window {
          let r = y[1] * c.windows.rows.stride - c.windows.rows.before + i * c.windows.rows.dilation
          let q = y[2] * c.windows.columns.stride - c.windows.columns.before + j * c.windows.columns.dilation
          guard (0..<c.image[1]).contains(r), (0..<c.image[2]).contains(q) else { continue }
          for channel in 0..<own {
            let group = y[3] / other
            body(
              ((y[0] * c.image[1] + r) * c.image[2] + q) * c.image[3] + group * own + channel,
              ((i * c.windows.columns.window + j) * own + channel) * c.filters + y[3],
              ((y[0] * c.result[1] + y[1]) * c.result[2] + y[2]) * c.filters + y[3])
          }
        }
      }
    }
  }

  private static func pools(_ c: WindowCase) -> [PrimitiveCase] {
    // As a convolution of each channel with ones.
    let channels = c.image[3]
    let each = WindowCase(c.windows.rows, c.windows.columns, c.image, filters: channels, groups: channels)
    let (image, other, result) = (sample(c.image), sample(c.image, seed: 2), sample(each.result, seed: 3))
    let refused = [[c.image.map { $0 + 1 }]]
    /// For each element of the result, the place of the largest element under its window.
    @Sendable func largest(_ x: Tensor) -> [Int?] {
      var found: [Int?] = Array(repeating: nil, count: each.result.reduce(1, *))
      eachTap(each) { i, _, y in
        if let best = found[y], x.element(best) >= x.element(i) { return }
        found[y] = i
      }
      return found
    }
    func pooling(_ pooling: Kernels.Pooling) -> Primitive {
      .pool(pooling, c.windows, rows: c.image[1], columns: c.image[2])
    }
    return [
      PrimitiveCase(
        primitive: pooling(.max), inputs: [image],
        reference: { t in largest(t[0]).map { $0.map { t[0].element($0) } ?? -.infinity } }, shape: each.result,
        smooth: [0], refused: refused),
      PrimitiveCase(
        primitive: pooling(.pick), inputs: [image, other],
        reference: { t in largest(t[0]).map { $0.map { t[1].element($0) } ?? 0 } }, shape: each.result, smooth: [1]),
      PrimitiveCase(
        primitive: pooling(.place), inputs: [image, result],
        reference: { t in
          var out = Array(repeating: 0.0, count: t[0].count)
          for (y, place) in largest(t[0]).enumerated() { if let place { out[place] += t[1].element(y) } }
          return out
        }, shape: c.image, smooth: [1]),
      PrimitiveCase(
        primitive: pooling(.sum), inputs: [image],
        reference: { t in
          var out = Array(repeating: 0.0, count: each.result.reduce(1, *))
          eachTap(each) { x, _, y in out[y] += t[0].element(x) }
          return out
        }, shape: each.result, smooth: [0], refused: refused),
      PrimitiveCase(
        primitive: pooling(.spread), inputs: [result],
        reference: { t in
          var out = Array(repeating: 0.0, count: c.image.reduce(1, *))
          eachTap(each) { x, _, y in out[x] += t[0].element(y) }
          return out
        }, shape: c.image, smooth: [0], refused: refused),
    ]
  }
}
