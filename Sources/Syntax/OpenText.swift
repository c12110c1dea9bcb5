import Diagnostics

/// A text that comes line by line, with what stands open at its end: each line is read once.
public struct OpenText {
  private var lexer = Lexer(SourceStore.detached(name: "open", text: ""))

  /// Of no line.
  public init() {}

  /// Adds a line.
  public mutating func add(_ line: String) {
    lexer.bytes += line.utf8
    lexer.bytes.append(0x0A)
    lexer.readOn()
  }

  /// A bracket or a text over several lines has not been closed, so that no statement ends here.
  public var isOpen: Bool { !lexer.open.isEmpty }
}
