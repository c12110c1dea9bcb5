import Graphs
import Tensors

/// The most bytes that the tensors of a study's walk take at one time. What is made lies in memory until it was read for the last
/// time; where a derivative runs at once, what its function made lies there until the derivative begins. A part that
/// stands for many counts once, as do the steps of a loop: they come one after the other.
struct StudyMemory {
  /// The most bytes at one time.
  let peak: Double

  init(_ walk: StudyWalk) {
    peak = StudyMemory.peak(
      of: Array(walk.recording.trace.nodes), without: walk.alternatives, differentiated: walk.differentiated,
      planned: walk.compiledParts)
  }

  /// Of nodes in order; in the parts that are `planned` what is broadcast is not copied out. Bodies of programs are all planned.
  private static func peak(
    of nodes: [Node], without left: [Range<Int>] = [], differentiated: [Range<Int>] = [], planned: [Range<Int>]
  ) -> Double {
    var isPlanned = [Bool](repeating: false, count: nodes.count)
    for range in planned { for i in range { isPlanned[i] = true } }
    var runs = [Bool](repeating: true, count: nodes.count)
    for range in left { for i in range { runs[i] = false } }
    // The node in whose memory each lies, and the last one that reads it.
    var owner = Array(nodes.indices)
    var last = owner
    for (i, node) in nodes.enumerated() where runs[i] {
      switch node.primitive {
      case .reshape, .stopGradient: owner[i] = owner[node.inputs[0].index]
      case .broadcast where isPlanned[i]: owner[i] = owner[node.inputs[0].index]
      default: break
      }
      for input in node.inputs { last[owner[input.index]] = i }
    }
    for part in differentiated {
      for i in part where runs[i] { last[owner[i]] = max(last[owner[i]], part.upperBound - 1) }
    }
    var ending = [Double](repeating: 0, count: nodes.count)
    var (live, peak) = (0.0, 0.0)
    for (i, node) in nodes.enumerated() {
      if runs[i] {
        let (own, inside) = bytes(of: node)
        if owner[i] == i {
          live += own
          ending[last[i]] += own
        }
        peak = max(peak, live + inside)
      }
      live -= ending[i]
    }
    return peak
  }

  /// Of a node's result, and what running it takes besides: a step of a loop, a branch. A graph's inputs lie elsewhere.
  private static func bytes(of node: Node) -> (own: Double, inside: Double) {
    switch node.primitive {
    case .input: (0, 0)
    case .program(let program): (0, program.bodies.map { peak(of: $0.nodes, planned: [$0.nodes.indices]) }.max() ?? 0)
    default: (node.shape.reduce(Double(node.type.byteCount)) { $0 * Double($1) }, 0)
    }
  }
}
