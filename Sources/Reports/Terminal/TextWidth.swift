/// How wide text is: in columns of a terminal, and in pixels of a figure.
public enum TextWidth {
  /// Columns a text takes in a terminal: 2 for East Asian wide characters and emoji, 0 for combining marks and
  /// controls, counted by grapheme. Escape sequences for colour are not understood; measure before colouring.
  public static func columns(_ text: some StringProtocol) -> Int {
    text.reduce(0) { $0 + columns(of: $1) }
  }

  /// Columns one character takes.
  public static func columns(of character: Character) -> Int {
    if let ascii = character.asciiValue { return ascii < 0x20 || ascii == 0x7F ? 0 : 1 }
    guard let first = character.unicodeScalars.first else { return 0 }
    if isZero(first) { return character.unicodeScalars.dropFirst().contains { !isZero($0) } ? 1 : 0 }
    if isWide(first) || first.properties.isEmojiPresentation { return 2 }
    return character.unicodeScalars.contains { $0.value == 0xFE0F } ? 2 : 1
  }

  /// The text cut to a number of columns, ending in `…` if something was cut.
  public static func cut(_ text: String, to limit: Int) -> String {
    guard columns(text) > limit else { return text }
    guard limit > 0 else { return "" }
    var out = "", width = 0
    for c in text {
      let w = columns(of: c)
      if width + w > limit - 1 { break }
      out.append(c)
      width += w
    }
    return out + "…"
  }

  /// The text filled up with spaces to a number of columns.
  public static func pad(_ text: String, to width: Int, right: Bool = false) -> String {
    let fill = String(repeating: " ", count: max(0, width - columns(text)))
    return right ? fill + text : text + fill
  }

  private static func isZero(_ s: Unicode.Scalar) -> Bool {
    switch s.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .control, .format: return s.value != 0xAD
    default: return s.value >= 0x1160 && s.value <= 0x11FF
    }
  }

  private static func isWide(_ s: Unicode.Scalar) -> Bool {
    switch s.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
      0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
      0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
      return true
    default: return false
    }
  }

  /// Pixels a text takes in a sans-serif face (Helvetica's widths) of a size, for laying figures out without fonts.
  public static func pixels(_ text: some StringProtocol, size: Double) -> Double {
    var units = 0
    for s in text.unicodeScalars {
      if s.value >= 0x20, s.value < 0x7F {
        units += helvetica[Int(s.value) - 0x20]
      } else if isZero(s) {
        continue
      } else {
        units += isWide(s) ? 1000 : s.value == 0x202F || s.value == 0x2009 ? 200 : 580
      }
    }
    return Double(units) * size / 1000
  }

  /// Adobe's metrics of Helvetica for the characters from space to tilde, in thousandths of the size.
  private static let helvetica: [Int] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556,
    556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722,
    778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556,
    278,
    556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334,
    584,
  ]
}
