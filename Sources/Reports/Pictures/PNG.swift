import Records

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

extension PNG {
  /// The pixels of a file that this writer wrote, row by row; nil where one is transparent. Nil for any other file.
  static func decoded(_ file: [UInt8]) -> (width: Int, height: Int, pixels: [Color?])? {
    func number(_ at: Int) -> Int? {
      guard at + 4 <= file.count else { return nil }
      return file[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    var at = 8, width = 0, height = 0, isIndexed = false, palette: [Color] = [], clear: Int?, raw: [UInt8]?
    while let length = number(at), at + 12 + length <= file.count {
      let body = file[at + 8..<at + 8 + length]
      switch String(decoding: file[at + 4..<at + 8], as: UTF8.self) {
      case "IHDR":
        width = number(at + 8) ?? 0
        height = number(at + 12) ?? 0
        isIndexed = file[at + 17] == 3
      case "PLTE":
        let parts = Array(body)
        palette = stride(from: 0, to: parts.count - 2, by: 3).map {
          Color(UInt32(parts[$0]) << 16 | UInt32(parts[$0 + 1]) << 8 | UInt32(parts[$0 + 2]))
        }
      case "tRNS": clear = Array(body).firstIndex(of: 0)
      case "IDAT" where length > 6: raw = Deflate.expand(body.dropFirst(2).dropLast(4))
      default: break
      }
      at += 12 + length
    }
    guard let raw, width > 0, height > 0, raw.count == (width + 1) * height else { return nil }
    var pixels: [Color?] = []
    pixels.reserveCapacity(width * height)
    for row in 0..<height {
      if Interruption.isRaised() { return nil }
      for value in raw[row * (width + 1) + 1..<(row + 1) * (width + 1)] {
        let v = UInt32(value)
        if isIndexed {
          pixels.append(Int(value) == clear || Int(value) >= palette.count ? nil : palette[Int(value)])
        } else {
          pixels.append(Color(v << 16 | v << 8 | v))
        }
      }
    }
    return (width, height, pixels)
  }
}
