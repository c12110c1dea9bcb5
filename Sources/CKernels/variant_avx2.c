// AVX2 with fused multiply-add: x86-64 processors since 2013.
#include "ckernels.h"
#if defined(__x86_64__)
#include <immintrin.h>
#define CK(name) ck_avx2_##name
#define CK_VARIANT_NAME "avx2"
#define CK_VECTOR_BYTES 32
#define CK_HARDWARE_FMA 1
#pragma clang attribute push(__attribute__((target("avx2,fma,bmi,bmi2,lzcnt,popcnt,f16c"))), apply_to = function)
#include "variant/variant.h"
#pragma clang attribute pop
#endif
