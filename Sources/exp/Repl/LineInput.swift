import Foundation

/// Where the lines of a session come from.
protocol LineInput: AnyObject {
  /// The next line, after showing a prompt where somebody looks.
  func read(prompt: String) -> InputLine
  /// The line that would be read next, where one is there already.
  var comesNext: String? { get }
  /// A whole cell was entered: it can be called back later.
  func remember(_ cell: String)
  /// What was entered before and has a text in it, oldest first.
  func history(containing text: String) -> [String]
}

extension LineInput {
  /// What a person will type is not there.
  var comesNext: String? { nil }
}

/// What stands before the first and the further lines of a cell.
enum Prompt {
  static let first = "exp> "
  static let more = "...> "

  /// A text as it was typed: of one that was copied from a session, with its prompts, the lines behind the prompts.
  static func withoutPrompts(_ text: String) -> String {
    guard text.hasPrefix(first) else { return text }
    return text.split(separator: "\n", omittingEmptySubsequences: false)
      .filter { $0.hasPrefix(first) || $0.hasPrefix(more) }.map { $0.dropFirst(first.count) }.joined(separator: "\n")
  }
}

/// What reading a line gave.
struct InputLine {
  /// The line; nil at the end of the input (Ctrl-D).
  var text: String?
  /// True when Ctrl-C came before it: the lines of the cell so far are dropped.
  var isFresh = false
  /// The line as it came where it is no UTF-8; `text` is the same, repaired.
  var damaged: [UInt8]?
}

/// Lines of a pipe or a file. In a transcript prompts and lines are written to the output, as they would stand on a
/// terminal.
final class PlainInput: LineInput {
  private let isTranscript: Bool
  private var cells: [String] = []
  /// What was read and not given yet, from `start` on.
  private var bytes: [UInt8] = []
  private var start = 0
  private var isOver = false
  init(isTranscript: Bool) { self.isTranscript = isTranscript }

  func read(prompt: String) -> InputLine {
    var searched = start
    while true {
      if let end = bytes[searched...].firstIndex(of: 0x0A) ?? (isOver && start < bytes.count ? bytes.count : nil) {
        let line = line(upTo: end)
        start = min(end + 1, bytes.count)
        let text = String(decoding: line, as: UTF8.self)
        if isTranscript { Terminal.output.line((prompt + text).trimmingTrailingSpaces) }
        return InputLine(text: text, damaged: line.elementsEqual(text.utf8) ? nil : Array(line))
      }
      if isOver { return InputLine() }
      let known = bytes.count - start
      fill()
      searched = known
    }
  }

  /// The bytes of the line that ends at a place, without a carriage return.
  private func line(upTo end: Int) -> ArraySlice<UInt8> {
    let isReturn = end > start && bytes[end - 1] == 0x0D
    return bytes[start..<(isReturn ? end - 1 : end)]
  }

  var comesNext: String? {
    // Whoever waits for the answer to a cell writes no more before.
    while !bytes[start...].contains(0x0A), !isOver {
      var wait = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
      guard poll(&wait, 1, 50) > 0 else { return nil }
      fill()
    }
    guard start < bytes.count else { return nil }
    return String(decoding: line(upTo: bytes[start...].firstIndex(of: 0x0A) ?? bytes.count), as: UTF8.self)
  }

  /// Reads what there is, and waits where there is nothing.
  private func fill() {
    bytes.removeFirst(start)
    start = 0
    var more = [UInt8](repeating: 0, count: 1 << 16)
    let count = Foundation.read(0, &more, more.count)
    if count > 0 { bytes += more[..<count] } else { isOver = true }
  }

  func remember(_ cell: String) { cells.append(cell) }

  func history(containing text: String) -> [String] { cells.filter { text.isEmpty || $0.contains(text) } }
}

extension String {
  var trimmingTrailingSpaces: String {
    var end = endIndex
    while end > startIndex, self[index(before: end)] == " " { end = index(before: end) }
    return String(self[..<end])
  }
}
