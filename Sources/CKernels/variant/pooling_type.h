// Pooling for one element type; see pooling.h. T, P(name), POOL_INDEX (as wide as T) and POOL_LEAST are given.

static void P(pool_max)(const ck_pool *p, int64_t first, int64_t last, const T *x, T *out) {
  POOL_WINDOWS {
    const int64_t count = CK(least)(channels - c0, POOL_CHUNK);
    T best[POOL_CHUNK];
    POOL_EACH best[c] = POOL_LEAST;
    POOL_TAPS POOL_EACH best[c] = (best[c] >= x[at + c]) | (best[c] != best[c]) ? best[c] : x[at + c];
    POOL_EACH out[to + c] = best[c];
  }
}

// Of each window, y where x is largest; 0 for a window without taps.
static void P(pool_pick)(const ck_pool *p, int64_t first, int64_t last, const T *x, const T *y, T *out) {
  POOL_WINDOWS {
    const int64_t count = CK(least)(channels - c0, POOL_CHUNK);
    T best[POOL_CHUNK], found[POOL_CHUNK];
    int any = 0;
    POOL_EACH found[c] = 0;
    POOL_TAPS {
      if (!any) {
        POOL_EACH best[c] = x[at + c];
        POOL_EACH found[c] = y[at + c];
      } else {
        POOL_EACH {
          const int keep = (best[c] >= x[at + c]) | (best[c] != best[c]);
          best[c] = keep ? best[c] : x[at + c];
          found[c] = keep ? found[c] : y[at + c];
        }
      }
      any = 1;
    }
    POOL_EACH out[to + c] = found[c];
  }
}

// Zeros, and each window's y added where x is largest in it.
static void P(pool_place)(const ck_pool *p, int64_t first, int64_t last, const T *x, const T *y, T *out) {
  const int64_t size = p->rows.source * p->columns.source * p->channels;
  memset(out + first * size, 0, (size_t)((last - first) * size) * sizeof(T));
  POOL_WINDOWS {
    const int64_t count = CK(least)(channels - c0, POOL_CHUNK);
    T best[POOL_CHUNK];
    POOL_INDEX where[POOL_CHUNK];
    int any = 0;
    POOL_TAPS {
      if (!any) {
        POOL_EACH best[c] = x[at + c];
        POOL_EACH where[c] = (POOL_INDEX)tap;
      } else {
        POOL_EACH {
          const int keep = (best[c] >= x[at + c]) | (best[c] != best[c]);
          best[c] = keep ? best[c] : x[at + c];
          where[c] = keep ? where[c] : (POOL_INDEX)tap;
        }
      }
      any = 1;
    }
    // An element of zeros to which +0 or y was added is never -0, so adding 0 changes nothing.
    POOL_TAPS POOL_EACH out[at + c] = out[at + c] + (where[c] == (POOL_INDEX)tap ? y[to + c] : (T)0);
  }
}

static void P(pool_sum)(const ck_pool *p, int64_t first, int64_t last, const T *x, T *out) {
  POOL_WINDOWS {
    const int64_t count = CK(least)(channels - c0, POOL_CHUNK);
    T sum[POOL_CHUNK];
    POOL_EACH sum[c] = 0;
    POOL_TAPS POOL_EACH sum[c] = sum[c] + x[at + c];
    POOL_EACH out[to + c] = sum[c];
  }
}

// The adjoint of pool_sum: y is added to every element under its window, windows in order.
static void P(pool_spread)(const ck_pool *p, int64_t first, int64_t last, const T *y, T *out) {
  const int64_t size = p->rows.source * p->columns.source * p->channels;
  memset(out + first * size, 0, (size_t)((last - first) * size) * sizeof(T));
  POOL_WINDOWS {
    const int64_t count = CK(least)(channels - c0, POOL_CHUNK);
    POOL_TAPS POOL_EACH out[at + c] = out[at + c] + y[to + c];
  }
}
