// Products of few columns for one element type; see product_type.h.

// A few columns only: the turned product, whose vectors run along m, in strips of rows. A matrix times a vector; and a
// product of a transposed A, which then needs no turning, where that leaves fewer lanes without an element.
#define NARROW_ROWS 512
#define NARROW_COLUMNS ((LANES_T + 3) / 4)
#define TURNED_COLUMNS (LANES_T * 3 / 4)
static int P(is_narrow)(const ck_product *p) {
  if (p->m < 2 * LANES_T || p->k < 8) return 0;
  if (p->n <= NARROW_COLUMNS) return 1;
  const int64_t turned = p->n * ((p->m + LANES_T - 1) / LANES_T);
  return p->trans_a && p->n <= TURNED_COLUMNS && turned * 5 <= p->m * 4 && p->k >= 32;
}
static void P(product_narrow)(const ck_product *p) {
  T strip[TURNED_COLUMNS * NARROW_ROWS];
  const T *bias = p->bias;
  for (int64_t i0 = 0; i0 < p->m; i0 += NARROW_ROWS) {
    const int64_t rows = p->m - i0 < NARROW_ROWS ? p->m - i0 : NARROW_ROWS;
    ck_product turned = {
      .m = p->n, .n = rows, .k = p->k, .a = p->b, .lda = p->ldb, .b = (const T *)p->a + i0 * (p->trans_a ? 1 : p->lda),
      .ldb = p->lda, .c = strip, .ldc = rows, .trans_a = !p->trans_b, .trans_b = !p->trans_a};
    P(product)(&turned);
    T *c = (T *)p->c + i0 * p->ldc;
    for (int64_t j = 0; j < p->n; j++) {
      T *s = strip + j * rows;
      if (bias)
        for (int64_t i = 0; i < rows; i++) s[i] = s[i] + bias[j];
      if (p->added) {
        const T *added = (const T *)p->added + (p->added_whole ? i0 * p->ldc + j : j);
        for (int64_t i = 0; i < rows; i++) s[i] = s[i] + added[p->added_whole ? i * p->ldc : 0];
      }
      if (p->activation)
        for (int64_t i = 0; i < rows; i++) s[i] = T_MAX((T)p->constant, s[i]);
      if (p->gate) {
        const T *gate = (const T *)p->gate + i0 * p->ldc + j;
        // Which elements it closes cannot be foreseen. Of elements that lie apart the compiler makes a branch each, of neighbours a
        // choice.
        const T threshold = (T)p->threshold, replacement = (T)p->replacement;
        T near[NARROW_ROWS];
        for (int64_t i = 0; i < rows; i++) near[i] = gate[i * p->ldc];
        for (int64_t i = 0; i < rows; i++) s[i] = threshold >= near[i] ? replacement : s[i];
      }
    }
    if (p->n >= 8) {
      P(transpose)(p->n, rows, strip, rows, c, p->ldc);
      continue;
    }
    for (int64_t j = 0; j < p->n; j++)
      for (int64_t i = 0; i < rows; i++) c[i * p->ldc + j] = strip[j * rows + i];
  }
}
