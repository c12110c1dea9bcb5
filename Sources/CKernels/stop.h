#pragma once
#include <stdint.h>
// The word that says whether this thread's work is to stop, looked at by kernels that may take long. One that finds it set
// returns at once with its result unfinished; whoever called it looks again and gives the result up.
extern _Thread_local const volatile uint32_t *ck_watched;
static inline int ck_must_stop(void) { return ck_watched && (__atomic_load_n(ck_watched, __ATOMIC_RELAXED) & 1u); }
