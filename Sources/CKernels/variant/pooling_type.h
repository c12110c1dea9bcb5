// Pooling for one element type; see pooling.h. T, P(name), LANES_T, POOL_INDEX (as wide as T) and POOL_LEAST are given;
// vectors and masks are those of product_type.h.

typedef __typeof__((P(vec)){0} < (P(vec)){0}) P(bits);
// Where the first stays the largest: of equals it does, and a NaN does.
INL P(bits) P(keeps)(P(vec) best, P(vec) x) { return (best >= x) | (best != best); }
INL P(vec) P(choose)(P(bits) keep, P(vec) a, P(vec) b) { return (P(vec))((keep & (P(bits))a) | (~keep & (P(bits))b)); }

static void P(pool_max)(const ck_pool *p, int64_t first, int64_t last, const T *x, T *out) {
  POOL_WINDOWS {
    POOL_CHANNELS {
      P(vec) best = P(spread)(POOL_LEAST);
      POOL_TAPS {
        P(vec) v = P(load_mask)(x + at, mask);
        best = P(choose)(P(keeps)(best, v), best, v);
      }
      P(store_mask)(out + to + c, best, mask);
    }
  }
}

// Of each window, y where x is largest; 0 for a window without taps.
static void P(pool_pick)(const ck_pool *p, int64_t first, int64_t last, const T *x, const T *y, T *out) {
  POOL_WINDOWS {
    POOL_CHANNELS {
      P(vec) best = P(spread)(POOL_LEAST), found = {0};
      if (i0 < i1 && j0 < j1) found = P(load_mask)(y + base + i0 * down + j0 * across + c, mask);
      POOL_TAPS {
        P(vec) v = P(load_mask)(x + at, mask);
        P(bits) keep = P(keeps)(best, v);
        best = P(choose)(keep, best, v);
        found = P(choose)(keep, found, P(load_mask)(y + at, mask));
      }
      P(store_mask)(out + to + c, found, mask);
    }
  }
}

// Zeros, and each window's y added where x is largest in it.
static void P(pool_place)(const ck_pool *p, int64_t first, int64_t last, const T *x, const T *y, T *out) {
  const int64_t size = p->rows.source * p->columns.source * p->channels;
  memset(out + first * size, 0, (size_t)((last - first) * size) * sizeof(T));
  // Windows side by side: nothing has been added before.
  const int apart = p->rows.stride >= (p->rows.window - 1) * p->rows.dilation + 1
                    && p->columns.stride >= (p->columns.window - 1) * p->columns.dilation + 1;
  POOL_WINDOWS {
    POOL_CHANNELS {
      P(vec) best = P(spread)(POOL_LEAST);
      P(bits) where = (P(bits)){0} + (POOL_INDEX)(i0 * p->columns.window + j0);
      POOL_TAPS {
        P(vec) v = P(load_mask)(x + at, mask);
        P(bits) keep = P(keeps)(best, v), here = (P(bits)){0} + (POOL_INDEX)(i * p->columns.window + j);
        best = P(choose)(keep, best, v);
        where = (keep & where) | (~keep & here);
      }
      const P(vec) add = P(load_mask)(y + to + c, mask);
      // An element of zeros to which +0 or y was added is never -0, so adding 0 changes nothing.
      POOL_TAPS {
        P(bits) chosen = where == (P(bits)){0} + (POOL_INDEX)(i * p->columns.window + j);
        P(vec) before = {0};
        if (!apart) before = P(load_mask)(out + at, mask);
        P(store_mask)(out + at, before + (P(vec))((P(bits))add & chosen), mask);
      }
    }
  }
}

static void P(pool_sum)(const ck_pool *p, int64_t first, int64_t last, const T *x, T *out) {
  POOL_WINDOWS {
    POOL_CHANNELS {
      P(vec) sum = {0};
      POOL_TAPS sum = sum + P(load_mask)(x + at, mask);
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
      const P(vec) add = P(load_mask)(y + to + c, mask);
      POOL_TAPS P(store_mask)(out + at, P(load_mask)(out + at, mask) + add, mask);
    }
  }
}
