import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A block of pooled memory, 64-byte aligned, given back to the pool when the last tensor on it is gone.
public final class Storage: @unchecked Sendable {
  /// First byte.
  public let base: UnsafeMutableRawPointer
  /// Bytes asked for.
  public let byteCount: Int

  /// Allocates without clearing. Throws `TensorError.Kind.outOfMemory` past the limit of `MemoryPool`.
  public init(byteCount: Int) throws {
    guard byteCount >= 0, let memory = ck_allocate(Int64(byteCount)) else {
      throw TensorError.outOfMemory(bytes: byteCount)
    }
    self.base = memory
    self.byteCount = byteCount
  }

  /// A few bytes for a number, never refused: the pool does not count blocks this small against its limit.
  init(smallByteCount: Int) {
    guard let memory = ck_allocate(Int64(smallByteCount)) else { fatalError("the system has no memory left") }
    self.base = memory
    self.byteCount = smallByteCount
  }

  /// Gives the memory itself back to the system, where it is much: the contents are lost, and whoever gets the block next
  /// gets fresh memory. For what is seldom made, so that it does not wait in the pool for its like.
  public func discard() {
    let page = 4096
    guard byteCount >= 1 << 20, UInt(bitPattern: base) % UInt(page) == 0 else { return }
    // Blocks of the pool are whole pages from here on.
    madvise(base, (byteCount + page - 1) / page * page, MADV_DONTNEED)
  }

  deinit { ck_free(base, Int64(byteCount)) }
}

/// The process-wide pool under all storages: size classes with free lists, thread-safe.
public enum MemoryPool {
  /// Bytes of live storages.
  public static var liveBytes: Int { Int(ck_live_bytes()) }
  /// Largest `liveBytes` since the start or the last `resetPeak()`.
  public static var peakBytes: Int { Int(ck_peak_bytes()) }
  /// Bytes kept for reuse.
  public static var pooledBytes: Int { Int(ck_pooled_bytes()) }
  /// Live bytes past which an allocation fails; `Int.max` at the start.
  public static var limit: Int {
    get { Int(ck_limit()) }
    set { ck_set_limit(Int64(newValue)) }
  }
  /// Forgets the peak.
  public static func resetPeak() { ck_reset_peak() }
  /// Gives all pooled memory back to the system.
  public static func trim() { ck_trim() }
}
