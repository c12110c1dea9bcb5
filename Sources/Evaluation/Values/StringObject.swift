#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An immutable string: its UTF-8 bytes stand behind the struct. The machine may append in place while one owner
/// holds it. A long one, whose block is none of the free lists', has the address of its `CharacterIndex` behind the room for
/// its bytes.
struct StringObject {
  var header: ObjectHeader
  var byteCount: Int
  var capacity: Int
  /// Hash of the bytes, 0 until asked for.
  var hash: UInt64

  static let headerBytes = MemoryLayout<StringObject>.stride
  static let isInterned: UInt8 = 1
  /// Set when a byte above 0x7F is inside: then characters are not bytes.
  static let isNotASCII: UInt8 = 2
  /// Longest string, in bytes, that is interned when it comes from the program's text or is used as a name.
  static let maximumInterned = 64

  /// Size of a string with room for so many bytes.
  static func bytes(_ capacity: Int) -> Int {
    let plain = headerBytes + capacity
    return plain <= Heap.largestListed ? plain : plain + MemoryLayout<UnsafeMutableRawPointer?>.stride
  }

  /// The room that a string for so many bytes is given: behind that of a long one an address can stand.
  static func room(for capacity: Int) -> Int {
    let unit = MemoryLayout<UnsafeMutableRawPointer?>.stride
    return headerBytes + capacity <= Heap.largestListed ? capacity : (capacity + unit - 1) / unit * unit
  }
}

extension UnsafeMutablePointer where Pointee == StringObject {
  @inline(__always) var bytes: UnsafeMutablePointer<UInt8> {
    (UnsafeMutableRawPointer(self) + StringObject.headerBytes).assumingMemoryBound(to: UInt8.self)
  }
  @inline(__always) var isInterned: Bool { pointee.header.flags & StringObject.isInterned != 0 }
  @inline(__always) var isASCII: Bool { pointee.header.flags & StringObject.isNotASCII == 0 }
  /// Whether there is a place for the address of an index.
  @inline(__always) var isLong: Bool { pointee.header.sizeClass == 0 }
  /// Where its characters begin, once that was asked for; only for long strings.
  var characterIndex: UnsafeMutablePointer<CharacterIndex>? {
    get { indexPlace.pointee }
    nonmutating set { indexPlace.pointee = newValue }
  }
  private var indexPlace: UnsafeMutablePointer<UnsafeMutablePointer<CharacterIndex>?> {
    UnsafeMutableRawPointer(bytes + pointee.capacity).assumingMemoryBound(
      to: UnsafeMutablePointer<CharacterIndex>?.self)
  }
  var buffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: bytes, count: pointee.byteCount) }
}

extension Value {
  /// Only for `.string`.
  @inline(__always) var string: UnsafeMutablePointer<StringObject> {
    pointer.assumingMemoryBound(to: StringObject.self)
  }
  /// A copy as a Swift string; only for `.string`.
  var swiftString: String { String(decoding: string.buffer, as: UTF8.self) }
}

extension Heap {
  /// A new string with room for `capacity` bytes and none in it; the caller fills it and then calls `finishString`.
  func emptyString(capacity: Int) -> Value {
    let room = StringObject.room(for: capacity)
    let pointer = allocate(StringObject.bytes(room), .string)
    let string = pointer.assumingMemoryBound(to: StringObject.self)
    string.pointee.byteCount = 0
    let sizeClass = Int(string.pointee.header.sizeClass)
    string.pointee.capacity = sizeClass == 0 ? room : sizeClass << 4 - StringObject.headerBytes
    if string.isLong { string.characterIndex = nil }
    string.pointee.hash = 0
    return Value(object: pointer, .string)
  }

  /// A new string of these UTF-8 bytes.
  func string(_ bytes: UnsafeBufferPointer<UInt8>) -> Value {
    let value = emptyString(capacity: bytes.count)
    appendBytes(value, bytes)
    return value
  }

  /// A new string.
  func string(_ text: String) -> Value {
    var text = text
    return text.withUTF8 { string($0) }
  }

  /// Adds bytes to a string that has room for them and one owner.
  @inline(__always) func appendBytes(_ value: Value, _ bytes: UnsafeBufferPointer<UInt8>) {
    let string = value.string
    guard let source = bytes.baseAddress else { return }
    let target = string.bytes + string.pointee.byteCount
    var union: UInt8 = 0
    for i in 0..<bytes.count {
      let byte = source[i]
      target[i] = byte
      union |= byte
    }
    if union & 0x80 != 0 { string.pointee.header.flags |= StringObject.isNotASCII }
    string.pointee.byteCount &+= bytes.count
  }

  /// Adds the bytes of another string to one that has room for them and one owner.
  @inline(__always) func appendString(_ other: Value, to value: Value) {
    let string = value.string, added = other.string
    memcpy(string.bytes + string.pointee.byteCount, added.bytes, added.pointee.byteCount)
    string.pointee.header.flags |= added.pointee.header.flags & StringObject.isNotASCII
    string.pointee.byteCount &+= added.pointee.byteCount
  }

  /// Makes room for more bytes in a string that one owner holds and that is not interned; gives the string, perhaps
  /// moved.
  func reserveString(_ value: Value, more: Int) -> Value {
    let string = value.string
    let needed = string.pointee.byteCount + more
    if needed <= string.pointee.capacity { return value }
    let capacity = StringObject.room(for: max(needed, string.pointee.capacity * 2))
    CharacterIndex.forget(string, self)
    let moved = reallocate(
      value.pointer, from: StringObject.bytes(string.pointee.capacity), to: StringObject.bytes(capacity)
    ).assumingMemoryBound(to: StringObject.self)
    moved.pointee.capacity = capacity
    if moved.isLong { moved.characterIndex = nil }
    return Value(object: UnsafeMutableRawPointer(moved), .string)
  }

  func deallocateString(_ value: Value) {
    let string = value.string
    if string.isInterned { state.pointee.strings.remove(string) }
    CharacterIndex.forget(string, self)
    deallocate(value.pointer, bytes: StringObject.bytes(string.pointee.capacity))
  }

  /// The one string of the heap with these bytes; a count is taken for the caller. Used for names, so that shapes
  /// compare keys by address.
  func interned(_ bytes: UnsafeBufferPointer<UInt8>) -> Value { interned(bytes, StringTable.hash(bytes)) }

  private func interned(_ bytes: UnsafeBufferPointer<UInt8>, _ hash: UInt64) -> Value {
    if let found = state.pointee.strings.find(bytes, hash) {
      found.pointee.header.references += 1
      return Value(object: UnsafeMutableRawPointer(found), .string)
    }
    let value = string(bytes)
    value.string.pointee.hash = hash
    value.string.pointee.header.flags |= StringObject.isInterned
    state.pointee.strings.insert(value.string)
    return value
  }

  /// The one string of the heap with this text; a count is taken for the caller.
  func interned(_ text: String) -> Value {
    var text = text
    return text.withUTF8 { interned($0) }
  }

  /// The interned string of the same content as a string value; a count is taken for the caller.
  @inline(__always) func interned(_ value: Value) -> Value {
    let string = value.string
    if string.isInterned { return retained(value) }
    if string.pointee.hash == 0 { string.pointee.hash = StringTable.hash(string.buffer) }
    return interned(string.buffer, string.pointee.hash)
  }

  /// Whether two strings have the same bytes.
  @inline(__always) func stringsEqual(_ a: Value, _ b: Value) -> Bool {
    if a.bits == b.bits { return true }
    let x = a.string, y = b.string
    if x.pointee.byteCount != y.pointee.byteCount || (x.isInterned && y.isInterned) { return false }
    return sameBytes(x.buffer, y.buffer)
  }
}

/// Whether two texts have the same bytes.
@inline(__always) private func sameBytes(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
  guard a.count == b.count, let x = a.baseAddress, let y = b.baseAddress else { return a.count == b.count }
  return memcmp(x, y, a.count) == 0
}

/// The interned strings of a heap: open addressing, weak (a string leaves when it dies).
struct StringTable {
  private var slots: UnsafeMutablePointer<UnsafeMutablePointer<StringObject>?>
  private var capacity = 256
  private var used = 0

  init() {
    slots = .allocate(capacity: 256)
    slots.initialize(repeating: nil, count: 256)
  }

  func destroy() { slots.deallocate() }

  /// FNV-1a, finished so that low bits are usable; never 0.
  static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash ^= hash >> 29
    return hash | 1 << 63
  }

  func find(_ bytes: UnsafeBufferPointer<UInt8>, _ hash: UInt64) -> UnsafeMutablePointer<StringObject>? {
    var index = Int(truncatingIfNeeded: hash) & (capacity - 1)
    while let string = slots[index] {
      if string.pointee.hash == hash, sameBytes(string.buffer, bytes) { return string }
      index = (index + 1) & (capacity - 1)
    }
    return nil
  }

  mutating func insert(_ string: UnsafeMutablePointer<StringObject>) {
    if used * 2 >= capacity { grow() }
    place(string)
    used += 1
  }

  private func place(_ string: UnsafeMutablePointer<StringObject>) {
    var index = Int(truncatingIfNeeded: string.pointee.hash) & (capacity - 1)
    while slots[index] != nil { index = (index + 1) & (capacity - 1) }
    slots[index] = string
  }

  private mutating func grow() {
    let old = slots, count = capacity
    capacity *= 2
    slots = .allocate(capacity: capacity)
    slots.initialize(repeating: nil, count: capacity)
    for i in 0..<count { if let string = old[i] { place(string) } }
    old.deallocate()
  }

  /// Takes a dying string out and closes the gap behind it.
  mutating func remove(_ string: UnsafeMutablePointer<StringObject>) {
    let mask = capacity - 1
    var index = Int(truncatingIfNeeded: string.pointee.hash) & mask
    while let other = slots[index], other != string { index = (index + 1) & mask }
    guard slots[index] != nil else { return }
    used -= 1
    var hole = index
    var next = (index + 1) & mask
    while let moved = slots[next] {
      let home = Int(truncatingIfNeeded: moved.pointee.hash) & mask
      if (next - home) & mask >= (next - hole) & mask {
        slots[hole] = moved
        hole = next
      }
      next = (next + 1) & mask
    }
    slots[hole] = nil
  }
}
