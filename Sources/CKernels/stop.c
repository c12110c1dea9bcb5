#include "stop.h"
#include "ck_parallel.h"

_Thread_local const volatile uint32_t *ck_watched;

const volatile uint32_t *ck_watch(const volatile uint32_t *word) {
  const volatile uint32_t *before = ck_watched;
  ck_watched = word;
  return before;
}

int ck_stopped(void) { return ck_must_stop(); }
