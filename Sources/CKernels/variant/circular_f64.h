// Circular functions of doubles and their inverses; see math_f64.h.

// Reduction by multiples of pi/2: r + lo, and the quadrant in the low bits of *quadrant. |x| <= 2^25. `a` is exact and a multiple
// of 2^-53 (or n is 0), so that h - a is exact too, and the short way to the error of h. r is -0 for -0.
#define D_TRIG_LIMIT 33554432.0
INL void d_reduce(double x, double *r, double *lo, uint64_t *quadrant) {
  double t = FMA(x, 0x1.45f306dc9c883p-1, D_MAGIC);
  double n = t - D_MAGIC;
  double a = FMA(n, -0x1.921fb54442d18p+0, x);
  double ph = n * 0x1.1a62633145c07p-54;
  double pl = FMA(n, 0x1.1a62633145c07p-54, -ph);
  double h = a - ph;
  double less = FMA(n, -0x1.f1976b7ed8fbcp-110, (ph + (h - a)) + pl);
  *r = h - less;
  *lo = (h - *r) - less;
  *quadrant = bits64(t);
}
// The same for any finite x, with 2/pi to 1344 bits (Payne and Hanek).
static void d_reduce_large(double x, double *r, double *lo, uint64_t *quadrant) {
  static const uint64_t two_over_pi[21] = {
    0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561, 0xb7246e3a424dd2e0,
    0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4,
    0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab, 0xf0cfbc209af4361d,
    0xa9e391615ee61b08};
  uint64_t u = bits64(x);
  int e = (int)((u >> 52) & 0x7ff) - 1075;
  uint64_t m = (u & 0x000fffffffffffffu) | 0x0010000000000000u;
  // 192 bits of 2/pi from bit e - 2 on (zeros before the first): the product's bits below 4 quadrants.
  int start = e - 2;
  uint64_t w[3];
  for (int j = 0; j < 3; j++) {
    int bit = start + 64 * j;
    int word = bit >= 0 ? bit / 64 : -((63 - bit) / 64);
    int shift = bit - word * 64;
    uint64_t high = word >= 0 && word < 21 ? two_over_pi[word] : 0;
    uint64_t next = word + 1 >= 0 && word + 1 < 21 ? two_over_pi[word + 1] : 0;
    w[j] = shift == 0 ? high : (high << shift) | (next >> (64 - shift));
  }
  unsigned __int128 p2 = (unsigned __int128)m * w[2];
  unsigned __int128 p1 = (unsigned __int128)m * w[1] + (uint64_t)(p2 >> 64);
  uint64_t q0 = m * w[0] + (uint64_t)(p1 >> 64);
  uint64_t q1 = (uint64_t)p1;
  uint64_t n = q0 >> 62;
  // The fraction of a quadrant as 64 + 64 signed bits.
  unsigned __int128 f = ((unsigned __int128)q0 << 66) | ((unsigned __int128)q1 << 2) | ((uint64_t)p2 >> 62);
  int up = (int)(f >> 127);
  __int128 signed_f = (__int128)f;  // fractions of a half or more become negative
  n += (uint64_t)up;
  double fh = (double)signed_f;
  double fl = (double)(signed_f - (__int128)fh);
  fh *= 0x1p-128;
  fl *= 0x1p-128;
  double rh = fh * 0x1.921fb54442d18p+0;
  double rl = FMA(fh, 0x1.921fb54442d18p+0, -rh) + (fh * 0x1.1a62633145c07p-54 + fl * 0x1.921fb54442d18p+0);
  double h = rh + rl;
  double l = (rh - h) + rl;
  int negative = (u >> 63) != 0;
  *r = negative ? -h : h;
  *lo = negative ? -l : l;
  *quadrant = negative ? 0 - n : n;
}
// Sine and cosine of r + lo, |r| <= pi/4 (fdlibm's kernels); `rest` is what the result lacks.
INL double d_sin_kernel(double r, double lo, double *rest) {
  double z = r * r;
  double p = 1.58969099521155010221e-10;
  p = FMA(p, z, -2.50507602534068634195e-08);
  p = FMA(p, z, 2.75573137070700676789e-06);
  p = FMA(p, z, -1.98412698298579493134e-04);
  p = FMA(p, z, 8.33333333332248946124e-03);
  double v = z * r;
  double less = (z * (0.5 * lo - v * p) - lo) - v * -1.66666666666666324348e-01;
  double y = r - less;
  *rest = (r - y) - less;
  return y;
}
INL double d_cos_kernel(double r, double lo, double *rest) {
  double z = r * r;
  double p = -1.13596475577881948265e-11;
  p = FMA(p, z, 2.08757232129817482790e-09);
  p = FMA(p, z, -2.75573143513906633035e-07);
  p = FMA(p, z, 2.48015872894767294178e-05);
  p = FMA(p, z, -1.38888888888741095749e-03);
  p = FMA(p, z, 4.16666666666666019037e-02);
  double hz = 0.5 * z;
  double w = 1.0 - hz;
  double more = ((1.0 - w) - hz) + (z * (z * p) - r * lo);
  double y = w + more;
  *rest = (w - y) + more;
  return y;
}
// which: 0 sine, 1 cosine, 2 tangent.
INL double d_trig_finish(double x, double r, double lo, uint64_t q, int which) {
  double s_rest, c_rest;
  double s = d_sin_kernel(r, lo, &s_rest);
  double c = d_cos_kernel(r, lo, &c_rest);
  int swap = (int)(q & 1);
  double y;
  if (which == 2) {
    double top = swap ? -c : s;
    double bottom = swap ? s : c;
    double top_rest = swap ? -c_rest : s_rest;
    double bottom_rest = swap ? s_rest : c_rest;
    double inverse = 1.0 / bottom;
    double t = top * inverse;
    double step = (FMA(-t, bottom, top) + (top_rest - t * bottom_rest)) * inverse;
    y = t + step;
  } else if (which == 0) {
    y = swap ? c : s;
    y = from64(bits64(y) ^ ((q & 2) << 62));
  } else {
    y = swap ? s : c;
    y = from64(bits64(y) ^ (((q + 1) & 2) << 62));
  }
  if (which == 2) y = d_abs(x) < 0x1p-27 ? x : y;
  return y;
}
INL double d_trig(double x, int which) {
  double r, lo;
  uint64_t q;
  d_reduce(x, &r, &lo, &q);
  return d_trig_finish(x, r, lo, q, which);
}
static inline double d_trig_any(double x, int which) {
  if (d_abs(x) <= D_TRIG_LIMIT) return d_trig(x, which);
  if (!(d_abs(x) < D_INF)) return D_NAN;
  double r, lo;
  uint64_t q;
  d_reduce_large(x, &r, &lo, &q);
  return d_trig_finish(x, r, lo, q, which);
}

// Arc functions after fdlibm, by selection of the interval.
INL double d_atan(double x) {
  double a = d_abs(x);
  int i0 = a >= 0.4375, i1 = a >= 0.6875, i2 = a >= 1.1875, i3 = a >= 2.4375;
  double num = a, den = 1.0, hi = 0.0, lo = 0.0;
  num = i0 ? 2.0 * a - 1.0 : num;
  den = i0 ? 2.0 + a : den;
  hi = i0 ? 4.63647609000806093515e-01 : hi;
  lo = i0 ? 2.26987774529616870924e-17 : lo;
  num = i1 ? a - 1.0 : num;
  den = i1 ? a + 1.0 : den;
  hi = i1 ? 7.85398163397448278999e-01 : hi;
  lo = i1 ? 3.06161699786838301793e-17 : lo;
  num = i2 ? a - 1.5 : num;
  den = i2 ? 1.0 + 1.5 * a : den;
  hi = i2 ? 9.82793723247329054082e-01 : hi;
  lo = i2 ? 1.39033110312309984516e-17 : lo;
  num = i3 ? -1.0 : num;
  den = i3 ? a : den;
  hi = i3 ? 1.57079632679489655800e+00 : hi;
  lo = i3 ? 6.12323399573676603587e-17 : lo;
  double t = i0 ? num / den : a;
  double z = t * t;
  double p = 1.62858201153657823623e-02;
  p = FMA(p, z, -3.65315727442169155270e-02);
  p = FMA(p, z, 4.97687799461593236017e-02);
  p = FMA(p, z, -5.83357013379057348645e-02);
  p = FMA(p, z, 6.66107313738753120669e-02);
  p = FMA(p, z, -7.69187620504482999495e-02);
  p = FMA(p, z, 9.09088713343650656196e-02);
  p = FMA(p, z, -1.11111104054623557880e-01);
  p = FMA(p, z, 1.42857142725034663711e-01);
  p = FMA(p, z, -1.99999999998764832476e-01);
  p = FMA(p, z, 3.33333333333329318027e-01);
  double s = t * z * p;
  double y = i0 ? hi - ((s - lo) - t) : t - s;
  y = d_copysign(y, x);
  return x != x ? x : y;
}
INL double d_atan2(double y, double x) {
  const double pi = 3.14159265358979311600e+00, pi_lo = 1.22464679914735317720e-16;
  double ax = d_abs(x), ay = d_abs(y);
  int both_infinite = (ax == D_INF) & (ay == D_INF);
  double q = both_infinite ? 1.0 : ay / ax;
  q = (ax == 0) & (ay == 0) ? 0.0 : q;
  double z = d_atan(q);
  int left = (bits64(x) >> 63) != 0;
  z = left ? pi - (z - pi_lo) : z;
  z = d_copysign(z, y);
  return x != x ? x : (y != y ? y : z);
}
// (asin(x) - x) / x as a function of x^2 <= 1/4.
INL double d_asin_r(double z) {
  double p = 3.47933107596021167570e-05;
  p = FMA(p, z, 7.91534994289814532176e-04);
  p = FMA(p, z, -4.00555345006794114027e-02);
  p = FMA(p, z, 2.01212532134862925881e-01);
  p = FMA(p, z, -3.25565818622400915405e-01);
  p = FMA(p, z, 1.66666666666666657415e-01);
  double q = 7.70381505559019352791e-02;
  q = FMA(q, z, -6.88283971605453293030e-01);
  q = FMA(q, z, 2.02094576023350569471e+00);
  q = FMA(q, z, -2.40339491173441421878e+00);
  q = FMA(q, z, 1.0);
  return p * z / q;
}
INL double d_asin(double x) {
  double a = d_abs(x);
  int big = a > 0.5;
  double z = big ? (1.0 - a) * 0.5 : x * x;
  double r = d_asin_r(z);
  // For a > 1/2: pi/2 - 2 asin(sqrt(z)), the root in two parts.
  double s = SQRT(z);
  double sc = FMA(-s, s, z) / (s + s);
  sc = s == 0 ? 0.0 : sc;
  double big_y = 1.57079632679489655800e+00 - (2.0 * (s + (s * r + sc)) - 6.12323399573676603587e-17);
  double y = big ? big_y : FMA(a, r, a);
  y = d_copysign(y, x);
  return a > 1.0 ? D_NAN : y;
}
INL double d_acos(double x) {
  const double half_pi = 1.57079632679489655800e+00, half_pi_lo = 6.12323399573676603587e-17;
  double a = d_abs(x);
  int big = a > 0.5;
  double z = big ? (1.0 - a) * 0.5 : x * x;
  double r = d_asin_r(z);
  double s = SQRT(z);
  double sc = FMA(-s, s, z) / (s + s);
  sc = s == 0 ? 0.0 : sc;
  double root = s + (s * r + sc);
  double y_small = half_pi - (x - (half_pi_lo - x * r));
  double y_right = 2.0 * root;
  double y_left = 2.0 * (half_pi - (root - half_pi_lo));
  double y = big ? (x > 0 ? y_right : y_left) : y_small;
  return a > 1.0 ? D_NAN : y;
}
