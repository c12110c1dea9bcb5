import Tensors

/// Networks of nodes given by their codes, one piece each.
final class NetworkOperation: PiecewiseOperation {
  private let kernel: NetworkKernel
  private let networks: Int
  private let cost: Double

  override var pieces: Int { networks }
  override var work: Double { cost }
  override var scratchBytes: Int { networks * 8 }

  /// x, code, weights, shared → outputs.
  init(_ inputs: [OperandInfo], _ out: OperandInfo) {
    let (x, code, weights) = (inputs[0].shape, inputs[1].shape, inputs[2].shape)
    let (features, lanes) = (x[x.count - 2], x[x.count - 1])
    kernel = NetworkKernel(
      out.type, lanes: lanes, inputs: features, outputs: out.shape[1], words: code[1], connections: weights[1],
      hasSameInput: x.count == 2)
    networks = out.count == 0 ? 0 : code[0]
    // Two lanes of a connection in a nanosecond, and a few for the activations.
    cost = Double(networks * lanes) * Double(features + code[1]) / 2
  }

  override func run(
    _ range: Range<Int>, _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer,
    _ scratch: UnsafeMutableRawPointer
  ) {
    kernel.run(
      range, x: x[0], code: x[1], weights: x[2], shared: x[3], out,
      outcomes: scratch.assumingMemoryBound(to: Int64.self))
  }

  override func finish(
    _ x: UnsafePointer<UnsafeMutableRawPointer>, _ out: UnsafeMutableRawPointer, _ scratch: UnsafeMutableRawPointer
  ) throws {
    let outcomes = scratch.assumingMemoryBound(to: Int64.self)
    for place in 0..<networks where outcomes[place] != 0 {
      let reason =
        switch NetworkKernel.Outcome(rawValue: outcomes[place]) {
        case .senseless: "the code of network \(place) names nodes, activations or weights that are not there"
        case .large: "network \(place) has more than \(NetworkKernel.largest) inputs and nodes together"
        default: "there is no memory"
        }
      throw GraphError(.notSolvable(.notSolvable("network_values", reason)))
    }
  }
}
