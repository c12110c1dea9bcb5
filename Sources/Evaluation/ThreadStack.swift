#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

#if canImport(Glibc)
  // A GNU extension that the Glibc module does not show.
  @_silgen_name("pthread_getattr_np")
  private func pthreadAttributes(_ thread: pthread_t, _ attributes: UnsafeMutablePointer<pthread_attr_t>) -> Int32
#endif

/// The native stack of the running thread.
enum ThreadStack {
  /// The address below which calls from natives must not nest further: a quarter of a megabyte, or a quarter of a
  /// small stack, is kept free.
  static var limit: UInt {
    #if canImport(Glibc)
      var attributes = pthread_attr_t()
      guard pthreadAttributes(pthread_self(), &attributes) == 0 else { return 0 }
      defer { pthread_attr_destroy(&attributes) }
      var address: UnsafeMutableRawPointer?
      var size = 0
      guard pthread_attr_getstack(&attributes, &address, &size) == 0, let address else { return 0 }
      return UInt(bitPattern: address) + UInt(min(size / 4, 1 << 18))
    #else
      let size = pthread_get_stacksize_np(pthread_self())
      let top = UInt(bitPattern: pthread_get_stackaddr_np(pthread_self()))
      return top - UInt(size) + UInt(min(size / 4, 1 << 18))
    #endif
  }
}

/// CPU time of the running thread.
public enum ThreadClock {
  /// In seconds; its beginning is anywhere.
  public static var seconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
