// The memory pool: size classes of four steps per doubling, one free list each, behind one short lock per class. Small
// blocks come from a cache of the thread's own, without lock or shared counter.
#include "ckernels.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { CLASSES = 168, UNLIMITED_SMALL = 4096 };
// Free memory kept at most; what is freed past it goes back to the system.
static const int64_t keep_bytes = (int64_t)1 << 30;

typedef struct block {
  struct block *next;
} block;
typedef struct {
  pthread_mutex_t lock;
  block *first;
  char pad[64];
} free_list;

static free_list lists[CLASSES];
static atomic_llong live, peak, pooled;
static atomic_llong limit = INT64_MAX;

__attribute__((constructor)) static void make_locks(void) {
  for (int i = 0; i < CLASSES; i++) pthread_mutex_init(&lists[i].lock, NULL);
}

// Class of a size and the bytes of its blocks: 64, 80, 96, 112, 128, 160, … rounded up to multiples of 64.
static int class_of(int64_t bytes, int64_t *rounded) {
  if (bytes <= 64) {
    *rounded = 64;
    return 0;
  }
  int top = 63 - __builtin_clzll((uint64_t)(bytes - 1));
  int64_t step = (int64_t)1 << (top - 2);
  int64_t quarter = (bytes - 1 - ((int64_t)1 << top)) / step;
  int64_t size = ((int64_t)1 << top) + (quarter + 1) * step;
  *rounded = (size + 63) & ~(int64_t)63;
  return (top - 6) * 4 + (int)quarter + 1;
}

// A thread's own free blocks of the small classes (up to 1 KiB), and bytes it has not told the common counters yet.
enum { CACHED_CLASSES = 17, CACHED_BLOCKS = 256, UNTOLD_BYTES = 1 << 16 };
typedef struct {
  block *first[CACHED_CLASSES];
  int count[CACHED_CLASSES];
  int64_t live, pooled;
  int registered;
} cache;
static _Thread_local cache own;
static pthread_key_t exit_key;

static void count_live(int64_t bytes) {
  long long now = atomic_fetch_add_explicit(&live, bytes, memory_order_relaxed) + bytes;
  long long seen = atomic_load_explicit(&peak, memory_order_relaxed);
  while (now > seen && !atomic_compare_exchange_weak_explicit(
                         &peak, &seen, now, memory_order_relaxed, memory_order_relaxed)) {
  }
}

static void tell(void) {
  count_live(own.live);
  atomic_fetch_add_explicit(&pooled, own.pooled, memory_order_relaxed);
  own.live = own.pooled = 0;
}

// Gives `count` blocks of a class back to the common list.
static void give_back(int c, int count) {
  block *first = own.first[c], *last = first;
  if (count <= 0 || !first) return;
  own.count[c] -= count;
  while (--count > 0) last = last->next;
  own.first[c] = last->next;
  pthread_mutex_lock(&lists[c].lock);
  last->next = lists[c].first;
  lists[c].first = first;
  pthread_mutex_unlock(&lists[c].lock);
}

static void end_thread(void *unused) {
  (void)unused;
  for (int c = 0; c < CACHED_CLASSES; c++) give_back(c, own.count[c]);
  tell();
  own.registered = 0;
}

__attribute__((constructor)) static void make_key(void) { pthread_key_create(&exit_key, end_thread); }

static void register_thread(void) {
  own.registered = 1;
  pthread_setspecific(exit_key, &own);
}

static inline void count_own(int64_t live_bytes, int64_t pooled_bytes) {
  own.live += live_bytes;
  own.pooled += pooled_bytes;
  if (own.live > UNTOLD_BYTES || own.live < -UNTOLD_BYTES) tell();
}

// The thread sanitizer does not see Swift's counts of references, so to it whoever read a block before the last one gave it back reads on: in
// its builds a block that is used again is one of the system's, of which it knows when it begins.
static inline void *used_again(block *b, int64_t size) {
#if __has_feature(thread_sanitizer)
  free(b);
  void *fresh = NULL;
  return posix_memalign(&fresh, size >= 4096 ? 4096 : 64, (size_t)size) == 0 ? fresh : NULL;
#else
  (void)size;
  return b;
#endif
}

void *ck_allocate(int64_t bytes) {
  if (bytes < 0 || bytes > (int64_t)1 << 47) return NULL;
  int64_t size;
  int c = class_of(bytes, &size);
  if (c >= CLASSES) return NULL;
  if (c < CACHED_CLASSES && own.first[c]) {
    block *b = own.first[c];
    own.first[c] = b->next;
    own.count[c]--;
    count_own(size, -size);
    return used_again(b, size);
  }
  if (size > UNLIMITED_SMALL
      && atomic_load_explicit(&live, memory_order_relaxed) > atomic_load_explicit(&limit, memory_order_relaxed) - size)
    return NULL;
  free_list *list = &lists[c];
  pthread_mutex_lock(&list->lock);
  block *b = list->first;
  if (b) list->first = b->next;
  pthread_mutex_unlock(&list->lock);
  if (b) {
    atomic_fetch_sub_explicit(&pooled, size, memory_order_relaxed);
    b = used_again(b, size);
  } else {
    void *fresh = NULL;
    // Large blocks ask for large pages: rows picked at random from a data set then find their addresses in the TLB.
    const int large = size >= (int64_t)1 << 22;
    if (posix_memalign(&fresh, large ? (size_t)1 << 21 : size >= 4096 ? 4096 : 64, (size_t)size) != 0) {
      ck_trim();
      if (posix_memalign(&fresh, 64, (size_t)size) != 0) return NULL;
    }
#ifdef MADV_HUGEPAGE
    if (large) madvise(fresh, (size_t)size, MADV_HUGEPAGE);
#endif
    b = fresh;
  }
  count_live(size);
  return b;
}

void ck_free(void *p, int64_t bytes) {
  if (!p) return;
  int64_t size;
  int c = class_of(bytes, &size);
  if (c < CACHED_CLASSES) {
    if (!own.registered) register_thread();
    block *b = p;
    b->next = own.first[c];
    own.first[c] = b;
    if (++own.count[c] > CACHED_BLOCKS) give_back(c, CACHED_BLOCKS / 2);
    count_own(-size, size);
    return;
  }
  atomic_fetch_sub_explicit(&live, size, memory_order_relaxed);
  if (atomic_load_explicit(&pooled, memory_order_relaxed) + size > keep_bytes) {
    free(p);
    return;
  }
  atomic_fetch_add_explicit(&pooled, size, memory_order_relaxed);
  block *b = p;
  free_list *list = &lists[c];
  pthread_mutex_lock(&list->lock);
  b->next = list->first;
  list->first = b;
  pthread_mutex_unlock(&list->lock);
}

// The size of a class: any size in it rounds to the same.
static int64_t class_size(int c) {
  int64_t size;
  const int64_t top = c == 0 ? 0 : (c - 1) / 4 + 6;
  class_of(c == 0 ? 64 : ((int64_t)1 << top) + ((c - 1) % 4 + 1) * ((int64_t)1 << (top - 2)), &size);
  return size;
}

void ck_trim(void) {
  for (int c = 0; c < CACHED_CLASSES; c++) give_back(c, own.count[c]);
  tell();
  for (int c = 0; c < CLASSES; c++) {
    pthread_mutex_lock(&lists[c].lock);
    block *b = lists[c].first;
    lists[c].first = NULL;
    pthread_mutex_unlock(&lists[c].lock);
    const int64_t size = class_size(c);
    while (b) {
      block *next = b->next;
      free(b);
      atomic_fetch_sub_explicit(&pooled, size, memory_order_relaxed);
      b = next;
    }
  }
}

// Exact for this thread's blocks; other threads may hold back up to 64 KiB each.
int64_t ck_live_bytes(void) { return atomic_load(&live) + own.live; }
int64_t ck_peak_bytes(void) {
  tell();
  return atomic_load(&peak);
}
int64_t ck_pooled_bytes(void) { return atomic_load(&pooled) + own.pooled; }
void ck_reset_peak(void) {
  tell();
  atomic_store(&peak, atomic_load(&live));
}
void ck_set_limit(int64_t bytes) { atomic_store(&limit, bytes); }
int64_t ck_limit(void) { return atomic_load(&limit); }
