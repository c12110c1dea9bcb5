// A product whose sums are one block and whose matrices lie in the caches: nothing of its own is brought nearer, and what is decided is
// decided once. The rows of A are gone through for one strip of B after the other, which stays in the first cache. Included by
// product_type.h.

// Matrices of together so many bytes are expected to lie in the second cache.
#define NEAR_BYTES 262144
// Rows of B this far apart, or a multiple, fall on a few sets of the first cache.
#define NEAR_COLLISION 1024
// Panels of A for which packing such a strip of B pays.
#define NEAR_PANELS 8

static int P(is_near)(const ck_product *p) {
  const int64_t elements = p->m * p->k + p->k * p->n + p->m * p->n;
  if (p->k <= 0 || p->k > K_BLOCK || elements * (int64_t)sizeof(T) > NEAR_BYTES) return 0;
  // Rows of A that push one another out are fewer at a time.
  return p->trans_a || p->lda * (int64_t)sizeof(T) % 2048 != 0 || p->k < 32;
}

static void P(product_near)(const ck_product *p) {
  const int wide = p->m <= ROWS_WIDE;
  const int64_t width = (wide ? ACROSS_WIDE : ACROSS) * LANES_T, height = wide ? ROWS_WIDE : ROWS_MAX;
  const int64_t panels = (p->m + height - 1) / height, least = p->m / panels, taller = p->m % panels;
  T *packed = NULL;
  if (p->trans_b || (panels >= NEAR_PANELS && p->ldb * (int64_t)sizeof(T) % NEAR_COLLISION == 0)) {
    packed = ck_scratch();
    if (!packed) {
      P(product_plain)(p);
      return;
    }
  }
  CK(ahead) none = {0};
  P(tile) t = {.k = p->k, .ldb = packed ? width : p->ldb, .ldc = p->ldc, .first = 1, .ahead = &none};
  t.a_row = p->trans_a ? 1 : p->lda;
  t.a_step = p->trans_a ? p->lda : 1;
  t.last = P(epilogue)(p);
  for (t.column = 0; t.column < p->n && !ck_must_stop(); t.column += width) {
    t.columns = CK(least)(width, p->n - t.column);
    const int64_t across = (t.columns + LANES_T - 1) / LANES_T;
    const int masked = (!packed && t.columns != across * LANES_T) % MASK_KINDS, by_rows = !p->trans_a;
    if (packed) {
      P(pack_b)(p, 0, p->k, t.column, t.columns, width, packed);
      t.b = packed;
    } else {
      t.b = (const T *)p->b + t.column;
    }
    t.a = p->a;
    t.c = (T *)p->c + t.column;
    for (int64_t panel = 0; panel < panels; panel++) {
      const int64_t rows = least + (panel < taller);
      const P(tile_function) run =
        across > 2 ? P(wide_tiles)[rows - 1][across - 3][by_rows][masked] : P(tiles)[rows - 1][across - 1][by_rows][masked];
      run(&t);
      t.a += rows * t.a_row;
      t.c += rows * t.ldc;
    }
  }
}
#undef NEAR_BYTES
#undef NEAR_COLLISION
#undef NEAR_PANELS
