import Tensors

/// How a plan treats a node.
enum Role: Equatable {
  case input, constant
  /// Nothing is computed: readers look at another node's memory through a layout.
  case view
  /// A number or any other single element: run by the scalar interpreter.
  case scalar
  /// Part of a fused loop.
  case loop
  /// Executed alone by its `Operation`.
  case operation
  /// Written by the program that it is a result of.
  case result
}

/// What each node of a graph is to a plan, and whose memory its value lies in.
struct PlanRoles {
  let graph: Graph
  private(set) var roles: [Role] = []
  /// The node whose memory a node's value lies in, and how.
  private(set) var bases: [Int] = []
  private(set) var layouts: [Layout] = []
  /// Where a node that copies a view finds its elements.
  private(set) var copied: [Int: (base: Int, layout: Layout)] = [:]
  /// Readers of each node's memory: views are looked through.
  private(set) var users: [[Int]] = []

  /// Rows longer than this are not held in a tile, so their reductions run alone.
  static let longestRow = 16_384

  init(_ graph: Graph, fuse: Bool) {
    self.graph = graph
    let mustExist =
      fuse ? PlanRoles.nodesReadWhole(graph) : Array(repeating: Existence.whole, count: graph.nodes.count)
    let isTurnedByReaders = PlanRoles.nodesReadTurned(graph)
    for (index, node) in graph.nodes.enumerated() {
      var role = PlanRoles.role(node, graph, fuse: fuse)
      var (base, layout) = (index, Layout(node.shape))
      if case .transpose = node.primitive { role = .operation }
      if let view = viewLayout(node, isTurnedByReaders[index] && mustExist[index] != .whole) {
        let whole = view.layout.isContiguous && view.layout.count == graph.nodes[view.base].count
        if whole || node.count > 0 && PlanRoles.isReadable(view.layout, mustExist[index]) {
          (role, base, layout) = (.view, view.base, view.layout)
        } else if role == .loop || role == .scalar && node.count == 1 {
          layout = Layout(node.shape)
          copied[index] = view
        }
      }
      roles.append(role)
      bases.append(base)
      layouts.append(layout)
    }
    users = Array(repeating: [], count: graph.nodes.count)
    for (index, node) in graph.nodes.enumerated() where roles[index] != .view {
      for input in node.inputs where users[bases[input.index]].last != index {
        users[bases[input.index]].append(index)
      }
    }
  }

  /// Whether a node's value must lie in order in memory.
  private enum Existence: Int {
    case no
    /// The rows or the columns of its matrices must.
    case matrices
    /// And all these rows must follow each other evenly, unless it is one matrix.
    case rows
    /// It may be a part of another value.
    case inOrder
    /// In memory of its own, or all of another value.
    case whole
  }

  private static func isReadable(_ layout: Layout, _ existence: Existence) -> Bool {
    switch existence {
    case .no: true
    case .matrices: layout.matrices != nil
    case .rows: layout.leadOfRows != nil || layout.matrices != nil && layout.shape.count == 2
    case .inOrder: layout.isInOrder
    case .whole: false
    }
  }

  /// Nodes that only products and transpositions read, which take them however they are turned.
  private static func nodesReadTurned(_ graph: Graph) -> [Bool] {
    var result = Array(repeating: true, count: graph.nodes.count)
    for node in graph.nodes {
      switch node.primitive {
      case .matmul, .transpose: continue
      default: for input in node.inputs { result[input.index] = false }
      }
    }
    return result
  }

  /// Outputs exist, and so do operands of operations that run alone; products and transpositions take other values as they lie.
  private static func nodesReadWhole(_ graph: Graph) -> [Existence] {
    var result = Array(repeating: Existence.no, count: graph.nodes.count)
    func raise(_ index: Int, _ existence: Existence) {
      if existence.rawValue > result[index].rawValue { result[index] = existence }
    }
    for output in graph.outputs { raise(output.index, .whole) }
    for node in graph.nodes {
      switch node.primitive {
      case .unary, .binary, .compare, .select, .convert, .broadcast, .slice, .reshape, .stopGradient: continue
      case .transpose: continue
      case .matmul(let transposeA, _):
        // One product of many rows is quicker than many products of few.
        let isOne = !transposeA && graph.nodes[node.inputs[1].index].shape.dropLast(2).allSatisfy { $0 == 1 }
        raise(node.inputs[0].index, isOne ? .rows : .matrices)
        raise(node.inputs[1].index, .matrices)
      default: for input in node.inputs { raise(input.index, .whole) }
      }
    }
    // A reshape in between must not hide a copy that is needed.
    for (index, node) in graph.nodes.enumerated().reversed() {
      switch node.primitive {
      case .reshape, .stopGradient:
        let needed = [.matrices, .rows].contains(result[index]) ? .inOrder : result[index]
        for input in node.inputs { raise(input.index, needed) }
      default: continue
      }
    }
    return result
  }

  /// How operand `place` of a fused node lies over the node's pass: its shape is the pass's, or for `pick` and its
  /// kin the rows'.
  func operandLayout(_ index: Int, _ place: Int) -> (base: Int, layout: Layout) {
    let node = graph.nodes[index]
    if let view = copied[index] { return view }
    let input = node.inputs[place].index
    switch node.primitive {
    case .binary, .compare, .select: return (bases[input], layouts[input].broadcast(to: node.shape))
    default: return (bases[input], layouts[input])
    }
  }

  /// Where a node's elements already lie, if they do: those of a transposition only where it `mayTurn`.
  private func viewLayout(_ node: Node, _ mayTurn: Bool) -> (base: Int, layout: Layout)? {
    guard let input = node.inputs.first else { return nil }
    let (base, source) = (bases[input.index], layouts[input.index])
    // Numbers keep their own place.
    guard !node.isNumber || graph.nodes[input.index].isNumber else { return nil }
    switch node.primitive {
    case .stopGradient: return (base, source)
    case .reshape(let shape): return source.reshaped(shape).map { (base, $0) }
    case .broadcast(let shape): return (base, source.broadcast(to: shape))
    case .slice(let starts, let counts, let steps):
      return (base, source.sliced(starts: starts, counts: counts, steps: steps))
    case .transpose(let order):
      let moved = source.transposed(order)
      return mayTurn || moved.isContiguous ? (base, moved) : nil
    default: return nil
    }
  }

  private static func role(_ node: Node, _ graph: Graph, fuse: Bool) -> Role {
    let single = node.isNumber || node.count == 1
    switch node.primitive {
    case .input: return .input
    case .constant: return .constant
    case .unary, .binary, .compare, .select, .convert, .broadcast, .reshape, .slice, .stopGradient:
      if single { return .scalar }
      return fuse && node.count > 0 ? .loop : .operation
    case .unslice(let starts, let steps, let shape):
      let counts = graph.nodes[node.inputs[0].index].shape
      let isLong = Placement.hasLongStretches(starts: starts, counts: counts, steps: steps, shape: shape)
      return fuse && node.count > 1 && isLong ? .loop : .operation
    case .deriveKey: return node.shape.isEmpty ? .scalar : .operation
    case .result: return .result
    case .random:
      return fuse && node.count > 1 && graph.nodes[node.inputs[0].index].shape.isEmpty ? .loop : .operation
    case .reduce(_, let axes):
      let shape = graph.nodes[node.inputs[0].index].shape
      let trailing = Array((shape.count - axes.count)..<shape.count) == axes
      return fuse && trailing && isRow(axes.reduce(1) { $0 * shape[$1] }, node.count) ? .loop : .operation
    case .argReduce(_, let axis):
      let shape = graph.nodes[node.inputs[0].index].shape
      return fuse && axis == shape.count - 1 && isRow(shape[axis], node.count) ? .loop : .operation
    case .pick:
      return fuse && isRow(graph.nodes[node.inputs[0].index].shape.last ?? 0, node.count) ? .loop : .operation
    case .unpick(let width), .oneHot(let width, _):
      return fuse && width > 0 && isRow(width, node.count / width) ? .loop : .operation
    default: return .operation
    }
  }

  private static func isRow(_ length: Int, _ rows: Int) -> Bool { length >= 2 && length <= longestRow && rows > 0 }
}
