// Float reductions with explicit vectors, in the order that reduce.h defines. Absent lanes hold the operation's identity,
// which changes nothing but the sign of a zero sum, and that is settled at the end.

#define V_SUM(a, b) ((a) + (b))
#define V_PRODUCT(a, b) ((a) * (b))
#define V_CHOOSE(a, b, compare)                                                                     \
  ({                                                                                                \
    __typeof__(a) va_ = (a), vb_ = (b);                                                             \
    __typeof__(va_ < vb_) vm_ = (va_ compare vb_) | (va_ != va_);                                   \
    (__typeof__(a))((vm_ & (__typeof__(vm_))va_) | (~vm_ & (__typeof__(vm_))vb_));                  \
  })
#define V_MAX(a, b) V_CHOOSE(a, b, >=)
#define V_MIN(a, b) V_CHOOSE(a, b, <=)

#define SHUFFLE_LOW_8(v) __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7)
#define SHUFFLE_HIGH_8(v) __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15)
#define SHUFFLE_LOW_4(v) __builtin_shufflevector(v, v, 0, 1, 2, 3)
#define SHUFFLE_HIGH_4(v) __builtin_shufflevector(v, v, 4, 5, 6, 7)
#define SHUFFLE_LOW_2(v) __builtin_shufflevector(v, v, 0, 1)
#define SHUFFLE_HIGH_2(v) __builtin_shufflevector(v, v, 2, 3)
// The lanes of one vector folded to a scalar: lane l takes lane l + distance, distances halving.
#define FOLD_2(v, V, S) S((v)[0], (v)[1])
#define FOLD_4(v, V, S) ({ __auto_type h4_ = V(SHUFFLE_LOW_2(v), SHUFFLE_HIGH_2(v)); FOLD_2(h4_, V, S); })
#define FOLD_8(v, V, S) ({ __auto_type h8_ = V(SHUFFLE_LOW_4(v), SHUFFLE_HIGH_4(v)); FOLD_4(h8_, V, S); })
#define FOLD_16(v, V, S) ({ __auto_type h16_ = V(SHUFFLE_LOW_8(v), SHUFFLE_HIGH_8(v)); FOLD_8(h16_, V, S); })
#if CK_VECTOR_BYTES == 64
#define FOLD_F32 FOLD_16
#define FOLD_F64 FOLD_8
#elif CK_VECTOR_BYTES == 32
#define FOLD_F32 FOLD_8
#define FOLD_F64 FOLD_4
#else
#define FOLD_F32 FOLD_4
#define FOLD_F64 FOLD_2
#endif
static const float CK(ramp_f32)[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const double CK(ramp_f64)[8] = {0, 1, 2, 3, 4, 5, 6, 7};

// So much of each row is reduced at a time: of many rows it is read as memory comes, and the lanes stay in the first cache.
#define STRIP_BYTES 256
#define STRIP_ROWS 256
#define STRIP_AHEAD 16

#define FLOAT_REDUCE(name, T, S, LN, FOLD, V, OP, IDENTITY, FINISH)                                              \
  typedef CK(vec_##S) CK(name##_vec);                                                                             \
  INL CK(name##_vec) CK(name##_fill)(const T *p, int64_t n) {                                                    \
    CK(name##_vec) v = CK(load_mask_##S)(p, CK(mask_of_##S)(n));                                                 \
    if ((IDENTITY) == 0) return v;                                                                               \
    __typeof__(v < v) m = CK(load_##S)(CK(ramp_##S)) < CK(spread_##S)((T)n);                                     \
    CK(name##_vec) f = CK(spread_##S)(IDENTITY);                                                                 \
    return (CK(name##_vec))((m & (__typeof__(m))v) | (~m & (__typeof__(m))f));                                   \
  }                                                                                                              \
  INL T CK(name##_row_block)(const T *x, int64_t n) {                                                            \
    enum { K = LANES / LN };                                                                                     \
    CK(name##_vec) a[K];                                                                                         \
    if (n <= LN) {                                                                                               \
      a[0] = CK(name##_fill)(x, n);                                                                              \
      return FOLD(a[0], V, OP);                                                                                  \
    }                                                                                                            \
    if (n >= LANES) {                                                                                            \
      for (int q = 0; q < K; q++) a[q] = CK(load_##S)(x + q * LN);                                               \
      int64_t i = LANES;                                                                                         \
      for (; i + LANES <= n; i += LANES)                                                                         \
        for (int q = 0; q < K; q++) a[q] = V(a[q], CK(load_##S)(x + i + q * LN));                                \
      for (int q = 0; q < K; q++) {                                                                              \
        int64_t rest = n - i - q * LN;                                                                           \
        if (rest > 0) a[q] = V(a[q], CK(name##_fill)(x + i + q * LN, rest < LN ? rest : LN));                    \
      }                                                                                                          \
    } else {                                                                                                     \
      for (int q = 0; q < K; q++) {                                                                              \
        int64_t rest = n - q * LN;                                                                               \
        a[q] = rest > 0 ? CK(name##_fill)(x + q * LN, rest < LN ? rest : LN) : CK(spread_##S)(IDENTITY);         \
      }                                                                                                          \
    }                                                                                                            \
    for (int d = K / 2; d > 0; d /= 2)                                                                           \
      for (int q = 0; q < d; q++) a[q] = V(a[q], a[q + d]);                                                      \
    return FOLD(a[0], V, OP);                                                                                    \
  }                                                                                                              \
  static T CK(name##_row)(const T *x, int64_t n) {                                                               \
    if (n <= BLOCK) return CK(name##_row_block)(x, n);                                                           \
    int64_t half = BLOCK * CK(half_of)((n + BLOCK - 1) / BLOCK);                                                 \
    T a = CK(name##_row)(x, half), b = CK(name##_row)(x + half, n - half);                                       \
    return OP(a, b);                                                                                             \
  }                                                                                                              \
  /* Rows of one vector: what lanes without an element hold is made once. */                                     \
  static void CK(name##_short)(int64_t outer, int64_t length, const T *x, T *out) {                              \
    const CK(mask_##S) m = CK(mask_of_##S)(length);                                                              \
    const CK(name##_vec) f = CK(spread_##S)(IDENTITY);                                                           \
    const __typeof__(f < f) absent = CK(load_##S)(CK(ramp_##S)) >= CK(spread_##S)((T)length);                    \
    for (int64_t o = 0; o < outer; o++) {                                                                        \
      if ((o & 0xfffff) == 0 && ck_must_stop()) return;                                                          \
      CK(name##_vec) v = CK(load_mask_##S)(x + o * length, m);                                                   \
      if ((IDENTITY) != 0) v = (CK(name##_vec))((~absent & (__typeof__(absent))v) | (absent & (__typeof__(absent))f)); \
      const T r = FOLD(v, V, OP);                                                                                \
      out[o] = FINISH(r);                                                                                        \
    }                                                                                                            \
  }                                                                                                              \
  /* A vector of neighbouring columns: lanes 8 apart of each residue are folded while they are in registers. */  \
  INL CK(name##_vec) CK(name##_columns_block)(const T *x, int64_t s, int64_t n, int64_t width) {                 \
    CK(mask_##S) m = CK(mask_of_##S)(width);                                                                     \
    int full = width >= LN;                                                                                      \
    CK(name##_vec) r[8];                                                                                         \
    int64_t residues = n < 8 ? n : 8;                                                                            \
    for (int64_t l = 0; l < residues; l++) {                                                                     \
      CK(name##_vec) a[8];                                                                                       \
      const T *p = x + l * s;                                                                                    \
      if (n >= LANES) {                                                                                          \
        for (int j = 0; j < 8; j++)                                                                              \
          a[j] = full ? CK(load_##S)(p + 8 * j * s) : CK(load_mask_##S)(p + 8 * j * s, m);                       \
        int64_t i = LANES;                                                                                       \
        for (; i + LANES <= n; i += LANES) {                                                                     \
          p += LANES * s;                                                                                        \
          for (int j = 0; j < 8; j++)                                                                            \
            a[j] = V(a[j], full ? CK(load_##S)(p + 8 * j * s) : CK(load_mask_##S)(p + 8 * j * s, m));            \
        }                                                                                                        \
        p += LANES * s;                                                                                          \
        for (int j = 0; j < 8; j++)                                                                              \
          if (i + l + 8 * j < n) a[j] = V(a[j], CK(load_mask_##S)(p + 8 * j * s, m));                            \
        for (int j = 0; j < 4; j++) a[j] = V(a[j], a[j + 4]);                                                    \
        for (int j = 0; j < 2; j++) a[j] = V(a[j], a[j + 2]);                                                    \
        r[l] = V(a[0], a[1]);                                                                                    \
      } else {                                                                                                   \
        int64_t c = (n - l + 7) / 8;                                                                             \
        for (int64_t j = 0; j < c; j++) a[j] = CK(load_mask_##S)(p + 8 * j * s, m);                              \
        for (int64_t d = 4; d > 0; d /= 2)                                                                       \
          for (int64_t j = 0; j < d && j + d < c; j++) a[j] = V(a[j], a[j + d]);                                 \
        r[l] = a[0];                                                                                             \
      }                                                                                                          \
    }                                                                                                            \
    for (int64_t d = 4; d > 0; d /= 2)                                                                           \
      for (int64_t j = 0; j < d && j + d < residues; j++) r[j] = V(r[j], r[j + d]);                              \
    return r[0];                                                                                                 \
  }                                                                                                              \
  /* Columns of n >= 2 LANES rows, row after row. Columns behind the last of `out` are written too. */           \
  static void CK(name##_rows_block)(const T *x, int64_t s, int64_t n, int64_t width, T *out) {                   \
    T lanes[LANES][STRIP_BYTES / sizeof(T)];                                                                     \
    for (int64_t i = LANES; i < n; i++) {                                                                        \
      T *lane = lanes[i % LANES];                                                                                \
      const T *p = x + i * s, *before = i < 2 * LANES ? p - LANES * s : lane;                                    \
      for (int64_t c = 0; c < width; c += LN) {                                                                  \
        __builtin_prefetch(p + STRIP_AHEAD * s + c, 0, 2);                                                       \
        const CK(mask_##S) m = CK(mask_of_##S)(width - c);                                                       \
        if (width - c >= LN) CK(store_##S)(lane + c, V(CK(load_##S)(before + c), CK(load_##S)(p + c)));          \
        else CK(store_##S)(lane + c, V(CK(load_mask_##S)(before + c, m), CK(load_mask_##S)(p + c, m)));          \
      }                                                                                                          \
    }                                                                                                            \
    for (int64_t d = LANES / 2; d > 0; d /= 2)                                                                   \
      for (int64_t l = 0; l < d; l++)                                                                            \
        for (int64_t c = 0; c < width; c += LN)                                                                  \
          CK(store_##S)(                                                                                         \
            (d == 1 ? out : lanes[l]) + c, V(CK(load_##S)(lanes[l] + c), CK(load_##S)(lanes[l + d] + c)));       \
  }                                                                                                              \
  static void CK(name##_strip)(const T *x, int64_t s, int64_t n, int64_t width, T *out) {                        \
    if (n <= BLOCK) {                                                                                            \
      if (n >= STRIP_ROWS && width >= 2 * LN) {                                                                  \
        CK(name##_rows_block)(x, s, n, width, out);                                                              \
      } else {                                                                                                   \
        for (int64_t c = 0; c < width; c += LN)                                                                  \
          CK(store_##S)(out + c, CK(name##_columns_block)(x + c, s, n, width - c < LN ? width - c : LN));        \
      }                                                                                                          \
      return;                                                                                                    \
    }                                                                                                            \
    T second[STRIP_BYTES / sizeof(T)];                                                                           \
    const int64_t half = BLOCK * CK(half_of)((n + BLOCK - 1) / BLOCK);                                           \
    CK(name##_strip)(x, s, half, width, out);                                                                    \
    CK(name##_strip)(x + half * s, s, n - half, width, second);                                                  \
    for (int64_t c = 0; c < width; c += LN) CK(store_##S)(out + c, V(CK(load_##S)(out + c), CK(load_##S)(second + c)));\
  }                                                                                                              \
  static void CK(name)(                                                                                          \
    int64_t outer, int64_t length, int64_t inner, int64_t first, int64_t last, const T *x, T *out) {             \
    if (first >= last) return;                                                                                   \
    if (inner == 1 && length > 0 && length <= LN) {                                                              \
      CK(name##_short)(outer, length, x, out);                                                                   \
      return;                                                                                                    \
    }                                                                                                            \
    for (int64_t o = 0; o < outer && !ck_must_stop(); o++) {                                                                        \
      const T *row = x + o * length * inner;                                                                     \
      T *r = out + o * inner;                                                                                    \
      if (length == 0) {                                                                                         \
        for (int64_t j = first; j < last; j++) r[j] = IDENTITY;                                                  \
      } else if (inner == 1) {                                                                                   \
        r[0] = FINISH(CK(name##_row)(row, length));                                                              \
      } else {                                                                                                   \
        T strip[STRIP_BYTES / sizeof(T)];                                                                        \
        const int64_t most = STRIP_BYTES / (int64_t)sizeof(T);                                                   \
        for (int64_t j = first; j < last; j += most) {                                                           \
          const int64_t width = last - j < most ? last - j : most;                                               \
          CK(name##_strip)(row + j, inner, length, width, strip);                                                \
          for (int64_t c = 0; c < width; c++) r[j + c] = FINISH(strip[c]);                                       \
        }                                                                                                        \
      }                                                                                                          \
    }                                                                                                            \
  }

// The largest power of two below a count of at least two.
INL int64_t CK(half_of)(int64_t count) { return (int64_t)1 << (63 - __builtin_clzll((uint64_t)(count - 1))); }

FLOAT_REDUCE(sum_f32, float, f32, (CK_VECTOR_BYTES / 4), FOLD_F32, V_SUM, OP_SUM, 0.0f, NO_NEGATIVE_ZERO)
FLOAT_REDUCE(product_f32_reduce, float, f32, (CK_VECTOR_BYTES / 4), FOLD_F32, V_PRODUCT, OP_PRODUCT, 1.0f, SAME)
FLOAT_REDUCE(max_f32, float, f32, (CK_VECTOR_BYTES / 4), FOLD_F32, V_MAX, f_max, -F_INF, SAME)
FLOAT_REDUCE(min_f32, float, f32, (CK_VECTOR_BYTES / 4), FOLD_F32, V_MIN, f_min, F_INF, SAME)
FLOAT_REDUCE(sum_f64, double, f64, (CK_VECTOR_BYTES / 8), FOLD_F64, V_SUM, OP_SUM, 0.0, NO_NEGATIVE_ZERO)
FLOAT_REDUCE(product_f64_reduce, double, f64, (CK_VECTOR_BYTES / 8), FOLD_F64, V_PRODUCT, OP_PRODUCT, 1.0, SAME)
FLOAT_REDUCE(max_f64, double, f64, (CK_VECTOR_BYTES / 8), FOLD_F64, V_MAX, d_max, -D_INF, SAME)
FLOAT_REDUCE(min_f64, double, f64, (CK_VECTOR_BYTES / 8), FOLD_F64, V_MIN, d_min, D_INF, SAME)
