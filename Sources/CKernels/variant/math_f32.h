// Elementary functions of floats: exp, log, tanh and their like in float arithmetic, at most 2 units in the last place
// (4 for compounds); the rarer ones through the double functions. Straight-line code, see math_f64.h.

INL uint32_t bits32(float x) {
  uint32_t u;
  __builtin_memcpy(&u, &x, 4);
  return u;
}
INL float from32(uint32_t u) {
  float x;
  __builtin_memcpy(&x, &u, 4);
  return x;
}
#define F_NAN __builtin_nanf("")
#define F_INF __builtin_inff()
#define F_MAGIC 12582912.0f  // 1.5 * 2^23
#define F_LN2_HI 0.693145751953125f
#define F_LN2_LO 1.4286068203094173e-06f

INL float f_abs(float x) { return from32(bits32(x) & 0x7fffffffu); }
INL float f_copysign(float x, float s) { return from32((bits32(x) & 0x7fffffffu) | (bits32(s) & 0x80000000u)); }
INL float f_pow2(uint32_t n) { return from32((n + 127) << 23); }

// (exp(r) - 1 - r) / r^2.
INL float f_expq(float r) {
  float q = 0.0001989198131f;
  q = FMAF(q, r, 0.001393454193f);
  q = FMAF(q, r, 0.008333310024f);
  q = FMAF(q, r, 0.04166645681f);
  q = FMAF(q, r, 0.1666666668f);
  return FMAF(q, r, 0.5f);
}
INL float f_exp(float x) {
  float c = x > 89.0f ? 89.0f : x;
  c = c < -104.0f ? -104.0f : c;
  float t = FMAF(c, 1.44269504f, F_MAGIC);
  float n = t - F_MAGIC;
  float r = FMAF(n, -F_LN2_HI, c);
  r = FMAF(n, -F_LN2_LO, r);
  float y = 1.0f + FMAF(r * r, f_expq(r), r);
  uint32_t k = bits32(t) - bits32(F_MAGIC) + 512;
  uint32_t a = (k >> 1) - 256;
  uint32_t b = k - 512 - a;
  return y * f_pow2(a) * f_pow2(b);
}
INL float f_expm1(float x) {
  float c = x > 89.0f ? 89.0f : x;
  c = c < -20.0f ? -20.0f : c;
  float t = FMAF(c, 1.44269504f, F_MAGIC);
  float n = t - F_MAGIC;
  float rh = FMAF(n, -F_LN2_HI, c);
  float rl = n * -F_LN2_LO;
  float r = rh + rl;
  float low = FMAF(r * r, f_expq(r), (rh - r) + rl);
  float s = f_pow2(bits32(t) - bits32(F_MAGIC) - 1);
  float a = s - 0.5f;
  float b = s * r;
  float hi = a + b;
  float bb = hi - a;
  float err = (a - (hi - bb)) + (b - bb);
  float y = 2.0f * (hi + FMAF(s, low, err));
  return f_abs(x) < 0x1p-25f ? x : y;
}
INL float f_split(float x, float *exponent) {
  int small = x < 0x1p-126f;
  float s = small ? x * 0x1p24f : x;
  uint32_t u = bits32(s) - 0x3f3504f3u;
  uint32_t e = ((u >> 23) ^ 0x100) - 0x100;
  *exponent = (from32(bits32(F_MAGIC) + e) - F_MAGIC) + (small ? -24.0f : 0.0f);
  return from32((u & 0x007fffffu) + 0x3f3504f3u);
}
// log(1 + f) + c + e log 2.
INL float f_log_finish(float f, float c, float e) {
  float p = 0.06980701959f;
  p = FMAF(p, f, -0.1149454661f);
  p = FMAF(p, f, 0.1168907114f);
  p = FMAF(p, f, -0.1242403772f);
  p = FMAF(p, f, 0.1424855126f);
  p = FMAF(p, f, -0.1666785097f);
  p = FMAF(p, f, 0.200007305f);
  p = FMAF(p, f, -0.2499999663f);
  p = FMAF(p, f, 0.3333333112f);
  float h = f * f;
  float low = FMAF(f * h, p, FMAF(e, F_LN2_LO, c));
  low = FMAF(-0.5f, h, low);
  return FMAF(e, F_LN2_HI, f + low);
}
INL float f_log(float x) {
  float e;
  float m = f_split(x, &e);
  float y = f_log_finish(m - 1.0f, 0.0f, e);
  y = x == F_INF ? x : y;
  y = x == 0 ? -F_INF : y;
  y = x < 0 ? F_NAN : y;
  return x != x ? x : y;
}
INL float f_log1p(float x) {
  float u = 1.0f + x;
  float e;
  float m = f_split(u, &e);
  float c = (x >= 1.0f ? 1.0f - (u - x) : x - (u - 1.0f)) / u;
  int direct = e == 0;
  float y = f_log_finish(direct ? x : m - 1.0f, direct ? 0.0f : c, e);
  y = x == F_INF ? x : y;
  y = x == -1.0f ? -F_INF : y;
  y = x < -1.0f ? F_NAN : y;
  y = f_abs(x) < 0x1p-25f ? x : y;
  return x != x ? x : y;
}
INL float f_tanh(float x) {
  float a = f_abs(x);
  a = a > 10.0f ? 10.0f : a;
  float u = a * a;
  float p = 0.002269501684f;
  p = FMAF(p, u, -0.008323187058f);
  p = FMAF(p, u, 0.02176250291f);
  p = FMAF(p, u, -0.05395846163f);
  p = FMAF(p, u, 0.1333330015f);
  p = FMAF(p, u, -0.3333333315f);
  float small = FMAF(a * u, p, a);
  float big = 1.0f - 2.0f / (f_exp(2.0f * a) + 1.0f);
  float y = f_copysign(a < 0.625f ? small : big, x);
  return x != x ? x : y;
}
INL float f_sigmoid(float x) {
  float e = f_exp(-f_abs(x));
  float y = (x >= 0 ? 1.0f : e) / (1.0f + e);
  return x != x ? x : y;
}
INL float f_softplus(float x) {
  float y = (x > 0 ? x : 0.0f) + f_log1p(f_exp(-f_abs(x)));
  return x != x ? x : y;
}
INL float f_pow(float x, float y) {
  float r = (float)d_pow_general((double)x, (double)y);
  r = y == 1.0f ? x : r;
  r = y == 2.0f ? x * x : r;
  r = y == 3.0f ? x * x * x : r;
  r = y == -1.0f ? 1.0f / x : r;
  return y == 0.5f ? (x == -F_INF ? F_INF : SQRTF(x) + 0.0f) : r;
}
#define THROUGH_DOUBLE(name) \
  INL float f_##name(float x) { return (float)d_##name((double)x); }
THROUGH_DOUBLE(asin)
THROUGH_DOUBLE(acos)
THROUGH_DOUBLE(atan)
THROUGH_DOUBLE(sinh)
THROUGH_DOUBLE(cosh)
THROUGH_DOUBLE(erf)
THROUGH_DOUBLE(gelu)
INL float f_atan2(float y, float x) { return (float)d_atan2((double)y, (double)x); }
