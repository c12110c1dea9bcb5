@preconcurrency import CReadline
import Foundation
import Syntax

/// Colours of the text that is being typed. Readline draws the text plain and places the cursor; then the text is written
/// over, in place, with colours. It is left plain wherever its layout is not the one that readline says it drew.
enum InputColors {
  nonisolated(unsafe) private static var before: () -> String = { "" }
  /// Where readline left the cursor and how many rows it drew, which its headers do not show.
  nonisolated(unsafe) private static var drawn: (row: IntPointer, column: IntPointer, lastRow: IntPointer)?
  private typealias IntPointer = UnsafeMutablePointer<Int32>
  /// Longer texts stay plain: they are read again at each key.
  private static let limit = 20_000
  /// While the history is searched readline marks what was found itself.
  private static let searching = UInt(RL_STATE_ISEARCH) | UInt(RL_STATE_NSEARCH)

  /// Begins to colour; `before` gives the earlier lines of the cell. Without what it needs of readline and of the terminal
  /// everything stays plain.
  static func begin(before: @escaping () -> String) {
    let library = dlopen(nil, RTLD_NOW)
    func number(_ name: String) -> IntPointer? { dlsym(library, name)?.assumingMemoryBound(to: Int32.self) }
    guard let row = number("_rl_last_v_pos"), let column = number("_rl_last_c_pos"),
      let lastRow = number("_rl_vis_botlin")
    else { return }
    drawn = (row, column, lastRow)
    Self.before = before
    // Where somebody else draws when it begins, readline takes the terminal for a dumb one.
    rl_initialize()
    rl_redisplay_function = {
      rl_redisplay()
      guard let text = InputColors.text() else { return }
      fputs(text, rl_outstream)
      fflush(rl_outstream)
    }
  }

  /// What writes the line over with colours and goes back to the cursor; nil where it must stay as it is.
  private static func text() -> String? {
    guard let drawn, let buffer = rl_line_buffer, rl_end > 0, rl_end < limit, let prompt = rl_display_prompt,
      UInt(rl_readline_state) & searching == 0
    else { return nil }
    var rows: Int32 = 0, columns: Int32 = 0
    rl_get_screen_size(&rows, &columns)
    let typed = String(cString: buffer), earlier = before(), skipped = earlier.utf8.count
    guard columns > 20, drawn.lastRow.pointee < rows, typed.utf8.count == rl_end, skipped < limit else { return nil }
    let isCommand = earlier.isEmpty && (typed.hasPrefix(":") || typed.hasPrefix("?"))
    let layout = InputLayout(
      typed, prompt: String(cString: prompt), columns: Int(columns), cursor: Int(rl_point),
      styles: isCommand ? [] : CodeText.styles(earlier + typed), skipped: skipped)
    let cursor = (Int(drawn.row.pointee), Int(drawn.column.pointee))
    guard let layout, layout.cursor == cursor,
      layout.lastRow == Int(drawn.lastRow.pointee)
    else { return nil }
    return layout.text
  }
}

/// Where the characters of a text stand that is edited on a terminal, by readline's rules.
struct InputLayout {
  /// From the cursor back to the start of the text, the text with its colours, and back to the cursor.
  private(set) var text = ""
  /// Where the cursor stands, counted from the row of the prompt.
  private(set) var cursor = (row: 0, column: 0)
  /// The last row, counted so.
  private(set) var lastRow = 0

  /// Nil for what readline draws in a way of its own, such as control characters. `cursor` is a byte of `typed`, the places
  /// of `styles` are bytes of what was typed before, `skipped` bytes, and of it.
  init?(
    _ typed: String, prompt: String, columns: Int, cursor point: Int,
    styles: [(place: Range<Int>, style: String)], skipped: Int
  ) {
    var row = 0, column = 0
    for scalar in prompt.unicodeScalars {
      guard let width = Self.width(scalar) else { return nil }
      column += width
    }
    guard column < columns else { return nil }
    let promptColumns = column
    // The row on which the terminal's cursor is, which goes to the next one only with something to write there.
    var written = 0, byte = 0, style = "", rest = styles[...], body = ""
    for scalar in typed.unicodeScalars {
      if byte == point { cursor = (row, column) }
      while let first = rest.first, first.place.upperBound <= skipped + byte { rest = rest.dropFirst() }
      let next = rest.first.map { $0.place.contains(skipped + byte) ? $0.style : "" } ?? ""
      byte += UTF8.width(scalar)
      if scalar == "\n" {
        (row, column) = (row + 1, 0)
        continue
      }
      let isTab = scalar == "\t"
      guard let width = isTab ? 8 - column % 8 : Self.width(scalar), !isTab || column + width < columns
      else { return nil }
      if column + width > columns { (row, column) = (row + 1, 0) }
      if row > written { body += String(repeating: "\r\n", count: row - written) }
      written = row
      if next != style { body += "\u{1B}[0m" + (next.isEmpty ? "" : "\u{1B}[\(next)m") }
      style = next
      body += isTab ? String(repeating: " ", count: width) : String(scalar)
      column += width
      if column >= columns { (row, column) = (row + 1, 0) }
    }
    if byte == point { cursor = (row, column) }
    lastRow = row
    text =
      Self.move(rows: -cursor.row, toColumn: promptColumns) + body + "\u{1B}[0m"
      + Self.move(rows: cursor.row - written, toColumn: cursor.column)
  }

  private static func move(rows: Int, toColumn column: Int) -> String {
    let vertical = rows == 0 ? "" : "\u{1B}[\(abs(rows))\(rows < 0 ? "A" : "B")"
    return vertical + "\r" + (column == 0 ? "" : "\u{1B}[\(column)C")
  }

  /// Columns of a character as readline counts them; nil for control characters.
  private static func width(_ scalar: Unicode.Scalar) -> Int? {
    let width = wcwidth(wchar_t(bitPattern: scalar.value))
    return width < 0 ? nil : Int(width)
  }
}
