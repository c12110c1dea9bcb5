import Foundation
import Records
import Testing

@testable import Reports

/// Figures as pixels: what is drawn where, and the bytes that terminals get.
@Suite struct TerminalPixelTests {
  private func color(_ raster: Raster, _ x: Int, _ y: Int) -> [UInt8] {
    let at = (y * raster.width + x) * 3
    return Array(raster.pixels[at..<at + 3])
  }

  @Test func shapesFillWhatTheyShould() {
    var raster = Raster(width: 20, height: 20)
    raster.fill([[(2, 2), (2, 12), (12, 12), (12, 2)].map { Raster.Point(x: $0, y: $1) }], Color(0xFF0000))
    raster.stroke([[Raster.Point(x: 0, y: 16.5), Raster.Point(x: 20, y: 16.5)]], Color(0x0000FF), width: 1)
    #expect(color(raster, 5, 5) == [255, 0, 0] && color(raster, 1, 5) == [255, 255, 255])
    #expect(color(raster, 11, 11) == [255, 0, 0] && color(raster, 12, 12) == [255, 255, 255])
    #expect(color(raster, 10, 16) == [0, 0, 255] && color(raster, 10, 18) == [255, 255, 255])
    var half = Raster(width: 4, height: 4)
    half.fill([[(0, 0), (0, 1.5), (4, 1.5), (4, 0)].map { Raster.Point(x: $0, y: $1) }], Color(0))
    #expect(color(half, 1, 0) == [0, 0, 0] && color(half, 1, 1)[0] > 120 && color(half, 1, 1)[0] < 135)
    half.clip = (0, 0, 2, 4)
    half.fill([[(0, 0), (0, 4), (4, 4), (4, 0)].map { Raster.Point(x: $0, y: $1) }], Color(0xFF0000))
    #expect(color(half, 1, 3) == [255, 0, 0] && color(half, 2, 3) == [255, 255, 255])
    half.clip = (0, 0, 2.5, 4)
    half.fill([[(0, 0), (0, 4), (4, 4), (4, 0)].map { Raster.Point(x: $0, y: $1) }], Color(0x0000FF))
    #expect(color(half, 1, 3) == [0, 0, 255] && color(half, 2, 3)[0] > 120 && color(half, 2, 3)[0] < 135)
  }

  @Test func elementsAreDrawnWhereTheyStand() throws {
    let png = PNG.indexed(
      [0, 1, 2, 1], width: 2, height: 2, palette: [Color(0xFF0000), Color(0x00FF00), Color(0)], clear: 2)
    let svg = """
      <svg width="40" height="20"><title>not <drawn></title>
      <path d="M2 2l3 0 3 0v3 3h-6z" fill="#0000ff"/><g fill="currentColor"><path color="#008000" d="M12 2L18 2L18 8L12 8Z"/></g>
      <svg x="20" y="0" width="5" height="20"><rect x="18" y="2" width="20" height="4" fill="#102030"/></svg>
      <image x="30" y="10" width="8" height="8" href="data:image/png;base64,\(Markup.base64(png))"/>
      <text x="2" y="18" fill="#000000" font-size="9">H<title>x</title>I</text></svg>
      """
    let raster = try #require(SVGRaster.draw(svg, width: 80))
    #expect(raster.width == 80 && raster.height == 40)
    #expect(color(raster, 8, 8) == [0, 0, 255] && color(raster, 20, 8) == [255, 255, 255])
    #expect(color(raster, 14, 14) == [0, 0, 255] && color(raster, 14, 17) == [255, 255, 255])
    #expect(color(raster, 30, 8) == [0, 128, 0])
    #expect(color(raster, 44, 8) == [16, 32, 48] && color(raster, 38, 8) == [255, 255, 255])
    #expect(color(raster, 52, 8) == [255, 255, 255])
    #expect(color(raster, 62, 22) == [255, 0, 0] && color(raster, 72, 22) == [0, 255, 0])
    #expect(color(raster, 62, 32) == [255, 255, 255] && color(raster, 72, 32) == [0, 255, 0])
    let ink = (20..<40).flatMap { y in (0..<40).map { color(raster, $0, y)[0] } }.filter { $0 < 128 }.count
    #expect(ink > 20 && ink < 200)
    #expect(SVGRaster.draw("<p>", width: 10) == nil && SVGRaster.draw("", width: 10) == nil)
  }

  @Test func compressedBytesComeBack() {
    var bytes: [UInt8] = []
    for i in 0..<5000 { bytes.append(UInt8(truncatingIfNeeded: i < 2000 ? i * i / 7 : i / 300)) }
    let packed = Deflate.compress(bytes, rowLength: 50)
    #expect(Deflate.expand(packed[...]) == bytes)
    #expect(Deflate.expand(packed.prefix(packed.count / 2)) == nil && Deflate.expand([]) == nil)
  }

  @Test func kittyGetsEveryPixelOnce() {
    var raster = Raster(width: 60, height: 60)
    raster.fill([Raster.circle(Raster.Point(x: 30, y: 30), 20)], Color(0x123456))
    let text = TerminalPixels.kitty(raster)
    let pieces = text.components(separatedBy: "\u{1B}\\").dropLast()
    #expect(pieces.count == 4 && pieces.allSatisfy { $0.hasPrefix("\u{1B}_G") })
    #expect(pieces.first?.hasPrefix("\u{1B}_Ga=T,f=24,q=2,s=60,v=60,m=1;") == true)
    #expect(pieces.last?.hasPrefix("\u{1B}_Gm=0;") == true)
    let data = pieces.map { String($0[($0.firstIndex(of: ";") ?? $0.startIndex)...].dropFirst()) }.joined()
    #expect(Data(base64Encoded: data).map { Array($0) } == raster.pixels)
  }

  @Test func sixelsSayTheSamePicture() throws {
    var raster = Raster(width: 30, height: 13)
    raster.fill([[(0, 0), (0, 13), (10, 13), (10, 0)].map { Raster.Point(x: $0, y: $1) }], Color(0xFF0000))
    raster.fill([[(10, 6), (10, 7), (30, 7), (30, 6)].map { Raster.Point(x: $0, y: $1) }], Color(0x0000FF))
    let text = TerminalPixels.sixel(raster)
    #expect(text.hasPrefix("\u{1B}P0;1q\"1;1;30;13#0;2;100;100;100#1;2;100;0;0#2;2;0;0;100"))
    #expect(text.hasSuffix("-\u{1B}\\"))
    // Bands of 6, 6 and 1 rows: white right and red left; a blue line on top of the second; the last row.
    let bands = text.components(separatedBy: "#2;2;0;0;100").last?.components(separatedBy: "-") ?? []
    #expect(bands.count == 4)
    #expect(bands[0] == "#0!10?!20~$#1!10~$")
    #expect(bands[1] == "#0!10?!20}$#1!10~$#2!10?!20@$")
    #expect(bands[2] == "#0!10?!20@$#1!10@$")
  }

  @Test func everyKindOfFigureIsDrawn() throws {
    for (name, figure) in SampleFigures.all {
      let svg = FigureDrawing.svg(figure, standalone: false)
      let raster = try #require(SVGRaster.draw(svg, width: 300), "\(name)")
      let ink = stride(from: 0, to: raster.pixels.count, by: 3).filter { raster.pixels[$0] < 200 }.count
      #expect(ink > 50, "\(name) is empty")
    }
  }
}
