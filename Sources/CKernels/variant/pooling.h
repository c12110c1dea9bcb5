// Pooling: what windows take from an image, channel by channel. The taps of a window come in order, rows first; those outside
// the image are left out. Largest: the first of equals, and the first NaN. Sums: one after the other, from +0.
#define POOL_CHUNK 128
INL int CK(pool_tap)(const ck_window_axis *x, int64_t target, int64_t tap, int64_t *source) {
  *source = target * x->stride - x->before + tap * x->dilation;
  return *source >= 0 && *source < x->source;
}

// For all windows of images first ..< last and some channels at a time: `to` is the first of these channels in the result.
#define POOL_WINDOWS                                                                                  \
  const int64_t channels = p->channels, area = p->rows.source * p->columns.source;                    \
  for (int64_t n = first; n < last; n++)                                                              \
    for (int64_t u = 0; u < p->rows.target; u++)                                                      \
      for (int64_t t = 0; t < p->columns.target; t++)                                                 \
        for (int64_t c0 = 0,                                                                          \
                     to = ((n * p->rows.target + u) * p->columns.target + t) * channels;              \
             c0 < channels; c0 += POOL_CHUNK, to += POOL_CHUNK)
// For the taps of the window that lie in the image: `at` is the first of the channels there.
#define POOL_TAPS                                                                                     \
  for (int64_t i = 0, tap = 0, r, q, at; i < p->rows.window; i++)                                     \
    for (int64_t j = 0; j < p->columns.window; j++, tap++)                                            \
      if (CK(pool_tap)(&p->rows, u, i, &r) && CK(pool_tap)(&p->columns, t, j, &q)                     \
          && (at = (n * area + r * p->columns.source + q) * channels + c0, 1))
#define POOL_EACH                                                                                     \
  _Pragma("clang loop vectorize(assume_safety)") for (int64_t c = 0; c < count; c++)

#define T float
#define P(name) CK(name##_f32)
#define POOL_INDEX int32_t
#define POOL_LEAST (-F_INF)
#include "pooling_type.h"
#undef T
#undef P
#undef POOL_INDEX
#undef POOL_LEAST

#define T double
#define P(name) CK(name##_f64)
#define POOL_INDEX int64_t
#define POOL_LEAST (-D_INF)
#include "pooling_type.h"
#undef T
#undef P
#undef POOL_INDEX
#undef POOL_LEAST

// Images first ..< last. x is the image, y (where there is one) what lies under the windows or is placed.
static void CK(pool)(
  int op, int type, const ck_pool *p, int64_t first, int64_t last, const void *x, const void *y, void *out) {
  if (first >= last) return;
  const int wide = type == CK_F64;
  switch (op) {
    case CK_POOL_MAX: wide ? CK(pool_max_f64)(p, first, last, x, out) : CK(pool_max_f32)(p, first, last, x, out); break;
    case CK_POOL_PICK:
      wide ? CK(pool_pick_f64)(p, first, last, x, y, out) : CK(pool_pick_f32)(p, first, last, x, y, out);
      break;
    case CK_POOL_PLACE:
      wide ? CK(pool_place_f64)(p, first, last, x, y, out) : CK(pool_place_f32)(p, first, last, x, y, out);
      break;
    case CK_POOL_SUM: wide ? CK(pool_sum_f64)(p, first, last, x, out) : CK(pool_sum_f32)(p, first, last, x, out); break;
    case CK_POOL_SPREAD:
      wide ? CK(pool_spread_f64)(p, first, last, x, out) : CK(pool_spread_f32)(p, first, last, x, out);
      break;
  }
}
