import Synchronization
import Tensors

/// Reverse mode through a loop: the loop that gives what is needed of each step, then a loop backwards. Derivatives by
/// invariants are summed in a carry; where one is the product of two per-step matrices, these are stacked and
/// multiplied once, after the loop.
struct ScanDerivative {
  private let program: ScanProgram
  private let step: ProgramDerivative
  private let results: [NodeID]
  private let linear: ScanLinearization
  private let build: Builder

  init(_ program: ScanProgram, _ step: ProgramDerivative) throws {
    self.step = step
    build = step.build
    let base = program.base as? ScanProgram
    let extra = base.map { $0.results.count } ?? 0
    if let base, step.cotangents[extra...].allSatisfy({ $0 == nil }) {
      // The extended loop of an earlier derivative has already run.
      self.program = base
      linear = try base.linearized()
      results = program.results.indices.map { step.result($0) }
    } else {
      self.program = program
      linear = try program.linearized()
      results =
        linear.extended === program
        ? program.results.indices.map { step.result($0) }
        : try step.trace.applyAsIs(linear.extended, step.operands, origin: build.origin)
    }
  }

  private var trace: Trace { build.trace }
  private var carries: Int { program.carries }
  private var firstInvariant: Int { program.carries + program.sequences }

  func contributions() throws -> [NodeID?] {
    let outs = program.results.count - carries
    let mask = (0..<outs).map { step.cotangents[carries + $0] != nil }
    let way = try program.variants.backward(mask, step.needed) {
      try ScanWayBack(program, linear, outs: mask, needed: step.needed)
    }
    var operands: [NodeID] = []
    for k in way.carried {
      operands.append(try step.cotangents[k] ?? zeros(program.operands[k]))
    }
    for w in way.summed { operands.append(try zeros(program.operands[w])) }
    for sequence in way.sequences {
      switch sequence {
      case .saved(let out): operands.append(results[out])
      case .operand(let s): operands.append(step.operands[s])
      case .cotangent(let y): operands.append(step.cotangents[carries + y] ?? NodeID(0))
      }
    }
    for w in way.invariants { operands.append(step.operands[w]) }
    let given = try way.program.map { try trace.apply($0, operands, origin: build.origin) } ?? []
    return try gathered(way, given, operands)
  }

  private func gathered(_ way: ScanWayBack, _ given: [NodeID], _ operands: [NodeID]) throws -> [NodeID?] {
    var result: [NodeID?] = Array(repeating: nil, count: step.operands.count)
    for (place, k) in way.carried.enumerated() where step.needed[k] { result[k] = given[place] }
    for (place, w) in way.summed.enumerated() { result[w] = given[way.carried.count + place] }
    for (s, out) in way.stacked { result[s] = given[out] }
    for (w, product) in way.products {
      func rows(_ source: ScanWayBack.Stack) throws -> NodeID {
        let stack: NodeID
        switch source {
        case .out(let out): stack = given[out]
        case .sequence(let place): stack = operands[way.carried.count + way.summed.count + place]
        }
        let shape = trace.shape(stack)
        return try build.reshape(stack, [shape[0] * shape[1], shape[2]])
      }
      result[w] = try build.apply(
        .matmul(transposeA: true, transposeB: false), [rows(product.left), rows(product.right)])
    }
    return result
  }

  private func zeros(_ operand: GraphInput) throws -> NodeID {
    try build.filled(0, operand.shape, operand.type, isNumber: operand.isNumber)
  }
}

/// Forms of one loop made for derivatives and for few readers, by what is asked of them.
final class ScanVariants: @unchecked Sendable {
  private let lock = Mutex(())
  private var known: [[Bool]: ScanWayBack] = [:]
  private var smaller: [[Bool]: Pruned?] = [:]

  /// A loop without some of its results: the operands it takes, and the new place of each result.
  struct Pruned {
    let program: ScanProgram
    let operands: [Int]
    let places: [Int]
  }

  func backward(_ outs: [Bool], _ needed: [Bool], _ make: () throws -> ScanWayBack) throws -> ScanWayBack {
    let key = outs + needed
    if let way = lock.withLock({ _ in known[key] }) { return way }
    let made = try make()
    lock.withLock { _ in known[key] = made }
    return made
  }

  func pruned(_ isUsed: [Bool], _ make: () -> Pruned?) -> Pruned? {
    if let found = lock.withLock({ _ in smaller[isUsed] }) { return found }
    let made = make()
    lock.withLock { _ in smaller[isUsed] = made }
    return made
  }
}

/// The loop backwards.
struct ScanWayBack {
  enum Sequence {
    /// Out of the extended loop.
    case saved(Int)
    /// Sequence operand of the loop.
    case operand(Int)
    /// The cotangent of an out.
    case cotangent(Int)
  }
  enum Stack {
    case out(Int)
    case sequence(Int)
  }

  /// Nil where nothing has a derivative.
  let program: ScanProgram?
  /// Carries of the loop whose cotangents are carried back.
  let carried: [Int]
  /// Invariants whose derivative is summed in a carry.
  let summed: [Int]
  let sequences: [Sequence]
  let invariants: [Int]
  /// For each sequence operand with a derivative, the result that is it.
  let stacked: [(Int, Int)]
  /// For each invariant whose derivative is one product over all steps, its factors.
  let products: [(Int, (left: Stack, right: Stack))]

  init(_ forward: ScanProgram, _ linear: ScanLinearization, outs: [Bool], needed: [Bool]) throws {
    let back = try ScanBackward(forward, outs: outs, needed: needed)
    let firstInvariant = forward.carries + forward.sequences
    carried = back.carryCotangents.keys.sorted()
    let invariantGradients = back.gradients.keys.filter { $0 >= firstInvariant }.sorted()
    let sequenceGradients = back.gradients.keys.filter { $0 >= forward.carries && $0 < firstInvariant }.sorted()
    let trace = back.trace

    // An invariant's derivative that is AᵀB of one step is left for after the loop.
    var factors: [Int: (NodeID, NodeID)] = [:]
    for w in invariantGradients {
      guard let gradient = back.gradients[w] else { continue }
      let node = trace.nodes[gradient.index]
      if case .matmul(transposeA: true, transposeB: false) = node.primitive, node.shape.count == 2,
        node.inputs.allSatisfy({ trace.shape($0).count == 2 })
      {
        factors[w] = (node.inputs[0], node.inputs[1])
      }
    }
    summed = invariantGradients.filter { factors[$0] == nil }

    // What the loop reads.
    var wanted = carried.compactMap { back.gradients[$0] } + summed.compactMap { back.gradients[$0] }
    wanted += sequenceGradients.compactMap { back.gradients[$0] }
    var stackOuts: [NodeID] = []
    for w in factors.keys.sorted() {
      guard let pair = factors[w] else { continue }
      for factor in [pair.0, pair.1] where !stackOuts.contains(factor) { stackOuts.append(factor) }
    }
    var sequences: [Sequence] = []
    var sequenceOf: [Int: Int] = [:]
    var invariants: [Int] = []
    var seen = Set<Int>()
    var pending = (wanted + stackOuts).map(\.index)
    while let index = pending.popLast() {
      guard seen.insert(index).inserted else { continue }
      switch back.origin(of: index) {
      case .saved:
        guard let out = linear.saved[index] else {
          throw TensorError(.other(operation: "scan"), "scan cannot find a value that its derivative needs")
        }
        sequenceOf[index] = sequences.count
        sequences.append(.saved(out))
      case .operand:
        guard case .input(let input) = trace.nodes[index].primitive else { continue }
        if input >= forward.carries, input < firstInvariant {
          sequenceOf[index] = sequences.count
          sequences.append(.operand(input))
        } else if input >= firstInvariant, input < forward.operands.count {
          invariants.append(input)
        } else if let y = back.outCotangents.first(where: { $0.value.index == index })?.key {
          sequenceOf[index] = sequences.count
          sequences.append(.cotangent(y))
        }
      case .computed: pending += trace.nodes[index].inputs.map(\.index)
      }
    }
    self.sequences = sequences
    invariants.sort()
    self.invariants = invariants

    // The body.
    let body = Trace(.staged)
    func input(_ like: GraphInput) -> NodeID { body.input(shape: like.shape, type: like.type, isNumber: like.isNumber) }
    var copy = GraphCopy(nodes: Array(trace.nodes), constants: trace.constants, to: body)
    var carryInputs: [NodeID] = []
    for k in carried {
      let node = input(forward.body.inputs[k])
      carryInputs.append(node)
      if let cotangent = back.carryCotangents[k] { copy.bind(cotangent.index, to: node) }
    }
    let sums = summed.map { input(forward.body.inputs[$0]) }
    for (index, _) in sequenceOf.sorted(by: { $0.value < $1.value }) {
      let node = trace.nodes[index]
      copy.bind(index, to: body.input(shape: node.shape, type: node.type, isNumber: node.isNumber))
    }
    for w in invariants { copy.bind(back.arguments[w].index, to: input(forward.body.inputs[w])) }
    let copied = wanted + stackOuts.filter { sequenceOf[$0.index] == nil }
    try copy.copy(copied)
    let builder = Builder(trace: body, origin: 0)
    var outputs: [NodeID] = []
    for (place, k) in carried.enumerated() {
      if let gradient = back.gradients[k] {
        outputs.append(copy[gradient])
      } else {
        let like = forward.body.inputs[k]
        outputs.append(try builder.filled(0, like.shape, like.type, isNumber: like.isNumber))
      }
      outputs[place] = try ScanWayBack.matching(outputs[place], carryInputs[place], builder)
    }
    for (place, w) in summed.enumerated() {
      guard let gradient = back.gradients[w] else { continue }
      outputs.append(try builder.add(sums[place], copy[gradient]))
    }
    var stacked: [(Int, Int)] = []
    for s in sequenceGradients {
      guard let gradient = back.gradients[s] else { continue }
      stacked.append((s, outputs.count))
      outputs.append(copy[gradient])
    }
    var outOf: [Int: Int] = [:]
    for factor in stackOuts where sequenceOf[factor.index] == nil {
      outOf[factor.index] = outputs.count
      outputs.append(copy[factor])
    }
    func stack(_ node: NodeID) -> Stack {
      sequenceOf[node.index].map { .sequence($0) } ?? .out(outOf[node.index] ?? 0)
    }
    self.stacked = stacked
    products = factors.keys.sorted().compactMap { w in
      factors[w].map { (w, (left: stack($0.0), right: stack($0.1))) }
    }
    guard !outputs.isEmpty else {
      program = nil
      return
    }
    program = try ScanProgram(
      body: body.recorded(outputs: outputs), carries: carried.count + summed.count, sequences: sequences.count,
      length: forward.length, isReversed: !forward.isReversed)
  }

  /// A cotangent in the very form of the carry that takes it.
  private static func matching(_ node: NodeID, _ carry: NodeID, _ builder: Builder) throws -> NodeID {
    try builder.reshape(node, builder.trace.shape(carry), isNumber: builder.trace.isNumber(carry))
  }
}
