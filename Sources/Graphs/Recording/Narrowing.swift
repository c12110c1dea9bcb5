import Tensors

extension Trace {
  /// `y` again, from computations that leave out what `y` never reads: where only some rows, positions or columns of a
  /// value are looked at (the last position of a sequence, one row of a table), the operations that made it are recorded
  /// for these alone, as far up as every element stands for itself. The same bits, as an element does not depend on its
  /// neighbours, and derivatives taken afterwards are smaller too. `y` itself where that saves no product.
  ///
  /// The nodes of `wrt` stay what they are.
  public func narrowed(_ y: NodeID, wrt: [NodeID]) throws -> NodeID { try narrowed([y], wrt: wrt)[0] }

  /// The same for all that a trace gives: what none of `ys` reads.
  public func narrowed(_ ys: [NodeID], wrt: [NodeID] = []) throws -> [NodeID] {
    guard let last = ys.max(by: { $0.index < $1.index }), slicesAndMultiplies(upTo: last) else { return ys }
    var pass = NarrowingPass(self, ys, upTo: last, kept: Set(wrt.map(\.index)))
    pass.findDemands()
    guard pass.savesProduct else { return ys }
    return try pass.record()
  }

  /// A quick look whether there can be anything to leave out.
  private func slicesAndMultiplies(upTo y: NodeID) -> Bool {
    var (slices, multiplies) = (false, false)
    for index in 0...y.index {
      switch nodes[index].primitive {
      case .slice: slices = true
      case .matmul: multiplies = true
      default: continue
      }
      if slices, multiplies { return true }
    }
    return false
  }

  /// Records an operation whose value, if known, is a part of one known already.
  fileprivate func append(
    _ primitive: Primitive, _ inputs: [NodeID], part: Region, of id: NodeID
  ) throws -> NodeID {
    let node = nodes[id.index]
    let (shape, type) = try infer(
      primitive, shapes: inputs.map { nodes[$0.index].shape }, types: inputs.map { nodes[$0.index].type })
    var known = value(id)
    if let whole = known, !part.isAll(of: node.shape) {
      known = try run(
        .slice(starts: part.starts, counts: part.counts, steps: part.starts.map { _ in 1 }), [whole], part.counts,
        node.type, isNumber: false, origin: node.origin)
    }
    return append(
      primitive, inputs, shape, type, node.isNumber, node.origin, known, isVariable: isVariable(id))
  }
}

/// Finds which parts of the values behind `ys` are needed, and records them.
private struct NarrowingPass {
  private let trace: Trace
  private let ys: [NodeID]
  private let kept: Set<Int>
  /// The smallest box that holds all that is read of a node; nil for nodes that none of `ys` reads.
  private var demands: [Region?]
  /// The box that a node was recorded for; nil for all of it.
  private var parts: [Int: Region] = [:]
  private var place: [Int: NodeID] = [:]
  private var slices: [Slice: NodeID] = [:]

  private struct Slice: Hashable {
    let node: Int
    let region: Region
  }

  init(_ trace: Trace, _ ys: [NodeID], upTo last: NodeID, kept: Set<Int>) {
    self.trace = trace
    self.ys = ys
    self.kept = kept
    demands = Array(repeating: nil, count: last.index + 1)
  }

  private func shape(_ id: NodeID) -> Shape { trace.nodes[id.index].shape }

  /// From `ys` up: what each node reads of its operands.
  mutating func findDemands() {
    for y in ys { demands[y.index] = Region(all: shape(y)) }
    for index in demands.indices.reversed() {
      guard let demand = demands[index] else { continue }
      let node = trace.nodes[index]
      var needed: [Region]?
      if !kept.contains(index) {
        // A part that is not much less than all is not worth its own operations.
        if demand.elementCount > 0, demand.elementCount * 2 <= node.count, let operands = operands(of: node, demand) {
          parts[index] = demand
          needed = operands
        } else {
          needed = operands(of: node, Region(all: node.shape))
        }
      }
      for (place, input) in node.inputs.enumerated() {
        let region = needed?[place] ?? Region(all: shape(input))
        demands[input.index] = demands[input.index].map { $0.joined(region) } ?? region
      }
    }
  }

  /// Whether a matrix product is among what is recorded in part.
  var savesProduct: Bool {
    parts.keys.contains {
      if case .matmul = trace.nodes[$0].primitive { return true }
      return false
    }
  }

  /// What an operation reads of its operands for a box of its result; nil where it needs all of them.
  private func operands(of node: Node, _ region: Region) -> [Region]? {
    guard region.elementCount > 0 else { return nil }
    switch node.primitive {
    case .unary, .binary, .compare, .select, .convert, .stopGradient, .broadcast:
      return node.inputs.map { region.unbroadcast(to: shape($0), from: node.shape) }
    case .reshape:
      return region.reshaped(from: shape(node.inputs[0]), to: node.shape).map { [$0] }
    case .transpose(let order):
      var result = Region(all: shape(node.inputs[0]))
      for (place, axis) in order.enumerated() {
        (result.starts[axis], result.counts[axis]) = (region.starts[place], region.counts[place])
      }
      return [result]
    case .slice(let starts, _, let steps):
      guard steps.allSatisfy({ $0 == 1 }) else { return nil }
      return [region.shifted(by: Region(starts: starts, counts: starts))]
    case .reduce(_, let axes):
      var result = Region(all: shape(node.inputs[0]))
      for (place, axis) in result.counts.indices.filter({ !axes.contains($0) }).enumerated() {
        (result.starts[axis], result.counts[axis]) = (region.starts[place], region.counts[place])
      }
      return [result]
    case .pick:
      var rows = Region(all: shape(node.inputs[0]))
      for axis in region.starts.indices {
        (rows.starts[axis], rows.counts[axis]) = (region.starts[axis], region.counts[axis])
      }
      return [rows, region]
    case .matmul(let transposeA, let transposeB): return factors(of: node, region, transposeA, transposeB)
    default: return nil
    }
  }

  private func factors(of node: Node, _ region: Region, _ transposeA: Bool, _ transposeB: Bool) -> [Region] {
    let last = node.shape.count - 1
    let batch = Array(node.shape[..<(last - 1)])
    let leading = Region(starts: Array(region.starts[..<(last - 1)]), counts: Array(region.counts[..<(last - 1)]))
    func factor(_ id: NodeID, _ transposed: Bool, own: Int) -> Region {
      let whole = shape(id)
      let outer = leading.unbroadcast(to: Array(whole.dropLast(2)), from: batch)
      var result = Region(all: whole)
      for axis in outer.starts.indices {
        (result.starts[axis], result.counts[axis]) = (outer.starts[axis], outer.counts[axis])
      }
      // Rows of the left factor, columns of the right one.
      let axis = whole.count - ((own == last - 1) == transposed ? 1 : 2)
      (result.starts[axis], result.counts[axis]) = (region.starts[own], region.counts[own])
      return result
    }
    return [
      factor(node.inputs[0], transposeA, own: last - 1), factor(node.inputs[1], transposeB, own: last),
    ]
  }

  /// From the inputs down: everything that reads a part is recorded anew. Gives the new `ys`.
  mutating func record() throws -> [NodeID] {
    for index in demands.indices where demands[index] != nil && !kept.contains(index) && place[index] == nil {
      let id = NodeID(index)
      let node = trace.nodes[index]
      let part = parts[index] ?? Region(all: node.shape)
      guard let needed = operands(of: node, part) else {
        let inputs = node.inputs.map { place[$0.index] ?? $0 }
        guard inputs != node.inputs else { continue }
        let made = try trace.append(node.primitive, inputs, part: part, of: id)
        place[index] = made
        if case .program(let program) = node.primitive { try appendResults(of: program, at: index, made) }
        continue
      }
      if case .slice = node.primitive {
        // The part of its operand is its value.
        if parts[index] != nil || place[node.inputs[0].index] != nil {
          place[index] = try self.part(needed[0], of: node.inputs[0])
        }
        continue
      }
      var inputs: [NodeID] = []
      for (input, region) in zip(node.inputs, needed) { inputs.append(try self.part(region, of: input)) }
      if parts[index] == nil, inputs == node.inputs { continue }
      place[index] = try trace.append(resized(node.primitive, part), inputs, part: part, of: id)
    }
    return ys.map { place[$0.index] ?? $0 }
  }

  /// Behind a program stand all its results, also those that nobody reads: its derivative finds them there.
  private mutating func appendResults(of program: GraphProgram, at index: Int, _ made: NodeID) throws {
    for result in program.results.indices {
      let id = NodeID(index + 1 + result)
      place[id.index] = try trace.append(
        trace.nodes[id.index].primitive, [made], part: Region(all: shape(id)), of: id)
    }
  }

  private func resized(_ primitive: Primitive, _ part: Region) -> Primitive {
    switch primitive {
    case .broadcast: .broadcast(part.counts)
    case .reshape: .reshape(part.counts)
    default: primitive
    }
  }

  /// A box of a node's value.
  private mutating func part(_ region: Region, of id: NodeID) throws -> NodeID {
    let source = place[id.index] ?? id
    let whole = parts[id.index] ?? Region(all: shape(id))
    if region == whole { return source }
    let key = Slice(node: id.index, region: region)
    if let known = slices[key] { return known }
    let inside = region.relative(to: whole)
    let slice = Primitive.slice(
      starts: inside.starts, counts: inside.counts, steps: inside.starts.map { _ in 1 })
    let made = try trace.append(slice, [source], part: region, of: id)
    slices[key] = made
    return made
  }
}
