#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

#if canImport(Glibc)
  // GNU extensions that the Glibc module does not show.
  @_silgen_name("pthread_getattr_np")
  private func pthreadAttributes(_ thread: pthread_t, _ attributes: UnsafeMutablePointer<pthread_attr_t>) -> Int32
  @_silgen_name("pthread_setname_np")
  private func setName(_ thread: pthread_t, _ name: UnsafePointer<CChar>) -> Int32
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

/// Threads of the system, and word of those that could not be had.
public enum SystemThread {
  /// What a thread does, by which name.
  private final class Work {
    let name: String
    let body: () -> Void

    init(_ name: String, _ body: @escaping () -> Void) {
      self.name = name
      self.body = body
    }

    static func run(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
      guard let pointer else { return nil }
      let work = Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue()
      // The system keeps 15 bytes of a name.
      #if canImport(Glibc)
        _ = setName(pthread_self(), String(work.name.prefix(15)))
      #else
        pthread_setname_np(work.name)
      #endif
      work.body()
      return nil
    }
  }

  /// Starts a thread with so many bytes of stack (address space, of which only what is used becomes memory), or with fewer
  /// where the system has no room for them; false where it gives no thread at all.
  public static func start(name: String, stackBytes: Int, _ body: @escaping () -> Void) -> Bool {
    var attributes = pthread_attr_t()
    guard pthread_attr_init(&attributes) == 0 else { return false }
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let work = Unmanaged.passRetained(Work(name, body))
    var bytes = stackBytes
    while bytes >= 1 << 20 {
      pthread_attr_setstacksize(&attributes, bytes)
      #if canImport(Glibc)
        var thread = pthread_t()
      #else
        var thread: pthread_t?
      #endif
      if pthread_create(&thread, &attributes, { Work.run($0) }, work.toOpaque()) == 0 { return true }
      bytes /= 8
    }
    work.release()
    return false
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
