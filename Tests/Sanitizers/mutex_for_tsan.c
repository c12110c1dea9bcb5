// Tells the thread sanitizer of Swift's Mutex where two threads meet in it: then the kernel hands the lock over, inside of a library
// that the sanitizer does not see, and everything that the lock guards looks like a race. For LD_PRELOAD on Linux:
//   clang -shared -fPIC mutex_for_tsan.c -o mutex_for_tsan.so
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

void __tsan_acquire(void *) __attribute__((weak));
void __tsan_release(void *) __attribute__((weak));

typedef __attribute__((swiftcall)) void (*lock_slow)(uint32_t, __attribute__((swift_context)) void *);
typedef __attribute__((swiftcall)) void (*unlock_slow)(__attribute__((swift_context)) void *);

// Synchronization._MutexHandle._lockSlow(UInt32)
__attribute__((swiftcall)) void $s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF(
  uint32_t thread, __attribute__((swift_context)) void *mutex) {
  ((lock_slow)dlsym(RTLD_NEXT, "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"))(thread, mutex);
  if (__tsan_acquire) __tsan_acquire(mutex);
}

// Synchronization._MutexHandle._unlockSlow()
__attribute__((swiftcall)) void $s15Synchronization12_MutexHandleV11_unlockSlowyyF(
  __attribute__((swift_context)) void *mutex) {
  if (__tsan_release) __tsan_release(mutex);
  ((unlock_slow)dlsym(RTLD_NEXT, "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"))(mutex);
}
