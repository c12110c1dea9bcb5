import Records

/// Deflate (RFC 1951) in one block of fixed codes. Matches are sought at two distances only, the byte before and the
/// row above, which is what flat pictures need.
enum Deflate {
  static func compress(_ bytes: [UInt8], rowLength: Int) -> [UInt8] {
    var out = BitWriter()
    out.write(1, 1)
    out.write(1, 2)
    var i = 0, steps = 0
    while i < bytes.count, !Interruption.isRaised(at: steps) {
      steps += 1
      let run = matchLength(bytes, i, distance: 1)
      let above = rowLength > 1 ? matchLength(bytes, i, distance: rowLength) : 0
      let best = max(run, above)
      if best >= 3 {
        writeMatch(length: best, distance: run >= above ? 1 : rowLength, &out)
        i += best
      } else {
        writeLiteral(Int(bytes[i]), &out)
        i += 1
      }
    }
    writeLiteral(256, &out)
    return out.finish()
  }

  private static func matchLength(_ bytes: [UInt8], _ at: Int, distance: Int) -> Int {
    guard distance <= at, distance <= 32768 else { return 0 }
    let limit = min(258, bytes.count - at)
    var n = 0
    while n < limit && bytes[at + n] == bytes[at + n - distance] { n += 1 }
    return n
  }

  private static func writeLiteral(_ code: Int, _ out: inout BitWriter) {
    switch code {
    case 0...143: out.writeCode(0x30 + code, 8)
    case 144...255: out.writeCode(0x190 + code - 144, 9)
    case 256...279: out.writeCode(code - 256, 7)
    default: out.writeCode(0xC0 + code - 280, 8)
    }
  }

  private static func writeMatch(length: Int, distance: Int, _ out: inout BitWriter) {
    let l = (lengthBases.lastIndex { $0 <= length }) ?? 0
    writeLiteral(257 + l, &out)
    out.write(length - lengthBases[l], lengthExtra[l])
    let d = (distanceBases.lastIndex { $0 <= distance }) ?? 0
    out.writeCode(d, 5)
    out.write(distance - distanceBases[d], d < 2 ? 0 : d / 2 - 1)
  }

  /// What `compress` wrote; nil for anything that it does not write.
  static func expand(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    var input = BitReader(bytes: bytes)
    guard input.read(1) == 1, input.read(2) == 1 else { return nil }
    var out: [UInt8] = []
    var steps = 0
    while !Interruption.isRaised(at: steps), let code = input.literal() {
      steps += 1
      if code < 256 {
        out.append(UInt8(code))
      } else if code == 256 {
        return out
      } else {
        guard code - 257 < lengthBases.count, let more = input.read(lengthExtra[code - 257]), let d = input.code(5),
          d < distanceBases.count, let far = input.read(d < 2 ? 0 : d / 2 - 1)
        else { return nil }
        let distance = distanceBases[d] + far
        guard distance <= out.count else { return nil }
        for _ in 0..<(lengthBases[code - 257] + more) { out.append(out[out.count - distance]) }
      }
    }
    return nil
  }

  private static let lengthBases = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
  ]
  private static let lengthExtra = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
  ]
  private static let distanceBases = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
    8193, 12289, 16385, 24577,
  ]
}

private struct BitWriter {
  private var bytes: [UInt8] = []
  private var held: UInt32 = 0
  private var count = 0

  /// Extra bits and headers: lowest bit first.
  mutating func write(_ value: Int, _ bits: Int) {
    held |= UInt32(value) << UInt32(count)
    count += bits
    while count >= 8 {
      bytes.append(UInt8(truncatingIfNeeded: held))
      held >>= 8
      count -= 8
    }
  }

  /// Huffman codes: highest bit first.
  mutating func writeCode(_ code: Int, _ bits: Int) {
    for shift in stride(from: bits - 1, through: 0, by: -1) { write(code >> shift & 1, 1) }
  }

  mutating func finish() -> [UInt8] {
    if count > 0 { bytes.append(UInt8(truncatingIfNeeded: held)) }
    return bytes
  }
}

/// Bits in the order in which `BitWriter` wrote them; nil at the end.
private struct BitReader {
  let bytes: ArraySlice<UInt8>
  private var at = 0

  init(bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  mutating func read(_ bits: Int) -> Int? {
    guard at + bits <= bytes.count * 8 else { return nil }
    var value = 0
    for i in 0..<bits {
      value |= Int(bytes[bytes.startIndex + (at >> 3)] >> UInt8(at & 7) & 1) << i
      at += 1
    }
    return value
  }

  /// A code of so many bits, highest first.
  mutating func code(_ bits: Int) -> Int? {
    var value = 0
    for _ in 0..<bits {
      guard let bit = read(1) else { return nil }
      value = value << 1 | bit
    }
    return value
  }

  /// A literal or length of the fixed codes.
  mutating func literal() -> Int? {
    guard let short = code(7) else { return nil }
    if short < 0x18 { return 256 + short }
    guard let eighth = read(1) else { return nil }
    let eight = short << 1 | eighth
    if eight < 0xC0 { return eight - 0x30 }
    if eight < 0xC8 { return 280 + eight - 0xC0 }
    guard let ninth = read(1) else { return nil }
    return 144 + (eight << 1 | ninth) - 0x190
  }
}
