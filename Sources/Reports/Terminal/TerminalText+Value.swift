import Records

extension TerminalText {
  /// A value as the REPL shows it: numbers exactly, short lists and records on a line, a tensor by shape, corner and
  /// summary, a model by its tensors, a table aligned, a figure drawn.
  public func value(_ value: Datum, name: String? = nil) -> String { self.value(value, name: name, depth: 0) }

  /// Records in so many others take one line, however much they hold: what is shared by all would be shown exponentially often.
  private static let deepest = 6

  private func value(_ value: Datum, name: String?, depth: Int) -> String {
    let label = name.map { DatumText.clean($0) + ": " } ?? ""
    switch value {
    case .table(let table): return heading(name) + self.table(table)
    case .figure(let figure): return heading(name) + plot(figure)
    case .tensor(let tensor) where !tensor.shape.isEmpty: return tensorText(tensor, label: label)
    case .model(let model): return modelText(model, label: label)
    case .record(let fields):
      let line = label + DatumText.clean(DatumText.brief(value, limit: 4000))
      if TextWidth.columns(line) <= width, !fields.contains(where: { isLarge($0.value) }) { return line }
      if depth == Self.deepest { return TextWidth.cut(line, to: width) }
      let lines = fields.map { field -> String in
        if field.name == "…", let omitted = field.value.omittedCount { return "  … \(omitted) more" }
        if case .tensor(let tensor) = field.value, !tensor.shape.isEmpty {
          return "  " + TextWidth.cut(DatumText.clean(field.name) + ": " + oneLine(tensor), to: width - 2)
        }
        return indented(self.value(field.value, name: field.name, depth: depth + 1), by: 2)
      }
      return label + "{\n" + lines.joined(separator: "\n") + "\n}"
    case .list(let items): return listText(items, label: label)
    case .string(let text) where text.contains("\n"):
      return (name.map { DatumText.clean($0) + ":\n" } ?? "") + lines(text)
    default: return label + DatumText.clean(DatumText.brief(value, limit: 4000))
    }
  }

  private func heading(_ name: String?) -> String { name.map { paint(DatumText.clean($0), .bold) + "\n" } ?? "" }

  /// A text of several lines as it is, between the marks of one.
  private func lines(_ text: String) -> String {
    let all = text.split(separator: "\n", omittingEmptySubsequences: false), most = 200
    let shown = all.prefix(most).map { $0.count > 1000 ? $0.prefix(1000) + "…" : $0 }.joined(separator: "\n")
    let rest = all.count > most ? "\n… \(all.count - most) more lines" : ""
    return "\"\"\"\n" + DatumText.clean(shown) + rest + "\n\"\"\""
  }

  private func isLarge(_ value: Datum) -> Bool {
    switch value {
    case .table, .figure, .model: return true
    case .tensor(let tensor): return !tensor.shape.isEmpty
    default: return false
    }
  }

  private func isTensor(_ value: Datum) -> Bool { if case .tensor = value { return true } else { return false } }

  private func listText(_ items: [Datum], label: String) -> String {
    let line = label + DatumText.clean(DatumText.brief(.list(items), limit: width * 6))
    if TextWidth.columns(line) <= width { return line }
    if items.contains(where: { if case .record = $0 { return true } else { return false } })
      || items.contains(where: isLarge)
    {
      let omitted = items.last?.omittedCount ?? 0
      let items = omitted == 0 ? items : items.dropLast()
      var lines = items.prefix(20).map { item in
        indented(
          isLarge(item) && !isTensor(item)
            ? value(item) : TextWidth.cut(DatumText.clean(DatumText.brief(item, limit: width)), to: width - 2), by: 2)
      }
      let more = items.count - lines.count + omitted
      if more > 0 { lines.append("  … \(more) more") }
      return label + "[\n" + lines.joined(separator: "\n") + "\n]"
    }
    return wrap([(line, .plain)], width: width).joined(separator: "\n")
  }

  private func oneLine(_ tensor: TensorDatum) -> String {
    DatumText.shape(tensor) + (summary(tensor).map { "  " + $0 } ?? "")
  }

  private func tensorText(_ tensor: TensorDatum, label: String) -> String {
    var lines = [label + DatumText.shape(tensor)]
    let corner = tensor.corner.prefix(8).map { Array($0.prefix(8)) }
    if !corner.isEmpty {
      let cells = cornerCells(corner, tensor.type)
      let columns = tensor.shape.last ?? 0, rows = tensor.shape.count > 1 ? tensor.shape[tensor.shape.count - 2] : 1
      var fitting = cells.first?.count ?? 0
      let widest = cells.joined().map { TextWidth.columns($0) }.max() ?? 0
      while fitting > 1, fitting * (widest + 2) + 4 > width { fitting -= 1 }
      for row in cells {
        let shown = row.prefix(fitting).map { TextWidth.pad($0, to: widest, right: true) }.joined(separator: "  ")
        lines.append("  " + shown + (columns > fitting ? "  …" : ""))
      }
      if rows > cells.count { lines.append("  ⋮") }
    }
    if let summary = summary(tensor),
      tensor.shape.reduce(1, { $0.multipliedReportingOverflow(by: $1).partialValue }) > 1
    {
      lines.append("  " + paint(summary, .dim))
    }
    return lines.joined(separator: "\n")
  }

  private func cornerCells(_ corner: [[Double]], _ type: String) -> [[String]] {
    guard type.hasPrefix("f") else { return corner.map { $0.map { DatumText.element($0, type) } } }
    let style = NumberStyle(corner.joined().filter(\.isFinite), errors: nil)
    return corner.map { $0.map { style.text($0) } }
  }

  /// `mean 0.01  sd 0.99  −2.9…3.1  ▁▂▅█▅▂▁`, or what all elements are.
  private func summary(_ tensor: TensorDatum) -> String? {
    if tensor.type == "bool" {
      guard let elements = tensor.elements, !elements.isEmpty else { return nil }
      return "\(elements.filter { $0 != 0 }.count) of \(elements.count) true"
    }
    var parts: [String] = []
    if let constant = constant(tensor) {
      parts.append(constant)
    } else if tensor.minimum.isFinite {
      parts.append("mean \(NumberFormat.short(tensor.mean, digits: 3))")
      parts.append("sd \(NumberFormat.short(tensor.deviation, digits: 3))")
      parts.append("\(NumberFormat.short(tensor.minimum, digits: 3))…\(NumberFormat.short(tensor.maximum, digits: 3))")
      if let bars = TerminalText.histogram(tensor.elements) { parts.append(bars) }
    }
    if tensor.nonFinite > 0 { parts.append("\(tensor.nonFinite) not finite") }
    return parts.isEmpty ? nil : parts.joined(separator: "  ")
  }

  private func constant(_ tensor: TensorDatum) -> String? {
    guard tensor.minimum == tensor.maximum, tensor.nonFinite == 0 else { return nil }
    if tensor.minimum == 0 { return "zeros" }
    return tensor.minimum == 1 ? "ones" : "all \(NumberFormat.short(tensor.minimum))"
  }

  /// Seven bars for the counts of values between the smallest and the largest; nil for few or equal values.
  static func histogram(_ elements: [Double]?) -> String? {
    let finite = (elements ?? []).filter(\.isFinite)
    guard finite.count >= 8, let low = finite.min(), let high = finite.max(), low < high, (high - low).isFinite else {
      return nil
    }
    var counts = [Int](repeating: 0, count: 7)
    for x in finite { counts[min(6, Int(saturating: (x - low) / (high - low) * 7))] += 1 }
    let most = counts.max() ?? 1
    let bars = Array("▁▂▃▄▅▆▇█")
    return String(counts.map { $0 == 0 ? " " : bars[min(7, $0 * 8 / (most + 1))] })
  }

  private func modelText(_ model: ModelDatum, label: String) -> String {
    let count = model.parameterCount == 1 ? "1 parameter" : "\(NumberFormat.grouped(model.parameterCount)) parameters"
    let tensors = model.tensors.count == 1 ? "1 tensor" : "\(model.tensors.count) tensors"
    var lines = [label + paint(DatumText.clean(model.name), .bold) + ": \(count) in \(tensors)"]
    let shown = model.tensors.prefix(40)
    let paths = shown.map { DatumText.clean($0.path) + ($0.isTrainable ? "" : " (state)") }
    let shapes = shown.map { "[\($0.tensor.shape.map(String.init).joined(separator: ", "))]" }
    let pathWidth = paths.map { TextWidth.columns($0) }.max() ?? 0, shapeWidth = shapes.map(\.count).max() ?? 0
    for (i, leaf) in shown.enumerated() {
      let about = constant(leaf.tensor) ?? (leaf.tensor.minimum.isFinite ? moments(leaf.tensor) : "")
      let line =
        "  \(TextWidth.pad(paths[i], to: pathWidth))  \(TextWidth.pad(shapes[i], to: shapeWidth))  \(leaf.tensor.type)  "
      let odd = leaf.tensor.nonFinite > 0 ? "  \(leaf.tensor.nonFinite) not finite" : ""
      lines.append(TextWidth.cut(line + about + odd, to: width))
    }
    if model.tensors.count > 40 { lines.append("  … \(model.tensors.count - 40) more") }
    return lines.joined(separator: "\n")
  }

  private func moments(_ tensor: TensorDatum) -> String {
    let mean = TextWidth.pad("mean " + NumberFormat.fixed(tensor.mean, 3).replacingMinus, to: 11)
    let bars = TerminalText.histogram(tensor.elements).map { "  " + $0 } ?? ""
    let spread = TextWidth.pad(NumberFormat.short(tensor.deviation, digits: 2), to: bars.isEmpty ? 0 : 6)
    return "\(mean)  sd \(spread)\(bars)"
  }
}
