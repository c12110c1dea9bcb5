import Graphs
import Tensors

/// A network inputs-hidden-classes with relu, trained on cross-entropy by SGD with momentum 0.9, the whole step one plan:
/// ids drawn from a key, rows gathered, forward, backward, update.
struct Network {
  var inputs: Int
  var hidden: Int
  var classes: Int
  var batch: Int
  var rows: Int
  var learningRate: Double

  var name: String { "w1 mlp \(inputs)-\(hidden)-\(classes), batch \(batch)" }
  /// Floating-point operations of the products of a step.
  var operations: Double { Double(2 * batch * (2 * inputs * hidden + 3 * hidden * classes)) }

  /// The tensors a run starts from: x, y, then parameters and momenta.
  struct State {
    var data: [Tensor]
    var trained: [Tensor?]
  }

  func start() throws -> State {
    let trace = Trace(.eager)
    func normal(_ shape: Shape, _ key: Int, _ sd: Double) throws -> Tensor {
      let draw = try trace.apply(
        .random(.normal, shape: shape, type: .f32), [trace.scalar(Double(key), .i64)])
      let scaled = try trace.apply(.binary(.multiply), [draw, trace.scalar(sd, .f32)])
      return trace.value(scaled) ?? Tensor(scalar: 0)
    }
    let ids = try trace.apply(
      .random(.integer(low: 0, high: classes), shape: [rows], type: .i64), [trace.scalar(77, .i64)])
    let centres = trace.constant(try normal([classes, inputs], 1, 0.15))
    let x = try trace.apply(
      .binary(.add), [trace.apply(.gather, [centres, ids]), trace.constant(normal([rows, inputs], 2, 0.5))])
    let scales = [(2 / Double(inputs)).squareRoot(), 0, (1 / Double(hidden)).squareRoot(), 0]
    let parameters = try zip(shapes, scales).enumerated().map { try normal($1.0, 10 + $0, $1.1) }
    let momenta = try shapes.map { try Tensor(repeating: 0, shape: $0, type: .f32) }
    return State(data: [trace.value(x), trace.value(ids)].compactMap { $0 }, trained: parameters + momenta)
  }

  private var shapes: [Shape] { [[inputs, hidden], [hidden], [hidden, classes], [classes]] }

  func step(_ plan: Plan, _ state: inout State, _ number: Int, threads: Int) throws -> Double {
    var tensors: [Tensor?] = [state.data[0], state.data[1], Tensor(scalar: number)]
    tensors.append(contentsOf: state.trained)
    for place in state.trained.indices { state.trained[place] = nil }
    let results = try plan.run(&tensors, threads: threads)
    tensors = []
    for place in state.trained.indices { state.trained[place] = results[place + 1] }
    return results[0].element(0)
  }

  func plan() throws -> Plan {
    let trace = Trace(.staged)
    let x = trace.input(shape: [rows, inputs], type: .f32)
    let y = trace.input(shape: [rows], type: .i64)
    let step = trace.input(shape: [], type: .i64, isNumber: true, example: Tensor(scalar: 0))
    let parameters = shapes.map { trace.input(shape: $0, type: .f32) }
    let momenta = shapes.map { trace.input(shape: $0, type: .f32) }
    let key = try trace.apply(.deriveKey, [trace.scalar(5, .i64, isNumber: true), step], isNumber: true)
    let ids = try trace.apply(.random(.integer(low: 0, high: rows), shape: [batch], type: .i64), [key])
    let fresh = try parameters.map { try trace.fresh($0) }
    let loss = try loss(trace, trace.apply(.gather, [x, ids]), trace.apply(.gather, [y, ids]), fresh)
    let gradients = try trace.gradient(of: loss, wrt: fresh)
    let mu = try trace.apply(.convert(.f32), [trace.scalar(0.9, .f64, isNumber: true)])
    let rate = try trace.apply(.convert(.f32), [trace.scalar(learningRate, .f64, isNumber: true)])
    var outputs = [loss]
    var newMomenta: [NodeID] = []
    for (i, gradient) in gradients.enumerated() {
      let v = try trace.apply(.binary(.add), [trace.apply(.binary(.multiply), [mu, momenta[i]]), gradient])
      newMomenta.append(v)
      let change = try trace.apply(.binary(.multiply), [rate, v])
      outputs.append(try trace.apply(.binary(.subtract), [parameters[i], change]))
    }
    return try Plan(trace.finish(outputs: outputs + newMomenta))
  }

  private func loss(_ trace: Trace, _ x: NodeID, _ y: NodeID, _ p: [NodeID]) throws -> NodeID {
    func apply(_ primitive: Primitive, _ inputs: NodeID...) throws -> NodeID { try trace.apply(primitive, inputs) }
    let product = Primitive.matmul(transposeA: false, transposeB: false)
    let before = try apply(.binary(.add), apply(product, x, p[0]), p[1])
    let h = try apply(.binary(.maximum), trace.scalar(0, .f32), before)
    let z = try apply(.binary(.add), apply(product, h, p[2]), p[3])
    let top = try apply(.stopGradient, apply(.reduce(.max, axes: [1]), z))
    let shifted = try apply(.binary(.subtract), z, apply(.reshape([batch, 1]), top))
    let total = try apply(.reduce(.sum, axes: [1]), apply(.unary(.exp), shifted))
    let logSum = try apply(.binary(.add), apply(.unary(.log), total), top)
    let losses = try apply(.binary(.subtract), logSum, apply(.pick, z, y))
    return try apply(.binary(.divide), apply(.reduce(.sum, axes: [0]), losses), trace.scalar(Double(batch), .f32))
  }
}
