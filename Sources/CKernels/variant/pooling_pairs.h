// Windows of two by two taps beside each other, of images with few channels: as many windows at once as have their channels in one
// vector. Of each of the two rows under them two vectors hold all taps. Included by pooling_type.h.

INL P(vec) P(from_two)(P(vec) a, P(bits) lanes, P(vec) b) { return POOL_FROM_TWO(a, (__m512i)lanes, b); }

// Windows of two vectors' taps, and where among these lanes the left and the right taps of each window are; where among the lanes of the
// left and of the right taps those of each of the two vectors are.
typedef struct {
  int64_t windows;
  P(bits) tap[2], side[2];
} P(pairs);

static int P(pairs_fit)(const ck_pool *p) {
  const ck_window_axis *axes[2] = {&p->rows, &p->columns};
  for (int i = 0; i < 2; i++)
    if (axes[i]->window != 2 || axes[i]->stride != 2 || axes[i]->dilation != 1 || axes[i]->before != 0
        || 2 * axes[i]->target > axes[i]->source)
      return 0;
  return p->channels > 0 && 2 * p->channels <= LANES_T;
}

static P(pairs) P(pairs_of)(int64_t channels) {
  P(pairs) pairs = {.windows = LANES_T / channels};
  for (int64_t t = 0; t < pairs.windows; t++)
    for (int64_t j = 0; j < 2; j++)
      for (int64_t c = 0; c < channels; c++) {
        const int64_t lane = t * channels + c, element = (2 * t + j) * channels + c;
        pairs.tap[j][lane] = (POOL_INDEX)element;
        pairs.side[element / LANES_T][element % LANES_T] = (POOL_INDEX)(j * LANES_T + lane);
      }
  return pairs;
}

// The windows from `to` on, of images first ..< last: their first taps lie at `base` in the image, the others a row of `down` elements
// behind; `m` masks their channels, `near` and `far` the two vectors of a row's taps.
#define POOL_PAIRS                                                                                        \
  const int64_t channels = p->channels, down = p->columns.source * channels;                              \
  const P(pairs) pairs = P(pairs_of)(channels);                                                           \
  int64_t base, to = first * p->rows.target * p->columns.target * channels, some;                         \
  P(mask) m, near, far;                                                                                   \
  for (int64_t n = first; n < last; n++)                                                                  \
    for (int64_t u = 0; u < p->rows.target; u++)                                                          \
      for (int64_t t = 0; t < p->columns.target; t += pairs.windows, to += some)                          \
        if (some = CK(least)(pairs.windows, p->columns.target - t) * channels,                            \
            base = (n * p->rows.source + 2 * u) * down + 2 * t * channels,                                \
            m = P(mask_of)(some), near = P(mask_of)(2 * some), far = P(mask_of)(CK(most)(2 * some - LANES_T, 0)), 1)

static void P(pool_max_pairs)(const ck_pool *p, int64_t first, int64_t last, const T *x, T *out) {
  POOL_PAIRS {
    P(vec) best = P(spread)(POOL_LEAST);
    for (int i = 0; i < 2; i++) {
      const T *row = x + base + i * down;
      const P(vec) a = P(load_mask)(row, near), b = P(load_mask)(row + LANES_T, far);
      for (int j = 0; j < 2; j++) {
        const P(vec) v = P(from_two)(a, pairs.tap[j], b);
        best = P(choose)(P(keeps)(best, v), best, v);
      }
    }
    P(store_mask)(out + to, best, m);
  }
}

static void P(pool_place_pairs)(const ck_pool *p, int64_t first, int64_t last, const T *x, const T *y, T *out) {
  POOL_PAIRS {
    P(vec) best = P(spread)(POOL_LEAST);
    P(bits) where = {0};
    for (int i = 0; i < 2; i++) {
      const T *row = x + base + i * down;
      const P(vec) a = P(load_mask)(row, near), b = P(load_mask)(row + LANES_T, far);
      for (int j = 0; j < 2; j++) {
        const P(vec) v = P(from_two)(a, pairs.tap[j], b);
        const P(bits) keep = P(keeps)(best, v), here = (P(bits)){0} + (POOL_INDEX)(2 * i + j);
        best = P(choose)(keep, best, v);
        where = (keep & where) | (~keep & here);
      }
    }
    const P(bits) add = (P(bits))P(load_mask)(y + to, m);
    for (int i = 0; i < 2; i++) {
      T *row = out + base + i * down;
      P(vec) placed[2];
      for (int j = 0; j < 2; j++)
        placed[j] = (P(vec)){0} + (P(vec))(add & (where == (P(bits)){0} + (POOL_INDEX)(2 * i + j)));
      P(store_mask)(row, P(from_two)(placed[0], pairs.side[0], placed[1]), near);
      P(store_mask)(row + LANES_T, P(from_two)(placed[0], pairs.side[1], placed[1]), far);
    }
  }
}
#undef POOL_PAIRS
