import Records

/// Shapes that move, drawn at their places in a plane of equal scales. The picture moves by itself where the viewer can
/// (SMIL, no script) and its user has not asked for less motion; ghosts of earlier times and the trace of each disc say the same on paper.
struct RolloutDrawing {
  let figure: Figure
  let actors: [Figure.Actor]
  let seconds: Double
  var canvas = SVGCanvas()
  private var frame = Frame(left: 24, top: 16, width: 672, height: 320)
  private var unit = 1.0, x0 = 0.0, y0 = 0.0

  /// Times of the animation and ghosts; more would make pages large and say nothing.
  static let mostFrames = 160, ghosts = 7

  init(_ figure: Figure, actors: [Figure.Actor], seconds: Double) {
    self.figure = figure
    self.actors = actors
    self.seconds = seconds
  }

  mutating func svg(standalone: Bool) -> String {
    let width = 720.0
    canvas.text(12, 22, figure.title, .ink, size: 15, bold: true, limit: width - 24)
    frame.top = figure.title.isEmpty ? 16 : 40
    guard fit() else {
      canvas.text(width / 2, frame.top + 40, "no data", .soft, anchor: .middle)
      return canvas.document(width: width, height: frame.top + 80, title: figure.title, standalone: standalone)
    }
    drawTraces()
    drawGhosts()
    canvas.add("<g class=\"x-moving\">")
    for (i, actor) in actors.enumerated() { drawMoving(actor, i) }
    canvas.add("</g>")
    // For those who asked for less motion, and for paper: style sheets show this instead.
    if !actors.allSatisfy(isStill) {
      canvas.add("<g class=\"x-still\" display=\"none\">")
      for (i, actor) in actors.enumerated() {
        if let last = atLast(actor) { draw(actor, last, i, opacity: 1, animation: "") }
      }
      canvas.add("</g>")
    }
    let height = frame.bottom + 30
    drawFoot(height)
    return canvas.document(width: width, height: height, title: figure.title, standalone: standalone)
  }

  /// Chooses scale and place so that all of all times is inside; false when there is nothing.
  private mutating func fit() -> Bool {
    var xs: [Double] = [], ys: [Double] = []
    for actor in actors {
      for (frame, numbers) in actor.frames.enumerated() where numbers.allSatisfy(\.isFinite) {
        if Interruption.isRaised(at: frame) { return false }
        if actor.shape == .disc, numbers.count == 3 {
          let r = abs(numbers[2])
          xs += [numbers[0] - r, numbers[0] + r]
          ys += [numbers[1] - r, numbers[1] + r]
        } else {
          for i in stride(from: 0, to: numbers.count - 1, by: 2) {
            xs.append(numbers[i])
            ys.append(numbers[i + 1])
          }
        }
      }
    }
    guard let left = xs.min(), let right = xs.max(), let low = ys.min(), let high = ys.max() else { return false }
    let wide = max(right - left, 1e-12), tall = max(high - low, 1e-12)
    guard wide.isFinite, tall.isFinite else { return false }
    unit = min(frame.width / wide, 380 / tall)
    frame.height = max(40, tall * unit)
    x0 = frame.left + (frame.width - wide * unit) / 2 - left * unit
    y0 = frame.top + frame.height + low * unit
    return true
  }

  private var frameCount: Int { actors.map(\.frames.count).max() ?? 0 }

  private func at(_ actor: Figure.Actor, _ time: Int) -> [Double]? {
    guard !actor.frames.isEmpty else { return nil }
    let numbers = actor.frames[min(time, actor.frames.count - 1)]
    return numbers.allSatisfy(\.isFinite) ? numbers : nil
  }

  private func points(_ numbers: [Double]) -> String {
    stride(from: 0, to: numbers.count - 1, by: 2).map {
      tenth(x0 + numbers[$0] * unit) + "," + tenth(y0 - numbers[$0 + 1] * unit)
    }.joined(separator: " ")
  }

  private func tenth(_ v: Double) -> String { NumberFormat.trimmed(NumberFormat.fixed(min(max(v, -1e6), 1e6), 1)) }

  private func times(_ most: Int) -> [Int] {
    let n = frameCount
    guard n > most else { return Array(0..<n) }
    return (0..<most).map { Int(saturating: (Double($0) * Double(n - 1) / Double(most - 1)).rounded()) }
  }

  private func isStill(_ actor: Figure.Actor) -> Bool {
    guard let first = actor.frames.first else { return true }
    return actor.frames.dropFirst().allSatisfy { $0 == first }
  }

  private mutating func drawTraces() {
    for (i, actor) in actors.enumerated() where actor.shape == .disc && !isStill(actor) {
      let places = times(400).map { time -> (x: Double, y: Double)? in
        at(actor, time).map { (x0 + $0[0] * unit, y0 - $0[1] * unit) }
      }
      canvas.path(LinePath.d(places), .series(i), width: 1, dash: "2 3", opacity: 0.7)
    }
  }

  private mutating func drawGhosts() {
    let last = frameCount - 1
    guard last > 0 else { return }
    for k in 0..<RolloutDrawing.ghosts {
      let time = k * last / RolloutDrawing.ghosts
      for (i, actor) in actors.enumerated() where !isStill(actor) {
        guard let numbers = at(actor, time) else { continue }
        draw(actor, numbers, i, opacity: 0.1 + 0.2 * Double(k) / Double(RolloutDrawing.ghosts), animation: "")
      }
    }
  }

  /// Where a shape is at last, which is what stands still on paper.
  private func atLast(_ actor: Figure.Actor) -> [Double]? {
    at(actor, max(0, frameCount - 1)) ?? actor.frames.last { $0.allSatisfy(\.isFinite) }
  }

  /// A shape at its last time, with the way there.
  private mutating func drawMoving(_ actor: Figure.Actor, _ index: Int) {
    guard let last = atLast(actor) else { return }
    var animation = ""
    if !isStill(actor), last.count >= 2 {
      // A time without numbers holds the place before it.
      var held = last
      let all = times(RolloutDrawing.mostFrames).map { time -> [Double] in
        held = at(actor, time) ?? held
        return held
      }
      let duration = "dur=\"\(Markup.number(max(0.1, seconds)))s\" repeatCount=\"indefinite\""
      if actor.shape == .disc {
        for (name, numbers) in [
          ("cx", all.map { tenth(x0 + $0[0] * unit) }), ("cy", all.map { tenth(y0 - $0[1] * unit) }),
        ] {
          animation += "<animate attributeName=\"\(name)\" \(duration) values=\"\(numbers.joined(separator: ";"))\"/>"
        }
      } else {
        let values = all.map(points).joined(separator: ";")
        animation = "<animate attributeName=\"points\" \(duration) values=\"\(values)\"/>"
      }
    }
    draw(actor, last, index, opacity: 1, animation: animation)
  }

  private mutating func draw(
    _ actor: Figure.Actor, _ numbers: [Double], _ index: Int, opacity: Double, animation: String
  ) {
    let ink: SVGCanvas.Ink = isStill(actor) ? .soft : .series(index)
    let title = actor.name.isEmpty || opacity < 1 ? "" : "<title>\(Markup.escape(actor.name))</title>"
    let n = Markup.number
    let fade = opacity < 1 ? " opacity=\"\(n(opacity))\"" : ""
    switch actor.shape {
    case .disc:
      guard numbers.count == 3 else { return }
      canvas.add(
        "<circle cx=\"\(n(x0 + numbers[0] * unit))\" cy=\"\(n(y0 - numbers[1] * unit))\" "
          + "r=\"\(n(max(1.5, abs(numbers[2]) * unit)))\" \(SVGCanvas.fill(ink))\(fade)>\(title)\(animation)</circle>")
    case .line:
      canvas.add(
        "<polyline points=\"\(points(numbers))\" fill=\"none\" \(SVGCanvas.stroke(ink)) stroke-width=\"3\" "
          + "stroke-linejoin=\"round\" stroke-linecap=\"round\"\(fade)>\(title)\(animation)</polyline>")
    case .polygon:
      canvas.add(
        "<polygon points=\"\(points(numbers))\" \(SVGCanvas.fill(ink)) fill-opacity=\"0.85\"\(fade)>"
          + "\(title)\(animation)</polygon>")
    }
  }

  private mutating func drawFoot(_ height: Double) {
    var at = 12.0
    var seen: Set<String> = []
    for (i, actor) in actors.enumerated() where !actor.name.isEmpty && seen.insert(actor.name).inserted {
      let width = min(140, TextWidth.pixels(actor.name, size: 11.5))
      guard at + width < 560 else { break }
      canvas.circle(at + 4, height - 10, 4, isStill(actor) ? .soft : .series(i))
      canvas.text(at + 13, height - 6, actor.name, .soft, size: 11.5, limit: 140)
      at += width + 28
    }
    let broken = actors.reduce(0) { n, actor in n + actor.frames.count { !$0.allSatisfy(\.isFinite) } }
    let missing = broken == 0 ? "" : "\(broken) not finite"
    let note = ["\(frameCount) frames, \(NumberFormat.duration(seconds))", missing, figure.note]
      .filter { !$0.isEmpty }.joined(separator: " · ")
    canvas.text(708, height - 6, note, .soft, size: 11.5, anchor: .end, limit: 690 - at)
  }
}
