import Records

extension TerminalText {
  /// A table: columns aligned, as many as fit, rows in the middle left out beyond `maxRows`, and a last line that
  /// says what is not shown and which file has all of it.
  public func table(_ table: Table, name: String = "", file: String = "", maxRows: Int = 20) -> String {
    let layout = TableLayout(table, maxRows: maxRows, groupsDigits: false)
    var blocks = layout.columns.map(block)
    var dropped = 0
    // Wide texts are cut first; then columns at the right are left out.
    if total(blocks) > width - 2 { blocks = blocks.map { cut($0, to: 28) } }
    while total(blocks) > width - 2, blocks.count > 1 {
      blocks.removeLast()
      dropped += 1
    }
    if total(blocks) > width - 2, let only = blocks.first { blocks = [cut(only, to: width - 2)] }
    var lines: [String] = []
    if !blocks.isEmpty {
      lines.append(paint(line(blocks) { $0.header }, .dim))
      for i in layout.rows.indices { lines.append(line(blocks) { $0.cells[i] }) }
    }
    let shown = layout.rows.filter { $0 != nil }.count
    var notes: [String] = []
    if blocks.isEmpty || shown < table.rowCount { notes.append("\(table.rowCount) rows, \(shown) shown") }
    if dropped > 0 { notes.append("\(dropped) more column\(dropped == 1 ? "" : "s")") }
    if layout.columns.contains(where: \.hasError) { notes.append("mean ± standard error") }
    if !file.isEmpty { notes.append(DatumText.clean(file)) }
    if !notes.isEmpty { lines.append(paint(TextWidth.cut("… " + notes.joined(separator: " · "), to: width - 2), .dim)) }
    if let coverage = table.coverage { lines.append(paint("… " + coverage, .dim)) }
    return lines.joined(separator: "\n")
  }

  private struct Block {
    var header: String
    var cells: [String]
    var width: Int
    var isRight: Bool
  }

  /// A column with cells of equal width. Means and errors stand under each other.
  private func block(_ column: TableLayout.Column) -> Block {
    var cells = column.cells
    if column.hasError {
      let tails = cells.map { cell in cell.firstIndex(of: "±").map { TextWidth.columns(cell[$0...]) + 1 } ?? 0 }
      let widest = tails.max() ?? 0
      cells = zip(cells, tails).map { TextWidth.pad($0, to: TextWidth.columns($0) + widest - $1) }
    }
    let width = ([column.name] + cells).map { TextWidth.columns($0) }.max() ?? 0
    return Block(header: column.name, cells: cells, width: width, isRight: column.isRight)
  }

  private func cut(_ block: Block, to limit: Int) -> Block {
    guard block.width > limit else { return block }
    return Block(
      header: TextWidth.cut(block.header, to: limit), cells: block.cells.map { TextWidth.cut($0, to: limit) },
      width: limit,
      isRight: block.isRight)
  }

  private func total(_ blocks: [Block]) -> Int { blocks.reduce(0) { $0 + $1.width } + 2 * max(0, blocks.count - 1) }

  private func line(_ blocks: [Block], _ text: (Block) -> String) -> String {
    var out = ""
    for (i, block) in blocks.enumerated() {
      if i > 0 { out += "  " }
      out += TextWidth.pad(text(block), to: block.width, right: block.isRight)
    }
    while out.hasSuffix(" ") { out.removeLast() }
    return out
  }
}
