/// A small PNG writer: eight bits, grey or palette, compressed by runs only. Enough for heat maps and pictures of data.
enum PNG {
  /// A grey picture, row by row from the top, `pixels.count == width * height`.
  static func grey(_ pixels: [UInt8], width: Int, height: Int) -> [UInt8] {
    file(pixels, width: width, height: height, colorType: 0, chunks: [])
  }

  /// A picture of palette entries, row by row from the top. `palette` has at most 256 colours; entry `clear`, if any,
  /// is transparent.
  static func indexed(_ pixels: [UInt8], width: Int, height: Int, palette: [Color], clear: Int? = nil) -> [UInt8] {
    var chunks = [chunk("PLTE", palette.flatMap { [$0.red, $0.green, $0.blue] })]
    if let clear { chunks.append(chunk("tRNS", (0...clear).map { $0 == clear ? 0 : 255 })) }
    return file(pixels, width: width, height: height, colorType: 3, chunks: chunks)
  }

  private static func file(_ pixels: [UInt8], width: Int, height: Int, colorType: UInt8, chunks: [[UInt8]]) -> [UInt8] {
    precondition(pixels.count == width * height)
    var raw: [UInt8] = []
    raw.reserveCapacity(pixels.count + height)
    for row in 0..<height {
      raw.append(0)
      raw += pixels[row * width..<(row + 1) * width]
    }
    var out: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    out += chunk("IHDR", bigEndian(UInt32(width)) + bigEndian(UInt32(height)) + [8, colorType, 0, 0, 0])
    for c in chunks { out += c }
    out += chunk("IDAT", [0x78, 0x01] + Deflate.compress(raw, rowLength: width + 1) + bigEndian(adler(raw)))
    out += chunk("IEND", [])
    return out
  }

  private static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    let body = Array(name.utf8) + data
    return bigEndian(UInt32(data.count)) + body + bigEndian(crc(body))
  }

  private static func bigEndian(_ x: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: x >> UInt32($0)) }
  }

  static func adler(_ bytes: [UInt8]) -> UInt32 {
    var a: UInt32 = 1, b: UInt32 = 0
    for byte in bytes {
      a = (a + UInt32(byte)) % 65521
      b = (b + a) % 65521
    }
    return b << 16 | a
  }

  static func crc(_ bytes: [UInt8]) -> UInt32 {
    var c: UInt32 = 0xFFFF_FFFF
    for byte in bytes { c = crcTable[Int((c ^ UInt32(byte)) & 255)] ^ (c >> 8) }
    return ~c
  }

  private static let crcTable: [UInt32] = (0..<256).map { n in
    (0..<8).reduce(UInt32(n)) { c, _ in c & 1 == 1 ? 0xEDB8_8320 ^ (c >> 1) : c >> 1 }
  }
}
