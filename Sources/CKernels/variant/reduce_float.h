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
// As many rows as a vector has lanes, folded together into one vector: the lanes of two neighbouring vectors that meet, so far apart,
// lie side by side then, and so do the rows.
#define FOLD_PAIR_16_8(v, i, V)                                                                                 \
  V(__builtin_shufflevector(v[2 * i], v[2 * i + 1], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),    \
    __builtin_shufflevector(v[2 * i], v[2 * i + 1], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
#define FOLD_PAIR_16_4(v, i, V)                                                                                 \
  V(__builtin_shufflevector(v[2 * i], v[2 * i + 1], 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27),  \
    __builtin_shufflevector(v[2 * i], v[2 * i + 1], 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31))
#define FOLD_PAIR_16_2(v, i, V)                                                                                 \
  V(__builtin_shufflevector(v[2 * i], v[2 * i + 1], 0, 1, 4, 5, 8, 9, 12, 13, 16, 17, 20, 21, 24, 25, 28, 29),  \
    __builtin_shufflevector(v[2 * i], v[2 * i + 1], 2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31))
#define FOLD_PAIR_16_1(v, i, V)                                                                                 \
  V(__builtin_shufflevector(v[2 * i], v[2 * i + 1], 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30), \
    __builtin_shufflevector(v[2 * i], v[2 * i + 1], 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31))
#define FOLD_ROWS_16(v, V)                                                                                      \
  do {                                                                                                          \
    _Pragma("clang loop unroll(full)") for (int i_ = 0; i_ < 8; i_++) v[i_] = FOLD_PAIR_16_8(v, i_, V);         \
    _Pragma("clang loop unroll(full)") for (int i_ = 0; i_ < 4; i_++) v[i_] = FOLD_PAIR_16_4(v, i_, V);         \
    _Pragma("clang loop unroll(full)") for (int i_ = 0; i_ < 2; i_++) v[i_] = FOLD_PAIR_16_2(v, i_, V);         \
    v[0] = FOLD_PAIR_16_1(v, 0, V);                                                                             \
  } while (0)
#define FOLD_PAIR_8_4(v, i, V)                                                                                  \
  V(__builtin_shufflevector(v[2 * i], v[2 * i + 1], 0, 1, 2, 3, 8, 9, 10, 11),                                  \
    __builtin_shufflevector(v[2 * i], v[2 * i + 1], 4, 5, 6, 7, 12, 13, 14, 15))
#define FOLD_PAIR_8_2(v, i, V)                                                                                  \
  V(__builtin_shufflevector(v[2 * i], v[2 * i + 1], 0, 1, 4, 5, 8, 9, 12, 13),                                  \
    __builtin_shufflevector(v[2 * i], v[2 * i + 1], 2, 3, 6, 7, 10, 11, 14, 15))
#define FOLD_PAIR_8_1(v, i, V)                                                                                  \
  V(__builtin_shufflevector(v[2 * i], v[2 * i + 1], 0, 2, 4, 6, 8, 10, 12, 14),                                 \
    __builtin_shufflevector(v[2 * i], v[2 * i + 1], 1, 3, 5, 7, 9, 11, 13, 15))
#define FOLD_ROWS_8(v, V)                                                                                       \
  do {                                                                                                          \
    _Pragma("clang loop unroll(full)") for (int i_ = 0; i_ < 4; i_++) v[i_] = FOLD_PAIR_8_4(v, i_, V);          \
    _Pragma("clang loop unroll(full)") for (int i_ = 0; i_ < 2; i_++) v[i_] = FOLD_PAIR_8_2(v, i_, V);          \
    v[0] = FOLD_PAIR_8_1(v, 0, V);                                                                              \
  } while (0)
#define FOLD_PAIR_4_2(v, i, V)                                                                                  \
  V(__builtin_shufflevector(v[2 * i], v[2 * i + 1], 0, 1, 4, 5),                                                \
    __builtin_shufflevector(v[2 * i], v[2 * i + 1], 2, 3, 6, 7))
#define FOLD_PAIR_4_1(v, i, V)                                                                                  \
  V(__builtin_shufflevector(v[2 * i], v[2 * i + 1], 0, 2, 4, 6),                                                \
    __builtin_shufflevector(v[2 * i], v[2 * i + 1], 1, 3, 5, 7))
#define FOLD_ROWS_4(v, V)                                                                                       \
  do {                                                                                                          \
    _Pragma("clang loop unroll(full)") for (int i_ = 0; i_ < 2; i_++) v[i_] = FOLD_PAIR_4_2(v, i_, V);          \
    v[0] = FOLD_PAIR_4_1(v, 0, V);                                                                              \
  } while (0)
#define FOLD_PAIR_2_1(v, i, V)                                                                                  \
  V(__builtin_shufflevector(v[2 * i], v[2 * i + 1], 0, 2),                                                      \
    __builtin_shufflevector(v[2 * i], v[2 * i + 1], 1, 3))
#define FOLD_ROWS_2(v, V)                                                                                       \
  do {                                                                                                          \
    v[0] = FOLD_PAIR_2_1(v, 0, V);                                                                              \
  } while (0)
#if CK_VECTOR_BYTES == 64
#define FOLD_F32 FOLD_16
#define FOLD_ROWS_F32 FOLD_ROWS_16
#define FOLD_ROWS_F64 FOLD_ROWS_8
#define FOLD_F64 FOLD_8
#elif CK_VECTOR_BYTES == 32
#define FOLD_F32 FOLD_8
#define FOLD_ROWS_F32 FOLD_ROWS_8
#define FOLD_ROWS_F64 FOLD_ROWS_4
#define FOLD_F64 FOLD_4
#else
#define FOLD_F32 FOLD_4
#define FOLD_ROWS_F32 FOLD_ROWS_4
#define FOLD_ROWS_F64 FOLD_ROWS_2
#define FOLD_F64 FOLD_2
#endif
static const float CK(ramp_f32)[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const double CK(ramp_f64)[8] = {0, 1, 2, 3, 4, 5, 6, 7};

// So much of each row is reduced at a time: of many rows it is read as memory comes, and the lanes stay in the first cache.
#define STRIP_BYTES 256
#define STRIP_ROWS 256
#define STRIP_AHEAD 16

#define FLOAT_REDUCE(name, T, S, LN, FOLD, FOLD_ROWS, V, OP, IDENTITY, FINISH)                                   \
  typedef CK(vec_##S) CK(name##_vec);                                                                             \
  INL CK(name##_vec) CK(name##_fill)(const T *p, int64_t n) {                                                    \
    CK(name##_vec) v = CK(load_mask_##S)(p, CK(mask_of_##S)(n));                                                 \
    if ((IDENTITY) == 0) return v;                                                                               \
    __typeof__(v < v) m = CK(load_##S)(CK(ramp_##S)) < CK(spread_##S)((T)n);                                     \
    CK(name##_vec) f = CK(spread_##S)(IDENTITY);                                                                 \
    return (CK(name##_vec))((m & (__typeof__(m))v) | (~m & (__typeof__(m))f));                                   \
  }                                                                                                              \
  /* A row of one block, folded to the lanes of one vector. */                                                   \
  INL CK(name##_vec) CK(name##_row_lanes)(const T *x, int64_t n) {                                               \
    enum { K = LANES / LN };                                                                                     \
    CK(name##_vec) a[K];                                                                                         \
    if (n <= LN) return CK(name##_fill)(x, n);                                                                   \
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
    return a[0];                                                                                                 \
  }                                                                                                              \
  static T CK(name##_row)(const T *x, int64_t n) {                                                               \
    if (n <= BLOCK) return FOLD(CK(name##_row_lanes)(x, n), V, OP);                                              \
    int64_t half = BLOCK * CK(half_of)((n + BLOCK - 1) / BLOCK);                                                 \
    T a = CK(name##_row)(x, half), b = CK(name##_row)(x + half, n - half);                                       \
    return OP(a, b);                                                                                             \
  }                                                                                                              \
  /* Rows of one vector: what lanes without an element hold is made once. */                                     \
  INL CK(name##_vec) CK(name##_short_row)(                                                                       \
    const T *x, CK(mask_##S) m, __typeof__((CK(vec_##S)){0} < (CK(vec_##S)){0}) absent) {                        \
    CK(name##_vec) v = CK(load_mask_##S)(x, m), f = CK(spread_##S)(IDENTITY);                                    \
    if ((IDENTITY) == 0) return v;                                                                               \
    return (CK(name##_vec))((~absent & (__typeof__(absent))v) | (absent & (__typeof__(absent))f));               \
  }                                                                                                              \
  /* Rows of one block, as many at once as a vector has lanes; gives how many are done. */                       \
  static int64_t CK(name##_rows)(int64_t outer, int64_t length, const T *x, T *out) {                            \
    const CK(mask_##S) m = CK(mask_of_##S)(length);                                                              \
    const __auto_type absent = CK(load_##S)(CK(ramp_##S)) >= CK(spread_##S)((T)length);                          \
    int64_t o = 0;                                                                                               \
    for (; o + LN <= outer; o += LN) {                                                                           \
      if (ck_must_stop()) return outer;                                                                          \
      CK(name##_vec) v[LN];                                                                                      \
      if (length <= LN)                                                                                          \
        _Pragma("clang loop unroll(full)") for (int i = 0; i < LN; i++)                                          \
          v[i] = CK(name##_short_row)(x + (o + i) * length, m, absent);                                          \
      else                                                                                                       \
        _Pragma("clang loop unroll(disable)") for (int i = 0; i < LN; i++)                                       \
          v[i] = CK(name##_row_lanes)(x + (o + i) * length, length);                                             \
      FOLD_ROWS(v, V);                                                                                           \
      CK(store_##S)(out + o, FINISH(v[0]));                                                                      \
    }                                                                                                            \
    return o;                                                                                                    \
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
    int64_t o = inner == 1 && length > 0 && length <= BLOCK ? CK(name##_rows)(outer, length, x, out) : 0;        \
    for (; o < outer && !ck_must_stop(); o++) {                                                                  \
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

FLOAT_REDUCE(sum_f32, float, f32, (CK_VECTOR_BYTES / 4), FOLD_F32, FOLD_ROWS_F32, V_SUM, OP_SUM, 0.0f, NO_NEGATIVE_ZERO)
FLOAT_REDUCE(product_f32_reduce, float, f32, (CK_VECTOR_BYTES / 4), FOLD_F32, FOLD_ROWS_F32, V_PRODUCT, OP_PRODUCT, 1.0f, SAME)
FLOAT_REDUCE(max_f32, float, f32, (CK_VECTOR_BYTES / 4), FOLD_F32, FOLD_ROWS_F32, V_MAX, f_max, -F_INF, SAME)
FLOAT_REDUCE(min_f32, float, f32, (CK_VECTOR_BYTES / 4), FOLD_F32, FOLD_ROWS_F32, V_MIN, f_min, F_INF, SAME)
FLOAT_REDUCE(sum_f64, double, f64, (CK_VECTOR_BYTES / 8), FOLD_F64, FOLD_ROWS_F64, V_SUM, OP_SUM, 0.0, NO_NEGATIVE_ZERO)
FLOAT_REDUCE(product_f64_reduce, double, f64, (CK_VECTOR_BYTES / 8), FOLD_F64, FOLD_ROWS_F64, V_PRODUCT, OP_PRODUCT, 1.0, SAME)
FLOAT_REDUCE(max_f64, double, f64, (CK_VECTOR_BYTES / 8), FOLD_F64, FOLD_ROWS_F64, V_MAX, d_max, -D_INF, SAME)
FLOAT_REDUCE(min_f64, double, f64, (CK_VECTOR_BYTES / 8), FOLD_F64, FOLD_ROWS_F64, V_MIN, d_min, D_INF, SAME)
