/// Text with places where it may be broken into lines, after Wadler's "A prettier printer" (2003), with fills and with
/// indents relative to the line on which a block begins.
indirect enum Layout {
  case text(String)
  /// Text whose spaces at the end of a line stay.
  case exact(String)
  /// `flat` when its group fits on the line, otherwise a newline.
  case line(flat: String)
  /// Always a newline; `blank` with an empty line before.
  case newline(blank: Bool)
  case sequence([Layout])
  /// Newlines inside are indented further by a number of columns.
  case nest(Int, Layout)
  /// Newlines inside are indented to the current column.
  case align(Layout)
  /// Newlines inside are indented by two columns beyond the current line's own indent.
  case block(Layout)
  /// Blocks inside are indented from the line on which this begins, wherever they open.
  case anchor(Layout)
  /// A newline two columns further left than the others of its block, before the closing brace; `flat` when its group
  /// fits.
  case closing(flat: String?)
  /// All lines flat if that fits, otherwise all broken.
  case group(Layout)
  /// A part after a separator (a `line` or a `newline`) that breaks only where the part does not fit.
  case filled(separator: Layout, part: Layout)

  static let empty = Layout.text("")

  /// A line ends in it however wide lines may be.
  var isBroken: Bool {
    switch self {
    case .text(let text), .exact(let text): text.utf8.contains(0x0A)
    case .line: false
    case .newline: true
    case .closing(let flat): flat == nil
    case .sequence(let parts): parts.contains(where: \.isBroken)
    case .nest(_, let inner), .align(let inner), .block(let inner), .group(let inner), .anchor(let inner):
      inner.isBroken
    case .filled(let separator, let part): separator.isBroken || part.isBroken
    }
  }

  static func join(_ parts: [Layout], _ separator: String) -> Layout {
    var out: [Layout] = []
    for (i, part) in parts.enumerated() {
      if i > 0 { out.append(.text(separator)) }
      out.append(part)
    }
    return .sequence(out)
  }
}

/// Lays text out in lines of a limited width.
struct LayoutWriter {
  private struct Item {
    var indent: Int
    var isFlat: Bool
    var layout: Layout
    /// Indent from which a block counts; nil for that of the line on which it opens.
    var base: Int?
  }

  let width: Int
  private var out = ""
  /// Bytes of `out` up to the last of exact text.
  private var exactEnd = 0
  private var column = 0
  private var lineIndent = 0
  private var stack: [Item] = []

  init(width: Int) { self.width = width }

  /// The text of a layout.
  static func write(_ layout: Layout, width: Int) -> String {
    var writer = LayoutWriter(width: width)
    writer.run(layout)
    return writer.out
  }

  private mutating func run(_ layout: Layout) {
    stack.append(Item(indent: 0, isFlat: false, layout: layout))
    while let item = stack.popLast() { step(item) }
  }

  private mutating func push(_ item: Item, _ layout: Layout, indent: Int? = nil, isFlat: Bool? = nil) {
    stack.append(Item(indent: indent ?? item.indent, isFlat: isFlat ?? item.isFlat, layout: layout, base: item.base))
  }

  private mutating func step(_ item: Item) {
    switch item.layout {
    case .text(let text): write(text)
    case .exact(let text):
      write(text)
      exactEnd = out.utf8.count
    case .line(let flat): item.isFlat ? write(flat) : breakLine(item.indent, blank: false)
    case .newline(let blank): breakLine(item.indent, blank: blank)
    case .closing(let flat):
      if item.isFlat, let flat { write(flat) } else { breakLine(max(0, item.indent - 2), blank: false) }
    case .sequence(let parts): for part in parts.reversed() { push(item, part) }
    case .nest(let columns, let inner): push(item, inner, indent: item.indent + columns)
    case .align(let inner): push(item, inner, indent: column)
    case .block(let inner):
      stack.append(Item(indent: (item.base ?? lineIndent) + 2, isFlat: item.isFlat, layout: inner))
    case .anchor(let inner):
      stack.append(Item(indent: item.indent, isFlat: item.isFlat, layout: inner, base: item.base ?? lineIndent))
    case .group(let inner):
      let isFlat = item.isFlat || fits(Item(indent: item.indent, isFlat: true, layout: inner))
      push(item, inner, isFlat: isFlat)
    case .filled(let separator, let part):
      let isFlat = item.isFlat || fits(Item(indent: item.indent, isFlat: true, layout: .sequence([separator, part])))
      push(item, part)
      push(item, separator, isFlat: isFlat)
    }
  }

  private mutating func breakLine(_ indent: Int, blank: Bool) {
    while out.utf8.count > exactEnd, out.utf8.last == 0x20 { out.removeLast() }
    out += blank ? "\n\n" : "\n"
    out += String(repeating: " ", count: indent)
    column = indent
    lineIndent = indent
  }

  private mutating func write(_ text: String) {
    out += text
    if text.utf8.contains(0x0A), let last = text.split(separator: "\n", omittingEmptySubsequences: false).last {
      column = last.count
    } else {
      column += text.count
    }
  }

  /// Whether a layout, with what follows it up to the next possible newline, fits on the line.
  private func fits(_ item: Item) -> Bool {
    var room = width - column
    var items = [item]
    var below = stack.count - 1
    while room >= 0 {
      guard let next = items.popLast() else {
        guard below >= 0 else { return true }
        items.append(stack[below])
        below -= 1
        continue
      }
      switch next.layout {
      case .text(let text), .exact(let text):
        if text.utf8.contains(0x0A) { return (text.split(separator: "\n").first?.count ?? 0) <= room }
        room -= text.count
      case .line(let flat):
        if !next.isFlat { return true }
        room -= flat.count
      case .newline: return true
      case .closing(let flat):
        guard next.isFlat, let flat else { return true }
        room -= flat.count
      case .sequence(let parts):
        for part in parts.reversed() { items.append(Item(indent: 0, isFlat: next.isFlat, layout: part)) }
      case .nest(_, let inner), .align(let inner), .block(let inner), .group(let inner), .anchor(let inner):
        items.append(Item(indent: 0, isFlat: next.isFlat, layout: inner))
      case .filled(let separator, let part):
        if !next.isFlat { return true }
        items.append(Item(indent: 0, isFlat: true, layout: part))
        items.append(Item(indent: 0, isFlat: true, layout: separator))
      }
    }
    return false
  }
}
