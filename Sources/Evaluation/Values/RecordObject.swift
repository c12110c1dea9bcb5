/// A record: names in a shape that records of equal names share, values behind the struct in the shape's order.
struct RecordObject {
  var header: ObjectHeader
  var capacity: Int
  var shape: UnsafeMutablePointer<RecordShape>

  static let headerBytes = MemoryLayout<RecordObject>.stride

  @inline(__always) static func bytes(_ capacity: Int) -> Int {
    headerBytes &+ capacity &* MemoryLayout<Value>.stride
  }
}

extension UnsafeMutablePointer where Pointee == RecordObject {
  @inline(__always) var values: UnsafeMutablePointer<Value> {
    (UnsafeMutableRawPointer(self) + RecordObject.headerBytes).assumingMemoryBound(to: Value.self)
  }
  @inline(__always) var count: Int { pointee.shape.pointee.count }
  @inline(__always) var shape: UnsafeMutablePointer<RecordShape> { pointee.shape }
  /// The i-th name as an interned string value, borrowed.
  @inline(__always) func key(_ index: Int) -> Value {
    Value(object: UnsafeMutableRawPointer(pointee.shape.pointee.keys[index]), .string)
  }
  /// The i-th name.
  func name(_ index: Int) -> String { key(index).swiftString }
}

extension Value {
  /// Only for `.record`.
  @inline(__always) var record: UnsafeMutablePointer<RecordObject> {
    pointer.assumingMemoryBound(to: RecordObject.self)
  }
}

extension Heap {
  /// A record with no fields and room for some.
  func emptyRecord(capacity: Int = 4) -> Value { record(shape: emptyShape(), capacity: capacity) }

  /// A record of a shape (whose count is taken over) with room for at least its fields; the caller fills the values.
  @inline(__always) func record(shape: UnsafeMutablePointer<RecordShape>, capacity: Int) -> Value {
    let pointer = allocate(RecordObject.bytes(capacity), .record)
    let record = pointer.assumingMemoryBound(to: RecordObject.self)
    record.pointee.shape = shape
    record.pointee.capacity = capacity
    return Value(object: pointer, .record)
  }

  /// A record of these fields in order; takes over the counts of the values. A later field of a name replaces an
  /// earlier one.
  func record(_ fields: [(String, Value)]) -> Value {
    var result = emptyRecord(capacity: fields.count)
    for (name, value) in fields {
      let key = interned(name)
      result = setField(result, key, value)
      release(key)
    }
    return result
  }

  /// The value under an interned name, borrowed; nil when there is none.
  @inline(__always) func field(_ value: Value, _ key: Value) -> Value? {
    let index = value.record.shape.index(of: key.string)
    return index < 0 ? nil : value.record.values[index]
  }

  /// The value under a name, borrowed; nil when there is none.
  func field(_ value: Value, named name: String) -> Value? {
    let key = interned(name)
    defer { release(key) }
    return field(value, key)
  }

  /// Sets or adds a field. Consumes the record and the field's value, borrows the (interned) key; copies the record
  /// only when somebody else holds it.
  func setField(_ value: Value, _ key: Value, _ field: Value) -> Value {
    var value = uniqueRecord(value)
    let record = value.record
    let index = record.shape.index(of: key.string)
    if index >= 0 {
      let old = record.values[index]
      record.values[index] = field
      release(old)
      return value
    }
    let count = record.count
    if count == record.pointee.capacity {
      let capacity = max(4, count * 2)
      let moved = reallocate(value.pointer, from: RecordObject.bytes(count), to: RecordObject.bytes(capacity))
      moved.assumingMemoryBound(to: RecordObject.self).pointee.capacity = capacity
      value = Value(object: moved, .record)
    }
    value.record.pointee.shape = extended(value.record.pointee.shape, with: key.string)
    value.record.values[count] = field
    return value
  }

  /// A copy with counts of its own; the argument keeps its count.
  func copiedRecord(_ value: Value) -> Value {
    state.pointee.copies += 1
    let record = value.record
    let count = record.count
    record.shape.pointee.references += 1
    let copy = self.record(shape: record.shape, capacity: count)
    for i in 0..<count { copy.record.values[i] = retained(record.values[i]) }
    return copy
  }

  /// The record itself if the caller is its one owner, otherwise a copy; consumes the caller's count.
  @inline(__always) func uniqueRecord(_ value: Value) -> Value {
    if value.isUnique { return value }
    let copy = copiedRecord(value)
    release(value)
    return copy
  }

  /// The record without the fields at these places; borrows the record, which is its own result where none of them is one of its fields.
  func record(_ value: Value, without left: Set<Int>) -> Value {
    let record = value.record
    let kept = (0..<record.count).filter { !left.contains($0) }
    guard kept.count < record.count else { return retained(value) }
    return kept.reduce(emptyRecord(capacity: max(1, kept.count))) { result, i in
      setField(result, record.key(i), retained(record.values[i]))
    }
  }
}
