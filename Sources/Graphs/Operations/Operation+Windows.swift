import Tensors

/// A convolution or one of its gradients: strips of the result, or parts of the filter's gradient.
final class ConvolutionOperation: PiecewiseOperation {
  private(set) var kernel: ConvolutionKernel
  /// A plan's epilogue: the operand after the two is added to each place, then the activation.
  var hasBias = false

  override var pieces: Int { kernel.pieces }
  /// About 40 multiply-adds per nanosecond.
  override var work: Double { kernel.work / 40 }
  override var scratchBytes: Int { kernel.scratchBytes }

  init(_ kernel: ConvolutionKernel) { self.kernel = kernel }

  /// What a plan attaches to a forward convolution.
  func attach(hasBias: Bool, activation: Kernels.Activation) {
    self.hasBias = hasBias
    kernel.activation = activation
  }

  override func prepare(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) { kernel.prepare(x[1], scratch) }

  override func run(
    _ range: Range<Int>, _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer,
    _ scratch: UnsafeMutableRawPointer
  ) { kernel.run(range, x[0], x[1], bias: hasBias ? UnsafeRawPointer(x[2]) : nil, out, scratch) }

  override func finish(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) { kernel.finish(out, scratch) }
}

/// Pooling and its adjoints, image by image.
final class PoolOperation: PiecewiseOperation {
  private let pooling: Kernels.Pooling
  private let windows: WindowGeometry
  private let type: ElementType
  private let image: Shape
  private let result: Shape

  override var pieces: Int { image[0] }
  override var work: Double { Double(result.reduce(1, *)) * Double(windows.rows.window * windows.columns.window) / 8 }

  init(_ pooling: Kernels.Pooling, _ windows: WindowGeometry, _ inputs: [OperandInfo], _ out: OperandInfo) {
    self.pooling = pooling
    self.windows = windows
    type = out.type
    switch pooling {
    case .max, .pick, .sum: (image, result) = (inputs[0].shape, out.shape)
    case .place: (image, result) = (inputs[0].shape, inputs[1].shape)
    case .spread: (image, result) = (out.shape, inputs[0].shape)
    }
  }

  override func run(
    _ range: Range<Int>, _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer,
    _ scratch: UnsafeMutableRawPointer
  ) {
    let hasTwo = pooling == .pick || pooling == .place
    Kernels.pool(
      pooling, type, windows, image: image, result: result, images: range, x[0], hasTwo ? x[1] : x[0], out)
  }
}
