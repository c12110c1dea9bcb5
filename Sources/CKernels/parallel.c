// A process-wide pool of threads: a short spin, then a park (long spins collapse when cores are shared). Each thread begins with
// pieces that are its own, the same ones in every job of as many pieces: what it wrote last time is then in its caches, and
// fetching it from another core's takes longer than from memory. When it is done it takes the others' pieces.
#include "ck_parallel.h"
#include "stop.h"

#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

// A waiting thread spins as long as its last wait would have needed, if that was short: the steps of a training follow each
// other by the same gaps. Otherwise it parks almost at once.
enum { CLOSED = -1, MAX_WORKERS = 255, SPINS = 300, LONG_SPINS = 5000, SHORT_WAIT_NANOSECONDS = 100000 };

typedef void (*ck_body)(void *, int64_t, int64_t);

static struct {
  pthread_mutex_t busy;  // held by the caller whose job runs
  int workers;
  // The job, written before `gate` opens.
  int lanes;
  int64_t count;
  ck_body body;
  void *context;
  const volatile uint32_t *watched;
  // How many have joined the job; CLOSED between jobs. `ticket` changes with each job.
  atomic_int gate;
  atomic_uint_fast64_t ticket;
  // Parked workers wait for a ticket under `lock`.
  pthread_mutex_t lock;
  pthread_cond_t wake;
  atomic_int parked;
  _Alignas(64) atomic_int finished;
  // The next piece of each lane's own, on a line of its own.
  struct {
    _Alignas(64) atomic_int_fast64_t piece;
  } next[MAX_WORKERS + 1];
} pool = {
  .busy = PTHREAD_MUTEX_INITIALIZER, .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER, .gate = CLOSED};

static inline void relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

void ck_float_control(void) { fesetenv(FE_DFL_ENV); }

// The first piece of a lane's own.
static inline int64_t first_of(int lane) { return pool.count * lane / pool.lanes; }

static void work(int lane) {
  for (int step = 0; step < pool.lanes; step++) {
    const int owner = (lane + step) % pool.lanes;
    const int64_t end = first_of(owner + 1);
    for (;;) {
      const int64_t piece = atomic_fetch_add_explicit(&pool.next[owner].piece, 1, memory_order_relaxed);
      if (piece >= end) break;
      if (ck_must_stop()) return;
      pool.body(pool.context, lane, piece);
    }
  }
}

static int64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// The next ticket after `seen`. `spins` is how long to spin for it, and becomes how long to spin for the one after it.
static uint_fast64_t wait_for_job(uint_fast64_t seen, int *spins) {
  const int64_t start = nanoseconds();
  uint_fast64_t now = atomic_load_explicit(&pool.ticket, memory_order_acquire);
  for (int spin = 0; now == seen && spin < *spins; spin++) {
    relax();
    now = atomic_load_explicit(&pool.ticket, memory_order_acquire);
  }
  if (now == seen) {
    pthread_mutex_lock(&pool.lock);
    // Before the ticket is looked at again: who changes it then sees that somebody is parked.
    atomic_fetch_add(&pool.parked, 1);
    while ((now = atomic_load(&pool.ticket)) == seen) pthread_cond_wait(&pool.wake, &pool.lock);
    atomic_fetch_sub(&pool.parked, 1);
    pthread_mutex_unlock(&pool.lock);
  }
  *spins = nanoseconds() - start < SHORT_WAIT_NANOSECONDS ? LONG_SPINS : SPINS;
  return now;
}

// Whether there is a job to join.
static int join_job(void) {
  int joined = atomic_load_explicit(&pool.gate, memory_order_acquire);
  while (joined != CLOSED
         && !atomic_compare_exchange_weak_explicit(
           &pool.gate, &joined, joined + 1, memory_order_acq_rel, memory_order_acquire)) {
  }
  return joined != CLOSED;
}

static void *worker(void *lane_number) {
  const int lane = (int)(intptr_t)lane_number;
  ck_float_control();
  uint_fast64_t seen = 0;
  int spins = SPINS;
  for (;;) {
    seen = wait_for_job(seen, &spins);
    if (!join_job()) continue;
    if (lane < pool.lanes) {
      ck_watched = pool.watched;
      work(lane);
      ck_watched = NULL;
    }
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
    if (pthread_create(&thread, &attributes, worker, (void *)(intptr_t)(pool.workers + 1)) != 0) break;
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
  // Not more lanes than there are threads for.
  if (threads > pool.workers + 1) threads = pool.workers + 1;
  pool.lanes = threads;
  pool.count = count;
  pool.body = body;
  pool.context = context;
  pool.watched = ck_watched;
  for (int lane = 0; lane < threads; lane++)
    atomic_store_explicit(&pool.next[lane].piece, first_of(lane), memory_order_relaxed);
  atomic_store_explicit(&pool.finished, 0, memory_order_relaxed);
  atomic_store_explicit(&pool.gate, 0, memory_order_release);
  atomic_fetch_add(&pool.ticket, 1);
  if (atomic_load(&pool.parked) > 0) {
    pthread_mutex_lock(&pool.lock);
    pthread_mutex_unlock(&pool.lock);
    pthread_cond_broadcast(&pool.wake);
  }
  work(0);
  const int joined = atomic_exchange_explicit(&pool.gate, CLOSED, memory_order_acq_rel);
  for (int spin = 0; atomic_load_explicit(&pool.finished, memory_order_acquire) < joined; spin++) {
    if (spin < SPINS) relax();
    else sched_yield();
  }
  pthread_mutex_unlock(&pool.busy);
}
