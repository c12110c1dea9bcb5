/// The source lines under a diagnostic's header.
extension DiagnosticPrinter {
  /// Something to be pointed at on one line.
  private struct Anchor {
    var start: Int
    var end: Int
    var text: String
    var isPrimary: Bool
  }

  /// A line as it is drawn: tabs and control characters replaced, long ones cut to the neighbourhood of what matters.
  private struct DrawnLine {
    var text: String
    /// Offset in the file of the first byte drawn.
    var lower: Int
    /// Columns before `lower`'s text: the width of a leading `…`.
    var lead: Int
    /// Offset past the last byte drawn.
    var upper: Int
  }

  func snippets(_ diagnostic: Diagnostic) -> [String] {
    guard let file = store.file(diagnostic.span.file) else {
      let label = diagnostic.label.isEmpty ? [] : wrap(diagnostic.label, first: "  ", firstWidth: 2, rest: "  ")
      return label + diagnostic.notes.flatMap { note in snippet(note, style: .note) }
    }
    let line = file.position(Int(diagnostic.span.lower)).line
    var beside: [Diagnostic.Note] = [], elsewhere: [Diagnostic.Note] = []
    for note in diagnostic.notes {
      let isBeside = note.span.file == file.id && file.position(Int(note.span.lower)).line == line
      if isBeside { beside.append(note) } else { elsewhere.append(note) }
    }
    let numbers = [diagnostic.span] + elsewhere.filter { $0.span.file == file.id }.map(\.span)
    let gutter = numbers.map { String(file.position(Int($0.upper)).line).count }.max().map { max(3, $0) } ?? 3
    var lines: [String] = []
    if !file.name.hasPrefix("<repl") { lines.append("  " + paint(place(diagnostic.span, in: file), .dim)) }
    let style = style(diagnostic.severity)
    lines += draw(file, diagnostic.span, diagnostic.label, notes: beside, gutter: gutter, style: style)
    for notes in byLine(elsewhere.filter { !$0.text.isEmpty }) {
      guard let other = store.file(notes[0].span.file) else {
        lines += wrap(notes[0].text, first: "  ", firstWidth: 2, rest: "  ")
        continue
      }
      if other !== file { lines.append("  " + paint(place(notes[0].span, in: other), .dim)) }
      lines += draw(
        other, notes[0].span, notes[0].text, notes: Array(notes.dropFirst()), gutter: gutter, style: .note)
    }
    return lines
  }

  /// Neighbours that stand on one line of one file together; a note without a file alone.
  private func byLine(_ notes: [Diagnostic.Note]) -> [[Diagnostic.Note]] {
    var groups: [[Diagnostic.Note]] = []
    for note in notes {
      if let last = groups.last?.first, let file = store.file(note.span.file), last.span.file == note.span.file,
        file.position(Int(last.span.lower)).line == file.position(Int(note.span.lower)).line
      {
        groups[groups.count - 1].append(note)
      } else {
        groups.append([note])
      }
    }
    return groups
  }

  private func snippet(_ note: Diagnostic.Note, style: Style) -> [String] {
    guard let file = store.file(note.span.file) else { return ["  " + note.text] }
    return ["  " + paint(place(note.span, in: file), .dim)]
      + draw(file, note.span, note.text, notes: [], gutter: 3, style: style)
  }

  private func draw(
    _ file: SourceFile, _ span: Span, _ label: String, notes: [Diagnostic.Note], gutter: Int, style: Style
  ) -> [String] {
    let first = file.position(Int(span.lower)).line
    let last = max(first, file.position(max(Int(span.lower), Int(span.upper) - 1)).line)
    let empty = String(repeating: " ", count: gutter + 2) + " " + paint("│", .dim) + " "
    let drawn = drawnLine(file, first, around: span)
    var anchors = [anchor(span, label, drawn, file, isPrimary: true)]
    for note in notes { anchors.append(anchor(note.span, note.text, drawn, file, isPrimary: false)) }
    var lines = [numbered(first, gutter) + drawn.text]
    if anchors.count == 1 {
      let mark = style == .note ? "-" : "^"
      let underline = String(repeating: mark, count: max(1, anchors[0].end - anchors[0].start))
      let before = empty + String(repeating: " ", count: anchors[0].start)
      lines += labelled(before + paint(underline, style), anchors[0].end, anchors[0].text, gutter, empty)
    } else {
      lines += branches(anchors, empty, gutter, style)
    }
    if last > first {
      if last > first + 1 { lines.append(String(repeating: " ", count: gutter + 2) + " " + paint("⋮", .dim)) }
      let end = Span(file: span.file, lower: Int(span.upper) - 1, upper: Int(span.upper))
      let tail = drawnLine(file, last, around: end)
      let width = max(1, column(Int(span.upper), tail, file))
      lines.append(numbered(last, gutter) + tail.text)
      lines.append(empty + paint(String(repeating: style == .note ? "-" : "^", count: width), style))
    }
    return lines
  }

  /// The underline with its label beside it, or below where it would be too long.
  private func labelled(_ underline: String, _ column: Int, _ label: String, _ gutter: Int, _ empty: String) -> [String]
  {
    guard !label.isEmpty else { return [underline] }
    let margin = gutter + 5
    let longest = label.split(whereSeparator: \.isNewline).first.map { displayWidth($0) } ?? 0
    if margin + column + 1 + longest <= width || column < 30 {
      // Words that do not fit stand under the label, further paragraphs at the margin.
      let parts = label.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let rest = empty + String(repeating: " ", count: column + 1)
      let first = wrap(parts[0], first: underline + " ", firstWidth: margin + column + 1, rest: rest)
      return parts.count == 1 ? first : first + wrap(parts[1], first: empty, firstWidth: margin, rest: empty)
    }
    return [underline] + wrap(label, first: empty, firstWidth: margin, rest: empty)
  }

  /// Several places of one line, each with a branch to its label, the rightmost first.
  private func branches(_ anchors: [Anchor], _ empty: String, _ gutter: Int, _ style: Style) -> [String] {
    let sorted = anchors.sorted { ($0.start, $1.end) < ($1.start, $0.end) }
    let size = (sorted.map(\.end).max() ?? 0) + 1
    var row = [Character](repeating: " ", count: size)
    for anchor in sorted.sorted(by: { $0.end - $0.start > $1.end - $1.start }) {
      for i in anchor.start..<max(anchor.start + 1, anchor.end) where i < size { row[i] = "─" }
    }
    for anchor in sorted where !anchor.text.isEmpty { row[anchor.start] = "┬" }
    var lines = [empty + paint(trimmed(String(row)), style)]
    var left = sorted.filter { !$0.text.isEmpty }
    while let anchor = left.popLast() {
      var row = [Character](repeating: " ", count: anchor.start)
      for other in left where other.start < anchor.start { row[other.start] = "│" }
      let stem = String(row)
      let first = empty + paint(stem + "└", anchor.isPrimary ? style : .note) + " "
      lines += wrap(anchor.text, first: first, firstWidth: gutter + 5 + anchor.start + 2, rest: empty + stem + "  ")
    }
    return lines
  }

  private func anchor(_ span: Span, _ text: String, _ drawn: DrawnLine, _ file: SourceFile, isPrimary: Bool) -> Anchor {
    let start = column(Int(span.lower), drawn, file)
    let end = column(min(Int(span.upper), drawn.upper), drawn, file)
    return Anchor(start: start, end: max(end, start + 1), text: text, isPrimary: isPrimary)
  }

  private func numbered(_ line: Int, _ gutter: Int) -> String {
    let number = String(line)
    let pad = String(repeating: " ", count: max(0, gutter + 2 - number.count))
    return paint(pad + number + " │", .dim) + " "
  }

  private func trimmed(_ text: String) -> String {
    var text = text
    while text.last == " " { text.removeLast() }
    return text
  }

  // MARK: Lines

  /// Display column of a byte offset of a drawn line.
  private func column(_ offset: Int, _ drawn: DrawnLine, _ file: SourceFile) -> Int {
    let upper = min(max(offset, drawn.lower), drawn.upper)
    return drawn.lead + displayWidth(visible(String(decoding: file.bytes[drawn.lower..<upper], as: UTF8.self)))
  }

  /// A line of the file, or of a very long one the part around a span.
  private func drawnLine(_ file: SourceFile, _ number: Int, around span: Span) -> DrawnLine {
    let start = file.lineStarts[min(max(0, number - 1), file.lineStarts.count - 1)]
    var end = number < file.lineStarts.count ? file.lineStarts[number] - 1 : file.bytes.count
    while end > start, file.bytes[end - 1] == 0x0D { end -= 1 }
    let room = max(20, width - 12)
    // Most lines are short; only a longer one is measured.
    if end - start <= room {
      let text = visible(String(decoding: file.bytes[start..<end], as: UTF8.self))
      if displayWidth(text) <= room { return DrawnLine(text: text, lower: start, lead: 0, upper: end) }
    }
    let focus = min(max(Int(span.lower), start), end)
    var lower = focus - start <= room * 2 / 3 ? start : boundary(file, focus - room / 2, not: start)
    if displayWidth(visible(String(decoding: file.bytes[lower..<focus], as: UTF8.self))) > room * 2 / 3 {
      lower = boundary(file, focus - room / 4, not: start)
    }
    var upper = lower
    var used = 0
    while upper < end {
      let next = min(end, boundary(file, upper + 1, not: end, forward: true))
      used += displayWidth(visible(String(decoding: file.bytes[upper..<next], as: UTF8.self)))
      if used > room, upper >= focus { break }
      upper = next
    }
    let body = visible(String(decoding: file.bytes[lower..<upper], as: UTF8.self))
    let text = (lower > start ? "…" : "") + body + (upper < end ? "…" : "")
    return DrawnLine(text: text, lower: lower, lead: lower > start ? 1 : 0, upper: upper)
  }

  /// The nearest boundary between characters of UTF-8 at or before (or after) an offset.
  private func boundary(_ file: SourceFile, _ offset: Int, not limit: Int, forward: Bool = false) -> Int {
    var at = forward ? min(offset, limit) : max(offset, limit)
    while at != limit, at > 0, at < file.bytes.count, file.bytes[at] & 0xC0 == 0x80 { at += forward ? 1 : -1 }
    return at
  }

  /// Tabs as two spaces, other control characters as a dot.
  private func visible(_ text: String) -> String {
    var out = ""
    for character in text {
      if character == "\t" {
        out += "  "
      } else if let scalar = character.unicodeScalars.first, scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
      {
        out += "·"
      } else {
        out.append(character)
      }
    }
    return out
  }
}
