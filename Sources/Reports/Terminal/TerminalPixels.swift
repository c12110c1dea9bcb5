import Foundation
import Records

/// Figures as pixels for terminals that can show them.
public enum TerminalPixels {
  /// The ways in which terminals take pixels.
  public enum Form: String, Sendable {
    /// The graphics of the VT340: `ESC P q … ESC \\`.
    case sixel
    /// The protocol of kitty, which several others know: `ESC _ G … ESC \\`.
    case kitty
  }

  /// What to write to a terminal to show a figure `width` pixels wide; nil when it cannot be drawn.
  public static func draw(_ figure: Figure, _ form: Form, width: Int) -> String? {
    guard let raster = SVGRaster.draw(FigureDrawing.svg(figure, standalone: false), width: width) else { return nil }
    return form == .sixel ? sixel(raster) : kitty(raster)
  }

  /// Raw pixels in pieces of 4096 letters, as the protocol wants.
  static func kitty(_ raster: Raster) -> String {
    let text = Markup.base64(raster.pixels).utf8
    var out = "", rest = text[...], head = "a=T,f=24,q=2,s=\(raster.width),v=\(raster.height),"
    while !rest.isEmpty, !Interruption.isRaised() {
      let piece = rest.prefix(4096)
      rest = rest.dropFirst(piece.count)
      out += "\u{1B}_G\(head)m=\(rest.isEmpty ? 0 : 1);\(Substring(piece))\u{1B}\\"
      head = ""
    }
    return out
  }

  /// Six rows at a time, one pass for each colour that is in them.
  static func sixel(_ raster: Raster) -> String {
    let (colors, palette) = indexed(raster)
    var out = Array("\u{1B}P0;1q\"1;1;\(raster.width);\(raster.height)".utf8)
    for (number, color) in palette.enumerated() {
      let parts = [color.red, color.green, color.blue].map { String((Int($0) * 100 + 127) / 255) }
      out += Array("#\(number);2;\(parts.joined(separator: ";"))".utf8)
    }
    for top in stride(from: 0, to: raster.height, by: 6) {
      let rows = min(6, raster.height - top)
      let band = colors[top * raster.width..<(top + rows) * raster.width]
      for color in Set(band).sorted() where !Interruption.isRaised() {
        out += Array("#\(color)".utf8)
        var run = (letter: UInt8(0), length: 0)
        for x in 0..<raster.width {
          var bits: UInt8 = 0
          for row in 0..<rows where colors[(top + row) * raster.width + x] == color { bits |= 1 << UInt8(row) }
          if bits == run.letter {
            run.length += 1
          } else {
            append(run.letter, run.length, &out)
            run = (bits, 1)
          }
        }
        if run.letter != 0 { append(run.letter, run.length, &out) }
        out.append(0x24)  // $: back to the left
      }
      out.append(0x2D)  // -: the next six rows
    }
    return String(decoding: out, as: UTF8.self) + "\u{1B}\\"
  }

  /// The pixels as numbers of at most 250 colours: those that are most frequent (of neighbouring ones the first), and for
  /// every other the nearest of them.
  static func indexed(_ raster: Raster) -> (numbers: [UInt8], palette: [Color]) {
    let count = raster.width * raster.height
    var bins = [Int](repeating: 0, count: count), frequency = [Int](repeating: 0, count: 1 << 15)
    var first = [Color](repeating: Color(0), count: 1 << 15)
    for i in 0..<count {
      let (r, g, b) = (raster.pixels[i * 3], raster.pixels[i * 3 + 1], raster.pixels[i * 3 + 2])
      let bin = Int(r >> 3) << 10 | Int(g >> 3) << 5 | Int(b >> 3)
      if frequency[bin] == 0 { first[bin] = Color(UInt32(r) << 16 | UInt32(g) << 8 | UInt32(b)) }
      frequency[bin] += 1
      bins[i] = bin
    }
    let used = frequency.indices.filter { frequency[$0] > 0 }
    let kept = used.sorted { (frequency[$0], $1) > (frequency[$1], $0) }.prefix(250)
    let palette = kept.map { first[$0] }
    var number = [UInt8](repeating: 0, count: 1 << 15)
    for bin in used where !Interruption.isRaised() {
      func distance(_ color: Color) -> Int {
        let r = Int(color.red) - Int(first[bin].red), g = Int(color.green) - Int(first[bin].green)
        let b = Int(color.blue) - Int(first[bin].blue)
        return 3 * r * r + 6 * g * g + b * b
      }
      let nearest = palette.indices.min { distance(palette[$0]) < distance(palette[$1]) }
      number[bin] = UInt8(nearest ?? 0)
    }
    return (bins.map { number[$0] }, palette)
  }

  private static func append(_ bits: UInt8, _ length: Int, _ out: inout [UInt8]) {
    guard length > 0 else { return }
    if length > 3 {
      out += Array("!\(length)".utf8) + [0x3F + bits]
    } else {
      out += [UInt8](repeating: 0x3F + bits, count: length)
    }
  }
}
