import Foundation
import Records

/// Draws the SVG that this room writes into pixels: lines, paths, circles, rectangles, polygons, pictures, text, and parts
/// that are cut at a rectangle. It knows no other SVG.
struct SVGRaster {
  private var raster: Raster
  private let scale: Double
  private var clips: [(left: Double, top: Double, right: Double, bottom: Double)] = []
  /// `<g>` with colours for what is inside.
  private var groups: [[String: String]] = []

  /// A figure's picture, `width` pixels wide.
  static func draw(_ svg: String, width: Int) -> Raster? {
    var elements = SVGElements(svg)
    guard let root = elements.next(), root.name == "svg", let across = root.number("width"),
      let down = root.number("height"), across > 0, down > 0, across < 1e5, down < 1e5
    else { return nil }
    let scale = Double(max(16, min(width, 4000))) / across
    var drawing = SVGRaster(
      raster: Raster(width: Int(across * scale), height: Int((down * scale).rounded(.up))), scale: scale)
    while !Interruption.isRaised(), let element = elements.next() { drawing.add(element) }
    return drawing.raster
  }

  private init(raster: Raster, scale: Double) {
    self.raster = raster
    self.scale = scale
  }

  private func point(_ x: Double, _ y: Double) -> Raster.Point { Raster.Point(x: x * scale, y: y * scale) }

  private mutating func add(_ element: SVGElement) {
    let isHidden = groups.contains { $0["display"] == "none" }
    switch element.name {
    case let name where isHidden && name != "g" && name != "/g": return
    case "svg":
      clips.append(raster.clip)
      let x = element.number("x") ?? 0, y = element.number("y") ?? 0
      let from = point(x, y), to = point(x + (element.number("width") ?? 0), y + (element.number("height") ?? 0))
      raster.clip = (
        max(raster.clip.left, from.x), max(raster.clip.top, from.y), min(raster.clip.right, to.x),
        min(raster.clip.bottom, to.y)
      )
    case "/svg": if let before = clips.popLast() { raster.clip = before }
    case "g": groups.append(element.attributes)
    case "/g": _ = groups.popLast()
    case "line":
      let from = point(element.number("x1") ?? 0, element.number("y1") ?? 0)
      shape([[from, point(element.number("x2") ?? 0, element.number("y2") ?? 0)]], element, isOpen: true)
    case "rect":
      guard element["width"]?.hasSuffix("%") != true else { return }
      let x = element.number("x") ?? 0, y = element.number("y") ?? 0
      let right = x + (element.number("width") ?? 0), bottom = y + (element.number("height") ?? 0)
      shape([[point(x, y), point(right, y), point(right, bottom), point(x, bottom)]], element)
    case "circle":
      let center = point(element.number("cx") ?? 0, element.number("cy") ?? 0)
      shape([Raster.circle(center, (element.number("r") ?? 0) * scale)], element)
    case "path":
      shape(path(element["d"] ?? ""), element, isOpen: element["d"]?.contains { $0 == "Z" || $0 == "z" } != true)
    case "polyline", "polygon":
      let numbers = Self.numbers(element["points"] ?? "")
      let points = stride(from: 0, to: numbers.count - 1, by: 2).map { point(numbers[$0], numbers[$0 + 1]) }
      shape([points], element, isOpen: element.name == "polyline")
    case "image": image(element)
    case "text": text(element)
    default: break
    }
  }

  // MARK: shapes

  private func color(_ name: String?, _ element: SVGElement) -> Color? {
    guard let name, name != "none" else { return nil }
    let own = name == "currentColor" ? element["color"] ?? groups.last?["color"] ?? "" : name
    guard own.hasPrefix("#"), own.count == 7, let code = UInt32(own.dropFirst(), radix: 16) else { return nil }
    return Color(code)
  }

  private mutating func shape(_ lines: [[Raster.Point]], _ element: SVGElement, isOpen: Bool = false) {
    let fade = element.number("opacity") ?? 1
    func part(_ name: String) -> String? { element[name] ?? groups.last?[name] }
    if !(element.name == "line"), let fill = color(part("fill"), element) {
      raster.fill(lines, fill, opacity: fade * (element.number("fill-opacity") ?? 1))
    }
    if let stroke = color(part("stroke"), element) {
      let width = (part("stroke-width").flatMap { Double($0) } ?? 1) * scale
      let dash = Self.numbers(element["stroke-dasharray"] ?? "").map { $0 * scale }
      let closed = isOpen ? lines : lines.map { $0 + $0.prefix(1) }
      raster.stroke(
        closed, stroke, width: width, opacity: fade * (element.number("stroke-opacity") ?? 1), dash: dash)
    }
  }

  private static func numbers(_ text: String) -> [Double] {
    text.split { $0 == " " || $0 == "," || $0.isNewline }.compactMap { Double($0) }
  }

  /// The lines of `M`, `L`, `H`, `V` and `Z`, from the corner or (in small letters) from where the pen is; curves are drawn as the lines between their ends.
  private func path(_ d: String) -> [[Raster.Point]] {
    var lines: [[Raster.Point]] = [], line: [Raster.Point] = [], x = 0.0, y = 0.0, start = (0.0, 0.0)
    for (letter, numbers) in Self.pieces(d) {
      let (dx, dy) = letter.isLowercase ? (x, y) : (0, 0), verb = letter.uppercased()
      switch verb {
      case "M", "L":
        var from = (dx, dy)
        for i in stride(from: 0, to: numbers.count - 1, by: 2) {
          (x, y) = (from.0 + numbers[i], from.1 + numbers[i + 1])
          if letter.isLowercase { from = (x, y) }
          if verb == "M", i == 0 {
            if !line.isEmpty { lines.append(line) }
            line = []
            start = (x, y)
          }
          line.append(point(x, y))
        }
      case "H", "V":
        for number in numbers {
          let from = letter.isLowercase ? (verb == "H" ? x : y) : 0
          if verb == "H" { x = from + number } else { y = from + number }
          line.append(point(x, y))
        }
      case "Z":
        (x, y) = start
        line.append(point(x, y))
      default:
        guard numbers.count >= 2 else { continue }
        (x, y) = (dx + numbers[numbers.count - 2], dy + numbers[numbers.count - 1])
        line.append(point(x, y))
      }
    }
    return line.isEmpty ? lines : lines + [line]
  }

  private static func pieces(_ d: String) -> [(verb: Character, numbers: [Double])] {
    var result: [(verb: Character, numbers: [Double])] = [], word = ""
    func ended() {
      if let number = Double(word), !result.isEmpty { result[result.count - 1].numbers.append(number) }
      word = ""
    }
    for c in d {
      if c.isLetter, c != "e" {
        ended()
        result.append((c, []))
      } else if c == " " || c == "," {
        ended()
      } else if c == "-", !word.isEmpty, word.last != "e" {
        ended()
        word = "-"
      } else {
        word.append(c)
      }
    }
    ended()
    return result
  }

  // MARK: pictures and text

  private mutating func image(_ element: SVGElement) {
    let prefix = "data:image/png;base64,"
    guard let data = element["href"], data.hasPrefix(prefix),
      let bytes = Data(base64Encoded: String(data.dropFirst(prefix.count))), let picture = PNG.decoded(Array(bytes)),
      let across = element.number("width"), let down = element.number("height"), across > 0, down > 0
    else { return }
    let from = point(element.number("x") ?? 0, element.number("y") ?? 0)
    let wide = across * scale, tall = down * scale
    for y in Int(max(0, from.y))..<max(Int(max(0, from.y)), min(raster.height, Int((from.y + tall).rounded(.up)))) {
      if Interruption.isRaised() { return }
      let row = Int((Double(y) + 0.5 - from.y) / tall * Double(picture.height))
      guard row >= 0, row < picture.height else { continue }
      for x in Int(max(0, from.x))..<max(Int(max(0, from.x)), min(raster.width, Int((from.x + wide).rounded(.up)))) {
        let column = Int((Double(x) + 0.5 - from.x) / wide * Double(picture.width))
        guard column >= 0, column < picture.width, let color = picture.pixels[row * picture.width + column] else {
          continue
        }
        raster.blend(x, y, color, 1)
      }
    }
  }

  private mutating func text(_ element: SVGElement) {
    guard let ink = color(element["fill"], element) else { return }
    let size = element.number("font-size") ?? 13, text = element.text
    var x = element.number("x") ?? 0, y = element.number("y") ?? 0, angle = 0.0
    if let transform = element["transform"] {
      let parts = Self.numbers(
        String(transform.map { $0.isNumber || $0 == "." || $0 == "-" ? $0 : " " }))
      if parts.count >= 3 { (x, y, angle) = (parts[0], parts[1], parts[2] * .pi / 180) }
    }
    let wide = TextWidth.pixels(text, size: size)
    let start = element["text-anchor"] == "middle" ? -wide / 2 : element["text-anchor"] == "end" ? -wide : 0
    let step = wide / Double(max(1, text.count)), dot = min(step / 5.6, size / 9.5), tall = size / 9.5
    let isBold = element["font-weight"] != nil
    var dots: [[Raster.Point]] = []
    for (i, character) in text.enumerated() {
      for (column, bits) in RasterFont.columns(character).enumerated() where bits != 0 {
        for row in 0..<7 where bits >> UInt8(row) & 1 == 1 {
          let left = start + Double(i) * step + Double(column) * dot, top = -Double(7 - row) * tall
          let right = left + dot * (isBold ? 1.45 : 1.05), bottom = top + tall * 1.05
          dots.append(
            [(left, top), (left, bottom), (right, bottom), (right, top)].map { u, v in
              point(x + u * cos(angle) - v * sin(angle), y + u * sin(angle) + v * cos(angle))
            })
        }
      }
    }
    raster.fill(dots, ink)
  }
}

/// One element: its name (`/g` where one ends), what it says, and the text in it.
struct SVGElement {
  var name: String
  var attributes: [String: String]
  var text = ""

  subscript(name: String) -> String? { attributes[name] }
  func number(_ name: String) -> Double? { attributes[name].flatMap { Double($0) } }
}

/// The elements of an SVG text, one after the other; titles and style sheets are passed over.
struct SVGElements {
  private let bytes: [UInt8]
  private var at = 0

  init(_ svg: String) { bytes = Array(svg.utf8) }

  mutating func next() -> SVGElement? {
    while var element = tag() {
      switch element.name {
      case "title", "style":
        while let inner = tag(), inner.name != "/" + element.name {}
      case "text":
        element.text = words()
        return element
      default: return element
      }
    }
    return nil
  }

  /// The text up to `</text>`, without titles.
  private mutating func words() -> String {
    var out = "", from = at
    while at < bytes.count {
      guard bytes[at] == 0x3C else {
        at += 1
        continue
      }
      out += String(decoding: bytes[from..<at], as: UTF8.self)
      guard let inner = tag() else { break }
      if inner.name == "/text" { break }
      if inner.name == "title" { while let other = tag(), other.name != "/title" {} }
      from = at
    }
    return Self.plain(out)
  }

  private static func plain(_ text: String) -> String {
    // Pictures are long, and have no such sign.
    guard text.utf8.contains(UInt8(ascii: "&")) else { return text }
    return text.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"")
      .replacing("&#39;", with: "'").replacing("&amp;", with: "&")
  }

  /// The next tag.
  private mutating func tag() -> SVGElement? {
    while at < bytes.count, bytes[at] != 0x3C { at += 1 }
    guard at < bytes.count else { return nil }
    at += 1
    let from = at
    while at < bytes.count, bytes[at] != 0x20, bytes[at] != 0x3E, at == from || bytes[at] != 0x2F { at += 1 }
    var element = SVGElement(name: String(decoding: bytes[from..<at], as: UTF8.self), attributes: [:])
    while at < bytes.count, bytes[at] != 0x3E {
      guard bytes[at] != 0x20, bytes[at] != 0x2F else {
        at += 1
        continue
      }
      let key = at
      while at < bytes.count, bytes[at] != 0x3D, bytes[at] != 0x3E { at += 1 }
      let name = String(decoding: bytes[key..<at], as: UTF8.self)
      guard at + 1 < bytes.count, bytes[at] == 0x3D, bytes[at + 1] == 0x22 else { continue }
      at += 2
      let value = at
      while at < bytes.count, bytes[at] != 0x22 { at += 1 }
      element.attributes[name] = Self.plain(String(decoding: bytes[value..<min(at, bytes.count)], as: UTF8.self))
      at += 1
    }
    at += 1
    return element
  }
}
