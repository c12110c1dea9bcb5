import Synchronization

/// The word that an interpreter looks at on back-edges and calls, see `Poll`. Others set bits of it: a signal handler,
/// other threads, kernels only read it. A word is used again but never freed, so that one who sets a bit of an interpreter
/// that ends at this moment writes into no other memory.
struct PollWord: Equatable {
  let word: UnsafeMutablePointer<UInt32>

  private static let unused = Mutex<[PollWord]>([])

  /// A word without any bit.
  static func take() -> PollWord {
    if let known = unused.withLock({ $0.popLast() }) {
      // Who set a bit of the interpreter that had it may only now be doing so.
      known.atomic.pointee.store(0, ordering: .relaxed)
      return known
    }
    let fresh = PollWord(word: .allocate(capacity: 1))
    fresh.word.initialize(to: 0)
    return fresh
  }

  /// Ends the use of a word by an interpreter.
  func giveBack() { PollWord.unused.withLock { $0.append(self) } }

  private var atomic: UnsafeMutablePointer<Atomic<UInt32>> {
    @inline(__always) get { UnsafeMutableRawPointer(word).assumingMemoryBound(to: Atomic<UInt32>.self) }
  }

  /// Whether any bit is set: what the interpreter asks on every back-edge and call. A plain read: an atomic one is the
  /// same instruction, but the optimizer then keeps less in registers around it, which costs loops over numbers a
  /// seventh of their time. The sanitizer, which knows only atomic reads, is given one.
  var isRaised: Bool {
    @inline(__always) get {
      #if THREAD_SANITIZER
        bits != 0
      #else
        word.pointee != 0
      #endif
    }
  }

  /// All bits.
  var bits: UInt32 { @inline(__always) get { atomic.pointee.load(ordering: .relaxed) } }

  /// Sets a bit; a signal handler may.
  func raise(_ bit: UInt32) { atomic.pointee.bitwiseOr(bit, ordering: .relaxed) }

  /// Clears a bit.
  func lower(_ bit: UInt32) { atomic.pointee.bitwiseAnd(~bit, ordering: .relaxed) }
}
