// The product for one element type; see product.h. T, P(name), LANES_T, FUSED, T_MAX and T_IS_F32 are given.

#include "vector_type.h"

#include "tile_type.h"

// Panels that are packed at a time, so that a row of B is read in longer stretches: rows lie in pages of their own.
#define PACK_TOGETHER 4
#define PACK_AHEAD 8
// Rows k0 ..< k0 + kb of op(B), columns j0 ..< j0 + nb, as panels of `width` columns: panel q at q * width * kb.
static void P(pack_b)(
  const ck_product *p, int64_t k0, int64_t kb, int64_t j0, int64_t nb, int64_t width, T *out) {
  const T *b = p->b;
  int64_t j = 0;
  if (!p->trans_b) {
    const int64_t stretch = PACK_TOGETHER * width;
    for (; j + stretch <= nb; j += stretch, out += stretch * kb) {
      const T *s = b + k0 * p->ldb + j0 + j;
      for (int64_t k = 0; k < kb; k++, s += p->ldb) {
        if (k + PACK_AHEAD < kb)
          for (int64_t i = 0; i < stretch; i += 64 / (int64_t)sizeof(T))
            __builtin_prefetch(s + PACK_AHEAD * p->ldb + i);
        for (int64_t q = 0; q < PACK_TOGETHER; q++)
          for (int64_t i = 0; i < width; i += LANES_T)
            P(store)(out + (q * kb + k) * width + i, P(load)(s + q * width + i));
      }
    }
  }
  for (; j < nb; j += width) {
    int64_t w = nb - j < width ? nb - j : width;
    if (p->trans_b) {
      P(transpose)(w, kb, b + (j0 + j) * p->ldb + k0, p->ldb, out, width);
    } else {
      const T *s = b + k0 * p->ldb + j0 + j;
      if (w == width) {
        for (int64_t k = 0; k < kb; k++)
          for (int64_t i = 0; i < width; i += LANES_T) P(store)(out + k * width + i, P(load)(s + k * p->ldb + i));
      } else {
        for (int64_t k = 0; k < kb; k++)
          for (int64_t i = 0; i < w; i++) out[k * width + i] = s[k * p->ldb + i];
      }
    }
    out += width * kb;
  }
}

// The same part of op(B), to come nearer within `times` shares.
static CK(ahead) P(ahead_b)(const ck_product *p, int64_t k0, int64_t kb, int64_t j0, int64_t nb, int64_t times) {
  const T *b = (const T *)p->b + (p->trans_b ? j0 * p->ldb + k0 : k0 * p->ldb + j0);
  const int64_t rows = p->trans_b ? nb : kb, columns = p->trans_b ? kb : nb;
  return CK(look_ahead)(b, rows, columns * (int64_t)sizeof(T), p->ldb * (int64_t)sizeof(T), times);
}

// Steps of A stored transposed, `rows` neighbours each, PACKED_ROWS apart.
#define PACKED_ROWS 16
static void P(pack_steps)(int64_t rows, int64_t kb, const T *s, int64_t lda, T *out) {
  for (int64_t i = 0; i < rows; i += LANES_T) {
    const P(mask) mask = P(mask_of)(rows - i);
    for (int64_t q = 0; q < kb; q++) P(store)(out + q * PACKED_ROWS + i, P(load_mask)(s + q * lda + i, mask));
  }
}

// Columns of B that stay packed in the second cache.
#define N_CACHE (T_IS_F32 ? 512 : 256)
#define FIRST_CACHE_BYTES 24576
// A matrix larger than this is not expected to stay in the second cache.
#define FAR_BYTES 524288
// Panels of A for which packing B pays, where it does and where it does not lie in the second cache.
#define PANELS_NEAR 16
#define PANELS_FAR 8

// Without memory for packing: the definition itself.
static void P(product_plain)(const ck_product *p) {
  const T *a = p->a, *b = p->b, *bias = p->bias, *added = p->added;
  T *c = p->c;
  for (int64_t i = 0; i < p->m && !ck_must_stop(); i++)
    for (int64_t j = 0; j < p->n; j++) {
      T sum = 0;
      for (int64_t k0 = 0; k0 < p->k; k0 += K_BLOCK) {
        T acc = 0;
        int64_t k1 = k0 + K_BLOCK < p->k ? k0 + K_BLOCK : p->k;
        for (int64_t k = k0; k < k1; k++)
          acc = FUSED(
            p->trans_a ? a[k * p->lda + i] : a[i * p->lda + k], p->trans_b ? b[j * p->ldb + k] : b[k * p->ldb + j], acc);
        sum = k0 == 0 ? acc : sum + acc;
      }
      if (bias) sum = sum + bias[j];
      if (added) sum = sum + added[p->added_whole ? i * p->ldc + j : j];
      if (p->activation) sum = T_MAX((T)p->constant, sum);
      if (p->gate && (T)p->threshold >= ((const T *)p->gate)[i * p->ldc + j]) sum = (T)p->replacement;
      c[i * p->ldc + j] = sum;
    }
}

_Static_assert(
  ((K_BLOCK + K_TAIL) * (PACKED_ROWS + N_CACHE)) * sizeof(T) <= SCRATCH_BYTES
    && (K_BLOCK + K_TAIL) * PACKED_ROWS * sizeof(T) + FAR_BYTES <= SCRATCH_BYTES,
  "packed blocks of A and B, or all of a near B, fit");

static const ck_product *P(epilogue)(const ck_product *p) {
  return p->bias || p->added || p->activation || p->gate ? p : NULL;
}

static void P(product)(const ck_product *p);
#include "narrow_type.h"
#include "near_type.h"
// What a product decided about its way through its blocks.
typedef struct {
  const ck_product *p, *epilogue;
  int64_t panels, width;
  int pack_a, pack_b;
  int far_a, far_b;  // what is used next of A comes nearer meanwhile, or what is used next of B
  int by_panels;    // all blocks of k for one panel of rows after the other, not the other way round
  T *packed_a;
  CK(ahead) ahead;
} P(way);

// The rows of A that are used behind a panel's block k0 ..< k0 + kb, to come nearer within `times` shares.
static CK(ahead) P(ahead_a)(const P(way) * w, int64_t panel, int64_t k0, int64_t kb, int64_t times) {
  const ck_product *p = w->p;
  const int is_last_block = k0 + kb == p->k, is_last_panel = panel + 1 == w->panels;
  if (is_last_block && is_last_panel) return (CK(ahead)){0};
  if (w->by_panels ? is_last_block : !is_last_panel) panel++;
  else panel = w->by_panels ? panel : 0;
  if (w->by_panels || is_last_panel) {
    k0 = is_last_block ? 0 : k0 + kb;
    kb = CK(block_of_k)(p->k - k0);
  }
  const int64_t i0 = p->m * panel / w->panels, rows = p->m * (panel + 1) / w->panels - i0;
  return CK(look_ahead)(
    (const T *)p->a + (p->trans_a ? k0 * p->lda + i0 : i0 * p->lda + k0), p->trans_a ? kb : rows,
    (p->trans_a ? rows : kb) * (int64_t)sizeof(T), p->lda * (int64_t)sizeof(T), times);
}

// A panel's part of the next block of B, which begins at k0.
static CK(ahead) P(ahead_of_block)(
  const P(way) * w, int64_t panel, int64_t k0, int64_t j0, int64_t nb, int64_t times) {
  if (k0 >= w->p->k) return (CK(ahead)){0};
  const int64_t kb = CK(block_of_k)(w->p->k - k0), parts = w->panels - 1;
  const int64_t first = kb * panel / parts;
  return P(ahead_b)(w->p, k0 + first, kb * (panel + 1) / parts - first, j0, nb, times);
}

// One panel of rows over block k0 ..< k0 + kb of the sums, for columns j0 ..< j0 + nb. The first panel packs B into `packed_b`, where
// the others find it.
static void P(panel)(P(way) * w, int64_t panel, int64_t k0, int64_t kb, int64_t j0, int64_t nb, T *packed_b) {
  const ck_product *p = w->p;
  const int64_t width = w->width, group = PACK_TOGETHER * width;
  const int64_t i0 = p->m * panel / w->panels, rows = p->m * (panel + 1) / w->panels - i0;
  const int64_t tail = kb > K_BLOCK ? kb - K_BLOCK : 0;
  P(tile) t = {.k = kb - tail, .ldc = p->ldc, .first = k0 == 0, .ahead = &w->ahead};
  t.last = k0 + kb == p->k && !tail ? w->epilogue : NULL;
  const int by_rows = !p->trans_a && !w->pack_a;
  const T *a = (const T *)p->a + (p->trans_a ? k0 * p->lda + i0 : i0 * p->lda + k0);
  if (w->pack_a) {
    if (p->trans_a) P(pack_steps)(rows, kb, a, p->lda, w->packed_a);
    else P(transpose)(rows, kb, a, p->lda, w->packed_a, PACKED_ROWS);
    t.a = w->packed_a;
    t.a_step = PACKED_ROWS;
  } else {
    t.a = a;
    t.a_row = t.a_step = p->lda;
  }
  // What is used next comes nearer while these rows are used; while B is packed, more of B.
  const int64_t shares = (t.k + STRETCH - 1) / STRETCH, times = (nb + width - 1) / width * shares;
  if (w->far_b && panel + 1 < w->panels) {
    w->ahead = P(ahead_of_block)(w, panel, k0 + kb, j0, nb, times);
  } else if (w->far_a && !(w->pack_b && panel == 0)) {
    w->ahead = P(ahead_a)(w, panel, k0, kb, times);
  }
  for (int64_t j = 0; j < nb; j += width) {
    const int64_t columns = CK(least)(nb - j, width), across = (columns + LANES_T - 1) / LANES_T;
    int masked = 0;
    if (w->pack_b) {
      // While the first rows of A are used, the columns for some tiles at a time, so that the next ones can come nearer.
      if (panel == 0 && j % group == 0) {
        P(pack_b)(p, k0, kb, j0 + j, CK(least)(nb - j, group), width, packed_b + j * kb);
        const int64_t rest = nb - j - group;
        if (rest > 0) w->ahead = P(ahead_b)(p, k0, kb, j0 + j + group, CK(least)(rest, group), PACK_TOGETHER * shares);
      }
      t.b = packed_b + j * kb;
      t.ldb = width;
    } else {
      t.b = (const T *)p->b + k0 * p->ldb + j0 + j;
      t.ldb = p->ldb;
      masked = columns != across * LANES_T;
    }
    t.columns = columns;
    t.column = j0 + j;
    t.c = (T *)p->c + i0 * p->ldc + j0 + j;
    const P(tile_function) run = across > 2 ? P(wide_tiles)[rows - 1][across - 3][by_rows][masked % MASK_KINDS]
                                            : P(tiles)[rows - 1][across - 1][by_rows][masked % MASK_KINDS];
    run(&t);
    if (tail) {
      P(tile) rest = t;
      rest.k = tail;
      rest.first = 0;
      rest.last = w->epilogue;
      rest.a += by_rows ? K_BLOCK : K_BLOCK * t.a_step;
      rest.b += K_BLOCK * t.ldb;
      run(&rest);
    }
  }
}

static void P(product)(const ck_product *p) {
  const int64_t m = p->m, n = p->n, k = p->k;
  if (m <= 0 || n <= 0) return;
  if (P(is_narrow)(p)) {
    P(product_narrow)(p);
    return;
  }
  if (P(is_near)(p)) {
    P(product_near)(p);
    return;
  }
  if (k <= 0) {
    P(product_plain)(p);
    return;
  }
  const int wide = m <= ROWS_WIDE;
  const int64_t width = (wide ? ACROSS_WIDE : ACROSS) * LANES_T, uses = (n + width - 1) / width;
  // Rows of A whose addresses fall on the same few sets of the first cache push one another out: fewer at a time then,
  // or, where they are used again, packed.
  const int collide = p->lda * (int64_t)sizeof(T) % 2048 == 0 && k >= 32;
  const int64_t height = wide ? ROWS_WIDE : collide && !p->trans_a && uses == 1 && ROWS_MAX > 8 ? 7 : ROWS_MAX;
  // Rows spread evenly over the panels, so that no panel is nearly empty.
  P(way) w = {.p = p, .epilogue = P(epilogue)(p), .width = width, .panels = (m + height - 1) / height};
  // B is packed when it must be turned, or when it is used often and does not lie well in the first cache.
  const int64_t bytes_b = k * n * (int64_t)sizeof(T);
  w.pack_b = p->trans_b
             || (w.panels >= (bytes_b > FAR_BYTES ? PANELS_FAR : PANELS_NEAR) && n > width
                 && (k < K_BLOCK ? k : K_BLOCK) * n * (int64_t)sizeof(T) > FIRST_CACHE_BYTES);
  // Rows of A are read where they lie unless they are used very often: packing them measured 10 % slower up to n = 1024.
  w.pack_a = p->trans_a ? uses >= (collide ? 2 : 8) && m > height : uses >= (collide ? 2 : 33);
  w.far_a = uses >= 2 && m * k * (int64_t)sizeof(T) > FAR_BYTES;
  // Few panels read B where it lies. The rows of such an A, stored transposed, lie in the lines of the first panel.
  w.far_b = !w.pack_b && p->trans_a && w.panels >= 2 && n <= N_CACHE && bytes_b > FAR_BYTES;
  // Where all of B, packed, stays in the second cache, C is read and written while it is in the first.
  w.by_panels = w.pack_b && w.panels >= 2 && k > K_BLOCK + K_TAIL && n <= N_CACHE
                && k * uses * width * (int64_t)sizeof(T) <= FAR_BYTES;
  T *packed_b = NULL;
  if (w.pack_b | w.pack_a) {
    w.packed_a = ck_scratch();
    if (!w.packed_a) {
      P(product_plain)(p);
      return;
    }
    packed_b = w.packed_a + (K_BLOCK + K_TAIL) * PACKED_ROWS;
  }
  int64_t kb;
  if (w.by_panels) {
    for (int64_t panel = 0; panel < w.panels; panel++)
      for (int64_t k0 = 0; k0 < k; k0 += kb) {
        if (ck_must_stop()) return;
        kb = CK(block_of_k)(k - k0);
        P(panel)(&w, panel, k0, kb, 0, n, packed_b + k0 * uses * width);
      }
    return;
  }
  for (int64_t k0 = 0; k0 < k; k0 += kb) {
    kb = CK(block_of_k)(k - k0);
    for (int64_t j0 = 0; j0 < n; j0 += N_CACHE)
      for (int64_t panel = 0; panel < w.panels; panel++) {
        if (ck_must_stop()) return;
        P(panel)(&w, panel, k0, kb, j0, CK(least)(n - j0, N_CACHE), packed_b);
      }
  }
}

#include "products_type.h"
#undef MASK_KINDS
#undef TILE_FUNCTION
#undef TILE_MASKS
#undef NAME_MASKS
#undef TILES
#undef NAMES
#undef WIDE_TILES
#undef WIDE_NAMES
#undef N_CACHE
#undef NARROW_ROWS
#undef NARROW_COLUMNS
#undef TURNED_COLUMNS
#undef PACKED_ROWS
#undef PACK_TOGETHER
#undef PACK_AHEAD
#undef FIRST_CACHE_BYTES
#undef FAR_BYTES
#undef PANELS_NEAR
#undef PANELS_FAR

// Independent multiply-add chains in registers: what the processor can do at best.
static double P(peak)(int64_t rounds) {
  // Starts that the compiler cannot know, or it leaves a chain out.
  volatile T start = (T)1;
  P(vec) acc[12], x = P(spread)((T)0.999), y = P(spread)((T)1e-3);
  for (int i = 0; i < 12; i++) acc[i] = P(spread)(start);
  for (int64_t r = 0; r < rounds; r++) {
    _Pragma("clang loop unroll(full)") for (int i = 0; i < 12; i++) acc[i] = P(fused)(acc[i], x, y);
    __asm__ volatile("" ::: "memory");
  }
  P(vec) s = acc[0];
  for (int i = 1; i < 12; i++) s += acc[i];
  T total = 0;
  for (int i = 0; i < LANES_T; i++) total += s[i];
  volatile T sink = total;
  (void)sink;
  return (double)rounds * 12 * LANES_T * 2;
}
