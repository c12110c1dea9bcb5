// Many products of one shape. What is small shares all that is decided about it: which register tiles there are, where their
// parts begin, whether B is turned. Included by product_type.h.

// Multiply-adds of one product up to which deciding takes about as long as computing.
#define SMALL_PRODUCT 2048
// Elements of B up to which a row times a turned B is sooner done lane by lane than B turned.
#define TURNED_PRODUCT 128
// Products that are gone through once for every tile, while they lie in the first cache.
#define PRODUCTS_TOGETHER 32

// The rows and columns of one tile, of all these products.
static void P(small_tiles)(
  const ck_product *p, P(tile) t, P(tile_function) run, int64_t row, int64_t column, int64_t count, const ck_place *places) {
  const T *a = (const T *)p->a + row * t.a_row;
  const T *b = (const T *)p->b + column * (p->trans_b ? p->ldb : 1);
  T *c = (T *)p->c + row * p->ldc + column;
  T *packed = p->trans_b ? ck_scratch() : NULL;
  for (int64_t i = 0; i < count; i++) {
    t.a = a + places[i].a;
    t.b = b + places[i].b;
    t.c = c + places[i].c;
    if (packed) {
      P(transpose)(t.columns, p->k, t.b, p->ldb, packed, t.ldb);
      t.b = packed;
    }
    run(&t);
  }
}

static void P(small_products)(const ck_product *p, int64_t count, const ck_place *places) {
  const int wide = p->m <= ROWS_WIDE;
  const int64_t height = wide ? ROWS_WIDE : ROWS_MAX, panels = (p->m + height - 1) / height;
  const int64_t width = (wide ? ACROSS_WIDE : ACROSS) * LANES_T;
  CK(ahead) ahead = {0};
  P(tile) t = {.k = p->k, .ldb = p->trans_b ? width : p->ldb, .ldc = p->ldc, .first = 1, .ahead = &ahead};
  t.a_row = p->trans_a ? 1 : p->lda;
  t.a_step = p->trans_a ? p->lda : 1;
  t.last = P(epilogue)(p);
  for (int64_t panel = 0; panel < panels; panel++) {
    const int64_t row = p->m * panel / panels, rows = p->m * (panel + 1) / panels - row;
    for (t.column = 0; t.column < p->n; t.column += width) {
      t.columns = CK(least)(width, p->n - t.column);
      const int64_t across = (t.columns + LANES_T - 1) / LANES_T;
      const int masked = !p->trans_b && t.columns != across * LANES_T, by_rows = !p->trans_a;
      const P(tile_function) run = across > 2 ? P(wide_tiles)[rows - 1][across - 3][by_rows][masked % MASK_KINDS]
                                              : P(tiles)[rows - 1][across - 1][by_rows][masked % MASK_KINDS];
      P(small_tiles)(p, t, run, row, t.column, count, places);
    }
  }
}

// Products of a few rows whose B is a vector or two wide: all of one is in registers, and the next one does not wait for it.
#define FEW_ROWS 4
INL void P(few_rows_of)(const ck_product *p, int64_t count, const ck_place *places, int rows, int across) {
  const int64_t row = p->trans_a ? 1 : p->lda, step = p->trans_a ? p->lda : 1, k = p->k, ldb = p->ldb, ldc = p->ldc;
  const P(mask) mask = P(mask_of)(p->n - (across - 1) * LANES_T);
  for (; count > 0; count--, places++) {
    const T *a = (const T *)p->a + places->a, *b = (const T *)p->b + places->b;
    P(vec) acc[FEW_ROWS][2];
    EACH_VECTOR acc[i][v] = (P(vec)){0};
    for (int64_t q = 0; q < k; q++, a += step, b += ldb) {
      P(vec) x[2];
      _Pragma("clang loop unroll(full)") for (int v = 0; v < across; v++) x[v] =
        v == across - 1 ? P(load_mask)(b + v * LANES_T, mask) : P(load)(b + v * LANES_T);
      EACH_VECTOR acc[i][v] = P(fused)(P(spread)(a[i * row]), x[v], acc[i][v]);
    }
    T *c = (T *)p->c + places->c;
    EACH_VECTOR P(put)(c + i * ldc + v * LANES_T, acc[i][v], v == across - 1, mask);
  }
}
static void P(few_rows)(const ck_product *p, int64_t count, const ck_place *places) {
#define FEW_CASE(R)                                                   \
  case R:                                                             \
    if (p->n <= LANES_T) P(few_rows_of)(p, count, places, R, 1); \
    else P(few_rows_of)(p, count, places, R, 2);                      \
    break;
  switch (p->m) { REPEAT_ROWS_4(FEW_CASE) }
#undef FEW_CASE
}

// A row times a turned B of a few rows: sums that go along both.
#define FEW_DOTS 4
INL void P(dots_of)(const ck_product *p, ck_place at, int64_t first, T *sums) {
  const T *a = (const T *)p->a + at.a, *b = (const T *)p->b + at.b;
  const int64_t step = p->trans_a ? p->lda : 1;
  for (int64_t i = first; i < p->k; i++)
    for (int64_t j = 0; j < p->n; j++) sums[j] = FUSED(a[i * step], b[j * p->ldb + i], sums[j]);
  for (int64_t j = 0; j < p->n; j++) ((T *)p->c + at.c)[j] = sums[j];
}
#if CK_HARDWARE_FMA
// Eight of them, a lane each, up to the last whole eight of k.
INL void P(eight_dots)(const ck_product *p, const ck_place *places, int columns) {
  P(eight) acc[FEW_DOTS] = {{0}}, x[8], y[8];
  int64_t k = 0;
  for (; k + 8 <= p->k; k += 8) {
    for (int q = 0; q < 8; q++) x[q] = *(const P(eightu) *)((const T *)p->a + places[q].a + k);
    P(turn8)(x);
    _Pragma("clang loop unroll(full)") for (int j = 0; j < columns; j++) {
      for (int q = 0; q < 8; q++) y[q] = *(const P(eightu) *)((const T *)p->b + places[q].b + j * p->ldb + k);
      P(turn8)(y);
      for (int q = 0; q < 8; q++) acc[j] = __builtin_elementwise_fma(x[q], y[q], acc[j]);
    }
  }
  for (int q = 0; q < 8; q++) {
    T sums[FEW_DOTS] = {0};
    _Pragma("clang loop unroll(full)") for (int j = 0; j < columns; j++) sums[j] = acc[j][q];
    P(dots_of)(p, places[q], k, sums);
  }
}
#define EIGHT_CASE(N)                                                                     \
  case N:                                                                                 \
    for (; count >= 8; count -= 8, places += 8) P(eight_dots)(p, places, N);              \
    break;
#endif
static void P(dots)(const ck_product *p, int64_t count, const ck_place *places) {
#if CK_HARDWARE_FMA
  if (!p->trans_a || p->lda == 1) {
    switch (p->n) { REPEAT_ROWS_4(EIGHT_CASE) }
  }
#undef EIGHT_CASE
#endif
  for (; count > 0; count--, places++) {
    T sums[FEW_DOTS] = {0};
    P(dots_of)(p, *places, 0, sums);
  }
}

static void P(products)(const ck_product *p, int64_t count, const ck_place *places) {
  const int is_small = p->m > 0 && p->n > 0 && p->k > 0 && p->k <= K_BLOCK && p->m * p->n * p->k <= SMALL_PRODUCT
                       && !P(is_narrow)(p);
  const int is_few = is_small && !P(epilogue)(p);
  const int few_rows = is_few && !p->trans_b && p->m <= FEW_ROWS && p->n <= 2 * LANES_T;
  const int few_dots = is_few && p->trans_b && p->m == 1 && p->n <= FEW_DOTS;
  if (few_rows || few_dots) {
    for (int64_t first = 0; first < count && !ck_must_stop(); first += PRODUCTS_TOGETHER) {
      const int64_t some = CK(least)(count - first, PRODUCTS_TOGETHER);
      if (few_rows) P(few_rows)(p, some, places + first);
      else P(dots)(p, some, places + first);
    }
  } else if (is_few && p->trans_b && p->m == 1 && p->n * p->k <= TURNED_PRODUCT) {
    // Both of its factors lie in rows of the turned product, whose only column is C's row.
    const ck_product turned = {.m = p->n, .n = 1, .k = p->k, .a = p->b, .lda = p->ldb, .b = p->a,
                               .ldb = p->trans_a ? p->lda : 1, .c = p->c, .ldc = 1};
    ck_place exchanged[PRODUCTS_TOGETHER];
    for (int64_t first = 0; first < count && !ck_must_stop(); first += PRODUCTS_TOGETHER) {
      const int64_t some = CK(least)(count - first, PRODUCTS_TOGETHER);
      for (int64_t i = 0; i < some; i++) {
        const ck_place at = places[first + i];
        exchanged[i] = (ck_place){.a = at.b, .b = at.a, .c = at.c};
      }
      P(small_products)(&turned, some, exchanged);
    }
  } else if (is_small && (!p->trans_b || ck_scratch())) {
    for (int64_t first = 0; first < count && !ck_must_stop(); first += PRODUCTS_TOGETHER)
      P(small_products)(p, CK(least)(count - first, PRODUCTS_TOGETHER), places + first);
  } else {
    for (int64_t i = 0; i < count && !ck_must_stop(); i++) {
      ck_product one = *p;
      one.a = (const T *)p->a + places[i].a;
      one.b = (const T *)p->b + places[i].b;
      one.c = (T *)p->c + places[i].c;
      if (p->added_whole) one.added = (const T *)p->added + places[i].c;
      if (p->gate) one.gate = (const T *)p->gate + places[i].c;
      P(product)(&one);
    }
  }
}
#undef SMALL_PRODUCT
#undef TURNED_PRODUCT
#undef PRODUCTS_TOGETHER
#undef FEW_ROWS
#undef FEW_DOTS
