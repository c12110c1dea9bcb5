import Foundation
import Reports

/// Where text goes and what it can show there. Writing is safe from any thread; every piece goes out at once.
final class Terminal: @unchecked Sendable {
  /// Standard output, standard error.
  static let output = Terminal(descriptor: 1)
  static let errors = Terminal(descriptor: 2)

  private let descriptor: Int32
  private let lock = NSLock()
  private let isTerminal: Bool
  /// True when somebody looks: then bars move and colours repeat what the text says.
  let isInteractive: Bool
  /// True when colours may be used (`NO_COLOR` and `TERM=dumb` turn them off).
  let hasColor: Bool

  init(descriptor: Int32) {
    self.descriptor = descriptor
    let environment = ProcessInfo.processInfo.environment
    isTerminal = isatty(descriptor) == 1
    isInteractive = isTerminal && environment["TERM"] != "dumb"
    hasColor = isInteractive && environment["NO_COLOR"] == nil
  }

  /// Columns, at least 40; 100 when nobody looks.
  var width: Int {
    guard isInteractive else { return 100 }
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return max(40, Int(size.ws_col))
  }

  /// So many columns in pixels; ten for a column where the terminal does not say.
  func pixelWidth(columns: Int) -> Int {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_xpixel > 0 else {
      return columns * 10
    }
    return columns * Int(size.ws_xpixel) / Int(size.ws_col)
  }

  /// Why something that was written did not arrive, a full disk for one; nil when all did, or nobody reads any more.
  private(set) var problem: String?

  /// Writes text as it is, as far as it can be.
  func write(_ text: String) {
    lock.lock()
    defer { lock.unlock() }
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        bytes = bytes.dropFirst(count)
      } else if errno != EINTR && errno != EAGAIN {
        // A terminal that was closed has no reader either.
        if errno != EPIPE, errno != EIO || !isTerminal { problem = String(cString: strerror(errno)) }
        return
      }
    }
  }

  /// Writes a line.
  func line(_ text: String = "") { write(text + "\n") }

  /// Text in a style when colours are on.
  func styled(_ text: String, _ style: Style) -> String {
    hasColor ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
  }

  /// Text without the sequences that colour it.
  static func withoutColor(_ text: String) -> String {
    guard text.contains("\u{1B}") else { return text }
    var out = "", isInside = false
    for character in text {
      if isInside {
        isInside = !character.isLetter
      } else if character == "\u{1B}" {
        isInside = true
      } else {
        out.append(character)
      }
    }
    return out
  }

  /// Styles by their number.
  enum Style: String { case bold = "1", faint = "2", red = "31", green = "32", yellow = "33", blue = "34" }
}

/// Words and numbers as people read them.
enum Phrase {
  /// The command that goes on with a study's run in a folder of runs.
  static func resume(_ study: String, _ out: String) -> String {
    "exp run \(study) --resume" + (out == "runs" ? "" : " --out \(out)")
  }

  /// `1 trial`, `51 trials`, `12 400 steps`.
  static func count(_ n: Int, _ noun: String) -> String { "\(grouped(n)) \(noun)\(n == 1 ? "" : "s")" }

  /// `1 of 1 claim holds`, `2 of 3 claims hold`.
  static func claims(_ held: Int, of all: Int) -> String {
    "\(held) of \(count(all, "claim")) hold\(all == 1 ? "s" : "")"
  }

  /// Thousands apart from 10 000 on.
  static func grouped(_ n: Int) -> String { NumberFormat.grouped(n) }

  /// `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`.
  static func duration(_ seconds: Double) -> String { NumberFormat.duration(seconds) }

  /// `12 trials/s`, `4 trials/min`.
  static func rate(_ perSecond: Double, _ noun: String) -> String {
    guard perSecond.isFinite, perSecond > 0 else { return "" }
    if perSecond >= 9.5 { return "\(grouped(Int(min(perSecond, 1e12).rounded()))) \(noun)/s" }
    if perSecond >= 0.95 { return String(format: "%.1f \(noun)/s", perSecond) }
    if perSecond * 60 >= 0.95 { return String(format: "%.1f \(noun)/min", perSecond * 60) }
    return String(format: "%.1f \(noun)/h", perSecond * 3600)
  }

  /// A bar of `width` characters.
  static func bar(_ share: Double, width: Int) -> String {
    TextWidth.pad(TerminalText.bar(share, columns: width), to: width)
  }

  /// Two texts at the ends of a line, or on two lines when they do not fit.
  static func ends(_ left: String, _ right: String, width: Int) -> String {
    guard !right.isEmpty else { return left }
    let gap = width - TextWidth.columns(left) - TextWidth.columns(right)
    return gap >= 2 ? left + String(repeating: " ", count: gap) + right : left + "\n  " + right
  }
}
