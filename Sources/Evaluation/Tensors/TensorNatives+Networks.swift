import Graphs
import Tensors

/// Networks of nodes that are given as data.
extension Natives {
  static let nodeNetworks: [NativeFunction] = [
    NativeFunction(
      "network_values", ["x", "code", "weights", "shared", "outputs"], kinds: .tensor,
      doc:
        "The outputs [networks, outputs, lanes] of networks of nodes. x is [networks, inputs, lanes], or [inputs, lanes] for all; `code` [networks, words] holds for each network `[nodes, (activation, incoming, source, …) for each node]`, sources counted from the constant 1 at 0 and the inputs after it, `weights` [networks, connections] in the same order; `shared` [lanes] multiplies each node's sum. The last nodes are the outputs. Inputs and nodes together are at most 16382. Without derivative.",
      example:
        "network_values(tensor([[1.0, 2.0]]), tensor([[1, 1, 2, 0, 1]]), tensor([[0.5, 2.0]]), ones(2), 1)"
    ) { call in
      let code = try call.operations.convert(try call.tensor(1), to: .i64)
      var floats = try [0, 2, 3].map { index in
        let x = try call.tensor(index)
        return x.type.isFloat ? x : try call.operations.convert(x, to: .f32)
      }
      let type = floats.dropFirst().reduce(floats[0].type) { $0 == .f64 || $1.type == .f64 ? .f64 : $0 }
      floats = try floats.map { try call.operations.convert($0, to: type) }
      return call.result(
        try call.operations.apply(
          .network(outputs: try call.int(4)), [floats[0], code, floats[1], floats[2]], isTensor: true))
    }
  ]
}
