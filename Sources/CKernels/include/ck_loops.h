#pragma once
#include <stdint.h>

// Pairs of elementwise operations in one pass, rounded twice as if done one after the other (never a fused multiply-add).
enum { CK_ADD_FIRST, CK_SUBTRACT_FIRST, CK_MULTIPLY_FIRST, CK_FIRSTS };
// Then + z, - z, z - what the first gave, or * z.
enum { CK_THEN_ADD, CK_THEN_SUBTRACT, CK_THEN_SUBTRACT_FROM, CK_THEN_MULTIPLY, CK_THENS };
// x and y first, then z; f32 or (is_f64) f64. Strides are 0 or 1, one of them at most 0; out may be exactly an operand.
void ck_pair(
  int first, int then, int is_f64, const void *x, int64_t sx, const void *y, int64_t sy, const void *z, int64_t sz,
  void *out, int64_t count);
// out = c >= x ? c : y (or_equal) or c > x ? c : y, where x is a number or not: what is left of a gradient behind a maximum.
void ck_gate(int or_equal, int is_f64, const void *c, const void *x, const void *y, void *out, int64_t count);
// out[r * columns + c] = x[r].
void ck_repeat_columns(int bytes, int64_t rows, int64_t columns, const void *x, void *out);

// A hint to bring `bytes` bytes from p on into the second cache; p may lie anywhere.
static inline void ck_bring(const char *p, int64_t bytes) {
  for (int64_t i = 0; i < bytes; i += 64) __builtin_prefetch(p + i, 0, 2);
}
