@preconcurrency import CReadline
import Foundation

/// Lines typed on a terminal, edited with GNU readline. There is one per process (readline keeps its state in
/// globals), used from the main thread only, which is where Ctrl-C arrives.
final class ReadlineInput: LineInput {
  /// Gives the words that may stand before the cursor at a byte offset of a line.
  typealias Completer = (_ line: String, _ offset: Int) -> [String]

  private let historyPath: String?

  // What readline's callbacks, which carry no state of their own, work with.
  nonisolated(unsafe) private static var completer: Completer = { _, _ in [] }
  nonisolated(unsafe) private static var matches: [String] = []
  nonisolated(unsafe) private static var wasCleared = false
  nonisolated(unsafe) private static var clearRequested = false

  init(historyPath: String?, completer: @escaping Completer) {
    self.historyPath = historyPath
    Self.completer = completer
    rl_readline_name = UnsafePointer(strdup("exp"))
    rl_catch_signals = 0
    rl_completion_append_character = 0
    rl_completer_word_break_characters = UnsafePointer(strdup(" \t\n\"'`@$><=;|&{}()[]+-*/%^,:.!?≈"))
    rl_attempted_completion_function = { text, _, end in
      rl_attempted_completion_over = 1
      guard let text, let buffer = rl_line_buffer else { return nil }
      ReadlineInput.matches = ReadlineInput.completer(String(cString: buffer), Int(end))
      return rl_completion_matches(text) { _, state in ReadlineInput.nextMatch(isFirst: state == 0) }
    }
    rl_signal_event_hook = { ReadlineInput.clearIfRequested() }
    using_history()
    stifle_history(10_000)
    history_comment_char = CChar(UInt8(ascii: "#"))
    history_write_timestamps = 1
    history_multiline_entries = 1
    if let historyPath {
      let folder = NSString(string: historyPath).deletingLastPathComponent
      try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      read_history(historyPath)
    }
  }

  /// Called by the signal handler while nothing runs: the line is dropped as soon as readline notices.
  static func requestClear() { clearRequested = true }

  func read(prompt: String) -> InputLine {
    Self.wasCleared = false
    Self.clearRequested = false
    guard let line = readline(prompt) else {
      Terminal.output.line()
      return InputLine(isFresh: Self.wasCleared)
    }
    defer { free(line) }
    return InputLine(text: String(cString: line), isFresh: Self.wasCleared)
  }

  func remember(_ cell: String) {
    guard !cell.allSatisfy(\.isWhitespace) else { return }
    if let last = history_get(history_base + history_length - 1), let text = last.pointee.line,
      String(cString: text) == cell
    {
      return
    }
    add_history(cell)
    add_history_time("#\(time(nil))")
    guard let historyPath else { return }
    if append_history(1, historyPath) != 0 {
      _ = FileManager.default.createFile(atPath: historyPath, contents: nil, attributes: [.posixPermissions: 0o600])
      append_history(1, historyPath)
    }
  }

  private static func clearIfRequested() -> Int32 {
    guard clearRequested else { return 0 }
    clearRequested = false
    wasCleared = true
    Terminal.output.write("^C\n")
    rl_replace_line("", 0)
    rl_set_prompt(Prompt.first)
    rl_on_new_line()
    rl_redisplay()
    return 0
  }

  nonisolated(unsafe) private static var nextIndex = 0

  private static func nextMatch(isFirst: Bool) -> UnsafeMutablePointer<CChar>? {
    if isFirst { nextIndex = 0 }
    guard nextIndex < matches.count else { return nil }
    defer { nextIndex += 1 }
    return strdup(matches[nextIndex])
  }
}
