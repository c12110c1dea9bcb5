import Records

/// Grey pictures in rows, each with its caption.
struct ImageGrid {
  let figure: Figure
  let images: [[Double]]
  let width: Int
  let height: Int
  let captions: [String]

  func svg(standalone: Bool) -> String {
    var canvas = SVGCanvas()
    let total = 720.0
    let top = figure.title.isEmpty ? 12.0 : 38
    canvas.text(12, 22, figure.title, .ink, size: 15, bold: true, limit: total - 24)
    guard width > 0, height > 0, width <= 4096, height <= 4096, !images.isEmpty else {
      canvas.text(total / 2, top + 40, "no data", .soft, anchor: .middle)
      return canvas.document(width: total, height: top + 80, title: figure.title, standalone: standalone)
    }
    let shown = min(images.count, 400)
    let hasCaptions = captions.contains { !$0.isEmpty }
    // Rows are filled evenly and pictures grow until the row is full, up to 120 pixels.
    let most = max(1, Int(saturating: (total - 24 + 8) / (max(28, min(64, Double(width) * 2)) + 8)))
    let rows = (shown + most - 1) / most, columns = (shown + rows - 1) / rows
    let side = min(120, (total - 24 - 8 * Double(columns - 1)) / Double(columns))
    let tall = side * Double(height) / Double(width), step = tall + (hasCaptions ? 22 : 8)
    for i in 0..<shown where !Interruption.isRaised() {
      let x = 12 + Double(i % columns) * (side + 8), y = top + Double(i / columns) * step
      let caption = i < captions.count ? captions[i] : ""
      canvas.image(x, y, side, tall, png: png(images[i]), title: caption)
      canvas.text(x + side / 2, y + tall + 13, caption, .soft, size: 11.5, anchor: .middle, limit: side + 6)
    }
    var bottom = top + Double(rows) * step + 6
    if shown < images.count {
      canvas.text(12, bottom + 8, "and \(images.count - shown) more", .soft, size: 12)
      bottom += 18
    }
    let note = [figure.note, ImageGrid.cut(images) ?? ""].filter { !$0.isEmpty }.joined(separator: " · ")
    if !note.isEmpty {
      canvas.text(12, bottom + 8, note, .soft, size: 11, limit: total - 24)
      bottom += 18
    }
    let used = 24 + Double(columns) * side + 8 * Double(columns - 1)
    let texts = max(TextWidth.pixels(figure.title, size: 15) * 1.08, TextWidth.pixels(note, size: 11))
    let room = max(used, min(total, texts + 24))
    return canvas.document(width: room, height: bottom, title: figure.title, standalone: standalone)
  }

  /// What pictures show of values that are no shade of grey; nil where all lie in 0…1.
  static func cut(_ images: [[Double]]) -> String? {
    var above = 0, below = 0, missing = 0
    for image in images where !Interruption.isRaised() {
      for value in image {
        if value.isNaN { missing += 1 } else if value > 1 { above += 1 } else if value < 0 { below += 1 }
      }
    }
    func words(_ n: Int, _ what: String, _ shade: String) -> String? {
      n == 0
        ? nil : "\(NumberFormat.grouped(n)) value\(n == 1 ? "" : "s") \(what) \(n == 1 ? "is" : "are") shown \(shade)"
    }
    let parts = [
      words(above, "above 1", "white"), words(below, "below 0", "black"), words(missing, "without a number", "grey"),
    ].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }

  /// 0 is black and 1 is white; what is outside is cut, NaN is mid-grey, missing pixels are black.
  private func png(_ image: [Double]) -> [UInt8] {
    let zoom = max(1, min(4, 96 / max(width, height)))
    var large: [UInt8] = []
    for row in 0..<height {
      if Interruption.isRaised() { return [] }
      var line: [UInt8] = []
      for column in 0..<width {
        let at = row * width + column
        let value = at < image.count ? image[at] : 0
        let grey = value.isNaN ? 128 : UInt8(max(0, min(255, (max(-1, min(2, value)) * 255).rounded())))
        for _ in 0..<zoom { line.append(grey) }
      }
      for _ in 0..<zoom { large += line }
    }
    return PNG.grey(large, width: width * zoom, height: height * zoom)
  }
}
