import Tensors

/// An operation that is made of smaller graphs and gives several results: a loop, a choice. It keeps one place in the
/// graph however often its parts run, and each result is a node of its own, `Primitive.result`.
///
/// Programs are compared by identity. Subclasses say how they run, how they are differentiated and how they are
/// batched, so that a new kind needs no case of its own anywhere else.
public class GraphProgram: Hashable, @unchecked Sendable {
  /// What it takes.
  public let operands: [GraphInput]
  /// What it gives.
  public let results: [GraphInput]

  init(operands: [GraphInput], results: [GraphInput]) {
    self.operands = operands
    self.results = results
  }

  /// The graphs that it runs, one at a time.
  public var bodies: [Graph] { [] }

  /// Its name in messages and descriptions.
  var name: String { "program" }
  /// Whether running it can raise a `GraphError`.
  var canFail: Bool { true }
  /// The program that this one gives further results of, after the same ones.
  var base: GraphProgram? { nil }

  /// What runs it. Throws a `TensorError` without memory for its plans.
  func operation() throws -> ProgramOperation { ProgramOperation() }

  /// Its results now, from operations that run one by one: throws a `GraphError` with the origin of the first that makes
  /// a NaN. The results have the bits of `run`.
  public func runCheckingNaN(_ operands: [Tensor]) throws -> [Tensor] { try run(operands) }

  /// The program that stands in its stead in a trace that prepares for derivatives: it also gives what these will need.
  func prepared() throws -> GraphProgram { self }

  /// One cotangent per operand, from those of the results (nil where nothing depends on a result).
  func contributions(_ step: ProgramDerivative) throws -> [NodeID?] { [] }

  /// The tangents of the results, from those of the operands; nil where there is none.
  func tangents(_ step: ProgramTangents) throws -> [NodeID?] { [] }

  /// The results for a batch; `nil` levels mark what is the same for all.
  func batched(_ step: ProgramBatch) throws -> [BatchedNode] { [] }

  /// The same program without the results that nobody reads, the operands it then takes, and the new place of each
  /// result; nil where nothing is saved.
  func pruned(_ isUsed: [Bool]) -> (program: GraphProgram, operands: [Int], places: [Int])? { nil }

  /// Which results can change where the operands that are marked do.
  func dependence(on operands: [Bool]) -> [Bool] { results.map { _ in operands.contains(true) } }

  /// The first result that is the same as result `index` whatever it is applied to.
  func firstEqual(to index: Int) -> Int { index }

  /// Throws a `TensorError` where operands do not fit.
  func check(_ operands: Operands) throws {
    for (i, expected) in self.operands.enumerated() {
      guard operands.shapes[i] == expected.shape, operands.types[i] == expected.type else {
        throw operands.error(
          "needs \(Words.tensor(expected.shape, expected.type)) as operand \(i), not "
            + Words.tensor(operands.shapes[i], operands.types[i]))
      }
    }
  }

  /// By identity.
  public static func == (a: GraphProgram, b: GraphProgram) -> Bool { a === b }
  /// By identity.
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

/// What runs a program: several results, each of which may be nil where nobody reads it.
class ProgramOperation: Operation {
  /// The plans of its graphs, for descriptions.
  var parts: [PlanBody] { [] }

  /// Runs on the operands' first elements. Throws a `GraphError`.
  func run(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, results: UnsafePointer<UnsafeMutableRawPointer?>,
    _ scratch: UnsafeMutableRawPointer, threads: Int
  ) throws {}
}

/// What the derivative rule of a program is given.
struct ProgramDerivative {
  /// The program's node.
  let node: NodeID
  let operands: [NodeID]
  /// Per result; nil where nothing that is differentiated depends on it.
  let cotangents: [NodeID?]
  /// Which operands need a cotangent.
  let needed: [Bool]
  let build: Builder
  var trace: Trace { build.trace }
  /// The node of a result.
  func result(_ index: Int) -> NodeID { NodeID(node.index + 1 + index) }
}

extension Trace {
  /// Records a program; its results, in order. Throws a `TensorError` where operands do not fit, and in eager mode a
  /// `GraphError` with the origin of what failed inside.
  public func apply(_ program: GraphProgram, _ inputs: [NodeID], origin: Int32 = 0) throws -> [NodeID] {
    let wide = preparesPrograms ? try program.prepared() : program
    return Array(try applyAsIs(wide, inputs, origin: origin).prefix(program.results.count))
  }

  /// Records this very program.
  func applyAsIs(_ program: GraphProgram, _ inputs: [NodeID], origin: Int32 = 0) throws -> [NodeID] {
    let primitive = Primitive.program(program)
    let (shape, type) = try infer(primitive, shapes: inputs.map { self.shape($0) }, types: inputs.map { self.type($0) })
    var values: [Tensor]?
    if mode == .eager {
      let operands = inputs.compactMap { value($0) }
      if operands.count == inputs.count {
        values = checksNaN ? try checkedValues(program, operands, origin: origin) : try program.run(operands)
      }
    }
    let isVariable = inputs.contains { self.isVariable($0) }
    let node = append(primitive, inputs, shape, type, false, origin, nil, isVariable: isVariable)
    return program.results.enumerated().map { index, result in
      append(
        .result(index: index, shape: result.shape, type: result.type), [node], result.shape, result.type,
        result.isNumber, origin, values?[index], isVariable: isVariable)
    }
  }

  /// The recording as it is: what programs are made of. Nothing is simplified, since it may still be differentiated.
  public func recorded(outputs: [NodeID]) -> Graph {
    Graph(nodes: Array(nodes), constants: constants, inputs: inputs, outputs: outputs, guards: [])
  }
}

extension GraphProgram {
  /// Runs the program now, on operands of its forms. Throws a `GraphError` for what goes wrong inside.
  public func run(_ operands: [Tensor], threads: Int = 1) throws -> [Tensor] {
    let operation = try operation()
    let outputs = try results.map { try Tensor(uninitialized: $0.shape, type: $0.type) }
    let scratch = try Storage(byteCount: Swift.max(operation.scratchBytes, 1))
    var inputs = operands.map(\.pointer)
    if inputs.isEmpty { inputs.append(scratch.base) }
    let targets: [UnsafeMutableRawPointer?] = outputs.map(\.pointer) + [nil]
    try operation.run(inputs, results: targets, scratch.base, threads: threads)
    return withExtendedLifetime((operands, scratch)) { outputs }
  }
}

extension Graph {
  /// Records the graph's operations into a trace, with its inputs bound to nodes there; the nodes of its outputs.
  func inlined(into trace: Trace, _ arguments: [NodeID]) throws -> [NodeID] {
    var copy = GraphCopy(nodes: nodes, constants: constants, to: trace)
    for (index, node) in nodes.enumerated() {
      if case .input(let input) = node.primitive { copy.bind(index, to: arguments[input]) }
    }
    try copy.copy(outputs)
    return outputs.map { copy[$0] }
  }
}

/// Copies operations from one recording into another one.
struct GraphCopy {
  let nodes: [Node]
  let constants: [Tensor]
  let target: Trace
  private var place: [NodeID?]
  private var programs: [Int: [NodeID]] = [:]

  init(nodes: [Node], constants: [Tensor], to target: Trace) {
    self.nodes = nodes
    self.constants = constants
    self.target = target
    place = Array(repeating: nil, count: nodes.count)
  }

  /// Lets a node stand for one of the target's.
  mutating func bind(_ index: Int, to node: NodeID) { place[index] = node }

  /// Where a node went.
  subscript(_ node: NodeID) -> NodeID { place[node.index] ?? NodeID(0) }
  /// Whether a node has a place.
  func isBound(_ index: Int) -> Bool { place[index] != nil }

  /// Copies what the nodes need and is not bound yet, in the order of the recording.
  mutating func copy(_ wanted: [NodeID]) throws {
    var needed = Array(repeating: false, count: nodes.count)
    for node in wanted { needed[node.index] = true }
    for index in nodes.indices.reversed() where needed[index] && place[index] == nil {
      for input in nodes[index].inputs { needed[input.index] = true }
    }
    for index in nodes.indices where needed[index] && place[index] == nil { try copy(index) }
  }

  private mutating func copy(_ index: Int) throws {
    let node = nodes[index]
    switch node.primitive {
    case .input: throw Operands(primitive: node.primitive, shapes: [], types: []).error("has no value here")
    case .constant(let constant): place[index] = target.constant(constants[constant], isNumber: node.isNumber)
    case .program(let program):
      let results = try target.applyAsIs(program, node.inputs.map { self[$0] }, origin: node.origin)
      programs[index] = results
      place[index] = results.first.map { target.nodes[$0.index].inputs[0] }
    case .result(let result, _, _): place[index] = programs[node.inputs[0].index]?[result]
    default:
      place[index] = try target.apply(
        node.primitive, node.inputs.map { self[$0] }, isNumber: node.isNumber, origin: node.origin)
    }
  }
}
