@preconcurrency import CReadline
import Foundation

/// Lines typed on a terminal, edited with GNU readline. There is one per process (readline keeps its state in
/// globals), used from the main thread only, which is where Ctrl-C arrives.
final class ReadlineInput: LineInput {
  /// Gives the words that may stand before the cursor at a byte offset of a line, and the quote that ends a string there.
  typealias Completer = (_ line: String, _ offset: Int) -> (words: [String], quote: Character?)

  /// What words end at.
  static let wordBreaks = " \t\n\"'`@$><=;|&{}()[]+-*/%^,:.!?≈"

  private let historyPath: String?

  // What readline's callbacks, which carry no state of their own, work with.
  nonisolated(unsafe) private static var completer: Completer = { _, _ in ([], nil) }
  /// What to do with the text that Ctrl-C drops.
  nonisolated(unsafe) static var whenDropped: (_ line: String) -> Void = { _ in }
  nonisolated(unsafe) private static var matches: [String] = []
  nonisolated(unsafe) private static var wasCleared = false
  nonisolated(unsafe) private static var clearRequested = false
  nonisolated(unsafe) private static var wasAborted = false
  /// A pipe from the signal handler to `nextByte`: read end, write end.
  nonisolated(unsafe) private static let wakeUp: UnsafeMutablePointer<Int32> = {
    let ends = UnsafeMutablePointer<Int32>.allocate(capacity: 2)
    ends.initialize(repeating: -1, count: 2)
    return ends
  }()

  init(historyPath: String?, completer: @escaping Completer) {
    self.historyPath = historyPath
    Self.completer = completer
    Self.readUTF8()
    rl_readline_name = UnsafePointer(strdup("exp"))
    rl_catch_signals = 0
    rl_basic_quote_characters = UnsafePointer(strdup(""))  // the completer knows of strings
    rl_sort_completion_matches = 0  // arguments stand first
    rl_completer_word_break_characters = UnsafePointer(strdup(Self.wordBreaks))
    rl_attempted_completion_function = { text, _, end in
      rl_attempted_completion_over = 1
      guard let text, let buffer = rl_line_buffer else { return nil }
      let (words, quote) = ReadlineInput.completer(String(cString: buffer), Int(end))
      ReadlineInput.matches = words
      // A file's name, unlike a folder's, ends the string that it stands in.
      let ending = words.count == 1 && !words[0].hasSuffix("/") ? quote?.asciiValue : nil
      let isThere = ending.map { UInt8(bitPattern: buffer[Int(end)]) == $0 } ?? false
      rl_completion_append_character = isThere ? 0 : Int32(ending ?? 0)
      return rl_completion_matches(text) { _, state in ReadlineInput.nextMatch(isFirst: state == 0) }
    }
    if pipe(Self.wakeUp) == 0 {
      for end in 0..<2 {
        _ = fcntl(Self.wakeUp[end], F_SETFL, O_NONBLOCK)
        _ = fcntl(Self.wakeUp[end], F_SETFD, FD_CLOEXEC)
      }
      rl_getc_function = { stream in ReadlineInput.nextByte(stream) }
    }
    rl_bind_keyseq_if_unbound("\\e[5~", rl_history_search_backward)
    rl_bind_keyseq_if_unbound("\\e[6~", rl_history_search_forward)
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

  /// Texts are UTF-8 whatever the environment says; readline takes the encoding from it.
  private static func readUTF8() {
    setlocale(LC_CTYPE, "")
    guard String(cString: nl_langinfo(nl_item(CODESET))) != "UTF-8" else { return }
    let names: [String] = ["C.UTF-8", "en_US.UTF-8", "UTF-8"]
    guard let known = names.first(where: { setlocale(LC_CTYPE, $0) != nil }) else { return }
    let all = ProcessInfo.processInfo.environment["LC_ALL"] ?? ""
    setenv(all.isEmpty ? "LC_CTYPE" : "LC_ALL", known, 1)
  }

  /// Called by the signal handler: a line that is being typed is dropped. The byte in the pipe wakes a waiting
  /// `nextByte`, also when the signal comes just before it begins to wait.
  static func requestClear() {
    clearRequested = true
    var byte: UInt8 = 0
    _ = write(wakeUp[1], &byte, 1)
  }

  func read(prompt: String) -> InputLine {
    Self.wasCleared = false
    Self.clearRequested = false
    Self.wasAborted = false
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

  func history(containing text: String) -> [String] {
    (0..<history_length).compactMap { history_get(history_base + $0)?.pointee.line.map { String(cString: $0) } }
      .filter { text.isEmpty || $0.contains(text) }
  }

  /// What reads keys of its own: a search in the history, a number before a key, a question, what follows Escape.
  private static let readsKeys =
    RL_STATE_ISEARCH | RL_STATE_NSEARCH | RL_STATE_NUMERICARG | RL_STATE_MOREINPUT | RL_STATE_METANEXT

  /// The next byte of the input, after clearing the line if Ctrl-C asked for it. A search is ended before, by the
  /// key that readline ends it with: it would go on below the fresh prompt and swallow what is typed there.
  private static func nextByte(_ stream: UnsafeMutablePointer<FILE>?) -> Int32 {
    while true {
      if clearRequested, !wasAborted, Int(rl_readline_state) & Int(readsKeys) != 0 {
        wasAborted = true
        return 7  // Ctrl-G
      }
      if clearRequested { clearLine() }
      var waits = [
        pollfd(fd: fileno(stream ?? stdin), events: Int16(POLLIN), revents: 0),
        pollfd(fd: wakeUp[0], events: Int16(POLLIN), revents: 0),
      ]
      if poll(&waits, 2, -1) < 0 { continue }
      if waits[1].revents != 0 {
        var bytes = [UInt8](repeating: 0, count: 64)
        while Foundation.read(wakeUp[0], &bytes, bytes.count) > 0 {}
        continue
      }
      if waits[0].revents != 0 { return rl_getc(stream) }
    }
  }

  private static func clearLine() {
    clearRequested = false
    wasAborted = false
    wasCleared = true
    rl_point = rl_end  // where what comes next is below all of the text
    rl_redisplay_function()
    Terminal.output.write("^C\n")
    whenDropped(rl_line_buffer.map { String(cString: $0) } ?? "")
    using_history()
    rl_replace_line("", 0)
    rl_set_prompt(Prompt.first)
    rl_on_new_line()
    rl_redisplay()
  }

  nonisolated(unsafe) private static var nextIndex = 0

  private static func nextMatch(isFirst: Bool) -> UnsafeMutablePointer<CChar>? {
    if isFirst { nextIndex = 0 }
    guard nextIndex < matches.count else { return nil }
    defer { nextIndex += 1 }
    return strdup(matches[nextIndex])
  }
}
