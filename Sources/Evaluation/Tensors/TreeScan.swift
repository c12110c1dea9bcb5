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
  /// Bytes of the paths.
  private var pathBytes = 0

  /// Walks a value. Throws where the user asks to stop, and E0302 where what is found takes more memory than is left: a value
  /// whose parts share their own can have more leaves than memory holds.
  init(_ value: Value, wantsPaths: Bool = false, machine: Machine) throws {
    self.wantsPaths = wantsPaths
    var watch = WalkWatch()
    var levels: [Level] = []
    meet(value, .plain, levels)
    if let node = TreeNode(value) { levels.append(open(node)) }
    nodes: while let top = levels.indices.last {
      let node = levels[top].node
      while levels[top].next < node.count {
        let index = levels[top].next, child = node[index]
        levels[top].next = index + 1
        guard child.isHeap || child.isNumber || child.tag == .native else { continue }
        // Writing a path takes as long as it is.
        try watch.step(machine, parts: wantsPaths ? levels.count : 1, holding: bytes(levels))
        let role = node.role(index)
        meet(child, role, levels)
        guard role == .plain, let inner = TreeNode(child) else { continue }
        levels.append(open(inner))
        continue nodes
      }
      levels.removeLast()
    }
  }

  /// A node on the way to what is met, with the place of its next child.
  private struct Level {
    var node: TreeNode
    var next = 0
  }

  private mutating func open(_ node: TreeNode) -> Level {
    if node.value.tag != .list { holdsOnlyScalars = false }
    return Level(node: node)
  }

  private mutating func meet(_ value: Value, _ role: TreeNode.Role, _ levels: [Level]) {
    if role == .plain || role == .param { visit(value, role, levels) }
    if role == .state { holdsState = true }
    if wantsPaths, role != .plain { note(value, role, levels) }
  }

  /// What the walk holds.
  private func bytes(_ levels: [Level]) -> Int {
    let values = params.capacity + floats.capacity + numbers.capacity + scalars.capacity
    let paths = paramPaths.capacity + floatPaths.capacity + numberPaths.capacity + scalarPaths.capacity
    return values * MemoryLayout<Value>.stride + paths * MemoryLayout<String>.stride + pathBytes
      + levels.capacity * MemoryLayout<Level>.stride + modelTensors.capacity * MemoryLayout<ModelTensor>.stride
      + allTensors.capacity * MemoryLayout<(path: String, value: Value)>.stride
  }

  /// Paths are written for leaves only: a deep tree would take quadratic time otherwise.
  private mutating func path(_ levels: [Level]) -> String {
    guard wantsPaths else { return "" }
    var result = ""
    for level in levels {
      let step = level.node.path(level.next - 1, under: "")
      if step.isEmpty { continue }
      if !result.isEmpty, !step.hasPrefix("[") { result += "." }
      result += step
    }
    pathBytes += result.utf8.count
    return result
  }

  private mutating func note(_ value: Value, _ role: TreeNode.Role, _ levels: [Level]) {
    guard value.tag == .tensor else { return }
    let isFrozen = value.header.pointee.flags & TensorFlags.isFrozen != 0
    modelTensors.append(ModelTensor(value: value, path: path(levels), isTrainable: role == .param && !isFrozen))
  }

  private mutating func visit(_ value: Value, _ role: TreeNode.Role, _ levels: [Level]) {
    if value.isFunction { holdsFunction = true }
    if role == .param, TreeScan.isFrozen(value) { holdsFrozen = true }
    if wantsPaths, value.tag == .tensor, role != .param { allTensors.append((path(levels), value)) }
    if holdsOnlyScalars { visitScalar(value, levels) }
    if Leaves.numbers.contains(value, role) {
      numbers.append(value)
      if wantsPaths { numberPaths.append(path(levels)) }
    } else if Leaves.params.contains(value, role) {
      params.append(value)
      if wantsPaths { paramPaths.append(path(levels)) }
    } else if role != .param, Leaves.floats.contains(value, .plain) {
      floats.append(value)
      if wantsPaths { floatPaths.append(path(levels)) }
    }
  }

  private mutating func visitScalar(_ value: Value, _ levels: [Level]) {
    let isScalar = TreeScan.isScalar(value)
    holdsOnlyScalars = isScalar || value.tag != .tensor
    guard isScalar || value.isNumber else { return }
    scalars.append(value)
    if isScalar, value.header.pointee.flags & TensorFlags.isNumber == 0 { scalarTensors += 1 }
    if wantsPaths { scalarPaths.append(path(levels)) }
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
