import Foundation

/// What somebody in front of a lesson wants next.
enum DemoKey {
  case run, back, edit, skip, again, quit, help
  /// Ctrl-C came, or a key that means nothing.
  case nothing

  init(_ character: Character) {
    switch character {
    case "\n", "\r", " ": self = .run
    case "b", "B": self = .back
    case "e", "E": self = .edit
    case "n", "N": self = .skip
    case "r", "R": self = .again
    case "q", "Q", "\u{04}": self = .quit
    case "?", "h": self = .help
    default: self = .nothing
    }
  }
}

/// Keys as they are pressed on a terminal; elsewhere the first letter of each line, an empty line being Enter.
final class KeyInput {
  let isTerminal: Bool
  init(isTerminal: Bool) { self.isTerminal = isTerminal }

  /// The next key; `.quit` at the end of the input.
  func next() -> DemoKey {
    guard isTerminal else {
      guard let line = readLine(strippingNewline: true) else { return .quit }
      return line.first.map(DemoKey.init) ?? .run
    }
    var before = termios()
    guard tcgetattr(0, &before) == 0 else { return .quit }
    var raw = before
    raw.c_lflag &= ~tcflag_t(ICANON | ECHO)
    tcsetattr(0, TCSADRAIN, &raw)
    defer { tcsetattr(0, TCSADRAIN, &before) }
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = read(0, &bytes, bytes.count)
    if count == 0 { return .quit }
    guard count > 0 else { return errno == EINTR ? .nothing : .quit }
    // Arrow keys: right and down go on, left and up go back.
    if count == 3, bytes[0] == 0x1B, bytes[1] == UInt8(ascii: "[") || bytes[1] == UInt8(ascii: "O") {
      switch bytes[2] {
      case UInt8(ascii: "C"), UInt8(ascii: "B"): return .run
      case UInt8(ascii: "D"), UInt8(ascii: "A"): return .back
      default: return .nothing
      }
    }
    return DemoKey(Character(Unicode.Scalar(bytes[0])))
  }
}
