/// Where every 64th character of a long text that is not ASCII begins, and how many there are: found once, at the first
/// question, and afterwards only for what was appended since. The offsets stand behind the struct.
struct CharacterIndex {
  /// Bytes that have been looked at, from the first on.
  var byteCount = 0
  /// The characters that begin in them.
  var count = 0

  /// Characters from one known place to the next.
  static let step = 64

  /// Size of an index with room for a text of so many bytes.
  private static func bytes(_ capacity: Int) -> Int {
    MemoryLayout<CharacterIndex>.stride + (capacity / step + 1) * MemoryLayout<Int>.stride
  }

  /// The index of a long string, made if there is none yet; nil for a string that keeps none.
  static func of(_ string: UnsafeMutablePointer<StringObject>, _ heap: Heap) -> UnsafeMutablePointer<CharacterIndex>? {
    guard string.isLong else { return nil }
    if let known = string.characterIndex { return known }
    let size = bytes(string.pointee.capacity)
    let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: MemoryLayout<CharacterIndex>.alignment)
    heap.account(size)
    let index = block.bindMemory(to: CharacterIndex.self, capacity: 1)
    index.initialize(to: CharacterIndex())
    string.characterIndex = index
    return index
  }

  /// Gives the index of a long string back, if it has one: the string dies, or moves.
  static func forget(_ string: UnsafeMutablePointer<StringObject>, _ heap: Heap) {
    guard string.isLong, let index = string.characterIndex else { return }
    string.characterIndex = nil
    index.deallocate()
    heap.account(-bytes(string.pointee.capacity))
  }
}

extension UnsafeMutablePointer where Pointee == CharacterIndex {
  /// In front of the 0th, 64th, 128th, … character, as many as have been met.
  private var offsets: UnsafeMutablePointer<Int> {
    UnsafeMutableRawPointer(self + 1).assumingMemoryBound(to: Int.self)
  }

  /// Looks at the bytes of its string up to one.
  func extend(to end: Int, in bytes: UnsafeBufferPointer<UInt8>) {
    let offsets = offsets
    var count = pointee.count
    for i in pointee.byteCount..<end where bytes[i] & 0xC0 != 0x80 {
      if count % CharacterIndex.step == 0 { offsets[count / CharacterIndex.step] = i }
      count &+= 1
    }
    (pointee.byteCount, pointee.count) = (end, count)
  }

  /// The last known place that is not behind a character, or behind the last one; nil as long as none is known.
  func place(before target: Int) -> (index: Int, offset: Int)? {
    guard pointee.count > 0 else { return nil }
    let place = Swift.min(target, pointee.count - 1) / CharacterIndex.step
    return (place * CharacterIndex.step, offsets[place])
  }
}
