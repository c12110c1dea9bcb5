import Synchronization
import Tensors

/// The last few permutations, so that a training loop that walks through one batch by batch makes it once per epoch.
/// Large ones are computed place by place and are not kept.
final class PermutationCache: @unchecked Sendable {
  static let shared = PermutationCache()

  private struct Entry {
    var n: Int
    var key: Int64
    var storage: Storage
  }
  private let lock = Mutex(())
  private var entries: [Entry] = []
  private let capacity = 16
  private let largest = 65_536

  /// Places first ..< first + count of the permutation.
  func copy(n: Int, key: Int64, first: Int, count: Int, _ out: UnsafeMutablePointer<Int64>) throws {
    guard n <= largest, n > 0 else { return try Kernels.permutation(n: n, key: key, first: first, count: count, out) }
    let storage = try lock.withLock { _ in try entry(n, key) }
    UnsafeMutableRawPointer(out).copyMemory(from: storage.base + first * 8, byteCount: count * 8)
  }

  /// Likewise, where the permutation is still here.
  func copyKnown(n: Int, key: Int64, first: Int, count: Int, _ out: UnsafeMutablePointer<Int64>) -> Bool {
    lock.withLock { _ in
      guard let known = entries.last(where: { $0.key == key && $0.n == n }) else { return false }
      UnsafeMutableRawPointer(out).copyMemory(from: known.storage.base + first * 8, byteCount: count * 8)
      return true
    }
  }

  private func entry(_ n: Int, _ key: Int64) throws -> Storage {
    if let place = entries.lastIndex(where: { $0.key == key && $0.n == n }) { return entries[place].storage }
    let storage = try Storage(byteCount: n * 8)
    try Kernels.permutation(
      n: n, key: key, first: 0, count: n, storage.base.assumingMemoryBound(to: Int64.self))
    if entries.count == capacity { entries.removeFirst() }
    entries.append(Entry(n: n, key: key, storage: storage))
    return storage
  }
}
