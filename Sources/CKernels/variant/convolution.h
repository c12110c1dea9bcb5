// Convolutions. An element of the result is what a product of its window with the filter would give: over blocks of K_BLOCK
// of (row tap, column tap, channel), in order, one fused multiply-add chain per block that starts at +0, block sums added in
// order. Taps on rows outside the image are left out, taps on columns outside meet a zero. The gradient with respect to
// the input runs over the taps from the last to the first (and the target's channels), only over those that its place has.
//
// Nothing is gathered into a matrix: a strip of the image is copied with its border into the first cache, where the window of a
// place is one stretch per row; the tiles go along a list of such stretches with their sums in registers.

#define CONVOLUTION_SCRATCH ((int64_t)256 * 4096)
#define FILTER_PARTS 8
#define FILTER_STRIP 256

INL int64_t CK(floor_quotient)(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

// Target places fall into classes, in which neighbours look at neighbouring source places.
INL int64_t CK(class_count)(const ck_window_axis *x, int turned) { return turned ? x->stride : 1; }
INL int64_t CK(class_step)(const ck_window_axis *x, int turned) { return turned ? 1 : x->stride; }
// Where tap number i (in the order of the chain) of class r lies for the first place of the class; 0 if it has none.
INL int CK(tap)(const ck_window_axis *x, int turned, int64_t r, int64_t i, int64_t *base) {
  if (!turned) {
    *base = i * x->dilation - x->before;
    return 1;
  }
  const int64_t n = r + x->before - (x->window - 1 - i) * x->dilation;
  *base = CK(floor_quotient)(n, x->stride);
  return *base * x->stride == n;
}
// Source places low ..< high that targets first ..< last may look at.
INL void CK(source_range)(
  const ck_window_axis *x, int turned, int64_t first, int64_t last, int64_t *low, int64_t *high) {
  const int64_t span = (x->window - 1) * x->dilation;
  if (turned) {
    *low = CK(floor_quotient)(first + x->before - span, x->stride);
    *high = CK(floor_quotient)(last - 1 + x->before, x->stride) + 1;
  } else {
    *low = first * x->stride - x->before;
    *high = (last - 1) * x->stride - x->before + span + 1;
  }
}

// A part of the target that is computed at once.
typedef struct {
  int64_t n0, n1, u0, u1, t0, t1;
} CK(strip);
typedef struct {
  int64_t images, rows, columns;
} CK(strip_size);

INL int64_t CK(strip_count)(const ck_convolution *p, CK(strip_size) s) {
  if (p->batch <= 0 || p->rows.target <= 0 || p->columns.target <= 0) return 0;
  return (p->batch + s.images - 1) / s.images * ((p->rows.target + s.rows - 1) / s.rows)
         * ((p->columns.target + s.columns - 1) / s.columns);
}
INL CK(strip) CK(strip_at)(const ck_convolution *p, CK(strip_size) s, int64_t index) {
  const int64_t down = (p->rows.target + s.rows - 1) / s.rows, across = (p->columns.target + s.columns - 1) / s.columns;
  const int64_t n = index / (down * across) * s.images, u = index / across % down * s.rows, t = index % across * s.columns;
  return (CK(strip)){
    n, CK(least)(n + s.images, p->batch), u, CK(least)(u + s.rows, p->rows.target),
    t, CK(least)(t + s.columns, p->columns.target)};
}
// Elements of the source under a strip, with its border.
INL int64_t CK(strip_elements)(const ck_convolution *p, CK(strip_size) s, int64_t channels) {
  int64_t r0, r1, c0, c1;
  CK(source_range)(&p->rows, p->turned, 0, s.rows, &r0, &r1);
  CK(source_range)(&p->columns, p->turned, 0, s.columns, &c0, &c1);
  return s.images * (r1 - r0 + p->turned) * (c1 - c0 + p->turned) * channels;
}
// As much as lies in the first cache; where the filter does not, more, so that it is used often.
static CK(strip_size) CK(convolution_strips)(const ck_convolution *p, int64_t bytes) {
  const int64_t filter = p->rows.window * p->columns.window * p->source_channels * p->target_channels * bytes;
  const int64_t goal = filter > 16384 ? 49152 : 20480;
  // Where every channel is alone all are done together.
  const int64_t channels = p->source_channels == 1 && p->target_channels == 1 ? p->groups : p->source_channels;
  const int64_t classes = CK(class_count)(&p->columns, p->turned);
  CK(strip_size) s = {1, 1, CK(most)(p->columns.target, 1)};
  if (p->rows.target <= 0 || p->columns.target <= 0) return s;
  while (s.columns > 16 * classes && CK(strip_elements)(p, s, channels) * bytes > 8 * goal)
    s.columns = ((s.columns + 1) / 2 + classes - 1) / classes * classes;
  if (s.columns < p->columns.target) return s;
  while (s.rows < p->rows.target) {
    CK(strip_size) larger = s;
    larger.rows = CK(least)(2 * s.rows, p->rows.target);
    if (CK(strip_elements)(p, larger, channels) * bytes > goal) break;
    s = larger;
  }
  // Evenly.
  const int64_t count = (p->rows.target + s.rows - 1) / s.rows;
  s.rows = CK(most)((p->rows.target + count - 1) / count, 1);
  if (s.rows == p->rows.target)
    s.images = CK(most)(1, CK(least)(p->batch, goal / CK(most)(1, CK(strip_elements)(p, s, channels) * bytes)));
  return s;
}
// Of the gradient with respect to the filter; these decide the order of its sums and depend on nothing but extents.
INL CK(strip_size) CK(filter_strips)(const ck_convolution *p) {
  const int64_t rows = p->rows.target, columns = p->columns.target;
  if (rows <= 0 || columns <= 0) return (CK(strip_size)){1, 1, 1};
  if (columns > FILTER_STRIP) return (CK(strip_size)){1, 1, FILTER_STRIP};
  if (rows > FILTER_STRIP / columns) return (CK(strip_size)){1, FILTER_STRIP / columns, columns};
  return (CK(strip_size)){FILTER_STRIP / (rows * columns), rows, columns};
}
static int64_t CK(filter_parts)(const ck_convolution *p) {
  return CK(least)(FILTER_PARTS, CK(most)(1, CK(strip_count)(p, CK(filter_strips)(p))));
}

#define T float
#define P(name) CK(name##_f32)
#define LANES_T (CK_VECTOR_BYTES / 4)
#define FUSED(a, b, c) FMAF(a, b, c)
#define T_MAX f_max
#include "convolution_type.h"
#undef T
#undef P
#undef LANES_T
#undef FUSED
#undef T_MAX

#define T double
#define P(name) CK(name##_f64)
#define LANES_T (CK_VECTOR_BYTES / 8)
#define FUSED(a, b, c) FMA(a, b, c)
#define T_MAX d_max
#include "convolution_type.h"
#undef T
#undef P
#undef LANES_T
#undef FUSED
#undef T_MAX

static int64_t CK(convolution_pieces)(int type, const ck_convolution *p) {
  return CK(strip_count)(p, CK(convolution_strips)(p, type == CK_F64 ? 8 : 4));
}
static int64_t CK(convolution_packed)(int type, const ck_convolution *p) {
  return type == CK_F64 ? CK(packed_count_f64)(p) : CK(packed_count_f32)(p);
}
static void CK(convolution_pack)(int type, const ck_convolution *p, const void *filter, void *out) {
  if (type == CK_F64) CK(pack_filter_f64)(p, filter, out);
  else CK(pack_filter_f32)(p, filter, out);
}
static void CK(convolution)(int type, const ck_convolution *p, int64_t first, int64_t last) {
  if (type == CK_F64) CK(convolve_f64)(p, first, last);
  else CK(convolve_f32)(p, first, last);
}
static void CK(filter_gradient)(int type, const ck_convolution *p, const void *cotangent, int64_t part, void *out) {
  if (type == CK_F64) CK(filter_part_f64)(p, cotangent, part, out);
  else CK(filter_part_f32)(p, cotangent, part, out);
}
static void CK(fold_parts)(int type, int64_t parts, int64_t count, const void *x, void *out) {
  if (type == CK_F64) CK(fold_f64)(parts, count, x, out);
  else CK(fold_f32)(parts, count, x, out);
}
