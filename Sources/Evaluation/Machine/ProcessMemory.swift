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

  /// Bytes of addresses that the process may have (`ulimit -v`); the greatest number where there is no limit.
  static var addressLimit: UInt64 {
    var limit = rlimit()
    #if canImport(Glibc)
      let kind = __rlimit_resource_t(RLIMIT_AS.rawValue)
    #else
      let kind = RLIMIT_AS
    #endif
    return getrlimit(kind, &limit) == 0 ? UInt64(limit.rlim_cur) : .max
  }

  /// Ends the process with a word: nothing can be computed without memory.
  static func exhausted() -> Never {
    fputs("exp: the system has no memory left\n", stderr)
    _exit(2)
  }
}
