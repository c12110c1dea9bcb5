// Rotations of neighbouring rows, many sweeps at a time, for singular values and symmetric eigenvectors.

// Vectors of a row in registers.
#if CK_VECTOR_BYTES == 64
#define ROTATED 8
#else
#define ROTATED 4
#endif
// A strip of `vectors` vectors of columns goes through all rotations with one row in registers; of the last vector only the lanes
// of `mask` count.
INL void CK(rotate_strip)(
  int vectors, CK(mask_f64) mask, int partial, int64_t count, const double *c, const double *s, int backward, double *x,
  int64_t width) {
  enum { LN = CK_VECTOR_BYTES / 8 };
  CK(vec_f64) carry[ROTATED];
  int64_t step = backward ? -width : width;
  double *row = x + (backward ? count * width : 0);
#define LOAD_(p, q) (partial ? CK(load_mask_f64)((p) + (q) * LN, mask) : CK(load_f64)((p) + (q) * LN))
#define STORE_(p, q, v)                                     \
  do {                                                      \
    if (partial) CK(store_mask_f64)((p) + (q) * LN, v, mask); \
    else CK(store_f64)((p) + (q) * LN, v);                  \
  } while (0)
  _Pragma("clang loop unroll(full)") for (int q = 0; q < vectors; q++) carry[q] = LOAD_(row, q);
  for (int64_t i = 0; i < count; i++) {
    int64_t at = backward ? count - 1 - i : i;
    CK(vec_f64) cs = CK(spread_f64)(c[at]), sn = CK(spread_f64)(backward ? -s[at] : s[at]);
    double *next = row + step;
    _Pragma("clang loop unroll(full)") for (int q = 0; q < vectors; q++) {
      CK(vec_f64) other = LOAD_(next, q);
      STORE_(row, q, CK(fused_f64)(sn, other, cs * carry[q]));
      carry[q] = CK(fused_f64)(cs, other, -(sn * carry[q]));
    }
    row = next;
  }
  _Pragma("clang loop unroll(full)") for (int q = 0; q < vectors; q++) STORE_(row, q, carry[q]);
}
// Two sweeps of one direction that begin at the same row, the second of at most as many rotations: each one of the
// second follows as soon as the first is done with both of its rows, so that a row is fetched and stored once for both.
INL void CK(rotate_strip_twice)(
  int vectors, CK(mask_f64) mask, int partial, int64_t count, const double *c, const double *s, int64_t count2,
  const double *c2, const double *s2, int backward, double *x, int64_t width) {
  enum { LN = CK_VECTOR_BYTES / 8 };
  CK(vec_f64) carry[ROTATED], carry2[ROTATED];
  const int64_t step = backward ? -width : width;
  double *row = x + (backward ? count * width : 0);
#define ANGLE_(i)                                           \
  const int64_t at = backward ? count - 1 - (i) : (i);      \
  const CK(vec_f64) cs = CK(spread_f64)(c[at]), sn = CK(spread_f64)(backward ? -s[at] : s[at]);
#define ANGLE2_(i)                                          \
  const int64_t at2 = backward ? count2 - 1 - (i) : (i);    \
  const CK(vec_f64) cs2 = CK(spread_f64)(c2[at2]), sn2 = CK(spread_f64)(backward ? -s2[at2] : s2[at2]);
  {
    ANGLE_(0)
    _Pragma("clang loop unroll(full)") for (int q = 0; q < vectors; q++) {
      const CK(vec_f64) first = LOAD_(row, q), other = LOAD_(row + step, q);
      carry2[q] = CK(fused_f64)(sn, other, cs * first);
      carry[q] = CK(fused_f64)(cs, other, -(sn * first));
    }
  }
  // `row` is that which the second sweep carries.
  int64_t i = 1;
  for (; i < count && i <= count2; i++, row += step) {
    ANGLE_(i)
    ANGLE2_(i - 1)
    _Pragma("clang loop unroll(full)") for (int q = 0; q < vectors; q++) {
      const CK(vec_f64) other = LOAD_(row + 2 * step, q), middle = CK(fused_f64)(sn, other, cs * carry[q]);
      carry[q] = CK(fused_f64)(cs, other, -(sn * carry[q]));
      STORE_(row, q, CK(fused_f64)(sn2, middle, cs2 * carry2[q]));
      carry2[q] = CK(fused_f64)(cs2, middle, -(sn2 * carry2[q]));
    }
  }
  if (count2 == count) {
    ANGLE2_(count - 1)
    _Pragma("clang loop unroll(full)") for (int q = 0; q < vectors; q++) {
      STORE_(row, q, CK(fused_f64)(sn2, carry[q], cs2 * carry2[q]));
      STORE_(row + step, q, CK(fused_f64)(cs2, carry[q], -(sn2 * carry2[q])));
    }
    return;
  }
  _Pragma("clang loop unroll(full)") for (int q = 0; q < vectors; q++) STORE_(row, q, carry2[q]);
  for (row += step; i < count; i++, row += step) {
    ANGLE_(i)
    _Pragma("clang loop unroll(full)") for (int q = 0; q < vectors; q++) {
      const CK(vec_f64) other = LOAD_(row + step, q);
      STORE_(row, q, CK(fused_f64)(sn, other, cs * carry[q]));
      carry[q] = CK(fused_f64)(cs, other, -(sn * carry[q]));
    }
  }
  _Pragma("clang loop unroll(full)") for (int q = 0; q < vectors; q++) STORE_(row, q, carry[q]);
#undef ANGLE_
#undef ANGLE2_
#undef LOAD_
#undef STORE_
}
// Rotations of neighbouring rows of x [any, width], collected over many sweeps so that a strip of columns goes through all of
// them while it is in the cache.
#define SWEEPS 48
typedef struct {
  double *x, *c, *s;
  int64_t width, used;
  int sweeps;
  struct {
    int64_t row, count, start;
    int backward;
  } sweep[SWEEPS];
} CK(rotations);

// Whether a sweep and the one after it can be done as one.
INL int CK(sweeps_fit)(const CK(rotations) *r, int q) {
  if (q + 1 >= r->sweeps) return 0;
  const int64_t end = r->sweep[q].row + r->sweep[q].count, end2 = r->sweep[q + 1].row + r->sweep[q + 1].count;
  return r->sweep[q].backward == r->sweep[q + 1].backward && r->sweep[q + 1].count > 0
         && r->sweep[q + 1].count <= r->sweep[q].count
         && (r->sweep[q].backward ? end == end2 : r->sweep[q].row == r->sweep[q + 1].row);
}
INL void CK(rotate_columns)(
  const CK(rotations) *r, int vectors, CK(mask_f64) mask, int partial, int64_t column) {
  for (int q = 0; q < r->sweeps; q++) {
    const int64_t count = r->sweep[q].count, start = r->sweep[q].start, start2 = start + count;
    double *x = r->x + r->sweep[q].row * r->width + column;
    if (CK(sweeps_fit)(r, q)) {
      q++;
      CK(rotate_strip_twice)(
        vectors, mask, partial, count, r->c + start, r->s + start, r->sweep[q].count, r->c + start2, r->s + start2,
        r->sweep[q].backward, x, r->width);
    } else {
      CK(rotate_strip)(
        vectors, mask, partial, count, r->c + start, r->s + start, r->sweep[q].backward, x, r->width);
    }
  }
}
// Does what was collected.
static void CK(rotate_now)(CK(rotations) *r) {
  const int64_t lanes = CK_VECTOR_BYTES / 8;
  CK(mask_f64) all = CK(mask_of_f64)(lanes);
  int64_t j = 0;
  for (; j + ROTATED * lanes <= r->width && !ck_must_stop(); j += ROTATED * lanes) CK(rotate_columns)(r, ROTATED, all, 0, j);
  for (; j + 3 * lanes <= r->width && !ck_must_stop(); j += 3 * lanes) CK(rotate_columns)(r, 3, all, 0, j);
  for (; j + lanes <= r->width && !ck_must_stop(); j += lanes) CK(rotate_columns)(r, 1, all, 0, j);
  if (j < r->width) CK(rotate_columns)(r, 1, CK(mask_of_f64)(r->width - j), 1, j);
  r->used = r->sweeps = 0;
}
// One sweep: rotations c[i], s[i] of rows row + i and row + i + 1, first to last or last to first:
// (low, high) := (c low + s high, c high - s low).
static void CK(rotate)(
  CK(rotations) *r, int64_t row, int64_t count, const double *c, const double *s, int backward) {
  if (r->sweeps == SWEEPS) CK(rotate_now)(r);
  memcpy(r->c + r->used, c, (size_t)count * sizeof *c);
  memcpy(r->s + r->used, s, (size_t)count * sizeof *s);
  r->sweep[r->sweeps].row = row;
  r->sweep[r->sweeps].count = count;
  r->sweep[r->sweeps].start = r->used;
  r->sweep[r->sweeps++].backward = backward;
  r->used += count;
}
// For rows of `width`, fewer than which a sweep has rotations. 0, or -1 without memory; `c` is to be freed.
static int64_t CK(rotations_begin)(CK(rotations) *r, double *x, int64_t width) {
  r->x = x;
  r->width = width;
  r->used = r->sweeps = 0;
  r->c = malloc((size_t)(2 * SWEEPS * width + 1) * sizeof *r->c);
  r->s = r->c + SWEEPS * width;
  return r->c ? 0 : -1;
}
