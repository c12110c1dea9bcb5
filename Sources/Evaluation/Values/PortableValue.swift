/// A value copied out of an interpreter's heap so that another interpreter, on another thread, can take it in. Tensor
/// storage is shared; everything else is a copy. Held as a flat list of nodes, children before parents, so that depth
/// costs no stack.
public struct PortableValue: @unchecked Sendable {
  enum Node {
    case plain(Value)
    case string(String)
    case list(Int)
    case record([String])
    case range(isInclusive: Bool)
    case closure(Prototype, captures: Int)
    /// table, figure, module, overload, bound, tensor: two values, perhaps an object, and flags that are kept.
    case box(Tag, AnyObject?, flags: UInt8)
    /// The object that was completed as the n-th, once more.
    case again(Int)
  }
  fileprivate(set) var nodes: [Node] = []
  private var units = HeldUnits()

  /// Adds a node; what the function of a closure may make stays alive with the value.
  mutating func append(_ node: Node) {
    if case .closure(let prototype, _) = node { units.hold(prototype) }
    nodes.append(node)
  }
}

extension Machine {
  /// A copy for another interpreter; throws for traced values.
  func portable(_ value: Value) throws -> PortableValue {
    var result = PortableValue()
    var numbers: [UInt64: Int] = [:]
    // What `item` stands in, outermost first, each with the number of its next child.
    var path: [(value: Value, next: Int)] = []
    var item = value
    while true {
      try pollInterrupt()
      if !item.isHeap {
        result.nodes.append(.plain(item))
      } else if let number = numbers[item.bits] {
        result.nodes.append(.again(number))
      } else {
        path.append((item, 0))
      }
      while let (holder, next) = path.last, next == childCount(holder) {
        path.removeLast()
        numbers[holder.bits] = numbers.count
        result.append(try node(holder))
      }
      guard let (holder, next) = path.last else { return result }
      path[path.count - 1].next += 1
      item = child(holder, next)
    }
  }

  /// How many values an object holds.
  private func childCount(_ value: Value) -> Int {
    switch value.tag {
    case .list: value.list.count
    case .record: value.record.count
    case .closure: value.closure.captureCount
    case .range: 3
    case .table, .figure, .module, .overload, .bound: 2
    case .none, .unset, .bool, .int, .float, .native, .string, .tensor: 0
    }
  }

  /// One of them, borrowed.
  private func child(_ value: Value, _ i: Int) -> Value {
    switch value.tag {
    case .list: value.list.elements[i]
    case .record: value.record.values[i]
    case .closure: value.closure.captures[i]
    case .range: [value.range.pointee.start, value.range.pointee.end, value.range.pointee.step][i]
    default: i == 0 ? value.box.pointee.first : value.box.pointee.second
    }
  }

  private func node(_ value: Value) throws -> PortableValue.Node {
    switch value.tag {
    case .string: return .string(value.swiftString)
    case .list: return .list(value.list.count)
    case .record: return .record((0..<value.record.count).map { value.record.name($0) })
    case .closure: return .closure(value.closure.prototype, captures: value.closure.captureCount)
    case .range: return .range(isInclusive: value.range.pointee.header.flags & RangeObject.isInclusive != 0)
    case .tensor, .bound:
      guard let object = value.boxedObject.flatMap(TensorHooks.portable) else {
        throw RuntimeError("E0505", "a value that is being traced cannot leave its function")
      }
      return .box(
        value.tag, object, flags: value.tag == .tensor ? value.header.pointee.flags & TensorFlags.isFrozen : 0)
    default: return .box(value.tag, nil, flags: 0)
    }
  }

  /// Takes a copy in; owned by the caller.
  func value(_ portable: PortableValue) -> Value {
    var stack: [Value] = []
    var completed: [Value] = []
    for node in portable.nodes {
      let made: Value
      switch node {
      case .plain(let value):
        stack.append(value)
        continue
      case .again(let number):
        stack.append(heap.retained(completed[number]))
        continue
      case .string(let text): made = heap.string(text)
      case .list(let count):
        made = heap.list(Array(stack.suffix(count)))
        stack.removeLast(count)
      case .record(let names):
        let values = stack.suffix(names.count)
        made = heap.record(Array(zip(names, values)))
        stack.removeLast(names.count)
      case .closure(let prototype, let count):
        made = heap.closure(load(prototype), captures: count)
        for (i, value) in stack.suffix(count).enumerated() { made.closure.captures[i] = value }
        stack.removeLast(count)
      case .range(let isInclusive):
        let parts = Array(stack.suffix(3))
        made = heap.range(parts[0], parts[1], step: parts[2], isInclusive: isInclusive)
        stack.removeLast(3)
      case .box(.tensor, let object, let flags):
        made = object.map { heap.tensor(holding: $0, bytes: TensorHooks.byteCount($0)) } ?? .none
        if made.tag == .tensor { made.header.pointee.flags |= flags }
      case .box(let tag, let object, _):
        let parts = Array(stack.suffix(2))
        // What a native keeps between calls, such as plans, belongs to one interpreter: each that the value comes to gets its own.
        let own = (object as? BoundNative).map { BoundNative($0.function) } ?? object
        made = heap.box(tag, parts[0], parts[1], object: own)
        stack.removeLast(2)
      }
      stack.append(made)
      completed.append(made)
    }
    return stack.last ?? .none
  }
}
