// What fused loops need besides the kernels of single operations. No instruction here rounds differently on different
// processors, so the compiler may choose a version of each function for the one it finds.
#include "ck_loops.h"
#include "versions.h"
#include <string.h>

#pragma STDC FP_CONTRACT OFF

#define LOOP(EXPRESSION)                                                 \
  _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < count; i++) out[i] = EXPRESSION;
#define BY_STRIDE_OF_X(MODE_EXPRESSION)                                  \
  if (sx == 0) {                                                         \
    const TYPE s = x[0];                                                 \
    LOOP(MODE_EXPRESSION(s * y[i], z[i]))                                \
  } else {                                                               \
    LOOP(MODE_EXPRESSION(x[i] * y[i], z[i]))                             \
  }
#define PLUS(PRODUCT, Z) Z + PRODUCT
#define MINUS(PRODUCT, Z) Z - PRODUCT
#define REVERSED(PRODUCT, Z) PRODUCT - Z

#define MULTIPLY_ADD(NAME, T)                                                                                     \
  WIDEST static void NAME(                                                                                      \
    int mode, const T *x, int64_t sx, const T *y, const T *z, T *out, int64_t count) {                            \
    if (mode == CK_ADD_PRODUCT) {                                                                                 \
      BY_STRIDE_OF_X(PLUS)                                                                                        \
    } else if (mode == CK_SUBTRACT_PRODUCT) {                                                                     \
      BY_STRIDE_OF_X(MINUS)                                                                                       \
    } else {                                                                                                      \
      BY_STRIDE_OF_X(REVERSED)                                                                                    \
    }                                                                                                             \
  }
#define TYPE float
MULTIPLY_ADD(multiply_add_f32, float)
#undef TYPE
#define TYPE double
MULTIPLY_ADD(multiply_add_f64, double)
#undef TYPE

void ck_multiply_add(
  int mode, int is_f64, const void *x, int64_t sx, const void *y, int64_t sy, const void *z, int64_t sz, void *out,
  int64_t count) {
  if (sy == 0) {  // the repeated one first
    const void *other = x;
    x = y;
    y = other;
    sy = sx;
    sx = 0;
  }
  if (sy == 0 || sz == 0) return;  // callers do not ask for it
  if (is_f64) multiply_add_f64(mode, x, sx, y, z, out, count);
  else multiply_add_f32(mode, x, sx, y, z, out, count);
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
