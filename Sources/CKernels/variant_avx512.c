// AVX-512 (F, DQ, BW, VL).
#include "ckernels.h"
#if defined(__x86_64__)
#include <immintrin.h>
#define CK(name) ck_avx512_##name
#define CK_VARIANT_NAME "avx512"
#define CK_VECTOR_BYTES 64
#define CK_HARDWARE_FMA 1
#pragma clang attribute push( \
  __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,bmi,bmi2,lzcnt,popcnt"), min_vector_width(512))), \
  apply_to = function)
#include "variant/variant.h"
#pragma clang attribute pop
#endif
