// Pooling: what windows take from an image, channel by channel. The taps of a window come in order, rows first; those outside
// the image are left out. Largest: the first of equals, and the first NaN. Sums: one after the other, from +0.
// The taps of a window that lie in the image: first ..< last. Divisions are slow, and rarely needed.
INL void CK(pool_taps)(const ck_window_axis *x, int64_t target, int64_t *first, int64_t *last) {
  const int64_t start = target * x->stride - x->before, room = x->source - start, dilation = x->dilation;
  const int64_t inside = dilation == 1 || room <= 0 ? room : (room + dilation - 1) / dilation;
  *first = start >= 0 ? 0 : CK(least)(dilation == 1 ? -start : (-start + dilation - 1) / dilation, x->window);
  *last = CK(most)(*first, CK(least)(inside, x->window));
}

// Windows that share no place; windows that together are the whole axis, each place once.
INL int CK(pool_lies_apart)(const ck_window_axis *x) { return x->stride >= (x->window - 1) * x->dilation + 1; }
INL int CK(pool_fills)(const ck_window_axis *x) {
  return x->stride == x->window && x->dilation == 1 && x->before == 0 && x->target * x->stride == x->source;
}

// Taps i0 ..< i1 and j0 ..< j1 of a window, of `window` taps in a row, are inside the image; they lie `down` and `across` apart.
typedef struct {
  int64_t i0, i1, j0, j1, down, across, window;
} CK(pool_span);
// For all windows of images first ..< last: tap (0, 0) of `span` lies at `base` in the image, and `to` is the window's place in
// the result.
#define POOL_WINDOWS                                                                                   \
  const int64_t channels = p->channels, area = p->rows.source * p->columns.source;                     \
  CK(pool_span) span = {                                                                               \
    .down = p->rows.dilation * p->columns.source * channels, .across = p->columns.dilation * channels, \
    .window = p->columns.window};                                                                      \
  int64_t base, to = first * p->rows.target * p->columns.target * channels;                            \
  for (int64_t n = first; n < last; n++)                                                               \
    for (int64_t u = 0; u < p->rows.target; u++)                                                       \
      if (CK(pool_taps)(&p->rows, u, &span.i0, &span.i1), 1)                                           \
        for (int64_t t = 0; t < p->columns.target; t++, to += channels)                                \
          if (CK(pool_taps)(&p->columns, t, &span.j0, &span.j1),                                       \
              base = (n * area + (u * p->rows.stride - p->rows.before) * p->columns.source             \
                      + t * p->columns.stride - p->columns.before)                                     \
                     * channels,                                                                       \
              1)
// A vector of channels from c on, under its mask.
#define POOL_CHANNELS                                                                                  \
  for (int64_t c = 0; c < channels; c += LANES_T)                                                      \
    for (P(mask) mask = P(mask_of)(channels - c), *once = &mask; once; once = NULL)
#define POOL_TAPS                                                                                      \
  for (int64_t i = w.i0; i < w.i1; i++)                                                                \
    for (int64_t j = w.j0, at = i * w.down + j * w.across; j < w.j1; j++, at += w.across)
// A statement about the window w; of two by two taps, which most windows have, it is made without loops.
#define POOL_UNROLLED(STATEMENT)                                                                       \
  {                                                                                                    \
    if (span.i0 == 0 && span.i1 == 2 && span.j0 == 0 && span.j1 == 2) {                                \
      const CK(pool_span) w = {0, 2, 0, 2, span.down, span.across, 2};                                 \
      STATEMENT;                                                                                       \
    } else {                                                                                           \
      const CK(pool_span) w = span;                                                                    \
      STATEMENT;                                                                                       \
    }                                                                                                  \
  }

#define T float
#define P(name) CK(name##_f32)
#define LANES_T (CK_VECTOR_BYTES / 4)
#define POOL_INDEX int32_t
#define POOL_LEAST (-F_INF)
#define POOL_FROM_TWO _mm512_permutex2var_ps
#include "pooling_type.h"
#undef T
#undef P
#undef LANES_T
#undef POOL_INDEX
#undef POOL_LEAST
#undef POOL_FROM_TWO

#define T double
#define P(name) CK(name##_f64)
#define LANES_T (CK_VECTOR_BYTES / 8)
#define POOL_INDEX int64_t
#define POOL_LEAST (-D_INF)
#define POOL_FROM_TWO _mm512_permutex2var_pd
#include "pooling_type.h"
#undef T
#undef P
#undef LANES_T
#undef POOL_INDEX
#undef POOL_LEAST
#undef POOL_FROM_TWO

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
