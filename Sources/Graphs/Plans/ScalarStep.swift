import Tensors

/// A run of operations on single elements: numbers (with checked integers) and rank-0 tensors.
final class ScalarStep: RunningStep {
  /// Where an operand lies.
  struct Place {
    var slot: Int
    var offset: Int
  }
  /// One operation.
  struct Instruction {
    enum Code {
      case elementwise(ElementwiseCode)
      case checkedUnary(UnaryOperation)
      case checkedBinary(BinaryOperation)
      case checkedConvert(ElementType)
      case deriveKey
    }
    var code: Code
    var out: Place
    var x: Place
    var y: Place
    var z: Place
    var origin: Int32

    /// Whether it can fail.
    var isChecked: Bool {
      switch code {
      case .checkedUnary, .checkedBinary, .checkedConvert: true
      case .elementwise, .deriveKey: false
      }
    }
  }

  let instructions: [Instruction]

  init(_ instructions: [Instruction]) { self.instructions = instructions }

  override func run(in workspace: Workspace, _ threads: Int) throws { try run(slots: workspace.slots) }

  /// Runs all. Throws a `GraphError` where an integer leaves its range.
  func run(slots: UnsafeMutablePointer<UnsafeMutableRawPointer>) throws {
    try instructions.withUnsafeBufferPointer { buffer in
      for i in 0..<buffer.count { try ScalarStep.run(buffer[i], slots) }
    }
  }

  @inline(__always)
  private static func run(
    _ instruction: Instruction, _ slots: UnsafeMutablePointer<UnsafeMutableRawPointer>
  ) throws {
    let x = slots[instruction.x.slot] + instruction.x.offset
    let y = slots[instruction.y.slot] + instruction.y.offset
    let out = slots[instruction.out.slot] + instruction.out.offset
    switch instruction.code {
    case .elementwise(.unary(let operation, let type)): Kernels.unary(operation, type, x, out, count: 1)
    case .elementwise(.binary(let operation, let type)):
      Kernels.binary(operation, type, x, xStride: 0, y, yStride: 0, out, count: 1)
    case .elementwise(.compare(let operation, let type)):
      Kernels.compare(operation, type, x, xStride: 0, y, yStride: 0, out, count: 1)
    case .elementwise(.select(let type)):
      let z = slots[instruction.z.slot] + instruction.z.offset
      Kernels.select(type, condition: x, conditionStride: 0, y, xStride: 0, z, yStride: 0, out, count: 1)
    case .elementwise(.convert(let from, let to)): Kernels.convert(from: from, to: to, x, out, count: 1)
    case .elementwise(.copy(let type)): out.copyMemory(from: x, byteCount: type.byteCount)
    case .deriveKey:
      out.storeBytes(of: RandomKey.derive(x.load(as: Int64.self), y.load(as: Int64.self)), as: Int64.self)
    case .checkedUnary(let operation):
      try store(IntegerArithmetic.unary(operation, x.load(as: Int.self)), out, instruction.origin)
    case .checkedConvert(let type): try store(IntegerArithmetic.convert(type, x), out, instruction.origin)
    case .checkedBinary(let operation):
      let outcome = IntegerArithmetic.binary(operation, x.load(as: Int.self), y.load(as: Int.self))
      try store(outcome, out, instruction.origin)
    }
  }

  @inline(__always)
  private static func store(
    _ outcome: Result<Int, GraphError>, _ out: UnsafeMutableRawPointer, _ origin: Int32
  ) throws {
    switch outcome {
    case .success(let value): out.storeBytes(of: value, as: Int.self)
    case .failure(var error):
      error.origin = origin
      throw error
    }
  }
}
