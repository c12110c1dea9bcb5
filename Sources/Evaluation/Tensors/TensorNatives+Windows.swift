import Graphs
import Tensors

/// Convolutions and pooling. Images are [batch, rows, columns, channels], or [batch, places, channels] along one axis.
extension Natives {
  static let windows: [NativeFunction] = [
    NativeFunction(
      "convolve", ["x", "filter", "stride?", "padding?", "dilation?", "groups?"], kinds: .tensor,
      doc:
        "Cross-correlation of images [batch, rows, columns, channels] with a filter [rows, columns, channels / groups, filters]; along one axis [batch, places, channels] and [places, channels / groups, filters]. `padding` is a number, one per axis, `[before, after]` per axis, \"same\" or \"valid\".",
      example: "convolve(ones(1, 4, 4, 1), ones(3, 3, 1, 1))"
    ) { call in
      let windows = WindowArguments(call)
      let (x, filter) = try windows.operands(0, 1)
      let images = try windows.images(x), filters = try windows.filters(filter, like: x)
      let groups = try windows.groups(5)
      let geometry = try windows.geometry(
        Array(filters.shape.prefix(2)), over: images.shape, stride: 2, padding: 3, dilation: 4, rank: x.rank)
      let result = try call.operations.apply(.convolution(geometry, groups: groups), [images, filters], isTensor: true)
      return call.result(try windows.restored(result, rank: x.rank))
    },
    NativeFunction(
      "convolve_transposed", ["x", "filter", "stride?", "padding?", "dilation?", "groups?", "size?"], kinds: .tensor,
      doc:
        "The adjoint of `convolve` with the same filter [rows, columns, channels / groups, channels of x]: images whose convolution has the shape of x. `size` gives their extents where several fit.",
      example: "shape(convolve_transposed(ones(1, 4, 4, 2), ones(2, 2, 3, 2), stride: 2))"
    ) { call in
      let windows = WindowArguments(call)
      let (x, filter) = try windows.operands(0, 1)
      let images = try windows.images(x), filters = try windows.filters(filter, like: x)
      let groups = try windows.groups(5)
      let (geometry, size) = try windows.adjoint(Array(filters.shape.prefix(2)), of: images.shape, rank: x.rank)
      let result = try call.operations.apply(
        .convolutionInput(geometry, groups: groups, rows: size[0], columns: size[1]), [images, filters], isTensor: true)
      return call.result(try windows.restored(result, rank: x.rank))
    },
    pooling(
      "max_pool", .max, "The largest element of each window, channel by channel; what lies outside counts for nothing."),
    pooling("window_sum", .sum, "The sum of each window, channel by channel."),
  ]

  private static func pooling(_ name: String, _ pooling: Kernels.Pooling, _ meaning: String) -> NativeFunction {
    NativeFunction(
      name, ["x", "window?", "stride?", "padding?", "dilation?"], kinds: .tensor,
      doc:
        "\(meaning) `window` (2) is a number or one per axis; `stride` is the window where left out, so that windows lie side by side. `padding` is narrower than the window, so that each holds something.",
      example: "\(name)(reshape(tensor([1, 2, 3, 4]), 1, 2, 2, 1))"
    ) { call in
      let windows = WindowArguments(call)
      let x = try windows.floating(0)
      let images = try windows.images(x)
      let window = try windows.perAxis(1, rank: x.rank, default: [2, 2], flat: 1)
      let geometry = try windows.geometry(
        window, over: images.shape, stride: 2, padding: 3, dilation: 4, rank: x.rank, defaultStride: window)
      try windows.checkPadding(geometry)
      let result = try call.operations.apply(
        .pool(pooling, geometry, rows: images.shape[1], columns: images.shape[2]), [images], isTensor: true)
      return call.result(try windows.restored(result, rank: x.rank))
    }
  }
}

/// The arguments of a native on windows. One axis is seen as rows of height 1.
struct WindowArguments {
  let call: NativeCall

  init(_ call: NativeCall) { self.call = call }

  private var name: String { call.function.name }

  /// A tensor of floats; integers become f32.
  func floating(_ index: Int) throws -> TensorOperand {
    let x = try call.tensor(index)
    return x.type.isFloat ? x : try call.operations.convert(x, to: .f32)
  }

  /// Two tensors in the type that `@` gives them.
  func operands(_ a: Int, _ b: Int) throws -> (TensorOperand, TensorOperand) {
    let (x, y) = (try floating(a), try floating(b))
    let type = call.operations.commonType(x, y)
    return (try call.operations.convert(x, to: type), try call.operations.convert(y, to: type))
  }

  func images(_ x: TensorOperand) throws -> TensorOperand {
    if x.rank == 4 { return x }
    guard x.rank == 3 else {
      throw RuntimeError(
        "E0401",
        "`\(name)` takes images [batch, rows, columns, channels] or rows [batch, places, channels], not \(describe(x.shape))",
        label: "\(x.rank) axes", help: ["`reshape` can add an axis for a batch of one or for a single channel"])
    }
    return try call.operations.reshape(x, [x.shape[0], 1, x.shape[1], x.shape[2]])
  }

  func filters(_ filter: TensorOperand, like x: TensorOperand) throws -> TensorOperand {
    guard filter.rank == x.rank else {
      throw RuntimeError(
        "E0401", "`\(name)`: a filter \(describe(filter.shape)) does not fit images \(describe(x.shape))",
        label: "\(filter.rank) and \(x.rank) axes",
        help: [
          x.rank == 4
            ? "filters of images are [rows, columns, channels / groups, filters]"
            : "filters along one axis are [places, channels / groups, filters]"
        ])
    }
    if filter.rank == 4 { return filter }
    return try call.operations.reshape(filter, [1] + filter.shape)
  }

  func restored(_ result: TensorOperand, rank: Int) throws -> TensorOperand {
    if rank == 4 { return result }
    return try call.operations.reshape(result, [result.shape[0], result.shape[2], result.shape[3]])
  }

  func groups(_ index: Int) throws -> Int {
    let groups = try call.int(index, default: 1)
    guard groups >= 1 else { throw RuntimeError("E0401", "`\(name)` cannot have \(groups) groups") }
    return groups
  }

  /// Rows and columns: one number for both, or a list. Along one axis the rows are `flat`.
  func perAxis(_ index: Int, rank: Int, default other: [Int], flat: Int) throws -> [Int] {
    guard call.has(index) else { return rank == 4 ? other : [flat, other[1]] }
    let values = call[index].tag == .list ? try call.shape(index) : [try call.int(index)]
    return try expanded(values, rank, index, flat: flat)
  }

  private func expanded(_ values: [Int], _ rank: Int, _ index: Int, flat: Int) throws -> [Int] {
    if rank == 3, values.count == 1 { return [flat, values[0]] }
    if rank == 4, values.count == 1 { return [values[0], values[0]] }
    guard rank == 4, values.count == 2 else {
      throw call.mismatch(index, rank == 4 ? "a number, or one for rows and one for columns" : "a number")
    }
    return values
  }

  func geometry(
    _ window: [Int], over images: Shape, stride: Int, padding: Int, dilation: Int, rank: Int,
    defaultStride: [Int] = [1, 1]
  ) throws -> WindowGeometry {
    let strides = try perAxis(stride, rank: rank, default: defaultStride, flat: 1)
    let dilations = try perAxis(dilation, rank: rank, default: [1, 1], flat: 1)
    var axes = zip(window, zip(strides, dilations)).map { WindowAxis(window: $0, stride: $1.0, dilation: $1.1) }
    for axis in axes where !axis.isValid {
      throw RuntimeError(
        "E0401",
        "`\(name)` needs windows, strides and dilations from 1 to \(WindowAxis.limit), not \(axis.window), \(axis.stride) and \(axis.dilation)",
        label: "here")
    }
    if call[padding].tag == .string {
      let word = try call.text(padding)
      switch word {
      case "valid": break
      case "same":
        for i in 0..<2 {
          let extent = images[i + 1]
          let count = (extent + axes[i].stride - 1) / axes[i].stride
          let total = Swift.max((count - 1) * axes[i].stride + axes[i].span - extent, 0)
          (axes[i].before, axes[i].after) = (total / 2, total - total / 2)
        }
      default: throw call.mismatch(padding, "a number, a list, \"same\" or \"valid\"")
      }
    } else {
      let pads = try paddings(padding, rank)
      for i in 0..<2 { (axes[i].before, axes[i].after) = pads[i] }
    }
    for axis in axes where !axis.isValid {
      throw RuntimeError(
        "E0401", "`\(name)` needs paddings from 0 to \(WindowAxis.limit), not \(axis.before) and \(axis.after)",
        label: "here")
    }
    return WindowGeometry(rows: axes[0], columns: axes[1])
  }

  /// No window of a pool lies in the padding alone, where there is neither a largest element nor a mean.
  func checkPadding(_ geometry: WindowGeometry) throws {
    for axis in [geometry.rows, geometry.columns] {
      let widest = max(axis.before, axis.after)
      guard widest >= axis.span else { continue }
      throw RuntimeError(
        "E0401", "`\(name)` needs a padding narrower than its window, which spans \(axis.span), not of \(widest)",
        label: "here")
    }
  }

  /// Before and after, for rows and columns.
  private func paddings(_ index: Int, _ rank: Int) throws -> [(Int, Int)] {
    guard call.has(index) else { return [(0, 0), (0, 0)] }
    guard call[index].tag == .list, call[index].list.count > 0, call[index].list.elements[0].tag == .list else {
      return try perAxis(index, rank: rank, default: [0, 0], flat: 0).map { ($0, $0) }
    }
    var result: [(Int, Int)] = rank == 3 ? [(0, 0)] : []
    let list = call[index].list
    for i in 0..<list.count {
      guard list.elements[i].tag == .list, list.elements[i].list.count == 2 else {
        throw call.mismatch(index, "`[before, after]` for each axis")
      }
      let pair = list.elements[i].list
      result.append((try call.whole(pair.elements[0], "padding"), try call.whole(pair.elements[1], "padding")))
    }
    guard result.count == 2 else {
      throw call.mismatch(index, rank == 4 ? "`[[top, bottom], [left, right]]`" : "`[[before, after]]`")
    }
    return result
  }

  /// The windows whose results have the shape of `images`, and the extents of what they lie on.
  func adjoint(_ window: [Int], of images: Shape, rank: Int) throws -> (WindowGeometry, [Int]) {
    // "same" is about the larger images, so it needs their extents: stride times as many as here.
    let strides = try perAxis(2, rank: rank, default: [1, 1], flat: 1)
    let isSame = try call[3].tag == .string && call.text(3) == "same"
    var wanted = [0, 0]
    if call.has(6) {
      wanted = try perAxis(6, rank: rank, default: [1, 1], flat: 1)
    } else if isSame {
      for i in 0..<2 {
        let (extent, overflow) = images[i + 1].multipliedReportingOverflow(by: strides[i])
        guard !overflow, extent >= 0 else {
          throw RuntimeError("E0401", "`\(name)` cannot have the stride \(strides[i])")
        }
        wanted[i] = extent
      }
    }
    for extent in wanted where extent < 0 || extent > 1 << 40 {
      throw RuntimeError("E0401", "`\(name)` cannot make images of extent \(extent)", label: "size")
    }
    let geometry = try geometry(
      window, over: [images[0]] + wanted + [1], stride: 2, padding: 3, dilation: 4, rank: rank)
    if !call.has(6), !isSame {
      for (i, axis) in [geometry.rows, geometry.columns].enumerated() {
        wanted[i] = Swift.max((images[i + 1] - 1) * axis.stride + axis.span - axis.before - axis.after, 0)
      }
    }
    return (geometry, wanted)
  }
}
