import Tensors

/// Arithmetic of the language's integers for many entries at once, which are numbers each: leaving the 64 bits is an error,
/// of the first entry that does.
final class IntegersProgram: GraphProgram, @unchecked Sendable {
  private let primitive: Primitive

  /// An operation that `IntegerArithmetic` checks, on operands of one shape.
  init(_ primitive: Primitive, _ shape: Shape, _ types: [ElementType]) {
    self.primitive = primitive
    super.init(
      operands: types.map { GraphInput(shape: shape, type: $0, isNumber: false) },
      results: [GraphInput(shape: shape, type: .i64, isNumber: false)])
  }

  override var name: String { primitive.name }
  override func operation() throws -> ProgramOperation { IntegersOperation(primitive, operands) }
  override func contributions(_ step: ProgramDerivative) throws -> [NodeID?] { operands.map { _ in nil } }
  override func tangents(_ step: ProgramTangents) throws -> [NodeID?] { [nil] }

  override func batched(_ step: ProgramBatch) throws -> [BatchedNode] {
    let build = step.build
    let shape = [step.size] + operands[0].shape
    let inputs = try step.operands.map { x -> NodeID in
      let wide = x.isBatched ? x.node : try build.apply(.broadcast(shape), [x.node])
      guard let active = step.active else { return wide }
      return try build.select(active.mask(rank: shape.count - 1, build), wide, build.scalar(1, like: wide))
    }
    let program = IntegersProgram(primitive, shape, operands.map(\.type))
    return try build.trace.apply(program, inputs, origin: build.origin).map { BatchedNode($0, isBatched: true) }
  }
}

/// Runs the arithmetic entry by entry.
private final class IntegersOperation: ProgramOperation {
  private let primitive: Primitive
  private let types: [ElementType]
  private let count: Int

  init(_ primitive: Primitive, _ operands: [GraphInput]) {
    self.primitive = primitive
    types = operands.map(\.type)
    count = operands[0].shape.reduce(1, *)
  }

  override func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, results: UnsafePointer<UnsafeMutableRawPointer?>,
    _ scratch: UnsafeMutableRawPointer, threads: Int
  ) throws {
    let (first, last) = (types[0], types.count - 1)
    guard let out = results[0]?.assumingMemoryBound(to: Int.self) else { return try check(x, nil, 0..<count) }
    for begin in stride(from: 0, to: count, by: 1 << 16) {
      try stopIfAsked()
      let range = begin..<Swift.min(count, begin + 1 << 16)
      // Mostly nothing leaves the range, which a pass without branches sees.
      if last == 1, first == .i64, fits(x, out, range) { continue }
      try check(x, out, range)
    }
  }

  /// Sums, differences and products of a stretch, and whether all of them are in range; false for other operations.
  private func fits(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutablePointer<Int>, _ range: Range<Int>
  ) -> Bool {
    let (a, b) = (x[0].assumingMemoryBound(to: Int.self), x[1].assumingMemoryBound(to: Int.self))
    var overflows = false
    switch primitive {
    case .binary(.add):
      for i in range {
        let sum = a[i].addingReportingOverflow(b[i])
        out[i] = sum.partialValue
        overflows = overflows || sum.overflow
      }
    case .binary(.subtract):
      for i in range {
        let difference = a[i].subtractingReportingOverflow(b[i])
        out[i] = difference.partialValue
        overflows = overflows || difference.overflow
      }
    case .binary(.multiply):
      for i in range {
        let product = a[i].multipliedReportingOverflow(by: b[i])
        out[i] = product.partialValue
        overflows = overflows || product.overflow
      }
    default: return false
    }
    return !overflows
  }

  /// One after the other; throws the error of the first that has one.
  private func check(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutablePointer<Int>?, _ range: Range<Int>
  ) throws {
    let (first, last) = (types[0], types.count - 1)
    for i in range {
      let value = try IntegerArithmetic.result(
        primitive, first, x[0] + i * first.byteCount, x[last] + i * types[last].byteCount
      ).get()
      out?[i] = value
    }
  }
}
