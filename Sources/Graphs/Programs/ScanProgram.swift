import Tensors

/// A loop of fixed length: at each step the body takes the carries, an entry of each sequence and the invariants, and
/// gives the next carries and an entry of each out.
///
/// Operands: the first carries, the sequences (entries along axis 0), the invariants. Results: the last carries, the
/// outs (entries along axis 0). Nothing is unrolled: compiling does not depend on the length.
public final class ScanProgram: GraphProgram, @unchecked Sendable {
  /// One step: inputs are carries, entries, invariants; outputs are carries, outs. Not simplified.
  public let body: Graph
  /// Number of carries.
  public let carries: Int
  /// Number of sequences.
  public let sequences: Int
  /// Number of steps.
  public let length: Int
  /// Whether the last entry comes first.
  public let isReversed: Bool
  private let original: ScanProgram?
  private let plan = Once<PlanBody>()
  private let equalOuts = Once<[Int]>()
  private let linearization = KnownLinearization()
  let variants = ScanVariants()

  /// Throws a `TensorError` where the body does not give carries of the form that it takes.
  public convenience init(
    body: Graph, carries: Int, sequences: Int, length: Int, isReversed: Bool = false
  ) throws {
    try self.init(body, carries, sequences, length, isReversed, extending: nil)
  }

  init(
    _ body: Graph, _ carries: Int, _ sequences: Int, _ length: Int, _ isReversed: Bool, extending original: ScanProgram?
  ) throws {
    self.body = body
    self.carries = carries
    self.sequences = sequences
    self.length = length
    self.isReversed = isReversed
    self.original = original
    guard carries >= 0, sequences >= 0, length >= 0, carries + sequences <= body.inputs.count,
      carries <= body.outputs.count
    else { throw TensorError(.other(operation: "scan"), "scan was given a body that does not fit its carries") }
    func stacked(_ entry: GraphInput) throws -> GraphInput {
      let shape = [length] + entry.shape
      let operands = Operands(primitive: .broadcast(shape), shapes: [entry.shape], types: [entry.type])
      return GraphInput(shape: try operands.checked(shape), type: entry.type, isNumber: false)
    }
    let operands = try body.inputs.enumerated().map { index, input in
      index >= carries && index < carries + sequences ? try stacked(input) : input
    }
    let outputs = body.outputs.map { id -> GraphInput in
      let node = body.nodes[id.index]
      return GraphInput(shape: node.shape, type: node.type, isNumber: node.isNumber)
    }
    for k in 0..<carries where outputs[k].shape != operands[k].shape || outputs[k].type != operands[k].type {
      throw TensorError(
        .shapeMismatch(operation: "scan", left: operands[k].shape, right: outputs[k].shape),
        "scan needs a carry that keeps its form: it goes in as \(Words.tensor(operands[k].shape, operands[k].type)) "
          + "and comes out as \(Words.tensor(outputs[k].shape, outputs[k].type))")
    }
    let results = try outputs.enumerated().map { index, output in
      index < carries ? operands[index] : try stacked(output)
    }
    super.init(operands: operands, results: results)
  }

  override public var bodies: [Graph] { [body] }
  override var name: String { "scan" }
  override var base: GraphProgram? { original }
  override var canFail: Bool { body.nodes.contains { PlanSchedule.canFail($0) } }
  override func operation() throws -> ProgramOperation { ScanOperation(self, try plannedBody()) }
  override public func runCheckingNaN(_ operands: [Tensor]) throws -> [Tensor] { try checkedSteps(operands) }
  // A body without a derivative runs as it is; asking for the derivative is the error.
  override func prepared() throws -> GraphProgram { (try? linearized().extended) ?? self }

  /// The plan of the body.
  func plannedBody() throws -> PlanBody { try plan.get { try PlanBody(body) } }

  /// What reverse mode needs, found once for as long as it is used.
  func linearized() throws -> ScanLinearization {
    try linearization.get { try ScanLinearization(self) }
  }

  override func contributions(_ step: ProgramDerivative) throws -> [NodeID?] {
    try ScanDerivative(self, step).contributions()
  }
  override func tangents(_ step: ProgramTangents) throws -> [NodeID?] { try scanTangents(step) }
  override func batched(_ step: ProgramBatch) throws -> [BatchedNode] { try scanBatch(step) }

  override func firstEqual(to index: Int) -> Int {
    guard index >= carries, let first = try? equalOuts.get(firstEqualOuts) else { return index }
    return first[index]
  }

  /// For each result of the body the first out with its value, for outs; carries are their last values, not those of every step.
  private func firstEqualOuts() -> [Int] {
    let outputs = body.simplified().outputs
    return outputs.indices.map { k in
      outputs.indices.first { $0 >= carries && outputs[$0] == outputs[k] } ?? k
    }
  }

  override func dependence(on operands: [Bool]) -> [Bool] { body.loopDependence(on: operands, carries: carries) }

  override func pruned(_ isUsed: [Bool]) -> (program: GraphProgram, operands: [Int], places: [Int])? {
    scanPruned(isUsed)
  }
}
