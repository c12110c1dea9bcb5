// Pooling for one element type; see pooling.h. T, P(name), LANES_T, POOL_INDEX (as wide as T) and POOL_LEAST are given;
// vectors and masks are those of vector_type.h.

typedef __typeof__((P(vec)){0} < (P(vec)){0}) P(bits);
// Where the first stays the largest: of equals it does, and a NaN does.
INL P(bits) P(keeps)(P(vec) best, P(vec) x) { return (best >= x) | (best != best); }
INL P(vec) P(choose)(P(bits) keep, P(vec) a, P(vec) b) { return (P(vec))((keep & (P(bits))a) | (~keep & (P(bits))b)); }

INL P(vec) P(window_max)(CK(pool_span) w, const T *x, P(mask) mask) {
  P(vec) best = P(spread)(POOL_LEAST);
  POOL_TAPS {
    P(vec) v = P(load_mask)(x + at, mask);
    best = P(choose)(P(keeps)(best, v), best, v);
  }
  return best;
}
#if CK_VECTOR_BYTES == 64
#include "pooling_pairs.h"
#endif
static void P(pool_max)(const ck_pool *p, int64_t first, int64_t last, const T *x, T *out) {
#if CK_VECTOR_BYTES == 64
  if (P(pairs_fit)(p)) return P(pool_max_pairs)(p, first, last, x, out);
#endif
  POOL_WINDOWS {
    POOL_CHANNELS {
      P(vec) best;
      POOL_UNROLLED(best = P(window_max)(w, x + base + c, mask))
      P(store_mask)(out + to + c, best, mask);
    }
  }
}

// Of each window, y where x is largest; 0 for a window without taps.
INL P(vec) P(window_pick)(CK(pool_span) w, const T *x, const T *y, P(mask) mask) {
  P(vec) best = P(spread)(POOL_LEAST), found = {0};
  if (w.i0 < w.i1 && w.j0 < w.j1) found = P(load_mask)(y + w.i0 * w.down + w.j0 * w.across, mask);
  POOL_TAPS {
    P(vec) v = P(load_mask)(x + at, mask);
    P(bits) keep = P(keeps)(best, v);
    best = P(choose)(keep, best, v);
    found = P(choose)(keep, found, P(load_mask)(y + at, mask));
  }
  return found;
}
static void P(pool_pick)(const ck_pool *p, int64_t first, int64_t last, const T *x, const T *y, T *out) {
  POOL_WINDOWS {
    POOL_CHANNELS {
      P(vec) found;
      POOL_UNROLLED(found = P(window_pick)(w, x + base + c, y + base + c, mask))
      P(store_mask)(out + to + c, found, mask);
    }
  }
}

// Zeros, and each window's y added where x is largest in it. Where windows lie apart nothing has been added before.
INL void P(window_place)(CK(pool_span) w, int apart, const T *x, P(vec) add, P(mask) mask, T *out) {
  P(vec) best = P(spread)(POOL_LEAST);
  P(bits) where = (P(bits)){0} + (POOL_INDEX)(w.i0 * w.window + w.j0);
  POOL_TAPS {
    P(vec) v = P(load_mask)(x + at, mask);
    P(bits) keep = P(keeps)(best, v), here = (P(bits)){0} + (POOL_INDEX)(i * w.window + j);
    best = P(choose)(keep, best, v);
    where = (keep & where) | (~keep & here);
  }
  // An element of zeros to which +0 or y was added is never -0, so adding 0 changes nothing.
  POOL_TAPS {
    P(bits) chosen = where == (P(bits)){0} + (POOL_INDEX)(i * w.window + j);
    P(vec) before = {0};
    if (!apart) before = P(load_mask)(out + at, mask);
    P(store_mask)(out + at, before + (P(vec))((P(bits))add & chosen), mask);
  }
}
static void P(pool_place)(const ck_pool *p, int64_t first, int64_t last, const T *x, const T *y, T *out) {
  const int64_t size = p->rows.source * p->columns.source * p->channels;
  const int apart = CK(pool_lies_apart)(&p->rows) && CK(pool_lies_apart)(&p->columns);
  if (!CK(pool_fills)(&p->rows) || !CK(pool_fills)(&p->columns))
    memset(out + first * size, 0, (size_t)((last - first) * size) * sizeof(T));
#if CK_VECTOR_BYTES == 64
  if (P(pairs_fit)(p)) return P(pool_place_pairs)(p, first, last, x, y, out);
#endif
  POOL_WINDOWS {
    POOL_CHANNELS {
      const P(vec) add = P(load_mask)(y + to + c, mask);
      if (apart) POOL_UNROLLED(P(window_place)(w, 1, x + base + c, add, mask, out + base + c))
      else POOL_UNROLLED(P(window_place)(w, 0, x + base + c, add, mask, out + base + c))
    }
  }
}

static void P(pool_sum)(const ck_pool *p, int64_t first, int64_t last, const T *x, T *out) {
  POOL_WINDOWS {
    POOL_CHANNELS {
      const CK(pool_span) w = span;
      P(vec) sum = {0};
      POOL_TAPS sum = sum + P(load_mask)(x + base + c + at, mask);
      P(store_mask)(out + to + c, sum, mask);
    }
  }
}

// The adjoint of pool_sum: y is added to every element under its window, windows in order.
static void P(pool_spread)(const ck_pool *p, int64_t first, int64_t last, const T *y, T *out) {
  const int64_t size = p->rows.source * p->columns.source * p->channels;
  memset(out + first * size, 0, (size_t)((last - first) * size) * sizeof(T));
  POOL_WINDOWS {
    POOL_CHANNELS {
      const CK(pool_span) w = span;
      const P(vec) add = P(load_mask)(y + to + c, mask);
      T *under = out + base + c;
      POOL_TAPS P(store_mask)(under + at, P(load_mask)(under + at, mask) + add, mask);
    }
  }
}
