// What fused loops need besides the kernels of single operations. No instruction here rounds differently on different
// processors, so the compiler may choose a version of each function for the one it finds.
#include "ck_loops.h"
#include "versions.h"
#include <string.h>

#pragma STDC FP_CONTRACT OFF

#define LOOP(EXPRESSION)                                                 \
  _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < count; i++) out[i] = EXPRESSION;
// The first operation, then the second: with constants for `first` and `then` one expression.
#define FIRST(x, y) (first == CK_ADD_FIRST ? (x) + (y) : first == CK_SUBTRACT_FIRST ? (x) - (y) : (x) * (y))
#define THEN(a, z) \
  (then == CK_THEN_ADD ? (z) + (a) : then == CK_THEN_SUBTRACT ? (a) - (z) : then == CK_THEN_SUBTRACT_FROM ? (z) - (a) : (a) * (z))
#define PAIR(NAME, T)                                                                                                   \
  static inline __attribute__((always_inline)) void NAME##_of(                                                          \
    int first, int then, const T *x, int64_t sx, const T *y, int64_t sy, const T *z, int64_t sz, T *out, int64_t count) { \
    if (sx == 0) {                                                                                                      \
      const T s = x[0];                                                                                                 \
      LOOP(THEN(FIRST(s, y[i]), z[i]))                                                                                  \
    } else if (sy == 0) {                                                                                               \
      const T s = y[0];                                                                                                 \
      LOOP(THEN(FIRST(x[i], s), z[i]))                                                                                  \
    } else if (sz == 0) {                                                                                               \
      const T s = z[0];                                                                                                 \
      LOOP(THEN(FIRST(x[i], y[i]), s))                                                                                  \
    } else {                                                                                                            \
      LOOP(THEN(FIRST(x[i], y[i]), z[i]))                                                                               \
    }                                                                                                                   \
  }                                                                                                                     \
  WIDEST static void NAME(                                                                                              \
    int first, int then, const T *x, int64_t sx, const T *y, int64_t sy, const T *z, int64_t sz, T *out, int64_t count) { \
    switch (first * CK_THENS + then) { THENS(NAME, CK_ADD_FIRST) THENS(NAME, CK_SUBTRACT_FIRST) THENS(NAME, CK_MULTIPLY_FIRST) } \
  }
#define THENS(NAME, FIRST_OF) \
  CASE(NAME, FIRST_OF, CK_THEN_ADD) CASE(NAME, FIRST_OF, CK_THEN_SUBTRACT) CASE(NAME, FIRST_OF, CK_THEN_SUBTRACT_FROM) \
  CASE(NAME, FIRST_OF, CK_THEN_MULTIPLY)
#define CASE(NAME, FIRST_OF, THEN_OF) \
  case FIRST_OF * CK_THENS + THEN_OF: NAME##_of(FIRST_OF, THEN_OF, x, sx, y, sy, z, sz, out, count); return;
PAIR(pair_f32, float)
PAIR(pair_f64, double)

void ck_pair(
  int first, int then, int is_f64, const void *x, int64_t sx, const void *y, int64_t sy, const void *z, int64_t sz,
  void *out, int64_t count) {
  if (sy == 0 && first != CK_SUBTRACT_FIRST) {  // the repeated one first
    const void *other = x;
    x = y;
    y = other;
    sy = sx;
    sx = 0;
  }
  if (is_f64) pair_f64(first, then, x, sx, y, sy, z, sz, out, count);
  else pair_f32(first, then, x, sx, y, sy, z, sz, out, count);
}

#define GATE(NAME, T)                                                                              \
  WIDEST static void NAME(int or_equal, T c, const T *x, const T *y, T *out, int64_t count) {      \
    if (or_equal) {                                                                                \
      LOOP(c >= x[i] ? c : y[i])                                                                   \
    } else {                                                                                       \
      LOOP(c > x[i] ? c : y[i])                                                                    \
    }                                                                                              \
  }
GATE(gate_f32, float)
GATE(gate_f64, double)

void ck_gate(int or_equal, int is_f64, const void *c, const void *x, const void *y, void *out, int64_t count) {
  if (is_f64) gate_f64(or_equal, *(const double *)c, x, y, out, count);
  else gate_f32(or_equal, *(const float *)c, x, y, out, count);
}

// Short rows are written a vector at a time, over the beginning of the next row, which is written after it.
#define REPEAT(NAME, T)                                                                        \
  WIDEST static void NAME(int64_t rows, int64_t columns, const T *x, T *out) {                 \
    enum { LANES = 64 / sizeof(T) };                                                           \
    typedef T line __attribute__((vector_size(64), aligned(sizeof(T)), may_alias));            \
    int64_t r = 0;                                                                             \
    if (columns <= LANES)                                                                      \
      for (const int64_t whole = rows - (LANES + columns - 1) / columns; r < whole; r++) {     \
        *(line *)out = (line){0} + x[r];                                                       \
        out += columns;                                                                        \
      }                                                                                        \
    for (; r < rows; r++) {                                                                    \
      const T value = x[r];                                                                    \
      for (int64_t c = 0; c < columns; c++) out[c] = value;                                    \
      out += columns;                                                                          \
    }                                                                                          \
  }
REPEAT(repeat_8, uint64_t)
REPEAT(repeat_4, uint32_t)
REPEAT(repeat_1, uint8_t)

void ck_repeat_columns(int bytes, int64_t rows, int64_t columns, const void *x, void *out) {
  if (bytes == 8) repeat_8(rows, columns, x, out);
  else if (bytes == 4) repeat_4(rows, columns, x, out);
  else repeat_1(rows, columns, x, out);
}
