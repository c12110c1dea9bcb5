/// A colour.
struct Color: Hashable, Sendable {
  var red: UInt8
  var green: UInt8
  var blue: UInt8

  /// From `0xRRGGBB`.
  init(_ code: UInt32) {
    red = UInt8(truncatingIfNeeded: code >> 16)
    green = UInt8(truncatingIfNeeded: code >> 8)
    blue = UInt8(truncatingIfNeeded: code)
  }

  /// `#rrggbb`.
  var hex: String {
    "#" + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// How light it looks, 0…1.
  var lightness: Double { (0.2126 * Double(red) + 0.7152 * Double(green) + 0.0722 * Double(blue)) / 255 }

  /// Between this and another colour; `t` in 0…1.
  func mixed(_ other: Color, _ t: Double) -> Color {
    func mix(_ a: UInt8, _ b: UInt8) -> UInt32 { UInt32((Double(a) + (Double(b) - Double(a)) * t).rounded()) }
    return Color(mix(red, other.red) << 16 | mix(green, other.green) << 8 | mix(blue, other.blue))
  }
}

/// The colours of figures: those of Okabe and Ito (2008), which colour-blind readers tell apart, in an order in which
/// the first ones differ most; the yellow, too light for thin lines on paper, is left out. Each has a darker form for
/// text and one for dark paper.
enum Palette {
  struct Entry: Sendable {
    var light: String
    var text: String
    var dark: String
  }

  static let series: [Entry] = [
    Entry(light: "#0072b2", text: "#0072b2", dark: "#5db3e6"),
    Entry(light: "#d55e00", text: "#c45500", dark: "#ff9a56"),
    Entry(light: "#009e73", text: "#007f5c", dark: "#3ecfa3"),
    Entry(light: "#cc79a7", text: "#b0508a", dark: "#e8a0c8"),
    Entry(light: "#e69f00", text: "#a87200", dark: "#f4bd3e"),
    Entry(light: "#56b4e9", text: "#2483bd", dark: "#9bd7fa"),
    Entry(light: "#3d434c", text: "#3d434c", dark: "#c9ced6"),
  ]

  /// Dash patterns, solid first.
  static let dashes = ["", "7 4", "2 3", "9 3 2 3", "14 5"]

  /// The dash pattern of a curve: the one that is asked for, and otherwise another for each round through the colours.
  static func dash(_ dash: Int?, color: Int?) -> Int { abs((dash ?? (color ?? 0) / series.count) % dashes.count) }

  /// Shapes of dots, by the numbers that gnuplot gives them.
  enum Dot: Int, Sendable, CaseIterable { case disc = 7, circle = 6, square = 5, diamond = 13, triangle = 9 }

  /// The shape of dots: another for each round through the colours.
  static func dot(color: Int?) -> Dot { Dot.allCases[abs((color ?? 0) / series.count % Dot.allCases.count)] }

  static let ink = Entry(light: "#1d2127", text: "#1d2127", dark: "#e6e8eb")
  static let soft = Entry(light: "#6b7078", text: "#6b7078", dark: "#9aa0a8")
  static let axis = Entry(light: "#8a8f98", text: "#8a8f98", dark: "#6f757e")
  static let grid = Entry(light: "#e9ebed", text: "#e9ebed", dark: "#2a2e34")
  static let bad = Entry(light: "#b3261e", text: "#b3261e", dark: "#ff8a80")
  static let paper = Entry(light: "#ffffff", text: "#ffffff", dark: "#16181c")
}

/// Colours for values from 0 to 1.
enum ColorMap {
  /// Dark to light with even steps for the eye (viridis, after Smith and van der Walt 2015), for values of one sign.
  case sequential
  /// Blue over near-white to red-brown, for values around zero.
  case diverging
  /// Paper to dark blue, for counts in cells that show their numbers.
  case counts

  /// The colour of a value; outside 0…1 that of the nearer end.
  func color(_ t: Double) -> Color {
    let stops: [UInt32]
    switch self {
    case .sequential: stops = ColorMap.viridis
    case .diverging: stops = ColorMap.blueToRed
    case .counts: stops = ColorMap.blues
    }
    let x = min(max(t.isNaN ? 0 : t, 0), 1) * Double(stops.count - 1)
    let i = min(Int(saturating: x), stops.count - 2)
    return Color(stops[i]).mixed(Color(stops[i + 1]), x - Double(i))
  }

  /// Entries of a palette with evenly spaced values.
  func palette(_ count: Int) -> [Color] { (0..<count).map { color(Double($0) / Double(max(1, count - 1))) } }

  private static let viridis: [UInt32] = [
    0x440154, 0x481467, 0x482576, 0x463480, 0x414487, 0x3b528b, 0x355f8d, 0x2f6c8e, 0x2a788e, 0x25848e, 0x21918c,
    0x1e9c89,
    0x22a884, 0x2fb47c, 0x44bf70, 0x5ec962, 0x7ad151, 0x9bd93c, 0xbddf26, 0xdfe318, 0xfde725,
  ]
  private static let blues: [UInt32] = [
    0xf7fbff, 0xdeebf7, 0xc6dbef, 0x9ecae1, 0x6baed6, 0x4292c6, 0x2171b5, 0x08519c, 0x08306b,
  ]
  private static let blueToRed: [UInt32] = [
    0x053061, 0x2166ac, 0x4393c3, 0x92c5de, 0xd1e5f0, 0xf7f7f5, 0xfddbc7, 0xf4a582, 0xd6604d, 0xb2182b, 0x67001f,
  ]
}
