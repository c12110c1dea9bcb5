import Records

extension TerminalText {
  /// A figure in characters: curves and dots in braille with their names at the right, bars and heat maps in blocks.
  /// `note`, such as the picture's file, stands beside the bottom of the plot.
  public func plot(_ figure: Figure, note: String = "") -> String {
    var lines: [String] = []
    let note = DatumText.clean(note)
    if !figure.title.isEmpty { lines.append(paint(TextWidth.cut(DatumText.clean(figure.title), to: width - 2), .bold)) }
    if let line = pictureLine(figure) {
      lines += wrap([(line, .plain)], width: width - 2)
    } else if let bars = BarLayout(figure) {
      lines += barLines(figure, bars)
    } else if let heat = HeatMap(figure, includingAll: true) {
      lines += heatLines(figure, heat)
    } else {
      var plot = BraillePlot(figure, terminal: self, note: note)
      return (lines + plot.lines()).joined(separator: "\n")
    }
    if !note.isEmpty { lines.append(paint(note, .dim)) }
    return lines.joined(separator: "\n")
  }

  /// What a picture that characters cannot draw shows; nil for other figures.
  private func pictureLine(_ figure: Figure) -> String? {
    func count(_ n: Int, _ word: String) -> String { "\(NumberFormat.grouped(n)) \(word)\(n == 1 ? "" : "s")" }
    for mark in figure.marks {
      switch mark {
      case .images(let images, let width, let height, _):
        return "\(count(images.count, "picture")) of \(width) × \(height)"
          + (ImageGrid.cut(images).map { ": " + $0 } ?? "")
      case .network(let nodes, let edges):
        return "a network: \(count(nodes.count, "node")), \(count(edges.count, "edge"))"
      case .rollout(let actors, let seconds):
        let frames = actors.map(\.frames.count).max() ?? 0
        return
          "a rollout: \(count(actors.count, "shape")), \(count(frames, "frame")), \(NumberFormat.duration(seconds))"
      default: continue
      }
    }
    return nil
  }

  private func barLines(_ figure: Figure, _ bars: BarLayout) -> [String] {
    let names = bars.labels.map { TextWidth.cut(DatumText.clean($0), to: max(28, width / 2)) }
    let nameWidth = names.map { TextWidth.columns($0) }.max() ?? 0
    var rules: [(at: Double, label: String)] = []
    for mark in figure.marks {
      if case .rule(false, let at, let label) = mark { rules.append((at, DatumText.clean(label))) }
    }
    let finite = (bars.groups.flatMap { $0.values.compactMap { $0 } } + rules.map(\.at)).filter(\.isFinite)
    let scale = AxisScale(
      figure.y.scale, data: figure.y.scale == .log ? finite : finite + [0], range: figure.y.range, tickCount: 4,
      padding: 0)
    let room = max(8, min(50, width - nameWidth - 20))
    // Bars of what is below zero end where the others begin.
    let zero = min(max(scale.place(0) ?? 0, 0), 1)
    let below = (finite.min() ?? 0) < 0 ? Int(saturating: (zero * Double(room)).rounded(.up)) : 0
    let uprights = rules.compactMap { rule -> (column: Int, label: String)? in
      guard let place = scale.place(rule.at), place >= 0, place <= 1 else { return nil }
      return (below + Int(saturating: ((place - zero) * Double(room)).rounded(.down)), rule.label)
    }.sorted { $0.column < $1.column }
    var lines: [String] = []
    for (i, name) in names.prefix(40).enumerated() {
      for (g, group) in bars.groups.enumerated() {
        guard let value = bars.value(g, i) else { continue }
        let share = scale.place(value).map { $0 - zero } ?? 0
        let head = TextWidth.pad(g == 0 ? name : "", to: nameWidth) + "  "
        let series = bars.groups.count > 1 && !group.name.isEmpty ? "  \(DatumText.clean(group.name))" : ""
        let text =
          share < 0
          ? TerminalText.barBelow(-share, columns: room, of: below)
          : String(repeating: " ", count: below) + TerminalText.bar(share, columns: room)
        // Rules stand where neither bar nor number is.
        var before = text.prefix { $0 == " " }.map { $0 }, after = " \(NumberFormat.short(value, digits: 3))\(series)"
        let bar = text.dropFirst(before.count)
        for rule in uprights {
          let behind = rule.column - before.count - bar.count
          if before.indices.contains(rule.column) {
            before[rule.column] = "┊"
          } else if behind > TextWidth.columns(after) {
            after = TextWidth.pad(after, to: behind) + "┊"
          }
        }
        lines.append(head + String(before) + paint(String(bar), series: g) + after)
      }
    }
    for rule in uprights where !rule.label.isEmpty {
      let left = nameWidth + 2 + rule.column, isRight = left + 2 + TextWidth.columns(rule.label) <= width
      let label = TextWidth.cut(rule.label, to: isRight ? width : max(1, left - 1))
      let line =
        isRight ? TextWidth.pad("", to: left) + "┊ " + label : TextWidth.pad(label, to: left - 1, right: true) + " ┊"
      lines.append(paint(line, .dim))
    }
    if names.count > 40 { lines.append("… \(names.count - 40) more") }
    if !figure.y.label.isEmpty { lines.append(paint(DatumText.clean(figure.y.label), .dim)) }
    return lines
  }
}
