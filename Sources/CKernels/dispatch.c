// Which variant runs: EXP_KERNELS if it names one this processor has, else the best.
#include "ckernels.h"
#include "ck_parallel.h"
#include <stdlib.h>
#include <string.h>

extern const ck_table ck_base_table;
#if defined(__x86_64__)
extern const ck_table ck_avx2_table, ck_avx512_table;
#endif

const ck_table *ck_current = &ck_base_table;
static const char *refused;

int ck_variant_count(void) { return 3; }

const ck_table *ck_variant(int index) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  if (index == 0)
    return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
               && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
             ? &ck_avx512_table
             : NULL;
  if (index == 1) return avx2 ? &ck_avx2_table : NULL;
#endif
  return index == 2 ? &ck_base_table : NULL;
}

const char *ck_refused_variant(void) { return refused; }

__attribute__((constructor)) static void choose(void) {
  ck_float_control();
  const char *wanted = getenv("EXP_KERNELS");
  const ck_table *best = NULL;
  for (int i = 0; i < ck_variant_count(); i++) {
    const ck_table *t = ck_variant(i);
    if (!t) continue;
    if (!best) best = t;
    if (wanted && strcmp(wanted, t->name) == 0) {
      ck_current = t;
      return;
    }
  }
  if (wanted && *wanted) refused = wanted;
  if (best) ck_current = best;
}
