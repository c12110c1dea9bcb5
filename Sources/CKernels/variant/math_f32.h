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
  float e = f_exp(-f_abs(x));
  float u = 1.0f + e;
  int halved = u > 1.41421354f;
  float c = (e - (u - 1.0f)) / u;
  float f = halved ? 0.5f * u - 1.0f : e;
  float y = (x > 0 ? x : 0.0f) + f_log_finish(f, halved ? c : 0.0f, halved ? 1.0f : 0.0f);
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
// erf and gelu: in doubles, with polynomials that are good to 2^-32 only.
INL double f_exp_medium(double x) {
  double t = FMA(x, D_LOG2E, D_MAGIC);
  double r = FMA(t - D_MAGIC, -D_LN2_HI, x);
  double q = 0.0001989198131;
  q = FMA(q, r, 0.001393454193);
  q = FMA(q, r, 0.008333310024);
  q = FMA(q, r, 0.04166645681);
  q = FMA(q, r, 0.1666666668);
  q = FMA(q, r, 0.5000000014);
  return (1.0 + FMA(r * r, q, r)) * d_pow2(bits64(t) - bits64(D_MAGIC));
}
// The normal distribution's upper tail for 0 <= a <= 14.5, given a^2 / 2.
INL double f_tail(double a, double half_square) {
  double d = a + TAIL_K;
  double t = (a - TAIL_K) / d;
  double p = 0x1.14de3f499eb03p-17;
  p = FMA(p, t, 0x1.2a3cf246751ebp-15);
  p = FMA(p, t, -0x1.f7e312e4618b2p-18);
  p = FMA(p, t, -0x1.eabda36339c07p-13);
  p = FMA(p, t, 0x1.1a3645a7aa8b2p-13);
  p = FMA(p, t, 0x1.abd090078ea61p-10);
  p = FMA(p, t, -0x1.c8185cb358d87p-9);
  p = FMA(p, t, -0x1.ee2a61b94ece8p-8);
  p = FMA(p, t, 0x1.eec4c52663e83p-5);
  p = FMA(p, t, -0x1.7dff2a8554a83p-3);
  p = FMA(p, t, 0x1.8c6dbf3d3dacap-2);
  p = FMA(p, t, -0x1.373e3a8ae6d4cp-1);
  p = FMA(p, t, 0x1.82b4bb8c83eb0p-1);
  return f_exp_medium(-half_square) * (p / d);
}
INL float f_erf(float x) {
  double a = d_abs((double)x);
  double u = a * a;
  double p = -0x1.445f47d33d87bp-17;
  p = FMA(p, u, 0x1.d887505de3ba6p-14);
  p = FMA(p, u, -0x1.bccf664d7f763p-11);
  p = FMA(p, u, 0x1.562a60ddba6e6p-8);
  p = FMA(p, u, -0x1.b829c897922e5p-6);
  p = FMA(p, u, 0x1.ce2f08fec14fdp-4);
  p = FMA(p, u, -0x1.81274665754c3p-2);
  p = FMA(p, u, 0x1.20dd7504045d6p+0);
  double c = a > 5.0 ? 5.0 : a;
  double big = 1.0 - 2.0 * f_tail(c * 1.4142135623730951, c * c);
  float y = f_copysign((float)(a < 1.0 ? a * p : big), x);
  return x != x ? x : y;
}
INL float f_gelu(float x) {
  double a = d_abs((double)x);
  a = a > 14.5 ? 14.5 : a;
  double q = f_tail(a, 0.5 * a * a);
  float y = (float)((double)x * (x > 0 ? 1.0 - q : q));
  y = x < -14.5f ? -0.0f : y;
  return x != x ? x : y;
}
INL float f_atan2(float y, float x) { return (float)d_atan2((double)y, (double)x); }
