import Diagnostics
import Foundation
import Graphs
import Records
import Syntax
import Tensors

/// A study walked with shapes only, for `exp plan`: numbers, records and options are what they are, tensors are nodes of one staged trace
/// that nobody runs. Where the program branches on what is not known, both sides are followed.
final class StudyWalk {
  let recording = Recording(.staged)
  /// What is wrong on some way through the study.
  var problems: [Diagnostic] = []
  /// Names that are not known, with the line that would have to run first.
  var unknown: [String: Int] = [:]
  /// Statements that could not be walked: their line, and the line that would have to run first.
  var skipped: [(line: Int, needs: Int)] = []
  /// Sweeps that were met: how many points, and the line.
  var sweeps: [(points: Int, names: [String], line: Int)] = []
  /// The most numbers by which something is differentiated.
  var parameters = 0
  /// Longest folds that were met.
  var steps = 0

  /// Parts of the trace that stand for more than they are: nodes and how often they would run.
  private(set) var repeated: [(nodes: Range<Int>, times: Double)] = []
  /// Parts that belong to other ways through the same statement and would not run besides.
  private(set) var alternatives: [Range<Int>] = []

  private var choices: [Bool] = []
  private(set) var taken: [Bool] = []
  /// Where the last side was taken, and which.
  private var last: (site: UInt, side: Bool)?
  /// Sides that are known to lead on, by the place of the branch.
  private var preferred: [UInt: Bool] = [:]
  /// How often this way came by a branch.
  private var visits: [UInt: Int] = [:]
  /// Whether any side had to be chosen so far: what follows may depend on it.
  private(set) var hasChosen = false
  /// Ways through one statement that are followed.
  static let maximumWays = 8

  /// Begins a way through a statement that takes these sides at its first branches.
  func begin(_ choices: [Bool]) {
    self.choices = choices
    taken = []
    last = nil
    visits = [:]
  }

  /// The side to take at a branch on what is not known. Past the first few it is the one that is known to lead on, and otherwise
  /// they alternate, so that loops end.
  func decide(at site: UInt) -> Bool {
    let count = visits[site, default: 0]
    visits[site] = count + 1
    let side: Bool
    if taken.count < choices.count {
      side = choices[taken.count]
    } else if let known = preferred[site], count < 200 {
      side = known
    } else {
      side = count % 2 == 0
    }
    taken.append(side)
    last = (site, side)
    hasChosen = true
    return side
  }

  /// The way ended in an error: the other side of its last branch is better.
  func noteDeadEnd() {
    if let last, preferred[last.site] == nil { preferred[last.site] = !last.side }
  }

  /// A number that nobody knows, owned by the caller.
  func unknownNumber(_ machine: Machine) -> Value {
    let node = recording.trace.input(shape: [], type: .f64, isNumber: true)
    return TensorOperations(machine).value(.traced(TracedValue(node, recording)))
  }

  /// Ways that differ from the one just gone at one of its first branches.
  func otherWays(than choices: [Bool]) -> [[Bool]] {
    let limit = min(taken.count, 3)
    guard choices.count < limit else { return [] }
    return (choices.count..<limit).map { Array(taken[..<$0]) + [!taken[$0]] }
  }

  var nodeCount: Int { recording.trace.nodes.count }

  func noteAlternative(from start: Int) { if start < nodeCount { alternatives.append(start..<nodeCount) } }

  /// Runs `body` once for many.
  func standing(for times: Double, _ body: () throws -> Value) rethrows -> Value {
    let start = nodeCount
    defer { if start < nodeCount { repeated.append((start..<nodeCount, times)) } }
    return try body()
  }

  /// Whether an error says only that something is not known; a figure (E0215) cannot be drawn of contents that are not.
  static func isUnknown(_ error: RuntimeError) -> Bool {
    ["E0215", "E0501", "E0502", "E0503", "E0512", "E0701", "E0702"].contains(error.id)
  }

  /// Errors that are certain: shapes, types and axes are known wherever the walk gets to.
  static func isCertain(_ error: RuntimeError) -> Bool { error.id >= "E0401" && error.id <= "E0409" }

  /// Whether an operation on tensors that are known is too large to be executed for a plan: its result is then not known.
  func isLarge(_ primitive: Primitive, _ inputs: [Tensor]) throws -> Bool {
    if inputs.contains(where: { $0.count > 4096 }) { return true }
    let (shape, _) = try infer(primitive, shapes: inputs.map(\.shape), types: inputs.map(\.type))
    return shape.reduce(1.0) { $0 * Double($1) } > 4096
  }

  // MARK: cost

  /// What the study would do.
  struct Cost {
    /// Floating-point operations of products and convolutions; functions of matrices count as many as take their time.
    var products = 0.0
    /// Elements written or read by everything else; one that is drawn or sorted counts as many as take its time.
    var elements = 0.0
    /// Operations of the trace.
    var operations = 0.0
    /// Bytes of the largest part that is repeated: a training step with everything it makes.
    var stepBytes = 0.0
  }

  var cost: Cost {
    var weights = [Double](repeating: 1, count: nodeCount)
    for range in alternatives { for i in range { weights[i] = 0 } }
    for (range, times) in repeated { for i in range { weights[i] *= times } }
    var cost = Cost()
    let nodes = recording.trace.nodes
    var bytes = [Double](repeating: 0, count: nodeCount)
    for (i, node) in nodes.enumerated() {
      let out = Double(node.shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue })
      bytes[i] = out * Double(node.type.byteCount)
      guard weights[i] > 0 else { continue }
      let inputs = node.inputs.map { nodes[$0.index].shape }
      func size(_ shape: Shape) -> Double { shape.reduce(1.0) { $0 * Double($1) } }
      switch node.primitive {
      case .input, .constant, .stopGradient, .reshape, .result: continue
      case .matmul(let transposeA, _):
        let a = inputs.first ?? []
        let inner = a.count >= 2 ? Double(a[a.count - (transposeA ? 2 : 1)]) : 1
        cost.products += 2 * out * inner * weights[i]
      case .convolution, .convolutionInput, .convolutionFilter:
        // Every element of the larger image meets the filter once per channel of the other side.
        let sizes = (inputs.map { size($0) } + [out]).sorted()
        cost.products += 2 * (sizes.reduce(1, *)).squareRoot() * weights[i]
      case .linear(let function):
        cost.products += Self.products(function, inputs) * weights[i]
      case .random: cost.elements += 40 * out * weights[i]
      case .sort, .argSort, .permutation: cost.elements += 20 * out * log2(max(out, 2)) * weights[i]
      default: cost.elements += max(out, inputs.map { size($0) }.max() ?? 0) * weights[i]
      }
      cost.operations += weights[i]
    }
    for (range, _) in repeated { cost.stepBytes = max(cost.stepBytes, range.reduce(0) { $0 + bytes[$1] }) }
    if repeated.isEmpty { cost.stepBytes = bytes.reduce(0, +) }
    return cost
  }
}

extension StudyWalk {
  /// The operations of a product that take about as long as a function of matrices: operations of matrices of some
  /// hundred rows, as measured on one thread (docs/performance.md).
  fileprivate static func products(_ function: LinearFunction, _ inputs: [Shape]) -> Double {
    guard let shape = inputs.first, shape.count >= 2 else { return 0 }
    let (m, n) = (Double(shape[shape.count - 2]), Double(shape[shape.count - 1]))
    let count = shape.dropLast(2).reduce(1.0) { $0 * Double($1) }
    let cube = max(m, n) * min(m, n) * min(m, n)
    let second = inputs.count > 1 ? inputs[1] : []
    let columns = second.count >= 2 ? Double(second[second.count - 1]) : 1
    switch function {
    case .svd, .rank: return count * 90 * cube
    case .eigenSymmetric: return count * 60 * cube
    case .eigenvalues: return count * 150 * cube
    case .eigen: return count * 300 * cube
    case .qr: return count * 20 * cube
    case .leastSquares: return count * (12 * cube + 8 * m * n * columns)
    case .cholesky, .lu, .determinant, .logDeterminant: return count * 4 * cube
    case .solve: return count * (4 * cube + 6 * n * n * columns)
    case .triangular: return count * 6 * n * n * columns
    case .quotient: return 0
    }
  }
}

/// A host that does nothing for good: files may be read, all else is swallowed.
public final class WalkHost: QuietHost {
  /// Nothing.
  public override func sweep(_ request: SweepRequest) throws -> [TrialOutcome] { [] }
  /// Where a file is; writing is refused as not known yet.
  public override func resolve(path: String, forWriting: Bool) throws -> String {
    if forWriting { throw RuntimeError.untraceable("a study that is only planned writes nothing", help: []) }
    return try outer.resolve(path: path, forWriting: false)
  }
}

extension Natives {
  /// What the standard library asks where a study is only planned.
  static let planning: [NativeFunction] = [
    NativeFunction(
      "planning", [], doc: "Whether the study is only planned (`exp plan`): then tensors have shapes and no content.",
      example: "planning()  # => false"
    ) { call in Value(call.machine.tensors.walk != nil || call.machine.tensors.collector != nil) },
    NativeFunction(
      "standing_for", ["times", "f"],
      doc: "`f()`, which where a study is only planned stands for so many runs of it in the estimate of the costs.",
      example: "standing_for(100, () -> 3)  # => 3"
    ) { call in
      let times = try call.double(0)
      let f = try call.function(1)
      guard let walk = call.machine.tensors.walk else { return try call.machine.call(f, []) }
      return try walk.standing(for: times) { try call.machine.call(f, []) }
    },
  ]
}
