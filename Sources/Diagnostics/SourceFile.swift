import Foundation

/// The text of one file (or REPL cell) and where its lines begin.
public final class SourceFile: Sendable {
  /// Number under which spans refer to this file.
  public let id: UInt32
  /// Path as the user gave it, or a name such as `<repl 3>`.
  public let name: String
  /// The text as UTF-8 bytes; invalid sequences have been repaired, see `SourceStore.add`.
  public let bytes: [UInt8]
  /// Offset of the first byte of each line.
  public let lineStarts: [Int]
  /// Where the first byte stood that belongs to no character, as an offset in `bytes`; nil for a text in UTF-8.
  public let firstInvalid: Int?

  init(id: UInt32, name: String, bytes: [UInt8], firstInvalid: Int? = nil) {
    self.id = id
    self.name = name
    self.bytes = bytes
    self.firstInvalid = firstInvalid
    var starts = [0]
    for (i, b) in bytes.enumerated() where b == 0x0A { starts.append(i + 1) }
    lineStarts = starts
  }

  /// The text between two byte offsets.
  public func text(_ span: Span) -> String {
    let lower = min(Int(span.lower), bytes.count), upper = min(Int(span.upper), bytes.count)
    return String(decoding: bytes[lower..<max(lower, upper)], as: UTF8.self)
  }

  /// Line (from 1) and column (from 1, in characters) of a byte offset.
  public func position(_ offset: Int) -> (line: Int, column: Int) {
    var low = 0, high = lineStarts.count
    while high - low > 1 {
      let mid = (low + high) / 2
      if lineStarts[mid] <= offset { low = mid } else { high = mid }
    }
    let start = lineStarts[low]
    let prefix = String(decoding: bytes[start..<max(start, min(offset, bytes.count))], as: UTF8.self)
    return (low + 1, prefix.count + 1)
  }

  /// The text of a line counted from 1, without its newline.
  public func line(_ number: Int) -> String {
    guard number >= 1, number <= lineStarts.count else { return "" }
    let start = lineStarts[number - 1]
    var end = number < lineStarts.count ? lineStarts[number] - 1 : bytes.count
    if end > start, bytes[end - 1] == 0x0D { end -= 1 }
    return String(decoding: bytes[start..<max(start, end)], as: UTF8.self)
  }
}

/// All files seen by this process, so that a span can be turned back into text. Safe to use from any thread.
public final class SourceStore: @unchecked Sendable {
  /// The one store of the process.
  public static let shared = SourceStore()

  private let lock = NSLock()
  private var files: [SourceFile] = []

  /// Adds a text under a name and gives it a number.
  public func add(name: String, text: String) -> SourceFile { add(name, Array(text.utf8), firstInvalid: nil) }

  /// Adds the content of a file, which should be UTF-8: what is not is repaired, and its place remembered.
  public func add(name: String, content: some Collection<UInt8>) -> SourceFile {
    let bytes = Array(content), repaired = Array(String(decoding: bytes, as: UTF8.self).utf8)
    guard repaired != bytes else { return add(name, repaired, firstInvalid: nil) }
    let same = zip(repaired, bytes).prefix { $0 == $1 }.count
    return add(name, repaired, firstInvalid: same)
  }

  private func add(_ name: String, _ bytes: [UInt8], firstInvalid: Int?) -> SourceFile {
    lock.lock()
    defer { lock.unlock() }
    let file = SourceFile(id: UInt32(files.count + 1), name: name, bytes: bytes, firstInvalid: firstInvalid)
    files.append(file)
    return file
  }

  /// A file that no span refers to, for text that is only looked at.
  public static func detached(name: String, text: String) -> SourceFile {
    SourceFile(id: 0, name: name, bytes: Array(text.utf8))
  }

  /// The file a span refers to; nil for `Span.none`.
  public func file(_ id: UInt32) -> SourceFile? {
    lock.lock()
    defer { lock.unlock() }
    return id >= 1 && Int(id) <= files.count ? files[Int(id) - 1] : nil
  }
}
