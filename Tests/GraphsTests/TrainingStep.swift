import Tensors

@testable import Graphs

/// The training step of a network inputs-hidden-classes: relu, cross-entropy, SGD with momentum, as Exp code records
/// it. Inputs: x [rows, inputs], y [rows] i64, key, start (numbers), then parameters and momenta. Outputs: loss,
/// parameters, momenta.
struct TrainingStep {
  var inputs = 20
  var hidden = 12
  var classes = 5
  var batch = 16
  var rows = 64
  var type = ElementType.f32

  func parameterShapes() -> [Shape] { [[inputs, hidden], [hidden], [hidden, classes], [classes]] }

  func examples() -> [Tensor] {
    let x = sample([rows, inputs], type)
    let y = tensor((0..<rows).map { Double(($0 * 7) % classes) }, [rows], .i64)
    let parameters = parameterShapes().enumerated().map { i, shape in sample(shape, type, seed: i + 2) { $0 - 0.5 } }
    let momenta = parameterShapes().map { sample($0, type, seed: 9) { _ in 0 } }
    return [x, y, Tensor(scalar: 12345), Tensor(scalar: batch)] + parameters + momenta
  }
  static let numbers: Set<Int> = [2, 3]

  func record(_ trace: Trace, _ nodes: [NodeID]) throws -> [NodeID] {
    let ids = try trace.apply(.permutation(n: rows, count: batch), [nodes[2], nodes[3]])
    let x = try trace.apply(.gather, [nodes[0], ids])
    let y = try trace.apply(.gather, [nodes[1], ids])
    let parameters = try nodes[4..<8].map { try trace.fresh($0) }
    let loss = try loss(trace, x, y, parameters)
    let gradients = try trace.gradient(of: loss, wrt: parameters)
    var (news, momenta): ([NodeID], [NodeID]) = ([], [])
    let (mu, lr) = (trace.scalar(0.9, .f64, isNumber: true), trace.scalar(0.02, .f64, isNumber: true))
    for (i, gradient) in gradients.enumerated() {
      func weak(_ number: NodeID) throws -> NodeID { try trace.apply(.convert(type), [number]) }
      let v = try trace.apply(
        .binary(.add), [trace.apply(.binary(.multiply), [weak(mu), nodes[8 + i]]), gradient])
      let change = try trace.apply(.binary(.multiply), [weak(lr), v])
      news.append(try trace.apply(.binary(.subtract), [nodes[4 + i], change]))
      momenta.append(v)
    }
    return [loss] + news + momenta
  }

  func loss(_ trace: Trace, _ x: NodeID, _ y: NodeID, _ p: [NodeID]) throws -> NodeID {
    func apply(_ primitive: Primitive, _ inputs: NodeID...) throws -> NodeID { try trace.apply(primitive, inputs) }
    let product = Primitive.matmul(transposeA: false, transposeB: false)
    let zero = try apply(.convert(type), trace.scalar(0, .i64, isNumber: true))
    let before = try apply(.binary(.add), apply(product, x, p[0]), p[1])
    let h = try apply(.binary(.maximum), zero, before)
    let z = try apply(.binary(.add), apply(product, h, p[2]), p[3])
    let top = try apply(.stopGradient, apply(.reduce(.max, axes: [1]), z))
    let shifted = try apply(.binary(.subtract), z, apply(.reshape([batch, 1]), top))
    let total = try apply(.reduce(.sum, axes: [1]), apply(.unary(.exp), shifted))
    let logSum = try apply(.binary(.add), apply(.unary(.log), total), top)
    let losses = try apply(.binary(.subtract), logSum, apply(.pick, z, y))
    let count = try apply(.convert(type), trace.scalar(Double(batch), .i64, isNumber: true))
    return try apply(.binary(.divide), apply(.reduce(.sum, axes: [0]), losses), count)
  }
}
