import CKernels

/// A convolution made ready for its extents. Images are [batch, rows, columns, channels], filters [rows, columns,
/// channels of a group, filters]; f32 or f64.
public struct ConvolutionKernel: Sendable {
  /// What it computes.
  public enum Direction: Sendable {
    /// image, filter → result.
    case forward
    /// cotangent of the result, filter → cotangent of the image.
    case input
    /// image, cotangent of the result → cotangent of the filter.
    case filter
  }

  private let type: ElementType
  private let direction: Direction
  private var shape: UncheckedConvolution
  /// Parts that may run at once and in any order.
  public let pieces: Int
  /// Bytes that `prepare` or the parts write besides the result.
  public let scratchBytes: Int
  /// What happens to a finished element of `forward`; `run` then takes a bias of one element per filter, or nil.
  public var activation = Kernels.Activation.none

  /// `image` and `result` are full shapes; their extents must follow from `geometry` and `groups`, which must be valid.
  public init(
    _ direction: Direction, _ type: ElementType, _ geometry: WindowGeometry, groups: Int, image: Shape, result: Shape
  ) {
    self.type = type
    self.direction = direction
    func axis(_ axis: WindowAxis, _ place: Int) -> ck_window_axis {
      let turned = direction == .input
      return ck_window_axis(
        source: Int64(turned ? result[place] : image[place]), target: Int64(turned ? image[place] : result[place]),
        window: Int64(axis.window), stride: Int64(axis.stride), dilation: Int64(axis.dilation),
        before: Int64(axis.before))
    }
    let (own, other) = (image[3] / groups, result[3] / groups)
    var p = ck_convolution()
    p.batch = Int64(image[0])
    p.groups = Int64(groups)
    p.source_channels = Int64(direction == .input ? other : own)
    p.target_channels = Int64(direction == .input ? own : other)
    p.rows = axis(geometry.rows, 1)
    p.columns = axis(geometry.columns, 2)
    p.turned = direction == .input ? 1 : 0
    let table = Kernels.table
    if direction == .filter {
      pieces = Int(table.filter_parts(&p))
      let count = geometry.rows.window * geometry.columns.window * own * result[3]
      scratchBytes = pieces > 1 ? pieces * count * type.byteCount : 0
    } else {
      pieces = Int(table.convolution_pieces(Int32(type.rawValue), &p))
      scratchBytes = Int(table.convolution_packed(Int32(type.rawValue), &p)) * type.byteCount
    }
    shape = UncheckedConvolution(p: p)
  }

  /// What has to be done once before the parts: the filter in the order in which it is read.
  public func prepare(_ second: UnsafeRawPointer, _ scratch: UnsafeMutableRawPointer) {
    guard direction != .filter else { return }
    var p = shape.p
    Kernels.table.convolution_pack(Int32(type.rawValue), &p, second, scratch)
  }

  /// Some of the parts.
  public func run(
    _ range: Range<Int>, _ first: UnsafeRawPointer, _ second: UnsafeRawPointer, bias: UnsafeRawPointer? = nil,
    _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) {
    var p = shape.p
    p.source = first
    if direction == .filter {
      let count = Int(p.rows.window * p.columns.window * p.source_channels * p.groups * p.target_channels)
      for part in range {
        let target = pieces > 1 ? scratch + part * count * type.byteCount : out
        Kernels.table.filter_gradient(Int32(type.rawValue), &p, second, Int64(part), target)
      }
      return
    }
    p.filter = UnsafeRawPointer(scratch)
    p.target = out
    p.bias = bias
    if case .maximum(let constant) = activation {
      p.activation = 1
      p.constant = constant
    }
    Kernels.table.convolution(Int32(type.rawValue), &p, Int64(range.lowerBound), Int64(range.upperBound))
  }

  /// What has to be done once after the parts: their sum, in order.
  public func finish(_ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer) {
    guard direction == .filter, pieces > 1 else { return }
    let p = shape.p
    let count = p.rows.window * p.columns.window * p.source_channels * p.groups * p.target_channels
    Kernels.table.fold_parts(Int32(type.rawValue), Int64(pieces), count, scratch, out)
  }

  /// Multiply-adds of the whole.
  public var work: Double {
    let p = shape.p
    let places = p.turned != 0 ? p.rows.source * p.columns.source : p.rows.target * p.columns.target
    return Double(p.batch * places) * Double(p.rows.window * p.columns.window)
      * Double(p.source_channels * p.target_channels * p.groups)
  }
}

/// Extents only, no memory: safe to share.
private struct UncheckedConvolution: @unchecked Sendable {
  var p: ck_convolution
}

extension Kernels {
  /// What is taken from windows over images.
  public enum Pooling: Int, Sendable {
    /// The largest element.
    case max
    /// Of another image, what lies where the largest is.
    case pick
    /// Zeros, and what each window has added where the largest is.
    case place
    /// The sum.
    case sum
    /// What each window has added to all its elements.
    case spread
  }

  /// Images `range` of a pooling. `image` and `result` are the full shapes of what lies under the windows and of one
  /// element per window, whichever of them the operation reads or writes; f32 or f64. Largest: the first of equals, the
  /// first NaN; elements outside the image are left out.
  public static func pool(
    _ operation: Pooling, _ type: ElementType, _ geometry: WindowGeometry, image: Shape, result: Shape,
    images range: Range<Int>, _ x: UnsafeRawPointer, _ y: UnsafeRawPointer, _ out: UnsafeMutableRawPointer
  ) {
    func axis(_ axis: WindowAxis, _ place: Int) -> ck_window_axis {
      ck_window_axis(
        source: Int64(image[place]), target: Int64(result[place]), window: Int64(axis.window),
        stride: Int64(axis.stride), dilation: Int64(axis.dilation), before: Int64(axis.before))
    }
    var p = ck_pool(
      batch: Int64(image[0]), channels: Int64(image[3]), rows: axis(geometry.rows, 1),
      columns: axis(geometry.columns, 2))
    table.pool(
      Int32(operation.rawValue), Int32(type.rawValue), &p, Int64(range.lowerBound), Int64(range.upperBound), x, y, out)
  }
}
