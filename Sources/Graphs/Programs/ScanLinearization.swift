import Synchronization
import Tensors

/// What reverse mode needs of a loop: the loop again, giving also what the way back reads of each step, and which
/// values these are.
struct ScanLinearization {
  /// The loop with the saved values as further outs.
  let extended: ScanProgram
  /// For each saved node of the body (by its place in the derivative's trace), its out in `extended`.
  let saved: [Int: Int]

  init(extended: ScanProgram, saved: [Int: Int]) {
    self.extended = extended
    self.saved = saved
  }

  init(_ program: ScanProgram) throws {
    let outs = program.body.outputs.count - program.carries
    let step = try ScanBackward(
      program, outs: Array(repeating: true, count: outs), needed: Array(repeating: true, count: program.operands.count))
    let wanted = step.residuals()
    guard !wanted.isEmpty else {
      (extended, saved) = (program, [:])
      return
    }
    var body = program.body
    var saved: [Int: Int] = [:]
    for index in wanted {
      let node = step.bodyNode[index] ?? NodeID(0)
      if let out = body.outputs.indices.dropFirst(program.carries).first(where: { body.outputs[$0] == node }) {
        saved[index] = out
        continue
      }
      saved[index] = body.outputs.count
      body.outputs.append(node)
    }
    self.saved = saved
    guard body.outputs.count > program.body.outputs.count else {
      extended = program
      return
    }
    extended = try ScanProgram(
      body, program.carries, program.sequences, program.length, program.isReversed, extending: program)
  }
}

/// A loop's linearization while somebody uses it. Its extended loop holds the loop (or is it): were it held in turn, both would
/// stay for ever, with the memory in which they ran.
final class KnownLinearization: @unchecked Sendable {
  private let lock = Mutex(())
  private weak var extended: ScanProgram?
  private var saved: [Int: Int] = [:]

  func get(_ make: () throws -> ScanLinearization) throws -> ScanLinearization {
    if let known = lock.withLock({ _ in known }) { return known }
    let made = try make()
    return lock.withLock { _ in
      if let known { return known }
      (extended, saved) = (made.extended, made.saved)
      return made
    }
  }

  private var known: ScanLinearization? { extended.map { ScanLinearization(extended: $0, saved: saved) } }
}

/// One step of a loop together with its derivative, in one trace.
struct ScanBackward {
  let program: ScanProgram
  let trace: Trace
  /// The body's inputs.
  let arguments: [NodeID]
  /// Nodes before this one are the body's.
  let boundary: Int
  /// Cotangents that come in: one per float carry, one per out asked for.
  private(set) var carryCotangents: [Int: NodeID] = [:]
  private(set) var outCotangents: [Int: NodeID] = [:]
  /// The derivative by each operand, where asked for and not zero.
  private(set) var gradients: [Int: NodeID] = [:]
  /// The body's node that a node of the trace copies.
  let bodyNode: [Int: NodeID]
  /// Nodes of the body that depend on invariants only.
  private let isInvariant: [Bool]

  /// `outs` says which outs have a cotangent, `needed` which operands need one; float carries always do.
  init(_ program: ScanProgram, outs: [Bool], needed: [Bool]) throws {
    self.program = program
    let body = program.body
    let trace = Trace(.staged)
    arguments = body.inputs.map { trace.input(shape: $0.shape, type: $0.type, isNumber: $0.isNumber) }
    var copy = GraphCopy(nodes: body.nodes, constants: body.constants, to: trace)
    for (index, node) in body.nodes.enumerated() {
      if case .input(let input) = node.primitive { copy.bind(index, to: arguments[input]) }
    }
    try copy.copy(body.outputs)
    boundary = trace.nodes.count
    var bodyNode: [Int: NodeID] = [:]
    for index in body.nodes.indices where copy.isBound(index) {
      let id = copy[NodeID(index)]
      if bodyNode[id.index] == nil { bodyNode[id.index] = NodeID(index) }
    }
    self.bodyNode = bodyNode
    let outputs = body.outputs.map { copy[$0] }
    var isInvariant = Array(repeating: true, count: trace.nodes.count)
    for (index, node) in trace.nodes.enumerated() {
      if case .input(let input) = node.primitive {
        isInvariant[index] = input >= program.carries + program.sequences
      } else {
        isInvariant[index] = node.inputs.allSatisfy { isInvariant[$0.index] }
      }
    }
    self.isInvariant = isInvariant
    self.trace = trace
    var weighted: [(NodeID, NodeID)] = []
    for k in 0..<program.carries where body.inputs[k].type.isFloat {
      let cotangent = trace.input(
        shape: body.inputs[k].shape, type: body.inputs[k].type, isNumber: body.inputs[k].isNumber)
      carryCotangents[k] = cotangent
      weighted.append((outputs[k], cotangent))
    }
    for (y, output) in outputs.dropFirst(program.carries).enumerated()
    where outs[y] && trace.type(output).isFloat {
      let cotangent = trace.input(
        shape: trace.shape(output), type: trace.type(output), isNumber: trace.isNumber(output))
      outCotangents[y] = cotangent
      weighted.append((output, cotangent))
    }
    let wanted = arguments.indices.filter {
      body.inputs[$0].type.isFloat && (needed[$0] || $0 < program.carries)
    }
    let found = try trace.gradients(of: weighted, wrt: wanted.map { arguments[$0] })
    for (operand, gradient) in zip(wanted, found) { if let gradient { gradients[operand] = gradient } }
  }

  /// Nodes of the body's part that the derivative reads and that are neither its sequences or invariants nor cheaply
  /// made of them, by place in the trace.
  func residuals() -> [Int] {
    var result: [Int] = []
    var seen = Set<Int>()
    var pending = Array(gradients.values.map(\.index))
    while let index = pending.popLast() {
      guard seen.insert(index).inserted else { continue }
      switch origin(of: index) {
      case .saved: result.append(index)
      case .operand: break
      case .computed: pending += trace.nodes[index].inputs.map(\.index)
      }
    }
    return result.sorted()
  }

  /// Where the way back finds the value of a node.
  enum Origin {
    /// A sequence, an invariant, or a cotangent.
    case operand
    /// Saved by the way there.
    case saved
    case computed
  }

  func origin(of index: Int) -> Origin {
    let node = trace.nodes[index]
    if case .input(let input) = node.primitive { return input < program.carries ? .saved : .operand }
    guard index < boundary, !isInvariant[index] else { return .computed }
    switch node.primitive {
    case .reshape, .broadcast, .transpose, .stopGradient, .constant: return .computed
    default: return .saved
    }
  }
}
