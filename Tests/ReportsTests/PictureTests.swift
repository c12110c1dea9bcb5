import Testing

@testable import Reports

@Suite struct PictureTests {
  /// An independent reading of blocks with fixed codes (RFC 1951), enough for what `Deflate` writes.
  static func inflate(_ bytes: [UInt8]) -> [UInt8]? {
    var position = 0, out: [UInt8] = []
    func bit() -> Int {
      defer { position += 1 }
      return position / 8 < bytes.count ? Int(bytes[position / 8] >> (position % 8)) & 1 : 0
    }
    func bits(_ n: Int) -> Int { (0..<n).reduce(0) { $0 | bit() << $1 } }
    func code(_ n: Int) -> Int { (0..<n).reduce(0) { value, _ in value << 1 | bit() } }
    guard bit() == 1, bits(2) == 1 else { return nil }
    while position < bytes.count * 8 {
      var symbol = code(7)
      if symbol <= 0b0010111 {
        symbol += 256
      } else {
        symbol = symbol << 1 | bit()
        if symbol >= 0b00110000, symbol <= 0b10111111 {
          symbol -= 0b00110000
        } else if symbol >= 0b11000000, symbol <= 0b11000111 {
          symbol += 280 - 0b11000000
        } else {
          symbol = (symbol << 1 | bit()) - 0b110010000 + 144
        }
      }
      if symbol == 256 { return out }
      if symbol < 256 {
        out.append(UInt8(symbol))
        continue
      }
      let k = symbol - 257
      let length = k == 28 ? 258 : k < 8 ? k + 3 : (4 + k % 4) << (k / 4 - 1) + 3 + bits(k / 4 - 1)
      let d = code(5)
      let distance = d < 2 ? d + 1 : (2 + d % 2) << (d / 2 - 1) + 1 + bits(d / 2 - 1)
      guard distance <= out.count else { return nil }
      for _ in 0..<length { out.append(out[out.count - distance]) }
    }
    return nil
  }

  @Test func deflateComesBack() {
    var state: UInt64 = 3
    func next(_ n: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(n))
    }
    for length in [0, 1, 2, 3, 10, 258, 259, 700, 5000] {
      for kinds in [1, 2, 256] {
        for row in [1, 7, 57, 1000] {
          let bytes = (0..<length).map { i in i % 9 < 6 && kinds < 256 ? UInt8(200) : UInt8(next(kinds)) }
          #expect(PictureTests.inflate(Deflate.compress(bytes, rowLength: row)) == bytes)
        }
      }
    }
  }

  @Test func checksums() {
    #expect(PNG.crc(Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(PNG.adler(Array("Wikipedia".utf8)) == 0x11E6_0398)
    #expect(Markup.base64(Array("Many hands".utf8)) == "TWFueSBoYW5kcw==")
    #expect(Markup.base64([0xFF]) == "/w==" && Markup.base64([1, 2, 3]) == "AQID" && Markup.base64([]) == "")
  }

  @Test func pngHasItsParts() {
    let png = PNG.indexed(
      [0, 1, 2, 1], width: 2, height: 2, palette: [Color(0xFF0000), Color(0x00FF00), Color(0x0000FF)], clear: 2)
    #expect(Array(png.prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
    let names = ["IHDR", "PLTE", "tRNS", "IDAT", "IEND"].map { name in
      png.firstRange(of: Array(name.utf8))?.lowerBound ?? -1
    }
    #expect(names == names.sorted() && !names.contains(-1))
    let start = (png.firstRange(of: Array("IDAT".utf8))?.upperBound ?? 0) + 2
    #expect(PictureTests.inflate(Array(png[start...])) == [0, 0, 1, 0, 2, 1])
  }

  @Test func colorMapsRunFromDarkToLight() {
    let shades = (0...20).map { ColorMap.sequential.color(Double($0) / 20).lightness }
    #expect(shades == shades.sorted())
    #expect(ColorMap.sequential.color(.nan) == ColorMap.sequential.color(0))
    #expect(ColorMap.diverging.color(0.5).lightness > 0.9)
  }

  /// The colours of the first series, as red-green-blind eyes see them, still differ (Viénot et al. 1999).
  @Test func seriesDifferForColourBlindReaders() {
    func seen(_ hex: String) -> (Double, Double) {
      let code = UInt32(hex.dropFirst(), radix: 16) ?? 0
      let c = Color(code)
      let (r, g, b) = (Double(c.red), Double(c.green), Double(c.blue))
      return (0.11238 * r + 0.88762 * g, 0.00401 * r - 0.00401 * g + b)
    }
    for (i, a) in Palette.series.enumerated() {
      for b in Palette.series[(i + 1)...] {
        let (p, q) = (seen(a.light), seen(b.light))
        #expect(((p.0 - q.0) * (p.0 - q.0) + (p.1 - q.1) * (p.1 - q.1)).squareRoot() > 30, "\(a.light) \(b.light)")
      }
    }
  }
}
