import Foundation

/// Letters and white space.
extension Natives {
  /// A text with its letters in another case. How a scalar is written in capitals or small letters does not depend on its
  /// neighbours, so what the pieces give is what the whole text gives.
  static func cased(_ call: NativeCall, _ change: @escaping (String) -> String) throws -> Value {
    try call.machine.string(ofPieces: try call.bytes(0), change)
  }

  /// What stands between white space (the scalars that Unicode says are).
  static func words(_ call: NativeCall) throws -> Value {
    let bytes = try call.bytes(0)
    var words: [Range<Int>] = []
    var place = 0, start = 0, steps = 0
    while place < bytes.count {
      if steps & 0xFFFF == 0 { try call.machine.pollInterrupt() }
      steps += 1
      let first = bytes[place]
      var next = place + 1, isSpace = first == 0x20 || (0x09...0x0D).contains(first)
      if first >= 0x80 {
        next = Machine.nextBoundary(after: place, in: bytes)
        let scalar = bytes[place..<next].dropFirst().reduce(UInt32(first) & (0x7F >> UInt32(next - place))) {
          $0 << 6 | UInt32($1 & 0x3F)
        }
        isSpace = Unicode.Scalar(scalar)?.properties.isWhitespace ?? false
      }
      if isSpace {
        if start < place { words.append(start..<place) }
        start = next
      }
      place = next
    }
    if start < place { words.append(start..<place) }
    return try call.machine.list(of: words.count) {
      call.heap.string(UnsafeBufferPointer(rebasing: bytes[words[$0]]))
    }
  }

  /// A text without the white space at its ends.
  static func trimmed(_ call: NativeCall) throws -> Value {
    let bytes = try call.bytes(0)
    var (start, end) = (0, bytes.count)
    var steps = 0
    func isSpace(_ range: Range<Int>) throws -> Bool {
      try call.machine.pollInterrupt(at: steps)
      steps += 1
      let first = bytes[range.lowerBound]
      if first < 0x80 { return first == 0x20 || (0x09...0x0D).contains(first) }
      let scalar = String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self).unicodeScalars.first
      return scalar?.properties.isWhitespace ?? false
    }
    while start < end {
      let next = Machine.nextBoundary(after: start, in: bytes)
      guard try isSpace(start..<next) else { break }
      start = next
    }
    while end > start {
      var last = end - 1
      while last > start, bytes[last] & 0xC0 == 0x80 { last -= 1 }
      guard try isSpace(last..<end) else { break }
      end = last
    }
    return try call.machine.string(ofPieces: UnsafeBufferPointer(rebasing: bytes[start..<end]))
  }
}

extension Machine {
  /// So many bytes of a long text are worked on between two looks for an interrupt.
  static let pieceBytes = 1 << 16

  /// Where the character that begins at a byte ends.
  static func nextBoundary(after start: Int, in bytes: UnsafeBufferPointer<UInt8>) -> Int {
    var next = start + 1
    while next < bytes.count, bytes[next] & 0xC0 == 0x80 { next += 1 }
    return next
  }

  /// A string of these bytes, whose pieces may be changed on the way. Pieces are whole characters.
  func string(ofPieces bytes: UnsafeBufferPointer<UInt8>, _ change: ((String) -> String)? = nil) throws -> Value {
    try checkRoom(bytes.count)
    var result = heap.emptyString(capacity: bytes.count)
    var start = 0
    while start < bytes.count {
      if poll.isRaised {
        do { try answerPoll() } catch {
          heap.release(result)
          throw error
        }
      }
      let end = Machine.nextBoundary(after: min(start + Machine.pieceBytes, bytes.count) - 1, in: bytes)
      let piece = UnsafeBufferPointer(rebasing: bytes[start..<end])
      if let change {
        result = append(change(String(decoding: piece, as: UTF8.self)), to: result)
      } else {
        heap.appendBytes(result, piece)
      }
      start = end
    }
    return result
  }
}
