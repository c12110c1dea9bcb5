#pragma once
#include <stdint.h>

// Threads for plans; see parallel.c.

// Sets the thread's floating-point control to what all kernels assume: nearest rounding, subnormals kept, no traps. New threads
// inherit their maker's, so a thread that runs kernels begins with this.
void ck_float_control(void);

// Runs body(context, lane, piece) for all pieces 0 ..< count, on the calling thread and up to threads - 1 others. Lanes lie
// below `threads`, and no two pieces run at once on one lane; a lane begins with the pieces count * lane / threads ..<
// count * (lane + 1) / threads, so that pieces that share memory from job to job had better be the same ones. When another caller is using the pool, or the system gives
// no threads, the caller does all pieces itself, in order, on lane 0.
void ck_parallel(
  int threads, int64_t count, void (*body)(void *context, int64_t lane, int64_t piece), void *context);

// Stopping long work. A thread watches a word whose lowest bit asks it to stop (NULL: none); so do threads that help it.
// Kernels then return early, with results that mean nothing; `ck_stopped` says so to their callers.
const volatile uint32_t *ck_watch(const volatile uint32_t *word);
int ck_stopped(void);
