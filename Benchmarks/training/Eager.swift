import Graphs
import Tensors

/// Nanoseconds of one operation executed by itself on small tensors.
func eagerOverhead() throws {
  let x = try Tensor(repeating: 0.5, shape: [8, 8], type: .f32)
  let row = try Tensor(repeating: 0.5, shape: [8], type: .f32)
  let cases: [(String, Primitive, [Tensor])] = [
    ("add", .binary(.add), [x, x]), ("add a row", .binary(.add), [x, row]), ("exp", .unary(.exp), [x]),
    ("sum", .reduce(.sum, axes: [1]), [x]), ("product", .matmul(transposeA: false, transposeB: false), [x, x]),
    ("transpose", .transpose([1, 0]), [x]), ("reshape", .reshape([64]), [x]),
  ]
  for (name, primitive, inputs) in cases {
    let count = 100_000
    let from = now()
    for _ in 0..<count { _ = try evaluate(primitive, inputs) }
    print("eager \(name): \(Int((now() - from) / Double(count) * 1e9)) ns")
  }
  let from = now()
  let trace = Trace(.eager)
  let node = trace.input(shape: [8, 8], type: .f32, example: x)
  var y = node
  for _ in 0..<10_000 { y = try trace.apply(.binary(.add), [y, node]) }
  print("eager trace, add: \(Int((now() - from) / 1e4 * 1e9)) ns")
}
