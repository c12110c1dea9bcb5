import Tensors

/// An operation made ready for its shapes: what runs when it is executed alone, eagerly or as a step of a plan. One
/// subclass per family of kernels; nothing is allocated while it runs.
class Operation {
  /// Memory it needs besides inputs and result.
  var scratchBytes: Int { 0 }

  /// Runs on the inputs' first elements. Throws a `GraphError` (origin 0) for a bad index.
  func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {}

  /// Where the result is made of `count` even parts, one after the other, each of which can be made alone: the elements of memory
  /// between two of them, in the result and in each operand, where it is the same everywhere; 0 in one that is read for all parts.
  func strideOfParts(_ count: Int) -> (out: Int, operands: [Int?])? { nil }

  /// Makes some of `count` parts, where that has strides. Everything begins where it does for all of them.
  func run(
    _ parts: Range<Int>, of count: Int, _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer
  ) throws {}

  /// Where the result is a stretch of a longer row of elements: copies the stretch behind it, if it is there, which whoever
  /// walks through the row wants next. Comes right after a run, with its inputs.
  func copyNext(_ x: UnsafePointer<UnsafeMutableRawPointer>, to next: UnsafeMutableRawPointer) -> Bool { false }

  /// The operation for a primitive that is neither an input nor a constant.
  static func make(_ primitive: Primitive, _ inputs: [OperandInfo], _ out: OperandInfo) -> Operation {
    let x = inputs.first ?? out
    switch primitive {
    case .input, .constant, .program, .result: return Operation()
    case .unary, .binary, .compare, .select, .convert: return ElementwiseOperation(primitive, inputs, out)
    case .broadcast(let shape): return CopyOperation(Layout(x.shape).broadcast(to: shape), x.type)
    case .reshape, .stopGradient: return CopyOperation(Layout(x.shape), x.type)
    case .transpose(let order): return CopyOperation(x.layout.transposed(order), x.type)
    case .slice(let starts, let counts, let steps):
      return CopyOperation(Layout(x.shape).sliced(starts: starts, counts: counts, steps: steps), x.type)
    case .unslice(let starts, let steps, let shape):
      return UnsliceOperation(Layout(shape).sliced(starts: starts, counts: x.shape, steps: steps), out)
    case .concat(let axis): return ConcatOperation(axis, inputs, out)
    case .dynamicSlice(let count): return DynamicSliceOperation(count, x)
    case .dynamicUpdate: return DynamicUpdateOperation(inputs)
    case .reduce(let operation, let axes):
      let rows = x.shape.prefix(axes.count).reduce(1, *)
      if operation == .sum, x.type.isFloat, axes == Array(axes.indices), rows > 2 * ColumnSum.rowsPerBlock {
        return BlockSumOperation(x.type, rows: rows, columns: out.count)
      }
      return ReduceOperation(operation, axes, x)
    case .argReduce(let isMax, let axis): return AxisOperation(.argReduce(isMax), axis, x)
    case .cumulativeSum(let axis): return AxisOperation(.cumulativeSum, axis, x)
    case .sort(let axis): return SortOperation(.sort, axis, x)
    case .argSort(let axis): return SortOperation(.order, axis, x)
    case .topOrder(let axis, let count): return SortOperation(.top(count), axis, x)
    case .matmul(let transposeA, let transposeB): return ProductOperation(transposeA, transposeB, inputs, out)
    case .convolution(let windows, let groups):
      return ConvolutionOperation(
        ConvolutionKernel(.forward, out.type, windows, groups: groups, image: x.shape, result: out.shape))
    case .convolutionInput(let windows, let groups, _, _):
      return ConvolutionOperation(
        ConvolutionKernel(.input, out.type, windows, groups: groups, image: out.shape, result: x.shape))
    case .convolutionFilter(let windows, let groups):
      return ConvolutionOperation(
        ConvolutionKernel(.filter, out.type, windows, groups: groups, image: x.shape, result: inputs[1].shape))
    case .pool(let pooling, let windows, _, _): return PoolOperation(pooling, windows, inputs, out)
    case .gather: return GatherOperation(inputs)
    case .network: return NetworkOperation(inputs, out)
    case .scatterAdd, .pick, .unpick, .oneHot: return IndexOperation(primitive, inputs, out)
    case .iota, .random, .deriveKey, .permutation: return SourceOperation(primitive, inputs, out)
    case .linear(let function): return LinearOperation(function, inputs, out)
    }
  }
}

/// Shape and type of an operand, and how it lies from its first element on: in order, but for transpositions and products.
struct OperandInfo {
  let layout: Layout
  let type: ElementType

  init(_ layout: Layout, type: ElementType) {
    self.layout = Layout(shape: layout.shape, strides: layout.strides, offset: 0)
    self.type = type
  }

  init(shape: Shape, type: ElementType) { self.init(Layout(shape), type: type) }

  var shape: Shape { layout.shape }
  var count: Int { shape.reduce(1, *) }
  var byteCount: Int { count * type.byteCount }
}

/// [outer, length, inner] of a shape around an axis.
struct AxisSplit {
  let outer: Int
  let length: Int
  let inner: Int
  init(_ shape: Shape, _ axis: Int) {
    outer = shape[..<axis].reduce(1, *)
    length = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, *)
  }
}
