#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The bookkeeping of a heap, reached through a pointer so that hot code touches no Swift object.
struct HeapState {
  /// Heads of the free lists, one per size class.
  var free: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  /// Objects that are alive; zero at the end of a run, which debug builds check.
  var liveObjects = 0
  /// Bytes held: chunks for small objects, large blocks, and what tensors report.
  var bytes = 0
  /// More than this raises the language's memory error at the next poll or large allocation.
  var byteLimit = Int.max
  /// The interpreter's poll word, see `Poll`: the memory bit is set when `bytes` passed the limit.
  let poll: PollWord
  /// Objects whose count fell to zero while others were being freed.
  var doomed: UnsafeMutablePointer<Value>
  var doomedCount = 0
  var doomedCapacity = 64
  var isFreeing = false
  /// Copies of lists, records and strings made because somebody else held them; tests read it.
  var copies = 0
  /// Rest of the chunk that small objects are carved from.
  var chunk: UnsafeMutableRawPointer?
  var chunkRemaining = 0
  /// Chunks to give back at the end.
  var chunks: UnsafeMutablePointer<UnsafeMutableRawPointer>
  var chunkCount = 0
  var chunkCapacity = 64
  var strings: StringTable
  var shapes: ShapeTable
}

/// Bits of the word that the machine looks at on back-edges and calls.
enum Poll {
  /// The user wants to stop; set from a signal handler or another thread.
  static let interrupt: UInt32 = 1
  /// The heap passed its limit.
  static let memory: UInt32 = 2
}

/// The memory of one interpreter: counted objects from free lists. A handle; copying it copies no objects. Not for
/// use from two threads at once.
struct Heap {
  let state: UnsafeMutablePointer<HeapState>

  static let classCount = 33
  static let chunkBytes = 1 << 16
  /// Size of the largest objects that free lists hold.
  static let largestListed = (classCount - 1) << 4

  init() {
    let free = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: Heap.classCount)
    free.initialize(repeating: nil, count: Heap.classCount)
    state = .allocate(capacity: 1)
    state.initialize(
      to: HeapState(
        free: free, poll: .take(), doomed: .allocate(capacity: 64), chunks: .allocate(capacity: 64),
        strings: StringTable(), shapes: ShapeTable()))
  }

  /// Gives all memory back. Every value of the heap must be dead, or never be looked at again.
  func destroy() {
    drain(ignoringInterrupts: true)
    state.pointee.shapes.destroy()
    state.pointee.strings.destroy()
    for i in 0..<state.pointee.chunkCount { free(state.pointee.chunks[i]) }
    state.pointee.chunks.deallocate()
    state.pointee.doomed.deallocate()
    state.pointee.free.deallocate()
    state.pointee.poll.giveBack()
    state.deallocate()
  }

  // MARK: counting

  /// Takes a further count of a value.
  @inline(__always) func retain(_ value: Value) {
    if value.isHeap { value.header.pointee.references &+= 1 }
  }

  /// Takes a further count and gives the value back.
  @inline(__always) func retained(_ value: Value) -> Value {
    if value.isHeap { value.header.pointee.references &+= 1 }
    return value
  }

  /// Gives a count back; the last one frees the object and, iteratively, what only it held.
  @inline(__always) func release(_ value: Value) {
    if value.isHeap {
      let header = value.header
      if header.pointee.references == 1 { free(value) } else { header.pointee.references &-= 1 }
    }
  }

  // MARK: memory

  /// Memory for an object with its header set: one reference, the tag, no flags.
  @inline(__always) func allocate(_ bytes: Int, _ tag: Tag) -> UnsafeMutableRawPointer {
    let sizeClass = (bytes &+ 15) >> 4
    if sizeClass < Heap.classCount, let block = state.pointee.free[sizeClass] {
      state.pointee.free[sizeClass] = block.load(as: UnsafeMutableRawPointer?.self)
      state.pointee.liveObjects &+= 1
      block.storeBytes(
        of: ObjectHeader(references: 1, tag: tag, flags: 0, sizeClass: UInt16(truncatingIfNeeded: sizeClass)),
        as: ObjectHeader.self)
      return block
    }
    return allocateSlowly(bytes, tag)
  }

  @inline(never) private func allocateSlowly(_ bytes: Int, _ tag: Tag) -> UnsafeMutableRawPointer {
    let sizeClass = (bytes &+ 15) >> 4
    state.pointee.liveObjects &+= 1
    let block: UnsafeMutableRawPointer
    if sizeClass < Heap.classCount {
      block = carve(sizeClass << 4)
    } else {
      block = Heap.allocateBlock(bytes)
      account(bytes)
    }
    let stored = sizeClass < Heap.classCount ? sizeClass : 0
    block.storeBytes(
      of: ObjectHeader(references: 1, tag: tag, flags: 0, sizeClass: UInt16(stored)), as: ObjectHeader.self)
    return block
  }

  /// A block for a large object. Sizes are checked against the memory limit before; the system refusing even so ends
  /// the process.
  private static func allocateBlock(_ bytes: Int) -> UnsafeMutableRawPointer {
    if let block = malloc(bytes) { return block }
    ProcessMemory.exhausted()
  }

  private func carve(_ bytes: Int) -> UnsafeMutableRawPointer {
    if state.pointee.chunkRemaining < bytes {
      let chunk = Heap.allocateBlock(Heap.chunkBytes)
      account(Heap.chunkBytes)
      if state.pointee.chunkCount == state.pointee.chunkCapacity {
        let grown = UnsafeMutablePointer<UnsafeMutableRawPointer>.allocate(capacity: state.pointee.chunkCapacity * 2)
        grown.moveInitialize(from: state.pointee.chunks, count: state.pointee.chunkCount)
        state.pointee.chunks.deallocate()
        state.pointee.chunks = grown
        state.pointee.chunkCapacity *= 2
      }
      state.pointee.chunks[state.pointee.chunkCount] = chunk
      state.pointee.chunkCount += 1
      state.pointee.chunk = chunk
      state.pointee.chunkRemaining = Heap.chunkBytes
    }
    let block = state.pointee.chunk.unsafelyUnwrapped
    state.pointee.chunk = block + bytes
    state.pointee.chunkRemaining -= bytes
    return block
  }

  /// Counts bytes that are held outside of the free lists (negative when given back).
  func account(_ bytes: Int) {
    state.pointee.bytes += bytes
    if state.pointee.bytes > state.pointee.byteLimit { state.pointee.poll.raise(Poll.memory) }
  }

  /// Whether so many more bytes may be taken.
  func hasRoom(for bytes: Int) -> Bool {
    let (total, overflow) = state.pointee.bytes.addingReportingOverflow(bytes)
    guard !overflow && total <= state.pointee.byteLimit else { return false }
    // What the system will not give is no room either: a large block is asked for and given back at once.
    guard bytes >= 1 << 20 else { return true }
    guard let block = malloc(bytes) else { return false }
    free(block)
    return true
  }

  /// Gives the memory of an object back; `bytes` is its size as it was allocated.
  @inline(__always) func deallocate(_ block: UnsafeMutableRawPointer, bytes: Int) {
    state.pointee.liveObjects &-= 1
    let sizeClass = Int(block.load(as: ObjectHeader.self).sizeClass)
    if sizeClass != 0 {
      block.storeBytes(of: state.pointee.free[sizeClass], as: UnsafeMutableRawPointer?.self)
      state.pointee.free[sizeClass] = block
    } else {
      #if canImport(Glibc)
        Glibc.free(block)
      #else
        Darwin.free(block)
      #endif
      account(-bytes)
    }
  }

  /// Moves an object that one owner holds into a block of another size; its header goes along.
  func reallocate(_ block: UnsafeMutableRawPointer, from old: Int, to new: Int) -> UnsafeMutableRawPointer {
    let header = block.load(as: ObjectHeader.self)
    if header.sizeClass == 0, (new &+ 15) >> 4 >= Heap.classCount {
      guard let grown = realloc(block, new) else { ProcessMemory.exhausted() }
      account(new - old)
      return grown
    }
    let fresh = allocate(new, header.tag)
    let sizeClass = fresh.load(as: ObjectHeader.self).sizeClass
    fresh.copyMemory(from: block, byteCount: min(old, new))
    fresh.assumingMemoryBound(to: ObjectHeader.self).pointee.sizeClass = sizeClass
    deallocate(block, bytes: old)
    return fresh
  }

  private func free(_ block: UnsafeMutableRawPointer) {
    #if canImport(Glibc)
      Glibc.free(block)
    #else
      Darwin.free(block)
    #endif
  }
}
