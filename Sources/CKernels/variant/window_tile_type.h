// Register tiles of convolutions for one element type; see convolution.h.

// A stretch of the chain: n elements of A from an offset, n rows of B.
typedef struct {
  int64_t a;
  const T *b;
  int64_t n;
} P(run);

// One register tile over a list of runs. Row i of A begins at a + i * a_row; its elements are neighbours (by_rows), or
// its rows are (a_row is 1) and the elements of a chain are a_step apart.
typedef struct {
  const P(run) * runs;
  int64_t count;
  const T *a;
  int64_t a_row, a_step;
  int64_t ldb;
  T *c;
  int64_t ldc;
  int64_t columns;
  int first;
  const T *bias;  // at the tile's first column, or NULL
  int activation;
  T constant;
} P(window_tile);

INL void P(window_body)(const P(window_tile) * t, int rows, int across, int by_rows) {
  P(vec) acc[ROWS_MAX][ACROSS_WIDE];
  _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++)
    _Pragma("clang loop unroll(full)") for (int v = 0; v < across; v++) acc[i][v] = (P(vec)){0};
  const int64_t row = by_rows ? t->a_row : 1, step = by_rows ? 1 : t->a_step, ldb = by_rows ? across * LANES_T : t->ldb;
  for (int64_t q = 0; q < t->count; q++) {
    const T *a = t->a + t->runs[q].a, *b = t->runs[q].b;
    const T *base[(ROWS_MAX + 2) / 3];
    _Pragma("clang loop unroll(full)") for (int i = 0; i < (ROWS_MAX + 2) / 3; i++) base[i] = a + 3 * i * row;
    for (int64_t k = t->runs[q].n; k > 0; k--) {
      P(vec) x[ACROSS_WIDE];
      _Pragma("clang loop unroll(full)") for (int v = 0; v < across; v++) x[v] = P(load)(b + v * LANES_T);
      _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++) {
        P(vec) y = P(spread)(by_rows ? base[i / 3][(i % 3) * row] : a[i]);
        _Pragma("clang loop unroll(full)") for (int v = 0; v < across; v++) acc[i][v] = P(fused)(y, x[v], acc[i][v]);
      }
      if (by_rows) {
        _Pragma("clang loop unroll(full)") for (int i = 0; i < (ROWS_MAX + 2) / 3; i++) base[i] += 1;
      } else {
        a += step;
      }
      b += ldb;
    }
  }
  P(mask) mask = P(mask_of)(t->columns - (across - 1) * LANES_T);
  if (!t->bias && !t->activation) {
    // Nothing but sums: no questions between one store and the next.
    _Pragma("clang loop unroll(full)") for (int v = 0; v < across; v++) {
      const int end = v == across - 1;
      if (t->first) {
        _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++)
          P(put)(t->c + i * t->ldc + v * LANES_T, acc[i][v], end, mask);
      } else {
        _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++) {
          T *c = t->c + i * t->ldc + v * LANES_T;
          P(put)(c, (end ? P(load_mask)(c, mask) : P(load)(c)) + acc[i][v], end, mask);
        }
      }
    }
    return;
  }
  P(vec) constant = P(spread)(t->constant);
  _Pragma("clang loop unroll(full)") for (int v = 0; v < across; v++) {
    const int end = v == across - 1;
    P(vec) shift = {0};
    if (t->bias) shift = end ? P(load_mask)(t->bias + v * LANES_T, mask) : P(load)(t->bias + v * LANES_T);
    _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++) {
      T *c = t->c + i * t->ldc + v * LANES_T;
      P(vec) r = acc[i][v];
      if (!t->first) r = (end ? P(load_mask)(c, mask) : P(load)(c)) + r;
      if (t->bias) r = r + shift;
      if (t->activation) {
        typedef __typeof__(r < r) bits;
        bits keep = (constant >= r) | (constant != constant);
        r = (P(vec))(((bits)constant & keep) | ((bits)r & ~keep));
      }
      P(put)(c, r, end, mask);
    }
  }
}

typedef void (*P(window_function))(const P(window_tile) *);
#define WINDOW_TILE(R, V) \
  static void P(window_##R##_##V##_0)(const P(window_tile) * t) { P(window_body)(t, R, V, 0); } \
  static void P(window_##R##_##V##_1)(const P(window_tile) * t) { P(window_body)(t, R, V, 1); }
#define WINDOW_TILES(R) WINDOW_TILE(R, 1) WINDOW_TILE(R, 2)
#define WINDOW_WIDE(R) WINDOW_TILE(R, 3) WINDOW_TILE(R, 4)
#define WINDOW_NAMES(R) \
  {{P(window_##R##_1_0), P(window_##R##_1_1)}, {P(window_##R##_2_0), P(window_##R##_2_1)}},
#define WINDOW_WIDE_NAMES(R) \
  {{P(window_##R##_3_0), P(window_##R##_3_1)}, {P(window_##R##_4_0), P(window_##R##_4_1)}},

REPEAT_ROWS_4(WINDOW_TILES)
#if ROWS_MAX >= 6
REPEAT_ROWS_6(WINDOW_TILES)
#endif
#if ROWS_MAX == 14
REPEAT_ROWS_14(WINDOW_TILES)
#elif ROWS_MAX == 12
REPEAT_ROWS_12(WINDOW_TILES)
#endif
static const P(window_function) P(window_tiles)[ROWS_MAX][2][2] = {
  REPEAT_ROWS_4(WINDOW_NAMES)
#if ROWS_MAX >= 6
  REPEAT_ROWS_6(WINDOW_NAMES)
#endif
#if ROWS_MAX == 14
  REPEAT_ROWS_14(WINDOW_NAMES)
#elif ROWS_MAX == 12
  REPEAT_ROWS_12(WINDOW_NAMES)
#endif
};
WINDOW_WIDE(1)
WINDOW_WIDE(2)
#if ROWS_WIDE >= 3
WINDOW_WIDE(3)
#endif
#if ROWS_WIDE >= 6
WINDOW_WIDE(4)
WINDOW_WIDE(5)
WINDOW_WIDE(6)
#endif
static const P(window_function) P(window_wide)[ROWS_WIDE][2][2] = {
  WINDOW_WIDE_NAMES(1) WINDOW_WIDE_NAMES(2)
#if ROWS_WIDE >= 3
  WINDOW_WIDE_NAMES(3)
#endif
#if ROWS_WIDE >= 6
  WINDOW_WIDE_NAMES(4) WINDOW_WIDE_NAMES(5) WINDOW_WIDE_NAMES(6)
#endif
};
#undef WINDOW_TILE
#undef WINDOW_TILES
#undef WINDOW_WIDE
#undef WINDOW_NAMES
#undef WINDOW_WIDE_NAMES
INL void P(run_tile)(const P(window_tile) * t, int64_t rows, int by_rows) {
  const int64_t across = (t->columns + LANES_T - 1) / LANES_T;
  if (across > 2) P(window_wide)[rows - 1][across - 3][by_rows](t);
  else P(window_tiles)[rows - 1][across - 1][by_rows](t);
}
