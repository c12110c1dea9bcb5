// A process-wide pool of threads: a short spin, then a park (long spins collapse when cores are shared).
#include "ck_parallel.h"
#include "stop.h"

#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>

enum { MAX_WORKERS = 255, SPINS = 300 };

typedef void (*ck_body)(void *, int64_t, int64_t);

static struct {
  pthread_mutex_t busy;  // held by the caller whose job runs
  pthread_mutex_t lock;
  pthread_cond_t wake;
  int workers;
  // The job, changed under `lock`; `ticket` changes with each. Workers join while it is open.
  atomic_uint_fast64_t ticket;
  int lanes;
  int64_t count;
  ck_body body;
  void *context;
  const volatile uint32_t *watched;
  atomic_int_fast64_t next;
  int open, joined;
  atomic_int finished;
} pool = {.busy = PTHREAD_MUTEX_INITIALIZER, .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static inline void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

void ck_float_control(void) { fesetenv(FE_DFL_ENV); }

static void work(int64_t lane) {
  for (;;) {
    int64_t piece = atomic_fetch_add_explicit(&pool.next, 1, memory_order_acq_rel);
    if (piece >= pool.count || ck_must_stop()) return;
    pool.body(pool.context, lane, piece);
  }
}

static void *worker(void *unused) {
  (void)unused;
  ck_float_control();
  uint_fast64_t seen = 0;
  for (;;) {
    uint_fast64_t now = atomic_load_explicit(&pool.ticket, memory_order_acquire);
    for (int spin = 0; now == seen && spin < SPINS; spin++) {
      relax();
      now = atomic_load_explicit(&pool.ticket, memory_order_acquire);
    }
    if (now == seen) {
      pthread_mutex_lock(&pool.lock);
      while ((now = atomic_load(&pool.ticket)) == seen) pthread_cond_wait(&pool.wake, &pool.lock);
      pthread_mutex_unlock(&pool.lock);
    }
    seen = now;
    pthread_mutex_lock(&pool.lock);
    int lane = pool.open && pool.joined + 1 < pool.lanes ? ++pool.joined : 0;
    pthread_mutex_unlock(&pool.lock);
    if (lane == 0) continue;
    ck_watched = pool.watched;
    work(lane);
    ck_watched = NULL;
    atomic_fetch_add_explicit(&pool.finished, 1, memory_order_acq_rel);
  }
  return NULL;
}

static void start_workers(int wanted) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  while (pool.workers < wanted) {
    pthread_t thread;
    if (pthread_create(&thread, &attributes, worker, NULL) != 0) break;
    pool.workers++;
  }
  pthread_attr_destroy(&attributes);
}

void ck_parallel(int threads, int64_t count, ck_body body, void *context) {
  if (threads > MAX_WORKERS) threads = MAX_WORKERS;
  if (threads > count) threads = (int)count;
  if (threads <= 1 || pthread_mutex_trylock(&pool.busy) != 0) {
    for (int64_t piece = 0; piece < count && !ck_must_stop(); piece++) body(context, 0, piece);
    return;
  }
  start_workers(threads - 1);
  pthread_mutex_lock(&pool.lock);
  pool.lanes = threads;
  pool.count = count;
  pool.body = body;
  pool.context = context;
  pool.watched = ck_watched;
  atomic_store(&pool.next, 0);
  atomic_store(&pool.finished, 0);
  pool.joined = 0;
  pool.open = 1;
  atomic_fetch_add(&pool.ticket, 1);
  pthread_cond_broadcast(&pool.wake);
  pthread_mutex_unlock(&pool.lock);
  work(0);
  pthread_mutex_lock(&pool.lock);
  pool.open = 0;
  int joined = pool.joined;
  pthread_mutex_unlock(&pool.lock);
  for (int spin = 0; atomic_load_explicit(&pool.finished, memory_order_acquire) < joined; spin++) {
    if (spin < SPINS) relax();
    else sched_yield();
  }
  pthread_mutex_unlock(&pool.busy);
}
