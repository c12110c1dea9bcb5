/// What the process computes at this moment, for a profiler that looks at it from another thread. Whoever runs something
/// writes a few words; nothing else is shared. While nobody looks `moment` is nil and costs one branch per operation.
/// Only one thread may compute while it is in use.
public enum Probe {
  /// The words.
  public struct Moment {
    /// Line of the script; 0 when none is running, or none yet in what `caller` called.
    public var line = 0
    /// Line that called what runs; 0 when that is the script itself.
    public var caller = 0
    /// Number of the operation, see `name(_:)`; 0 is the interpreter itself.
    public var operation = 0
    /// Nothing runs yet.
    public init() {}
    /// The line that counts.
    public var effectiveLine: Int { line > 0 ? line : caller }
  }
  /// The words; nil while nobody looks.
  nonisolated(unsafe) public static var moment: UnsafeMutablePointer<Moment>?
  /// The lines that the origins of the compiled function stand for that runs, 0 for what its caller made; empty where they are
  /// not known.
  nonisolated(unsafe) private static var lines: [Int] = []

  nonisolated(unsafe) private static var numbers: [String: Int] = ["": 0]
  nonisolated(unsafe) private static var names = [""]

  /// The number of a name, which stays the same.
  public static func number(_ name: String) -> Int {
    if let known = numbers[name] { return known }
    names.append(name)
    numbers[name] = names.count - 1
    return names.count - 1
  }

  /// The name of a number.
  public static func name(_ number: Int) -> String {
    names.indices.contains(number) ? names[number] : ""
  }

  /// Does something under the name of an operation, and then goes on under the one before.
  public static func under<Result>(_ name: @autoclosure () -> String, _ body: () throws -> Result) rethrows -> Result {
    guard let moment else { return try body() }
    let before = moment.pointee
    moment.pointee.operation = number(name())
    defer { moment.pointee = before }
    return try body()
  }

  /// Does something that has lines of its own, those of `lines` where a plan runs; what stands on none counts for the line that calls.
  public static func calling<Result>(
    lines: @autoclosure () -> [Int] = [], _ body: () throws -> Result
  ) rethrows -> Result {
    guard let moment else { return try body() }
    let (before, linesBefore) = (moment.pointee, self.lines)
    moment.pointee.caller = before.effectiveLine
    moment.pointee.line = 0
    self.lines = lines()
    defer {
      moment.pointee = before
      self.lines = linesBefore
    }
    return try body()
  }

  /// A step of a plan begins.
  static func enter(_ step: PlanStep, of plan: Plan, _ moment: UnsafeMutablePointer<Moment>) {
    let (operation, origin) = plan.probe.steps[step.lastNode + 1]
    moment.pointee.operation = operation
    if origin < lines.count { moment.pointee.line = lines[origin] }
  }

  /// Begins to look, or stops.
  public static func start(_ place: UnsafeMutablePointer<Moment>?) {
    moment = place
    lines = []
  }
}

/// What the steps of a plan are called, and where they come from.
struct PlanProbe {
  /// By the last node of a step; counting comes first.
  private(set) var steps: [(operation: Int, origin: Int)]

  init(_ plan: Plan) {
    steps = Array(repeating: (0, 0), count: plan.graph.nodes.count + 1)
    for step in plan.steps.flatMap(\.members) {
      let node = step.lastNode
      steps[node + 1] = (Probe.number(plan.briefly(step)), node >= 0 ? Int(plan.graph.nodes[node].origin) : 0)
    }
  }
}

extension PlanStep {
  /// The last node that it computes; -1 for counting.
  var lastNode: Int {
    switch self {
    case .scalars, .strips: -1
    case .operation(let step): step.node
    case .loop(let loop): loop.program.body.last?.node ?? -1
    }
  }
}

extension Plan {
  /// A step in a few words: `matmul [32, 64] [64, 10]`, `add multiply tanh of [32, 64], fused`.
  func briefly(_ step: PlanStep) -> String {
    switch step {
    case .scalars, .strips: return "numbers of a compiled step"
    case .operation(let step):
      let node = graph.nodes[step.node]
      if step.program != nil { return "\(node.primitive.name), compiled" }
      let shapes = node.inputs.prefix(2).map { "\(graph.nodes[$0.index].shape)" }
      return "\(node.primitive.name) \(shapes.joined(separator: " ")), compiled"
    case .loop(let loop):
      var names: [String] = []
      for instruction in loop.program.body {
        switch instruction.code {
        case .expand, .strided: continue
        default: break
        }
        let name = graph.nodes[instruction.node].primitive.name
        if !names.contains(name) { names.append(name) }
      }
      let rest = names.count > 4 ? " …" : ""
      let shape = step.lastNode >= 0 ? " of \(graph.nodes[step.lastNode].shape)" : ""
      return names.prefix(4).joined(separator: " ") + rest + shape + ", fused"
    }
  }
}
