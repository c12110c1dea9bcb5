// Vectors of one element type, with and without their last lanes, and matrices turned by them. T, P(name), LANES_T, FUSED and
// T_IS_F32 are given; see product.h.

typedef T P(vec) __attribute__((vector_size(CK_VECTOR_BYTES)));
typedef T P(vecu) __attribute__((vector_size(CK_VECTOR_BYTES), aligned(sizeof(T)), may_alias));

INL P(vec) P(load)(const T *p) { return *(const P(vecu) *)p; }
INL void P(store)(T *p, P(vec) v) { *(P(vecu) *)p = v; }
INL P(vec) P(spread)(T x) {
  return x - (P(vec)){0};  // folded to a plain broadcast: x - 0 is x for every x, also -0
}
INL P(vec) P(fused)(P(vec) a, P(vec) b, P(vec) c) {
#if CK_HARDWARE_FMA
  return __builtin_elementwise_fma(a, b, c);
#else
  P(vec) r;
  for (int i = 0; i < LANES_T; i++) r[i] = FUSED(a[i], b[i], c[i]);
  return r;
#endif
}
// The first n of the lanes; the others are zero, and their memory is not touched.
#if CK_VECTOR_BYTES == 64
#if T_IS_F32
typedef __mmask16 P(mask);
INL P(mask) P(mask_of)(int64_t n) { return (__mmask16)(n >= 16 ? 0xffffu : (1u << n) - 1); }
INL P(vec) P(load_mask)(const T *p, P(mask) m) { return _mm512_maskz_loadu_ps(m, p); }
INL void P(store_mask)(T *p, P(vec) v, P(mask) m) { _mm512_mask_storeu_ps(p, m, v); }
#else
typedef __mmask8 P(mask);
INL P(mask) P(mask_of)(int64_t n) { return (__mmask8)(n >= 8 ? 0xffu : (1u << n) - 1); }
INL P(vec) P(load_mask)(const T *p, P(mask) m) { return _mm512_maskz_loadu_pd(m, p); }
INL void P(store_mask)(T *p, P(vec) v, P(mask) m) { _mm512_mask_storeu_pd(p, m, v); }
#endif
#elif CK_VECTOR_BYTES == 32
typedef __m256i P(mask);
#if T_IS_F32
INL P(mask) P(mask_of)(int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
INL P(vec) P(load_mask)(const T *p, P(mask) m) { return _mm256_maskload_ps(p, m); }
INL void P(store_mask)(T *p, P(vec) v, P(mask) m) { _mm256_maskstore_ps(p, m, v); }
#else
INL P(mask) P(mask_of)(int64_t n) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
}
INL P(vec) P(load_mask)(const T *p, P(mask) m) { return _mm256_maskload_pd(p, m); }
INL void P(store_mask)(T *p, P(vec) v, P(mask) m) { _mm256_maskstore_pd(p, m, v); }
#endif
#else
typedef int P(mask);
INL P(mask) P(mask_of)(int64_t n) { return n >= LANES_T ? LANES_T : (int)n; }
INL P(vec) P(load_mask)(const T *p, P(mask) m) {
  P(vec) v = {0};
  __builtin_memcpy(&v, p, (size_t)m * sizeof(T));
  return v;
}
INL void P(store_mask)(T *p, P(vec) v, P(mask) m) { __builtin_memcpy(p, &v, (size_t)m * sizeof(T)); }
#endif

// A vector of C, the last of its row under the mask.
INL void P(put)(T *c, P(vec) v, int is_last, P(mask) mask) {
  if (is_last) P(store_mask)(c, v, mask);
  else P(store)(c, v);
}

// Eight rows of eight elements turned, by shuffles.
typedef T P(eight) __attribute__((vector_size(8 * sizeof(T))));
typedef T P(eightu) __attribute__((vector_size(8 * sizeof(T)), aligned(sizeof(T)), may_alias));
INL void P(turn8)(P(eight) *r) {
  P(eight) s[8];
  for (int i = 0; i < 4; i++) {
    s[2 * i] = __builtin_shufflevector(r[2 * i], r[2 * i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    s[2 * i + 1] = __builtin_shufflevector(r[2 * i], r[2 * i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 2; j++) {
      r[4 * i + j] = __builtin_shufflevector(s[4 * i + j], s[4 * i + 2 + j], 0, 1, 8, 9, 4, 5, 12, 13);
      r[4 * i + 2 + j] = __builtin_shufflevector(s[4 * i + j], s[4 * i + 2 + j], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  for (int j = 0; j < 4; j++) {
    s[j] = __builtin_shufflevector(r[j], r[4 + j], 0, 1, 2, 3, 8, 9, 10, 11);
    s[4 + j] = __builtin_shufflevector(r[j], r[4 + j], 4, 5, 6, 7, 12, 13, 14, 15);
  }
  for (int i = 0; i < 8; i++) r[i] = s[i];
}
// out[c * ldo + r] = x[r * ldx + c] for 8 x 8 elements; of x only the first `rows` rows are read.
INL void P(transpose8)(int64_t rows, const T *x, int64_t ldx, T *out, int64_t ldo) {
  P(eight) r[8];
  for (int i = 0; i < 8; i++) r[i] = *(const P(eightu) *)(x + (i < rows ? i : rows - 1) * ldx);
  P(turn8)(r);
  for (int i = 0; i < 8; i++) *(P(eightu) *)(out + i * ldo) = r[i];
}
// out[c * ldo + r] = x[r * ldx + c] for rows x columns elements. What is left behind the last whole eight is turned with the
// elements before it once more, where there are so many.
static void P(transpose)(int64_t rows, int64_t columns, const T *x, int64_t ldx, T *out, int64_t ldo) {
  int64_t r = 0;
  while (rows >= 8 && r < rows) {
    const int64_t row = r + 8 <= rows ? r : rows - 8;
    int64_t c = 0;
    for (; c + 8 <= columns; c += 8) P(transpose8)(8, x + row * ldx + c, ldx, out + c * ldo + row, ldo);
    if (c < columns && columns >= 8) {
      c = columns - 8;
      P(transpose8)(8, x + row * ldx + c, ldx, out + c * ldo + row, ldo);
    } else {
      for (; c < columns; c++)
        for (int64_t i = 0; i < 8; i++) out[c * ldo + row + i] = x[(row + i) * ldx + c];
    }
    r += 8;
  }
  if (r > 0) return;
  if (rows > 2 && 8 <= ldo) {
    // The few rows, with a repeated one in the places that nobody reads.
    int64_t c = 0;
    for (; c + 8 <= columns; c += 8) P(transpose8)(rows, x + c, ldx, out + c * ldo, ldo);
    for (; c < columns; c++)
      for (int64_t i = 0; i < rows; i++) out[c * ldo + i] = x[i * ldx + c];
    return;
  }
  for (; r < rows; r++)
    for (int64_t c = 0; c < columns; c++) out[c * ldo + r] = x[r * ldx + c];
}
