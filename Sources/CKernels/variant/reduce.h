// Reductions in the fixed order: element i of a block of 4096 goes to lane i mod 64, in index order; a block's lanes are
// folded 32, 16, 8, 4, 2, 1 apart (lane l takes lane l + distance); the blocks' results are folded by the tree that splits
// at the largest power of two below the count. Lanes without elements are left out. A sum of only negative zeros is
// +0. The layout decides how the loops run, never the order.

#define LANES 64
#define BLOCK 4096

#define OP_SUM(a, b) ((a) + (b))
#define OP_PRODUCT(a, b) ((a) * (b))

// One column: stride `s` between elements.
#define REDUCE_COLUMN(name, T, OP)                                                          \
  static T CK(name##_block)(const T *x, int64_t s, int64_t n) {                             \
    T lane[LANES];                                                                          \
    int64_t w = n < LANES ? n : LANES;                                                      \
    if (s == 1) {                                                                           \
      for (int64_t l = 0; l < w; l++) lane[l] = x[l];                                       \
      int64_t i = LANES;                                                                    \
      for (; i + LANES <= n; i += LANES)                                                    \
        _Pragma("clang loop vectorize(assume_safety)")                                      \
        for (int64_t l = 0; l < LANES; l++) lane[l] = OP(lane[l], x[i + l]);                \
      for (int64_t l = 0; i + l < n; l++) lane[l] = OP(lane[l], x[i + l]);                  \
    } else {                                                                                \
      for (int64_t l = 0; l < w; l++) lane[l] = x[l * s];                                   \
      for (int64_t i = LANES; i < n; i++) lane[i & (LANES - 1)] = OP(lane[i & (LANES - 1)], x[i * s]); \
    }                                                                                       \
    for (int64_t d = LANES / 2; d > 0; d /= 2)                                              \
      for (int64_t l = 0; l < d && l + d < w; l++) lane[l] = OP(lane[l], lane[l + d]);      \
    return lane[0];                                                                         \
  }                                                                                         \
  static T CK(name##_column)(const T *x, int64_t s, int64_t n) {                            \
    if (n <= BLOCK) return CK(name##_block)(x, s, n);                                       \
    int64_t blocks = (n + BLOCK - 1) / BLOCK;                                               \
    int64_t half = (int64_t)1 << (63 - __builtin_clzll((uint64_t)(blocks - 1)));            \
    T a = CK(name##_column)(x, s, half * BLOCK);                                            \
    T b = CK(name##_column)(x + half * BLOCK * s, s, n - half * BLOCK);                     \
    return OP(a, b);                                                                        \
  }

// Many neighbouring columns at once: `width` <= TILE columns, rows `s` apart, results into acc. The lanes of all columns
// live in one buffer; only the lanes that have elements are touched.
#define TILE 64
#define REDUCE_TILE(name, T, OP)                                                            \
  static void CK(name##_tile_block)(const T *x, int64_t s, int64_t n, int64_t width, T *acc) { \
    T lane[LANES][TILE];                                                                    \
    int64_t w = n < LANES ? n : LANES;                                                      \
    for (int64_t l = 0; l < w; l++) {                                                       \
      T sum[TILE];                                                                          \
      const T *r = x + l * s;                                                               \
      for (int64_t j = 0; j < width; j++) sum[j] = r[j];                                    \
      for (int64_t i = l + LANES; i < n; i += LANES) {                                      \
        r = x + i * s;                                                                      \
        _Pragma("clang loop vectorize(assume_safety)")                                      \
        for (int64_t j = 0; j < width; j++) sum[j] = OP(sum[j], r[j]);                      \
      }                                                                                     \
      for (int64_t j = 0; j < width; j++) lane[l][j] = sum[j];                              \
    }                                                                                       \
    for (int64_t d = LANES / 2; d > 0; d /= 2)                                              \
      for (int64_t l = 0; l < d && l + d < w; l++)                                          \
        _Pragma("clang loop vectorize(assume_safety)")                                      \
        for (int64_t j = 0; j < width; j++) lane[l][j] = OP(lane[l][j], lane[l + d][j]);    \
    for (int64_t j = 0; j < width; j++) acc[j] = lane[0][j];                                \
  }                                                                                         \
  static void CK(name##_tile)(const T *x, int64_t s, int64_t n, int64_t width, T *acc) {    \
    if (n <= BLOCK) {                                                                       \
      CK(name##_tile_block)(x, s, n, width, acc);                                           \
      return;                                                                               \
    }                                                                                       \
    int64_t blocks = (n + BLOCK - 1) / BLOCK;                                               \
    int64_t half = (int64_t)1 << (63 - __builtin_clzll((uint64_t)(blocks - 1)));            \
    T other[TILE];                                                                          \
    CK(name##_tile)(x, s, half * BLOCK, width, acc);                                        \
    CK(name##_tile)(x + half * BLOCK * s, s, n - half * BLOCK, width, other);               \
    for (int64_t j = 0; j < width; j++) acc[j] = OP(acc[j], other[j]);                      \
  }

#define REDUCE(name, T, OP, EMPTY, FINISH)                                                  \
  REDUCE_COLUMN(name, T, OP)                                                                \
  REDUCE_TILE(name, T, OP)                                                                  \
  static void CK(name)(                                                                     \
    int64_t outer, int64_t length, int64_t inner, int64_t first, int64_t last, const T *x, T *out) { \
    for (int64_t o = 0; o < outer && !ck_must_stop(); o++) {                                                   \
      const T *row = x + o * length * inner;                                                \
      T *r = out + o * inner;                                                               \
      if (length == 0) {                                                                    \
        for (int64_t j = first; j < last; j++) r[j] = EMPTY;                                \
      } else if (inner == 1) {                                                              \
        if (first < last) r[0] = FINISH(CK(name##_column)(row, 1, length));                 \
      } else {                                                                              \
        for (int64_t j = first; j < last; j += TILE) {                                      \
          int64_t width = last - j < TILE ? last - j : TILE;                                \
          T acc[TILE];                                                                      \
          CK(name##_tile)(row + j, inner, length, width, acc);                              \
          for (int64_t i = 0; i < width; i++) r[j + i] = FINISH(acc[i]);                    \
        }                                                                                   \
      }                                                                                     \
    }                                                                                       \
  }
#define SAME(v) (v)
#define NO_NEGATIVE_ZERO(v) ((v) + 0)
#define INT_MAX_OP(a, b) ((a) >= (b) ? (a) : (b))
#define INT_MIN_OP(a, b) ((a) <= (b) ? (a) : (b))
#define OR_OP(a, b) ((a) | (b))
#define AND_OP(a, b) ((a) & (b))

#include "reduce_float.h"
REDUCE(sum_i32, uint32_t, OP_SUM, 0, SAME)
REDUCE(sum_i64, uint64_t, OP_SUM, 0, SAME)
REDUCE(product_i32, uint32_t, OP_PRODUCT, 1, SAME)
REDUCE(product_i64, uint64_t, OP_PRODUCT, 1, SAME)
REDUCE(max_i32, int32_t, INT_MAX_OP, INT32_MIN, SAME)
REDUCE(max_i64, int64_t, INT_MAX_OP, INT64_MIN, SAME)
REDUCE(min_i32, int32_t, INT_MIN_OP, INT32_MAX, SAME)
REDUCE(min_i64, int64_t, INT_MIN_OP, INT64_MAX, SAME)
REDUCE(any_bool, uint8_t, OR_OP, 0, SAME)
REDUCE(all_bool, uint8_t, AND_OP, 1, SAME)

static void CK(reduce)(
  int op, int type, int64_t outer, int64_t length, int64_t inner, int64_t first, int64_t last, const void *x,
  void *out) {
#define BY_TYPE(f, d, i, l, b)                                            \
  switch (type) {                                                         \
  case CK_F32: CK(f)(outer, length, inner, first, last, x, out); return;  \
  case CK_F64: CK(d)(outer, length, inner, first, last, x, out); return;  \
  case CK_I32: CK(i)(outer, length, inner, first, last, x, out); return;  \
  case CK_I64: CK(l)(outer, length, inner, first, last, x, out); return;  \
  default: CK(b)(outer, length, inner, first, last, x, out); return;      \
  }
  switch (op) {
  case CK_SUM: BY_TYPE(sum_f32, sum_f64, sum_i32, sum_i64, any_bool)
  case CK_PRODUCT: BY_TYPE(product_f32_reduce, product_f64_reduce, product_i32, product_i64, all_bool)
  case CK_MAX: BY_TYPE(max_f32, max_f64, max_i32, max_i64, any_bool)
  case CK_MIN: BY_TYPE(min_f32, min_f64, min_i32, min_i64, all_bool)
  case CK_ANY: BY_TYPE(any_bool, any_bool, any_bool, any_bool, any_bool)
  default: BY_TYPE(all_bool, all_bool, all_bool, all_bool, all_bool)
  }
#undef BY_TYPE
}

#define ARG_REDUCE(T)                                                                     \
  {                                                                                       \
    const T *x = xv;                                                                      \
    for (int64_t o = 0; o < outer && !ck_must_stop(); o++)                                                   \
      for (int64_t j = 0; j < inner && !ck_must_stop(); j++) {                            \
        const T *c = x + o * length * inner + j;                                          \
        int64_t best = 0;                                                                 \
        for (int64_t i = 1; i < length; i++) {                                            \
          T v = c[i * inner], b = c[best * inner];                                        \
          if (b != b) break;                                                              \
          if ((is_max ? v > b : v < b) || v != v) best = i;                               \
        }                                                                                 \
        out[o * inner + j] = best;                                                        \
      }                                                                                   \
    return;                                                                               \
  }
static void CK(arg_reduce)(
  int is_max, int type, int64_t outer, int64_t length, int64_t inner, const void *xv, int64_t *out) {
  switch (type) {
  case CK_F32: ARG_REDUCE(float)
  case CK_F64: ARG_REDUCE(double)
  case CK_I32: ARG_REDUCE(int32_t)
  case CK_I64: ARG_REDUCE(int64_t)
  default: ARG_REDUCE(uint8_t)
  }
}

#define CUMULATIVE(T)                                                              \
  {                                                                                \
    const T *x = xv;                                                               \
    T *out = ov;                                                                   \
    for (int64_t o = 0; o < outer && !ck_must_stop(); o++) {                                          \
      const T *r = x + o * length * inner;                                         \
      T *d = out + o * length * inner;                                             \
      for (int64_t j = 0; j < inner; j++) d[j] = r[j];                             \
      for (int64_t i = 1; i < length; i++) {                                       \
        if (i * inner >> 20 != (i - 1) * inner >> 20 && ck_must_stop()) return;    \
        for (int64_t j = 0; j < inner; j++) d[i * inner + j] = d[(i - 1) * inner + j] + r[i * inner + j]; \
      }                                                                            \
    }                                                                              \
    return;                                                                        \
  }
static void CK(cumulative_sum)(
  int type, int64_t outer, int64_t length, int64_t inner, const void *xv, void *ov) {
  if (length == 0) return;
  switch (type) {
  case CK_F32: CUMULATIVE(float)
  case CK_F64: CUMULATIVE(double)
  case CK_I32: CUMULATIVE(uint32_t)
  case CK_I64: CUMULATIVE(uint64_t)
  default: CUMULATIVE(uint8_t)
  }
}

// Elements of planes of two to four rows or columns, for which the compiler makes shuffles where it knows how many.
#define SMALL_PLANE 65536
#define TURN_ROWS(R)                                                               \
  if (rows == R && ldo == R) {                                                     \
    for (int64_t c = 0; c < columns; c++)                                          \
      for (int64_t r = 0; r < R; r++) out[c * R + r] = x[r * ldx + c];             \
    return;                                                                        \
  }
#define TURN_COLUMNS(C)                                                            \
  if (columns == C && ldx == C) {                                                  \
    for (int64_t r = 0; r < rows; r++)                                             \
      for (int64_t c = 0; c < C; c++) out[c * ldo + r] = x[r * C + c];             \
    return;                                                                        \
  }
// Parts of tiles in whole eights, by shuffles.
#define TURN_EIGHTS(T, name)                                                       \
  if (((c1 - c0) | (r1 - r0)) % 8 == 0) {                                          \
    const T *from = (const T *)xv + r0 * ldx + c0;                                 \
    CK(name)(r1 - r0, c1 - c0, from, ldx, (T *)ov + c0 * ldo + r0, ldo);           \
    continue;                                                                      \
  }
// out[c, r] = x[r, c], in tiles that fit the first cache.
#define TRANSPOSE(T, EIGHTS)                                                       \
  {                                                                                \
    const T *restrict x = xv;                                                      \
    T *restrict out = ov;                                                          \
    if (rows * columns <= SMALL_PLANE) {                                           \
      TURN_ROWS(2) TURN_ROWS(3) TURN_ROWS(4)                                       \
      TURN_COLUMNS(2) TURN_COLUMNS(3) TURN_COLUMNS(4)                              \
    }                                                                              \
    for (int64_t c0 = 0; c0 < columns && !ck_must_stop(); c0 += 16)                \
      for (int64_t r0 = 0; r0 < rows; r0 += 16) {                                  \
        int64_t c1 = c0 + 16 < columns ? c0 + 16 : columns;                        \
        int64_t r1 = r0 + 16 < rows ? r0 + 16 : rows;                              \
        EIGHTS                                                                     \
        for (int64_t c = c0; c < c1; c++)                                          \
          for (int64_t r = r0; r < r1; r++) out[c * ldo + r] = x[r * ldx + c];     \
      }                                                                            \
    return;                                                                        \
  }
static void CK(transpose2)(
  int bytes, int64_t rows, int64_t columns, const void *xv, int64_t ldx, void *ov, int64_t ldo) {
  if (bytes == 4) TRANSPOSE(uint32_t, TURN_EIGHTS(float, transpose_f32))
  if (bytes == 8) TRANSPOSE(uint64_t, TURN_EIGHTS(double, transpose_f64))
  TRANSPOSE(uint8_t, )
}
