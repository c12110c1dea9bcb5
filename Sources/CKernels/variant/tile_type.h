// Register tiles: up to ROWS_MAX rows by two vectors, or ROWS_WIDE by four, over one block of k. Included by product_type.h.

// One register tile over one block of k. Element (i, k) of A is a[i * row + k * step], row k of B begins at b + k * ldb.
typedef struct {
  int64_t k;
  const T *a;
  int64_t a_row, a_step;
  const T *b;
  int64_t ldb;
  T *c;
  int64_t ldc;
  int64_t columns;  // valid ones, more than LANES_T * (vectors across - 1)
  int first;        // C is written, not added to
  const ck_product *last;  // the epilogue of the last block, or NULL
  int64_t column;   // of C, for the bias
  CK(ahead) *ahead;  // what comes nearer meanwhile
} P(tile);

// Every vector of a tile, row by row.
#define EACH_VECTOR                                               \
  _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++) \
    _Pragma("clang loop unroll(full)") for (int v = 0; v < across; v++)

// The vector of a matrix that lies as C does; the last one of its row under the mask.
INL P(vec) P(beside)(const P(tile) * t, const T *x, int i, int v, int across, P(mask) mask) {
  const T *at = x + i * t->ldc + v * LANES_T;
  return v == across - 1 ? P(load_mask)(at, mask) : P(load)(at);
}

// What the last block of k does after its sums: bias, what else is added, activation and gate. Each is asked for once, not
// for every vector.
INL void P(tile_end)(const P(tile) * t, int rows, int across, P(mask) mask, P(vec) (*acc)[ACROSS_WIDE]) {
  const ck_product *last = t->last;
  typedef __typeof__(acc[0][0] < acc[0][0]) bits;
  const int64_t place = t->c - (T *)last->c;
  const T *row = (const T *)last->bias;
  for (int second = 0; second < 2; second++) {
    if (row) {
      _Pragma("clang loop unroll(full)") for (int v = 0; v < across; v++) {
        const T *at = row + t->column + v * LANES_T;
        const P(vec) x = v == across - 1 ? P(load_mask)(at, mask) : P(load)(at);
        _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++) acc[i][v] = acc[i][v] + x;
      }
    }
    row = last->added_whole ? NULL : (const T *)last->added;
  }
  if (last->added && last->added_whole)
    EACH_VECTOR acc[i][v] = acc[i][v] + P(beside)(t, (const T *)last->added + place, i, v, across, mask);
  if (last->activation) {
    // maximum(constant, x): the constant wins ties, NaN stays.
    const P(vec) constant = P(spread)((T)last->constant);
    if (last->constant != last->constant) {
      EACH_VECTOR acc[i][v] = constant;
    } else {
      EACH_VECTOR {
        const bits keep = constant >= acc[i][v];
        acc[i][v] = (P(vec))(((bits)constant & keep) | ((bits)acc[i][v] & ~keep));
      }
    }
  }
  if (last->gate) {
    const P(vec) threshold = P(spread)((T)last->threshold), replacement = P(spread)((T)last->replacement);
    EACH_VECTOR {
      const bits closed = threshold >= P(beside)(t, (const T *)last->gate + place, i, v, across, mask);
      acc[i][v] = (P(vec))(((bits)replacement & closed) | ((bits)acc[i][v] & ~closed));
    }
  }
}

// Rows from ..< to of the tile's part of C come nearer.
INL void P(bring_c)(const P(tile) * t, int64_t from, int64_t to, int across) {
  for (int64_t i = from; i < to; i++)
    _Pragma("clang loop unroll(full)") for (int v = 0; v < across; v += 64 / (LANES_T * (int)sizeof(T)))
      __builtin_prefetch(t->c + i * t->ldc + v * LANES_T, 1);
}

// One step of a tile's sums, or the one `ahead` of it where rows are apart.
INL void P(step)(
  const T *a, const T *b, const T **base, P(vec) (*acc)[ACROSS_WIDE], int64_t row, P(mask) mask, int rows, int across,
  int by_rows, int masked, int ahead) {
  P(vec) x[ACROSS_WIDE];
  _Pragma("clang loop unroll(full)") for (int v = 0; v < across; v++) x[v] =
    masked && v == across - 1 ? P(load_mask)(b + v * LANES_T, mask) : P(load)(b + v * LANES_T);
  _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++) {
    P(vec) y = P(spread)(by_rows ? base[i / 3][(i % 3) * row + ahead] : a[i]);
    _Pragma("clang loop unroll(full)") for (int v = 0; v < across; v++) acc[i][v] = P(fused)(y, x[v], acc[i][v]);
  }
}

// The compiler would rather count an address from the one before it for every row of A.
#define KEEP_POINTER(p) __asm__("" : "+r"(p))
#define STEPS_TOGETHER 2
// So many steps of a tile's sums.
INL void P(steps)(
  int64_t count, const T **at_a, const T **at_b, const T **base, P(vec) (*acc)[ACROSS_WIDE], int64_t row, int64_t step,
  int64_t ldb, P(mask) mask, int rows, int across, int by_rows, int masked) {
  const T *a = *at_a, *b = *at_b;
  if (by_rows) {
    for (; count >= STEPS_TOGETHER; count -= STEPS_TOGETHER) {
      _Pragma("clang loop unroll(full)") for (int k = 0; k < STEPS_TOGETHER; k++, b += ldb)
        P(step)(a, b, base, acc, row, mask, rows, across, 1, masked, k);
      _Pragma("clang loop unroll(full)") for (int i = 0; i < (rows + 2) / 3; i++) {
        base[i] += STEPS_TOGETHER;
        KEEP_POINTER(base[i]);
      }
    }
  }
  for (; count > 0; count--, a += step, b += ldb) {
    P(step)(a, b, base, acc, row, mask, rows, across, by_rows, masked, 0);
    if (by_rows) _Pragma("clang loop unroll(full)") for (int i = 0; i < (rows + 2) / 3; i++) base[i] += 1;
  }
  *at_a = a;
  *at_b = b;
}

INL void P(tile_body)(const P(tile) * t, int rows, int across, int by_rows, int masked) {
  P(vec) acc[ROWS_MAX][ACROSS_WIDE];
  // Made again after the loop: with AVX2 there is no register for it inside.
  P(mask) mask = P(mask_of)(t->columns - (across - 1) * LANES_T);
  _Pragma("clang loop unroll(full)") for (int i = 0; i < rows; i++)
    _Pragma("clang loop unroll(full)") for (int v = 0; v < across; v++) acc[i][v] = (P(vec)){0};
  const T *a = t->a, *b = t->b;
  // With row = 1 (A packed or stored transposed) the rows of a step are neighbours; otherwise step = 1 and they are
  // `row` apart, three to a base register.
  const int64_t row = by_rows ? t->a_row : 1, step = by_rows ? 1 : t->a_step, ldb = t->ldb;
  const T *base[(ROWS_MAX + 2) / 3];
  _Pragma("clang loop unroll(full)") for (int i = 0; i < (ROWS_MAX + 2) / 3; i++) base[i] = a + 3 * i * row;
  if (t->k < IN_STRETCHES) {
    P(steps)(t->k, &a, &b, base, acc, row, step, ldb, mask, rows, across, by_rows, masked);
  } else {
    // C comes into the cache while long sums are made, some rows before every stretch, and so does what is used next.
    int64_t from = 0;
    for (int64_t left = t->k; left > 0; left -= STRETCH) {
      if (from < rows) P(bring_c)(t, from, CK(least)(rows, from + 4), across);
      from += 4;
      CK(bring_share)(t->ahead);
      P(steps)(CK(least)(left, STRETCH), &a, &b, base, acc, row, step, ldb, mask, rows, across, by_rows, masked);
    }
  }
  if (!masked) mask = P(mask_of)(t->columns - (across - 1) * LANES_T);
  if (!t->first) EACH_VECTOR acc[i][v] = P(beside)(t, t->c, i, v, across, mask) + acc[i][v];
  if (t->last) P(tile_end)(t, rows, across, mask, acc);
  EACH_VECTOR P(put)(t->c + i * t->ldc + v * LANES_T, acc[i][v], v == across - 1, mask);
}

// The last vector is always loaded under its mask with AVX-512, where that is free.
#if CK_VECTOR_BYTES == 64
#define MASK_KINDS 1
#else
#define MASK_KINDS 2
#endif
#define TILE_FUNCTION(R, V, B, M) \
  static void P(tile_##R##_##V##_##B##_##M)(const P(tile) * t) { P(tile_body)(t, R, V, B, MASK_KINDS == 1 ? 1 : M); }
#if MASK_KINDS == 1
#define TILE_MASKS(R, V, B) TILE_FUNCTION(R, V, B, 0)
#define NAME_MASKS(R, V, B) {P(tile_##R##_##V##_##B##_0)}
#else
#define TILE_MASKS(R, V, B) TILE_FUNCTION(R, V, B, 0) TILE_FUNCTION(R, V, B, 1)
#define NAME_MASKS(R, V, B) {P(tile_##R##_##V##_##B##_0), P(tile_##R##_##V##_##B##_1)}
#endif
#define TILES(R) TILE_MASKS(R, 1, 0) TILE_MASKS(R, 1, 1) TILE_MASKS(R, 2, 0) TILE_MASKS(R, 2, 1)
#define NAMES(R) \
  {{NAME_MASKS(R, 1, 0), NAME_MASKS(R, 1, 1)}, {NAME_MASKS(R, 2, 0), NAME_MASKS(R, 2, 1)}},
#define WIDE_TILES(R) TILE_MASKS(R, 3, 0) TILE_MASKS(R, 3, 1) TILE_MASKS(R, 4, 0) TILE_MASKS(R, 4, 1)
#define WIDE_NAMES(R) \
  {{NAME_MASKS(R, 3, 0), NAME_MASKS(R, 3, 1)}, {NAME_MASKS(R, 4, 0), NAME_MASKS(R, 4, 1)}},
typedef void (*P(tile_function))(const P(tile) *);

REPEAT_ROWS_4(TILES)
#if ROWS_MAX >= 6
REPEAT_ROWS_6(TILES)
#endif
#if ROWS_MAX == 14
REPEAT_ROWS_14(TILES)
#elif ROWS_MAX == 12
REPEAT_ROWS_12(TILES)
#endif
static const P(tile_function) P(tiles)[ROWS_MAX][2][2][MASK_KINDS] = {
  REPEAT_ROWS_4(NAMES)
#if ROWS_MAX >= 6
  REPEAT_ROWS_6(NAMES)
#endif
#if ROWS_MAX == 14
  REPEAT_ROWS_14(NAMES)
#elif ROWS_MAX == 12
  REPEAT_ROWS_12(NAMES)
#endif
};
WIDE_TILES(1)
WIDE_TILES(2)
#if ROWS_WIDE >= 3
WIDE_TILES(3)
#endif
#if ROWS_WIDE >= 6
WIDE_TILES(4)
WIDE_TILES(5)
WIDE_TILES(6)
#endif
static const P(tile_function) P(wide_tiles)[ROWS_WIDE][2][2][MASK_KINDS] = {
  WIDE_NAMES(1) WIDE_NAMES(2)
#if ROWS_WIDE >= 3
  WIDE_NAMES(3)
#endif
#if ROWS_WIDE >= 6
  WIDE_NAMES(4) WIDE_NAMES(5) WIDE_NAMES(6)
#endif
};
