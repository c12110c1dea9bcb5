import Tensors
import Testing

@testable import Graphs

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Random graphs, recorded twice by the same dice: what a plan computes has the bits of eager execution.
@Suite struct FuzzTests {
  /// `EXP_FUZZ_SEED` makes others than the usual hundred, `EXP_FUZZ_ROUNDS` so many times as many.
  static let first = number("EXP_FUZZ_SEED") ?? 0
  static let count = 100 * max(1, number("EXP_FUZZ_ROUNDS") ?? 1)

  private static func number(_ name: String) -> Int? { getenv(name).flatMap { Int(String(cString: $0)) } }

  @Test(arguments: first..<first + count)
  func plansHaveTheBitsOfEagerExecution(_ seed: Int) throws {
    let maker = RandomGraph(seed: seed)
    let examples = maker.examples()
    let eager = try runEager(examples, numbers: RandomGraph.numbers, maker.record)
    try note(eager, seed)
    // Not fused; fused; and strip by strip what can be, a row or a few at a time.
    let few = StripLimits(leastBytes: 1, stripBytes: seed % 2 * 400, mostFixedBytes: .max, leastStrips: 2)
    for (fuse, strips) in [(false, nil), (true, nil), (true, few)] as [(Bool, StripLimits?)] {
      let plan = try plan(examples, numbers: RandomGraph.numbers, fuse: fuse, strips: strips, maker.record)
      for threads in [1, 2, 4] {
        // A second run finds a used workspace; copies may be overwritten in place.
        for _ in 0..<(threads == 1 ? 2 : 1) {
          var inputs: [Tensor?] = examples.map(copy)
          let results = try plan.run(&inputs, threads: threads)
          let wrong = zip(eager, results).enumerated().filter { !areSame($1.0, $1.1) }
          try #require(
            wrong.isEmpty,
            "seed \(seed), outputs \(wrong.map(\.offset)), fuse \(fuse), strips \(strips != nil), threads \(threads)")
        }
      }
    }
  }

  /// Appends the seed and a hash of the results to the file that `EXP_FUZZ_DIGEST` names, to be compared with another
  /// run's.
  private func note(_ results: [Tensor], _ seed: Int) throws {
    guard let path = getenv("EXP_FUZZ_DIGEST") else { return }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for result in results {
      let bytes = try result.canonical()
      for i in 0..<bytes.byteCount {
        hash = (hash ^ UInt64(bytes.pointer.load(fromByteOffset: i, as: UInt8.self))) &* 0x100_0000_01b3
      }
    }
    let file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    defer { close(file) }
    let line = Array("\(seed) \(String(hash, radix: 16))\n".utf8)
    #expect(write(file, line, line.count) == line.count)
  }
}

/// A recipe that makes the same random computation each time it records.
struct RandomGraph {
  let seed: Int
  static let numbers: Set<Int> = [0, 1]
  private let type: ElementType

  init(seed: Int) {
    self.seed = seed
    type = seed % 3 == 0 ? .f64 : .f32
  }

  private var shapes: [Shape] {
    let large = seed % 5 == 4
    return large ? [[300, 40], [300, 1], [40], [300], [40, 300]] : [[6, 5], [6, 1], [5], [6], [5, 6]]
  }

  func examples() -> [Tensor] {
    [Tensor(scalar: 3), Tensor(scalar: 0.75)] + shapes.enumerated().map { sample($1, type, seed: seed + $0) }
      + [tensor((0..<shapes[3][0]).map { Double($0 % 5) }, shapes[3], .i64)]
  }

  func record(_ trace: Trace, _ inputs: [NodeID]) throws -> [NodeID] {
    var dice = Dice(seed)
    let ids = inputs[inputs.count - 1]
    var pool = try inputs[2..<(inputs.count - 1)].map { try trace.fresh($0) }
    let variables = pool
    var integers = [inputs[0]]
    var floats = [inputs[1]]
    for _ in 0..<(10 + dice.below(25)) {
      if dice.below(5) == 0 { try number(&dice, trace, &integers, &floats, &pool) }
      if let made = try step(&dice, trace, pool, ids) { pool.append(made) }
    }
    var outputs = (0..<3).map { _ in dice.pick(pool) } + [integers[integers.count - 1], floats[floats.count - 1]]
    let total = try (0..<3).map { _ in try sum(trace, dice.pick(pool)) }
    let loss = try trace.apply(
      .binary(.add), [total[0], trace.apply(.binary(.multiply), [total[1], total[2]])])
    let gradients = try trace.gradient(of: loss, wrt: variables + [inputs[1]])
    outputs += [loss] + gradients
    // In the manner of an optimizer: states that can be updated in place.
    for (variable, gradient) in zip(inputs[2...], gradients) where trace.type(variable) == trace.type(gradient) {
      let rate = try trace.apply(.convert(type), [trace.scalar(0.1, .f64, isNumber: true)])
      outputs.append(
        try trace.apply(.binary(.subtract), [variable, trace.apply(.binary(.multiply), [rate, gradient])]))
    }
    if dice.below(3) == 0 {
      outputs += try trace.gradient(of: sum(trace, gradients[dice.below(gradients.count - 1)]), wrt: variables)
    }
    return outputs
  }

  private func sum(_ trace: Trace, _ x: NodeID) throws -> NodeID {
    try trace.apply(.reduce(.sum, axes: Array(trace.shape(x).indices)), [x])
  }

  private func number(
    _ dice: inout Dice, _ trace: Trace, _ integers: inout [NodeID], _ floats: inout [NodeID], _ pool: inout [NodeID]
  ) throws {
    switch dice.below(5) {
    case 0:
      let operation = dice.pick([BinaryOperation.add, .subtract, .floorDivide, .remainder])
      let three = trace.scalar(3, .i64, isNumber: true)
      integers.append(try trace.apply(.binary(operation), [dice.pick(integers), three], isNumber: true))
    case 1:
      let operation = dice.pick([UnaryOperation.exp, .sin, .tanh, .negate])
      floats.append(try trace.apply(.unary(operation), [dice.pick(floats)], isNumber: true))
    case 2: floats.append(try trace.apply(.convert(.f64), [dice.pick(integers)], isNumber: true))
    case 3:
      floats.append(try trace.apply(.binary(.multiply), [dice.pick(floats), dice.pick(floats)], isNumber: true))
    default:
      let weak = try trace.apply(.convert(type), [dice.pick(floats)])
      pool.append(try trace.apply(.binary(.multiply), [dice.pick(pool), weak]))
    }
  }

  /// One more tensor, or nil where the dice found operands that do not fit.
  private func step(_ dice: inout Dice, _ trace: Trace, _ pool: [NodeID], _ ids: NodeID) throws -> NodeID? {
    let x = dice.pick(pool)
    let shape = trace.shape(x)
    switch dice.below(26) {
    case 0...3:
      let operation = dice.pick([UnaryOperation.negate, .abs, .exp, .tanh, .sigmoid, .sin, .erf, .sign])
      // Kept small, so that chains of exponentials stay finite.
      let small = try trace.apply(.unary(.tanh), [x])
      return try trace.apply(.unary(operation), [operation == .exp ? small : x])
    case 4...8:
      let y = dice.pick(pool)
      let operation = dice.pick([BinaryOperation.add, .subtract, .multiply, .maximum, .minimum])
      guard let out = Shape.broadcast(shape, trace.shape(y)), out.count <= 2 else { return nil }
      return try trace.apply(.binary(operation), [x, y])
    case 9:
      let y = dice.pick(pool)
      guard trace.shape(y) == shape else { return nil }
      let condition = try trace.apply(.compare(dice.pick(Comparison.allCases)), [x, y])
      return try trace.apply(.select, [condition, x, trace.scalar(0.5, type)])
    case 10:
      guard !shape.isEmpty else { return nil }
      let axes = shape.count == 2 && dice.below(3) == 0 ? [0, 1] : [dice.below(shape.count)]
      return try trace.apply(.reduce(dice.pick([.sum, .max, .min]), axes: axes), [x])
    case 11:
      let axis = 0
      guard shape.count == 1 else { return nil }
      return try trace.apply(.reshape([shape[axis], 1]), [x])
    case 12:
      guard shape.count == 2 else { return nil }
      return try trace.apply(.transpose([1, 0]), [x])
    case 13:
      let y = dice.pick(pool)
      guard shape.count == 2, trace.shape(y).count == 2, shape[1] == trace.shape(y)[0] else { return nil }
      let product = try trace.apply(.matmul(transposeA: false, transposeB: false), [x, y])
      let columns = trace.shape(product)[1]
      switch dice.below(4) {
      case 0: return try trace.apply(.unary(.tanh), [product])
      case 1: return try trace.apply(.binary(.maximum), [trace.scalar(0, type), product])
      default:
        guard let row = pool.first(where: { trace.shape($0) == [columns] }) else { return product }
        let moved = try trace.apply(.binary(.add), dice.below(2) == 0 ? [product, row] : [row, product])
        return dice.below(2) == 0 ? moved : try trace.apply(.binary(.maximum), [trace.scalar(0.25, type), moved])
      }
    case 14:
      guard shape.count == 2, shape[0] == trace.shape(ids)[0], shape[1] >= 5 else { return nil }
      return try trace.apply(.pick, [x, ids])
    case 16: return try rowOperation(&dice, trace, x, ids)
    case 17:
      let key = try trace.apply(.deriveKey, [trace.scalar(4, .i64), trace.scalar(Double(dice.below(9)), .i64)])
      let draws = try trace.apply(.random(dice.pick([.uniform, .normal]), shape: shape, type: type), [key])
      return try trace.apply(.binary(.multiply), [x, draws])
    case 18:
      guard let y = pool.last(where: { trace.shape($0) == shape }), !shape.isEmpty else { return nil }
      let both = try trace.apply(.concat(axis: 0), [x, y])
      let starts = Array(repeating: 0, count: shape.count)
      return try trace.apply(
        .slice(starts: [shape[0] - 1] + starts.dropFirst(), counts: shape, steps: shape.map { _ in 1 }), [both])
    case 19:
      guard shape.count == 2, shape[0] > 4 else { return nil }
      let rows = try trace.apply(.gather, [x, ids])
      return try trace.apply(.scatterAdd(rows: 5), [ids, rows])
    case 20:
      guard !shape.isEmpty else { return nil }
      let axis = dice.below(shape.count)
      return try trace.apply(dice.below(2) == 0 ? .sort(axis: axis) : .cumulativeSum(axis: axis), [x])
    case 22: return try normalized(&dice, trace, x)
    case 23: return try images(&dice, trace, x)
    case 24: return try turnedProduct(&dice, trace, pool)
    case 25:
      // In the other precision and back, and what divides it.
      let other: ElementType = type == .f32 ? .f64 : .f32
      let moved = try trace.apply(
        .unary(dice.pick([.sin, .tanh, .exp])), [trace.apply(.convert(other), [trace.apply(.unary(.tanh), [x])])])
      let safe = try trace.apply(
        .binary(.add), [trace.apply(.binary(.multiply), [moved, moved]), trace.scalar(0.5, other)])
      return try trace.apply(.convert(type), [trace.apply(.binary(.divide), [moved, safe])])
    default:
      guard !shape.isEmpty, shape[0] > 2 else { return nil }
      // Along each axis all or some of it, forwards or backwards, each one or every other.
      var (starts, counts, steps) = (shape.map { _ in 0 }, shape, shape.map { _ in 1 })
      for axis in shape.indices {
        let size = [shape[axis], shape[axis], shape[axis] / 2][dice.below(3)]
        guard size > 0 else { continue }
        counts[axis] = size
        steps[axis] = [1, -1, size * 2 <= shape[axis] ? 2 : -1, size * 2 <= shape[axis] ? -2 : 1][dice.below(4)]
        let span = (size - 1) * abs(steps[axis])
        let first = dice.below(shape[axis] - span)
        starts[axis] = steps[axis] > 0 ? first : first + span
      }
      let part = try trace.apply(.slice(starts: starts, counts: counts, steps: steps), [x])
      return try trace.apply(.binary(.multiply), [part, trace.scalar(2, type)])
    }
  }

  /// A softmax, or less its mean and over its deviation, along rows or columns.
  private func normalized(_ dice: inout Dice, _ trace: Trace, _ x: NodeID) throws -> NodeID? {
    let shape = trace.shape(x)
    guard shape.count == 2 else { return nil }
    let axis = dice.below(2)
    var kept = shape
    kept[axis] = 1
    func along(_ operation: Reduction, _ y: NodeID) throws -> NodeID {
      try trace.apply(.reshape(kept), [trace.apply(.reduce(operation, axes: [axis]), [y])])
    }
    if dice.below(2) == 0 {
      let largest = try trace.apply(.stopGradient, [along(.max, x)])
      let powers = try trace.apply(.unary(.exp), [trace.apply(.binary(.subtract), [x, largest])])
      return try trace.apply(.binary(.divide), [powers, along(.sum, powers)])
    }
    let count = trace.scalar(Double(shape[axis]), type)
    let centred = try trace.apply(.binary(.subtract), [x, trace.apply(.binary(.divide), [along(.sum, x), count])])
    let squares = try along(.sum, trace.apply(.binary(.multiply), [centred, centred]))
    let variance = try trace.apply(.binary(.divide), [squares, count])
    let deviation = try trace.apply(.unary(.sqrt), [trace.apply(.binary(.add), [variance, trace.scalar(0.125, type)])])
    return try trace.apply(.binary(.divide), [centred, deviation])
  }

  /// The tensor as images of one or two channels, filtered, perhaps rectified and pooled.
  private func images(_ dice: inout Dice, _ trace: Trace, _ x: NodeID) throws -> NodeID? {
    let shape = trace.shape(x)
    guard shape.count == 2, shape[0] >= 4, shape[1] >= 4 else { return nil }
    let channels = shape[1] % 2 == 0 ? 1 + dice.below(2) : 1
    let image = try trace.apply(.reshape([1, shape[0], shape[1] / channels, channels]), [x])
    let axis = WindowAxis(window: 2 + dice.below(2), stride: 1 + dice.below(2), before: dice.below(2), after: 1)
    let windows = WindowGeometry(rows: axis, columns: WindowAxis(window: 2))
    let filter = trace.constant(sample([axis.window, 2, channels, 2], type, seed: dice.below(100)))
    var result = try trace.apply(.convolution(windows, groups: 1), [image, filter])
    if dice.below(2) == 0 { result = try trace.apply(.binary(.maximum), [trace.scalar(0, type), result]) }
    let extents = trace.shape(result)
    if dice.below(2) == 0, extents[1] >= 2, extents[2] >= 2 {
      let pairs = WindowGeometry(rows: WindowAxis(window: 2, stride: 2), columns: WindowAxis(window: 2, stride: 1))
      let kind = dice.pick([Kernels.Pooling.max, .sum])
      result = try trace.apply(.pool(kind, pairs, rows: extents[1], columns: extents[2]), [result])
    }
    let made = trace.shape(result)
    return try trace.apply(.reshape([made[1], made[2] * made[3]]), [result])
  }

  /// A product of operands that lie turned, or of several matrices at once.
  private func turnedProduct(_ dice: inout Dice, _ trace: Trace, _ pool: [NodeID]) throws -> NodeID? {
    let (x, y) = (dice.pick(pool), dice.pick(pool))
    let (a, b) = (trace.shape(x), trace.shape(y))
    guard a.count == 2, b.count == 2 else { return nil }
    let (turnX, turnY) = (dice.below(2) == 0, dice.below(2) == 0)
    guard a[turnX ? 0 : 1] == b[turnY ? 1 : 0] else { return nil }
    guard a[0] % 2 == 0, b[0] % 2 == 0, turnX, !turnY else {
      return try trace.apply(.matmul(transposeA: turnX, transposeB: turnY), [x, y])
    }
    let halves = try [x, y].map { operand in
      let shape = trace.shape(operand)
      return try trace.apply(.reshape([2, shape[0] / 2, shape[1]]), [operand])
    }
    let products = try trace.apply(.matmul(transposeA: true, transposeB: false), halves)
    return try trace.apply(.reduce(.sum, axes: [0]), [products])
  }

  /// Reductions to integers and booleans along rows, and back.
  private func rowOperation(_ dice: inout Dice, _ trace: Trace, _ x: NodeID, _ ids: NodeID) throws -> NodeID? {
    let shape = trace.shape(x)
    guard shape.count == 2, shape[1] > 1 else { return nil }
    switch dice.below(3) {
    case 0:
      let first = try trace.apply(.argReduce(isMax: dice.below(2) == 0, axis: 1), [x])
      let hot = try trace.apply(.oneHot(count: shape[1], type: type), [first])
      return try trace.apply(.binary(.multiply), [x, hot])
    case 1:
      let positive = try trace.apply(.compare(.greater), [x, trace.scalar(0, type)])
      let operation = dice.pick([Reduction.any, .all])
      let some = try trace.apply(.reduce(operation, axes: [dice.below(2)]), [positive])
      return try trace.apply(.convert(type), [trace.apply(.unary(.not), [some])])
    default:
      guard shape[0] == trace.shape(ids)[0] else { return nil }
      let sums = try trace.apply(.reduce(.sum, axes: [1]), [x])
      return try trace.apply(.unpick(count: 5), [ids, sums])
    }
  }
}
