import Foundation
import Records
import Tensors

/// Arrays that were read from files lately: the trials of a sweep read the same files again and again. One that is asked for again is
/// the same tensor, as long as its file is the same.
final class ReadArrays: @unchecked Sendable {
  static let shared = ReadArrays(byteLimit: 16 << 20)

  private struct Entry {
    let path: String
    let facts: FileFacts
    let array: Tensor
  }

  private let byteLimit: Int
  private let lock = NSLock()
  /// In the order of their last use.
  private var entries: [Entry] = []

  /// Arrays of more bytes together are not kept.
  init(byteLimit: Int) { self.byteLimit = byteLimit }

  /// The array in a file; `read` reads it where it is not known.
  func array(_ path: String, read: () throws -> Tensor) rethrows -> Tensor {
    guard let facts = FileFacts(path) else { return try read() }
    if let known = lock.withLock({ take(path, facts) }) { return known }
    let array = try read()
    // Of a file that changed a moment ago another change might not be seen, and one that changes now may be half of each.
    if facts.isSettled, FileFacts(path) == facts {
      lock.withLock { keep(Entry(path: path, facts: facts, array: array)) }
    }
    return array
  }

  private func take(_ path: String, _ facts: FileFacts) -> Tensor? {
    guard let index = entries.lastIndex(where: { $0.path == path }) else { return nil }
    let entry = entries.remove(at: index)
    guard entry.facts == facts else { return nil }
    entries.append(entry)
    return entry.array
  }

  private func keep(_ entry: Entry) {
    entries.removeAll { $0.path == entry.path }
    entries.append(entry)
    var room = min(byteLimit, MemoryPool.limit / 16)
    let kept = entries.reversed().prefix { entry in
      room -= entry.array.byteCount
      return room >= 0
    }
    entries.removeFirst(entries.count - kept.count)
  }
}
