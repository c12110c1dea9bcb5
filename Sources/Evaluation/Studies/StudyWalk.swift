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
  /// Whether among them is one that makes something, and so may take time: claims and figures take little.
  var isPart = false
  /// Lines whose statements were left at the limit.
  var left: [Int] = []
  /// Seconds of processor time that the walk of one statement may take.
  let limit: Double
  /// Sweeps that were met: how many points, and the line.
  var sweeps: [(points: Int, names: [String], line: Int)] = []
  /// Trials that were walked, without those inside of others: where their sweep stands, which point it is, for how many it
  /// stands, and its part of the trace.
  private(set) var trials: [(sweep: Span, point: Int, times: Int, nodes: Range<Int>)] = []
  /// Statements that were walked, as places among those of the file, with their part of the trace.
  var statements: [(index: Int, nodes: Range<Int>)] = []
  /// Whether a fold was met that may end before its last step.
  var mayEndEarly = false
  /// The most numbers by which something is differentiated.
  var parameters = 0
  /// Longest folds that were met.
  var steps = 0

  /// Parts of the trace that stand for more than they are: nodes and how often they would run.
  private(set) var repeated: [(nodes: Range<Int>, times: Double)] = []
  /// Parts that belong to other ways through the same statement and would not run besides.
  private(set) var alternatives: [Range<Int>] = []

  /// What functions made whose derivatives run at once: those of compiled functions keep only what they need.
  private(set) var differentiated: [Range<Int>] = []
  /// What compiled functions made, the outermost ones.
  private(set) var compiledParts: [Range<Int>] = []
  private var compiledDepth = 0

  private var sweepDepth = 0
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

  init(limit: Double) { self.limit = limit }

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

  /// How far the walk has come: nodes of the trace, and trials.
  struct Mark {
    var nodes: Int, trials: Int
  }
  var mark: Mark { Mark(nodes: nodeCount, trials: trials.count) }

  /// The ways through one statement that were gone, in order.
  struct Ways {
    fileprivate var all: [(from: Mark, to: Mark, isThrough: Bool)] = []

    /// Adds one; `isThrough` tells whether it came to the statement's end.
    mutating func add(_ from: Mark, _ to: Mark, isThrough: Bool) { all.append((from, to, isThrough)) }
  }

  /// Counts one of the ways through a statement, as one would run: the first that came to the end or, where none did, the longest.
  func keepOne(of ways: Ways) {
    let lengths = ways.all.map { $0.to.nodes - $0.from.nodes }
    let kept = ways.all.firstIndex(where: \.isThrough) ?? lengths.indices.max { lengths[$0] < lengths[$1] }
    for (i, way) in ways.all.enumerated().reversed() where i != kept {
      if lengths[i] > 0 { alternatives.append(way.from.nodes..<way.to.nodes) }
      trials.removeSubrange(way.from.trials..<way.to.trials)
    }
  }

  /// Runs the body of a sweep once for many points.
  func trial(_ point: Int, times: Int, of sweep: Span, _ body: () throws -> Value) rethrows -> Value {
    let start = nodeCount
    sweepDepth += 1
    defer { sweepDepth -= 1 }
    let value = try standing(for: Double(times), body)
    if sweepDepth == 1 { trials.append((sweep, point, times, start..<nodeCount)) }
    return value
  }

  /// Runs `body` once for many.
  func standing(for times: Double, _ body: () throws -> Value) rethrows -> Value {
    let start = nodeCount
    defer { if start < nodeCount { repeated.append((start..<nodeCount, times)) } }
    return try body()
  }

  /// Calls a compiled function.
  func compiled(_ body: () throws -> Value) rethrows -> Value {
    let start = nodeCount
    compiledDepth += 1
    defer {
      compiledDepth -= 1
      if compiledDepth == 0, start < nodeCount { compiledParts.append(start..<nodeCount) }
    }
    return try body()
  }

  /// The derivative begins of what was made from a node on.
  func differentiates(from start: Int) {
    if compiledDepth == 0, start < nodeCount { differentiated.append(start..<nodeCount) }
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
    ) { call in Value(call.machine.tensors.isPlanning) },
    NativeFunction(
      "standing_for", ["times", "f", "at_most?"],
      doc:
        "`f(1)`, which where a study is only planned stands for `f(times)`, what it does done so many times or at most so many, in the estimate of the costs.",
      example: "standing_for(100, n -> 3 * n)  # => 3"
    ) { call in
      let (machine, times) = (call.machine, try call.int(0))
      let f = try call.function(1)
      if let timing = machine.tensors.timing {
        return try timing.standing(for: times, machine) { try machine.call(f, [Value($0)]) }
      }
      guard let walk = machine.tensors.walk else { return try machine.call(f, [Value(1)]) }
      if call.has(2), try call.bool(2) { walk.mayEndEarly = true }
      return try walk.standing(for: Double(times)) { try machine.call(f, [Value(1)]) }
    },
  ]
}
