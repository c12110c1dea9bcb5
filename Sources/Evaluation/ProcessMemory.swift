#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the system says about memory.
enum ProcessMemory {
  /// Bytes of physical memory.
  static var physical: UInt64 {
    let pages = sysconf(Int32(_SC_PHYS_PAGES)), size = sysconf(Int32(_SC_PAGESIZE))
    return pages > 0 && size > 0 ? UInt64(pages) &* UInt64(size) : 8 << 30
  }
}
