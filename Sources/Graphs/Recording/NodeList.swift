import Tensors

/// The nodes of a recording, each in a few words: most have one or two inputs, which need no array of their own. An eager
/// recording makes a node for every operation on small tensors, so what a node costs is felt.
public struct NodeList: RandomAccessCollection, MutableCollection, Sendable {
  private struct Entry: Sendable {
    var primitive: Primitive
    var shape: Shape
    /// All inputs, where there are more than two.
    var others: [NodeID]?
    var first: Int32
    var second: Int32
    var origin: Int32
    var type: ElementType
    var isNumber: Bool
  }

  private var entries: [Entry] = []

  /// No nodes.
  public init() {}

  /// 0.
  public var startIndex: Int { 0 }
  /// Number of nodes.
  public var endIndex: Int { entries.count }

  /// A node in full.
  public subscript(index: Int) -> Node {
    get {
      let entry = entries[index]
      return Node(
        primitive: entry.primitive, inputs: inputs(index), shape: entry.shape, type: entry.type,
        isNumber: entry.isNumber, origin: entry.origin)
    }
    set { entries[index] = NodeList.entry(newValue) }
  }

  /// Exchanges two nodes.
  public mutating func swapAt(_ a: Int, _ b: Int) { entries.swapAt(a, b) }

  mutating func append(_ node: Node) { entries.append(NodeList.entry(node)) }

  mutating func append(
    _ primitive: Primitive, _ first: NodeID, _ second: NodeID?, _ shape: Shape, _ type: ElementType, _ origin: Int32
  ) {
    entries.append(
      Entry(
        primitive: primitive, shape: shape, others: nil, first: Int32(truncatingIfNeeded: first.index),
        second: second.map { Int32(truncatingIfNeeded: $0.index) } ?? -1, origin: origin, type: type, isNumber: false))
  }

  mutating func removeLast(_ count: Int) { entries.removeLast(count) }

  private static func entry(_ node: Node) -> Entry {
    let inputs = node.inputs
    return Entry(
      primitive: node.primitive, shape: node.shape, others: inputs.count > 2 ? inputs : nil,
      first: inputs.count > 0 ? Int32(truncatingIfNeeded: inputs[0].index) : -1,
      second: inputs.count > 1 ? Int32(truncatingIfNeeded: inputs[1].index) : -1, origin: node.origin, type: node.type,
      isNumber: node.isNumber)
  }

  func inputs(_ index: Int) -> [NodeID] {
    let entry = entries[index]
    if let others = entry.others { return others }
    if entry.second >= 0 { return [NodeID(Int(entry.first)), NodeID(Int(entry.second))] }
    return entry.first >= 0 ? [NodeID(Int(entry.first))] : []
  }

  /// Whether an input of a node has a property; makes no array.
  func anyInput(_ index: Int, _ holds: (NodeID) -> Bool) -> Bool {
    if let others = entries[index].others { return others.contains(where: holds) }
    let (first, second) = (entries[index].first, entries[index].second)
    return first >= 0 && holds(NodeID(Int(first))) || second >= 0 && holds(NodeID(Int(second)))
  }

  /// An elementwise function of one tensor or of two, with its arguments.
  enum Elementwise {
    case unary(UnaryOperation, Int)
    case binary(BinaryOperation, Int, Int)
  }

  /// What a node is where it is an elementwise function of tensors, none of them a number.
  func elementwise(_ index: Int) -> Elementwise? {
    let (first, second) = (Int(entries[index].first), Int(entries[index].second))
    guard !entries[index].isNumber, first >= 0, !entries[first].isNumber else { return nil }
    switch entries[index].primitive {
    case .unary(let operation): return .unary(operation, first)
    case .binary(let operation): return entries[second].isNumber ? nil : .binary(operation, first, second)
    default: return nil
    }
  }

  func shape(_ index: Int) -> Shape { entries[index].shape }
  func type(_ index: Int) -> ElementType { entries[index].type }
  func isNumber(_ index: Int) -> Bool { entries[index].isNumber }
  func origin(_ index: Int) -> Int32 { entries[index].origin }
  func isConstant(_ index: Int) -> Bool {
    if case .constant = entries[index].primitive { return true }
    return false
  }
  /// Whether its cotangent goes to parts of its inputs, or comes in parts.
  func hasParts(_ index: Int) -> Bool {
    switch entries[index].primitive {
    case .program, .result, .slice: true
    default: false
    }
  }
  func stopsGradient(_ index: Int) -> Bool {
    if case .stopGradient = entries[index].primitive { return true }
    return false
  }
}
