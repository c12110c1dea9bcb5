import Foundation

/// Collects the elements of a picture. Every element carries plain colours, which any program draws, and a class,
/// through which a page's style sheet (`FigureStyle`) gives it the colours of light or dark paper.
struct SVGCanvas {
  enum Anchor: String { case start, middle, end }

  /// What an element is coloured by.
  enum Ink: Hashable {
    case ink, soft, axis, grid, paper, bad
    case series(Int)

    var entry: Palette.Entry {
      switch self {
      case .ink: return Palette.ink
      case .soft: return Palette.soft
      case .axis: return Palette.axis
      case .grid: return Palette.grid
      case .paper: return Palette.paper
      case .bad: return Palette.bad
      case .series(let i):
        return Palette.series[((i % Palette.series.count) + Palette.series.count) % Palette.series.count]
      }
    }

    var name: String {
      switch self {
      case .ink: return "ink"
      case .soft: return "soft"
      case .axis: return "axis"
      case .grid: return "grid"
      case .paper: return "paper"
      case .bad: return "bad"
      case .series(let i): return String(((i % Palette.series.count) + Palette.series.count) % Palette.series.count)
      }
    }
  }

  private(set) var elements: [String] = []

  static let font = "Inter, Helvetica, Arial, sans-serif"

  mutating func add(_ element: String) { elements.append(element) }

  static func stroke(_ ink: Ink) -> String { "class=\"xs-\(ink.name)\" stroke=\"\(ink.entry.light)\"" }

  static func fill(_ ink: Ink) -> String { "class=\"xf-\(ink.name)\" fill=\"\(ink.entry.light)\"" }

  mutating func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ ink: Ink, width: Double = 1, dash: String = "",
    title: String = ""
  ) {
    let n = Markup.number
    let dashes = dash.isEmpty ? "" : " stroke-dasharray=\"\(dash)\""
    let attributes = "x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\""
    add(
      "<line \(attributes) \(SVGCanvas.stroke(ink)) stroke-width=\"\(n(width))\"\(dashes)\(SVGCanvas.end("line", title))"
    )
  }

  mutating func path(_ d: String, _ ink: Ink, width: Double, dash: String = "", title: String = "", opacity: Double = 1)
  {
    guard !d.isEmpty else { return }
    let dashes = dash.isEmpty ? "" : " stroke-dasharray=\"\(dash)\""
    let fade = opacity < 1 ? " stroke-opacity=\"\(Markup.number(opacity))\"" : ""
    add(
      "<path d=\"\(d)\" fill=\"none\" \(SVGCanvas.stroke(ink)) stroke-width=\"\(Markup.number(width))\" "
        + "stroke-linejoin=\"round\" stroke-linecap=\"round\"\(dashes)\(fade)\(SVGCanvas.end("path", title))")
  }

  mutating func area(_ d: String, _ ink: Ink, opacity: Double) {
    guard !d.isEmpty else { return }
    add("<path d=\"\(d)\" \(SVGCanvas.fill(ink)) fill-opacity=\"\(Markup.number(opacity))\"/>")
  }

  mutating func circle(_ x: Double, _ y: Double, _ radius: Double, _ ink: Ink, ring: Bool = false, title: String = "") {
    let n = Markup.number
    let edge = ring ? " stroke=\"#ffffff\" stroke-width=\"1.2\"" : ""
    let classes = ring ? "class=\"xf-\(ink.name) xs-paper\" fill=\"\(ink.entry.light)\"" : SVGCanvas.fill(ink)
    add("<circle cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(n(radius))\" \(classes)\(edge)\(SVGCanvas.end("circle", title))")
  }

  /// A dot of a shape, about as large as a disc of that radius.
  mutating func dot(
    _ x: Double, _ y: Double, _ radius: Double, _ shape: Palette.Dot, _ ink: Ink, ring: Bool = false, title: String = ""
  ) {
    let n = Markup.number
    switch shape {
    case .disc: circle(x, y, radius, ink, ring: ring, title: title)
    case .circle:
      let classes =
        "class=\"xs-\(ink.name) xf-paper\" fill=\"#ffffff\" stroke=\"\(ink.entry.light)\" stroke-width=\"1.6\""
      let r = n(max(0.5, radius - 0.8))
      add("<circle cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(r)\" \(classes)\(SVGCanvas.end("circle", title))")
    case .square, .diamond, .triangle:
      let edge = ring ? " stroke=\"#ffffff\" stroke-width=\"1.2\"" : ""
      let classes = ring ? "class=\"xf-\(ink.name) xs-paper\" fill=\"\(ink.entry.light)\"" : SVGCanvas.fill(ink)
      add("<path d=\"\(SVGCanvas.outline(x, y, radius, shape))\" \(classes)\(edge)\(SVGCanvas.end("path", title))")
    }
  }

  /// The outline of a dot as a path; what is round has eight corners.
  static func outline(_ x: Double, _ y: Double, _ radius: Double, _ shape: Palette.Dot) -> String {
    let corners: [(Double, Double)]
    switch shape {
    case .disc, .circle:
      corners = [(-0.4, -1), (0.4, -1), (1, -0.4), (1, 0.4), (0.4, 1), (-0.4, 1), (-1, 0.4), (-1, -0.4)]
    case .square: corners = [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]
    case .diamond: corners = [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)]
    case .triangle: corners = [(0, -1.2), (1.2, 0.9), (-1.2, 0.9)]
    }
    return "M"
      + corners.map { "\(Markup.number(x + $0.0 * radius)),\(Markup.number(y + $0.1 * radius))" }
      .joined(separator: "L") + "Z"
  }

  mutating func rect(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, _ ink: Ink, title: String = "", opacity: Double = 1
  ) {
    let n = Markup.number
    let fade = opacity < 1 ? " fill-opacity=\"\(n(opacity))\"" : ""
    let attributes = "x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(max(0, width)))\" height=\"\(n(max(0, height)))\""
    add("<rect \(attributes) \(SVGCanvas.fill(ink))\(fade)\(SVGCanvas.end("rect", title))")
  }

  /// Text, cut to `limit` pixels; the whole of it is then its hover title. `exponent` follows, small and raised, and
  /// `tail` after it.
  mutating func text(
    _ x: Double, _ y: Double, _ string: String, _ ink: Ink, size: Double = 13, anchor: Anchor = .start,
    bold: Bool = false,
    exponent: String = "", tail: String = "", limit: Double = .infinity, turned: Bool = false, halo: Bool = false,
    angle: Double = 0
  ) {
    guard !string.isEmpty else { return }
    let n = Markup.number
    // Bold letters are a tenth wider.
    let shown = SVGCanvas.fit(string, bold ? limit / 1.1 : limit, size: size)
    var attributes =
      "class=\"xt-\(ink.name)\(halo ? " x-halo" : "")\" fill=\"\(ink.entry.text)\" font-size=\"\(n(size))\""
    let turn = turned ? -90 : angle
    let isLevel = abs(turn) < 0.01
    attributes +=
      isLevel
      ? " x=\"\(n(x))\" y=\"\(n(y))\"" : " transform=\"translate(\(n(x)),\(n(y))) rotate(\(n(turn)))\""
    if anchor != .start { attributes += " text-anchor=\"\(anchor.rawValue)\"" }
    if bold { attributes += " font-weight=\"600\"" }
    if halo { attributes += " stroke=\"#ffffff\" stroke-width=\"3\" stroke-linejoin=\"round\" paint-order=\"stroke\"" }
    var body = Markup.escape(shown)
    if !exponent.isEmpty {
      let small = n((size * 0.75 * 10).rounded() / 10), raise = n((size * 0.36 * 10).rounded() / 10)
      body += "<tspan dy=\"-\(raise)\" font-size=\"\(small)\">\(Markup.escape(exponent))</tspan>"
      if !tail.isEmpty { body += "<tspan dy=\"\(raise)\">\(Markup.escape(tail))</tspan>" }
    }
    if shown != string { body = "<title>\(Markup.escape(string))</title>" + body }
    add("<text \(attributes)>\(body)</text>")
  }

  /// Text in fixed colours upon a picture that does not change with the paper.
  mutating func label(_ x: Double, _ y: Double, _ text: String, angle: Double, fill: String, halo: String) {
    let n = Markup.number
    add(
      "<text transform=\"translate(\(n(x)),\(n(y))) rotate(\(n(angle)))\" text-anchor=\"middle\" font-size=\"11\" "
        + "fill=\"\(fill)\" stroke=\"\(halo)\" stroke-width=\"2.6\" stroke-linejoin=\"round\" paint-order=\"stroke\">"
        + "\(Markup.escape(text))</text>")
  }

  /// A picture; pixels stay sharp unless it is to be smooth.
  mutating func image(
    _ x: Double, _ y: Double, _ width: Double, _ height: Double, png: [UInt8], title: String = "",
    isSmooth: Bool = false
  ) {
    let n = Markup.number
    let attributes =
      "x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(width))\" height=\"\(n(height))\" preserveAspectRatio=\"none\""
    let sharp =
      isSmooth ? "image-rendering=\"auto\"" : "image-rendering=\"optimizeSpeed\" style=\"image-rendering:pixelated\""
    let data = "data:image/png;base64," + Markup.base64(png)
    add("<image \(attributes) \(sharp) href=\"\(data)\"\(SVGCanvas.end("image", title))")
  }

  /// Elements drawn by `body` are cut at a rectangle; coordinates stay those of the whole picture.
  mutating func clipped(_ x: Double, _ y: Double, _ width: Double, _ height: Double, _ body: (inout SVGCanvas) -> Void)
  {
    var inner = SVGCanvas()
    body(&inner)
    guard !inner.elements.isEmpty else { return }
    let n = Markup.number
    let box = "\(n(x)) \(n(y)) \(n(width)) \(n(height))"
    add(
      "<svg x=\"\(n(x))\" y=\"\(n(y))\" width=\"\(n(width))\" height=\"\(n(height))\" viewBox=\"\(box)\" overflow=\"hidden\">"
    )
    for element in inner.elements { add(element) }
    add("</svg>")
  }

  /// The whole picture as an `<svg>` element, or as a file of its own with paper and colours for dark screens.
  func document(width: Double, height: Double, title: String, standalone: Bool) -> String {
    let n = Markup.number
    var out =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"x-figure\" width=\"\(n(width))\" height=\"\(n(height))\" "
    out += "viewBox=\"0 0 \(n(width)) \(n(height))\" font-family=\"\(SVGCanvas.font)\" role=\"img\""
    out += title.isEmpty ? ">\n" : " aria-label=\"\(Markup.escape(title))\">\n"
    if standalone { out += SVGCanvas.alone }
    out += elements.joined(separator: "\n") + "\n</svg>\n"
    return out
  }

  /// What only a picture that stands alone has.
  private static var alone: String {
    "<style>\n\(FigureStyle.standalone)</style>\n<rect width=\"100%\" height=\"100%\" \(SVGCanvas.fill(.paper))/>\n"
  }

  /// A picture that was drawn to stand alone, as a page has it.
  static func onPage(_ svg: String) -> String {
    svg.range(of: alone).map { svg[..<$0.lowerBound] + svg[$0.upperBound...] }.map(String.init) ?? svg
  }

  /// A text cut to a width in pixels, ending in `…` if something was cut.
  static func fit(_ text: String, _ limit: Double, size: Double) -> String {
    let flat = text.contains("\n") ? String(text.map { $0.isNewline ? " " : $0 }) : text
    guard TextWidth.pixels(flat, size: size) > limit else { return flat }
    var out = ""
    for c in flat {
      if TextWidth.pixels(out + String(c) + "…", size: size) > limit { break }
      out.append(c)
    }
    return out + "…"
  }

  private static func end(_ name: String, _ title: String) -> String {
    title.isEmpty ? "/>" : "><title>\(Markup.escape(title))</title></\(name)>"
  }
}
