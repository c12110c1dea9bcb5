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

static void P(products)(const ck_product *p, int64_t count, const ck_place *places) {
  const int is_small = p->m > 0 && p->n > 0 && p->k > 0 && p->k <= K_BLOCK && p->m * p->n * p->k <= SMALL_PRODUCT
                       && !P(is_narrow)(p);
  if (is_small && p->trans_b && p->m == 1 && p->n * p->k <= TURNED_PRODUCT && !P(epilogue)(p)) {
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
