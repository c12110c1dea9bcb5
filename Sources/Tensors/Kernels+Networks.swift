import CKernels

/// Many small networks of nodes, each with a code of its own, on lanes that are independent of each other.
public struct NetworkKernel: Sendable {
  private let type: ElementType
  private let (lanes, inputs, outputs): (Int, Int, Int)
  private let (words, connections): (Int, Int)
  private let hasSameInput: Bool

  /// For codes of `words` numbers and networks with room for `connections` weights; f32 or f64. `hasSameInput`: all networks see
  /// the same lanes.
  public init(
    _ type: ElementType, lanes: Int, inputs: Int, outputs: Int, words: Int, connections: Int, hasSameInput: Bool
  ) {
    self.type = type
    (self.lanes, self.inputs, self.outputs) = (lanes, inputs, outputs)
    (self.words, self.connections) = (words, connections)
    self.hasSameInput = hasSameInput
  }

  /// Inputs and nodes of a network together, at most.
  public static let largest = 16_382

  /// What came of a network.
  public enum Outcome: Int64 {
    /// Its outputs are written.
    case done = 0
    /// Its code names nodes, activations or connections that are not there; nothing is written.
    case senseless = 1
    /// It has more inputs and nodes together than `largest`; nothing is written.
    case large = 2
    /// No memory.
    case noMemory = -1
  }

  /// Networks `places` of `x` [networks, inputs, lanes] (or [inputs, lanes]), `code` [networks, words], `weights` [networks,
  /// connections] and `shared` [lanes] into `out` [networks, outputs, lanes]; what came of each into `outcomes` [networks].
  public func run(
    _ places: Range<Int>, x: UnsafeRawPointer, code: UnsafeRawPointer, weights: UnsafeRawPointer,
    shared: UnsafeRawPointer, _ out: UnsafeMutableRawPointer, outcomes: UnsafeMutablePointer<Int64>
  ) {
    var p = ck_networks()
    (p.lanes, p.inputs, p.outputs) = (Int64(lanes), Int64(inputs), Int64(outputs))
    (p.words, p.connections) = (Int64(words), Int64(connections))
    p.same_input = hasSameInput ? 1 : 0
    p.code = code.assumingMemoryBound(to: Int64.self)
    (p.x, p.weights, p.shared, p.out) = (x, weights, shared, out)
    Kernels.table.network(Int32(type.rawValue), &p, Int64(places.lowerBound), Int64(places.upperBound), outcomes)
  }
}
