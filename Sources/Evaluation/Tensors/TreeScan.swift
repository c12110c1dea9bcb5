import Graphs
import Syntax
import Tensors

/// What a value looks like as a tree of vectors: what it holds, in depth-first order.
struct TreeScan {
  /// Which parts of a value are the coordinates of its vector space.
  enum Leaves {
    /// It holds a function: its trainable `param`s.
    case params
    /// Its floating-point tensors.
    case floats
    /// It has neither: its numbers.
    case numbers
    /// It is a list, or lists in a list, of numbers and tensors without axes, which are shown alike: both.
    case scalars
    /// What its functions remember: their states.
    case states
    /// All that its functions learn and remember: their `param`s, frozen ones too, and their states.
    case stored

    /// Whether a part, with its role in what holds it, is a coordinate.
    @inline(__always) func contains(_ value: Value, _ role: TreeNode.Role) -> Bool {
      switch self {
      case .numbers:
        return value.isNumber || (value.tag == .tensor && value.header.pointee.flags & TensorFlags.isNumber != 0)
      case .floats:
        return value.tag == .tensor && value.header.pointee.flags & TensorFlags.isNumber == 0 && TreeScan.isFloat(value)
      case .params:
        return role == .param && value.tag == .tensor && value.header.pointee.flags & TensorFlags.isFrozen == 0
          && TreeScan.isFloat(value)
      case .scalars: return value.isNumber || TreeScan.isScalar(value)
      case .states: return role == .state
      case .stored: return role == .param || role == .state
      }
    }
  }

  /// A tensor of a model with its path.
  struct ModelTensor {
    var value: Value
    var path: String
    var isTrainable: Bool
  }

  /// Whether a function stands somewhere in the value.
  private(set) var holdsFunction = false
  /// Whether a state of one does.
  private var holdsState = false
  /// Whether a frozen param does.
  private var holdsFrozen = false
  /// Trainable params, float tensors, and numbers, borrowed from the scanned value.
  private(set) var params: [Value] = []
  private(set) var floats: [Value] = []
  private(set) var numbers: [Value] = []
  /// Numbers and tensors without axes in their order, as long as nothing but lists of such was found.
  private var scalars: [Value] = []
  private var holdsOnlyScalars = true
  private var scalarTensors = 0
  /// The paths of the four, when asked for.
  private(set) var paramPaths: [String] = []
  private(set) var floatPaths: [String] = []
  private(set) var numberPaths: [String] = []
  private var scalarPaths: [String] = []
  /// All params (frozen ones too) and states, when paths were asked for.
  private(set) var modelTensors: [ModelTensor] = []
  /// All other tensors, when paths were asked for.
  private(set) var allTensors: [(path: String, value: Value)] = []

  private let wantsPaths: Bool

  init(_ value: Value, wantsPaths: Bool = false, machine: Machine) {
    self.wantsPaths = wantsPaths
    var pending = [Pending(value: value, place: -1, role: .plain)]
    var places: [Place] = []
    while let next = pending.popLast() {
      if next.role == .plain || next.role == .param { visit(next, places) }
      if next.role == .state { holdsState = true }
      if wantsPaths, next.role != .plain { note(next, places) }
      guard next.role == .plain, let children = TreeNode(next.value) else { continue }
      if next.value.tag != .list { holdsOnlyScalars = false }
      var parent = -1
      if wantsPaths, children.count > 0 {
        parent = places.count
        places.append(Place(node: children, index: next.index, parent: next.place))
      }
      for i in stride(from: children.count - 1, through: 0, by: -1) {
        let child = children[i]
        guard child.isHeap || child.isNumber || child.tag == .native else { continue }
        pending.append(Pending(value: child, place: parent, index: i, role: children.role(i)))
      }
    }
  }

  private struct Pending {
    var value: Value
    /// What holds it, in `places`, and where; -1 for the root.
    var place: Int
    var index = 0
    var role: TreeNode.Role
  }

  /// A node on the way to a leaf.
  private struct Place {
    var node: TreeNode
    var index: Int
    var parent: Int
  }

  /// Paths are written for leaves only: a deep tree would take quadratic time otherwise.
  private func path(_ part: Pending, _ places: [Place]) -> String {
    guard wantsPaths else { return "" }
    var steps: [String] = []
    var (place, index) = (part.place, part.index)
    while place >= 0 {
      steps.append(places[place].node.path(index, under: ""))
      (index, place) = (places[place].index, places[place].parent)
    }
    var result = ""
    for step in steps.reversed() where !step.isEmpty {
      if !result.isEmpty, !step.hasPrefix("[") { result += "." }
      result += step
    }
    return result
  }

  private mutating func note(_ part: Pending, _ places: [Place]) {
    guard part.value.tag == .tensor else { return }
    let isFrozen = part.value.header.pointee.flags & TensorFlags.isFrozen != 0
    modelTensors.append(
      ModelTensor(value: part.value, path: path(part, places), isTrainable: part.role == .param && !isFrozen))
  }

  private mutating func visit(_ part: Pending, _ places: [Place]) {
    let (value, role) = (part.value, part.role)
    if value.isFunction { holdsFunction = true }
    if role == .param, TreeScan.isFrozen(value) { holdsFrozen = true }
    if wantsPaths, value.tag == .tensor, role != .param { allTensors.append((path(part, places), value)) }
    if holdsOnlyScalars { visitScalar(part, places) }
    if Leaves.numbers.contains(value, role) {
      numbers.append(value)
      if wantsPaths { numberPaths.append(path(part, places)) }
    } else if Leaves.params.contains(value, role) {
      params.append(value)
      if wantsPaths { paramPaths.append(path(part, places)) }
    } else if role != .param, Leaves.floats.contains(value, .plain) {
      floats.append(value)
      if wantsPaths { floatPaths.append(path(part, places)) }
    }
  }

  private mutating func visitScalar(_ part: Pending, _ places: [Place]) {
    let isScalar = TreeScan.isScalar(part.value)
    holdsOnlyScalars = isScalar || part.value.tag != .tensor
    guard isScalar || part.value.isNumber else { return }
    scalars.append(part.value)
    if isScalar, part.value.header.pointee.flags & TensorFlags.isNumber == 0 { scalarTensors += 1 }
    if wantsPaths { scalarPaths.append(path(part, places)) }
  }

  /// Whether it is a tensor of numbers without axes.
  private static func isScalar(_ value: Value) -> Bool {
    guard value.tag == .tensor, let object = value.boxedObject else { return false }
    if let tensor = object as? Tensor { return tensor.shape.isEmpty && tensor.type != .bool }
    if let traced = object as? TracedValue { return traced.shape.isEmpty && traced.type != .bool }
    return false
  }

  /// Whether it is a param that `freeze` has taken out of training.
  static func isFrozen(_ param: Value) -> Bool {
    param.tag == .tensor && param.header.pointee.flags & TensorFlags.isFrozen != 0
  }

  /// Whether it is a model whose params are all frozen.
  var isFrozen: Bool { holdsFunction && holdsFrozen && params.isEmpty }

  static func isFloat(_ value: Value) -> Bool {
    guard let object = value.boxedObject else { return false }
    return isFloat(object)
  }

  private static func isFloat(_ object: AnyObject) -> Bool {
    if let tensor = object as? Tensor { return tensor.type.isFloat }
    if let traced = object as? TracedValue { return traced.type.isFloat }
    if let cell = object as? StateCell { return isFloat(cell.content) }
    return false
  }

  /// Whether it holds no coordinates of a kind.
  func isEmpty(of leaves: Leaves) -> Bool {
    switch leaves {
    case .params: params.isEmpty
    case .floats: floats.isEmpty
    case .numbers: numbers.isEmpty
    case .scalars: scalars.isEmpty
    case .states: !holdsState
    case .stored: params.isEmpty && !holdsFrozen && !holdsState
    }
  }

  /// Which of them are the coordinates.
  var leaves: Leaves {
    if holdsFunction { return .params }
    if holdsOnlyScalars, scalarTensors > 0, scalarTensors < scalars.count { return .scalars }
    return floats.isEmpty ? .numbers : .floats
  }
  var values: [Value] {
    switch leaves {
    case .params: params
    case .floats: floats
    case .numbers: numbers
    case .scalars: scalars
    case .states, .stored: []
    }
  }
  var paths: [String] {
    switch leaves {
    case .params: paramPaths
    case .floats: floatPaths
    case .numbers: numberPaths
    case .scalars: scalarPaths
    case .states, .stored: []
    }
  }
}

/// The children of a value that holds others.
struct TreeNode {
  let value: Value
  let count: Int
  private let children: UnsafeMutablePointer<Value>
  private let captures: [Prototype.CapturedName]?

  /// Nil for a value without children that count (tensors, numbers, strings, tables …).
  init?(_ value: Value) {
    self.value = value
    switch value.tag {
    case .list:
      children = value.list.elements
      count = value.list.count
      captures = nil
    case .record:
      children = value.record.values
      count = value.record.count
      captures = nil
    case .closure:
      children = value.closure.captures
      count = value.closure.captureCount
      captures = value.closure.prototype.captures
    case .bound:
      children = value.pointer.advanced(by: TreeNode.firstOffset).assumingMemoryBound(to: Value.self)
      count = 1
      captures = nil
    case .overload:
      children = value.pointer.advanced(by: TreeNode.firstOffset).assumingMemoryBound(to: Value.self) + 1
      count = 1
      captures = nil
    default: return nil
    }
  }

  /// Where `BoxObject.first` lies; `second` follows.
  private static let firstOffset = MemoryLayout<BoxObject>.offset(of: \BoxObject.first) ?? 8

  @inline(__always) subscript(_ index: Int) -> Value { children[index] }

  /// What a child is to its owner.
  enum Role { case plain, param, state }

  @inline(__always) func role(_ index: Int) -> Role {
    guard let captures, index < captures.count else { return .plain }
    switch captures[index].role {
    case .param: return .param
    case .state: return .state
    default: return .plain
    }
  }

  /// The path of a child: `layers[0].weight`.
  func path(_ index: Int, under path: String) -> String {
    switch value.tag {
    case .list: return "\(path)[\(index)]"
    case .record: return join(path, value.record.name(index))
    case .closure: return join(path, captures?[index].name ?? "")
    default: return path
    }
  }

  private func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  /// The same value with other children, whose counts are taken over.
  func rebuilt(_ children: [Value], _ heap: Heap) -> Value {
    switch value.tag {
    case .list: return heap.list(children)
    case .record:
      let shape = value.record.shape
      shape.pointee.references += 1
      let record = heap.record(shape: shape, capacity: children.count)
      for (i, child) in children.enumerated() { record.record.values[i] = child }
      return record
    case .closure: return heap.closure(like: value, captures: children)
    case .bound:
      let object = (value.boxedObject as? BoundNative).map { BoundNative($0.function) }
      return heap.box(.bound, children[0], .none, object: object)
    case .overload: return heap.box(.overload, heap.retained(value.box.pointee.first), children[0])
    default: return heap.retained(value)
    }
  }
}
