/// A range kept as a value: `start`, `end` and `step` are numbers (`step` is none when not written).
struct RangeObject {
  var header: ObjectHeader
  var start: Value
  var end: Value
  var step: Value
  static let isInclusive: UInt8 = 1
}

/// A closure: a prototype and the values it captured, which stand behind the struct. It never captures itself or its
/// siblings, so no cycle can arise.
struct ClosureObject {
  var header: ObjectHeader
  var prototype: UnsafeMutablePointer<LoadedPrototype>

  static let headerBytes = MemoryLayout<ClosureObject>.stride
  @inline(__always) static func bytes(_ captures: Int) -> Int {
    headerBytes &+ captures &* MemoryLayout<Value>.stride
  }
}

extension UnsafeMutablePointer where Pointee == ClosureObject {
  @inline(__always) var captures: UnsafeMutablePointer<Value> {
    (UnsafeMutableRawPointer(self) + ClosureObject.headerBytes).assumingMemoryBound(to: Value.self)
  }
  @inline(__always) var captureCount: Int { Int(pointee.prototype.pointee.captureCount) }
  /// The code, with names and roles of captures (`prototype.captures[i].name`, `.role`).
  var prototype: Prototype { pointee.prototype.pointee.prototype.takeUnretainedValue() }
}

/// Two values and, if any, a Swift object. By tag:
/// - `.tensor`: `object` is a `Tensors.Tensor` or a traced value of the bridge; no values.
/// - `.table`: `first` is a record of columns (lists of equal length), `second` a record of attachments (`series`,
/// `failures`).
/// - `.figure`: `first` is the record that describes it.
/// - `.module`: `first` is its name, `second` a record of members.
/// - `.overload`: `first` is its name, `second` a list of `[kinds (int bits of KindSet), function]` pairs, flattened.
/// - `.bound`: `object` is a `BoundNative`, `first` a list of values it holds.
struct BoxObject {
  var header: ObjectHeader
  var first: Value
  var second: Value
  var object: Unmanaged<AnyObject>?
}

extension Value {
  /// Only for `.closure`.
  @inline(__always) var closure: UnsafeMutablePointer<ClosureObject> {
    pointer.assumingMemoryBound(to: ClosureObject.self)
  }
  /// Only for `.range`.
  var range: UnsafeMutablePointer<RangeObject> { pointer.assumingMemoryBound(to: RangeObject.self) }
  /// Only for the tags that `BoxObject` lists.
  @inline(__always) var box: UnsafeMutablePointer<BoxObject> { pointer.assumingMemoryBound(to: BoxObject.self) }
  /// What a `.tensor` or `.bound` holds.
  var boxedObject: AnyObject? { box.pointee.object?.takeUnretainedValue() }
  /// Number of rows of a `.table`.
  var tableRowCount: Int {
    let columns = box.pointee.first.record
    return columns.count == 0 ? 0 : columns.values[0].list.count
  }
}

extension Heap {
  func box(_ tag: Tag, _ first: Value = .none, _ second: Value = .none, object: AnyObject? = nil) -> Value {
    let pointer = allocate(MemoryLayout<BoxObject>.stride, tag)
    let box = pointer.assumingMemoryBound(to: BoxObject.self)
    box.pointee.first = first
    box.pointee.second = second
    box.pointee.object = object.map { Unmanaged.passRetained($0) }
    return Value(object: pointer, tag)
  }

  /// A tensor-kinded value that holds a `Tensors.Tensor` or a traced value (the tensor hooks know which); `bytes`
  /// count against the memory limit.
  func tensor(holding object: AnyObject, bytes: Int) -> Value {
    let value = box(.tensor, Value(bytes), .none, object: object)
    account(bytes)
    return value
  }

  func deallocateTensor(_ value: Value) {
    let box = value.box
    if box.pointee.first.tag == .int { account(-box.pointee.first.asInt) }
    let object = box.pointee.object
    deallocate(value.pointer, bytes: MemoryLayout<BoxObject>.stride)
    object?.release()
  }

  /// A table; takes over both records. Columns are lists of equal length.
  func table(columns: Value, attachments: Value) -> Value { box(.table, columns, attachments) }

  func range(_ start: Value, _ end: Value, step: Value, isInclusive: Bool) -> Value {
    let pointer = allocate(MemoryLayout<RangeObject>.stride, .range)
    let range = pointer.assumingMemoryBound(to: RangeObject.self)
    range.pointee.start = start
    range.pointee.end = end
    range.pointee.step = step
    if isInclusive { range.pointee.header.flags |= RangeObject.isInclusive }
    return Value(object: pointer, .range)
  }

  /// A closure with room for its captures, which the caller fills.
  @inline(__always) func closure(_ prototype: UnsafeMutablePointer<LoadedPrototype>, captures: Int) -> Value {
    let pointer = allocate(ClosureObject.bytes(captures), .closure)
    pointer.assumingMemoryBound(to: ClosureObject.self).pointee.prototype = prototype
    return Value(object: pointer, .closure)
  }

  /// The same code with other captured values (as many, in the same order); takes over their counts, borrows the
  /// closure.
  func closure(like value: Value, captures: [Value]) -> Value {
    let result = closure(value.closure.pointee.prototype, captures: captures.count)
    for (i, capture) in captures.enumerated() { result.closure.captures[i] = capture }
    return result
  }
}
