/// What a value is. Tags from `firstHeapTag` on carry a pointer to a counted heap object in `Value.bits`.
enum Tag: UInt8 {
  case none = 0
  /// A parameter that was not given, or a capture that is not bound yet; never seen by a program.
  case unset = 1
  case bool = 2
  case int = 3
  case float = 4
  /// A native function, by its number in the interpreter's table of natives.
  case native = 5
  case string = 16
  case list = 17
  case record = 18
  case range = 19
  case closure = 20
  /// Definitions of one name per kind of the first argument.
  case overload = 21
  case tensor = 22
  case table = 23
  case figure = 24
  case module = 25
  /// A native function with values of its own, such as what `grad(f)` gives.
  case bound = 26
}

/// A value of the language: 16 bytes, plain data. Who holds one that is on the heap owns a count of it: `Heap.retain`
/// and `Heap.release` are called by hand, in this room only.
struct Value {
  var tag: Tag
  var bits: UInt64

  @inline(__always) init(tag: Tag, bits: UInt64) {
    self.tag = tag
    self.bits = bits
  }

  static let none = Value(tag: .none, bits: 0)
  static let unset = Value(tag: .unset, bits: 0)

  @inline(__always) init(_ value: Bool) { self.init(tag: .bool, bits: value ? 1 : 0) }
  @inline(__always) init(_ value: Int) { self.init(tag: .int, bits: UInt64(bitPattern: Int64(value))) }
  @inline(__always) init(_ value: Double) { self.init(tag: .float, bits: value.bitPattern) }
  @inline(__always) init(object: UnsafeMutableRawPointer, _ tag: Tag) {
    self.init(tag: tag, bits: UInt64(UInt(bitPattern: object)))
  }

  /// Whether `bits` points at a counted object.
  @inline(__always) var isHeap: Bool { tag.rawValue >= Tag.string.rawValue }
  @inline(__always) var isNone: Bool { tag == .none }
  @inline(__always) var isUnset: Bool { tag == .unset }
  @inline(__always) var isNumber: Bool { tag == .int || tag == .float }
  @inline(__always) var isFunction: Bool {
    tag == .closure || tag == .native || tag == .overload || tag == .bound
  }
  /// Only for `.bool`.
  @inline(__always) var asBool: Bool { bits != 0 }
  /// Only for `.int`.
  @inline(__always) var asInt: Int { Int(Int64(bitPattern: bits)) }
  /// Only for `.float`.
  @inline(__always) var asDouble: Double { Double(bitPattern: bits) }
  /// An int or a float as a double; only when `isNumber`.
  @inline(__always) var number: Double { tag == .int ? Double(asInt) : asDouble }
  /// Only for heap tags.
  @inline(__always) var pointer: UnsafeMutableRawPointer {
    UnsafeMutableRawPointer(bitPattern: UInt(bits)).unsafelyUnwrapped
  }
  /// Only for heap tags.
  @inline(__always) var header: UnsafeMutablePointer<ObjectHeader> {
    pointer.assumingMemoryBound(to: ObjectHeader.self)
  }
  /// Whether exactly one owner holds the object; only for heap tags.
  @inline(__always) var isUnique: Bool { header.pointee.references == 1 }

  /// Same bits: the same object, or the same plain value.
  @inline(__always) func isIdentical(_ other: Value) -> Bool { tag == other.tag && bits == other.bits }

  /// The name of its kind as the language says it (`kind(x)`).
  var kindName: String {
    switch tag {
    case .none, .unset: "none"
    case .bool: "bool"
    case .int: "int"
    case .float: "float"
    case .native, .closure, .overload, .bound: "function"
    case .string: "string"
    case .list: "list"
    case .record: "record"
    case .range: "range"
    case .tensor: header.pointee.flags & TensorFlags.isNumber != 0 ? "number" : "tensor"
    case .table: "table"
    case .figure: "figure"
    case .module: "module"
    }
  }
}

/// The first eight bytes of every heap object.
struct ObjectHeader {
  var references: UInt32
  var tag: Tag
  /// Meaning depends on the tag; see the object types.
  var flags: UInt8
  /// Free list the memory goes back to, in units of 16 bytes; 0 when it came from `malloc`.
  var sizeClass: UInt16
}
