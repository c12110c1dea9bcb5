import Foundation
import Synchronization

/// The poll words of all interpreters of a session. `interrupt` only writes to memory, so a signal handler may call it.
final class InterruptGroup: @unchecked Sendable {
  private static let capacity = 4096
  private let words: UnsafeMutablePointer<Atomic<UnsafeMutablePointer<UInt32>?>>
  /// Set until the next run begins; interpreters made meanwhile stop at once.
  private let flag = Atomic(false)
  private let lock = NSLock()

  init() {
    words = .allocate(capacity: Self.capacity)
    for i in 0..<Self.capacity { (words + i).initialize(to: Atomic(nil)) }
  }

  deinit { words.deallocate() }

  /// Lets an interpreter hear of interrupts.
  func add(_ poll: PollWord) {
    lock.lock()
    defer { lock.unlock() }
    if let free = (0..<Self.capacity).first(where: { word($0) == nil }) {
      words[free].store(poll.word, ordering: .sequentiallyConsistent)
    }
    // After the word is in its place: an interrupt of this moment finds it there or is found here.
    if isInterrupted { poll.raise(Poll.interrupt) }
  }

  func remove(_ poll: PollWord) {
    lock.lock()
    defer { lock.unlock() }
    for i in 0..<Self.capacity where word(i) == poll.word { words[i].store(nil, ordering: .sequentiallyConsistent) }
  }

  /// Stops all interpreters at their next poll.
  func interrupt() {
    flag.store(true, ordering: .sequentiallyConsistent)
    for i in 0..<Self.capacity { if let word = word(i) { PollWord(word: word).raise(Poll.interrupt) } }
  }

  /// Forgets an interrupt before the next run.
  func reset() {
    flag.store(false, ordering: .sequentiallyConsistent)
    lock.lock()
    defer { lock.unlock() }
    for i in 0..<Self.capacity { if let word = word(i) { PollWord(word: word).lower(Poll.interrupt) } }
  }

  var isInterrupted: Bool { flag.load(ordering: .sequentiallyConsistent) }

  private func word(_ i: Int) -> UnsafeMutablePointer<UInt32>? { words[i].load(ordering: .sequentiallyConsistent) }
}
