/// A list: its elements stand behind the struct.
struct ListObject {
  var header: ObjectHeader
  var count: Int
  var capacity: Int

  static let headerBytes = MemoryLayout<ListObject>.stride

  /// Size of a list with room for so many elements.
  @inline(__always) static func bytes(_ capacity: Int) -> Int {
    headerBytes &+ capacity &* MemoryLayout<Value>.stride
  }
}

extension UnsafeMutablePointer where Pointee == ListObject {
  @inline(__always) var elements: UnsafeMutablePointer<Value> {
    (UnsafeMutableRawPointer(self) + ListObject.headerBytes).assumingMemoryBound(to: Value.self)
  }
  @inline(__always) var count: Int { pointee.count }
  @inline(__always) subscript(element index: Int) -> Value {
    get { elements[index] }
    nonmutating set { elements[index] = newValue }
  }
}

extension Value {
  /// Only for `.list`.
  @inline(__always) var list: UnsafeMutablePointer<ListObject> { pointer.assumingMemoryBound(to: ListObject.self) }
}

extension Heap {
  /// An empty list with room for `capacity` elements.
  func emptyList(capacity: Int) -> Value {
    let pointer = allocate(ListObject.bytes(capacity), .list)
    let list = pointer.assumingMemoryBound(to: ListObject.self)
    list.pointee.count = 0
    let sizeClass = Int(list.pointee.header.sizeClass)
    list.pointee.capacity =
      sizeClass == 0 ? capacity : (sizeClass << 4 - ListObject.headerBytes) / MemoryLayout<Value>.stride
    return Value(object: pointer, .list)
  }

  /// A list that takes over the counts of its elements.
  func list(_ elements: [Value]) -> Value {
    elements.withUnsafeBufferPointer { list(taking: $0) }
  }

  /// A list that takes over the counts of its elements.
  func list(taking elements: UnsafeBufferPointer<Value>) -> Value {
    let value = emptyList(capacity: elements.count)
    if let source = elements.baseAddress { value.list.elements.update(from: source, count: elements.count) }
    value.list.pointee.count = elements.count
    return value
  }

  /// Adds an element, whose count is taken over, to a list that one owner holds; gives the list, perhaps moved.
  @inline(__always) func append(_ value: Value, to list: Value) -> Value {
    let object = list.list
    let count = object.pointee.count
    if count < object.pointee.capacity {
      object.elements[count] = value
      object.pointee.count = count &+ 1
      return list
    }
    return appendGrowing(value, to: list)
  }

  @inline(never) private func appendGrowing(_ value: Value, to list: Value) -> Value {
    let grown = reserveList(list, more: 1)
    let object = grown.list
    object.elements[object.pointee.count] = value
    object.pointee.count += 1
    return grown
  }

  /// Makes room for more elements in a list that one owner holds; gives the list, perhaps moved.
  func reserveList(_ value: Value, more: Int) -> Value {
    let list = value.list
    let needed = list.pointee.count + more
    if needed <= list.pointee.capacity { return value }
    let capacity = max(needed, list.pointee.capacity * 2, 4)
    let moved = reallocate(
      value.pointer, from: ListObject.bytes(list.pointee.capacity), to: ListObject.bytes(capacity))
    moved.assumingMemoryBound(to: ListObject.self).pointee.capacity = capacity
    return Value(object: moved, .list)
  }

  /// A copy with counts of its own; the argument keeps its count.
  func copiedList(_ value: Value) -> Value {
    state.pointee.copies += 1
    let list = value.list
    let copy = emptyList(capacity: list.count)
    for i in 0..<list.count { copy.list.elements[i] = retained(list.elements[i]) }
    copy.list.pointee.count = list.count
    return copy
  }

  /// The list itself if the caller is its one owner, otherwise a copy; consumes the caller's count.
  @inline(__always) func uniqueList(_ value: Value) -> Value {
    if value.isUnique { return value }
    let copy = copiedList(value)
    release(value)
    return copy
  }
}
