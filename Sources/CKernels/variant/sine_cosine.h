// A sine and a cosine of the same elements; see elementwise.h.

// Both at once have their reduction and their polynomials in common.
static void CK(sine_cosine_f64)(const double *x, double *sine, double *cosine, int64_t n) {
  for (int64_t at = 0; at < n; at += 512) {
    const int64_t m = n - at < 512 ? n - at : 512;
    const double *from = x + at;
    double *s = sine + at, *c = cosine + at;
    int large = 0;
    for (int64_t i = 0; i < m; i++) large |= !(d_abs(from[i]) <= D_TRIG_LIMIT);
    if (large) {
      CK(trig_f64)(1, from, c, m);
      CK(trig_f64)(0, from, s, m);
      continue;
    }
    const int64_t pairs = m / (CK_VECTOR_BYTES / 4) * (CK_VECTOR_BYTES / 4);
#define BOTH                    \
  {                             \
    const double v = from[i];   \
    s[i] = d_trig(v, 0);        \
    c[i] = d_trig(v, 1);        \
  }
    _Pragma("clang loop vectorize(assume_safety) interleave_count(2)") for (int64_t i = 0; i < pairs; i++) BOTH
    _Pragma("clang loop vectorize(assume_safety) interleave_count(1)") for (int64_t i = pairs; i < m; i++) BOTH
#undef BOTH
  }
}
static void CK(sine_cosine_f32)(const float *x, float *sine, float *cosine, int64_t n) {
  double buffer[512], cosines[512];
  for (int64_t at = 0; at < n; at += 512) {
    const int64_t m = n - at < 512 ? n - at : 512;
    for (int64_t i = 0; i < m; i++) buffer[i] = (double)x[at + i];
    CK(sine_cosine_f64)(buffer, buffer, cosines, m);
    for (int64_t i = 0; i < m; i++) sine[at + i] = (float)buffer[i];
    for (int64_t i = 0; i < m; i++) cosine[at + i] = (float)cosines[i];
  }
}
static void CK(sine_cosine)(int type, const void *x, void *sine, void *cosine, int64_t n) {
  if (type == CK_F32) CK(sine_cosine_f32)(x, sine, cosine, n);
  else CK(sine_cosine_f64)(x, sine, cosine, n);
}
