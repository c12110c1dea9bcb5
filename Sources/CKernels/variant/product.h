// Matrix products. An element of C is the sum, over blocks of K_BLOCK of k in order, of one fused multiply-add chain per
// block that starts at +0; so it depends on its row of A, its column of B and k only. Everything below (register tiles,
// packing, masks) decides where values live, never this order.
#define K_BLOCK 256

#if defined(__aarch64__)
#define ROWS_MAX 12
#define ROWS_WIDE 6
#elif CK_VECTOR_BYTES == 64
#define ROWS_MAX 14
#define ROWS_WIDE 6
#elif CK_VECTOR_BYTES == 32
#define ROWS_MAX 6
#define ROWS_WIDE 3
#else
#define ROWS_MAX 4
#define ROWS_WIDE 2
#endif
// Vectors across: two under tall register tiles, four under flat ones (a row times a matrix).
#define ACROSS 2
#define ACROSS_WIDE 4

#define REPEAT_ROWS_14(M) M(7) M(8) M(9) M(10) M(11) M(12) M(13) M(14)
#define REPEAT_ROWS_12(M) M(7) M(8) M(9) M(10) M(11) M(12)
#define REPEAT_ROWS_6(M) M(5) M(6)
#define REPEAT_ROWS_4(M) M(1) M(2) M(3) M(4)

INL int64_t CK(least)(int64_t a, int64_t b) { return a < b ? a : b; }
INL int64_t CK(most)(int64_t a, int64_t b) { return a > b ? a : b; }

// A last block of k this short is done right behind the one before it, while its part of C is near.
#define K_TAIL 64
// Steps of the next block, of `left` steps of k.
INL int64_t CK(block_of_k)(int64_t left) { return left <= K_BLOCK + K_TAIL ? left : K_BLOCK; }

// Memory that is wanted soon: `rows` of `lines` cache lines each, which come into the second cache `share` at a time. Many at
// once would keep what is wanted now waiting.
typedef struct {
  const char *at;
  int64_t rows, row_bytes, lines, line, share;
} CK(ahead);
// Lines of expected rows that come with every share.
#define EXPECTED_LINES 12
// Rows of `bytes` that begin `row_bytes` apart, all of them within `times` shares.
INL CK(ahead) CK(look_ahead)(const void *at, int64_t rows, int64_t bytes, int64_t row_bytes, int64_t times) {
  const int64_t lines = (bytes + 126) / 64;
  return (CK(ahead)){
    .at = at, .rows = rows, .row_bytes = row_bytes, .lines = lines, .share = (rows * lines + times - 1) / times};
}
INL void CK(bring_share)(CK(ahead) * a) {
  ck_bring_expected(EXPECTED_LINES);
  for (int64_t i = a->share; i > 0 && a->rows > 0; i--) {
    __builtin_prefetch(a->at + 64 * a->line, 0, 2);
    if (++a->line == a->lines) {
      a->line = 0;
      a->rows--;
      a->at += a->row_bytes;
    }
  }
}
// Steps of a sum between two shares, of sums that are long enough.
#define STRETCH 16
#define IN_STRETCHES 64

#define T float
#define P(name) CK(name##_f32)
#define LANES_T (CK_VECTOR_BYTES / 4)
#define FUSED(a, b, c) FMAF(a, b, c)
#define T_MAX f_max
#define T_IS_F32 1
#include "product_type.h"
#undef T
#undef P
#undef LANES_T
#undef FUSED
#undef T_MAX
#undef T_IS_F32

#define T double
#define P(name) CK(name##_f64)
#define LANES_T (CK_VECTOR_BYTES / 8)
#define FUSED(a, b, c) FMA(a, b, c)
#define T_MAX d_max
#define T_IS_F32 0
#include "product_type.h"
#undef T
#undef P
#undef LANES_T
#undef FUSED
#undef T_MAX
#undef T_IS_F32

#define T uint32_t
#define P(name) CK(name##_i32)
#include "product_whole.h"
#undef T
#undef P

#define T uint64_t
#define P(name) CK(name##_i64)
#include "product_whole.h"
#undef T
#undef P

// Many products of whole numbers of one shape, one after the other.
static void CK(products_whole)(int type, const ck_product *p, int64_t count, const ck_place *places) {
  const int64_t size = type == CK_I64 ? 8 : 4;
  for (int64_t i = 0; i < count && !ck_must_stop(); i++) {
    ck_product one = *p;
    one.a = (const char *)p->a + places[i].a * size;
    one.b = (const char *)p->b + places[i].b * size;
    one.c = (char *)p->c + places[i].c * size;
    if (type == CK_I64) CK(product_whole_i64)(&one);
    else CK(product_whole_i32)(&one);
  }
}
