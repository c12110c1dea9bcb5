import Foundation

/// Where the lines of a session come from.
protocol LineInput: AnyObject {
  /// The next line, after showing a prompt where somebody looks.
  func read(prompt: String) -> InputLine
  /// A whole cell was entered: it can be called back later.
  func remember(_ cell: String)
  /// What was entered before and has a text in it, oldest first.
  func history(containing text: String) -> [String]
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
}

/// Lines of a pipe or a file. In a transcript prompts and lines are written to the output, as they would stand on a
/// terminal.
final class PlainInput: LineInput {
  private let isTranscript: Bool
  private var cells: [String] = []
  init(isTranscript: Bool) { self.isTranscript = isTranscript }

  func read(prompt: String) -> InputLine {
    guard let line = readLine(strippingNewline: true) else { return InputLine() }
    if isTranscript { Terminal.output.line((prompt + line).trimmingTrailingSpaces) }
    return InputLine(text: line)
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
