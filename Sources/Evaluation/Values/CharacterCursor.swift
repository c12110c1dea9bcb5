/// A place between the characters (Unicode scalars) of a string. It moves to another one over what lies between them, so
/// that whoever takes characters in order looks at each byte once; where the string has an index of its characters, it jumps
/// over what is known.
struct CharacterCursor {
  private let machine: Machine
  private let bytes: UnsafeBufferPointer<UInt8>
  private let isASCII: Bool
  private let known: UnsafeMutablePointer<CharacterIndex>?
  /// How many characters lie before it.
  private(set) var index = 0
  /// How many bytes lie before it.
  private(set) var offset = 0

  /// In front of a string, which the caller holds as long as the cursor is used.
  init(_ string: Value, _ machine: Machine) {
    self.machine = machine
    bytes = string.string.buffer
    isASCII = string.string.isASCII
    known = !isASCII && string.string.isLong ? string.string.characterIndex : nil
  }

  private mutating func stepForward() {
    offset = Machine.nextBoundary(after: offset, in: bytes)
    index += 1
  }

  /// Moves in front of a character that the string has, or behind its last one.
  mutating func move(to target: Int) throws {
    if isASCII { (index, offset) = (target, target) }
    if abs(target - index) > CharacterIndex.step, let place = known?.place(before: target) { (index, offset) = place }
    while index < target {
      try machine.pollInterrupt(at: index)
      stepForward()
    }
    while index > target {
      try machine.pollInterrupt(at: index)
      repeat { offset -= 1 } while bytes[offset] & 0xC0 == 0x80
      index -= 1
    }
  }

  /// The bytes of a character that the string has; the cursor is behind it then.
  mutating func character(_ i: Int) throws -> UnsafeBufferPointer<UInt8> {
    try move(to: i)
    let start = offset
    stepForward()
    return UnsafeBufferPointer(rebasing: bytes[start..<offset])
  }

  /// The bytes of the characters from one to in front of another; the cursor is there then.
  mutating func characters(_ range: Range<Int>) throws -> UnsafeBufferPointer<UInt8> {
    try move(to: range.lowerBound)
    let start = offset
    try move(to: range.upperBound)
    return UnsafeBufferPointer(rebasing: bytes[start..<offset])
  }
}
