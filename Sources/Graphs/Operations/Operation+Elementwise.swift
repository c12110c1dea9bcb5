import Tensors

/// Elementwise operations with broadcasting: the innermost joined axis is one kernel call, the outer ones are counted
/// through; where the innermost is short, operands are first repeated into scratch.
final class ElementwiseOperation: Operation {
  private let code: ElementwiseCode
  private let inner: Int
  private let outerShape: [Int]
  /// Per operand: bytes per step of each outer axis, and 0 or 1 for the inner one.
  private let outerStrides: [[Int]]
  private let innerStrides: [Int]
  /// Per operand: bytes per step of the inner axis.
  private let innerBytes: [Int]
  private let outBytes: Int
  private let outCount: Int
  private let copies: [(operand: Int, layout: Layout, type: ElementType, at: Int)]
  private let copyBytes: Int

  override var scratchBytes: Int { copyBytes }

  init(_ primitive: Primitive, _ inputs: [OperandInfo], _ out: OperandInfo) {
    code = ElementwiseCode(primitive, input: inputs.last?.type ?? out.type, out: out.type)
    outBytes = out.type.byteCount
    outCount = out.count
    let layouts = inputs.map { Layout($0.shape).broadcast(to: out.shape) }
    let joined = Layout.collapse(out.shape, layouts.map(\.strides) + [Layout(out.shape).strides])
    let strides = Array(joined.strides.dropLast())
    var copies: [(operand: Int, layout: Layout, type: ElementType, at: Int)] = []
    var bytes = 0
    if joined.shape.count > 1, (joined.shape.last ?? 1) < 16, out.count > 64 {
      for (i, layout) in layouts.enumerated() where !layout.isContiguous && layout.strides.contains(where: { $0 != 0 })
      {
        copies.append((i, layout, inputs[i].type, bytes))
        bytes += (out.count * inputs[i].type.byteCount + 63) & ~63
      }
      inner = out.count
      outerShape = []
      outerStrides = inputs.map { _ in [] }
      innerStrides = layouts.enumerated().map { i, layout in
        layout.isContiguous || copies.contains { $0.operand == i } ? 1 : 0
      }
    } else {
      inner = joined.shape.last ?? 1
      outerShape = Array(joined.shape.dropLast())
      outerStrides = zip(strides, inputs).map { s, input in s.dropLast().map { $0 * input.type.byteCount } }
      innerStrides = strides.map { $0.last ?? 0 }
    }
    self.copies = copies
    copyBytes = bytes
    innerBytes = zip(innerStrides, inputs).map { $0 * $1.type.byteCount }
  }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {
    guard outCount > 0 else { return }
    if outerShape.isEmpty, copies.isEmpty, inner <= stretch {
      return code.run(x, innerStrides, out, count: inner)
    }
    try withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer.self, capacity: innerStrides.count) { at in
      guard let base = at.baseAddress else { return }
      for i in innerStrides.indices { at.initializeElement(at: i, to: x[i]) }
      for copy in copies {
        let target = scratch + copy.at
        copy.layout.copy(from: x[copy.operand], to: target, copy.type)
        at[copy.operand] = target
      }
      var target = out
      var index = Array(repeating: 0, count: outerShape.count)
      var moved = 0
      while true {
        try runInner(base, target)
        target += inner * outBytes
        moved += inner
        if moved > stretch {
          moved = 0
          try stopIfAsked()
        }
        var axis = outerShape.count - 1
        while axis >= 0 {
          index[axis] += 1
          for i in innerStrides.indices { at[i] += outerStrides[i][axis] }
          if index[axis] < outerShape[axis] { break }
          for i in innerStrides.indices { at[i] -= outerStrides[i][axis] * outerShape[axis] }
          index[axis] = 0
          axis -= 1
        }
        if axis < 0 { return }
      }
    }
  }

  /// The inner axis, however long, of operands that begin at `at`, which is the same afterwards.
  @inline(__always)
  private func runInner(_ at: UnsafeMutablePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer) throws {
    if inner <= stretch { return code.run(UnsafePointer(at), innerStrides, out, count: inner) }
    var first = 0
    while first < inner {
      let part = Swift.min(stretch, inner - first)
      code.run(UnsafePointer(at), innerStrides, out + first * outBytes, count: part)
      for i in innerBytes.indices { at[i] += part * innerBytes[i] }
      first += part
      try stopIfAsked()
    }
    for i in innerBytes.indices { at[i] -= inner * innerBytes[i] }
  }
}

/// One elementwise kernel, chosen.
enum ElementwiseCode {
  case unary(UnaryOperation, ElementType)
  case binary(BinaryOperation, ElementType)
  case compare(Comparison, ElementType)
  case select(ElementType)
  case convert(from: ElementType, to: ElementType)
  case copy(ElementType)

  /// `input` is the type of the last operand.
  init(_ primitive: Primitive, input: ElementType, out: ElementType) {
    switch primitive {
    case .unary(let operation): self = .unary(operation, input)
    case .binary(let operation): self = .binary(operation, input)
    case .compare(let operation): self = .compare(operation, input)
    case .select: self = .select(out)
    case .convert where input != out: self = .convert(from: input, to: out)
    default: self = .copy(out)
    }
  }

  @inline(__always)
  func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ strides: [Int], _ out: UnsafeMutableRawPointer, count: Int
  ) {
    switch self {
    case .unary(let operation, let type):
      if strides[0] == 1 || count == 1 {
        Kernels.unary(operation, type, x[0], out, count: count)
      } else {
        let outType = operation == .isNaN || operation == .isFinite ? ElementType.bool : type
        Kernels.unary(operation, type, x[0], out, count: 1)
        Kernels.fill(outType, out, out, count: count)
      }
    case .binary(let operation, let type):
      Kernels.binary(operation, type, x[0], xStride: strides[0], x[1], yStride: strides[1], out, count: count)
    case .compare(let operation, let type):
      Kernels.compare(operation, type, x[0], xStride: strides[0], x[1], yStride: strides[1], out, count: count)
    case .select(let type):
      Kernels.select(
        type, condition: x[0], conditionStride: strides[0], x[1], xStride: strides[1], x[2], yStride: strides[2], out,
        count: count)
    case .convert(let from, let to): Kernels.convert(from: from, to: to, x[0], out, count: count)
    case .copy(let type): out.copyMemory(from: x[0], byteCount: count * type.byteCount)
    }
  }
}
