import Foundation

/// The poll words of all interpreters of a session. `interrupt` only writes to memory, so a signal handler may call it.
final class InterruptGroup: @unchecked Sendable {
  private static let capacity = 4096
  private let words: UnsafeMutablePointer<UnsafeMutablePointer<UInt32>?>
  /// Set until the next run begins; interpreters made meanwhile stop at once.
  private let flag: UnsafeMutablePointer<UInt32>
  private let lock = NSLock()

  init() {
    words = .allocate(capacity: Self.capacity)
    words.initialize(repeating: nil, count: Self.capacity)
    flag = .allocate(capacity: 1)
    flag.initialize(to: 0)
  }

  deinit {
    words.deallocate()
    flag.deallocate()
  }

  /// Lets an interpreter hear of interrupts.
  func add(_ word: UnsafeMutablePointer<UInt32>) {
    lock.lock()
    defer { lock.unlock() }
    for i in 0..<Self.capacity where words[i] == nil {
      words[i] = word
      break
    }
    if flag.pointee != 0 { word.pointee |= Poll.interrupt }
  }

  func remove(_ word: UnsafeMutablePointer<UInt32>) {
    lock.lock()
    defer { lock.unlock() }
    for i in 0..<Self.capacity where words[i] == word { words[i] = nil }
  }

  /// Stops all interpreters at their next poll.
  func interrupt() {
    flag.pointee = 1
    for i in 0..<Self.capacity { if let word = words[i] { word.pointee |= Poll.interrupt } }
  }

  /// Forgets an interrupt before the next run.
  func reset() {
    flag.pointee = 0
    lock.lock()
    defer { lock.unlock() }
    for i in 0..<Self.capacity { if let word = words[i] { word.pointee &= ~Poll.interrupt } }
  }

  var isInterrupted: Bool { flag.pointee != 0 }
}
