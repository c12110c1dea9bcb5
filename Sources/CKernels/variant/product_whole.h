// Products of whole numbers, which wrap as their other operations do; products of f32 and f64 are in product.h. T, unsigned, and
// P(name) are given.

// A register tile: so many rows by so many columns, four vectors of the widest kind.
#define WHOLE_ROWS 4
#define WHOLE_COLUMNS (256 / (int)sizeof(T))
// Rows of B that are packed at a time.
#define WHOLE_STEPS 256
_Static_assert(WHOLE_STEPS * WHOLE_COLUMNS * sizeof(T) <= SCRATCH_BYTES, "a packed block of B fits");

// `kb` rows of op(B) from (k0, j0), `w` columns of each with zeros behind them.
static void P(pack_whole)(const ck_product *p, int64_t k0, int64_t kb, int64_t j0, int64_t w, T *out) {
  const int64_t row = p->trans_b ? 1 : p->ldb, column = p->trans_b ? p->ldb : 1;
  const T *b = (const T *)p->b + k0 * row + j0 * column;
  for (int64_t k = 0; k < kb; k++, b += row, out += WHOLE_COLUMNS) {
    for (int64_t j = 0; j < w; j++) out[j] = b[j * column];
    for (int64_t j = w; j < WHOLE_COLUMNS; j++) out[j] = 0;
  }
}

// Rows i0 ..< i0 + rows of C, `w` columns from j0, and what `kb` packed rows of B from k0 on add to them.
static void P(rows_whole)(
  const ck_product *p, int64_t i0, int64_t rows, int64_t k0, int64_t kb, int64_t j0, int64_t w, const T *packed) {
  const int64_t row = p->trans_a ? 1 : p->lda, step = p->trans_a ? p->lda : 1;
  const T *a[WHOLE_ROWS];
  // A last panel with fewer rows does its last one several times.
  for (int64_t i = 0; i < WHOLE_ROWS; i++) a[i] = (const T *)p->a + (i0 + CK(least)(i, rows - 1)) * row + k0 * step;
  T sums[WHOLE_ROWS][WHOLE_COLUMNS] = {{0}};
  for (int64_t k = 0; k < kb; k++, packed += WHOLE_COLUMNS)
    _Pragma("clang loop unroll(full)") for (int i = 0; i < WHOLE_ROWS; i++) {
      const T x = a[i][k * step];
      for (int j = 0; j < WHOLE_COLUMNS; j++) sums[i][j] += x * packed[j];
    }
  for (int64_t i = 0; i < rows; i++) {
    T *c = (T *)p->c + (i0 + i) * p->ldc + j0;
    for (int64_t j = 0; j < w; j++) c[j] = k0 == 0 ? sums[i][j] : c[j] + sums[i][j];
  }
}

static void P(product_whole)(const ck_product *p) {
  // Without memory for packing, and for too few rows to pay for it, the definition itself.
  T *packed = p->m >= 2 && p->k > 0 ? ck_scratch() : NULL;
  if (!packed) {
    const int64_t row = p->trans_b ? 1 : p->ldb, column = p->trans_b ? p->ldb : 1;
    for (int64_t i = 0; i < p->m && !ck_must_stop(); i++) {
      T *c = (T *)p->c + i * p->ldc;
      for (int64_t j = 0; j < p->n; j++) c[j] = 0;
      for (int64_t k = 0; k < p->k; k++) {
        const T x = ((const T *)p->a)[p->trans_a ? k * p->lda + i : i * p->lda + k];
        const T *b = (const T *)p->b + k * row;
        for (int64_t j = 0; j < p->n; j++) c[j] += x * b[j * column];
      }
    }
    return;
  }
  for (int64_t j0 = 0; j0 < p->n; j0 += WHOLE_COLUMNS) {
    const int64_t w = CK(least)(p->n - j0, WHOLE_COLUMNS);
    for (int64_t k0 = 0; k0 < p->k; k0 += WHOLE_STEPS) {
      const int64_t kb = CK(least)(p->k - k0, WHOLE_STEPS);
      P(pack_whole)(p, k0, kb, j0, w, packed);
      for (int64_t i0 = 0; i0 < p->m && !ck_must_stop(); i0 += WHOLE_ROWS)
        P(rows_whole)(p, i0, CK(least)(p->m - i0, WHOLE_ROWS), k0, kb, j0, w, packed);
    }
  }
}
#undef WHOLE_ROWS
#undef WHOLE_COLUMNS
#undef WHOLE_STEPS
