/// The names of records in order. Counted; records of equal history share one, and one that a single record holds may
/// grow in place (so that a record used as a dictionary grows in constant time per name).
struct RecordShape {
  var references: Int
  /// Never used twice, so that inline caches cannot mistake a new shape for a dead one.
  var id: UInt32
  /// Whether the transition table holds it; then it never changes.
  var isShared: Bool
  var count: Int
  var capacity: Int
  var keys: UnsafeMutablePointer<UnsafeMutablePointer<StringObject>>
  /// Open addressing from a name's hash to its index + 1, present above eight names.
  var index: UnsafeMutablePointer<Int32>?
  var indexMask: Int
}

extension UnsafeMutablePointer where Pointee == RecordShape {
  /// The index of an interned name, or -1.
  @inline(__always) func index(of key: UnsafeMutablePointer<StringObject>) -> Int {
    let count = pointee.count
    if let index = pointee.index { return indexHashed(key, index) }
    let keys = pointee.keys
    for i in 0..<count where keys[i] == key { return i }
    return -1
  }

  @inline(never) private func indexHashed(
    _ key: UnsafeMutablePointer<StringObject>, _ index: UnsafeMutablePointer<Int32>
  )
    -> Int
  {
    let mask = pointee.indexMask
    var slot = Int(truncatingIfNeeded: key.pointee.hash) & mask
    while index[slot] != 0 {
      let i = Int(index[slot]) - 1
      if pointee.keys[i] == key { return i }
      slot = (slot + 1) & mask
    }
    return -1
  }
}

/// Which shape follows from adding a name to a shape, so that records made alike share theirs.
struct ShapeTable {
  struct Step: Hashable {
    var id: UInt32
    var key: UnsafeMutablePointer<StringObject>
  }
  fileprivate var steps: [Step: UnsafeMutablePointer<RecordShape>] = [:]
  fileprivate var empty: UnsafeMutablePointer<RecordShape>?
  fileprivate var nextID: UInt32 = 1
  /// Above these a record gets a shape of its own.
  fileprivate static let maximumSteps = 8192
  fileprivate static let maximumSharedCount = 24

  /// Forgets everything without touching the strings; for the end of the heap.
  func destroy() {
    var all = Array(steps.values)
    if let empty { all.append(empty) }
    for shape in all {
      shape.pointee.keys.deallocate()
      shape.pointee.index?.deallocate()
      shape.deallocate()
    }
  }
}

extension Heap {
  private func makeShape(capacity: Int) -> UnsafeMutablePointer<RecordShape> {
    let shape = UnsafeMutablePointer<RecordShape>.allocate(capacity: 1)
    let id = state.pointee.shapes.nextID
    state.pointee.shapes.nextID &+= 1
    shape.initialize(
      to: RecordShape(
        references: 1, id: id, isShared: false, count: 0, capacity: capacity, keys: .allocate(capacity: capacity),
        index: nil, indexMask: 0))
    account(MemoryLayout<RecordShape>.stride + capacity * 8)
    return shape
  }

  /// The shape without names; a count is taken for the caller.
  func emptyShape() -> UnsafeMutablePointer<RecordShape> {
    if let empty = state.pointee.shapes.empty {
      empty.pointee.references += 1
      return empty
    }
    let shape = makeShape(capacity: 1)
    shape.pointee.isShared = true
    shape.pointee.references = 2
    state.pointee.shapes.empty = shape
    return shape
  }

  /// The shape with one more (interned) name. Consumes a count of the old shape, gives one of the new.
  func extended(_ shape: UnsafeMutablePointer<RecordShape>, with key: UnsafeMutablePointer<StringObject>)
    -> UnsafeMutablePointer<RecordShape>
  {
    if shape.pointee.references == 1, !shape.pointee.isShared {
      addKey(shape, key)
      return shape
    }
    let step = ShapeTable.Step(id: shape.pointee.id, key: key)
    if shape.pointee.isShared, let next = state.pointee.shapes.steps[step] {
      next.pointee.references += 1
      releaseShape(shape)
      return next
    }
    let next = makeShape(capacity: shape.pointee.count + 4)
    for i in 0..<shape.pointee.count { addKey(next, shape.pointee.keys[i]) }
    addKey(next, key)
    let steps = state.pointee.shapes.steps.count
    if shape.pointee.isShared, next.pointee.count <= ShapeTable.maximumSharedCount, steps < ShapeTable.maximumSteps {
      next.pointee.isShared = true
      next.pointee.references += 1
      state.pointee.shapes.steps[step] = next
    }
    releaseShape(shape)
    return next
  }

  private func addKey(_ shape: UnsafeMutablePointer<RecordShape>, _ key: UnsafeMutablePointer<StringObject>) {
    if shape.pointee.count == shape.pointee.capacity {
      let grown = UnsafeMutablePointer<UnsafeMutablePointer<StringObject>>.allocate(
        capacity: shape.pointee.capacity * 2 + 2)
      grown.update(from: shape.pointee.keys, count: shape.pointee.count)
      shape.pointee.keys.deallocate()
      shape.pointee.keys = grown
      account((shape.pointee.capacity + 2) * 8)
      shape.pointee.capacity = shape.pointee.capacity * 2 + 2
    }
    key.pointee.header.references += 1
    shape.pointee.keys[shape.pointee.count] = key
    shape.pointee.count += 1
    if shape.pointee.count > 8 { indexKey(shape) }
  }

  private func indexKey(_ shape: UnsafeMutablePointer<RecordShape>) {
    let count = shape.pointee.count
    if shape.pointee.index == nil || count * 2 > shape.pointee.indexMask + 1 {
      shape.pointee.index?.deallocate()
      let capacity = shape.pointee.index == nil ? 32 : (shape.pointee.indexMask + 1) * 2
      let index = UnsafeMutablePointer<Int32>.allocate(capacity: capacity)
      index.initialize(repeating: 0, count: capacity)
      shape.pointee.index = index
      shape.pointee.indexMask = capacity - 1
      for i in 0..<count { place(shape, i) }
    } else {
      place(shape, count - 1)
    }
  }

  private func place(_ shape: UnsafeMutablePointer<RecordShape>, _ i: Int) {
    guard let index = shape.pointee.index else { return }
    var slot = Int(truncatingIfNeeded: shape.pointee.keys[i].pointee.hash) & shape.pointee.indexMask
    while index[slot] != 0 { slot = (slot + 1) & shape.pointee.indexMask }
    index[slot] = Int32(truncatingIfNeeded: i + 1)
  }

  /// Gives a count of a shape back.
  @inline(__always) func releaseShape(_ shape: UnsafeMutablePointer<RecordShape>) {
    shape.pointee.references &-= 1
    if shape.pointee.references == 0 { freeShape(shape) }
  }

  @inline(never) private func freeShape(_ shape: UnsafeMutablePointer<RecordShape>) {
    for i in 0..<shape.pointee.count {
      release(Value(object: UnsafeMutableRawPointer(shape.pointee.keys[i]), .string))
    }
    account(-(MemoryLayout<RecordShape>.stride + shape.pointee.capacity * 8))
    shape.pointee.keys.deallocate()
    shape.pointee.index?.deallocate()
    shape.deallocate()
  }

  /// Lets the shapes that wait for reuse go, so that only live values count as alive.
  func releaseSharedShapes() {
    let shapes = state.pointee.shapes.steps.values
    state.pointee.shapes.steps = [:]
    for shape in shapes {
      shape.pointee.isShared = false
      releaseShape(shape)
    }
    if let empty = state.pointee.shapes.empty {
      state.pointee.shapes.empty = nil
      empty.pointee.isShared = false
      releaseShape(empty)
    }
  }
}
